"""How the parameters start: appendix A, and what it leaves open.

Appendix A draws weights uniform in +-2.4 / F_i, with F_i the fan-in of the unit that the connection enters, and is
silent on biases and on the coefficients of the S layers. The recipe's `init_gain`, `init_power`,
`fan_in_counts_bias`, `bias_init`, `coefficient_init` and `coefficient` say what is done.
"""

from __future__ import annotations

import numpy as np

from lenet1998.network import Network
from lenet1998.recipe import Recipe


def initialise(network: Network, recipe: Recipe, rng: np.random.Generator) -> None:
    """Start every parameter of the network, in the order of the flat vector.

    >>> from lenet1998.network import LeNet5
    >>> network = LeNet5(Recipe())
    >>> initialise(network, Recipe(), np.random.default_rng(1))
    >>> bool(abs(network.parameters.named(network.parameters.values)["C1.weight"]).max() <= 1 / 5)
    True
    """
    constant = {}
    if recipe.bias_init == "zero":
        constant["bias"] = 0.0
    if recipe.coefficient_init == "constant":
        constant["coefficient"] = recipe.coefficient
    for layer in network.layers:
        for key, view in layer.values.items():
            # The draw is made even where a constant replaces it, so that recipes share the rest of their start.
            uniform = rng.uniform(-1, 1, view.shape)
            fan_in = layer.fan_in(key) + recipe.fan_in_counts_bias
            view[...] = constant.get(key, uniform * recipe.init_gain / fan_in**recipe.init_power)
