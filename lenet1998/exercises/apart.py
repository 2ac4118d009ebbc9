"""What others wrote runs in a process of its own, with limits of time and memory, and gives back numbers as text.

The process is a copy of this one (fork), so it may do to its data what it likes. It writes a line of JSON for each case
into a file, which is read when it has ended, or has been ended with all that it started.
"""

import faulthandler
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import wait
from pathlib import Path
from typing import IO, Any

import numpy as np

from lenet1998.errors import LeNetError, one_line, reason_of
from lenet1998.exercises.exercise import arrays

SECONDS, BYTES, LARGEST = 10.0, 2**30, 100_000
"""What all cases together may take: time, memory on top of what this process has; and numbers in one array."""

_WRITTEN = 2**26

Answer = list[np.ndarray] | str
"""The parts of what a function returned, or what went wrong."""


def answers(load: Callable[[], Callable], cases: Sequence[Sequence[Any]], parts: int) -> list[Answer]:
    """What the function that `load` gives makes of the cases; where it ends early, a text is last, and some may lack.

    Raises LeNetError on a system that cannot copy a process.
    """
    if "fork" not in multiprocessing.get_all_start_methods():
        raise LeNetError("exercises are checked in a copied process, which this system has not: use Linux")
    with tempfile.TemporaryFile() as file:
        process = multiprocessing.get_context("fork").Process(target=_work, args=(file, load, cases, parts))
        process.start()
        assert process.pid
        try:
            ended = wait([process.sentinel], SECONDS)
        finally:
            with suppress(OSError):  # before `join`: until then the number is its own
                os.killpg(process.pid, signal.SIGKILL)
            process.kill()
            process.join()
        file.seek(0)
        given = [_read(line, parts) for line in file.read(_WRITTEN).splitlines()[: len(cases)]]
    if len(given) < len(cases) and not any(isinstance(answer, str) for answer in given):
        given.append(
            "the process ended early: exit(), or too much memory"
            if ended
            else f"stopped after {SECONDS:.0f} seconds: does a loop never end?"
        )
    return given


def _work(file: IO[bytes], load: Callable[[], Callable], cases: Sequence[Sequence[Any]], parts: int) -> None:
    os.setsid()
    faulthandler.disable()  # a crash is told in one line
    _limit()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in range(3):
        os.dup2(nothing, stream)
    sys.stdout = sys.stderr = open(os.devnull, "w")  # noqa: SIM115 - until the process ends
    try:
        function = load()
    except BaseException as error:
        cases, function = cases[:1], _raising(error)
    for case in cases:
        file.write(json.dumps(_answer(function, case, parts)).encode() + b"\n")
        file.flush()
    os.killpg(0, signal.SIGKILL)  # this process, and all that the function started and left behind


def _raising(error: BaseException) -> Callable:
    def function(*_: Any) -> None:
        raise error

    return function


def _limit() -> None:
    import resource

    with suppress(OSError, ValueError):
        has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (has + BYTES, has + BYTES))
        resource.setrlimit(resource.RLIMIT_FSIZE, (_WRITTEN, _WRITTEN))


def _answer(function: Callable, case: Sequence[Any], parts: int) -> Any:
    """Shapes and numbers, or a text."""
    try:
        found = arrays(function(*case), parts)
        if any(part.size > LARGEST for part in found):
            return f"returns an array of shape {max(found, key=np.size).shape}, which is far too large"
        return [(part.shape, part.ravel().tolist()) for part in found]
    except BaseException as error:
        return _told(error)


def _told(error: BaseException) -> str:
    """The error, and the line of the student's own code that it comes from."""
    try:
        if isinstance(error, LeNetError):
            return str(error)
        frames = traceback.extract_tb(error.__traceback__)[1:]
        own = [frame for frame in frames if frame.filename == frames[0].filename]
        where = f", line {own[-1].lineno}: {own[-1].line}" if own else ""
        return one_line(f"{type(error).__name__}: {reason_of(error)}{where}")
    except BaseException:
        return "an error that cannot be shown"


def _read(line: bytes, parts: int) -> Answer:
    """A line of the file, which may hold anything."""
    try:
        found = json.loads(line)
        if isinstance(found, str):
            return one_line(found)
        answer = [np.array(values, np.float64).reshape(shape) for shape, values in found]
        if len(answer) == parts:
            return answer
    except (ValueError, TypeError, RecursionError, OverflowError):
        pass
    return "wrote where only the answers belong"
