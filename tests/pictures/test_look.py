"""Figures for print: the width that is asked for, titles that fit or are gone, another style sheet, another folder."""

import argparse
from pathlib import Path

import matplotlib.image
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgba
from matplotlib.figure import Figure

from experiments.ablation.figures import draw_components
from lenet1998 import pretrained
from lenet1998.commands import main as cli
from lenet1998.commands.figure_options import add_figure_options
from lenet1998.network import LeNet5
from lenet1998.networks import build
from lenet1998.pictures import SLIDES, Look, choose, chosen_look, plotting
from lenet1998.pictures.kernels import kernels_figure, tiled
from lenet1998.recipe import Recipe, preset


@pytest.fixture(autouse=True)
def as_it_was():
    yield
    choose(**vars(Look()))


def asked(*words: str, folder: Path | None = None) -> None:
    parser = argparse.ArgumentParser()
    add_figure_options(parser, folder)
    parser.parse_args(words)


def two_panels(title: str = "A title") -> Figure:
    figure, both = plotting.panels(2, (7.5, 3.4))
    for axes, name in zip(both, ("left", "right"), strict=True):
        axes.plot([1, 2])
        axes.set(title=name, xlabel="x")
    figure.suptitle(title)
    return figure


def inches(path: Path, dpi: int = 200) -> tuple[float, float]:
    rows, columns = matplotlib.image.imread(path).shape[:2]
    return columns / dpi, rows / dpi


@pytest.mark.parametrize("width", ["3.4", "6.5"])
def test_a_figure_is_as_wide_as_it_is_asked_to_be(tmp_path, width):
    asked("--width", width)
    with plotting.style():
        png, pdf = plotting.save(two_panels(), tmp_path / "two")
    assert inches(png)[0] == pytest.approx(float(width), abs=0.01)
    box = pdf.read_bytes().partition(b"/MediaBox [ 0 0 ")[2].split()[0]
    assert float(box) / 72 == pytest.approx(float(width), abs=0.01)


def test_panels_stand_below_one_another_in_a_column():
    with plotting.style():
        beside = [axes.get_position() for axes in two_panels().axes]
        asked("--width", "3.4")
        below = [axes.get_position() for axes in two_panels().axes]
    assert beside[0].x1 < beside[1].x0 and below[0].y0 > below[1].y1
    assert plotting.columns(4) == 2


@pytest.mark.parametrize("between", [" ", "\n"])
def test_a_long_title_is_broken_where_it_must_be(tmp_path, between):
    asked("--width", "3.4")
    words = "a title of very many words that no column of a page can hold in one line,"
    words += f"{between}however small its letters are and however many lines it has had to begin with"
    with plotting.style():
        figure = two_panels(words)
        plotting.save(figure, tmp_path / "long")
        figure.draw_without_rendering()
        box = figure._suptitle.get_window_extent()
    assert figure.get_suptitle().split() == words.split() and "\n" in figure.get_suptitle()
    assert box.x0 >= 0 and box.x1 <= figure.bbox.width


def test_without_titles_panels_keep_their_names(tmp_path):
    asked("--no-title")
    with plotting.style():
        two = two_panels()
        plotting.save(two, tmp_path / "two")
        one = Figure()
        one.add_subplot().set_title("alone")
        plotting.save(one, tmp_path / "one")
    assert not two.get_suptitle() and [axes.get_title("left") for axes in two.axes] == ["left", "right"]
    assert not one.axes[0].get_title("left")


def test_another_style_sheet_lies_over_ours(tmp_path):
    (tmp_path / "mine.mplstyle").write_text("lines.linewidth: 7\n")
    asked("--style", str(tmp_path / "mine.mplstyle"))
    with plotting.style():
        assert plt.rcParams["lines.linewidth"] == 7 and plt.rcParams["axes.titlelocation"] == "left"
    for words in (("--style", "no such"), ("--width", "0"), ("--width", "wide"), ("--width", "nan")):
        with pytest.raises(SystemExit):
            asked(*words)


