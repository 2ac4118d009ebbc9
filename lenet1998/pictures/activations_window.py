"""A window to draw in what a network reads, with the answer, the penalties and all maps of a network as it is drawn.

What is drawn passes through section III-A's normalisation (`lenet1998.data.prepare`), as a picture does that
`lenet1998 predict` is given, and appears in the input field as the network sees it.
"""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib
import numpy as np
from matplotlib.backend_bases import KeyEvent, MouseButton, MouseEvent
from matplotlib.figure import Figure

from lenet1998.data.prepare import to_mnist_form
from lenet1998.errors import DataError, LeNetError
from lenet1998.network import Network
from lenet1998.patterns import SIDE, one_of
from lenet1998.pictures.activations import Stage, activations, codes_of
from lenet1998.pictures.activations_figure import CAPTION, Drawing
from lenet1998.pictures.plotting import plain, style

HOW = "Draw with the left button; the right button, or c, clears"
_SIZE = (12, 4)  # inches, for names of one character
_MORE = 0.18  # for each further one, so that the maps and what stands above them stay as large


class Sketch:
    """Ink on a square sheet: ``ink``, float (side, side) from 0 to 1, drawn with a round brush.

    >>> sketch = Sketch()
    >>> sketch.stroke((70.0, 20.0), (70.0, 120.0))
    >>> float(sketch.ink[60, 70]), float(sketch.ink[60, 80]), sketch.digit().shape
    (1.0, 0.0, (28, 28))
    """

    side, radius = 140, 6.0

    def __init__(self) -> None:
        self.ink = np.zeros((self.side, self.side))

    def stroke(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        """Draw a straight line between two points, each (column, row); the same point twice makes a dot."""
        rows, columns = np.indices(self.ink.shape)
        (x, y), (along_x, along_y) = start, np.subtract(end, start)
        length = along_x**2 + along_y**2
        share = np.clip(((columns - x) * along_x + (rows - y) * along_y) / length, 0, 1) if length else 0.0
        distance = np.hypot(columns - x - share * along_x, rows - y - share * along_y)
        np.maximum(self.ink, np.clip(self.radius + 0.5 - distance, 0, 1), out=self.ink)

    def clear(self) -> None:
        """Take all ink away."""
        self.ink[...] = 0

    def digit(self) -> np.ndarray:
        """The ink in MNIST's form, uint8 (28, 28); all background where there is none."""
        try:
            return to_mnist_form(self.ink)
        except DataError:
            return np.zeros((SIDE, SIDE), np.uint8)


class Window:
    """The sheet on the left of `figure` and `activations_figure.Drawing` on the right, joined by its events.

    Raises DataError for a network that does not take digits of 28x28.
    """

    def __init__(self, figure: Figure, network: Network, names: Sequence[str] = ()):
        self.figure, self.network, self.sketch = figure, network, Sketch()
        names = names or [str(number) for number in range(network.classes)]
        self.asked = plain(f"Draw {one_of(names)}")
        self.last: tuple[float, float] | None = None  # where the brush is, while the button is down
        stages = self._stages()
        with style():
            self.sheet, right = figure.subplots(1, 2, width_ratios=(1, 3))
            look = {"cmap": "gray_r", "vmin": 0, "vmax": 1}
            self.image = self.sheet.imshow(self.sketch.ink, **look)
            self.sheet.spines[:].set_visible(True)
            self.sheet.set(xticks=[], yticks=[], title=HOW.replace("; ", ";\n"))
            self.drawing = Drawing(right, stages, codes_of(network), names)
            self.title = figure.suptitle(self._said(stages), fontsize=12)
            figure.supxlabel(CAPTION, fontsize=8)
            figure.canvas.draw()
        figure.set_layout_engine("none")  # the layout stays, and drawing is quicker
        canvas = figure.canvas
        canvas.mpl_connect("button_press_event", self._pressed)
        canvas.mpl_connect("motion_notify_event", self._moved)
        canvas.mpl_connect("button_release_event", self._released)
        canvas.mpl_connect("key_press_event", self._key)

    @property
    def answer(self) -> int | None:
        """The class of lowest penalty; None while nothing is drawn."""
        return int(self._stages()[-1].values[0].argmin()) if self.sketch.ink.any() else None

    def _stages(self) -> list[Stage]:
        return activations(self.network, self.sketch.digit()[None])

    def _said(self, stages: list[Stage]) -> str:
        """The answer by the classes' names, or what to do."""
        if not self.sketch.ink.any():
            return self.asked
        best, runner_up = (self.drawing.names[place] for place in stages[-1].values[0].argsort(kind="stable")[:2])
        return f"{best}, runner-up {runner_up}"

    def _pressed(self, event: MouseEvent) -> None:
        point = self._on_sheet(event)
        if point and event.button == MouseButton.LEFT:
            self._draw(point, point)
        elif point:
            self._clear()

    def _moved(self, event: MouseEvent) -> None:
        point = self._on_sheet(event)
        if self.last and point:
            self._draw(self.last, point)

    def _released(self, event: MouseEvent) -> None:
        self.last = None

    def _key(self, event: KeyEvent) -> None:
        if event.key == "c":
            self._clear()

    def _on_sheet(self, event: MouseEvent) -> tuple[float, float] | None:
        if event.inaxes is not self.sheet or event.xdata is None or event.ydata is None:
            return None
        return event.xdata, event.ydata

    def _draw(self, start: tuple[float, float], end: tuple[float, float]) -> None:
        self.sketch.stroke(start, end)
        self.last = end
        self._refresh()

    def _clear(self) -> None:
        self.sketch.clear()
        self._refresh()

    def _refresh(self) -> None:
        stages = self._stages()
        self.image.set_data(self.sketch.ink)
        self.drawing.show(stages)
        self.title.set_text(self._said(stages))
        self.figure.canvas.draw_idle()


def show_window(network: Network, name: str, names: Sequence[str] = ()) -> Window:
    """Open the window, stay until it is closed, and return it; `names` are those of the classes, else their numbers.

    Raises LeNetError where none can be opened.
    """
    import matplotlib.pyplot as plt  # only here: it chooses a toolkit

    wide, high = _SIZE
    longest = max(map(len, names), default=1)
    with style(), matplotlib.rc_context({"toolbar": "None"}):
        try:
            figure = plt.figure(name, figsize=(wide + _MORE * (longest - 1), high))
        except Exception as error:  # each toolkit has errors of its own
            raise _no_window(str(error)) from error
        if figure.canvas.required_interactive_framework is None:
            plt.close(figure)
            raise _no_window(f"matplotlib draws with {matplotlib.get_backend()}")
        window = Window(figure, network, names)  # kept until the end, since the canvas refers to it only weakly
        plt.show()
    return window


def _no_window(reason: str) -> LeNetError:
    return LeNetError(
        f"no window can be opened ({' '.join(reason.split())}): use a display, and a toolkit such as python3-tk or "
        "PySide6; without, lenet1998 show IMAGE draws the same for a picture"
    )
