"""One writer at a time: what keeps two processes from writing into one place, and says who is there first.

The lock is the system's own (``flock``) on a file that names its holder. The system lets go of it when the holder ends,
however it ends; so what a killed process leaves behind keeps nobody out. Where there are no such locks, on some network
file systems and on systems that are not POSIX, the work is done without, after a warning.
"""

from __future__ import annotations

import errno
import logging
import os
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lenet1998.errors import LeNetError
from lenet1998.files import refusal

try:
    import fcntl
except ImportError:  # not a POSIX system
    fcntl = None  # type: ignore[assignment]

_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)

_log = logging.getLogger("lenet1998")


@contextmanager
def locked(path: Path, what: str) -> Iterator[None]:
    """Hold the lock `path`, a file in an existing directory that is there only for this, while the block runs.

    `what` names in messages what it protects. Raises LeNetError at once, and says who and since when, while another
    process or thread holds it, and when the file cannot be made.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     with locked(Path(folder, ".lock"), "my run"), locked(Path(folder, ".lock"), "my run"):
    ...         pass  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    lenet1998.errors.LeNetError: my run is being written by process ... on ... since ...: wait until it ends, \
stop it, or choose another --out
    """
    try:
        handle = _acquire(path, what)
    except OSError as error:
        if error.errno == errno.ELOOP:  # somebody else's file would be written
            raise LeNetError(f"{path} is a link, which a lock is not: remove it, or choose another --out") from error
        raise refusal(path, error) from error
    try:
        yield
    finally:
        if handle is not None:
            with suppress(OSError):
                path.unlink()  # still locked: whoever has opened it by now finds it gone, and makes another
            os.close(handle)


def _acquire(path: Path, what: str) -> int | None:
    """The handle of the locked file, or None where there are no locks."""
    while fcntl:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o666)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if _is_at(handle, path):
                _sign(handle)
                return handle
        except BlockingIOError:
            holder = _holder(handle)
            os.close(handle)
            raise LeNetError(
                f"{what} is being written by {holder}: wait until it ends, stop it, or choose another --out"
            ) from None
        except OSError as error:
            os.close(handle)
            if error.errno not in _UNSUPPORTED:
                raise
            path.unlink(missing_ok=True)
            break
        os.close(handle)  # its holder has ended and removed it in between: once more
    _log.warning("%s cannot be locked here: see to it that no second process writes there", what)
    return None


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    text = f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d %H:%M:%S')}"
    with suppress(OSError):  # on a full disk the lock holds too
        os.ftruncate(handle, 0)
        os.pwrite(handle, text.encode(), 0)


def _holder(handle: int) -> str:
    words = " ".join(os.pread(handle, 200, 0).decode(errors="replace").split())
    return "".join(c for c in words if c.isprintable()) or "another process"