def test_slides_are_of_16_to_9_and_dark_ones_turn_the_lightness_of_words_and_lines_around(tmp_path):
    """Not that of an image, nor of words on it, and the limits of a curve's band stay half transparent."""
    grounds = {}
    for name in SLIDES:
        asked("--style", name, folder=tmp_path / name)
        with plotting.style():
            figure = Figure(figsize=(4, 5))
            axes, below = figure.subplots(2)
            axes.plot([1, 2], color="black", markerfacecolor="none")
            axes.fill_between([0, 1], [1, 1], [2, 2], color="black", alpha=0.25)
            below.imshow([[0, 1]], cmap="gray")
            on_image = below.text(0, 0, "5", color="white")
            picture = matplotlib.image.imread(plotting.save(figure, tmp_path / "tall")[0])
        grounds[name] = picture[0, 0, :3].mean()
        assert picture.shape[1] / picture.shape[0] == pytest.approx(16 / 9, abs=0.01)
        (line,), (band,) = axes.lines, axes.collections
        ink = 1 if name == "slides-dark" else 0
        assert to_rgba(line.get_color()) == (ink, ink, ink, 1) and to_rgba(line.get_markerfacecolor())[3] == 0
        np.testing.assert_allclose(band.get_facecolor(), [[ink, ink, ink, 0.25]])
        assert to_rgba(axes.get_xticklabels()[0].get_color()) == (ink, ink, ink, 1)
        assert to_rgba(on_image.get_color()) == (1, 1, 1, 1) and below.images[0].get_cmap().name == "gray"
    assert grounds["slides"] == 1 and grounds["slides-dark"] < 0.15


def test_recorded_figures_are_not_replaced_by_those_for_print(tmp_path):
    with plotting.style():
        asked(folder=tmp_path / "print")
        assert plotting.save(two_panels(), tmp_path / "two")[0] == tmp_path / "two.png"
        before = (tmp_path / "two.png").read_bytes()
        asked("--width", "3.4", folder=tmp_path / "print")
        assert plotting.save(two_panels(), tmp_path / "two")[0] == tmp_path / "print" / "two.png"
        asked("--no-title", "--figures", str(tmp_path / "other"), folder=tmp_path / "print")
        assert plotting.save(two_panels(), tmp_path / "two")[0] == tmp_path / "other" / "two.png"
    assert (tmp_path / "two.png").read_bytes() == before


def test_a_command_forgets_what_the_one_before_was_asked(tmp_path, capsys):
    out = ["--out", str(tmp_path / "k.png")]
    assert cli.main(["show", "--kernels", "--width", "3.4", *out]) == 0
    assert inches(tmp_path / "k.png")[0] == pytest.approx(3.4, abs=0.01)
    assert cli.main(["show", "--kernels", *out]) == 0 and chosen_look() == Look()
    assert inches(tmp_path / "k.png")[0] > 5
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "k.png")


def test_both_ends_of_the_ablation_have_one_scale_and_their_line_on_the_band(tmp_path, monkeypatch):
    drawn: list[Figure] = []
    monkeypatch.setattr("experiments.ablation.figures.save", lambda figure, stem: drawn.append(figure) or [])

    def row(group: str, name: str, error: float) -> dict:
        spread = {"interval": [error - 0.1, error + 0.1], "by_seed": [error], "seeds": 1, "label": name}
        return {"group": group, "name": name, "test_error_percent": error, **spread}

    rows = [row("ladder", "default", 1.0), row("ladder", "modern", 0.8), row("1998", "a", 1.2), row("modern", "b", 1.9)]
    draw_components(rows, tmp_path / "components")
    left, right = drawn[0].axes
    assert left.get_xlim() == right.get_xlim()
    for axes in (left, right):
        (line,) = [line for line in axes.lines if line.get_linestyle() == "--"]
        assert line.get_zorder() > max(patch.get_zorder() for patch in axes.patches)


def test_kernels_stand_where_table_i_has_them():
    network = pretrained.load("default").network()
    c3 = network.layers[[layer.name for layer in network.layers].index("C3")]
    weights = network.parameters.named(network.parameters.values)["C3.weight"]
    tiles = tiled(c3, weights)
    assert tiles.shape == (6 * 6 - 1, 16 * 6 - 1)
    seen = ~np.isnan(tiles[2::6, 2::6])
    assert (seen == c3.table).all() and seen.sum() == 60
    number = 0
    for m in range(16):
        for j in range(6):
            if c3.table[j, m]:
                np.testing.assert_array_equal(tiles[6 * j : 6 * j + 5, 6 * m : 6 * m + 5], weights[number])
                number += 1
    figure = kernels_figure(network, "title")
    assert [axes.get_title("left").split(",")[0] for axes in figure.axes] == ["C1", "C3"]


def test_show_says_what_it_takes(capsys, tmp_path):
    for words in ((), ("7", "--kernels")):
        assert cli.main(["show", *words]) == 2
        assert "one of them" in capsys.readouterr().err
    with pytest.raises(ValueError, match="no convolutions"):
        kernels_figure(build(Recipe(network="one_layer", output="linear", loss="cross_entropy")), "none")
    assert len(kernels_figure(LeNet5(preset("modern")), "modern").axes) == 2
