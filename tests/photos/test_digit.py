"""Pictures of digits: however they come, the digit ends up in MNIST's form, or the user hears why not."""

import io
import os
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.pictures.made.digits import pair, skipping
from experiments.pictures.made.kinds import cases
from experiments.pictures.made.paper import Case, Source
from lenet1998.commands.networks import chosen_network, engine_of
from lenet1998.data.idx import parse_idx, read_bounded
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns
from lenet1998.photos.digit import read_image
from lenet1998.photos.ink import find_ink
from lenet1998.photos.parts import parts_of_digit
from lenet1998.photos.rules import without_rules
from tests.drawings import FIRST, KINDS, PAIRS, WHY, all_written, difference, extent, jpeg, picture
from tests.drawings import page as drawn_page
from tests.measure_pictures import SEVERAL, outcomes, save
from tests.rings import beyond

SYNTHETIC = synthetic_digits(200, seed=3)
DIGITS = SYNTHETIC.images[:40]
SAMPLE = 10


@pytest.fixture(scope="module")
def known() -> list[tuple[np.ndarray, int]]:
    """Digits that the network tells, so that what goes wrong went wrong in reading."""
    answers = engine_of(chosen_network("default")[0]).penalties(SYNTHETIC.images).argmin(axis=1)
    right = np.flatnonzero(answers == SYNTHETIC.labels)[: 2 * SAMPLE]
    return [(SYNTHETIC.images[k], int(SYNTHETIC.labels[k])) for k in right]


@pytest.mark.parametrize("kind", beyond(len(FIRST), KINDS, WHY))
def test_of_each_kind_nearly_all_are_read_rightly(kind: str, known: list[tuple[np.ndarray, int]]) -> None:
    rng = np.random.default_rng(7)
    counts = outcomes((KINDS[kind](digit, rng), label) for digit, label in known[:SAMPLE])
    assert counts["right"] >= SAMPLE - 2, counts


@pytest.mark.parametrize("kind", PAIRS)
def test_several_digits_are_refused_as_such(kind: str, known: list[tuple[np.ndarray, int]]) -> None:
    rng = np.random.default_rng(7)
    pairs = zip(known[:SAMPLE], known[SAMPLE:], strict=True)
    counts = outcomes((PAIRS[kind](one, other, rng), SEVERAL) for (one, _), (other, _) in pairs)
    assert counts["right"] >= SAMPLE - 1, counts


@pytest.mark.parametrize("width", [0.004, 0.01, 0.02])
def test_thin_pens_are_read(width: float) -> None:
    pictures = all_written(width)[::2]
    assert outcomes(pictures)["right"] >= len(pictures) - 1


def test_a_small_jpeg_stays_in_its_place(tmp_path: Path) -> None:
    """Placing it anew by what JPEG strews about, or scaling it, changes it by more than JPEG did."""
    rng = np.random.default_rng(0)
    for digit in DIGITS:
        form = read_image(save(jpeg(90)(digit, rng), tmp_path))
        assert np.abs(form.astype(int) - digit).mean() < 3.0
        assert not form[[0, -1]].any()


def test_specks_go_by_their_share_of_the_ink(tmp_path: Path) -> None:
    """One pixel goes always; of 100 times 8 pixels of ink, 2% are 16."""
    for pixels, stays in ((1, False), (15, False), (16, True)):
        grey = np.full((1, 140, 140), 245, np.float32)
        grey[0, 20:120, 60:68] = 30
        grey[0, 10, 100 : 100 + pixels] = 30
        assert find_ink(grey)[:15].any() == stays
    for pixels, stays in ((1, False), (2, True)):  # However little ink there is, a speck is a single pixel.
        grey = np.full((1, 30, 30), 245, np.float32)
        grey[0, 5:25, 15] = 30
        grey[0, 2, 22 : 22 + pixels] = 30
        assert find_ink(grey)[:4].any() == stays


def test_edges_go_only_where_something_else_is_left() -> None:
    """The bar of a 7 that fills its picture looks like a scanner's edge."""
    bar = np.full((1, 100, 60), 245, np.float32)
    bar[0, :8] = 30
    assert find_ink(bar)[:8].all()
    bar[0, 30:90, 28:34] = 30
    assert not find_ink(bar)[:8].any()


