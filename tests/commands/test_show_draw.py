"""`lenet1998 show` and `lenet1998 draw`: what they draw, what they answer, and what they refuse in one line."""

from __future__ import annotations

import gc
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib
import matplotlib.image
import numpy as np
import pytest
from matplotlib.backend_bases import KeyEvent, MouseEvent
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from lenet1998 import pretrained
from lenet1998.commands import main as cli
from lenet1998.data import load
from lenet1998.data.prepare import to_mnist_form
from lenet1998.errors import DataError, LeNetError
from lenet1998.networks import build
from lenet1998.pictures import activations_figure, activations_window
from lenet1998.pictures.activations_figure import crossing
from lenet1998.pictures.activations_window import Window, show_window
from lenet1998.recipe import preset

DIGITS = ["--data", "synthetic", "--test-size", "20"]


@pytest.fixture(scope="module")
def trained():
    return pretrained.load("default").network()


@pytest.fixture
def no_display():
    """Whatever display the machine has, nothing opens there."""
    import matplotlib.pyplot as plt

    plt.switch_backend("agg")


def refused(capsys, *arguments) -> str:
    """The one line of an error, exit code 2."""
    assert cli.main([str(argument) for argument in arguments]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("lenet1998: ")]
    assert len(lines) == 1
    return lines[0]


def test_the_command_line_starts_without_matplotlib():
    code = "import sys; from lenet1998.commands.main import parser; parser(); print('matplotlib' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.stdout == "False\n", done.stderr


def test_show_a_test_pattern(trained, tmp_path, capsys):
    test = load("synthetic", train_size=1, test_size=20).test
    best, runner_up = trained.forward(test.images[7:8])[0].argsort()[:2]
    for name in ("a.png", "a.pdf", "a.SVG"):
        assert cli.main(["show", "7", *DIGITS, "--out", str(tmp_path / name)]) == 0
        out = capsys.readouterr().out
        assert f"test pattern 7 of synthetic, a {test.labels[7]}: {best}, runner-up {runner_up}" in out
        assert out.splitlines()[-1] == str(tmp_path / name)
    assert matplotlib.image.imread(tmp_path / "a.png").std() > 0.1
    assert (tmp_path / "a.pdf").read_bytes().startswith(b"%PDF")
    svg = ElementTree.parse(tmp_path / "a.SVG")
    texts = ["".join(node.itertext()) for node in svg.iter("{http://www.w3.org/2000/svg}text")]
    for expected in ("C1", "6@28×28", f"code of {best}", "F6"):
        assert any(expected in text for text in texts), expected
    assert any("Dark: positive" in text and "Figure 13" in text for text in texts)
    assert any("Figure 2 of the paper" in text for text in texts)


def test_show_a_picture_as_predict_reads_it(tmp_path, capsys, monkeypatch):
    digit = load("synthetic", train_size=1, test_size=20).test.images[3]
    Image.fromarray(255 - digit).save(tmp_path / "digit.png")
    monkeypatch.chdir(tmp_path)
    assert cli.main(["predict", "digit.png"]) == 0
    said = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("digit.png"))
    assert cli.main(["show", "digit.png", "--checkpoint", "default"]) == 0
    assert said in capsys.readouterr().out
    assert (tmp_path / "show.png").exists()


