"""Download the MNIST data base of section III-A from public mirrors, and install only what is verified.

A file is held in memory until its digest is right; only then is it written to a temporary file beside its
place and renamed. Whatever interrupts a download, a file is either there and right or not there at all.
"""

from __future__ import annotations

import errno
import http.client
import io
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError

from lenet1998.data.files import FILES, KnownFile, check
from lenet1998.data.idx import REMEDY, unfold
from lenet1998.data.mnist import describe, read_file, where
from lenet1998.data.places import PathName, contents, target
from lenet1998.errors import DataError

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)
# Seconds to wait for a mirror to answer at all, and for more data once it has. The first is short so that
# a computer without a network falls back soon.
PATIENCE = 8.0
STALL = 20.0
CHUNK = 1 << 16
# A temporary file is written in moments; an older one is left from a process that was killed.
ABANDONED = 600.0

Progress = Callable[[str, int, int | None], None]


class _MirrorError(Exception):
    """One mirror did not give one file, or gave a wrong one; the message says why."""


def fetch(data_dir: PathName | None = None, mirrors: Sequence[str] = MIRRORS, progress: Progress | None = None) -> Path:
    """Put the four gzipped files of MNIST into a directory and return it.

    The directory is ``data_dir``, or else ``LENET1998_DATA``, or else the user's cache; it is made if need
    be. Files that are there and right are kept, all others are downloaded from the first of ``mirrors`` that
    has them right. ``progress(name, done, total)`` is called now and then with numbers of bytes; ``total``
    is None if the mirror does not say. Raises ``DataError`` if no mirror has a right file or the directory
    cannot be written to; the files installed before stay.

    >>> fetch("mnist")  # doctest: +SKIP
    PosixPath('mnist')
    """
    directory = target(data_dir)
    if directory.suffix == ".npz":
        raise DataError(f"{directory} is an npz file: name a directory to download the four files to")
    try:
        directory.mkdir(parents=True, exist_ok=True)
        _clean(directory)
        for known in FILES.values():
            if not _is_right(contents(directory).get(known.name), known):
                body = _download(known, mirrors, progress, data_dir)
                _install(body, directory / f"{known.name}.gz")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            remedy = "free 12 MB there, or name another directory by --data-dir"
        else:
            remedy = "name a directory that you may write to by --data-dir"
        raise DataError(f"MNIST cannot be written to {directory} ({error.strerror or error}): {remedy}") from None
    return directory


def _is_right(path: Path | None, known: KnownFile) -> bool:
    if path is None:
        return False
    try:
        read_file(path, known)
    except DataError:
        return False
    return True


def _download(known: KnownFile, mirrors: Sequence[str], progress: Progress | None, data_dir: PathName | None) -> bytes:
    """Return the verified bytes, still gzipped, from the first mirror that has them."""
    failures = []
    for mirror in mirrors:
        url = f"{mirror.rstrip('/')}/{known.name}.gz"
        try:
            body = _get(url, known, progress)
            check(unfold(io.BytesIO(body), url, known.size), known, url)
            return body
        except _MirrorError as failure:
            failures.append(str(failure))
        except DataError as error:
            # What a user can do about a file of his own does not help against a mirror.
            failures.append(str(error).removesuffix(REMEDY).rstrip(":; "))
    raise DataError(
        f"MNIST could not be downloaded ({'; '.join(failures)}; {describe(where(data_dir))}): connect to the network "
        "and run `lenet1998 data fetch`, or copy the four files to a directory and name it by --data-dir, "
        "or use the embedded digits with --data synthetic"
    )


def _get(url: str, known: KnownFile, progress: Progress | None) -> bytes:
    # Mirrors may compress differently, but not into something much larger.
    limit = known.gzipped + known.gzipped // 2 + 1024
    try:
        with _open(url) as response:
            length = response.headers.get("Content-Length", "")
            total = int(length) if length.isdecimal() else None
            body = bytearray()
            while chunk := response.read(CHUNK):
                body += chunk
                if len(body) > limit:
                    raise _MirrorError(f"{url} is too long: more than {limit} bytes")
                if progress is not None:
                    progress(f"{known.name}.gz", len(body), total)
    except HTTPError as error:
        raise _MirrorError(f"{url} answered {error.code} {error.reason}") from None
    except URLError as error:
        raise _MirrorError(f"{url}: {getattr(error.reason, 'strerror', None) or error.reason}") from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise _MirrorError(f"{url}: {error or type(error).__name__}") from None
    if total is not None and len(body) < total:
        raise _MirrorError(f"{url} is truncated: {len(body)} of {total} bytes came")
    return bytes(body)


def _open(url: str) -> Any:
    """Open a URL within ``PATIENCE`` seconds.

    The time-out of urllib holds for every address of a host anew, and not at all for looking up its name;
    so the call is left to a thread that can be abandoned.
    """
    answers: list[Any] = []

    def call() -> None:
        try:
            answers.append(urllib.request.urlopen(url, timeout=STALL))
        except BaseException as error:  # Handed over to the caller, below.
            answers.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    if not answers:
        raise _MirrorError(f"{url}: no answer within {PATIENCE:g} seconds")
    if isinstance(answers[0], BaseException):
        raise answers[0]
    return answers[0]


def _install(body: bytes, destination: Path) -> None:
    """Write a file so that it appears whole or not at all, even if the power fails."""
    # The process number keeps two downloads at the same time out of each other's way.
    temporary = destination.with_name(f".{destination.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            file.write(body)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, destination)
    finally:
        temporary.unlink(missing_ok=True)


def _clean(directory: Path) -> None:
    for leftover in directory.glob(".*-ubyte.gz.*.part"):
        if time.time() - leftover.stat().st_mtime > ABANDONED:
            leftover.unlink(missing_ok=True)
