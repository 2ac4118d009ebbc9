"""A recipe: everything that the paper leaves open, or that an experiment may vary, in one frozen record.

`PRESETS` holds the recipes that have a name; `Recipe.override` changes fields from text, as ``--set KEY=VALUE`` does,
and refuses what is unknown, out of range or senseless (`lenet1998.recipe_rules`).
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from hashlib import sha256
from typing import Any

from lenet1998.errors import RecipeError
from lenet1998.loss import LOSSES
from lenet1998.modern.optimisers import OPTIMISERS, method_of
from lenet1998.network import SQUASHING, SUBSAMPLING
from lenet1998.networks import NETWORKS
from lenet1998.recipe_rules import (
    CURVATURE,
    ELSEWHERE,
    INPUT,
    LATER,
    LEARNING,
    LOSS,
    NETWORK,
    NOISE,
    REMOVED,
    START,
    TEACHING,
    c3_in_short,
    check,
    setting,
)
from lenet1998.registry import load_plugin, register

__all__ = ["CHOICES", "PRESETS", "PUBLISHED_SCHEDULE", "Recipe", "Schedule", "load_plugin", "preset", "register"]

Schedule = tuple[tuple[int, float], ...]

PUBLISHED_SCHEDULE: Schedule = ((2, 0.0005), (3, 0.0002), (3, 0.0001), (4, 0.00005), (8, 0.00001))
"""Section III-B's passes and rates. The last rate continues for as many passes as are asked for ("thereafter")."""


