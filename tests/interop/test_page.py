"""The exported page in Chromium: drawn on by mouse, finger and keys, its sums are the package's."""

import json

import numpy as np
import pytest

from experiments.drawn_digits import SIDE, drawings
from experiments.machinery.record import RESULTS
from lenet1998 import pretrained
from lenet1998.connections import TABLE_I
from lenet1998.interop import html
from lenet1998.pictures.activations import activations
from tests.chromium import CHROMIUM, opened
from tests.networks import random_images

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="the page is opened in Chromium, which is not here")
SEVEN = ((0.3, 0.2), (0.5, 0.2), (0.7, 0.2), (0.6, 0.5), (0.45, 0.85))
"""Shares of the sheet's sides."""


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """A page with examples, which are noise here. What goes wrong in its program is an error of the test too."""
    folder = tmp_path_factory.mktemp("page")
    patch = pytest.MonkeyPatch()
    patch.setattr(html, "find", lambda: (("here", folder), []))
    patch.setattr(html, "contents", lambda place: dict.fromkeys(html.FILES, place))
    patch.setattr(html, "read_file", lambda path, known: random_images(10_000, 28))
    (folder / "page.html").write_text(html.html_page(pretrained.load("default")), encoding="utf-8")
    patch.undo()
    with opened(folder / "page.html", folder / "profile") as page:
        yield page
        assert not page.errors


@pytest.fixture
def clean(page):
    """The page with an empty sheet and no unit chosen."""
    page.value("clearSheet()")
    page.value("choose(0, null)")
    page.look()
    return page


def on_sheet(page, points=SEVEN):
    return [page.place("#sheet", *point) for point in points]


def image_of(page) -> np.ndarray:
    """What the page's network sees."""
    return np.array(page.value("[...shown.form.image]"), np.uint8).reshape(1, 28, 28)


def numbers_of(page, row: str) -> list[float]:
    """Of the panel's table, the numbers of a row."""
    cells = page.value(
        f"[...why.querySelectorAll('tr')].filter((row) => row.cells[0].textContent.includes('{row}'))"
        ".map((row) => [...row.cells].slice(1).map((cell) => cell.textContent))[0]"
    )
    return [float(cell.replace("−", "-")) for cell in cells if cell]


def by_keys(page, points=SEVEN):
    """The pen goes from the middle of the upper edge to the left, and draws a 7."""
    page.value("(at = [140, 70], sheet.focus())")
    page.keys(*["ArrowLeft"] * 6, " ", *["ArrowRight"] * 11, *["ArrowDown", "ArrowDown", "ArrowLeft"] * 8, " ")


@pytest.mark.parametrize("draw", ["mouse", "touch", "keys"])
def test_what_draws(draw, clean):
    by_keys(clean) if draw == "keys" else getattr(clean, draw)(on_sheet(clean))
    answers = pretrained.load("default").network().forward(image_of(clean))[0].argsort()
    assert clean.text("#answer") == str(answers[0]) == "7"
    assert clean.text("#second") == f"runner-up {answers[1]}"


def test_ink_and_bars_show_in_forced_colours(clean):
    """The sheet keeps its own white below the black ink, and bars are not of the page's colour."""
    clean.mouse(on_sheet(clean))
    clean.call("Emulation.setEmulatedMedia", features=[{"name": "forced-colors", "value": "active"}])
    colours = "['body', '.bar div'].map((name) => getComputedStyle(document.querySelector(name)).backgroundColor)"
    (body, bar), adjusted = clean.value(f"[{colours}, getComputedStyle(sheet).forcedColorAdjust]")
    clean.call("Emulation.setEmulatedMedia", features=[])
    assert adjusted == "none" and bar != body


def test_drawings_are_answered_as_the_record_has_it(clean):
    """The experiment draws and reads without a browser; this draws some of its lines with the mouse."""
    answers = json.loads((RESULTS / "drawn_digits.json").read_text(encoding="utf-8"))["answers"]["default"]
    corner, end = on_sheet(clean, [(0, 0), (1, 1)])
    for k, (_, _, lines) in list(enumerate(drawings()))[::66]:
        clean.value("clearSheet()")
        for line in lines:
            clean.mouse((corner + line / SIDE * np.subtract(end, corner)).tolist())
        assert clean.text("#answer") == str(answers[k])


