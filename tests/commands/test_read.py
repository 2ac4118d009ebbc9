"""`lenet1998 read`: strings in pictures of any size, place and pen, and what is refused in one line."""

import json
from contextlib import suppress
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont
from scipy import ndimage

from experiments.pictures.made import signs
from experiments.pictures.made.kinds import cases
from lenet1998 import pretrained
from lenet1998.commands import main as cli
from lenet1998.commands import read as module
from lenet1998.commands.read import Reader
from lenet1998.data import load
from lenet1998.errors import DataError
from lenet1998.strings import reading
from lenet1998.strings.answers import DOUBTFUL, Answer, Strings, answer
from lenet1998.strings.images import Layout, strings
from lenet1998.strings.picture import string_form, written
from lenet1998.strings.scores import edit_distance
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.wide import Wide, swept
from tests.drawings import FIRST, KINDS, WHY, picture
from tests.measure_pictures import save
from tests.rings import beyond

if not Path(pretrained.__file__).with_name(f"{pretrained.STRINGS}.npz").exists():
    pytest.skip("this copy has no pretrained networks", allow_module_level=True)

READER = Reader(pretrained.load(pretrained.STRINGS))
SAMPLE = 3


def spelt(labels: np.ndarray) -> str:
    return "".join(map(str, labels))


def of_ink(image: np.ndarray) -> Answer | None:
    """None where the network of characters sees no digit: that of strings may."""
    with suppress(DataError):
        return answer(READER.strings, READER.characters, READER.weights, written(image)[0])
    return None


def drawn(length: int, seed: int, gap: int = 0) -> list[tuple[np.ndarray, str, np.ndarray]]:
    """Strings of drawn digits that the network reads by itself too, so that what goes wrong does in the picture."""
    digits = load("synthetic", train_size=1, test_size=300).test
    made = strings(digits, 40, length, seed, Layout(noise=0, least_gap=gap))
    found = zip(made.images, map(spelt, made.labels), made.boxes, strict=True)
    answers = [(each, seen) for each in found if (seen := of_ink(each[0]))]
    alone = [spelt(reading.read(SDNN(READER.strings.j), answer.penalties).labels) for _, answer in answers]
    return [each for (each, answer), own in zip(answers, alone, strict=True) if answer.digits == own == each[1]]


@pytest.fixture(scope="module")
def known() -> list[tuple[np.ndarray, str, np.ndarray]]:
    found = drawn(3, seed=9)
    assert len(found) >= 15
    return found


def read(drawing: Image.Image, folder: Path) -> Answer:
    return READER.read(save(drawing, folder))[0].answer


def page(image: np.ndarray, high: int, pad: tuple[int, int, int, int] = (5, 5, 5, 5)) -> Image.Image:
    """The string's ink, this high, on a sheet with so much room above, below, left and right."""
    rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
    ink = image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    size = round(ink.shape[1] * high / len(ink)), high
    large = np.asarray(Image.fromarray(ink).resize(size, Image.Resampling.BICUBIC), float)
    return picture(np.pad(245 - 0.85 * large, (pad[:2], pad[2:]), constant_values=245))


@pytest.mark.parametrize("kind", beyond(len(FIRST), KINDS, WHY))
def test_strings_in_pictures_as_people_take_them(kind, known, tmp_path):
    """All that `predict` reads one digit from."""
    rng = np.random.default_rng(7)
    right = [read(KINDS[kind](image, rng), tmp_path).digits == digits for image, digits, _ in known[:SAMPLE]]
    assert sum(right) >= SAMPLE - 1


@pytest.mark.parametrize("high", [14, 50, 200])
@pytest.mark.parametrize("pad", [(0, 0, 0, 0), (2, 60, 3, 200), (90, 1, 300, 2)], ids=["close", "upper left", "right"])
def test_any_size_and_place(high, pad, known, tmp_path):
    right = [read(page(image, high, pad), tmp_path).digits == digits for image, digits, _ in known[:SAMPLE]]
    assert sum(right) >= SAMPLE - 1


