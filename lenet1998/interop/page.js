// The page: the answer, the penalties, the maps and the codes of `network` for what is on the sheet.

const networks = [read(document.getElementById("network").textContent)];
networks.push(...networks[0].others);
let network = networks[0]; // the one that is shown
const { classes } = network;
let codes = null; // of an RBF output, compared with the stage below, equation 7
let views = [], showCodes = null;
const digitsOnly = classes.every((name) => /^\d$/.test(name));
const answer = document.getElementById("answer");
const second = document.getElementById("second");
const asked = second.textContent; // shown while nothing is drawn
const UNIT_ROWS = 12; // single units stand in twelve rows, so that F6 is a 7x12 bitmap of Figure 3
let shown = null; // what is shown: the sheet in MNIST's form and the stages

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

// Puts a frame around some rows and columns, first and last, of so many of what is in `parent`.
function frame(box, parent, height, width, [top, bottom], [left, right]) {
  const share = (length, all) => `${(100 * length) / all}%`;
  box.className = "frame";
  Object.assign(box.style, { top: share(top, height), left: share(left, width) });
  Object.assign(box.style, { height: share(bottom - top + 1, height), width: share(right - left + 1, width) });
  parent.append(box);
}

const paper = { box: document.createElement("div"), mark(_, rows, columns) {
  if (!rows) return paper.box.remove();
  const { top, left, high, wide } = shown.form, [, ...sides] = network.input.shape;
  const margins = sides.map((side) => Math.floor((side - SIDE) / 2));
  const [down, across] = [[rows, margins[0], high, top], [columns, margins[1], wide, left]].map(([[first, last], margin, scale, start]) =>
    [start + (first - margin) * scale, start + (last + 1 - margin) * scale - 1]);
  frame(paper.box, document.getElementById("paper"), sheet.height, sheet.width, down, across);
} };

const wordOf = (kind) => kind.replace(/([a-z])([A-Z][a-z])/, "$1 $2").toLowerCase().replace(/relu/, "ReLU");

function described({ kinds, shape: [maps, rows = 1, columns = 1] }) {
  const words = kinds.map(wordOf);
  const many = (count, what) => `${count} ${what}${count === 1 ? "" : "s"}`;
  const size = rows * columns === 1 ? many(maps, "unit") : `${many(maps, "map")} of ${rows} × ${columns}`;
  return `${size}${words.length ? `: ${words.join(", ")}` : ""}`;
}

// A figure of a stage's units, in which one can be chosen: `paint` shows values, `mark` frames a part of a map.
function stageView(stage, k) {
  const [maps, rows = 1, columns = 1] = stage.shape, units = maps * rows * columns, single = rows * columns === 1;
  const [height, width] = single ? [Math.min(UNIT_ROWS, maps), Math.ceil(maps / UNIT_ROWS)] : [rows, columns];
  const figure = element(document.getElementById("stages"), "figure");
  const caption = element(figure, "figcaption");
  element(caption, "b", "", stage.name);
  element(caption, "span", "", described(stage));
  const place = element(figure, "div", "maps"), box = document.createElement("div");
  const zoom = single ? 8 : Math.min(8, Math.max(2, Math.floor(64 / columns)));
  if (!single) place.style.maxWidth = `calc(8 * (${columns * zoom}px * var(--scale) + 5px))`; // eight in a row
  const canvases = Array.from({ length: single ? 1 : maps }, () =>
    bitmap(element(place, "div", "cell"), height, width, maps === 1 ? 2 * zoom : zoom));
  const size = height * width;
  const view = {
    paint: ({ values, low, high }) =>
      canvases.forEach((canvas, map) => paint(canvas, values.subarray(map * size, (map + 1) * size), low, high)),
    mark: (map, ...sides) => (map === null ? box.remove() : frame(box, canvases[map].parentNode, height, width, ...sides)),
    markUnit(unit) {
      const [row, column] = [Math.floor(unit / width) % height, unit % width];
      view.mark(Math.floor(unit / size), [row, row], [column, column]);
    },
    focus: () => place.focus(),
  };
  const layer = network.layers[stage.place];
  if (k && (!SUMS[layer.kind] || stage.sums.length !== stage.values.length)) return view;
  place.tabIndex = 0;
  place.setAttribute("role", "application");
  place.setAttribute("aria-label", `${stage.name}, ${described(stage)}. Arrow keys choose a unit, Page Up and Page Down a map.`);
  place.addEventListener("click", ({ target, offsetX, offsetY }) => {
    const map = canvases.indexOf(target);
    if (map < 0) return;
    const [row, column] = [Math.floor((offsetY * height) / target.clientHeight), Math.floor((offsetX * width) / target.clientWidth)];
    const unit = map * size + Math.min(row, height - 1) * width + Math.min(column, width - 1);
    if (unit < units) choose(k, unit);
  });
  place.addEventListener("keydown", (event) => {
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -width, ArrowDown: width, PageUp: -size, PageDown: size };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const middle = Math.floor(height / 2) * width + Math.floor(width / 2);
    const unit = chosen && chosen.k === k ? chosen.unit + steps[event.key] : middle;
    if (unit >= 0 && unit < units) choose(k, unit);
  });
  return view;
}

const codeOf = (k) => codes.subarray((k * codes.length) / classes.length, ((k + 1) * codes.length) / classes.length);

