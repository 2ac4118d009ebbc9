"""Solutions are right, planted mistakes are named, and nothing that is handed in does harm."""

import inspect
import json
import os
import re
import sys
import time

import numpy as np
import pytest

from lenet1998.commands.main import main
from lenet1998.exercises import apart, check
from lenet1998.exercises.judging import EXERCISES, computed, drawn, judged, same
from tests.exercises.planted import PLANTED
from tests.project.test_layout import ROOT

FOLDER = ROOT / "notebooks" / "exercises"
SOLUTIONS = {path.stem[3:]: path for path in sorted((FOLDER / "solutions").glob("*.py"))}


def defined(name: str, source: str):
    namespace: dict = {}
    exec(source, namespace)
    return namespace[name]


@pytest.mark.parametrize(("number", "name"), list(enumerate(EXERCISES, 1)), ids=EXERCISES)
def test_the_notebook_asks_for_what_is_checked(number, name, capsys):
    """A function without a body, of the same inputs, all of them explained; and the check says that it is empty."""
    from tests.project.test_notebooks import executed  # skips this test where nbformat is not installed

    function = executed(FOLDER / f"{number:02d}_{name}.ipynb")[name]
    assert f"{name}: 0 of" in (said := capsys.readouterr().out) and "returns nothing yet" in said
    solution = defined(name, SOLUTIONS[name].read_text(encoding="utf-8"))
    for each in (function, solution):
        assert list(inspect.signature(each).parameters) == list(drawn(name)[0])
    assert all(re.search(rf"^    [\w, ]*\b{argument}\b[\w, ]*:", function.__doc__, re.M) for argument in drawn(name)[0])


@pytest.mark.parametrize("name", EXERCISES)
def test_the_solution_is_right(name):
    verdict = judged(name, lambda: defined(name, SOLUTIONS[name].read_text(encoding="utf-8")))
    assert verdict.points == verdict.of == len(EXERCISES[name].parts), verdict.said


@pytest.mark.parametrize("name", EXERCISES)
def test_planted_mistakes_are_refused_and_named(name):
    source = SOLUTIONS[name].read_text(encoding="utf-8")
    for found, instead, expected in PLANTED[name]:
        assert found in source
        verdict = judged(name, lambda: defined(name, source.replace(found, instead)))  # noqa: B023
        assert verdict.points < verdict.of, instead
        assert (expected or "not right yet") in verdict.said, (instead, verdict.said)


def test_six_or_more_are_planted_and_all_but_three_are_named():
    assert list(PLANTED) == list(EXERCISES) and min(map(len, PLANTED.values())) == 6
    assert sum(expected is None for some in PLANTED.values() for *_, expected in some) <= 3


@pytest.mark.parametrize("name", EXERCISES)
def test_no_mistake_computes_what_is_right_or_what_another_computes(name):
    """Of each part on which it errs; else what is said would be chance."""
    exercise = EXERCISES[name]
    reference, seen = computed(name, exercise.reference), {}
    for says, by in exercise.mistakes.items():
        found = computed(name, by)
        wrong = [
            place
            for place in range(len(exercise.parts))
            if not all(same(a[place], b[place]) for a, b in zip(found, reference, strict=True))
        ]
        assert wrong, says
        for other, others in seen.items():
            agrees = [all(same(a[p], b[p]) for a, b in zip(found, others, strict=True)) for p in wrong]
            assert not all(agrees), (says, other)
        seen[says] = found


def never_ends(*_):
    while True:
        pass


def ends_the_process(*_):
    os._exit(0)


def crashes(*_):
    import ctypes

    ctypes.string_at(0)


def takes_all_memory(*_):
    return float(len(bytearray(2**32)))


def writes_answers_itself(*_):
    sys._getframe(2).f_locals["file"].write(b'[[[1], [2]]]\n"x"\n[[[-5], 3]]\n[]\n{}\n5\n' + b"[" * 9_999 + b"\n[[[")
    return 1.0


def closes_every_file(*_):
    os.closerange(0, 1000)


class Unspeakable(Exception):
    def __str__(self):
        raise self


def fails_unspeakably(*_):
    raise Unspeakable


class NoArray:
    def __array__(self, *_, **__):
        raise KeyboardInterrupt


HARM = {
    never_ends: "stopped after",
    ends_the_process: "ended early",
    crashes: "ended early",
    takes_all_memory: "MemoryError",
    writes_answers_itself: "with x",
    closes_every_file: "ended early",
    fails_unspeakably: "cannot be shown",
    lambda *_: sys.exit(): "SystemExit",
    lambda *_: never_ends.missing: "AttributeError",
    lambda x: x: "TypeError",
    lambda *_: None: "returns nothing yet",
    lambda *_: "text": "no array of numbers",
    lambda *_: [[1], [1, 2]]: "no array of numbers",
    lambda *_: {1: 2}: "no array of numbers",
    lambda *_: 1j: "no array of numbers",
    lambda *_: (i for i in range(3)): "no array of numbers",
    lambda *_: NoArray(): "KeyboardInterrupt",
    lambda *_: np.zeros(10**6): "far too large",
    lambda x, *_: np.full_like(x, np.nan): "yours has shape",
    lambda *_: 10**400: "OverflowError",
}


