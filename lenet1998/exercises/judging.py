"""Whether a solution is right, and if not, what a teacher would say: never the answer, but where it first differs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache

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
            return Verdict(0, len(parts), f"  {answer}\n    with {_sizes(case)}")
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
    known = next((says for says, by in exercise.mistakes.items() if all(agrees(by))), "not right yet")
    said = known if isinstance(known, str) else known(**cases[first])
    mine, reference = given[first][place], computed(name, exercise.reference)[first][place]
    return f"  {exercise.parts[place]}: {said}\n    with {_sizes(cases[first])}: {_difference(mine, reference)}"  # type: ignore[arg-type]


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