// The stage below the output as large as the codes, beside them, with the distances between.
function codesView(below) {
  const units = codes.length / classes.length;
  const figure = element(document.getElementById("stages"), "figure", "codes");
  const caption = element(figure, "figcaption");
  element(caption, "b", "", `${below} and the codes`);
  element(caption, "span", "", "7 × 12 units and the squared distances between: the smallest wins (equation 7)");
  const place = element(figure, "div", "maps");
  const card = (name) => {
    const made = element(place, "div", "card");
    element(made, "b", "", name);
    const canvas = bitmap(made, Math.min(UNIT_ROWS, units), Math.ceil(units / UNIT_ROWS), 6);
    return { card: made, canvas, distance: element(made, "span", "number") };
  };
  const own = card(below);
  bitmaps.hidden = !figure.appendChild(bitmaps).textContent;
  const cards = classes.map(card);
  cards.forEach(({ canvas }, k) => paint(canvas, codeOf(k), -1, 1));
  return ({ values, low, high }, penalties, best) => {
    paint(own.canvas, values, low, high);
    cards.forEach(({ card, distance }, k) => {
      card.className = k === best ? "card best" : "card";
      distance.textContent = penalties[k].toFixed(1);
    });
  };
}

const bitmaps = document.getElementById("bitmaps");

// Makes the figures of the network that is shown.
function build() {
  const output = network.layers[network.layers.length - 1];
  codes = output.kind === "RBF" && output.name ? output.codes : null;
  document.getElementById("stages").textContent = "";
  unseen = new Set();
  const blank = stagesOf(network, new Uint8Array(SIDE ** 2)).slice(0, -1);
  views = blank.map(stageView);
  showCodes = codes && codesView(blank[blank.length - 1].name);
}

const rows = classes.map((name) => {
  const row = element(document.getElementById("penalties"), "tr");
  element(row, "th", "", name).scope = "row";
  const bar = element(element(row, "td", "bar"), "div");
  return { row, bar, number: element(row, "td", "number") };
});

const inOrder = (penalties) => [...penalties.keys()].sort((a, b) => penalties[a] - penalties[b]);

function show() {
  const form = sheetInForm();
  const stages = stagesOf(network, form.image);
  shown = { form, stages };
  views.forEach((view, k) => view.paint(stages[k]));
  const penalties = stages[stages.length - 1].values;
  const [first, next] = inOrder(penalties);
  const several = digitsOnly && form.digits > 1, best = form.digits && !several ? first : -1;
  answer.textContent = best < 0 ? "?" : classes[best];
  answer.className = answer.textContent.length > 2 ? "word" : "";
  second.textContent = several ? "the sheet seems to hold several digits: draw a single one"
    : best < 0 ? asked : `runner-up ${classes[next]}`;
  const low = Math.min(0, ...penalties), high = Math.max(...penalties);
  rows.forEach(({ row, bar, number }, k) => {
    row.className = k === best ? "best" : "";
    bar.style.width = `${(100 * (penalties[k] - low)) / (high - low || 1)}%`;
    number.textContent = penalties[k].toFixed(1);
  });
  if (codes) showCodes(stages[stages.length - 2], penalties, best);
  for (const { kind, reads } of choices) {
    const each = chosenOf(kind, network.passes), penalties = stagesOf(each, form.image).pop().values;
    const [first, next] = inOrder(penalties);
    const sure = each.softmax ? ` (${(100 * softmax(penalties)[first]).toFixed(1)}%)` : "";
    reads.textContent = best < 0 ? "?" : `${classes[first]}${sure}, runner-up ${classes[next]}`;
  }
  showUnit();
}

// The networks beside: one of each kind, chosen by name, all after the passes that the slider chooses.
const chosenOf = (kind, passes) => networks.find((each) => each.kind === kind && each.passes === passes);
const passes = [...new Set(networks.map((each) => each.passes))].sort((a, b) => a - b);
const slider = document.getElementById("slider");
const choices = [];

function use(next) {
  const isOther = next.kind !== network.kind;
  network = next;
  if (isOther) build();
  const words = network.passes ? `${network.passes}` : "none, as it started";
  slider.setAttribute("aria-valuetext", (document.getElementById("passes").textContent = words));
  document.getElementById("facts").textContent = network.facts;
  refresh();
}

function offerOthers() {
  document.getElementById("others").hidden = false;
  for (const kind of new Set(networks.map((each) => each.kind))) {
    const label = element(document.getElementById("kinds"), "label");
    const radio = element(label, "input");
    Object.assign(radio, { type: "radio", name: "kind", checked: kind === network.kind });
    radio.addEventListener("change", () => use(chosenOf(kind, network.passes)));
    element(label, "span", "", `${kind}: `);
    choices.push({ kind, reads: element(label, "b") });
  }
  Object.assign(slider, { max: passes.length - 1, value: passes.indexOf(network.passes) });
  slider.addEventListener("input", () => use(chosenOf(network.kind, passes[slider.value])));
  use(network);
}

let due = false; // whether the next frame shows what is new

function refresh() {
  if (due) return;
  due = true;
  requestAnimationFrame(() => {
    due = false;
    show();
  });
}

// Digits that are hard to read, of the user's own copy of MNIST, each on a button that loads it.
function offer({ label, taken, image: base64 }) {
  const image = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  const button = element(document.getElementById("examples"), "button", "example");
  button.type = "button";
  button.setAttribute("aria-label", `Load a ${label} that the paper's network took for a ${taken}`);
  paint(bitmap(button, SIDE, SIDE, 1), image, 0, 255);
  element(button, "span", "", `${label}>${taken}`);
  button.addEventListener("click", () => load(image));
}

document.getElementById("hard").hidden = !network.examples.length;
network.examples.forEach(offer);
build();
if (networks.length > 1) offerOthers();
show();
