"""Download a file from public mirrors, and install only what is verified.

A file is held in memory until its digest is right; only then is it written, in one step. Whatever interrupts
a download, a file is either there and right or not there at all. Nothing here knows which files there are.
"""

import errno
import http.client
import os
import threading
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from lenet1998.errors import DataError
from lenet1998.files import remove_leftovers, replace

# Seconds to wait for a mirror to answer at all, and for more data once it has. The first is short so that
# a computer without a network falls back soon.
PATIENCE = 8.0
STALL = 20.0
CHUNK = 1 << 16
# A temporary file is written in moments; an older one is left from a process that was killed.
ABANDONED = 600.0

Progress = Callable[[str, int, int | None], None]


def download(
    name: str,
    urls: Sequence[str],
    most: int,
    check: Callable[[bytes, str], object],
    progress: Progress | None = None,
) -> bytes:
    """Return the bytes of the first of ``urls`` that are right.

    ``check(body, url)`` raises ``DataError`` for a body that is not; no more than about ``most`` bytes are ever
    taken. ``progress(name, done, total)`` is called now and then with numbers of bytes; ``total`` is None if the
    mirror does not say. Raises ``DataError``, with what was wrong with each URL, if none is right.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     _ = Path(folder, "small").write_bytes(b"abc")
    ...     download("small", [Path(folder, "small").as_uri()], 3, lambda body, url: None)
    b'abc'
    """
    failures = []
    for url in urls:
        try:
            body = _get(name, url, most, progress)
            check(body, url)
            return body
        except DataError as failure:
            failures.append(str(failure))
    raise DataError("; ".join(failures))


@contextmanager
def writing_to(directory: Path, what: str, size: str) -> Iterator[None]:
    """Make a directory if need be, and say what to do if it cannot be written to.

    Any ``OSError`` inside becomes a ``DataError``; ``what`` is to be written there and takes ``size``. Raises
    ``DataError`` at once for a file.

    >>> with writing_to(Path(".").resolve(), "a song", "3 MB"):
    ...     raise OSError(errno.ENOSPC, "No space left")  # doctest: +ELLIPSIS
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: a song cannot be written to ... (No space left): free 3 MB there, or name ...
    """
    try:
        if os.path.isfile(directory):
            raise DataError(f"{directory} is a file: name a directory for {what} by --data-dir")
        directory.mkdir(parents=True, exist_ok=True)
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = f"free {size} there, or name another directory by --data-dir"
        else:
            remedy = "name a directory that you may write to by --data-dir"
        raise DataError(f"{what} cannot be written to {directory} ({error.strerror or error}): {remedy}") from None


def install(body: bytes, destination: Path) -> None:
    """Write a file in one step, and remove what killed downloads of it have left; ``OSError`` if it cannot be written.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     install(b"abc", Path(folder, "small"))
    ...     Path(folder, "small").read_bytes()
    b'abc'
    """
    remove_leftovers(destination, ABANDONED)
    replace(destination, body)


def _get(name: str, url: str, most: int, progress: Progress | None) -> bytes:
    try:
        with _open(url) as response:
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            body = bytearray()
            while chunk := response.read(CHUNK):
                body += chunk
                if len(body) > most:
                    raise DataError(f"{url} is too long: more than {most} bytes")
                if progress is not None:
                    progress(name, len(body), total)
    except HTTPError as error:
        with error:  # it is the answer too
            raise DataError(f"{url} answered {error.code} {error.reason}") from None
    except URLError as error:
        raise DataError(f"{url}: {getattr(error.reason, 'strerror', None) or error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise DataError(f"{url}: {error or type(error).__name__}") from None
    if total is not None and len(body) < total:
        raise DataError(f"{url} is truncated: {len(body)} of {total} bytes came")
    return bytes(body)


def _open(url: str) -> Any:
    """Open a URL within ``PATIENCE`` seconds.

    The time-out of urllib holds for every address of a host anew, and not at all for looking up its name;
    so the call is left to a thread that can be abandoned.
    """
    answers: list[Any] = []
    abandoned = threading.Event()

    def call() -> None:
        try:
            answers.append(urllib.request.urlopen(url, timeout=STALL))
        except BaseException as error:  # Handed over to the caller, below.
            answers.append(error)
        if abandoned.is_set() and hasattr(answers[0], "close"):
            answers[0].close()

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not answers:
        abandoned.set()
        raise DataError(f"{url}: no answer within {PATIENCE:g} seconds")
    if isinstance(answers[0], BaseException):
        raise answers[0]
    return answers[0]