@pytest.mark.parametrize("width", [-9, -5, 9])
def test_thin_and_thick_pens(width, known, tmp_path):
    """Strokes a few pixels of 160 thinner, or thicker."""
    right = 0
    for image, digits, _ in known[:5]:
        grey = np.asarray(page(image, 160, (20, 20, 20, 20)))
        pen = ndimage.grey_dilation if width < 0 else ndimage.grey_erosion
        right += read(Image.fromarray(pen(grey, (abs(width), abs(width)))), tmp_path).digits == digits
    assert right >= 4


@pytest.mark.parametrize("down", [-2, 2])
def test_strings_two_rows_off_are_read_too(down, known):
    """The network tells digits in the rows where those of the data base are; people write them a little off."""
    right = 0
    for image, digits, _ in known[:10]:
        moved = np.roll(string_form(written(image)[0]).image, down, axis=0)
        penalties = READER.strings.scale * swept(Wide(READER.strings.network, engine="numpy"), moved)
        right += spelt(reading.read(SDNN(READER.strings.j), penalties).labels) == digits
    assert right >= 8


@pytest.mark.parametrize("gap", [6, 16, 30])
def test_wide_gaps_are_read_as_narrow_ones(gap):
    """No field of training was empty; the rows of an empty one are blank all the same."""
    digits = load("synthetic", train_size=1, test_size=300).test
    narrow, far = (strings(digits, 12, 3, 5, Layout(noise=0, least_gap=each, most_gap=each)) for each in (4, gap))
    wrong = [
        sum(
            (seen := of_ink(image)) is None or seen.digits != spelt(labels)
            for image, labels in zip(*made[:2], strict=True)
        )
        for made in (narrow, far)
    ]
    assert wrong[1] <= wrong[0] + 2


def test_digits_stand_where_they_are_said_to(known, tmp_path):
    """Within the digit's own ink, in the picture's own columns, also of a picture that is reduced, and on a table."""
    for (image, digits, boxes), scale in zip(known[:6], (1, 3, 3, 8, 8, 80), strict=True):
        first = np.flatnonzero(image.any(axis=0))[0]
        high = scale * int(np.ptp(np.flatnonzero(image.any(axis=1))) + 1)
        large = np.asarray(page(image, high, (9, 9, 50, 20)))
        on_table = np.pad(large, ((40, 40), (70, 70)), constant_values=50) if scale == 8 else large
        found = read(Image.fromarray(on_table), tmp_path)
        assert found.digits == digits
        left = 50 + 70 * (scale == 8)
        for (_, column), (begin, end) in zip(found.places(), (boxes - first).tolist(), strict=True):
            assert left + scale * (begin - 1) <= column <= left + scale * (end + 1)


def test_sixty_digits_and_no_more(known, tmp_path):
    """Side by side with gaps; read digit by digit as the parts are, since outputs are blank between them."""
    inked = (np.flatnonzero(image.any(axis=0)) for image, _, _ in known)
    parts = [image[:, each[0] : each[-1] + 5] for (image, _, _), each in zip(known, inked, strict=True)]
    many = np.concatenate([parts[k % len(parts)] for k in range(20)], axis=1)
    digits = "".join(known[k % len(known)][1] for k in range(20))
    assert edit_distance(read(picture(255.0 - many), tmp_path).digits, digits) <= 3
    with pytest.raises(DataError, match="at most 60 digits"):
        read(picture(255.0 - np.concatenate([many, many], axis=1)), tmp_path)


def printed(text: str, folder: Path) -> Path:
    made = Image.new("L", (600, 300), 250)
    ImageDraw.Draw(made).multiline_text((40, 40), text, font=ImageFont.load_default(60), fill=10)
    made.save(folder / f"{text[:3]}.png")
    return folder / f"{text[:3]}.png"


