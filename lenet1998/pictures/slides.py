"""Figures for a lecture: pages of 16:9, on white or on a dark ground."""

import colorsys
from typing import Any

import numpy as np
from matplotlib.collections import Collection
from matplotlib.colors import to_rgba, to_rgba_array
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.text import Text

_COLOURS: dict[Any, tuple[str, ...]] = {
    Line2D: ("color", "markerfacecolor", "markeredgecolor"),
    Patch: ("facecolor", "edgecolor"),
    Collection: ("facecolor", "edgecolor"),
    Text: ("color",),
}
"""The colours of each kind of artist."""


def to_slide(figure: Figure, width: float | None) -> None:
    """Bring a figure to 16:9, `width` inches wide, or else as large as it takes to hold the figure."""
    wide, high = figure.get_size_inches()
    width = width or max(wide, high * 16 / 9)
    figure.set_size_inches(width, width * 9 / 16)


def darken(figure: Figure) -> None:
    """Turn the lightness of all colours around and keep their hues; images, and words on them, stay as they are."""
    figure.draw_without_rendering()  # which makes ticks and legends
    on_images = {text for axes in figure.axes if axes.images for text in axes.texts}
    for kind, names in _COLOURS.items():
        for artist in set(figure.findobj(kind)) - on_images:
            if isinstance(artist, Collection) and artist.get_array() is not None:
                continue  # coloured by values
            now = {name: getattr(artist, f"get_{name}")() for name in names}
            artist.set(**{name: turned(colour) for name, colour in now.items()})
    for axes in figure.axes:  # ticks that a later drawing makes
        (ink,), (grid,) = turned("black"), turned("0.9")
        axes.tick_params(which="both", color=ink, labelcolor=ink, grid_color=grid)


def turned(colours: Any) -> np.ndarray:
    """Colours of matplotlib's, as rgba (n, 4), dark for light: white becomes the ground, which is nearly black.

    >>> turned("white").round(1).tolist(), turned("#0072B2").round(1).tolist()
    ([[0.1, 0.1, 0.1, 1.0]], [[0.4, 0.8, 1.0, 1.0]])
    """
    every = np.array([to_rgba(colours)]) if np.ndim(colours) < 2 else to_rgba_array(colours)
    for colour in every:
        hue, lightness, saturation = colorsys.rgb_to_hls(*colour[:3])
        colour[:3] = colorsys.hls_to_rgb(hue, 1 - 0.9 * lightness, saturation)
    return every