def test_orientation_and_depth_survive_notes_of_any_size_and_state(tmp_path: Path) -> None:
    """Programs leave notes of megabytes, and broken ones; the pixels are sound."""
    path, upright = tmp_path / "digit.png", picture(drawn_page(DIGITS[0], np.random.default_rng(0)))
    upright.save(path)
    sound, expected = path.read_bytes(), read_image(path)
    note = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(bytes(3_000_000))
    for kind, body in (
        (b"iTXt", note),
        (b"zTXt", b"a\0\0" + zlib.compress(bytes(3_000_000))),
        (b"eXIf", b"II*\0broken"),
    ):
        path.write_bytes(sound[:33] + chunk(kind, body) + sound[33:])
        assert (read_image(path) == expected).all()
    for junk in (b"Exif\0\0MM", b"Exif\0\0II*\0\xff\xff\xff\xff", b"Exif\0\0nothing"):
        upright.save(tmp_path / "digit.jpg", exif=junk, quality=95)
        assert difference(read_image(tmp_path / "digit.jpg"), expected) < 15


def page(digit: np.ndarray, scale: int = 8, margin: int = 60) -> np.ndarray:
    """A large dark-on-light page that shows the digit off its middle."""
    large = digit.repeat(scale, axis=0).repeat(scale, axis=1)
    return 255 - np.pad(large, ((margin, 3 * margin), (2 * margin, margin)))


def variants(grey: np.ndarray) -> dict[str, tuple[Image.Image, str]]:
    plain = Image.fromarray(grey)
    ink = Image.fromarray(255 - grey)
    colour = Image.merge("RGB", (plain, plain, Image.new("L", plain.size, 255)))
    transparent = Image.new("RGBA", plain.size, "black")
    transparent.putalpha(ink)
    grey_alpha = Image.new("LA", plain.size, 0)
    grey_alpha.putalpha(ink)
    deep = Image.fromarray(grey.astype(np.uint16) * 200 + 3000)
    return {
        "grey": (plain, "png"),
        "light on dark": (ink, "png"),
        "low contrast": (plain.point(lambda level: 90 + level // 4), "png"),
        "rgb": (plain.convert("RGB"), "png"),
        "blue on white": (colour, "png"),
        "palette": (plain.convert("P"), "png"),
        "transparent": (transparent, "png"),
        "grey and alpha": (grey_alpha, "png"),
        "16 bits": (deep, "png"),
        "1 bit": (plain.point(lambda level: 255 * (level > 127)).convert("1"), "png"),
        "jpeg": (plain, "jpg"),
        "jpeg in colour": (colour, "jpg"),
        "jpeg, light on dark": (ink, "jpg"),
        "cmyk": (plain.convert("RGB").convert("CMYK"), "jpg"),
        "bmp": (plain, "bmp"),
        "gif": (plain, "gif"),
        "gif with transparency": (grey_alpha.convert("RGBA"), "gif"),
    }


@pytest.mark.parametrize("kind", list(variants(page(DIGITS[0]))))
def test_every_kind_of_picture(tmp_path: Path, kind: str) -> None:
    for digit in DIGITS[:5]:
        picture, suffix = variants(page(digit))[kind]
        picture.save(tmp_path / f"digit.{suffix}")
        # Different digits differ by 60 and more. Pure black and white loses the greys that it is compared with.
        assert difference(read_image(tmp_path / f"digit.{suffix}"), digit) < (
            56 if kind in ("1 bit", "gif with transparency") else 15
        )


@pytest.mark.parametrize("noise", [2.0, 6.0, 10.0])
def test_paper_texture_does_not_blow_up_the_box(tmp_path: Path, noise: float) -> None:
    rng = np.random.default_rng(0)
    for digit in DIGITS[:10]:
        grey = page(digit, scale=4, margin=20).astype(float) * 0.8 + 20
        grey = np.clip(grey + rng.normal(0.0, noise, grey.shape), 0, 255).astype(np.uint8)
        Image.fromarray(grey).save(tmp_path / "noisy.png")
        assert difference(read_image(tmp_path / "noisy.png"), digit) < 30


def test_single_specks_do_not_blow_up_the_box(tmp_path: Path) -> None:
    grey = page(DIGITS[2])
    grey[3, 3] = grey[-5, 40] = 0
    Image.fromarray(grey).save(tmp_path / "specks.png")
    assert difference(read_image(tmp_path / "specks.png"), DIGITS[2]) < 15


def test_mnist_form_comes_back_nearly_the_same(tmp_path: Path) -> None:
    for digit in DIGITS:
        for grey in (digit, 255 - digit):
            Image.fromarray(grey).save(tmp_path / "digit.png")
            back = read_image(tmp_path / "digit.png")
            if max(extent(digit)) == 20 and digit.max() == 255:
                assert (back == digit).all()


def test_real_mnist_comes_back_nearly_the_same(tmp_path: Path) -> None:
    directory = os.environ.get("LENET1998_DATA")
    path = Path(directory or "", "t10k-images-idx3-ubyte.gz")
    if not directory or not path.is_file():
        pytest.skip("needs MNIST: set LENET1998_DATA to the directory of its gzipped files")
    images = parse_idx(read_bounded(path, 7_840_016), str(path))
    for image in images[::20]:
        for grey in (image, 255 - image):
            Image.fromarray(grey).save(tmp_path / "digit.png")
            stretched = image * (255.0 / image.max())
            assert np.abs(read_image(tmp_path / "digit.png") - stretched).max() <= 0.51


def test_the_orientation_that_cameras_note_is_heeded(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # The camera was turned by 90 degrees.
    upright = Image.fromarray(page(DIGITS[1]))
    upright.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "photo.jpg", exif=exif)
    assert difference(read_image(tmp_path / "photo.jpg"), DIGITS[1]) < 15


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))


