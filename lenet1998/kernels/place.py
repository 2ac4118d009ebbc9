"""Where compiled kernels are kept: a folder of the user's cache to which nobody else can write."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from lenet1998.files import home, user_cache


def directory() -> Path:
    """Where compiled kernels are kept. Raises OSError if the user has no home directory, or others can write there.

    What is kept is read with pickle, so whoever can put a file there can have code of theirs run.
    """
    cache = user_cache()
    if cache is None:
        raise OSError("there is no home directory")
    folder = cache / "kernels"
    door = next(filter(_open_to_others, _above(folder)), None)
    if door:
        raise PermissionError(f"others can write to {door}")
    return folder


def _above(folder: Path) -> Iterator[Path]:
    """A folder and those above it, up to the home directory or the root; also as they are where links lead."""
    for path in dict.fromkeys((folder, folder.resolve())):
        for place in (path, *path.parents):
            yield place
            if place == home():
                break


def _open_to_others(place: Path) -> bool:
    """Whether a folder belongs to another user, or can be written to by others, except where they can only add to it.

    A group that has the user's own number is the user's alone.
    """
    if not hasattr(os, "getuid"):  # no Unix: a user's cache directory is the user's own
        return False
    try:
        found = place.stat()
    except FileNotFoundError:
        return False
    by_group = found.st_mode & stat.S_IWGRP and found.st_gid not in (os.getuid(), 0)
    by_others = found.st_mode & stat.S_IWOTH
    adds_only = found.st_mode & stat.S_ISVTX and place.name != "kernels"
    return found.st_uid not in (os.getuid(), 0) or bool((by_group or by_others) and not adds_only)
