"""Signs, letters and words beside digits, or alone: from fonts and hands, some to learn from, others to measure."""

from functools import cache
from pathlib import Path

import matplotlib
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from experiments.pictures.made.paper import (
    Case,
    Make,
    Random,
    Source,
    around,
    chosen,
    glyph,
    laid,
    sheet,
    shot,
    strokes,
)

# Whole fonts are held back, and whole kinds of signs and letters: some to measure on, and others, which are tried when
# `experiments.pictures.sure` asks how far to trust a network on what it did not learn.
LEARNED_FONTS = (
    "DejaVuSans",
    "DejaVuSans-Bold",
    "DejaVuSans-BoldOblique",
    "DejaVuSans-Oblique",
    "DejaVuSansMono",
    "DejaVuSansMono-Oblique",
    "cmb10",
    "cmr10",
    "cmtt10",
    "STIXGeneral",
    "STIXGeneralBol",
)
OTHER_FONTS = ("DejaVuSerif", "DejaVuSerif-Italic", "cmss10", "STIXGeneralItalic", "DejaVuSansMono-Bold")
TRIED_FONTS = ("DejaVuSerif-Bold", "DejaVuSerif-BoldItalic", "cmti10", "STIXGeneralBolIta")
LEARNED_SIGNS = "/|()[]=#$?%+&*<>-_:;!~^{}@\\¢¤©®«»±÷×¿†‡√∫∏∞≠≤≥∈∩∪←→↑↓♠♣♥♦★☼✓✗"
OTHER_SIGNS = "€£§"
TRIED_SIGNS = "¥¶"
# l, I, O, o look like digits in many hands; B, S, Z, b, g, q, s, z nearly.
LEARNED_LETTERS = (
    "ACDEFHJKLMPRTUVWXYacdehkmnprtuvxyÀÂÅÇÈÉÊÐÝÞŁŠŽàâåçèéêëðñòóôõùúûýþłœšž"
    "ΓΘΛΞΠΦΨαγεηκλμνπτυφχψωБГДИЙЛПФЦШЩЪЫЯджиклмнптфцшщыюя"
)
OTHER_LETTERS = "GNfijäöüßΔΣ"
TRIED_LETTERS = "QwæΩЖЮ"

Polyline = list[tuple[float, float]]


def _p(text: str) -> list[Polyline]:
    return [[tuple(map(float, at.split(","))) for at in part.split()] for part in text.split("|")]  # type: ignore[misc]


# By hand, in hundredths of a digit's height, rows downwards: (learned, measured) hands.
HANDS: dict[str, tuple[str, str]] = {
    "/": ("45,-12 0,112", "62,-5 4,108"),
    "|": ("5,-15 5,115", "8,-22 3,118"),
    "(": ("22,-10 4,25 2,60 20,112", "26,-12 8,10 2,50 10,90 28,110"),
    ")": ("2,-10 20,25 22,60 4,112", "2,-12 20,12 26,50 18,88 0,110"),
    "=": ("0,40 45,38 | 2,65 46,64", "0,36 52,40 | 0,58 50,62"),
    "#": ("20,5 12,98 | 46,4 40,96 | 0,35 60,33 | 0,68 58,66", "24,0 8,100 | 52,0 36,100 | 4,32 66,28 | 0,70 60,64"),
    "$": (
        "48,20 28,8 8,22 20,44 42,58 46,80 24,94 2,82 | 26,-8 26,108",
        "50,14 20,10 10,34 44,56 48,84 20,92 4,80 | 30,-12 22,112",
    ),
    "€": (
        "50,14 26,6 8,40 12,78 32,96 52,86 | 0,40 40,40 | 0,60 36,60",
        "54,18 34,0 12,24 10,70 30,98 52,90 | -2,36 44,34 | -2,56 40,54",
    ),
    "?": ("4,22 20,4 42,14 40,38 22,54 21,74 | 21,94 22,97", "2,16 26,0 46,20 28,46 24,70 | 22,92 24,98"),
    "%": (
        "12,6 2,20 12,34 22,20 12,6 | 58,2 6,98 | 50,66 40,80 50,96 60,80 50,66",
        "14,4 0,16 12,30 26,16 14,4 | 66,0 0,100 | 54,70 42,84 54,100 68,84 54,70",
    ),
    "A": ("0,100 26,2 52,100 | 10,64 44,64", "4,100 30,0 | 30,0 50,100 | 8,58 48,62"),
    "+": ("0,55 46,55 | 23,30 23,80", "0,52 54,50 | 28,24 26,78"),
    "£": ("46,18 30,4 18,24 22,60 4,96 | 4,96 50,96 | 4,56 36,56", "48,14 28,2 16,30 20,70 2,98 52,94 | 2,54 38,52"),
    "k": ("4,0 4,100 | 36,42 6,70 38,100", "8,0 2,98 | 40,40 4,66 40,98"),
    "E": ("46,4 4,4 4,96 46,96 | 4,48 38,48", "44,0 6,2 | 6,2 4,98 48,96 | 6,50 40,46"),
    "X": ("0,2 50,98 | 50,2 0,98", "4,0 46,100 | 54,4 0,94"),
    "H": ("2,2 2,98 | 46,2 46,98 | 2,50 46,48", "6,0 2,100 | 50,0 48,98 | 4,52 50,46"),
    "W": ("0,4 14,96 30,30 46,96 60,4", "0,0 18,100 32,40 50,98 66,0"),
    "m": (
        "2,40 2,98 | 2,60 20,40 28,60 28,98 | 28,60 46,40 54,60 54,98",
        "4,38 0,100 | 3,58 22,42 26,98 | 27,58 48,42 52,98",
    ),
    "R": ("4,98 4,2 40,8 40,44 4,50 44,98", "6,100 8,0 44,14 34,46 8,50 | 12,50 48,98"),
}
LEARNED_HAND = "/|()=#$%A+kEXHmW"
OTHER_HAND = "/|()=#$€?%A+£kRHmW"


