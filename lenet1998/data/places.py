"""Where the files of MNIST (section III-A) may lie on this computer, in the order they are looked for.

Where the user says, and then nowhere else: ``--data-dir``, or else the environment variable ``LENET1998_DATA``
names a directory that holds the files itself, or as torchvision or Keras leave them in it. If neither is given, the
project's own cache, where ``lenet1998 data fetch`` puts them, and last the usual places of copies that torchvision and
Keras have left for other programs.
"""

import os
from os import PathLike
from pathlib import Path

from lenet1998.data.files import FILES
from lenet1998.errors import DataError
from lenet1998.files import home, user_cache

ENVIRONMENT = "LENET1998_DATA"
TORCHVISION = Path("MNIST", "raw")
KERAS = "mnist.npz"

PathName = str | PathLike[str]


def cache_directory() -> Path | None:
    """Return the directory that ``lenet1998 data fetch`` fills by default, or None without a home directory for it.

    >>> cache_directory() is None or cache_directory().parts[-2:] == ("lenet1998", "mnist")
    True
    """
    cache = user_cache()
    return cache and cache / "mnist"


def named_place(data_dir: PathName | None = None) -> tuple[str, Path] | None:
    """Return the place that the user names as (label, path): ``data_dir``, or ``LENET1998_DATA``, or None for neither.

    >>> named_place("here")[0]
    '--data-dir'
    """
    for label, named in (("--data-dir", data_dir), (ENVIRONMENT, os.environ.get(ENVIRONMENT))):
        if named:
            # Unlike Path.expanduser, the home of an unknown user stays a name like any other.
            return label, Path(os.path.expanduser(named))
    return None


def target(data_dir: PathName | None = None) -> Path:
    """Return the directory to download to: ``data_dir``, or ``LENET1998_DATA``, or the user's cache.

    Raises ``DataError`` if none is named and there is no home directory either.

    >>> target("here").name
    'here'
    """
    named = named_place(data_dir)
    directory = named[1] if named else cache_directory()
    if directory is None:
        raise DataError("there is no home directory to keep MNIST in: name a directory by --data-dir")
    return directory


def places(data_dir: PathName | None = None) -> list[tuple[str, Path]]:
    """Return the places to look in, in order, as (label, path); a path is a directory or an npz file.

    >>> [label for label, path in places("here")]
    ['--data-dir', '--data-dir (torchvision)', '--data-dir (Keras)']
    """
    named = named_place(data_dir)
    if named is not None:
        label, path = named
        within = ((f"{label} (torchvision)", path / TORCHVISION), (f"{label} (Keras)", path / KERAS))
        return [named, *(within if path.suffix != ".npz" else ())]
    found: list[tuple[str, Path]] = []
    cache, own, keras = cache_directory(), home(), os.environ.get("KERAS_HOME")
    if cache is not None:
        found.append(("user cache", cache))
    for parent in (Path("data"), own and own / "data", own and own / ".cache" / "torchvision"):
        if parent is not None:
            found.append(("torchvision", parent / TORCHVISION))
    keras_home = Path(keras) if keras else own and own / ".keras"
    if keras_home is not None:
        found.append(("Keras", keras_home / "datasets" / KERAS))
    return found


def contents(place: Path) -> dict[str, Path]:
    """Return those of the four files that a place holds, as MNIST's name -> path; nothing is opened.

    A file may be gzipped or not and may be spelt ``train-images.idx3-ubyte``; an npz file stands for all
    four. The gzipped file with the usual name comes first, since that is what a fresh download replaces.

    >>> contents(Path("nowhere"))
    {}
    """
    if place.suffix == ".npz":
        return dict.fromkeys(FILES, place) if os.path.isfile(place) else {}
    found = {}
    for name in FILES:
        dotted = name.replace("-idx", ".idx")
        for spelling in (f"{name}.gz", name, f"{dotted}.gz", dotted):
            # os.path.isfile, unlike Path.is_file, calls what it may not look at missing.
            if os.path.isfile(place / spelling):
                found[name] = place / spelling
                break
    return found


def where(data_dir: PathName | None = None) -> list[tuple[str, Path, str]]:
    """Return (label, path, state) of every place, in order; the digests are not verified.

    A state is "complete", "missing" or like "incomplete: 3 of 4 files". Raises ``DataError`` if a place that
    the user named exists and may not be read: to pass it over would be to ignore the user.

    >>> label, path, state = where("nowhere")[0]
    >>> label, str(path), state
    ('--data-dir', 'nowhere', 'missing')
    """
    rows = []
    for label, path in places(data_dir):
        if (label, path) == named_place(data_dir) and os.path.exists(path) and not _readable(path):
            raise DataError(f"{path} ({label}) may not be read: change its permissions or name another directory")
        count = len(contents(path))
        states = {0: "missing", len(FILES): "complete"}
        rows.append((label, path, states.get(count, f"incomplete: {count} of {len(FILES)} files")))
    return rows


def _readable(path: Path) -> bool:
    return os.access(path, os.R_OK | (os.X_OK if os.path.isdir(path) else 0))