def test_what_is_printed_for_people_and_programs(known, tmp_path, capsys):
    files = []
    for k, (image, _, _) in enumerate(known[:2]):
        files.append(tmp_path / f"{k}.png")
        page(image, 60).save(files[-1])
    assert cli.main(["read", *map(str, files)]) == 0
    first, *lines = capsys.readouterr().out.splitlines()
    assert first.startswith("network: strings (")
    assert cli.main(["read", "--json", *map(str, files)]) == 0
    answers = json.loads(capsys.readouterr().out)
    assert [each["file"] for each in answers] == [str(file) for file in files]
    assert [each["digits"] for each in answers] == [read(page(image, 60), tmp_path).digits for image, _, _ in known[:2]]
    for each, line, columns in zip(answers, lines[::2], lines[1::2], strict=True):
        assert each["network"]["name"] == "strings" and 0 <= each["confidence"] <= 1
        assert "".join(str(place["digit"]) for place in each["positions"]) == each["digits"]
        assert line.startswith(f"{each['file']}: {each['digits']}, confidence {each['confidence']:.2f}")
        said = "  ".join(f"{place['digit']}: {place['column']}" for place in each["positions"])
        assert columns == f"  columns: {said}"


def test_good_pictures_are_answered_where_others_fail(known, tmp_path, capsys):
    good, blank, text, lines = (tmp_path / name for name in ("good.png", "blank.png", "text.png", "lines.png"))
    page(known[0][0], 60).save(good)
    Image.new("L", (60, 40), 255).save(blank)
    text.write_text("no picture")
    two = np.asarray(page(known[0][0], 60))
    Image.fromarray(np.concatenate([two, two])).save(lines)
    assert cli.main(["read", str(good)]) == 0
    alone = capsys.readouterr().out
    assert cli.main(["read", *map(str, (blank, text, good, lines, tmp_path / "no.png"))]) == 2
    mixed = capsys.readouterr()
    assert mixed.out == alone
    said = dict(zip((blank, text, lines, tmp_path / "no.png"), mixed.err.splitlines(), strict=True))
    for (path, line), reason in zip(said.items(), ("blank", "not a PNG", "one line at", "No such"), strict=True):
        assert line.startswith("lenet1998: ") and str(path) in line and reason in line
    assert cli.main(["read", "--json", str(blank)]) == 2
    assert capsys.readouterr().out == ""
    drawing = tmp_path / "drawn.svg"
    assert cli.main(["read", "--json", *map(str, (blank, good, text)), "--show", str(drawing)]) == 2
    assert [each["file"] for each in json.loads(capsys.readouterr().out)] == [str(good)]
    assert "good.png: " in drawing.read_text() and "blank.png" not in drawing.read_text()


def test_lines_that_a_thick_stroke_would_join_are_several_lines(known, tmp_path):
    """A thin pen, and a narrow space between the lines."""
    grey = np.asarray(page(known[0][0], 80, (2, 2, 9, 9)))
    thin = ndimage.grey_dilation(grey, (5, 5))
    with pytest.raises(DataError, match="several lines"):
        read(Image.fromarray(np.concatenate([thin, thin])), tmp_path)


@pytest.mark.parametrize("text", ["hello", "WXYZK", "abcde"])
def test_letters_are_refused_or_answered_with_low_confidence(text, tmp_path, capsys):
    if cli.main(["read", "--json", str(printed(text, tmp_path))]) == 2:
        assert "looks like a digit" in capsys.readouterr().err
    else:
        (found,) = json.loads(capsys.readouterr().out)
        assert found["confidence"] < DOUBTFUL and found["doubtful"]
        cli.main(["read", str(printed(text, tmp_path))])
        assert f"confidence {found['confidence']:.2f}, low: perhaps no digits" in capsys.readouterr().out
    cli.main(["read", str(printed("12345", tmp_path))])
    out = capsys.readouterr().out
    assert ": 12345, confidence" in out and "low" not in out