@dataclass(frozen=True)
class Recipe:
    """What to train, and how. The defaults are the `default` preset: of the readings that meet the paper's claims
    about training within our tolerances, one of the four that depart least from its text: the printed gain 2.4 over
    the root of the fan-in F, not over F, and a tenth of the squared distance (paper_notes.md, `experiments.readings`).

    Raises RecipeError for a value that is not allowed, or one that makes no sense beside another.

    >>> Recipe().eta(1), Recipe().eta(20)
    (0.0005, 1e-05)
    >>> Recipe().override(["loss=map", "j=2"]).j
    2.0
    """

    name: str = "default"
    network: str = setting("lenet5", NETWORK, "the network; the fields below apply to the layers that it has", NETWORKS)
    input_background: float = setting(-0.1, INPUT, "input value of the byte 0, empty paper", (-1000.0, 1000.0))
    input_foreground: float = setting(1.175, INPUT, "input value of the byte 255, ink", (-1000.0, 1000.0))
    c3: str = setting("table", NETWORK, "inputs of C3: Table I (table), every map (full), or a drawing (--c3 FILE)")
    init_gain: float = setting(2.4, START, "weights start within +-init_gain / F^init_power", (0.0, 100.0))
    init_power: float = setting(0.5, START, "the exponent p in init_gain / F^p; appendix A says 1", (0.0, 2.0))
    fan_in_counts_bias: bool = setting(False, START, "whether the fan-in F counts the bias")
    bias_init: str = setting("zero", START, "biases start at zero, or uniform like the weights", ("zero", "uniform"))
    coefficient_init: str = setting(
        "constant",
        START,
        "how coefficients of S layers start: one constant, or uniform with F = 4",
        ("constant", "uniform"),
    )
    coefficient: float = setting(1.0, START, "the constant for coefficient_init=constant", (-10.0, 10.0))
    subsampling: str = setting(
        "average",
        NETWORK,
        "S2, S4: trainable sum (II-B), trainable average (II-A), plain average, or maximum",
        SUBSAMPLING,
    )
    squash: str = setting("tanh", NETWORK, "equation 6, or the rectifier", SQUASHING)
    output: str = setting(
        "rbf",
        NETWORK,
        "radial basis function (RBF) units (equation 7), or linear outputs; the smallest wins",
        ("rbf", "linear"),
    )
    codes: str = setting(
        "bitmap", NETWORK, "the codes of RBF units: Figure 3's, or others", ("bitmap", "random", "one_of_n")
    )
    classes: int = setting(10, NETWORK, "number of output units, one per class; taken from data of your own", (2, 256))
    characters: str = setting("0123456789", NETWORK, "the classes as characters of Figure 3, for codes=bitmap")
    codes_learn: bool = setting(False, NETWORK, "whether the RBF centres learn too (II-C, IX-C), starting at the codes")
    penalty_scale: float = setting(
        0.1, LOSS, "factor of the squared distance for RBF units; 1: equation 7 as printed", (1e-6, 1e3)
    )
    loss: str = setting("map", LOSS, "equation 8, equation 9, or cross-entropy, which came later", LOSSES)
    j: float = setting(1.0, LOSS, "the rubbish-class penalty of equation 9", (1e-9, 1e6))
    curvature_seed: str = setting(
        "exact",
        CURVATURE,
        "where the recursion starts under equation 9: its exact second derivative, or a constant",
        ("exact", "constant"),
    )
    optimiser: str = setting(
        "sdlm",
        LEARNING,
        "appendix C's method, alone or with momentum, or a later one, whose rate is eta itself",
        OPTIMISERS,
    )
    batch: int = setting(1, LEARNING, "patterns per update", (1, 10**7))
    momentum: float = setting(
        0.9,
        LATER,
        "the share of the last step that is kept; Adam's beta1 (its beta2 is 0.999)",
        (0.0, 0.999999),
    )
    mu: float = setting(0.02, CURVATURE, "mu of equation 21", (1e-9, 1e6))
    hessian_patterns: int = setting(500, CURVATURE, "size of the sample that estimates h_kk", (1, 10**7))
    hessian_sample: str = setting(
        "fresh",
        CURVATURE,
        "drawn anew before each pass, drawn once, or the first in training order",
        ("fresh", "fixed", "first"),
    )
    schedule: Schedule = setting(
        PUBLISHED_SCHEDULE, LEARNING, "passes x eta, one after the other; the last eta continues"
    )
    order: str = setting(
        "constant",
        LEARNING,
        "one random order for all passes, a new one per pass, the file's, or with replacement",
        ("constant", "reshuffled", "file", "replacement"),
    )
    dtype: str = setting("float32", LEARNING, "precision of all numbers", ("float32", "float64"))
    distorted_copies: int = setting(0, NOISE, "distorted copies of each training pattern; the paper: 9", (0, 1000))
    distortion_width: float = setting(0.5, NOISE, "width of the draws, as a share of the ranges below", (0.0, 2.0))
    distortion_scale: float = setting(0.3, NOISE, "range of the scale, as measured in Figure 7", (0.0, 0.9))
    distortion_squeeze: float = setting(0.1, NOISE, "range of the squeeze, as measured in Figure 7", (0.0, 0.9))
    distortion_shear: float = setting(0.15, NOISE, "range of the shear, as measured in Figure 7", (0.0, 2.0))
    distortion_shift: float = setting(2.3, NOISE, "range of the shifts in pixels, as measured in Figure 7", (0.0, 16.0))
    noise: float = setting(0.0, NOISE, "probability that a pixel is inverted, in training only", (0.0, 0.5))
    input_mean: bool = setting(False, TEACHING, "whether the mean of the training set is subtracted")
    input_threshold: int = setting(
        0, TEACHING, "pixels above this byte are ink, all others paper; 0: grey stays", (0, 254)
    )
    weight_init: str = setting(
        "uniform", TEACHING, "weights uniform in +-range, or normal with the range as deviation", ("uniform", "normal")
    )
    init_deviations: tuple[tuple[str, float], ...] = setting(
        (), TEACHING, "normal start of single layers, such as F6x0.1 for a deviation of 0.1"
    )
    sdlm_rates: str = setting(
        "parameter",
        TEACHING,
        "one step size per parameter, or one per layer, from the sum of h_kk",
        ("parameter", "layer"),
    )
    curvature_factors: tuple[tuple[str, float], ...] = setting(
        (), TEACHING, "factors on h_kk of single layers, such as C1x16"
    )
    last_batch: str = setting("keep", TEACHING, "keep or drop a last batch that is not full", ("keep", "drop"))
    weight_decay: float = setting(
        0.0, TEACHING, "factor of half the sum of squared weights; biases are left out", (0.0, 10.0)
    )

    def __post_init__(self) -> None:
        object.__setattr__(self, "c3", c3_in_short(self.c3))  # frozen only from here on
        check(self)

    @property
    def by_curvature(self) -> bool:
        """Whether step sizes come from second derivatives, as in appendix C."""
        return method_of(self).by_curvature

    def eta(self, number: int) -> float:
        """The global rate of pass `number`, counted from 1."""
        for passes, eta in self.schedule:
            if number <= passes:
                return eta
            number -= passes
        return self.schedule[-1][1]

    def override(self, settings: list[str]) -> Recipe:
        """A recipe with fields replaced from KEY=VALUE texts; values are parsed by the field's type, never
        evaluated."""
        changes: dict[str, object] = {}
        for change in settings:
            key, equals, text = change.partition("=")
            if not equals or key == "name" or key not in asdict(self):
                if equals and key.strip() in ELSEWHERE:
                    raise RecipeError(f"--set {change}: {key.strip()} is {ELSEWHERE[key.strip()]}")
                names = [field.name for field in fields(self) if field.name != "name"]
                near = " or ".join(get_close_matches(key.strip(), names, 4, 0.3) or names[:4])
                raise RecipeError(
                    f"--set {change}: give KEY=VALUE with a field of the recipe, such as {near}; lenet1998 train "
                    "--help lists them all"
                )
            changes[key] = _parse(key, text.strip(), getattr(self, key))
        name = " ".join([self.name, *map(_called, settings)])
        return replace(self, name=name, **changes) if changes else self  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; `from_dict` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Recipe:
        """Read `as_dict` back. A field that was recorded before it existed has its default: fields are added so that
        their defaults change nothing. One that was taken out must have the value that is left. A curvature sample of no
        patterns once meant plain gradient descent with the rate eta / mu, and is read so. Raises RecipeError for
        unknown fields.
        """
        for key, only in REMOVED.items():
            if values.get(key, only) != only:
                raise RecipeError(f"{key}={values[key]!r} was taken out of recipes: only {only!r} is left")
        values = {key: value for key, value in values.items() if key not in REMOVED}
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise RecipeError(f"the recipe has fields that this version does not know: {', '.join(unknown)}")
        schedule = tuple((int(passes), float(eta)) for passes, eta in values.get("schedule", PUBLISHED_SCHEDULE))
        by_layer = {
            key: tuple((layer, float(number)) for layer, number in values.get(key, ()))
            for key in ("init_deviations", "curvature_factors")
        }
        values = {**values, "schedule": schedule, **by_layer}
        if values.get("hessian_patterns") == 0:
            rates = tuple((passes, eta / values["mu"]) for passes, eta in schedule)
            values |= {"optimiser": "sgd", "hessian_patterns": cls.hessian_patterns, "schedule": rates}
        return cls(**values)


