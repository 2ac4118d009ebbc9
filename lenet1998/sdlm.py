"""The stochastic diagonal Levenberg-Marquardt method of appendix C.

Every parameter w_k has its own step eps_k = eta / (mu + h_kk) (equation 21). h_kk is the diagonal of the Hessian in the
Gauss-Newton approximation, summed over the connections that share w_k (equation 23) and averaged over a small sample
of patterns (equation 24). It is estimated before each pass and kept through it; then one pattern makes one update
(equation 18).
"""

import numpy as np

from lenet1998.errors import RecipeError
from lenet1998.parameters import Parameters


def step_sizes(h: np.ndarray, eta: float, mu: float) -> np.ndarray:
    """eps_k of equation 21, an array like h; mu keeps the step below eta / mu where the error surface is flat.

    >>> step_sizes(np.array([0.0, 0.48]), eta=0.0005, mu=0.02).tolist()
    [0.025, 0.001]
    """
    return eta / (mu + h)


def scaled(h: np.ndarray, factors: dict[str, float], parameters: Parameters) -> np.ndarray:
    """h with that of each layer in `factors` multiplied by its factor. Raises RecipeError for a layer that is not
    there, or has no parameters.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> parameters = LeNet5(Recipe()).parameters
    >>> float(scaled(np.ones(60_000), {"C1": 16.0}, parameters).sum()) == 60_000 + 15 * 156
    True
    """
    h = h.copy()
    views = parameters.named(h)
    layers = list(dict.fromkeys(name.rpartition(".")[0] for name in views))
    for layer, factor in factors.items():
        if layer not in layers:
            raise RecipeError(f"curvature_factors: no layer {layer!r} has parameters: choose {' or '.join(layers)}")
        for name, view in views.items():
            if name.rpartition(".")[0] == layer:
                view *= factor
    return h


def by_layer(h: np.ndarray, parameters: Parameters) -> np.ndarray:
    """The sum of h over each layer, for every parameter of the layer: then equation 21 gives one step per layer.

    Not the paper's, whose whole point is a step for each parameter; a public program that learns LeNet-5 does so.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> parameters = LeNet5(Recipe()).parameters
    >>> np.unique(by_layer(np.ones(60_000), parameters)).tolist()
    [12.0, 32.0, 156.0, 1516.0, 10164.0, 48120.0]
    """
    sums = np.empty_like(h)
    views, out = parameters.named(h), parameters.named(sums)
    layers = {name: name.rpartition(".")[0] for name in views}
    for name, layer in layers.items():
        out[name][...] = sum(view.sum() for other, view in views.items() if layers[other] == layer)
    return sums


def update(values: np.ndarray, gradient: np.ndarray, steps: np.ndarray) -> None:
    """One step of equation 18, in place: w_k <- w_k - eps_k dE^p/dw_k."""
    values -= steps * gradient
