// Whether a sheet holds several digits, by the rules of the package's photos/parts.py, where their numbers are.

const RIVAL_SHARE = 0.25, GAP_STROKES = 3, GAP_SHARE = 0.04, NARROW = 0.3, RIVAL_HEIGHT = 0.47;

// Ink is bytes on a sheet `width` wide; what is half as dark as full ink counts.
function isSeveral(ink, width) {
  const height = ink.length / width, places = [];
  ink.forEach((byte, k) => byte > 127 && places.push(k));
  if (!places.length) return false;
  const has = (mask, row, column) => row >= 0 && row < height && column >= 0 && column < width && mask[row * width + column];
  const mask = ink.map((byte) => Number(byte > 127));
  const [rows, columns] = [places.map((k) => Math.floor(k / width)), places.map((k) => k % width)];
  const edge = places.filter((_, n) => {
    for (let i = -1; i <= 1; i++) for (let j = -1; j <= 1; j++) if (!has(mask, rows[n] + i, columns[n] + j)) return true;
    return false;
  });
  const [tall, wide] = [rows, columns].map((line) => span(line)[1] - span(line)[0]);
  const size = wide < NARROW * tall ? tall : Math.min(tall, 1.6 * wide);
  const reach = Math.min((GAP_STROKES * 2 * places.length) / edge.length, GAP_SHARE * size) / 2;
  const near = mask.slice(); // ink, and what is so near to it that gaps in a stroke close
  const steps = Array.from({ length: 2 * Math.floor(reach) + 1 }, (_, k) => k - Math.floor(reach));
  for (const k of edge) {
    for (const i of steps) {
      for (const j of steps) {
        const row = Math.floor(k / width) + i, column = (k % width) + j;
        const inside = row >= 0 && row < height && column >= 0 && column < width;
        if (inside && i * i + j * j <= reach * reach) near[row * width + column] = 1;
      }
    }
  }
  const parts = partsOf(near, mask, width);
  const largest = Math.max(...parts.map(({ area }) => area));
  return areSeveral(parts.filter(({ area }) => area >= RIVAL_SHARE * largest));
}

// The first number of a line and the one after the last.
function span(line) {
  return line.reduce(([low, high], at) => [Math.min(low, at), Math.max(high, at + 1)], [Infinity, -Infinity]);
}

// The connected parts of `near`, each with the ink in it and its box, first and end row and column.
function partsOf(near, mask, width) {
  const seen = new Uint8Array(near.length), height = near.length / width, parts = [];
  near.forEach((byte, start) => {
    if (!byte || seen[start]) return;
    const part = [start];
    seen[start] = 1;
    for (const k of part) { // which grows meanwhile
      const row = Math.floor(k / width), column = k % width;
      for (let y = Math.max(0, row - 1); y <= Math.min(height - 1, row + 1); y++) {
        for (let x = Math.max(0, column - 1); x <= Math.min(width - 1, column + 1); x++) {
          const next = y * width + x;
          if (near[next] && !seen[next]) [seen[next]] = [1, part.push(next)];
        }
      }
    }
    const box = [span(part.map((k) => Math.floor(k / width))), span(part.map((k) => k % width))];
    parts.push({ area: part.filter((k) => mask[k]).length, box });
  });
  return parts;
}

// Whether parts of like size are digits of their own: each nearly half as tall as all, or with a gap between them.
function areSeveral(parts) {
  const [top, bottom] = span(parts.flatMap(({ box: [[first, end]] }) => [first, end - 1]));
  return parts.some(({ box: one }, k) => parts.slice(k + 1).some(({ box: other }) => {
    const heights = [one, other].map(([[first, end]]) => end - first);
    const gap = Math.max(...one.map(([first, end], side) => Math.max(first, other[side][0]) - Math.min(end, other[side][1])));
    const [short, long] = [one, other].map((box) => Math.max(...box.map(([first, end]) => end - first))).sort((a, b) => a - b);
    return Math.min(...heights) >= RIVAL_HEIGHT * (bottom - top) || (short >= 0.6 * long && gap >= 0.1 * long);
  }));
}