def _called(change: str) -> str:
    """A change in the recipe's name; a drawing by the beginning of its digest."""
    key, _, text = change.partition("=")
    return f"c3={sha256(text.encode()).hexdigest()[:8]}" if key == "c3" and "X" in text else change


CHOICES: dict[str, Collection[str]] = {
    each.name: each.metadata["choices"] for each in fields(Recipe) if each.metadata.get("choices")
}
"""The values of each field that is a word."""


def _parse(key: str, text: str, current: Any) -> object:
    try:
        if isinstance(current, tuple):
            first = int if key == "schedule" else str
            pairs = (part.split("x") for part in text.split(",") if text)
            return tuple((first(name), float(value)) for name, value in pairs)
        if isinstance(current, bool):
            return {"true": True, "false": False}[text.lower()]
        return type(current)(text)  # int, float or str
    except (KeyError, ValueError):
        form = "PASSESxETA,PASSESxETA,..." if key == "schedule" else "LAYERxNUMBER,LAYERxNUMBER,..."
        kind = {tuple: form, bool: "true or false", int: "a whole number", float: "a number"}
        raise RecipeError(f"{key}={text}: give {kind[type(current)]}") from None


PRINTED = Recipe(
    name="printed",
    init_gain=2.4,
    init_power=1.0,
    subsampling="sum",
    bias_init="uniform",
    coefficient_init="uniform",
    penalty_scale=1.0,
    loss="mle",
    curvature_seed="exact",
)
"""The text taken literally: appendix A for every parameter, and equation 7 without a factor."""

MODERN = Recipe(
    name="modern",
    c3="full",
    subsampling="max",
    squash="relu",
    output="linear",
    loss="cross_entropy",
    init_gain=2.449,
    init_power=0.5,
    optimiser="adam",
    batch=64,
    schedule=((10, 0.001), (5, 0.0003), (5, 0.0001)),
    order="reshuffled",
)
"""LeNet-5's layers and sizes with the parts of today. Weights start with variance 2 / F, which keeps the variance of
rectified units from layer to layer (He, Zhang, Ren and Sun 2015): uniform in +-sqrt(6 / F). The input keeps the paper's
range, whose mean of roughly zero serves rectifiers as well, so that it differs in nothing that it need not."""

PRESETS = {recipe.name: recipe for recipe in (Recipe(), PRINTED, MODERN)}


def preset(name: str) -> Recipe:
    """The recipe of that name. Raises RecipeError with the names there are."""
    if name not in PRESETS:
        raise RecipeError(f"no recipe is called {name!r}: choose {' or '.join(PRESETS)}")
    return PRESETS[name]