def with_sign(image: np.ndarray, boxes: list[tuple[int, int, int, int]], behind: bool = False) -> Image.Image:
    """The string 60 pixels high, and bars before or behind it: from row to row of its height, and so wide."""
    grey = np.asarray(page(image, 60, (20, 20, 80, 80)), float).copy()
    for top, end, left, right in boxes:
        grey[
            20 + top : 20 + end,
            left + (grey.shape[1] - 80 if behind else 0) : right + (grey.shape[1] - 80 if behind else 0),
        ] = 40
    return picture(grey)


@pytest.mark.parametrize(
    ("boxes", "behind", "kind", "place"),
    [
        ([(28, 34, 30, 60)], False, "minus", 0),
        ([(52, 60, 20, 28)], True, "point", 3),
        ([(54, 72, 20, 26)], True, "comma", 3),
        ([(14, 22, 20, 28), (46, 54, 20, 28)], True, "colon", 3),
        ([(-10, 70, 20, 26)], True, "bar", 3),
    ],
)
def test_marks_are_named_and_are_no_digits(boxes, behind, kind, place, known, tmp_path, capsys):
    image, digits, _ = known[2]
    path = save(with_sign(image, boxes, behind), tmp_path)
    assert cli.main(["read", "--json", str(path)]) == 0
    (found,) = json.loads(capsys.readouterr().out)
    assert found["digits"] == digits
    assert [(mark["kind"], mark["place"]) for mark in found["marks"]] == [(kind, place)]
    left, top, right, bottom = found["marks"][0]["box"]
    width = Image.open(path).width - 80 if behind else 0
    assert abs(left - width - min(box[2] for box in boxes)) <= 3 and bottom > top and right > left
    assert cli.main(["read", str(path)]) == 0
    where = f"behind {digits}" if place else f"before {digits}"
    assert f"  left out: {kind} {where}" in capsys.readouterr().out


@pytest.mark.parametrize("sign", "$/¥£€")
def test_signs_are_not_read_as_digits_without_a_doubt(sign, known, tmp_path):
    """Before digits, as high as they are."""
    ink, _ = signs.printed(sign, "DejaVuSerif-Bold", 60)
    for image, digits, _ in known[:SAMPLE]:
        grey = np.asarray(page(image, 60, (30, 30, 120, 20)), float).copy()
        grey[28 : 28 + len(ink), 50 : 50 + ink.shape[1]] -= 200 * ink
        found = read(picture(grey), tmp_path)
        assert (found.digits == digits and len(found.marks()) == 1) or found.confidence < DOUBTFUL


def test_a_ruled_stroke_as_high_as_digits_is_doubted(known, tmp_path):
    image, digits, _ = known[2]
    found = read(with_sign(image, [(0, 60, 20, 28)], True), tmp_path)
    assert found.digits == digits + "1" and found.confidence < DOUBTFUL


def test_where_ink_is_passed_over_the_line_is_doubted(known, monkeypatch):
    """The network of strings misses the last digit."""
    image, digits, _ = known[2]
    whole = of_ink(image)
    fewer = [each[:-1] for each in whole.reading[:2]]
    monkeypatch.setattr("lenet1998.strings.answers.read", lambda *_: reading.Reading(*fewer, whole.reading.penalty))
    assert of_ink(image).digits == digits[:-1] and of_ink(image).confidence < DOUBTFUL < whole.confidence


def test_under_a_lamp_digits_are_read_and_where_one_is_lost_the_line_is_less_sure(known, tmp_path):
    """Light over the last digit, which does not touch the others, leaves a third of its contrast, or nothing."""
    apart = [each for each in known if (np.diff(each[2].ravel())[1::2] > 1).all()]
    for image, digits, boxes in apart[:SAMPLE]:
        grey = 0.75 * np.asarray(page(image, 60, (20, 20, 20, 20)), float)
        scale = 60 / (np.ptp(np.flatnonzero(image.any(axis=1))) + 1)
        x = 20 + scale * (boxes[-1] - np.flatnonzero(image.any(axis=0))[0])
        spot = np.exp(-(((np.arange(grey.shape[1]) - x.mean()) / np.ptp(x)) ** 4))
        even, lit, lost = (read(picture(grey + (240 - grey) * share * spot), tmp_path) for share in (0, 0.65, 1))
        assert lit.digits == even.digits == digits != lost.digits and lost.confidence < even.confidence - 0.1


