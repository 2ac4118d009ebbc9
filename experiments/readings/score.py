"""How near a reading comes to what the paper states about training, claim by claim, on held-out patterns.

Each claim is measured by its distance from the paper in units of a tolerance; it is met up to 1. Where the test error
is the paper's measure, the error on held-out training patterns stands in for it.
"""

import math
from typing import Any

import numpy as np

from experiments.machinery.record import named
from experiments.readings.design import departures
from lenet1998.evaluation import rate_interval
from lenet1998.recipe import Recipe
from lenet1998.reference import figure_5, figure_6

RATES = 7e-5, 0.016
CLAIMS = {
    "rates": "smallest and largest effective rate of pass 1, 7e-5 and 0.016: rms of their logarithms' distances at "
    "most that of a factor of 1.5",
    "curve": "training error by pass, on the fly, Figure 5: rms difference at most 0.2 point",
    "end": "training error after 19 passes, 0.35%, within 0.1 point",
    "stable": "no over-training and no failure: over five passes held-out error ends at most 0.05 point above its "
    "lowest, every seed within a point of 0.95%, none diverges",
    "first": "errors of pass 1, 4.89% on the fly and 2.65% after it, within 0.75 point: a pass over 50,000 patterns "
    "is a sixth shorter than the paper's, which alone costs a third of a point",
    "drops": "falls of the training error at passes 3, 6 and 9, where eta falls, larger than those after them, and "
    "as large as in Figure 5 within 0.15 (rms, natural logarithm)",
}
RATE_FACTOR, CURVE, END, RISE, WORST, FIRST, FALL = 1.5, 0.2, 0.1, 0.05, 1.0, 0.75, 0.15
TEST_ERROR, TRAINING_ERROR = 0.95, 0.35  # per cent
DROPS = (3, 6, 9)
TRIALS = (1, 3, 10)  # passes after which a reading may be given up
FAR = RATE_FACTOR**2  # rates that are so far off, twice the tolerance, decide without the other claims
SMOOTH = 5  # passes over which held-out errors are averaged: one pass is too noisy for a single seed

SPACE, BOX, ROUND, LITERAL, QUESTIONS, SIZES = "space", "box", "round", "literal", "questions", "sizes"
SAMPLED = SPACE, BOX, ROUND  # the parts of the study that are points of the space

_PAPER = np.array([point["train_error_on_the_fly_percent"] for point in figure_5()])


def training_curve(histories: list[dict]) -> np.ndarray:
    """Training error by pass, the mean over seeds."""
    return np.mean([[record["train_error_percent"] for record in run["passes"]] for run in histories], axis=0)


def curve_lost(train: np.ndarray) -> bool:
    """Whether the first passes differ from Figure 5's by more than all passes of a curve that is near may together."""
    first = train[: len(_PAPER)]
    return float(np.sum((first - _PAPER[: len(first)]) ** 2)) > len(_PAPER) * CURVE**2


def hopeless(histories: list[dict]) -> bool:
    """Whether the first passes are enough to give a reading up: the curve is lost, whatever follows, or the rates of
    pass 1, which nothing that follows can change, are more than a factor of FAR from the paper's."""
    return curve_lost(training_curve(histories)) or rate_factor(histories) > FAR


def rates(histories: list[dict]) -> list[float]:
    """Smallest and largest effective rate of pass 1, geometric means over seeds."""
    first = [history["passes"][0] for history in histories]
    return [math.exp(float(np.mean(np.log([record[key] for record in first])))) for key in ("step_min", "step_max")]


def rate_factor(histories: list[dict]) -> float:
    """How far these are from the paper's: the root mean square of both logarithms' distances, as a factor."""
    return math.exp(math.sqrt(np.mean(np.log(np.divide(rates(histories), RATES)) ** 2)))


def falls(train: np.ndarray, later: int = 0) -> np.ndarray:
    """Natural logarithm of the training error's fall at each of DROPS, or so many passes later."""
    return np.array([math.log(max(train[k - 2 + later], 1e-9) / max(train[k - 1 + later], 1e-9)) for k in DROPS])