def test_passes_by_keys_and_the_modern_network_beside(clean):
    """The slider and the choice of a network change maps, penalties and facts; the chosen unit stays."""
    clean.mouse(on_sheet(clean))
    clean.value("choose(3, 444)")
    kept = {
        name: {passes: network for passes, _, network in pretrained.by_pass(name)} for name in ("default", "modern")
    }
    clean.value("slider.focus()")
    clean.keys("ArrowLeft", "ArrowLeft")
    assert_shown(clean, kept["default"][5], "Recipe default, seed 6, 5 passes")
    clean.value("document.querySelector('#kinds input').focus()")
    clean.keys("ArrowDown")
    assert_shown(clean, kept["modern"][5], "Recipe modern, seed 6, 5 passes")
    assert clean.text("#which").startswith("C3 map 4, row 4, column 4")
    clean.value("slider.focus()")
    clean.keys("Home")
    assert_shown(clean, kept["modern"][0], "Recipe modern, seed 6, 0 passes")
    assert clean.value("slider.getAttribute('aria-valuetext')") == clean.text("#passes") == "none, as it started"
    clean.keys("End")
    clean.value("document.querySelector('#kinds input').click()")
    assert_shown(clean, pretrained.load("default").network(), "Recipe default, seed 6, 20 passes")
    assert clean.value("chosen.unit") == 444 and clean.value("document.querySelectorAll('.codes').length") == 1


def assert_shown(page, network, facts: str):
    """That the page shows this network's penalties, and its answer also in the row of its kind."""
    penalties = network.forward(image_of(page))[0]
    shown = page.value("[...document.querySelectorAll('#penalties .number')].map((cell) => Number(cell.textContent))")
    np.testing.assert_allclose(shown, penalties, atol=0.051)
    first, second = penalties.argsort()[:2]
    assert page.text("#answer") == str(first) and page.text("#facts").startswith(facts)
    beside = page.text("#kinds label:has(:checked) b")
    assert beside.startswith(str(first)) and beside.endswith(f"runner-up {second}")


def test_undo_and_clear(clean):
    clean.mouse(on_sheet(clean))
    one = image_of(clean)
    clean.mouse(on_sheet(clean, [(0.4, 0.5), (0.7, 0.5)]))
    assert (image_of(clean) != one).any()
    clean.mouse([clean.place("#undo")])
    assert np.array_equal(image_of(clean), one)
    clean.value("sheet.focus()")
    clean.keys("Delete")
    assert not image_of(clean).any() and clean.text("#answer") == "?"


def test_two_digits_on_the_sheet(clean):
    for x in (0.3, 0.7):
        clean.mouse(on_sheet(clean, [(x, 0.2), (x, 0.8)]))
    assert "several digits" in clean.text("#second") and clean.text("#answer") == "?"
    clean.value("sheet.focus()")
    clean.keys("Backspace")
    assert clean.text("#answer") == "1"


@pytest.mark.parametrize("stage", range(1, 7))
def test_the_sum_of_a_unit_is_the_package_s(stage, clean):
    """Term by term: what is listed and the sum of the rest make up the weighted sum, and that the value."""
    clean.mouse(on_sheet(clean))
    network, (layer, squash) = (saved := pretrained.load("default").network()), saved.layers[2 * stage - 2 : 2 * stage]
    below, own = activations(network, image_of(clean))[stage - 1 : stage + 1]
    clean.mouse([clean.place(f"#stages figure:nth-child({stage + 1}) canvas", 0.4, 0.4)])
    clean.keys("ArrowRight")
    unit = clean.value("chosen.unit")
    sums = layer.forward(below.values.reshape(1, *layer.below)).ravel()
    listed = clean.value("[...why.querySelectorAll('tr')].map((row) => row.cells[3]?.textContent)")
    listed = [float(cell.replace("−", "-")) for cell in listed]
    np.testing.assert_allclose(listed[-2:], [sums[unit], own.values.ravel()[unit]], atol=1e-4)
    np.testing.assert_allclose(sum(listed[:-2]), sums[unit], atol=1e-4 * len(listed))
    value, weight, term = numbers_of(clean, below.name)
    assert value * weight == pytest.approx(term, abs=1e-3)
    assert type(squash).__name__ == "Squash" and own.name in clean.text("#which")


