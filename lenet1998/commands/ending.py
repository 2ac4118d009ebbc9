"""How a program of this project ends, the command or an experiment: with an exit code, and one line for an error.

0 for success, 2 for bad usage or bad input, 3 for a run that diverged, 130 after Ctrl-C. Nothing that is wrong with the
standard streams costs the work: characters that they cannot show are escaped, a stream that is closed is as good as
/dev/null, and one that cannot be written to is an error only when all is done.
"""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from contextvars import copy_context

from lenet1998.errors import LeNetError, one_line


class _Patient(io.FileIO):
    """A standard stream that never fails; `failure` is what first went wrong."""

    failure: OSError | None = None

    def write(self, data) -> int | None:  # type: ignore[no-untyped-def, override]
        try:
            return super().write(data)
        except OSError as error:
            self.failure = self.failure or error
            return memoryview(data).nbytes


def ended(work: Callable[[], object], program: str = "") -> int:
    """Do the work and return the exit code; an error has been printed, after the name of the `program` if it has one.

    What the work chooses for itself, such as the look of figures, ends with it (`contextvars`). A KeyboardInterrupt may
    carry what to say. Raises SystemExit where the work does, as argparse after --help.

    >>> ended(lambda: print("done"))
    done
    0
    """
    _mend_streams()
    try:
        code = copy_context().run(_code_of, work, program)
    except SystemExit as end:
        if not end.code and _output_failed(program):
            raise SystemExit(2) from None
        raise
    return 2 if not code and _output_failed(program) else code


def _code_of(work: Callable[[], object], program: str) -> int:
    try:
        work()
    except LeNetError as error:
        return _complain(program, str(error), error.exit_code)
    except KeyboardInterrupt as stop:
        return _complain(program, "; ".join(["interrupted", *map(str, stop.args)]), 130)
    except OSError as error:  # what else the system refuses, such as a name that is too long
        return _complain(program, str(error), 2)
    return 0


def _complain(program: str, message: str, code: int) -> int:
    print(one_line(f"{program}: {message}" if program else message), file=sys.stderr)
    return code


def _mend_streams() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # it was closed before Python began
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115 - for as long as Python runs
        elif stream is getattr(sys, f"__{name}__"):  # and not somebody's who has put his own in its place
            stream.flush()
            output = io.BufferedWriter(_Patient(stream.fileno(), "w", closefd=False))
            by_line = stream.line_buffering or stream.write_through
            mended = io.TextIOWrapper(output, stream.encoding, "backslashreplace", line_buffering=by_line)
            setattr(sys, name, mended)


def _output_failed(program: str) -> bool:
    """Whether what was printed did not arrive, which is then said; a pipe's reader may close it, having seen enough."""
    sys.stdout.flush()
    raw = getattr(getattr(sys.stdout, "buffer", None), "raw", None)
    failure = raw.failure if isinstance(raw, _Patient) else None
    if failure is None or isinstance(failure, BrokenPipeError):
        return False
    _complain(program, f"cannot write to standard output: {failure.strerror}", 2)
    return True