def score(recipe: Recipe, histories: list[dict], diverged: int = 0, stopped: bool = False) -> dict[str, Any]:
    """What the seeds of one reading give: measures, each claim's distance, and whether it is met.

    `diverged` others did not end; `stopped` says that these are the first passes of a reading that was given up, whose
    later claims are None.
    """
    about: dict[str, Any] = {
        "reading": recipe.name,
        "recipe": recipe.as_dict(),
        "seeds": len(histories),
        "diverged": diverged,
        "stopped": stopped,
        "departures": departures(recipe),
    }
    if not histories:
        return {**about, "misses": dict.fromkeys(CLAIMS), "met": dict.fromkeys(CLAIMS, False), "distance": None}
    runs = [history["passes"] for history in histories]
    train = training_curve(histories)
    held_out = np.array([[record["test_error_percent"] for record in run] for run in runs])
    factor = rate_factor(histories)
    shared = min(len(train), len(_PAPER))
    curve = float(np.sqrt(np.mean((train[:shared] - _PAPER[:shared]) ** 2)))
    first = [float(train[0]), float(held_out[:, 0].mean())]
    misses: dict[str, float | None] = {
        "rates": math.log(factor) / math.log(RATE_FACTOR),
        "curve": curve / CURVE,
        "end": None,
        "stable": None,
        "first": max(abs(first[0] - _PAPER[0]), abs(first[1] - figure_5()[0]["test_error_percent"])) / FIRST,
        "drops": None,
    }
    low, high = rates(histories)
    measures = {"step_min": low, "step_max": high, "rate_factor": factor, "first": first, "curve_rms": curve}
    met: dict[str, bool | None] = {claim: None if miss is None else bool(miss <= 1) for claim, miss in misses.items()}
    if len(train) > max(DROPS):
        ours = falls(train)
        misses["drops"] = miss = float(np.sqrt(np.mean((ours - falls(_PAPER)) ** 2))) / FALL
        met["drops"] = miss <= 1 and bool((ours > falls(train, later=1)).all())
        measures["drops"] = [float(fall) for fall in ours]
    if stopped:
        met["curve"] = False if curve_lost(train) else None
        return {**about, **measures, "misses": misses | {"curve": None}, "met": met, "distance": None}
    smooth = np.convolve(held_out.mean(axis=0), np.full(min(SMOOTH, len(train)), 1 / min(SMOOTH, len(train))), "valid")
    mean, below, above = rate_interval(held_out[:, -1])
    end, worst, rise = float(train[min(19, len(train)) - 1]), float(held_out[:, -1].max()), smooth[-1] - smooth.min()
    measures |= {
        "train_error_percent": end,
        "rise": float(rise),
        "held_out_error_percent": float(mean),
        "held_out_interval": [float(below), float(above)] if len(runs) > 1 else None,
        "held_out_worst": worst,
    }
    late = {"end": abs(end - TRAINING_ERROR) / END, "stable": max(float(rise) / RISE, (worst - TEST_ERROR) / WORST)}
    met |= {"end": late["end"] <= 1, "stable": late["stable"] <= 1 and not diverged}
    misses |= late
    known = [miss for miss in misses.values() if miss is not None]
    distance = float(np.sqrt(np.mean(np.square(known)))) if len(known) == len(CLAIMS) and not diverged else None
    return {**about, **measures, "misses": misses, "met": met, "distance": distance}


def rows(histories: list[dict], diverged: list[dict], whole: int = 0) -> list[dict]:
    """The score of every reading, in the order in which they were made; what has fewer passes than `whole`, or than
    the longest, was given up."""
    ends = [end for end in diverged if "fields" in end]
    recipes = {run["recipe"]["name"]: (run["part"], run["recipe"]) for run in histories if run["part"] != SIZES}
    recipes |= {end["recipe"]: (end["part"], end["fields"]) for end in ends if end["recipe"] not in recipes}
    passes = whole or max((len(run["passes"]) for run in histories), default=0)
    found = []
    for name, (part, fields) in recipes.items():
        own = named(histories, name)
        lost = sum(end["recipe"] == name for end in ends)
        stopped = bool(own) and len(own[0]["passes"]) < passes
        found.append({"part": part, **score(Recipe.from_dict(fields), own, lost, stopped)})
    return found


def sizes(histories: list[dict]) -> list[dict]:
    """Training errors of the last pass on the fly and of the trained networks, by size, beside Figure 6's."""
    paper = {int(point["training_set_size"]): point for point in figure_6() if point["with_distortions"] == "no"}
    measured = [run for run in histories if "train_error_after_percent" in run]
    found = []
    for size in sorted({run["data"]["train_size"] for run in measured}):
        own = [run for run in measured if run["data"]["train_size"] == size]
        point = paper.get(60_000 if size == 50_000 else size)
        found.append(
            {
                "size": size,
                "seeds": len(own),
                "on_the_fly_percent": float(np.mean([run["passes"][-1]["train_error_percent"] for run in own])),
                "after_training_percent": float(np.mean([run["train_error_after_percent"] for run in own])),
                "paper_percent": float(point["train_error_percent"]) if point else None,
            }
        )
    return found


def every_claim(row: dict) -> bool:
    """Whether a reading meets all that the paper states."""
    return all(row["met"].values())


def by_distance(row: dict) -> float:
    """The closest to the results first."""
    return math.inf if row["distance"] is None else row["distance"]


def by_departures(row: dict) -> tuple[int, int, float]:
    """Those that fail the fewest claims first, of them those that depart least, of these the lowest held-out error."""
    failed = sum(holds is not True for holds in row["met"].values())
    return failed, len(row["departures"]), row.get("held_out_error_percent", math.inf)


def ended(rows: list[dict]) -> list[dict]:
    """Those of which no seed diverged, and that were not given up."""
    return [row for row in rows if not row["stopped"] and not row["diverged"]]


def best(rows: list[dict], count: int) -> list[dict]:
    """Of those that ended the first of both rankings in turn, each once, until there are so many."""
    chosen: list[dict] = []
    for pair in zip(sorted(ended(rows), key=by_distance), sorted(ended(rows), key=by_departures), strict=True):
        chosen += [row for k, row in enumerate(pair) if row not in chosen and row not in pair[:k]]
    return chosen[:count]


def winners(rows: list[dict]) -> dict[str, dict]:
    """Of the readings with the most seeds the closest to the results, and the least departure: the default.

    A winner meets every claim if any reading does.
    """
    most = max((row["seeds"] for row in ended(rows)), default=0)
    final = [row for row in ended(rows) if row["seeds"] == most]
    final = [row for row in final if every_claim(row)] or final
    return {"closest": min(final, key=by_distance), "least departure": min(final, key=by_departures)} if final else {}
