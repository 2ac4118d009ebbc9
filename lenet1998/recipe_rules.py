"""What a recipe may say where the paper is silent: how its fields are declared, and what makes no sense together.

Every refusal is a RecipeError of one line that names the field and what to give instead.
"""

from __future__ import annotations

import math
from dataclasses import field, fields
from typing import Any

from lenet1998.bitmaps import CODES
from lenet1998.errors import RecipeError

BY_CURVATURE = ("sdlm", "sdlm_momentum")
"""The optimisers whose step sizes come from second derivatives (equation 21)."""

NETWORKS = (
    "lenet5",
    "lenet4",
    "lenet1",
    "one_layer",
    "one_layer_20x20",
    "mlp_300",
    "mlp_1000",
    "mlp_300_100",
    "mlp_500_150",
    "mlp_20x20_300",
    "cat_lenet",
    "mlp_256_64",
    "cifar10_convnet",
)
"""What `lenet1998.networks` builds."""

UNITS = 84
"""Of F6, which a class's code is compared with: the pixels of a bitmap of Figure 3."""

SECTIONS = (INPUT, NETWORK, START, LOSS, LEARNING, CURVATURE, NOISE, LATER) = (
    "Input (section II-B)",
    "Network (sections II-A to II-C, figure 3)",
    "Start (appendix A)",
    "Loss (section II-C)",
    "Learning (section III-B)",
    "Second derivatives (appendix C)",
    "Distortions and noise (sections III-B and III-E)",
    "Methods of later years",
)
"""What the fields of a recipe are about, with the paper's sections."""


def setting(default: Any, section: str, meaning: str, allowed: tuple[Any, ...] = ()) -> Any:
    """A field of a recipe: its default, where it belongs, and what it means in one line.

    `allowed` are the choices of a word, or the least and the largest value of a number; whole where both are.
    """
    kind = "choices" if isinstance(default, str) else "range"
    return field(default=default, metadata={"section": section, "meaning": meaning, kind: allowed})


def check(recipe: Any) -> None:
    """Raise RecipeError for a value that is not allowed, or one that makes no sense beside another."""
    values = vars(recipe)
    of_kind = {kind: [each for each in fields(recipe) if each.metadata.get(kind)] for kind in ("choices", "range")}
    for each in of_kind["choices"]:
        allowed = each.metadata["choices"]
        if values[each.name] not in allowed:
            raise RecipeError(f"{each.name}={values[each.name]!r} is not allowed: choose {' or '.join(allowed)}")
    for each in of_kind["range"]:
        (low, high), value = each.metadata["range"], values[each.name]
        whole = isinstance(low, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not low <= value <= high:
            kind = "whole number" if whole else "number"
            raise RecipeError(f"{each.name}={value!r} is out of range: give a {kind} from {low:g} to {high:g}")
    for each in fields(recipe):
        if isinstance(each.default, bool) and not isinstance(values[each.name], bool):
            raise RecipeError(f"{each.name}={values[each.name]!r} is not allowed: give true or false")
    _check_classes(values)
    schedule, deviations = values["schedule"], values["init_deviations"]
    if not schedule or any(passes < 1 or not 0 < eta < math.inf for passes, eta in schedule):
        raise RecipeError("schedule needs pairs of passes (1 or more) and eta (above 0), such as 2x0.0005,3x0.0002")
    if any(not 0 <= deviation < math.inf for _, deviation in deviations):
        raise RecipeError("init_deviations needs pairs of a layer and a deviation of 0 or more, such as F6x0.1")
    if any(not 0 < factor < math.inf for _, factor in values["curvature_factors"]):
        raise RecipeError("curvature_factors needs pairs of a layer and a factor above 0, such as C1x16")
    _check_combinations(values)


def _check_classes(values: dict[str, Any]) -> None:
    """Whether each class has a code of its own, where the output is one of RBF units."""
    classes, characters = values["classes"], values["characters"]
    if not isinstance(characters, str) or not set(characters) <= CODES.keys():
        raise RecipeError(f"characters={characters!r} are not all in Figure 3: give printable ASCII characters")
    if values["output"] != "rbf" or values["network"] != "lenet5":
        return
    if values["codes"] == "bitmap" and not classes == len(characters) == len(set(characters)):
        raise RecipeError(
            f"codes=bitmap needs another character for each of classes={classes}, not characters={characters}: give as "
            "many, or choose codes=random"
        )
    if values["codes"] == "one_of_n" and classes > UNITS:
        raise RecipeError(f"codes=one_of_n has {UNITS} units for classes={classes}: choose codes=random")


def _check_combinations(values: dict[str, Any]) -> None:
    rbf, sdlm = values["output"] == "rbf", values["optimiser"] in BY_CURVATURE
    senseless = {
        "network={network} has no RBF units: choose output=linear, and loss=cross_entropy, map or hinge": (
            rbf and values["network"] in ("cat_lenet", "cifar10_convnet")
        ),
        "codes={codes} are for 84 units, and network={network} has one a class: choose codes=one_of_n, or "
        "output=linear": rbf and values["network"] != "lenet5" and values["codes"] != "one_of_n",
        "subsampling={subsampling} learns nothing, and network=lenet4 subsamples each map twice: choose "
        "subsampling=average or sum": values["network"] == "lenet4" and values["subsampling"] in ("plain", "max"),
        "loss=mle needs output=rbf, since a linear output can lower its own penalty without end: choose "
        "loss=cross_entropy, map or hinge, or output=rbf": values["loss"] == "mle" and not rbf,
        "loss=hinge has no scale on squared distances: choose output=linear, or another loss": (
            values["loss"] == "hinge" and rbf
        ),
        "codes={codes} are for RBF units: choose output=rbf, or codes=bitmap": values["codes"] != "bitmap" and not rbf,
        "codes_learn={codes_learn} is for LeNet-5's RBF units: choose output=rbf and network=lenet5, or "
        "codes_learn=false": (values["codes_learn"] and (not rbf or values["network"] != "lenet5")),
        "loss=hinge has no curvature for optimiser={optimiser}: choose optimiser=sgd, momentum, rmsprop or adam": (
            values["loss"] == "hinge" and sdlm
        ),
        "curvature_seed=constant is the curvature of squared distances, and a linear output has none: choose "
        "curvature_seed=exact, or output=rbf": values["curvature_seed"] == "constant" and sdlm and not rbf,
        "distorted_copies={distorted_copies} needs grey images: choose network=lenet5, or another for digits": (
            bool(values["distorted_copies"]) and values["network"] in ("cat_lenet", "cifar10_convnet")
        ),
        "noise_draw=fixed keeps the noise of each training pattern, and distorted copies come and go: choose "
        "noise_draw=fresh, or distorted_copies=0": values["noise_draw"] == "fixed" and bool(values["distorted_copies"]),
        "sdlm_rates={sdlm_rates} is of appendix C's method, and optimiser={optimiser} has one rate: choose "
        "optimiser=sdlm or sdlm_momentum, or sdlm_rates=parameter": values["sdlm_rates"] != "parameter" and not sdlm,
        "input_background={input_background} is input_foreground too: nothing could be seen, give another": (
            values["input_background"] == values["input_foreground"]
        ),
    }
    for message, holds in senseless.items():
        if holds:
            raise RecipeError(message.format(**values))
