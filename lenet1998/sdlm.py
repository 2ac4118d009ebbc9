"""The stochastic diagonal Levenberg-Marquardt method of appendix C.

Every parameter w_k has its own step eps_k = eta / (mu + h_kk) (equation 21). h_kk is the diagonal of the Hessian in the
Gauss-Newton approximation, summed over the connections that share w_k (equation 23) and averaged over a small sample
of patterns (equation 24). It is estimated before each pass and kept through it; then one pattern makes one update
(equation 18).
"""

from __future__ import annotations

import numpy as np


def step_sizes(h: np.ndarray, eta: float, mu: float) -> np.ndarray:
    """eps_k of equation 21, an array like h; mu keeps the step below eta / mu where the error surface is flat.

    >>> step_sizes(np.array([0.0, 0.48]), eta=0.0005, mu=0.02).tolist()
    [0.025, 0.001]
    """
    return eta / (mu + h)


def update(values: np.ndarray, gradient: np.ndarray, steps: np.ndarray) -> None:
    """One step of equation 18, in place: w_k <- w_k - eps_k dE^p/dw_k."""
    values -= steps * gradient
