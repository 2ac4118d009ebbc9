// The network: a function for each type of layer, named as in the package.
// A layer has `below` and `shape`, the sizes of its input and output, and its parameters under the package's names;
// maps lie one after the other, row by row, in one Float64Array.

const LAYERS = {
  Convolution({ below: [, height, width], shape: [maps, rows, columns], kernel, stride, padding, sees, weight, bias }, x) {
    const y = new Float64Array(maps * rows * columns);
    let tap = 0; // kernels lie in the order in which the maps see those below, each from top to bottom
    // The windows, from the first to the last, whose tap at a place of the kernel is not on the padding, which is zero.
    const first = (place) => Math.max(0, Math.ceil((padding - place) / stride));
    const last = (place, size, count) => Math.min(count - 1, Math.floor((size - 1 + padding - place) / stride));
    for (let map = 0; map < maps; map++) {
      const above = y.subarray(map * rows * columns, (map + 1) * rows * columns).fill(bias[map]);
      for (const seen of sees[map]) {
        for (let i = 0; i < kernel; i++) {
          for (let j = 0; j < kernel; j++) {
            const w = weight[tap++];
            const from = first(j), to = last(j, width, columns), end = last(i, height, rows);
            for (let row = first(i); row <= end; row++) {
              const start = (seen * height + row * stride + i - padding) * width + j - padding;
              for (let column = from; column <= to; column++) above[row * columns + column] += w * x[start + column * stride];
            }
          }
        }
      }
    }
    return y;
  },

  Subsampling({ below, shape: [maps, rows, columns], scale, each, coefficient, bias }, x) {
    const size = rows * columns;
    const sums = windows(below, 2, x, (all) => all.reduce((a, b) => a + b));
    return Float64Array.from({ length: maps * size }, (_, k) => {
      const map = Math.floor(k / size);
      return coefficient[map] * scale * sums[Math.floor(map / each) * size + (k % size)] + bias[map];
    });
  },

  MaxPooling: ({ below, window }, x) => windows(below, window, x, (all) => Math.max(...all)),

  AveragePooling: ({ below, window }, x) =>
    windows(below, window, x, (all) => all.reduce((a, b) => a + b) / window ** 2),

  FullConnection: ({ shape: [units], weight, bias }, x) =>
    Float64Array.from({ length: units }, (_, unit) => {
      const row = weight.subarray(unit * x.length, (unit + 1) * x.length);
      return row.reduce((sum, w, k) => sum + w * x[k], bias[unit]);
    }),

  Squash: ({ A, S }, x) => x.map((a) => A * Math.tanh(S * a)),

  ReLU: (_, x) => x.map((a) => Math.max(0, a)),

  RBF: ({ shape: [units], codes }, x) =>
    Float64Array.from({ length: units }, (_, unit) =>
      x.reduce((sum, value, k) => sum + (value - codes[unit * x.length + k]) ** 2, 0)),

  Contrast: (_, [a]) => Float64Array.of(0, -a),
};

// What `f` makes of each window x window units of the maps below, which the windows tile.
function windows([maps, height, width], window, x, f) {
  const rows = height / window, columns = width / window;
  return Float64Array.from({ length: maps * rows * columns }, (_, k) => {
    const corner = Math.floor(k / columns) * window * width + (k % columns) * window;
    const all = [];
    for (let i = 0; i < window; i++) for (let j = 0; j < window; j++) all.push(x[corner + i * width + j]);
    return f(all);
  });
}

// The network of its JSON text, and the others in it. Arrays are little-endian floats of 32 or 16 bits in base64.
function read(text) {
  const network = JSON.parse(text);
  for (const { bits, input, layers } of [network, ...(network.others || [])]) {
    for (const part of [input, ...layers]) {
      for (const [name, base64] of Object.entries(part.arrays)) {
        const view = new DataView(Uint8Array.from(atob(base64), (c) => c.charCodeAt(0)).buffer);
        const float = bits === 16 ? (k) => half(view.getUint16(2 * k, true)) : (k) => view.getFloat32(4 * k, true);
        part[name] = Float64Array.from({ length: (8 * view.byteLength) / bits }, (_, k) => float(k));
      }
    }
  }
  return network;
}

// The number of 16 bits: a sign, five of the exponent, ten of the fraction. Browsers of today do not all read these.
function half(bits) {
  const exponent = (bits >> 10) & 31, fraction = (bits & 1023) / 1024;
  return (bits >> 15 ? -1 : 1) * (exponent ? (1 + fraction) * 2 ** (exponent - 15) : fraction * 2 ** -14);
}

const SIDE = 28; // of MNIST's field

// The input field of an image of 28x28 bytes: centred, scaled to the network's range, less the mean if there is one.
function inputOf({ shape: [, height, width], background, foreground, threshold, mean }, image) {
  const top = Math.floor((height - SIDE) / 2), left = Math.floor((width - SIDE) / 2);
  return Float64Array.from({ length: height * width }, (_, k) => {
    const row = Math.floor(k / width) - top, column = (k % width) - left;
    const inside = row >= 0 && row < SIDE && column >= 0 && column < SIDE;
    const byte = inside ? image[row * SIDE + column] : 0;
    const ink = threshold ? Number(byte > threshold) : byte / 255;
    return background + (foreground - background) * ink - (mean ? mean[k] : 0);
  });
}

// What every stage makes of an image: the input, and each layer that has a name with what follows it up to the next.
// `low` and `high` are drawn white and black; the values of the last stage are the penalties. Of a layer with a name,
// `place` is where it stands in the list, `below` its input and `sums` its output before what follows it.
function stagesOf({ input, layers }, image) {
  let x = inputOf(input, image);
  const stage = (shape, range) => {
    const largest = range ? 0 : x.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const [low, high] = range || [-largest, largest];
    return { shape, values: x, low, high };
  };
  const range = input.mean ? null : [input.background, input.foreground];
  const stages = [{ name: "Input", kinds: [], ...stage(input.shape, range) }];
  for (const [place, layer] of layers.entries()) {
    const below = x;
    x = LAYERS[layer.kind](layer, x);
    if (layer.name) stages.push({ name: layer.name, kinds: [], place, below, sums: x });
    const last = stages[stages.length - 1];
    last.kinds.push(layer.kind);
    Object.assign(last, stage(layer.shape, layer.kind === "Squash" ? [-layer.A, layer.A] : null));
  }
  return stages;
}

// Of each class the probability that cross-entropy learns from penalties, which are weighted sums there.
function softmax(penalties) {
  const least = Math.min(...penalties), powers = penalties.map((penalty) => Math.exp(least - penalty));
  return powers.map((power) => power / total(powers));
}

const total = (numbers) => numbers.reduce((a, b) => a + b, 0);
