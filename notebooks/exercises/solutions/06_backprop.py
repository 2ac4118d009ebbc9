"""Exercise 6."""

import numpy as np


def backprop(x, kernels, table, slope, g):
    maps, below_maps, k, _ = kernels.shape
    below, shared, bias = np.zeros_like(x), np.zeros_like(kernels), np.zeros(maps)
    _, rows, columns = g.shape
    for m in range(maps):
        for r in range(rows):
            for c in range(columns):
                ga = slope[m, r, c] * g[m, r, c]
                bias[m] += ga
                for j in range(below_maps):
                    if table[j, m]:
                        for dr in range(k):
                            for dc in range(k):
                                below[j, r + dr, c + dc] += kernels[m, j, dr, dc] * ga
                                shared[m, j, dr, dc] += x[j, r + dr, c + dc] * ga
    return below, shared, bias
