"""A recipe: everything that the paper leaves open, or that an experiment may vary, in one frozen record.

Each field names a numbered entry of paper_notes.md. `PRESETS` holds the recipes that have a name; `Recipe.override`
changes fields from text, as ``--set KEY=VALUE`` does, and refuses what is unknown or out of range.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields, replace

from lenet1998.errors import RecipeError

Schedule = tuple[tuple[int, float], ...]

# Section III-B. The last rate goes on for as many passes as are asked for ("thereafter").
PUBLISHED_SCHEDULE: Schedule = ((2, 0.0005), (3, 0.0002), (3, 0.0001), (4, 0.00005), (8, 0.00001))

CHOICES = {
    "bias_init": ("zero", "uniform"),
    "coefficient_init": ("constant", "uniform"),
    "subsampling": ("sum", "average"),
    "loss": ("mle", "map"),
    "curvature_seed": ("exact", "constant"),
    "hessian_sample": ("fresh", "fixed", "first"),
    "order": ("constant", "reshuffled", "file"),
    "dtype": ("float32", "float64"),
}
_RANGES = {
    "init_gain": (0.0, 100.0),
    "init_power": (0.0, 2.0),
    "coefficient": (-10.0, 10.0),
    "penalty_scale": (1e-6, 1e3),
    "j": (1e-9, 1e6),
    "mu": (1e-9, 1e6),
    "hessian_patterns": (0, 10**7),
    "distorted_copies": (0, 1000),
    "distortion_width": (0.0, 2.0),
    "distortion_scale": (0.0, 0.9),
    "distortion_squeeze": (0.0, 0.9),
    "distortion_shear": (0.0, 2.0),
    "distortion_shift": (0.0, 16.0),
}


@dataclass(frozen=True)
class Recipe:
    """How to train LeNet-5. The defaults are the `default` preset, the reading closest to the paper's results.

    Raises RecipeError for a value that is not allowed.

    >>> Recipe().eta(1), Recipe().eta(20)
    (0.0005, 1e-05)
    >>> Recipe().override(["loss=map", "j=2"]).j
    2.0
    """

    name: str = "default"
    #: weights start uniform in +-init_gain / F^init_power (appendix A: 2.4 and 1)
    init_gain: float = 1.73
    init_power: float = 0.5
    #: whether the fan-in F counts the bias
    fan_in_counts_bias: bool = False
    #: biases start at zero, or uniform like the weights
    bias_init: str = "zero"
    #: subsampling coefficients start at the constant `coefficient`, or uniform like the weights with F = 4
    coefficient_init: str = "constant"
    coefficient: float = 2.0
    #: S layers add (section II-B) or average (II-A) their four inputs
    subsampling: str = "average"
    #: c in E(c y): 1 is equation 7 as printed, 0.5 half the squared distance
    penalty_scale: float = 0.1
    #: equation 8 (mle) or equation 9 (map)
    loss: str = "mle"
    #: the rubbish-class penalty of equation 9
    j: float = 5.0
    #: what starts the curvature recursion under equation 9
    curvature_seed: str = "exact"
    #: equation 21
    mu: float = 0.02
    #: size of the sample that estimates h_kk (0: h_kk = 0, plain gradient descent with the one rate eta / mu), and
    #: which: drawn before each pass, once, or the first of the order
    hessian_patterns: int = 500
    hessian_sample: str = "fresh"
    #: (passes, eta) in turn; the last eta continues
    schedule: Schedule = PUBLISHED_SCHEDULE
    #: one random order kept for all passes, a new one every pass, or that of the file
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

    def __post_init__(self) -> None:
        for key, allowed in CHOICES.items():
            if getattr(self, key) not in allowed:
                raise RecipeError(f"{key}={getattr(self, key)!r} is not allowed: choose {' or '.join(allowed)}")
        for key, (low, high) in _RANGES.items():
            value = getattr(self, key)
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise RecipeError(f"{key}={value!r} is out of range: give a number from {low:g} to {high:g}")
        if not self.schedule or any(passes < 1 or not 0 < eta < math.inf for passes, eta in self.schedule):
            raise RecipeError("schedule needs pairs of passes (1 or more) and eta (above 0), such as 2x0.0005,3x0.0002")

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
                known = ", ".join(field.name for field in fields(self) if field.name != "name")
                raise RecipeError(f"--set {setting}: give KEY=VALUE with one of the keys {known}")
            changes[key] = _parse(key, text.strip(), getattr(self, key))
        name = " ".join([self.name, *settings])
        return replace(self, name=name, **changes) if changes else self  # type: ignore[arg-type]

    def as_dict(self) -> dict[str, object]:
        """Plain values for JSON; `from_dict` reads them back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict) -> Recipe:
        """Read `as_dict` back. A field that was recorded before it existed has its default: fields are added so that
        their defaults change nothing. Raises RecipeError for unknown fields.
        """
        unknown = sorted(set(values) - {field.name for field in fields(cls)})
        if unknown:
            raise RecipeError(f"the recipe has fields that this version does not know: {', '.join(unknown)}")
        schedule = values.get("schedule", PUBLISHED_SCHEDULE)
        return cls(**{**values, "schedule": tuple((int(passes), float(eta)) for passes, eta in schedule)})


def _parse(key: str, text: str, current: object) -> object:
    try:
        if key == "schedule":
            return tuple((int(passes), float(eta)) for passes, eta in (part.split("x") for part in text.split(",")))
        if isinstance(current, bool):
            return {"true": True, "false": False}[text.lower()]
        return type(current)(text)  # int, float or str
    except (KeyError, ValueError):
        kind = {"schedule": "PASSESxETA,PASSESxETA,...", "fan_in_counts_bias": "true or false"}
        raise RecipeError(
            f"{key}={text}: give {kind.get(key, 'a whole number' if isinstance(current, int) else 'a number')}"
        ) from None


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

PRESETS = {recipe.name: recipe for recipe in (Recipe(), PRINTED)}


def preset(name: str) -> Recipe:
    """The recipe of that name. Raises RecipeError with the names there are."""
    if name not in PRESETS:
        raise RecipeError(f"no recipe is called {name!r}: choose {' or '.join(PRESETS)}")
    return PRESETS[name]
