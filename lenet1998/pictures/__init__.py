"""Figures: error curves, and Figure 2's network with its activations, on paper, as a film and in a window.

Whatever draws asks for the `chosen_look`: width, titles, another style sheet. A look is chosen for a stretch of a
program and is gone after it, as settings under `matplotlib.rc_context` are; without a choice, figures are as the
project makes them. Raises LeNetError where matplotlib refuses what the user's environment or matplotlibrc asks of it.
"""

import os
from contextvars import ContextVar
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from lenet1998.errors import LeNetError, reason_of

try:
    import matplotlib  # noqa: F401
except ValueError as error:
    if str(error).startswith("Key backend"):
        raise LeNetError(f"matplotlib has no backend {os.environ.get('MPLBACKEND')!r}: unset MPLBACKEND") from error
    raise LeNetError(f"matplotlib cannot start ({reason_of(error)}): mend the matplotlibrc that it reads") from error

NARROW = 5.0
"""Inches below which panels stand below one another: a column of a page, which is 3.4 or so."""

SLIDES = ("slides", "slides-dark")
"""Styles of our own: pages of 16:9 (`lenet1998.pictures.slides`)."""


@dataclass(frozen=True)
class Look:
    """`width` in inches; `titles`; `sheet`, one of SLIDES, of matplotlib's styles or a file; `folder`, where such
    figures go, or None for where they always do."""

    width: float | None = None
    titles: bool = True
    sheet: str | None = None
    folder: Path | None = None

    @property
    def narrow(self) -> bool:
        return self.width is not None and self.width < NARROW

    @property
    def slides(self) -> bool:
        return self.sheet in SLIDES

    @property
    def changed(self) -> bool:
        return self.width is not None or not self.titles or self.sheet is not None


_AS_MADE = Look()
_LOOK: ContextVar[Look] = ContextVar("look", default=_AS_MADE)


def chosen_look() -> Look:
    """The look of what is drawn now."""
    return _LOOK.get()


def choose(**fields: Any) -> None:
    """Change fields of the look, to the end of the program or of the `contextvars` context that this one runs in.

    >>> from contextvars import copy_context
    >>> copy_context().run(lambda: (choose(width=3.4), chosen_look().narrow)[1]), chosen_look().narrow
    (True, False)
    """
    _LOOK.set(replace(chosen_look(), **fields))
