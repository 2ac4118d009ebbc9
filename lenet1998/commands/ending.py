"""How a program of this project ends, the command or an experiment: with an exit code, and one line for an error.

0 for success, 2 for bad usage or bad input, 3 for a run that diverged, 130 after Ctrl-C. Characters that a standard
stream cannot show are escaped, and a pipe's reader may close it, having seen enough.
"""

import io
import os
import select
import sys
from collections.abc import Callable
from contextvars import copy_context
from typing import TextIO

from lenet1998.errors import LeNetError, one_line
from lenet1998.files import FULL


def ended(work: Callable[[], object], program: str = "") -> int:
    """Do the work and return the exit code; an error has been printed, after the name of the `program` if it has one.

    What the work chooses for itself, such as the look of figures, ends with it (`contextvars`). A KeyboardInterrupt may
    carry what to say. Raises SystemExit where the work does, as argparse after --help.

    >>> ended(lambda: print("done"))
    done
    0
    """
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before Python began
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as Python runs
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = copy_context().run(_code_of, work, program)
    except SystemExit as end:
        if not end.code and (failed := _code_of_output(program)):
            raise SystemExit(failed) from None
        raise
    arrived = _code_of_output(program)
    return code or arrived


def _code_of(work: Callable[[], object], program: str) -> int:
    try:
        work()
    except LeNetError as error:
        return _complain(program, str(error), error.exit_code)
    except KeyboardInterrupt as stop:
        return _complain(program, "; ".join(["interrupted", *map(str, stop.args)]), 130)
    except OSError as error:  # what else the system refuses, such as a name that is too long
        if isinstance(error, BrokenPipeError) and _is_closed(sys.stdout):
            return 0
        # Without a name it is what is printed, where nothing holds it back.
        full = error.errno in FULL and error.filename is None
        return _complain(program, f"cannot write to standard output: {error.strerror}" if full else str(error), 2)
    return 0


def _is_closed(stream: TextIO) -> bool:
    """Whether the reader of a pipe has closed it, having seen enough of what is printed."""
    if sys.platform == "win32":
        return True  # cannot be asked there; what else breaks there is no pipe of ours
    poll = select.poll()
    poll.register(stream.fileno(), 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _complain(program: str, message: str, code: int) -> int:
    try:
        print(one_line(f"{program}: {message}" if program else message), file=sys.stderr, flush=True)
    except OSError:
        _silence(sys.stderr)
    return code


def _code_of_output(program: str) -> int:
    """2 where what was printed did not arrive, which is then said; 0 also where a pipe's reader has closed it."""
    try:
        sys.stdout.flush()
    except OSError as error:
        _silence(sys.stdout)
        if not isinstance(error, BrokenPipeError):
            return _complain(program, f"cannot write to standard output: {error.strerror}", 2)
    return 0


def _silence(stream: TextIO) -> None:
    """What Python still holds for a stream would fail again at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
