"""A recipe: everything that the paper leaves open, or that an experiment may vary, in one frozen record.

`PRESETS` holds the recipes that have a name; `Recipe.override` changes fields from text, as ``--set KEY=VALUE`` does,
and refuses what is unknown, out of range or senseless (`lenet1998.recipe_rules`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields, replace
from difflib import get_close_matches
from typing import Any

from lenet1998.errors import RecipeError
from lenet1998.recipe_rules import BY_CURVATURE, CHOICES, check

__all__ = ["CHOICES", "PRESETS", "PUBLISHED_SCHEDULE", "Recipe", "Schedule", "preset"]

Schedule = tuple[tuple[int, float], ...]

# Section III-B. The last rate goes on for as many passes as are asked for ("thereafter").
PUBLISHED_SCHEDULE: Schedule = ((2, 0.0005), (3, 0.0002), (3, 0.0001), (4, 0.00005), (8, 0.00001))


@dataclass(frozen=True)
class Recipe:
    """What to train, and how. The defaults are the `default` preset, the reading closest to the paper's results.

    Raises RecipeError for a value that is not allowed, or one that makes no sense beside another.

    >>> Recipe().eta(1), Recipe().eta(20)
    (0.0005, 1e-05)
    >>> Recipe().override(["loss=map", "j=2"]).j
    2.0
    """

    name: str = "default"
    #: what `lenet1998.networks` builds; the fields below change it where it has such a layer
    network: str = "lenet5"
    #: input values of the bytes 0 and 255; whether the mean of the training set is subtracted
    input_background: float = -0.1
    input_foreground: float = 1.175
    input_mean: bool = False
    #: 0, or the byte above which a pixel is ink (255), the others being background: a bilevel input
    input_threshold: int = 0
    #: C3 sees the maps of Table I, or all
    c3: str = "table"
    #: weights start uniform in +-init_gain / F^init_power (appendix A: 2.4 and 1), or normal with that deviation
    weight_init: str = "uniform"
    init_gain: float = 1.73
    init_power: float = 0.5
    #: (layer, standard deviation): layers whose weights start normal with that deviation instead
    init_deviations: tuple[tuple[str, float], ...] = ()
    #: whether the fan-in F counts the bias
    fan_in_counts_bias: bool = False
    #: biases start at zero, or uniform like the weights
    bias_init: str = "zero"
    #: subsampling coefficients start at the constant `coefficient`, or uniform like the weights with F = 4
    coefficient_init: str = "constant"
    coefficient: float = 2.0
    #: S layers add (section II-B) or average (II-A) their four inputs and learn a coefficient and a bias; or they
    #: have nothing to learn, and average ("plain") or take the largest
    subsampling: str = "average"
    #: equation 6, or the rectifier
    squash: str = "tanh"
    #: RBF units with fixed codes (equation 7), or weighted sums, the smallest of which wins
    output: str = "rbf"
    codes: str = "bitmap"
    #: whether the RBF centres learn too (section II-C, IX-C), starting at the codes
    codes_learn: bool = False
    #: c in E(c y) for RBF units: 1 is equation 7 as printed, 0.5 half the squared distance
    penalty_scale: float = 0.1
    #: equation 8 (mle), equation 9 (map), or those of `lenet1998.loss` that came later
    loss: str = "mle"
    #: the rubbish-class penalty of equation 9
    j: float = 5.0
    #: what starts the curvature recursion under equation 9 and cross-entropy
    curvature_seed: str = "exact"
    #: appendix C's method, the same with momentum, or one of `lenet1998.modern.optimisers`, for which eta itself is the
    #: rate
    optimiser: str = "sdlm"
    #: appendix C's step sizes: one for each parameter, or one for each layer, from the sum of h_kk over it
    sdlm_rates: str = "parameter"
    #: (layer, factor): layers whose h_kk is so many times what equations 23 to 27 give; a slip of a public program
    curvature_factors: tuple[tuple[str, float], ...] = ()
    #: patterns to an update, and whether a last batch that is not full is learned or dropped
    batch: int = 1
    last_batch: str = "keep"
    #: of the optimisers momentum and sdlm_momentum, and Adam's beta1
    momentum: float = 0.9
    #: RMSProp's decay, and Adam's beta2
    rms_decay: float = 0.999
    #: L2: this times half the sum of the squares of all weights, biases left out
    weight_decay: float = 0.0
    #: equation 21
    mu: float = 0.02
    #: size of the sample that estimates h_kk, and which: drawn before each pass, once, or the first of the order
    hessian_patterns: int = 500
    hessian_sample: str = "fresh"
    #: (passes, eta) in turn; the last eta continues
    schedule: Schedule = PUBLISHED_SCHEDULE
    #: one random order kept for all passes, a new one every pass, or that of the file; or as many patterns as there
    #: are, each drawn from all of them ("replacement")
    order: str = "constant"
    dtype: str = "float32"
    #: distorted copies of each training pattern (the paper: 9), and the half-widths of the law they are drawn from:
    #: `distortion_width` times the ranges of Figure 7
    distorted_copies: int = 0
    distortion_width: float = 0.5
    distortion_scale: float = 0.3
    distortion_squeeze: float = 0.1
    distortion_shear: float = 0.15
    distortion_shift: float = 2.3
    #: salt and pepper (section III-E): the probability with which each pixel is inverted, in training alone; and
    #: whether every pass has noise of its own, or each pattern the same in all
    noise: float = 0.0
    noise_draw: str = "fresh"

    def __post_init__(self) -> None:
        check(vars(self))

    @property
    def by_curvature(self) -> bool:
        """Whether step sizes come from second derivatives, as in appendix C."""
        return self.optimiser in BY_CURVATURE

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
        for setting in settings:
            key, equals, text = setting.partition("=")
            if not equals or key == "name" or key not in asdict(self):
                names = [field.name for field in fields(self) if field.name != "name"]
                near = " or ".join(get_close_matches(key.strip(), names, 4, 0.3) or names[:4])
                raise RecipeError(
                    f"--set {setting}: give KEY=VALUE with a field of the recipe, such as {near}; lenet1998 train "
                    "--help lists them all"
                )
            changes[key] = _parse(key, text.strip(), getattr(self, key))
        name = " ".join([self.name, *settings])
        return replace(self, name=name, **changes) if changes else self  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; `from_dict` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Recipe:
        """Read `as_dict` back. A field that was recorded before it existed has its default: fields are added so that
        their defaults change nothing. A curvature sample of no patterns once meant plain gradient descent with the
        rate eta / mu, and is read so. Raises RecipeError for unknown fields.
        """
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