def test_a_map_without_one_that_table_i_gives_it(clean):
    """Map 4 of C3 sees S2's maps 0, 4 and 5."""
    clean.mouse(on_sheet(clean))
    clean.mouse([clean.place("#stages figure:nth-child(4) .cell:nth-child(5) canvas", 0.45, 0.45)])
    shown = clean.value("[...why.querySelectorAll('[data-seen]')].map((button) => Number(button.dataset.seen))")
    assert shown == np.flatnonzero(TABLE_I[:, 4]).tolist() and "column 4 of Table I" in clean.text("#why")
    clean.mouse([clean.place('[data-seen="4"]')])
    network = pretrained.load("default").network()
    c3 = next(layer for layer in network.layers if layer.name == "C3")
    kernels = np.cumsum(TABLE_I.T.ravel()).reshape(TABLE_I.T.shape) - 1  # each map's, by the map below
    c3.values["weight"][kernels[4, 4]] = 0
    stage = activations(network, image_of(clean))[3]
    unit = stage.values.ravel()[clean.value("chosen.unit")]
    answer = network.forward(image_of(clean)).argmin()
    said = f"Without S2 4 the unit is {unit:.4f}, and the answer {answer},".replace("-", "−")
    assert said in clean.text(".without")
    assert clean.value("document.activeElement.dataset.seen") == "4"


def frame_in(page, parent: str) -> list[float]:
    """Where the first frame begins and how high it is, in heights of its canvas."""
    boxes = f"['.frame', 'canvas'].map((each) => document.querySelector('{parent} ' + each).getBoundingClientRect())"
    return page.value(f"(([a, b]) => [(a.top - b.top) / b.height, a.height / b.height])({boxes})")


def test_units_by_keys_and_the_field_that_they_see(clean):
    """Unit (4, 4) of C3 sees rows 4 to 8 of S2, 8 to 17 of C1, 8 to 21 of the input."""
    clean.mouse(on_sheet(clean))
    clean.value("views[3].focus()")
    clean.keys("ArrowRight", "PageDown", "ArrowUp", "ArrowLeft")
    assert clean.text("#which").startswith("C3 map 1, row 4, column 4:")
    assert "rows 8 to 21 and columns 8 to 21" in clean.text("#why")
    frame, bitmap = (frame_in(clean, parent) for parent in ("#paper", "#stages"))
    assert bitmap == pytest.approx([8 / 32, 14 / 32], abs=0.01)
    form = clean.value("[shown.form.top, shown.form.high]")
    assert frame == pytest.approx([(form[0] + 6 * form[1]) / 280, 14 * form[1] / 280], abs=0.01)
    clean.keys("Escape")
    assert clean.value("panel.hidden") and clean.value("document.activeElement.className") == "maps"


def test_an_example_is_loaded_as_it_is(clean):
    clean.value("document.querySelector('.example').focus()")
    clean.keys("Enter")
    assert np.isin(image_of(clean).ravel(), random_images(10_000, 28)).all() and image_of(clean).any()
    assert clean.text("#answer") != clean.value("network.examples[0].label")
    clean.mouse(on_sheet(clean, [(0.1, 0.1), (0.9, 0.9)]))
    assert image_of(clean).any()


@pytest.mark.parametrize("width", [360, 768, 1920])
def test_nothing_is_wider_than_the_window(width, clean):
    clean.mouse(on_sheet(clean))
    clean.value("choose(3, 444)")
    clean.look(width)
    assert clean.value("document.documentElement.scrollWidth") <= width
