"""Files: written so that a kill or a full disk never harms what was there before; and the user's cache directory, where
programs keep what they can make or fetch again, data and compiled kernels."""

import csv
import errno
import glob
import io
import json
import math
import os
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from lenet1998.errors import LeNetError

FULL = (errno.ENOSPC, errno.EDQUOT)
"""What the system says where a disk is full, or a quota is used up."""
LINE = 1200
"""A recipe takes about as many characters, or five passes: what is longer is written in several lines of JSON."""


def replace(path: Path, content: bytes) -> None:
    """Replace `path` by `content` in one step: after a fault it holds the old content or the new, never a part.

    Raises OSError when it cannot be written; the old file stays.
    """
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        umask = os.umask(0)
        os.umask(umask)
        os.chmod(temporary, 0o666 & ~umask)  # mkstemp makes private files; results are ordinary ones
        os.replace(temporary, path)
    except BaseException:
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
        raise


def write_atomically(path: Path, content: bytes) -> None:
    """`replace` for results: raises LeNetError with the reason (no space, no permission) and what to do about it."""
    try:
        replace(path, content)
    except OSError as error:
        raise refusal(path, error) from error


def remove_leftovers(path: Path, age: float = -math.inf) -> None:
    """Remove the temporary files that killed writers of `path` have left, `age` seconds old or more.

    Without an age nobody else may be writing it. Others may remove the same files at this moment.
    """
    for leftover in path.parent.glob(f".{glob.escape(path.name)}.*"):
        with suppress(OSError):
            if time.time() - leftover.stat().st_mtime >= age:
                leftover.unlink()


def check_packing(archive: zipfile.ZipFile) -> None:
    """Raise BadZipFile for members that do not unpack piece by piece: of bzip2 or LZMA a few bytes fill the memory."""
    if any(entry.compress_type > zipfile.ZIP_DEFLATED for entry in archive.infolist()):
        raise zipfile.BadZipFile("packed by bzip2 or LZMA, not by deflate")


def make_directory(path: Path) -> None:
    """Make a directory that can be written to. Raises LeNetError now, rather than after the work that it is to hold."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            pass
    except OSError as error:
        raise refusal(path, error) from error


class NoSpaceError(LeNetError):
    """The disk is full, or a quota is used up."""


def refusal(path: Path, error: OSError) -> LeNetError:
    """The error to raise for a file or directory that cannot be written: the reason, and what to do about it."""
    if error.errno in FULL:
        return NoSpaceError(f"cannot write {path}: {error.strerror}; free some space and repeat the command")
    return LeNetError(f"cannot write {path}: {error.strerror}; choose another place")


def write_json(path: Path, content: object) -> None:
    """Write `content` as JSON, atomically: what fits in a line on one, and so are lists of numbers; else an item a
    line, indented."""
    write_atomically(path, (_as_json(content, "\n") + "\n").encode())


def _as_json(content: Any, margin: str) -> str:
    line = json.dumps(content)
    parts = content.values() if isinstance(content, dict) else content if isinstance(content, (list, tuple)) else ()
    if len(line) <= LINE or not any(isinstance(part, (dict, list, tuple)) for part in parts):
        return line
    inner = f"{margin} "
    begin, end = "{}" if isinstance(content, dict) else "[]"
    # json.dumps writes the key with its colon, and knows how.
    keys = [json.dumps({key: 0})[1:-2] for key in content] if isinstance(content, dict) else [""] * len(content)
    items = [key + _as_json(part, inner) for key, part in zip(keys, parts, strict=True)]
    return f"{begin}{inner}{f',{inner}'.join(items)}{margin}{end}"


_EXECUTED = tuple("=+-@\t\r\n\uff1d\uff0b\uff0d\uff20")  # the last four are their full-width forms


def spreadsheet_text(text: str) -> str:
    """A text for a cell of a CSV file: with an apostrophe before it where a spreadsheet would execute it.

    Its lines end with a line feed, which `csv.writer` puts between quotes; of a carriage return alone it does not.

    >>> spreadsheet_text("=1+1"), spreadsheet_text("modern")
    ("'=1+1", 'modern')
    """
    lines = text.replace("\r\n", "\n").replace("\r", "\n")
    return f"'{lines}" if text.startswith(_EXECUTED) else lines


def as_csv(rows: Iterable[Iterable[object]]) -> str:
    """Rows of cells as CSV, their texts as `spreadsheet_text` has them.

    >>> as_csv([["run", "error"], ["=a", 0.95]])
    "run,error\\n'=a,0.95\\n"
    """
    text = io.StringIO()
    cells = ([spreadsheet_text(cell) if isinstance(cell, str) else cell for cell in row] for row in rows)
    csv.writer(text, lineterminator="\n").writerows(cells)
    return text.getvalue()


def home() -> Path | None:
    """The user's home directory; None if the system knows of none.

    >>> home() is None or home().is_absolute()
    True
    """
    found = Path(os.path.expanduser("~"))  # Unlike Path.home, it raises nothing.
    return found if found.is_absolute() else None


def user_cache() -> Path | None:
    """This program's directory among the user's caches; it need not exist. None if there is no home directory for it.

    >>> user_cache() is None or user_cache().name == "lenet1998"
    True
    """
    if sys.platform == "darwin":
        named, usual = None, ("Library", "Caches")
    elif sys.platform == "win32":
        named, usual = os.environ.get("LOCALAPPDATA"), ("AppData", "Local")
    else:
        named, usual = os.environ.get("XDG_CACHE_HOME"), (".cache",)
    # The XDG specification has relative paths ignored, and "" is one.
    if named and Path(named).is_absolute():
        return Path(named, "lenet1998")
    own = home()
    return own and own.joinpath(*usual, "lenet1998")