@pytest.mark.parametrize("function", HARM, ids=lambda function: function.__name__)
def test_nothing_that_is_handed_in_does_harm(function, monkeypatch, capfd):
    monkeypatch.setattr(apart, "SECONDS", 2.0)
    check("s2", function)
    said, complained = capfd.readouterr()
    assert said.startswith("s2: 0 of 1\n") and HARM[function] in said and complained == ""


def test_what_a_solution_changes_stays_unchanged_here(capfd):
    mine, cases = [1, 2], [case["x"].copy() for case in drawn("s2")]

    def solution(x, coefficient, bias):
        print("a word, and another")
        mine.clear()
        x[:] = 0
        np.tanh = np.exp
        if os.fork() == 0:
            os.write(1, b"left behind")
            time.sleep(60)
        return x

    before = time.monotonic()
    check("s2", solution)
    assert time.monotonic() - before < 5 and mine == [1, 2] and np.tanh is not np.exp
    assert all(np.array_equal(a, case["x"]) for a, case in zip(cases, drawn("s2"), strict=True))
    assert "another" not in (said := capfd.readouterr().out) and "left" not in said


def test_an_error_is_told_with_its_line(capsys):
    check("squash", lambda a: a.no_such_name)
    assert "AttributeError" in (said := capsys.readouterr().out) and "line" in said
    check("counts", lambda *_: 5)
    assert "returns one int, not 2 values" in capsys.readouterr().out
    check("bbprop", lambda *_: (1, 2))
    assert "returns 2 values, not 3" in capsys.readouterr().out
    check("c3", lambda x, kernels, bias, table: table[len(kernels) - 1, x.shape[0] - 1])
    assert "table is [map below, map], kernels are [map, map below]" in capsys.readouterr().out
    check("c3", lambda x, *_: x[9])
    assert "IndexError" in (said := capsys.readouterr().out) and "table is" not in said


def test_what_is_not_known_gets_no_name(capsys):
    for answer in (0, np.inf, np.nan, 0.5):
        check("s2", lambda x, *_: np.full((len(x), x.shape[1] // 2, x.shape[2] // 2), answer))  # noqa: B023
        assert "state: not right yet" in capsys.readouterr().out
    check("rbf", lambda x, codes, *_: (np.full(len(codes), np.inf), 0))
    assert capsys.readouterr().out.count("not right yet") == 2
    check("squash", lambda a: (1.7159 * np.tanh(0.66667 * a), 0 * a))
    assert capsys.readouterr().out.count("not right yet") == 2


def test_what_is_no_function_or_no_exercise_is_told(capsys):
    check("c4", never_ends)
    check("c3", np.zeros(3))
    said = capsys.readouterr().out
    assert "choose counts, squash, c3" in said and "without brackets" in said


def test_a_lecturer_gets_points_for_a_folder(tmp_path, monkeypatch, prints):
    monkeypatch.setattr(apart, "SECONDS", 2.0)
    hand_ins = tmp_path / "hand-ins"
    for name in ("=ann", "bob", "empty"):
        (hand_ins / name / ".ipynb_checkpoints").mkdir(parents=True)
    for path in SOLUTIONS.values():
        (hand_ins / "=ann" / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    cells = [
        "%matplotlib inline\nimport numpy as np\n1 / 0",
        "this is no Python",
        "A, S = 1.7159, 2 / 3\ndef squash(a):\n    return A * np.tanh(S * a), a",
        "while True: pass",
        "def c3(x, kernels, bias, table):\n    while True: pass",
    ]
    notebook = {"cells": [{"cell_type": "code", "source": cell} for cell in cells]}
    (hand_ins / "bob" / "all.ipynb").write_text(json.dumps(notebook))
    (hand_ins / "bob" / ".ipynb_checkpoints" / "s2.py").write_text(SOLUTIONS["s2"].read_text())
    (hand_ins / "bob" / "broken.ipynb").write_text("{ def s2(")
    (hand_ins / "bob" / "broken.py").write_text("def rbf(x:\n")
    assert "=ann: 23 of 23\nbob: 1 of 23\n" in prints("exercises", hand_ins, "--out", tmp_path / "points").out
    said = json.loads((tmp_path / "points" / "points.json").read_text())
    assert list(said) == ["=ann", "bob"] and said["bob"]["squash"]["points"] == 1
    for exercise, words in {
        "c3": "stopped after", "s2": "JSONDecodeError", "rbf": "is it valid Python?", "sdlm": "not handed in"
    }.items():  # fmt: skip
        assert words in said["bob"][exercise]["said"]
    head, ann, bob = (tmp_path / "points" / "points.csv").read_text().splitlines()
    assert head == f"hand-in,{','.join(EXERCISES)},sum"
    assert (ann, bob) == ("'=ann,2,2,1,1,2,3,3,2,4,3,23", "bob,0,1,0,0,0,0,0,0,0,0,1")
    assert main(["exercises", str(hand_ins / "empty"), "--out", str(tmp_path / "points")]) == 2
    assert main(["exercises", str(tmp_path / "nowhere"), "--out", str(tmp_path / "none")]) == 2
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("line", [b"[]", b"{}", b"5", b"null", b"[" * 9_999, b"[[[1],", b"[[[5], [2]]]", b"\xff"])
def test_only_answers_are_read(line):
    assert apart._read(line, 1) == "wrote where only the answers belong"
