"""Exercise 3."""

import numpy as np


def c3(x, kernels, bias, table):
    maps, below, k, _ = kernels.shape
    a = np.zeros((maps, x.shape[1] - k + 1, x.shape[2] - k + 1))
    for m in range(maps):
        for r in range(a.shape[1]):
            for c in range(a.shape[2]):
                a[m, r, c] += bias[m]
                for j in range(below):
                    if table[j, m]:
                        for dr in range(k):
                            for dc in range(k):
                                a[m, r, c] += kernels[m, j, dr, dc] * x[j, r + dr, c + dc]
    return a
