"""Command-line options for the look of figures, which the `lenet1998` command and the experiments share."""

import argparse
from functools import partial
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
    """The name of a style, the project's or matplotlib's, or a file of its settings."""
    import matplotlib.style  # takes a second to load, and is seldom asked for

    from lenet1998.pictures import SLIDES

    if text not in (*SLIDES, *matplotlib.style.available) and not Path(text).is_file():
        raise argparse.ArgumentTypeError(
            f"{text} is no style of matplotlib and no file: try {' or '.join(SLIDES)} or mine.mplstyle"
        )
    return text


class _Set(argparse.Action):
    """Changes the look of figures, which then go to `folder` unless another one is named."""

    def __init__(self, folder: Path | None, **keywords: Any):
        super().__init__(**keywords)
        self.folder = folder

    def __call__(self, parser: Any, namespace: Any, values: Any, option_string: Any = None) -> None:
        from lenet1998.pictures import choose, chosen_look  # with matplotlib, which takes a second to load

        setattr(namespace, self.option_strings[0][2:].replace("-", "_"), True)  # for `refuse_unused`
        chosen = self.const if self.nargs == 0 else values
        choose(**{"folder": chosen_look().folder or self.folder, self.dest: chosen})


LOOK = ("width", "no-title", "style")
"""The options of `add_figure_options`."""


def add_figure_options(parser: argparse.ArgumentParser, folder: Path | None = None) -> None:
    """--width, --no-title and --style, which take effect as they are read; and --figures, whose default is `folder`."""
    keep: dict[str, Any] = {"action": partial(_Set, folder), "default": argparse.SUPPRESS}
    parser.add_argument(
        "--width", metavar="INCHES", type=inches, help="width of figures in inches; panels are stacked below 5", **keep
    )
    parser.add_argument("--no-title", dest="titles", nargs=0, const=False, help="draw figures without titles", **keep)
    parser.add_argument(
        "--style",
        metavar="SHEET",
        dest="sheet",
        type=sheet,
        help="slides or slides-dark (16:9), or a Matplotlib style name or file, applied over ours",
        **keep,
    )
    if folder:
        help_text = f"where figures go that these options change, so that they replace none (default: {folder})"
        parser.add_argument("--figures", metavar="DIR", dest="folder", type=Path, help=help_text, **keep)
