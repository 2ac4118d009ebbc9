"""Whether a solution is right, and if not, what a teacher would say: never the answer, but where it first differs."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import permutations

import numpy as np

from lenet1998.exercises.apart import Answer, answers
from lenet1998.exercises.derivatives import BACKPROP, BBPROP, SDLM
from lenet1998.exercises.exercise import Computes, Inputs, arrays
from lenet1998.exercises.later import MODERN, VITERBI
from lenet1998.exercises.network import C3, COUNTS, S2, SQUASH
from lenet1998.exercises.output import RBF_UNITS

EXERCISES = {
    "counts": COUNTS,
    "squash": SQUASH,
    "c3": C3,
    "s2": S2,
    "rbf": RBF_UNITS,
    "backprop": BACKPROP,
    "bbprop": BBPROP,
    "sdlm": SDLM,
    "modern": MODERN,
    "viterbi": VITERBI,
}
"""By the name of the function that solves it, in the order of the course."""

_CASES, _SEED = 12, 1998


@dataclass(frozen=True)
class Verdict:
    """A point for each part of an exercise that is right in every case, and what to say."""

    points: int
    of: int
    said: str


def check(name: str, function: Callable) -> None:
    """Compare a solution with the reference in random cases of small sizes, and print what is right and what is wrong.

    The function runs in a process of its own for ten seconds at most, so that it changes nothing here.

    >>> import numpy as np
    >>> def s2(x, coefficient, bias):
    ...     mean = x.reshape(len(x), x.shape[1] // 2, 2, -1, 2).mean(axis=(2, 4))
    ...     return 1.7159 * np.tanh(2 / 3 * (coefficient[:, None, None] * mean + bias[:, None, None]))
    >>> check("s2", s2)  # doctest: +ELLIPSIS
    s2: 0 of 1
      state: averaged, not added: a quarter
        with x (3, 4, 8), coefficient (3,), bias (3,): at [0, 0, 0] yours is ..., right is ...
    """
    if name not in EXERCISES:
        print(f"no exercise is called {name!r}: choose {', '.join(EXERCISES)}")
    elif not callable(function):
        print(f"{name}: give the function itself, without brackets: check({name!r}, {name})")
    else:
        verdict = judged(name, lambda: function)
        print(f"{name}: {verdict.points} of {verdict.of}\n{verdict.said}")


def judged(name: str, load: Callable[[], Callable]) -> Verdict:
    """The verdict on the function that `load` gives; both run in a process of their own."""
    parts, cases = EXERCISES[name].parts, drawn(name)
    computed(name, EXERCISES[name].reference)  # loads libraries here, which a solution then need not
    given = answers(load, [tuple(case.values()) for case in cases], len(parts))
    for case, answer in zip(cases, given, strict=False):
        if isinstance(answer, str):
            hint = "\n    table is [map below, map], kernels are [map, map below]"
            told = answer + hint * ("table[" in answer and "kernels" in case)
            return Verdict(0, len(parts), f"  {told}\n    with {_sizes(case)}")
    lines = [_part(name, place, given) for place in range(len(parts))]
    return Verdict(sum(line.endswith(": right") for line in lines), len(parts), "\n".join(lines))


@cache
def drawn(name: str) -> list[Inputs]:
    """The cases of an exercise: the same ones each time, so that everybody has the same."""
    rng = np.random.default_rng(_SEED)
    return [EXERCISES[name].inputs(rng) for _ in range(_CASES)]


@cache
def computed(name: str, by: Computes) -> list[list[np.ndarray]]:
    """What a function makes of these cases, by case and part."""
    with np.errstate(all="ignore"):
        return [arrays(by(*case.values()), len(EXERCISES[name].parts)) for case in drawn(name)]


def same(a: np.ndarray, b: np.ndarray) -> bool:
    return a.shape == b.shape and np.allclose(a, b, rtol=1e-6, atol=1e-9)


def _part(name: str, place: int, given: Sequence[Answer]) -> str:
    """What is said of one part of what was returned."""
    exercise, cases = EXERCISES[name], drawn(name)

    def agrees(by: Computes) -> list[bool]:
        return [same(a[place], b[place]) for a, b in zip(given, computed(name, by), strict=True)]  # type: ignore[arg-type]

    right = agrees(exercise.reference)
    if all(right):
        return f"  {exercise.parts[place]}: right"
    first = right.index(False)
    known = _exchanged(name, place, given) or next(
        (says for says, by in exercise.mistakes.items() if all(agrees(by))), ""
    )
    mine, reference = ([answer[place] for answer in some] for some in (given, computed(name, exercise.reference)))
    said = known(**cases[first]) if callable(known) else known or _in_general(mine, reference) or "not right yet"  # type: ignore[arg-type]
    difference = _difference(mine[first], reference[first])  # type: ignore[arg-type]
    return f"  {exercise.parts[place]}: {said}\n    with {_sizes(cases[first])}: {difference}"


def _exchanged(name: str, place: int, given: Sequence[Answer]) -> str:
    """What is said of a part that stands in the place of another, which is not in its own."""
    parts, reference = EXERCISES[name].parts, computed(name, EXERCISES[name].reference)

    def stands(part: int, at: int) -> bool:
        return all(same(a[at], b[part]) for a, b in zip(given, reference, strict=True))  # type: ignore[arg-type]

    other = next((part for part in range(len(parts)) if stands(part, place) and not stands(part, part)), None)
    return "" if other is None else f"this is {parts[other]}: return {', '.join(parts)} in this order"


def _in_general(mine: Sequence[np.ndarray], reference: Sequence[np.ndarray]) -> str:
    """What can be wrong in any exercise, from all cases of a part; an empty text if it is none of these."""
    pairs = list(zip(mine, reference, strict=True))
    if any(a.ndim != b.ndim for a, b in pairs):
        return ""
    for order in permutations(range(max(b.ndim for b in reference))):
        if all(same(a.transpose([axis for axis in order if axis < a.ndim]), b) for a, b in pairs):
            return "the axes are in another order: transpose"
    if any(a.shape != b.shape or not np.isfinite(a).all() for a, b in pairs):
        return ""
    a, b = (np.concatenate([part.ravel() for part in parts]) for parts in (mine, reference))
    largest = np.abs(b).argmax()
    factor = a[largest] / b[largest]
    if np.allclose(a, b, rtol=1e-6, atol=1e-6):  # closer than constants of five digits
        return "right in float32: compute in float64"
    if same(a, -b):
        return "the sign is turned"
    if factor > 0 and same(a, factor * b):
        return f"exactly {max(factor, 1 / factor):.6g} times too {'large' if factor > 1 else 'small'}"
    if a.any() and not (a % 1).any() and (b % 1).any():
        return "whole numbers only: an array of dtype int cuts fractions off"
    return ""


def _sizes(case: Inputs) -> str:
    """Arrays by their shapes, numbers as they are."""
    return ", ".join(
        f"{name} {value.shape}" if isinstance(value, np.ndarray) else f"{name} = {value:.6g}"
        for name, value in case.items()
    )


def _difference(mine: np.ndarray, reference: np.ndarray) -> str:
    if mine.shape != reference.shape:
        return f"yours has shape {mine.shape}, right is {reference.shape}"
    index = np.argwhere(~np.isclose(mine, reference, rtol=1e-6, atol=1e-9))[0]
    place = f"at {index.tolist()} " if len(index) else ""
    return f"{place}yours is {mine[tuple(index)]:.8g}, right is {reference[tuple(index)]:.8g}"
