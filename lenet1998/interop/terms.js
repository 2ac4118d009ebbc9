// Why a unit has its value: the terms of its weighted sum, and the part of the input that it sees.

// Of each type of layer whose units are sums: each term's place below and weight, and the bias, of a unit at a place.
const SUMS = {
  Convolution(layer, _, map, row, column) {
    const { below: [, height, width], kernel, stride, padding, sees, weight, bias } = layer;
    const places = sees[map].flatMap((seen) => Array.from({ length: kernel ** 2 }, (_, tap) => {
      const y = row * stride - padding + Math.floor(tap / kernel), x = column * stride - padding + (tap % kernel);
      return y >= 0 && y < height && x >= 0 && x < width ? (seen * height + y) * width + x : -1; // -1: on the padding
    }));
    return { places, weights: weight.subarray(kernelsOf(layer, map)), bias: bias[map] };
  },
  Subsampling({ below, scale, each, coefficient, bias }, _, map, row, column) {
    const places = inWindow(below, 2, Math.floor(map / each), row, column);
    return { places, weights: places.map(() => coefficient[map] * scale), bias: bias[map] };
  },
  MaxPooling({ below, window }, x, ...at) {
    const places = inWindow(below, window, ...at);
    const largest = places.reduce((best, place) => (x[place] > x[best] ? place : best));
    return { places, weights: places.map((place) => Number(place === largest)), bias: 0 };
  },
  AveragePooling({ below, window }, _, ...at) {
    const places = inWindow(below, window, ...at);
    return { places, weights: places.map(() => 1 / window ** 2), bias: 0 };
  },
  FullConnection({ weight, bias }, x, unit) {
    return { places: [...x.keys()], weights: weight.subarray(unit * x.length), bias: bias[unit] };
  },
};

// Where the kernels of a map begin among the layer's weights.
const kernelsOf = ({ kernel, sees }, map) => kernel ** 2 * total(sees.slice(0, map).map((seen) => seen.length));

function inWindow([, height, width], window, map, row, column) {
  const corner = (map * height + row * window) * width + column * window;
  return Array.from({ length: window ** 2 }, (_, k) => corner + Math.floor(k / window) * width + (k % window));
}

// The unit's bias and its terms, { place, value, weight, term } each; the padding has none.
function termsOf(layer, x, unit) {
  const [, rows = 1, columns = 1] = layer.shape;
  const at = [Math.floor(unit / (rows * columns)), Math.floor(unit / columns) % rows, unit % columns];
  const { places, weights, bias } = SUMS[layer.kind](layer, x, ...at);
  const terms = places.map((place, k) => {
    const [value, weight] = [place < 0 ? 0 : x[place], weights[k]];
    return { place, value, weight, term: value * weight };
  });
  return { bias, terms };
}

// The receptive field of a unit of the layer at a place: its first and last row and column of the input.
function fieldOf({ input, layers }, place, row, column) {
  let sides = [[row, row], [column, column]];
  for (; place >= 0; place--) {
    const { kind, kernel, stride = 1, padding = 0, window = kind === "Subsampling" ? 2 : 1 } = layers[place];
    const [size, step] = kernel ? [kernel, stride] : [window, window];
    const [, ...all] = (layers[place - 1] || input).shape;
    if (kind === "FullConnection") sides = [all[0] || 1, all[1] || 1].map((length) => [0, length - 1]);
    else sides = sides.map(([first, last]) => [first * step - padding, last * step - padding + size - 1]);
  }
  return sides.map(([first, last], k) => [Math.max(0, first), Math.min(input.shape[1 + k] - 1, last)]);
}

// The network whose map, of the convolution at a place, does not see some of the maps below: Table I without a few X.
function without({ input, layers }, place, map, unseen) {
  const layer = layers[place], size = layer.kernel ** 2, weight = layer.weight.slice();
  layer.sees[map].forEach((seen, k) => {
    const start = kernelsOf(layer, map) + k * size;
    if (unseen.has(seen)) weight.fill(0, start, start + size);
  });
  return { input, layers: layers.map((other) => (other === layer ? { ...layer, weight } : other)) };
}
