"""Exercise 9."""

import numpy as np
from scipy.stats import t


def modern(a, logits, label, differences):
    maps, rows, columns = a.shape
    x = np.maximum(a, 0)
    pooled = np.zeros((maps, rows // 2, columns // 2))
    for r in range(rows // 2):
        for c in range(columns // 2):
            pooled[:, r, c] = x[:, 2 * r : 2 * r + 2, 2 * c : 2 * c + 2].max(axis=(1, 2))
    p = np.exp(logits) / np.exp(logits).sum()
    loss = -np.log(p[label])
    gradient = p.copy()
    gradient[label] -= 1
    n = len(differences)
    half = t.ppf(0.975, n - 1) * differences.std(ddof=1) / np.sqrt(n)
    mean = differences.mean()
    return pooled, loss, gradient, np.array([mean - half, mean + half])
