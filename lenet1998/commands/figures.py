"""The options of whatever draws: --width, --no-title and --style, which `lenet1998.pictures.look` keeps."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any


def inches(text: str) -> float:
    """A width that a figure can have.

    >>> inches("3.4")
    3.4
    """
    number = float(text)
    if not 1 <= number <= 40:
        raise argparse.ArgumentTypeError(f"{text} is not from 1 to 40 inches")
    return number


inches.__name__ = "width"  # argparse names the type in its errors


def sheet(text: str) -> str:
    """The name of one of matplotlib's styles, or a file of its settings."""
    import matplotlib.style  # takes a second to load, and is seldom asked for

    if text not in matplotlib.style.available and not Path(text).is_file():
        raise argparse.ArgumentTypeError(
            f"{text} is no style of matplotlib and no file: try grayscale or mine.mplstyle"
        )
    return text


class _Set(argparse.Action):
    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        from lenet1998.pictures.look import LOOK  # with matplotlib, which takes a second to load

        setattr(LOOK, self.dest, self.const if self.nargs == 0 else values)


def add_figure_options(parser: argparse.ArgumentParser, folder: Path | None = None) -> None:
    """--width, --no-title and --style, which take effect as they are read; and --figures, whose default is `folder`."""
    if folder:
        from lenet1998.pictures.look import LOOK

        LOOK.folder = LOOK.folder or folder
    keep: dict[str, Any] = {"action": _Set, "default": argparse.SUPPRESS}
    parser.add_argument(
        "--width", metavar="INCHES", type=inches, help="width of figures; panels are stacked below 5", **keep
    )
    parser.add_argument("--no-title", dest="titles", nargs=0, const=False, help="figures without titles", **keep)
    parser.add_argument(
        "--style", metavar="SHEET", dest="sheet", type=sheet, help="a style of matplotlib, or a file, over ours", **keep
    )
    if folder:
        help_text = f"where figures go that these options change, so that they replace none (default: {folder})"
        parser.add_argument("--figures", metavar="DIR", dest="folder", type=Path, help=help_text, **keep)


def as_made() -> None:
    """Figures are as the project makes them again, whatever an earlier command line of this process has asked for."""
    if look := sys.modules.get("lenet1998.pictures.look"):
        look.LOOK.reset()
