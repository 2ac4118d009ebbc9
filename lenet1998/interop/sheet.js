// The sheet: lines drawn by mouse, finger, pen or keys, examples that are loaded, undo and clear.

const sheet = document.getElementById("sheet");
const pen = sheet.getContext("2d", { willReadFrequently: true });
const cursor = document.getElementById("cursor");
const STEP = sheet.width / 28; // of the pen by an arrow key
let marks = []; // what is on the sheet in its order: lines, as lists of points, and images of 28x28 bytes
let line = null; // the one that is being drawn
let at = [sheet.width / 2, sheet.width / 4]; // where the keys' pen is

pen.lineWidth = (sheet.width * 2) / 35;
pen.lineCap = pen.lineJoin = "round";

function draw(from, to) {
  pen.beginPath();
  pen.moveTo(...from);
  pen.lineTo(...to);
  pen.stroke();
}

function begin(point) {
  line = [point];
  marks.push(line);
  draw(point, point);
  refresh();
}

function lead(point) {
  draw(line[line.length - 1], point);
  line.push(point);
  refresh();
}

function lift() {
  line = null;
  cursor.className = "";
  refresh();
}

function redraw() {
  pen.clearRect(0, 0, sheet.width, sheet.height);
  for (const mark of marks) {
    if (mark instanceof Uint8Array) drawImage(mark);
    else mark.forEach((point, k) => draw(mark[Math.max(0, k - 1)], point));
  }
  lift();
}

function drawImage(image) {
  const small = document.createElement("canvas");
  small.width = small.height = SIDE;
  const pixels = new ImageData(SIDE, SIDE);
  image.forEach((byte, k) => (pixels.data[4 * k + 3] = byte));
  small.getContext("2d").putImageData(pixels, 0, 0);
  pen.imageSmoothingEnabled = false;
  pen.drawImage(small, 0, 0, sheet.width, sheet.height);
}

function undo() {
  marks.pop();
  redraw();
}

function clearSheet() {
  marks = [];
  redraw();
}

function load(image) {
  marks = [image];
  redraw();
}

// What is drawn, in MNIST's form as `toMnistForm` gives it, and how many digits it seems to be: 0, 1, or 2 for several.
// An example is in that form already, unless something is drawn on it. While a line is drawn, nobody counts.
function sheetInForm() {
  const { data } = pen.getImageData(0, 0, sheet.width, sheet.height);
  const ink = new Uint8Array(data.length / 4).map((_, k) => data[4 * k + 3]); // what is not transparent
  if (!ink.some((byte) => byte)) return { ...toMnistForm(ink, sheet.width), digits: 0 };
  const [first, ...more] = marks;
  const scale = sheet.width / SIDE;
  if (first instanceof Uint8Array && !more.length) return { image: first, top: 0, left: 0, high: scale, wide: scale, digits: 1 };
  return { ...toMnistForm(ink, sheet.width), digits: !line && isSeveral(ink, sheet.width) ? 2 : 1 };
}

const scaled = ({ clientX, clientY }, { left, top, width }) =>
  [clientX - left, clientY - top].map((length) => (length * sheet.width) / width);

sheet.addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button !== 0) return;
  event.preventDefault();
  sheet.focus({ preventScroll: true });
  sheet.setPointerCapture(event.pointerId);
  begin(scaled(event, sheet.getBoundingClientRect()));
});
sheet.addEventListener("pointermove", (event) => {
  if (!line || !event.isPrimary || !event.buttons) return;
  const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const move of moves.length ? moves : [event]) lead(scaled(move, sheet.getBoundingClientRect()));
});
for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, lift);

const ARROWS = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
const held = new Set(); // arrows, of which two give a slanting line

function showCursor() {
  cursor.style.left = `${(100 * at[0]) / sheet.width}%`;
  cursor.style.top = `${(100 * at[1]) / sheet.width}%`;
  cursor.className = line ? "down" : "";
}

sheet.addEventListener("keydown", (event) => {
  if (event.key in ARROWS) {
    held.add(event.key);
    for (const key of held) at = at.map((x, k) => Math.min(sheet.width, Math.max(0, x + STEP * ARROWS[key][k])));
    if (line) lead(at);
  } else if (event.key === " ") {
    if (line) lift();
    else begin(at);
    document.getElementById("keys-pen").textContent = line ? "pen down" : "pen up";
  } else if (event.key === "Backspace") undo();
  else if (event.key === "Delete") clearSheet();
  else return;
  event.preventDefault();
  showCursor();
});
sheet.addEventListener("keyup", (event) => held.delete(event.key));
sheet.addEventListener("blur", () => {
  held.clear();
  if (line) lift();
});
document.addEventListener("keydown", (event) => {
  if (event.key !== "z" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  undo();
});
document.getElementById("undo").addEventListener("click", undo);
document.getElementById("clear").addEventListener("click", clearSheet);
showCursor();
