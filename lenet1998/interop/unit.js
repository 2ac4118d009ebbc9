// The panel that says why a unit has its value: what it sees, its kernels, its weighted sum term by term.

const panel = document.getElementById("unit");
const why = document.getElementById("why");
const MOST = 5; // terms that are listed, the largest
let chosen = null; // { k, unit }: which unit of which stage
let unseen = new Set(); // the maps below that the chosen unit's map is shown without

const number = (value) => value.toFixed(4).replace("-", "−");

function nameOf({ name, shape: [maps, rows = 1, columns = 1] }, unit, brief = false) {
  const map = Math.floor(unit / (rows * columns));
  if (rows * columns === 1) return `${name} unit ${map}`;
  const [row, column] = [Math.floor(unit / columns) % rows, unit % columns];
  if (brief) return `${name}${maps === 1 ? "" : ` ${map}`} (${row}, ${column})`;
  const where = `row ${row}, column ${column}`;
  return maps === 1 ? `${name} ${where}` : `${name} map ${map}, ${where}`;
}

function choose(k, unit) {
  if (chosen && chosen.k !== k) views[chosen.k].mark(null);
  chosen = unit === null ? null : { k, unit };
  unseen = new Set();
  showUnit();
}

function showUnit() {
  panel.hidden = !chosen;
  if (!chosen) {
    for (const view of [...views, paper]) view.mark(null);
    return;
  }
  const focused = panel.contains(document.activeElement) && document.activeElement.dataset.seen;
  const { k, unit } = chosen, stage = shown.stages[k], [, rows = 1, columns = 1] = stage.shape;
  document.getElementById("which").textContent = `${nameOf(stage, unit)}: ${number(stage.values[unit])}`;
  why.textContent = "";
  const place = k ? stage.place : -1;
  const field = fieldOf(network, place, Math.floor(unit / columns) % rows, unit % columns);
  views[0].mark(0, ...field);
  paper.mark(0, ...field);
  if (k) {
    views[k].markUnit(unit);
    explain(stage, unit, field);
  }
  if (focused) why.querySelector(`[data-seen="${focused}"]`)?.focus();
}

function explain(stage, unit, [[top, bottom], [left, right]]) {
  const layer = network.layers[stage.place];
  const below = shown.stages[chosen.k - 1];
  const { bias, terms } = termsOf(layer, stage.below, unit);
  const sees = `It sees rows ${top} to ${bottom} and columns ${left} to ${right} of the input, framed on the sheet.`;
  element(why, "p", "", sees);
  const sides = element(why, "div", "sides");
  const table = element(sides, "table", "terms");
  element(table, "caption", "", `The largest of ${terms.length} terms: value × weight = term`);
  const body = element(table, "tbody");
  const row = (what, numbers, kind = "") => {
    const line = element(body, "tr", kind);
    element(line, "th", "", what).scope = "row";
    numbers.forEach((each) => element(line, "td", "number", each === null ? "" : number(each)));
  };
  const sorted = [...terms].sort((a, b) => Math.abs(b.term) - Math.abs(a.term));
  for (const { place, value, weight, term } of sorted.slice(0, MOST)) {
    row(place < 0 ? "margin" : nameOf(below, place, true), [value, weight, term]);
  }
  const rest = sorted.slice(MOST);
  if (rest.length) row(`${rest.length} other terms`, [null, null, total(rest.map(({ term }) => term))]);
  row("bias", [null, null, bias]);
  row("weighted sum", [null, null, stage.sums[unit]], "sum");
  if (stage.kinds.length > 1) row(`after ${wordOf(stage.kinds[1])}`, [null, null, stage.values[unit]], "value");
  if (layer.kind === "Convolution") explainKernels(element(sides, "div", "kernels"), stage, layer, unit, terms, below);
}

// The part of each map below under its kernel. Where there are several maps, each can be switched off.
function explainKernels(parent, stage, layer, unit, terms, below) {
  const [, rows, columns] = stage.shape, map = Math.floor(unit / (rows * columns));
  const size = layer.kernel ** 2, largest = Math.max(...terms.map(({ weight }) => Math.abs(weight)));
  const several = layer.below[0] > 1, all = layer.sees[map];
  const table = layer.tableI ? ` (column ${map} of Table I)` : "";
  if (several) element(parent, "p", "", `Map ${map} sees ${below.name} maps ${all.join(", ")}${table}. Press a map to leave it out.`);
  const sources = element(parent, "div", "sources");
  all.forEach((seen, n) => {
    const own = terms.slice(n * size, (n + 1) * size);
    const source = element(sources, several ? "button" : "div", "source");
    if (several) {
      source.type = "button";
      source.dataset.seen = seen;
      source.setAttribute("aria-pressed", !unseen.has(seen));
      source.addEventListener("click", () => {
        if (!unseen.delete(seen)) unseen.add(seen);
        showUnit();
      });
    }
    element(source, "span", "", several ? `${below.name} ${seen}` : below.name);
    const pair = element(source, "span", "pair");
    paint(bitmap(pair, layer.kernel, layer.kernel, 9), own.map(({ value }) => value), below.low, below.high);
    pair.append("×");
    paint(bitmap(pair, layer.kernel, layer.kernel, 9), own.map(({ weight }) => weight), -largest, largest);
    element(source, "span", "number", number(total(own.map(({ term }) => term))));
  });
  if (!unseen.size) return;
  const stages = stagesOf(without(network, stage.place, map, unseen), shown.form.image), other = stages[chosen.k];
  const left = [...unseen].sort((a, b) => a - b).join(", ");
  const [best, next] = inOrder(stages[stages.length - 1].values);
  element(parent, "p", "without", `Without ${below.name} ${left} the unit is ${number(other.values[unit])}, and the answer ` +
    `${classes[best]}, runner-up ${classes[next]}.`);
  if (rows * columns === 1) return;
  const pair = element(parent, "div", "pair");
  for (const [what, { values, low, high }] of [["with all", stage], ["without", other]]) {
    element(pair, "span", "", what);
    paint(bitmap(pair, rows, columns, 6), values.subarray(map * rows * columns, (map + 1) * rows * columns), low, high);
  }
}

document.getElementById("close").addEventListener("click", () => {
  const { k } = chosen;
  choose(k, null);
  views[k].focus();
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && chosen) document.getElementById("close").click();
});
