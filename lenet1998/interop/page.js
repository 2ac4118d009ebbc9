// The page: a sheet to draw on, and the answer, the penalties and the maps of `network` as one draws.

const network = read(document.getElementById("network").textContent);
const sheet = document.getElementById("sheet");
const pen = sheet.getContext("2d", { willReadFrequently: true });
const output = network.layers[network.layers.length - 1];
const codes = output.kind === "RBF" && output.name ? output.codes : null; // compared with the stage below, equation 7
const answer = document.getElementById("answer");
const second = document.getElementById("second");
const asked = second.textContent; // shown while nothing is drawn
const UNIT_ROWS = 12; // single units stand in twelve rows, so that F6 is a 7x12 bitmap of Figure 3

function element(parent, tag, className = "", text = "") {
  const made = document.createElement(tag);
  made.className = className;
  made.textContent = text;
  return parent.appendChild(made);
}

// A canvas of one pixel a unit, shown `zoom` times as large, and somewhat smaller on a phone.
function bitmap(parent, rows, columns, zoom) {
  const canvas = element(parent, "canvas", "bitmap");
  [canvas.height, canvas.width] = [rows, columns];
  canvas.style.width = `calc(${columns * zoom}px * var(--scale))`;
  canvas.style.aspectRatio = `${columns} / ${rows}`;
  return canvas;
}

// Positive is dark and negative light, as in Figure 13.
function paint(canvas, values, low, high) {
  const context = canvas.getContext("2d");
  const image = context.createImageData(canvas.width, canvas.height);
  values.forEach((value, k) => {
    const grey = 255 * (1 - (value - low) / (high - low));
    image.data.set([grey, grey, grey, 255], 4 * k);
  });
  context.putImageData(image, 0, 0);
}

// The canvases of a stage of this shape, and the function that paints values on them.
function stageView(title, what, [maps, rows = 1, columns = 1]) {
  const figure = element(document.getElementById("stages"), "figure");
  const caption = element(figure, "figcaption");
  const name = element(caption, "b", "", title);
  element(caption, "span", "", what);
  const place = element(figure, "div", "maps");
  if (rows * columns === 1) {
    const canvas = bitmap(place, Math.min(UNIT_ROWS, maps), Math.ceil(maps / UNIT_ROWS), 8);
    return { name, paint: ({ values, low, high }) => paint(canvas, values, low, high) };
  }
  const zoom = Math.min(8, Math.max(2, Math.floor(64 / columns)));
  place.style.maxWidth = `calc(8 * (${columns * zoom}px * var(--scale) + 5px))`; // eight in a row
  const canvases = Array.from({ length: maps }, () => bitmap(place, rows, columns, maps === 1 ? 2 * zoom : zoom));
  const size = rows * columns;
  return {
    name,
    paint: ({ values, low, high }) =>
      canvases.forEach((canvas, map) => paint(canvas, values.subarray(map * size, (map + 1) * size), low, high)),
  };
}

function described({ kinds, shape: [maps, rows = 1, columns = 1] }) {
  const words = kinds.map((kind) => kind.replace(/([a-z])([A-Z][a-z])/, "$1 $2").toLowerCase().replace(/relu/, "ReLU"));
  const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const size = rows * columns === 1 ? many(maps, "unit") : `${many(maps, "map")} of ${rows} × ${columns}`;
  return `${size}${words.length ? `: ${words.join(", ")}` : ""}`;
}

const codeOf = (k) => codes.subarray((k * codes.length) / output.shape[0], ((k + 1) * codes.length) / output.shape[0]);

const blank = stagesOf(network, new Uint8Array(SIDE * SIDE));
const views = blank.slice(0, -1).map((stage) => stageView(stage.name, described(stage), stage.shape));
const codeView = codes && stageView("Code", `compared with ${blank[blank.length - 2].name}`, output.below);
const rows = Array.from({ length: output.shape[0] }, (_, k) => {
  const row = element(document.getElementById("penalties"), "tr");
  element(row, "th", "", network.classes[k]).scope = "row";
  if (codes) {
    const units = codes.length / output.shape[0];
    paint(bitmap(element(row, "td", "code"), Math.min(UNIT_ROWS, units), Math.ceil(units / UNIT_ROWS), 2), codeOf(k), -1, 1);
  }
  const bar = element(element(row, "td", "bar"), "div");
  return { row, bar, number: element(row, "td", "number") };
});

function show() {
  const { data } = pen.getImageData(0, 0, sheet.width, sheet.height);
  const ink = new Uint8Array(data.length / 4).map((_, k) => data[4 * k + 3]); // what is not transparent
  const drawn = ink.some((byte) => byte > 0);
  const stages = stagesOf(network, toMnistForm(ink, sheet.width));
  views.forEach((view, k) => view.paint(stages[k]));
  const penalties = stages[stages.length - 1].values;
  const [best, next] = [...penalties.keys()].sort((a, b) => penalties[a] - penalties[b]);
  answer.textContent = drawn ? network.classes[best] : "?";
  answer.className = answer.textContent.length > 2 ? "word" : "";
  second.textContent = drawn ? `runner-up ${network.classes[next]}` : asked;
  const low = Math.min(0, ...penalties), high = Math.max(...penalties);
  rows.forEach(({ row, bar, number }, k) => {
    row.className = drawn && k === best ? "best" : "";
    bar.style.width = `${(100 * (penalties[k] - low)) / (high - low || 1)}%`;
    number.textContent = penalties[k].toFixed(1);
  });
  if (codes) {
    codeView.name.textContent = `Code of ${network.classes[best]}`;
    codeView.paint({ values: codeOf(best), low: -1, high: 1 });
  }
}

let from = null; // where the pen is, while it is down
let due = false; // whether the next frame shows what is new

function refresh() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    show();
  });
}

function draw(event) {
  const place = sheet.getBoundingClientRect();
  const moves = event.getCoalescedEvents ? event.getCoalescedEvents() : [];
  for (const { clientX, clientY } of moves.length ? moves : [event]) {
    const to = [clientX - place.left, clientY - place.top].map((at) => (at * sheet.width) / place.width);
    pen.beginPath();
    pen.moveTo(...(from || to));
    pen.lineTo(...to);
    pen.stroke();
    from = to;
  }
  refresh();
}

pen.lineWidth = (sheet.width * 3) / 35;
pen.lineCap = pen.lineJoin = "round";
sheet.addEventListener("pointerdown", (event) => {
  if (!event.isPrimary || event.button !== 0) return;
  event.preventDefault();
  sheet.setPointerCapture(event.pointerId);
  from = null;
  draw(event);
});
sheet.addEventListener("pointermove", (event) => {
  if (from && event.isPrimary) draw(event);
});
for (const end of ["pointerup", "pointercancel"]) sheet.addEventListener(end, () => (from = null));
document.getElementById("clear").addEventListener("click", () => {
  pen.clearRect(0, 0, sheet.width, sheet.height);
  refresh();
});
show();
