"""How figures are to look where somebody prints them: their width, whether they have titles, another style sheet.

`lenet1998.pictures.plotting` draws so. Options of the command line set it as they are read; without them figures are as
the project makes them.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NARROW = 5.0
"""Inches below which panels stand below one another: a column of a page, which is 3.4 or so."""


@dataclass
class Look:
    """`width` in inches; `titles`; `sheet`, one of matplotlib's styles or a file; `folder`, where such figures go, or
    None for where they always do."""

    width: float | None = None
    titles: bool = True
    sheet: str | None = None
    folder: Path | None = None

    def reset(self) -> None:
        """As the project makes them."""
        self.width, self.titles, self.sheet, self.folder = None, True, None, None

    @property
    def narrow(self) -> bool:
        return self.width is not None and self.width < NARROW

    @property
    def changed(self) -> bool:
        return self.width is not None or not self.titles or self.sheet is not None


LOOK = Look()


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
        setattr(LOOK, self.dest, self.const if self.nargs == 0 else values)


def add_figure_options(parser: argparse.ArgumentParser, folder: Path | None = None) -> None:
    """--width, --no-title and --style, which take effect as they are read; and --figures, whose default is `folder`."""
    LOOK.folder = LOOK.folder or folder
    keep: dict[str, Any] = {"action": _Set, "default": argparse.SUPPRESS}
    parser.add_argument(
        "--width", metavar="INCHES", type=inches, help=f"width of figures; panels are stacked below {NARROW:g}", **keep
    )
    parser.add_argument("--no-title", dest="titles", nargs=0, const=False, help="figures without titles", **keep)
    parser.add_argument(
        "--style", metavar="SHEET", dest="sheet", type=sheet, help="a style of matplotlib, or a file, over ours", **keep
    )
    if folder:
        help_text = f"where figures go that these options change, so that they replace none (default: {folder})"
        parser.add_argument("--figures", metavar="DIR", dest="folder", type=Path, help=help_text, **keep)
