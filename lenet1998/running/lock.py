"""One writer at a time: what keeps two processes from writing into one place, and says who is there first.

The lock is the system's own (``flock``, on Windows ``msvcrt.locking``) on a file that names its holder. The system lets
go of it when the holder ends, however it ends; so what a killed process leaves behind keeps nobody out. Some network
file systems have no locks: there the work is done without, after a warning.
"""

import errno
import logging
import os
import socket
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lenet1998.errors import LeNetError
from lenet1998.files import refusal

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

_UNSUPPORTED = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP)
_LINKS_REFUSED = getattr(os, "O_NOFOLLOW", 0)  # Windows makes links for administrators only
_FAR = 1 << 30
"""The byte that Windows locks, far behind the holder's name: nobody else can read a byte that is locked there."""

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
    while True:
        handle = os.open(path, os.O_RDWR | os.O_CREAT | _LINKS_REFUSED, 0o666)
        try:
            _take(handle)
            if _is_at(handle, path):
                if os.fstat(handle).st_nlink > 1:  # a hard link's other name would be written too
                    raise OSError(errno.ELOOP, "a link")
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


def _take(handle: int) -> None:
    """Lock the file. Raises BlockingIOError while another has it, and OSError where there are no locks."""
    if sys.platform == "win32":
        os.lseek(handle, _FAR, os.SEEK_SET)
        try:
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except PermissionError as error:  # what Windows calls it
            raise BlockingIOError(errno.EAGAIN, "locked") from error
    else:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _is_at(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _sign(handle: int) -> None:
    text = f"process {os.getpid()} on {socket.gethostname()} since {time.strftime('%Y-%m-%d %H:%M:%S')}"
    with suppress(OSError):  # on a full disk the lock holds too
        os.ftruncate(handle, 0)
        os.lseek(handle, 0, os.SEEK_SET)
        os.write(handle, text.encode())


def _holder(handle: int) -> str:
    os.lseek(handle, 0, os.SEEK_SET)
    words = " ".join(os.read(handle, 200).decode(errors="replace").split())
    return "".join(c for c in words if c.isprintable()) or "another process"