def test_several_lines_are_refused_by_name_and_read_with_an_option(known, tmp_path, capsys):
    (one, first, _), (two, second, _) = known[1:3]
    pages = [np.asarray(page(image, 60, (8, 8, 20, 20))) for image in (one, two)]
    wide = max(each.shape[1] for each in pages)
    grey = np.concatenate([np.pad(each, ((0, 0), (0, wide - each.shape[1])), constant_values=245) for each in pages])
    path = save(Image.fromarray(grey), tmp_path)
    assert cli.main(["read", str(path)]) == 2
    assert "several lines" in capsys.readouterr().err
    assert cli.main(["read", "--lines", "--json", str(path)]) == 0
    found = json.loads(capsys.readouterr().out)
    assert [(each["line"], each["digits"]) for each in found] == [(1, first), (2, second)]


@pytest.mark.parametrize("kind", ["shadow x0.5", "oblique field", "small 40 of 64", "turned 10", "rule below"])
def test_pictures_as_people_take_them(kind, tmp_path):
    """Right as often as the network tells such drawn digits at all; other kinds are counted by an experiment."""
    digits = load("synthetic", train_size=1, test_size=300).test
    distance = 0
    for case in cases(kind, digits, 6):
        try:
            found = READER.read(save(case.picture, tmp_path))[0].answer.digits
        except DataError:
            found = ""
        distance += edit_distance(found, case.truth)
    assert distance <= 7


def test_steps_are_drawn(known, tmp_path, capsys):
    image, digits, _ = known[2]
    path = save(with_sign(image, [(28, 34, 30, 60)]), tmp_path)
    assert cli.main(["read", str(path), "--steps", str(tmp_path / "steps.svg")]) == 0
    both = str(tmp_path / "both.png")
    assert cli.main(["read", str(path), "--steps", both, "--show", both]) == 2 and not Path(both).exists()
    assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / "steps.svg")
    drawn_text = (tmp_path / "steps.svg").read_text()
    assert all(each in drawn_text for each in ("level line", "minus", f"{digits}, confidence"))


def test_nothing_that_looks_like_a_digit(tmp_path, capsys, monkeypatch):
    """Every output is blank: no empty answer."""
    monkeypatch.setattr(module, "Strings", lambda network, scale, j: Strings(network, scale, 1e-9))
    assert cli.main(["read", str(printed("hello", tmp_path))]) == 2
    assert "looks like a digit" in capsys.readouterr().err


def test_show_draws_the_strings(known, tmp_path, capsys):
    for k, (image, _, _) in enumerate(known[:2]):
        page(image, 60).save(tmp_path / f"cost$a{k}$.png")
    files = sorted(map(str, tmp_path.glob("*.png")))
    for name in ("drawn.png", "drawn.SVG"):
        assert cli.main(["read", *files, "--show", str(tmp_path / name)]) == 0
        assert capsys.readouterr().out.splitlines()[-1] == str(tmp_path / name)
    assert matplotlib.image.imread(tmp_path / "drawn.png").std() > 0.1
    svg = (tmp_path / "drawn.SVG").read_text()
    assert "cost$a0$.png: " in svg and "Figure 25 of the paper" in svg


def test_what_is_refused_before_any_work(known, tmp_path, capsys):
    page(known[0][0], 60).save(tmp_path / "a.png")
    digit = str(tmp_path / "a.png")
    for arguments, says in (
        ([digit, "--show", "a.bmp"], ".svg"),
        ([digit] * 21 + ["--show", "a.png"], "at most 20"),
        (["net.npz"], "--checkpoint net.npz"),
        ([digit, "--checkpoint", str(tmp_path / "none.npz")], "none.npz"),
    ):
        assert cli.main(["read", *arguments]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert says in line and capsys.readouterr().out == ""
