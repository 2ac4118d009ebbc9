"""What of a user's files was not read, counted by reason: nobody looks for images that a count has silently lost."""

import os
from collections.abc import Collection
from pathlib import Path

from lenet1998.errors import one_line, reading

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
"""Of images that are read."""
OTHER_IMAGES = {".tif": "TIFF", ".tiff": "TIFF", ".webp": "WebP", ".heic": "HEIC", ".avif": "AVIF", ".svg": "SVG"}
_HIDDEN = ("thumbs.db", "desktop.ini")


def visible(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted, without what systems hide there. Raises ``DataError`` if it may not be read.

    >>> visible(Path("/nowhere"))
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: /nowhere cannot be read (No such file or directory): name a readable directory
    """
    with reading(folder, "name a readable directory"):
        return sorted(path for path in folder.iterdir() if _is_visible(path.name))


def left_out(place: Path, used: Collection[Path]) -> str:
    """Return in a line which files and folders in ``place`` are none of those that were ``used``, or "".

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in ("a.tif", "b.TIFF", "notes.txt"):
    ...         _ = Path(folder, name).write_text("")
    ...     left_out(Path(folder), [])
    'left out: 1 .txt file, 2 TIFF images'
    """
    read = set(used)
    classes = {path.parent for path in read} - {place}
    found: dict[tuple[str, str], list[Path]] = {}
    for folder, names, files in os.walk(place):
        names[:] = [name for name in names if _is_visible(name)]
        for path in (Path(folder, name) for name in files if _is_visible(name)):
            if path not in read:
                found.setdefault(_reason(path, classes), []).append(path.parent)
        if not names and not files and Path(folder) != place:
            found.setdefault(("empty folder", ""), []).append(place)
    by_name = sorted(found.items(), key=lambda item: (item[0][0].lower(), item[0][1]))
    told = [_counted(what, where, folders, place) for (what, where), folders in by_name]
    return one_line(f"left out: {', '.join(told)}") if told else ""


def _is_visible(name: str) -> bool:
    return not name.startswith((".", "__MACOSX")) and name.lower() not in _HIDDEN


def _reason(path: Path, classes: Collection[Path]) -> tuple[str, str]:
    """What kind of file it is, and where it should not be."""
    suffix = path.suffix.lower()
    if suffix in OTHER_IMAGES:
        return f"{OTHER_IMAGES[suffix]} image", ""
    if suffix not in SUFFIXES:
        return (f"{suffix} file" if suffix else "other file"), ""
    if any(parent in classes for parent in path.parents):
        return "image", "folders inside class folders"
    beside = any(path.parent in each.parents for each in classes)
    return "image", "no class folder" if beside else "other folders"


def _counted(what: str, where: str, folders: list[Path], place: Path) -> str:
    """Such as "12 TIFF images in 1", with the folder if it is one."""
    if len(set(folders)) == 1 and folders[0] != place:
        where = folders[0].relative_to(place).as_posix()
    return f"{len(folders)} {what}{'s' if len(folders) > 1 else ''}{f' in {where}' if where else ''}"