def test_animate_writes_a_gif(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(activations_figure, "crossing", lambda *given: crossing(*given)[[10, 30]])
    monkeypatch.chdir(tmp_path)
    assert cli.main(["show", "7", *DIGITS, "--animate"]) == 0
    with Image.open(tmp_path / "show.gif") as gif:
        assert (gif.format, gif.n_frames) == ("GIF", 2)
    assert "show.gif" in capsys.readouterr().out


def test_show_refuses_in_one_line(tmp_path, capsys):
    assert "from 0 to 19" in refused(capsys, "show", 20, *DIGITS)
    assert ".svg" in refused(capsys, "show", 1, *DIGITS, "--out", tmp_path / "a.bmp")
    assert "--animate" in refused(capsys, "show", 1, *DIGITS, "--out", tmp_path / "a.gif")
    assert ".gif" in refused(capsys, "show", 1, *DIGITS, "--animate", "--out", tmp_path / "a.png")
    assert "nothing.png" in refused(capsys, "show", tmp_path / "nothing.png")
    assert "checkpoint" in refused(capsys, "show", 1, "--checkpoint", tmp_path / "nothing.npz")
    (tmp_path / "file").write_text("in the way")
    assert "cannot write" in refused(capsys, "show", 1, *DIGITS, "--out", tmp_path / "file" / "a.png")


def test_draw_without_a_display_says_what_is_needed(capsys, no_display):
    line = refused(capsys, "draw")
    assert "no window can be opened" in line and "python3-tk" in line and "lenet1998 show" in line


def test_draw_reports_a_toolkit_that_fails(trained, monkeypatch):
    import matplotlib.pyplot as plt

    def fails(*_, **__):
        raise RuntimeError("no display name\nand no DISPLAY")

    monkeypatch.setattr(plt, "figure", fails)
    with pytest.raises(LeNetError, match=r"^no window can be opened \(no display name and no DISPLAY\)"):
        show_window(trained, "test")


class Hand:
    """Moves a mouse over the sheet of a window; places are in pixels of its ink, (column, row)."""

    def __init__(self, window: Window):
        self.window, self.canvas = window, window.figure.canvas

    def __call__(self, name: str, place: tuple[float, float], button: int | None = None) -> None:
        x, y = self.window.sheet.transData.transform(place)
        self._send(MouseEvent(f"{name}_event", self.canvas, x, y, button=button))

    def draws(self, *places: tuple[float, float]) -> None:
        self("button_press", places[0], 1)
        for place in places[1:]:
            self("motion_notify", place)
        self("button_release", places[-1], 1)

    def presses(self, key: str) -> None:
        self._send(KeyEvent("key_press_event", self.canvas, key))

    def _send(self, event) -> None:
        self.canvas.callbacks.process(event.name, event)


@pytest.fixture
def window(trained):
    figure = Figure(figsize=(12, 4))
    FigureCanvasAgg(figure)
    return Window(figure, trained)


def test_what_is_drawn_is_classified_as_it_is_drawn(window, trained):
    hand, titles = Hand(window), []
    assert window.answer is None and window.title.get_text() == "Draw a digit"
    hand("button_press", (70, 20), 1)
    titles.append(window.title.get_text())
    hand("motion_notify", (70, 120))
    assert window.answer == 1, "a vertical bar"
    titles.append(window.title.get_text())
    assert titles[0] != titles[1] and titles[1].startswith("1, runner-up ")
    hand("button_release", (70, 120), 1)
    ink = window.sketch.ink
    assert ink[70, 70] == 1 and ink[70, 80] == 0 and not ink[:10].any()
    np.testing.assert_array_equal(window.image.get_array(), ink)
    seen = window.drawing.images[0].get_array()[2:30, 2:30]
    np.testing.assert_allclose(seen, to_mnist_form(ink) / 255, atol=1e-6)
    penalties = trained.forward(to_mnist_form(ink)[None])[0]
    assert [float(text.get_text()) for text in window.drawing.numbers] == pytest.approx(penalties, abs=0.051)


def test_the_window_says_what_the_network_reads_and_answers_by_name(trained):
    def opened(*names: str) -> Window:
        figure = Figure(figsize=(12, 4))
        FigureCanvasAgg(figure)
        return Window(figure, trained, names)

    assert opened(*"ABCDEFGHI$").title.get_text() == "Draw a character"
    window = opened(*(f"cost ${k}" for k in range(10)))
    assert window.title.get_text() == r"Draw one of cost \$0, cost \$1, cost \$2, cost \$3, cost \$4, " + ", ".join(
        rf"cost \${k}" for k in range(5, 10)
    )
    Hand(window).draws((70, 20), (70, 120))
    assert window.title.get_text().startswith(r"cost \$1, runner-up cost \$")


def test_a_ring_is_a_zero_and_a_hook_a_seven(window):
    turn = np.linspace(0, 2 * np.pi, 14)
    hand = Hand(window)
    hand.draws(*zip(70 + 30 * np.cos(turn), 70 + 45 * np.sin(turn), strict=True))
    assert window.answer == 0
    hand.presses("c")
    hand.draws((35, 25), (100, 25), (60, 120))
    assert window.answer == 7


def test_only_a_held_left_button_draws_and_the_others_clear(window):
    hand = Hand(window)
    hand("motion_notify", (50, 50))
    assert not window.sketch.ink.any()
    hand.draws((20, 20), (20, 40))
    drawn = window.sketch.ink.copy()
    hand("motion_notify", (100, 100))
    np.testing.assert_array_equal(window.sketch.ink, drawn)
    hand.draws((-500, 20), (-400, 40))  # beside the sheet
    np.testing.assert_array_equal(window.sketch.ink, drawn)
    hand("button_press", (70, 70), 3)
    assert not window.sketch.ink.any() and window.answer is None
    hand.draws((20, 20), (20, 40))
    hand.presses("x")
    assert window.sketch.ink.any()
    hand.presses("c")
    assert not window.sketch.ink.any()


def test_the_window_lives_as_long_as_it_is_open(trained, monkeypatch, no_display):
    """The canvas refers to it weakly: while it is shown, something else has to hold it."""
    import matplotlib.pyplot as plt

    shown = []

    def show() -> None:
        gc.collect()
        canvas = plt.gcf().canvas
        x, y = plt.gcf().axes[0].transData.transform((70, 70))
        event = MouseEvent("button_press_event", canvas, x, y, button=1)
        canvas.callbacks.process(event.name, event)
        shown.append(plt.gcf().texts[0].get_text())

    monkeypatch.setattr(FigureCanvasAgg, "required_interactive_framework", "tk")
    monkeypatch.setattr(plt, "show", show)
    try:
        window = show_window(trained, "test")
    finally:
        plt.close("all")
    assert window.sketch.ink.any() and "runner-up" in shown[0]


def test_a_network_for_other_images_is_refused():
    recipe = preset("modern").override(["network=cat_lenet"])
    with pytest.raises(DataError, match="do not fit"):
        Window(Figure(), build(recipe))


def test_the_sheet_says_how_to_use_it(window):
    assert window.sheet.get_title(loc="left").replace("\n", " ") == activations_window.HOW
