"""What is tried: points of a space of readings, the text taken literally, and single questions about the winner.

The space has six axes: the gain of the initial weights over the root of the fan-in, the coefficient of subsampling
layers, the scale of the penalty, the loss with j, what starts the curvature recursion, and sum or average. Points are
of Sobol's sequence. What the text prints (a gain of 2.4, the penalty without a factor) has a share of the points of its
own, since no other point would hit it.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace
from itertools import product

from scipy.stats import qmc

from lenet1998.recipe import PRINTED, Recipe

# Fields whose value the text leaves open, or for which it has two: no answer to them departs from it (paper_notes.md).
OPEN = (
    "name",
    "weight_init",
    "fan_in_counts_bias",
    "bias_init",
    "coefficient_init",
    "coefficient",
    "subsampling",
    "loss",
    "j",
    "hessian_sample",
)
# Where weights start over the root of the fan-in, biases at 0 and all coefficients at one constant.
BASE = replace(PRINTED, init_power=0.5, bias_init="zero", coefficient_init="constant")
# Three answers that the text taken literally does not give: what it leaves open, chosen so that it trains; the root of
# the fan-in; and a scaled penalty. It is made with all eight combinations of them.
ANSWERS = (
    "bias_init=zero coefficient_init=constant coefficient=2 subsampling=average",
    "init_power=0.5",
    "penalty_scale=0.1",
)
# Round numbers, chosen when the box was known: there the printed gain and equation 9 with its own second derivative
# came close to every claim with two departures, where S layers average and start at a coefficient of about 1 or 2.
ROUND = {"coefficient": (1.0, 2.0), "penalty_scale": (0.08, 0.1), "j": (0.5, 1.0)}
# Asked of the winner alone, one at a time.
QUESTIONS = (
    "order=reshuffled",
    "order=file",
    "hessian_patterns=50",
    "hessian_patterns=5000",
    "mu=0.005",
    "mu=0.1",
    "init_power=1",
    "fan_in_counts_bias=true",
    "bias_init=uniform",
    "coefficient_init=uniform",
)


@dataclass(frozen=True)
class Space:
    """Ranges of the axes; numbers are spread by their logarithm.

    `coefficient` counts on the average of a window: layers that add start at a quarter of it. Equation 8 is the limit
    of equation 9 where e^-j outweighs all penalties.
    """

    init_gain: tuple[float, float] = (1.0, 3.0)
    coefficient: tuple[float, float] = (0.5, 4.0)
    penalty_scale: tuple[float, float] = (0.03, 1.0)
    j: tuple[float, float] = (0.02, 5.0)
    losses: tuple[str, ...] = ("eq. 8", "eq. 9, exact", "eq. 9, constant")
    subsampling: tuple[str, ...] = ("average", "sum")
    printed_gain: float = 0.25
    printed_penalty: float = 0.125
    base: Recipe = BASE

    def points(self, count: int, seed: int) -> list[Recipe]:
        """The first `count` points of Sobol's sequence, scrambled with `seed`; their names are what they set."""
        cube = qmc.Sobol(6, seed=seed).random_base2(math.ceil(math.log2(count)))
        return [self._reading(*(float(share) for share in row)) for row in cube[:count]]

    def _reading(self, gain: float, coefficient: float, penalty: float, j: float, loss: float, adds: float) -> Recipe:
        subsampling = _chosen(self.subsampling, adds)
        values: dict[str, object] = {
            "init_gain": _number(self.init_gain, gain, PRINTED.init_gain, self.printed_gain),
            "coefficient": _number(self.coefficient, coefficient) / (4 if subsampling == "sum" else 1),
            "penalty_scale": _number(self.penalty_scale, penalty, PRINTED.penalty_scale, self.printed_penalty),
            "subsampling": subsampling,
        }
        kind = _chosen(self.losses, loss)
        if kind == "eq. 8":
            values["loss"] = "mle"
        else:
            values |= {"loss": "map", "j": _number(self.j, j), "curvature_seed": kind.removeprefix("eq. 9, ")}
        return reading(self.base, [f"{key}={value}" for key, value in values.items()])

    def around(self, best: list[Recipe]) -> Space:
        """The box of these readings; half of the points now have the printed gain, if it lies within."""
        kinds = {loss_of(recipe) for recipe in best}
        return Space(
            init_gain=_ends([recipe.init_gain for recipe in best]),
            coefficient=_ends([on_the_average(recipe) for recipe in best]),
            penalty_scale=_ends([recipe.penalty_scale for recipe in best]),
            j=_ends([recipe.j for recipe in best if recipe.loss == "map"] or list(self.j)),
            losses=tuple(kind for kind in self.losses if kind in kinds),
            subsampling=tuple(sorted({recipe.subsampling for recipe in best})),
            printed_gain=0.5,
        )


def reading(base: Recipe, settings: list[str]) -> Recipe:
    """`base` with these fields, named after them."""
    return replace(base.override(settings), name=" ".join(settings))


def on_the_average(recipe: Recipe) -> float:
    """The first coefficient as it counts on the average of a window."""
    return recipe.coefficient * (4 if recipe.subsampling == "sum" else 1)


def loss_of(recipe: Recipe) -> str:
    """The loss as `Space.losses` names it."""
    return "eq. 8" if recipe.loss == "mle" else f"eq. 9, {recipe.curvature_seed}"


def departures(recipe: Recipe) -> list[str]:
    """The fields in which a reading departs from what the text states.

    >>> departures(PRINTED), departures(BASE)
    ([], ['init_power'])
    """
    stated = asdict(PRINTED)
    return [key for key, value in asdict(recipe).items() if key not in OPEN and value != stated[key]]


def rounded() -> list[Recipe]:
    """Readings of two departures at every combination of ROUND."""
    fixed = ["init_gain=2.4", "subsampling=average", "loss=map", "curvature_seed=exact"]
    return [
        reading(BASE, [*fixed, *(f"{key}={value:g}" for key, value in zip(ROUND, values, strict=True))])
        for values in product(*ROUND.values())
    ]


def literal() -> list[Recipe]:
    """The text taken literally, first as it is, then with each combination of ANSWERS."""
    found = []
    for given in product((False, True), repeat=len(ANSWERS)):
        settings = [answer for answer, taken in zip(ANSWERS, given, strict=True) if taken]
        found.append(replace(PRINTED.override(" ".join(settings).split()), name=" ".join(["printed", *settings])))
    return found


def questions(winner: Recipe) -> list[Recipe]:
    """The winner with one other answer each."""
    return [replace(winner.override([answer]), name=f"winner {answer}") for answer in QUESTIONS]


def _number(ends: tuple[float, float], share: float, printed: float = 0.0, own: float = 0.0) -> float:
    """The value that far along the range, to three digits; the first `own` of it is the printed value, if it lies in
    the range."""
    low, high = ends
    if low <= printed <= high:
        if share < own:
            return printed
        share = (share - own) / (1 - own)
    return float(f"{low * (high / low) ** share:.3g}")


def _chosen(options: tuple[str, ...], share: float) -> str:
    return options[min(int(share * len(options)), len(options) - 1)]


def _ends(values: list[float]) -> tuple[float, float]:
    return min(values), max(values)