def png_of_size(width: int, height: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    start = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
    return start + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


def encoded(image: Image.Image, kind: str) -> bytes:
    stream = io.BytesIO()
    image.save(stream, kind)
    return stream.getvalue()


PICTURE = Image.fromarray(page(DIGITS[0]))


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (b"", "is empty, not a PNG"),
        (b"hello", "is text, not a PNG"),
        (b"%PDF-1.7 and so on", "is a PDF document, not a PNG"),
        (encoded(PICTURE, "TIFF"), "is a TIFF picture"),
        (encoded(PICTURE, "BMP")[:700], "cannot be read|damaged"),
        (encoded(PICTURE, "GIF")[:2000], "cannot be read|damaged"),
        (encoded(PICTURE, "PNG")[:300], "cannot be read|damaged"),
        (encoded(PICTURE, "JPEG")[:1000], "cannot be read|damaged"),
        (png_of_size(9_000, 9_000), "64 million pixels"),
        (png_of_size(10_000, 10_000), "64 million pixels"),
        (png_of_size(60_000, 60_000), "64 million pixels"),
        (encoded(Image.new("L", (50, 50), 255), "PNG"), "blank"),
        (encoded(Image.new("RGB", (50, 50), "black"), "JPEG"), "blank"),
        (encoded(Image.new("RGBA", (50, 50), (255, 255, 255, 0)), "PNG"), "blank"),
        (encoded(Image.fromarray(np.random.default_rng(0).integers(0, 256, (60, 60), np.uint8)), "PNG"), "no digit"),
    ],
)
def test_file_refusals(tmp_path: Path, body: bytes, message: str, recwarn: pytest.WarningsRecorder) -> None:
    path = tmp_path / "digit.png"
    path.write_bytes(body)
    with pytest.raises(DataError, match=message) as caught:
        read_image(path)
    assert str(path) in str(caught.value) and "\n" not in str(caught.value)
    assert not recwarn.list


def test_missing_files_and_directories(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="No such file"):
        read_image(tmp_path / "missing.png")
    with pytest.raises(DataError, match="cannot be read"):
        read_image(tmp_path)


@pytest.mark.parametrize("kind", ["digit: pen that skips", "digit: broken", "digit: ruled paper"])
def test_a_digit_in_parts_or_on_ruled_paper_is_one_digit(kind: str, known: list[tuple[np.ndarray, int]]) -> None:
    counts = outcomes((case.picture, int(case.truth or SEVERAL)) for case in made(kind, known))
    assert counts["right"] >= SAMPLE - 1 and counts["wrong"] == 0, counts


