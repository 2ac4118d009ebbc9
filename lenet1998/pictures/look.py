"""How figures are to look where somebody prints them: their width, whether they have titles, another style sheet.

`lenet1998.pictures.plotting` draws so. The options of `lenet1998.commands.figures` set it as they are read; without
them figures are as the project makes them.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

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
