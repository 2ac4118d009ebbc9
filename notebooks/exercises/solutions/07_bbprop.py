"""Exercise 7."""

import numpy as np


def bbprop(x, kernels, table, slope, h):
    maps, below_maps, k, _ = kernels.shape
    below, shared, bias = np.zeros_like(x), np.zeros_like(kernels), np.zeros(maps)
    _, rows, columns = h.shape
    for m in range(maps):
        for r in range(rows):
            for c in range(columns):
                ha = slope[m, r, c] ** 2 * h[m, r, c]
                bias[m] += ha
                for j in range(below_maps):
                    if table[j, m]:
                        for dr in range(k):
                            for dc in range(k):
                                below[j, r + dr, c + dc] += kernels[m, j, dr, dc] ** 2 * ha
                                shared[m, j, dr, dc] += x[j, r + dr, c + dc] ** 2 * ha
    return below, shared, bias