@pytest.mark.parametrize("slope", [0.0, 0.0025, -0.0104, 0.0243, None], ids=str)
def test_thin_rules_are_cleared_at_any_slope_and_squares_around_a_one(slope: float | None) -> None:
    """Without a slope the paper is squared, and the digit a 1; else it is a 7, whose bar lies along a rule."""
    ink = np.zeros((354, 290))
    ink[70:200, 150:162] = 1.0
    if slope is not None:
        ink[70:84, 90:162] = 1.0
    written = ink > 0
    x = np.arange(290)
    for row in range(20, 340, 45):
        ink[np.rint(row + (slope or 0.0) * (x - 145)).astype(int), x] = 0.25
    if slope is None:
        ink[:, 10::45] = 0.25
    assert ((without_rules(np.where(written, 1.0, ink), least=0.1) > 0) == written).all()


@pytest.mark.parametrize("reaches", [False, True])
def test_a_dark_bar_among_faint_rules_is_the_digits_unless_it_reaches_as_far(reaches: bool) -> None:
    ink = np.zeros((300, 200))
    ink[30:35] = ink[270:275] = 0.4
    written = np.zeros(ink.shape, bool)
    written[60:190, 120:130] = True  # a 4, and its bar, wider than most rules need be
    if reaches:
        ink[150:155] = 0.9
    else:
        written[150:160, 30:165] = True
    assert ((without_rules(np.where(written, 1.0, ink), least=0.1) > 0) == written).all()


@pytest.mark.parametrize(("thick", "is_rule"), [(0.06, True), (0.1, False)])
def test_what_is_thicker_than_a_share_of_the_height_is_no_rule(thick: float, is_rule: bool) -> None:
    ink = np.zeros((200, 200))
    ink[60:160, 95:105] = 1.0
    written = ink > 0
    ink[100 : 100 + round(200 * thick)] = np.maximum(ink[100 : 100 + round(200 * thick)], 0.4)
    assert ((without_rules(ink, least=0.1) > 0) == written).all() == is_rule


@pytest.mark.parametrize("kind", ["digit: two beside", "digit: two above"])
def test_two_digits_are_no_digit_in_parts(kind: str, known: list[tuple[np.ndarray, int]]) -> None:
    counts = outcomes((case.picture, SEVERAL) for case in made(kind, known))
    assert counts["right"] >= SAMPLE - 1, counts


@pytest.mark.parametrize(
    ("upper", "wide", "several"),
    [(45, 30, True), (40, 30, True), (35, 30, False), (25, 30, False), (45, 48, True), (45, 54, False)],
)
def test_two_close_above_one_another_are_of_one_height_and_high(upper: int, wide: int, several: bool) -> None:
    mask = np.zeros((160, 120), bool)
    mask[20 : 20 + upper, 30 : 30 + wide] = mask[22 + upper : 67 + upper, 30 : 30 + wide] = True
    if several:
        with pytest.raises(DataError, match="several digits"):
            parts_of_digit(mask)
    else:
        assert (parts_of_digit(mask) == mask).all()


def test_two_digits_close_above_one_another_are_no_digit_that_a_pen_left_in_parts() -> None:
    """Their gap is 3 to 6% of a digit's height, as wide as pens skip."""
    source = Source(SYNTHETIC, np.random.default_rng(5))
    counts = outcomes((pair(True, (0.03, 0.06))(source).picture, SEVERAL) for _ in range(2 * SAMPLE))
    assert counts["right"] >= 2 * SAMPLE - 3, counts


@pytest.mark.parametrize("pen", [0.03, 0.05])
def test_a_thick_pen_that_skips_leaves_one_digit(pen: float, known: list[tuple[np.ndarray, int]]) -> None:
    """Gaps up to as wide as the pen, in shares of the picture's height."""
    source = Source(Patterns(known[0][0][None], np.zeros(1, np.uint8)), np.random.default_rng(11))
    refused = 0
    for _ in range(30):
        try:
            parts_of_digit(np.asarray(skipping(pen, (pen / 2, pen))(source).picture.reduce(3)) < 128)
        except DataError:
            refused += 1
    assert refused <= 3, refused


def made(kind: str, known: list[tuple[np.ndarray, int]]) -> Iterator[Case]:
    images, labels = zip(*known, strict=True)
    return cases(kind, Patterns(np.stack(images), np.array(labels, np.uint8)), SAMPLE)
