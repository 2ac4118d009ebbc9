// From ink on a sheet to an image in MNIST's form.

const BOX = 20; // of MNIST's field, what a digit fills

// Ink, bytes row by row on a sheet `width` wide, in MNIST's form (section III-A): the digit in a box of 20x20 with its
// centre of mass in the middle of 28x28. Without ink, all background. Filter and rounding are the package's.
// Pixel (row, column) of the image comes from the sheet's (top + row * high, left + column * wide).
function toMnistForm(ink, width) {
  const image = new Uint8Array(SIDE * SIDE);
  const blank = { image, top: 0, left: 0, high: width / SIDE, wide: width / SIDE };
  const height = ink.length / width;
  let top = height, bottom = -1, left = width, right = -1;
  ink.forEach((byte, k) => {
    if (!byte) return;
    const row = Math.floor(k / width), column = k % width;
    [top, bottom] = [Math.min(top, row), Math.max(bottom, row)];
    [left, right] = [Math.min(left, column), Math.max(right, column)];
  });
  if (bottom < 0) return blank;
  const size = [bottom - top + 1, right - left + 1];
  const [rows, columns] = size.map((length) => Math.max(1, roundEven((length * BOX) / Math.max(...size))));
  const cropped = [];
  for (let row = top; row <= bottom; row++) cropped.push(resized(ink.subarray(row * width + left, row * width + right + 1), columns));
  const digit = transposed(transposed(cropped).map((column) => resized(column, rows)));
  const masses = [digit.map(total), transposed(digit).map(total)];
  const mass = total(masses[0]);
  if (!mass) return blank;
  const [down, across] = masses.map((line) => {
    const centre = total(line.map((m, k) => m * k)) / mass;
    return Math.min(Math.max(roundEven(SIDE / 2 - centre), 0), SIDE - line.length);
  });
  digit.forEach((line, row) => image.set(line, (down + row) * SIDE + across));
  const [high, wide] = [size[0] / rows, size[1] / columns];
  return { image, top: top - down * high, left: left - across * wide, high, wide };
}

// A line of bytes at another length, as Pillow resizes it with its Hamming filter, which widens with the reduction.
function resized(line, length) {
  if (line.length === length) return [...line];
  const scale = line.length / length, reach = Math.max(scale, 1);
  return Array.from({ length }, (_, k) => {
    const centre = (k + 0.5) * scale;
    const first = Math.max(0, Math.floor(centre - reach + 0.5));
    const last = Math.min(line.length, Math.floor(centre + reach + 0.5));
    let sum = 0, weights = 0;
    for (let at = first; at < last; at++) {
      const x = Math.PI * Math.abs((at + 0.5 - centre) / reach);
      const weight = x === 0 ? 1 : x >= Math.PI ? 0 : (Math.sin(x) / x) * (0.54 + 0.46 * Math.cos(x));
      sum += weight * line[at];
      weights += weight;
    }
    return Math.round(sum / weights);
  });
}

const transposed = (lines) => lines[0].map((_, k) => lines.map((line) => line[k]));

// Halves go to the even neighbour, as in Python.
function roundEven(x) {
  const up = Math.round(x);
  return up - x === 0.5 && up % 2 ? up - 1 : up;
}
