"""How the parameters start: appendix A, and what it leaves open.

Appendix A draws weights uniform in +-2.4 / F_i, with F_i the fan-in of the unit that the connection enters, and is
silent on biases and on the coefficients of the S layers. The recipe's `weight_init`, `init_gain`, `init_power`,
`init_deviations`, `fan_in_counts_bias`, `bias_init`, `coefficient_init` and `coefficient` say what is done.
"""

import numpy as np

from lenet1998.errors import RecipeError
from lenet1998.network import Network
from lenet1998.output import RBF
from lenet1998.recipe import Recipe


def initialise(network: Network, recipe: Recipe, rng: np.random.Generator) -> None:
    """Start every parameter of the network, in the order of the flat vector.

    Raises RecipeError if `init_deviations` names a layer that has no weights.

    >>> from lenet1998.network import LeNet5
    >>> network = LeNet5(Recipe())
    >>> initialise(network, Recipe(), np.random.default_rng(1))
    >>> bool(abs(network.parameters.named(network.parameters.values)["C1.weight"]).max() <= 2.4 / 5)
    True
    """
    constant = {}
    if recipe.bias_init == "zero":
        constant["bias"] = 0.0
    if recipe.coefficient_init == "constant":
        constant["coefficient"] = recipe.coefficient
    deviations = dict(recipe.init_deviations)
    weighted = [layer.name for layer in network.layers if "weight" in layer.values]
    for name in deviations:
        if name not in weighted:
            raise RecipeError(f"init_deviations: no layer {name!r} has weights: choose {' or '.join(weighted)}")
    for layer in network.layers:
        for key, view in layer.values.items():
            if isinstance(layer, RBF):  # centres start at the codes of Figure 3
                view[...] = layer.start
                continue
            # The draw is made even where a constant replaces it, so that recipes share the rest of their start.
            own = deviations.get(layer.name) if key == "weight" else None
            normal = own is not None or key == "weight" and recipe.weight_init == "normal"
            drawn = rng.standard_normal(view.shape) if normal else rng.uniform(-1, 1, view.shape)
            fan_in = layer.fan_in(key) + recipe.fan_in_counts_bias
            scale = recipe.init_gain / fan_in**recipe.init_power if own is None else own
            with np.errstate(over="ignore"):  # a start that is not finite is a divergence, which training reports
                view[...] = constant.get(key, drawn * scale)
