"""What a recipe may say where the paper is silent: choices and ranges of its fields, and what makes no sense together.

Every refusal is a RecipeError of one line that names the field and what to give instead.
"""

from __future__ import annotations

import math
from typing import Any

from lenet1998.errors import RecipeError

BY_CURVATURE = ("sdlm", "sdlm_momentum")
"""The optimisers whose step sizes come from second derivatives (equation 21)."""

CHOICES = {
    "network": (
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
    ),
    "weight_init": ("uniform", "normal"),
    "bias_init": ("zero", "uniform"),
    "coefficient_init": ("constant", "uniform"),
    "c3": ("table", "full"),
    "subsampling": ("sum", "average", "plain", "max"),
    "squash": ("tanh", "relu"),
    "output": ("rbf", "linear"),
    "codes": ("bitmap", "random", "one_of_n"),
    "loss": ("mle", "map", "cross_entropy", "hinge"),
    "curvature_seed": ("exact", "constant"),
    "hessian_sample": ("fresh", "fixed", "first"),
    "optimiser": ("sdlm", "sdlm_momentum", "sgd", "momentum", "rmsprop", "adam"),
    "sdlm_rates": ("parameter", "layer"),
    "last_batch": ("keep", "drop"),
    "order": ("constant", "reshuffled", "file", "replacement"),
    "dtype": ("float32", "float64"),
    "noise_draw": ("fresh", "fixed"),
}
"""The values of each field that is a word."""

RANGES = {
    "init_gain": (0.0, 100.0),
    "init_power": (0.0, 2.0),
    "coefficient": (-10.0, 10.0),
    "input_background": (-1000.0, 1000.0),
    "input_foreground": (-1000.0, 1000.0),
    "penalty_scale": (1e-6, 1e3),
    "j": (1e-9, 1e6),
    "mu": (1e-9, 1e6),
    "hessian_patterns": (1, 10**7),
    "batch": (1, 10**7),
    "input_threshold": (0, 254),
    "momentum": (0.0, 0.999999),
    "rms_decay": (0.0, 0.999999),
    "weight_decay": (0.0, 10.0),
    "distorted_copies": (0, 1000),
    "distortion_width": (0.0, 2.0),
    "distortion_scale": (0.0, 0.9),
    "distortion_squeeze": (0.0, 0.9),
    "distortion_shear": (0.0, 2.0),
    "distortion_shift": (0.0, 16.0),
    "noise": (0.0, 0.5),
}
"""The least and the largest value of each field that is a number; whole where both are."""


def check(values: dict[str, Any]) -> None:
    """Raise RecipeError for a value that is not allowed, or one that makes no sense beside another.

    `values` are a recipe's fields by name.
    """
    for key, allowed in CHOICES.items():
        if values[key] not in allowed:
            raise RecipeError(f"{key}={values[key]!r} is not allowed: choose {' or '.join(allowed)}")
    for key, (low, high) in RANGES.items():
        value, whole = values[key], isinstance(low, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not low <= value <= high:
            kind = "whole number" if whole else "number"
            raise RecipeError(f"{key}={value!r} is out of range: give a {kind} from {low:g} to {high:g}")
    for key in ("fan_in_counts_bias", "input_mean", "codes_learn"):
        if not isinstance(values[key], bool):
            raise RecipeError(f"{key}={values[key]!r} is not allowed: give true or false")
    schedule, deviations = values["schedule"], values["init_deviations"]
    if not schedule or any(passes < 1 or not 0 < eta < math.inf for passes, eta in schedule):
        raise RecipeError("schedule needs pairs of passes (1 or more) and eta (above 0), such as 2x0.0005,3x0.0002")
    if any(not 0 <= deviation < math.inf for _, deviation in deviations):
        raise RecipeError("init_deviations needs pairs of a layer and a deviation of 0 or more, such as F6x0.1")
    if any(not 0 < factor < math.inf for _, factor in values["curvature_factors"]):
        raise RecipeError("curvature_factors needs pairs of a layer and a factor above 0, such as C1x16")
    _check_combinations(values)


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
