"""The errors that a user can meet: each message is one line that says what is wrong and what to do next.

The command line turns them into exit codes (``lenet1998.commands.main``); anything else that escapes is a defect.
"""

from collections.abc import Iterator
from contextlib import contextmanager

LONGEST = 600


def escaped(text: object) -> str:
    """A name of a file or class as text that a terminal only shows: what moves its cursor or colours it is spelt out.

    >>> print(escaped("a\\x1b[31m.png"))
    a\\x1b[31m.png
    """
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in str(text))


def one_line(text: str) -> str:
    """A message as a line of at most 600 characters, whatever names and values of the user's it repeats.

    >>> print(one_line("no\\nfile: name another"))
    no\\nfile: name another
    """
    shown = escaped(text)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST // 2 - 2]} ... {shown[3 - LONGEST // 2 :]}"


def reason_of(error: BaseException) -> str:
    """What a library's exception says, on one line of at most 200 characters, or its type where it says nothing.

    >>> reason_of(ValueError("bad\\nheader")), reason_of(EOFError())
    ('bad header', 'EOFError')
    """
    return " ".join(str(error).split())[:200] or type(error).__name__


class LeNetError(Exception):
    """Bad usage or bad input; the command line prints it as one line and exits with ``exit_code``.

    >>> LeNetError.exit_code, DivergenceError.exit_code
    (2, 3)
    """

    exit_code = 2

    def __str__(self) -> str:
        return one_line(super().__str__())


class DataError(LeNetError):
    """A data set or an image is missing, damaged, or not what it should be."""


@contextmanager
def reading(path: object, remedy: str = "make it a readable file") -> Iterator[None]:
    """A context in which a file that the system does not let one read is a `DataError`, with what to do about it.

    >>> with reading("nowhere"):
    ...     open("nowhere")
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: nowhere cannot be read (No such file or directory): make it a readable file
    """
    try:
        yield
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}): {remedy}") from None


@contextmanager
def decoding(path: object, remedy: str, state: str = "is damaged") -> Iterator[None]:
    """A context in which whatever a library raises is a `DataError`: with a damaged file that may be almost anything.

    >>> with decoding("gift.npz", "get it again"):
    ...     raise EOFError("no end")
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: gift.npz is damaged (no end): get it again
    """
    try:
        yield
    except DataError:
        raise
    except Exception as error:
        raise DataError(f"{path} {state} ({reason_of(error)}): {remedy}") from None


class RecipeError(LeNetError):
    """A recipe names an unknown field, or a value that is out of range."""


class CheckpointError(LeNetError):
    """A checkpoint is foreign, damaged, of another format version, or belongs to another run."""


class DivergenceError(LeNetError):
    """A loss or a weight is no longer finite; the message names pass and pattern."""

    exit_code = 3