@cache
def _font(name: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(Path(matplotlib.get_data_path(), "fonts/ttf", f"{name}.ttf")), size)


@cache
def has(font: str, sign: str) -> bool:
    from matplotlib.ft2font import FT2Font

    return ord(sign) in FT2Font(str(Path(matplotlib.get_data_path(), "fonts/ttf", f"{font}.ttf"))).get_charmap()


@cache
def printed(text: str, font: str, high: float) -> tuple[np.ndarray, float]:
    """Ink of a text whose digits would be so high, and how far its middle is below a digit's, in heights."""
    face = _font(font, 200)
    if not all(has(font, each) for each in text):
        face = _font("DejaVuSerif", 200)
    top, bottom = face.getbbox("0")[1::2]
    canvas = Image.new("L", (max(1, int(face.getlength(text))) + 400, 800), 0)
    ImageDraw.Draw(canvas).text((200, 200), text, font=face, fill=255)
    box = canvas.getbbox()
    if box is None:
        return np.zeros((2, 2)), 0.0
    scale = high / (bottom - top)
    size = [max(2, round(each * scale)) for each in (box[2] - box[0], box[3] - box[1])]
    ink = np.asarray(canvas.crop(box).resize(size, Image.Resampling.HAMMING), float) / 255.0
    return ink, ((box[1] + box[3]) / 2 - 200 - (top + bottom) / 2) / (bottom - top)


def by_hand(sign: str, high: float, rng: Random, learning: bool, lean: float = 0.0) -> tuple[np.ndarray, float]:
    """The same of a sign of `HANDS`, which leans to the right by a share of its height."""
    lines = [[(x + lean * (100 - y), y) for x, y in each] for each in _p(HANDS[sign][0 if learning else 1])]
    rows = [y for each in lines for _, y in each]
    return strokes(lines, high, rng.uniform(0.06, 0.13), rng), ((min(rows) + max(rows)) / 2 - 50) / 100


def sign_of(sign: str, high: float, source: Source) -> tuple[np.ndarray, float]:
    """A sign by hand where there is a hand for it, half the time, or of one of the fonts."""
    rng, hands = source.rng, LEARNED_HAND if source.learning else OTHER_HAND
    if sign in hands and rng.random() < 0.5:
        return by_hand(sign, high, rng, source.learning, float(rng.normal(0, 0.25)) if source.learning else 0.0)
    return printed(sign, font_for(sign, source), high)


def font_for(text: str, source: Source) -> str:
    """A font to measure on, or one that was tried, which has the letters; no network learned from either."""
    tried = [font for font in TRIED_FONTS if all(has(font, each) for each in text)]
    return str(source.rng.choice(tried if source.learning else OTHER_FONTS))


def beside_digits(sign: str, source: Source, high: float = 64, count: int = 4, mark: str = "any") -> Case:
    """Digits with a sign before, behind or between them."""
    rng = source.rng
    images, truth = chosen(source, count)
    parts: list[tuple[np.ndarray, float]] = [(glyph(image, high), float(rng.uniform(-0.04, 0.04))) for image in images]
    parts.insert(int(rng.choice(np.array([0, count, rng.integers(1, count)]))), sign_of(sign, high, source))
    ink = laid([part for part, _ in parts], high, rng.uniform(0.12, 0.4, count + 1), [top for _, top in parts])
    return Case(shot(sheet(around(ink, high)), rng), truth, mark=mark)


def word(source: Source, high: float = 64) -> Case:
    """Letters alone, printed or by hand."""
    rng = source.rng
    if rng.random() < 0.6:
        letters = LEARNED_LETTERS if source.learning else LEARNED_LETTERS + OTHER_LETTERS
        text = "".join(rng.choice(list(letters), rng.integers(2, 6)))
        ink, _ = printed(text, font_for(text, source), high)
    else:
        hands = [sign for sign in (LEARNED_HAND if source.learning else OTHER_HAND) if sign.isalpha()]
        parts = [
            by_hand(str(rng.choice(np.array(hands))), high, rng, source.learning)
            for _ in range(int(rng.integers(2, 6)))
        ]
        ink = laid([part for part, _ in parts], high, rng.uniform(0.1, 0.3, len(parts)), [top for _, top in parts])
    return Case(shot(sheet(around(ink, high)), rng), None)


def _any(*signs: str, tried: str = "") -> Make:
    """One of these signs beside digits; to learn from, where nothing may know these, one of those that were tried."""
    return lambda source: beside_digits(
        str(source.rng.choice(np.array(list(tried) if tried and source.learning else signs))), source
    )


SIGNS: dict[str, Make] = {
    "slash": _any("/"),
    "brackets": _any("(", ")"),
    "equals": _any("="),
    "hash": _any("#"),
    "bar": _any("|"),
    "dollar": _any("$"),
    "euro": _any("€", tried=TRIED_SIGNS),
    "question": _any("?"),
    "percent": _any("%"),
    "letter A": _any("A"),
    "plus": _any("+"),
    "kg": _any("kg"),
    "No": _any("No"),
    "pound": _any("£"),
    "section": _any("§"),
    "other letter": _any(*OTHER_LETTERS, tried=TRIED_LETTERS),
    "words": word,
}
