"""Read the pickles in which CIFAR-10's batches are published, without Python's own unpickler.

A pickle is a program, and Python's unpickler lets it call any function there is. The pickles that Python 2 wrote
for CIFAR-10 (Krizhevsky, 2009) need few instructions and one kind of object: a dict of strings, numbers, lists and
one array of bytes. This module runs those instructions and refuses all others. It looks up no name and calls nothing
on a pickle's behalf: the three names that an array needs are only compared.
"""

from __future__ import annotations

import pickletools
from typing import Any, NamedTuple

import numpy as np

from lenet1998.errors import DataError, reason_of

REMEDY = "do not use it, and get CIFAR-10 from where it is published"
# A batch of 10,000 images takes about 50,000 instructions.
MOST_STEPS = 200_000

_LITERALS = ("BININT", "BININT1", "BININT2", "LONG1", "SHORT_BINSTRING", "BINSTRING", "BINUNICODE")
_CONSTANTS = {"NONE": None, "NEWTRUE": True, "NEWFALSE": False}
_TUPLES = {"TUPLE1": 1, "TUPLE2": 2, "TUPLE3": 3}


class _Global(NamedTuple):
    name: str


class _Type:
    """Stands for numpy's type of unsigned bytes."""


class _Array:
    """Stands for an array, until the program is over."""

    state: Any = None


_RECONSTRUCT, _NDARRAY, _DTYPE = _GLOBALS = tuple(
    _Global(name) for name in ("numpy.core.multiarray _reconstruct", "numpy ndarray", "numpy dtype")
)


class _Foreign(Exception):
    """The pickle asks for something that no batch of CIFAR-10 needs; the message says what."""


def read_batch(data: bytes, what: str) -> tuple[np.ndarray, list[int]]:
    """Return what a pickled batch keeps under ``data``, a uint8 array of rows, and under ``labels``, whole numbers.

    ``what`` names the batch in messages. Raises ``DataError`` for a pickle that asks for anything that a batch does
    not need, for a damaged one, and for one without these two keys or with something else under them.

    >>> read_batch(b"cposix\\nsystem\\n(S'echo harm'\\ntR.", "gift")
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: gift asks for 'posix system', as no CIFAR-10 batch does: do not use it, and get \
CIFAR-10 from where it is published
    """
    try:
        batch = _run(data)
    except _Foreign as error:
        raise DataError(f"{what} {error}, as no CIFAR-10 batch does: {REMEDY}") from None
    except Exception as error:  # A damaged pickle makes its interpreter raise almost anything.
        raise DataError(f"{what} is truncated or damaged ({reason_of(error)}): get it again") from None
    if not isinstance(batch, dict):
        raise DataError(f"{what} holds no dict: get CIFAR-10's python version")
    for key in ("data", "labels"):
        if key not in batch:
            raise DataError(f"{what} has no {key!r}: get CIFAR-10's python version")
    labels = batch["labels"]
    if not (isinstance(labels, list) and all(type(label) is int for label in labels)):
        raise DataError(f"{what} keeps under 'labels' something else than a list of whole numbers: get it again")
    return _array(batch["data"], what), labels


def _run(data: bytes) -> Any:
    """Run a pickle's program and return its result; ``_Foreign`` for an instruction that no batch needs."""
    stack: list[Any] = []
    marks: list[int] = []
    memo: dict[Any, Any] = {}

    def since_mark() -> list[Any]:
        start = marks.pop()
        items = stack[start:]
        del stack[start:]
        return items

    for step, (opcode, argument, position) in enumerate(pickletools.genops(data)):
        if step == MOST_STEPS:
            raise _Foreign(f"has more than {MOST_STEPS} instructions")
        match opcode.name:
            case "PROTO":
                pass
            case name if name in _LITERALS:
                stack.append(argument)
            case name if name in _CONSTANTS:
                stack.append(_CONSTANTS[name])
            case "BINPUT" | "LONG_BINPUT":
                memo[argument] = stack[-1]
            case "BINGET" | "LONG_BINGET":
                stack.append(memo[argument])
            case "MARK":
                marks.append(len(stack))
            case "EMPTY_DICT":
                stack.append({})
            case "EMPTY_LIST":
                stack.append([])
            case "APPEND":
                item = stack.pop()
                stack[-1].append(item)
            case "APPENDS":
                items = since_mark()
                stack[-1].extend(items)
            case "SETITEM":
                value, key = stack.pop(), stack.pop()
                stack[-1][_key(key)] = value
            case "SETITEMS":
                items = since_mark()
                stack[-1].update(zip(map(_key, items[::2]), items[1::2], strict=True))
            case "TUPLE":
                stack.append(tuple(since_mark()))
            case name if name in _TUPLES:
                stack[-_TUPLES[name] :] = [tuple(stack[-_TUPLES[name] :])]
            case "GLOBAL":
                if _Global(str(argument)) not in _GLOBALS:
                    raise _Foreign(f"asks for {str(argument)[:100]!r}")  # the name may hold anything
                stack.append(_Global(str(argument)))
            case "REDUCE":
                arguments, function = stack.pop(), stack.pop()
                stack.append(_made(function, arguments))
            case "BUILD":
                state = stack.pop()
                if isinstance(stack[-1], _Array):
                    stack[-1].state = state
                elif not isinstance(stack[-1], _Type):
                    raise _Foreign("gives a state to what is no array")
            case "STOP":
                if position != len(data) - 1:
                    raise _Foreign("goes on after its end")
                (result,) = stack
                return result
            case name:
                raise _Foreign(f"has the pickle instruction {name}")


def _key(key: Any) -> str:
    if not isinstance(key, str):
        raise _Foreign("has a key that is no string")
    return key


def _made(function: Any, arguments: Any) -> _Array | _Type:
    """What the two calls in a pickled array of bytes make; ``_Foreign`` for any other call."""
    if function == _RECONSTRUCT and arguments == (_NDARRAY, (0,), "b"):
        return _Array()
    if function == _DTYPE and arguments == ("u1", 0, 1):
        return _Type()
    raise _Foreign("holds an object other than an array of unsigned bytes")


def _array(held: Any, what: str) -> np.ndarray:
    match held.state if isinstance(held, _Array) else None:
        case (1, (int(rows), int(columns)), _Type(), 0 | 1 as by_columns, str(values)) if (
            rows >= 0 and columns >= 0 and rows * columns == len(values)
        ):
            # The pickle's strings are bytes; pickletools hands them over as the characters of the same numbers.
            pixels = np.frombuffer(values.encode("latin-1"), np.uint8)
            return pixels.reshape((rows, columns), order="F" if by_columns else "C")
    raise DataError(f"{what} keeps under 'data' something else than rows of unsigned bytes: get it again")
