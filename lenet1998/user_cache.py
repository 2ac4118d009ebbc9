"""Where programs keep what they can make or fetch again: the user's cache directory, for data and compiled kernels."""

from __future__ import annotations

import os
import sys
from pathlib import Path


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
