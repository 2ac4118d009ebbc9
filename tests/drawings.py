"""Pictures of digits as people take and save them, drawn from digits of 28x28: a function a kind, in ``KINDS``.

``tests/photos/test_digit.py`` counts how many of each kind are read rightly.
"""

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from lenet1998.data.strokes import WRITINGS, parse

Random = np.random.Generator
Draw = Callable[[np.ndarray, Random], Image.Image]
SHEET, INK = 245.0, 30.0


def extent(image: np.ndarray) -> tuple[int, int]:
    """Height and width of what is not 0."""
    rows, columns = np.nonzero(image)
    return int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1


def difference(a: np.ndarray, b: np.ndarray) -> float:
    """Mean difference in grey levels over the pixels with ink, at the best shift by one pixel or none."""
    shifted = [np.roll(a, (down, right), (0, 1)) for down in (-1, 0, 1) for right in (-1, 0, 1)]
    return min(float(np.abs(c.astype(int) - b)[(c > 0) | (b > 0)].mean()) for c in shifted)


def picture(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(grey, 0, 255)).astype(np.uint8))


def ink_of(digit: np.ndarray, rng: Random) -> np.ndarray:
    """The digit, or a string, 100 to 300 pixels high: how much ink, float from 0 to 1."""
    side = int(rng.integers(100, 301))
    width = round(side * digit.shape[1] / len(digit))
    enlarged = Image.fromarray(digit).resize((width, side), Image.Resampling.BICUBIC)
    return np.asarray(enlarged, float) / 255.0


def page(digit: np.ndarray, rng: Random) -> np.ndarray:
    return SHEET + (INK - SHEET) * ink_of(digit, rng)


def ramp(grey: np.ndarray, rng: Random) -> np.ndarray:
    """From 0 to 1 across a picture, in any direction."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: grey.shape[0], : grey.shape[1]]
    slope = np.cos(angle) * x + np.sin(angle) * y
    return (slope - slope.min()) / np.ptp(slope)


def shadow(grey: np.ndarray, rng: Random, soft: float = 0.12) -> np.ndarray:
    """0 in the light, 1 in the shadow over a corner, whose edge is this share of the picture."""
    slope = np.mgrid[: grey.shape[0], : grey.shape[1]].sum(axis=0) / sum(grey.shape)
    shade = np.clip((slope - rng.uniform(0.55, 0.75)) / soft, 0, 1)
    return np.flip(shade, axis=[axis for axis in (0, 1) if rng.random() < 0.5])


def framed(grey: np.ndarray, width: int, inset: int = 0, level: float = 0.0) -> np.ndarray:
    drawn = picture(grey)
    corner = (drawn.width - 1 - inset, drawn.height - 1 - inset)
    ImageDraw.Draw(drawn).rectangle((inset, inset, *corner), outline=int(level), width=width)
    return np.asarray(drawn, float)


def on_table(grey: np.ndarray, rng: Random, level: float = 60.0) -> np.ndarray:
    return np.pad(grey, rng.integers(len(grey) // 20, len(grey) // 3, (2, 2)), constant_values=level)


def turned(grey: np.ndarray, rng: Random) -> Image.Image:
    """On a table, by up to 8 degrees."""
    return picture(np.pad(grey, len(grey) // 4, constant_values=60.0)).rotate(
        float(rng.uniform(-8, 8)), Image.Resampling.BICUBIC, fillcolor=60
    )


def scanned(grey: np.ndarray, rng: Random) -> np.ndarray:
    """With the dark edge of a scanner's lid along the left side."""
    dark = grey.copy()
    dark[:, : max(1, int(rng.uniform(0.02, 0.06) * len(grey)))] = 20.0
    return dark


def scanned_askew(grey: np.ndarray, rng: Random) -> np.ndarray:
    """With such edges along one side or two, any of them, blurred and not over the whole length."""
    grey = np.pad(grey, 10, constant_values=SHEET)
    width, share, two, turns = int(rng.integers(2, 9)), rng.uniform(0.6, 1.0), rng.random() < 0.5, rng.integers(4)
    edge = np.zeros_like(np.rot90(grey, -turns))
    edge[: int(share * len(edge)), :width] = 1.0
    if two:
        edge[-width:] = 1.0
    edge = ndimage.gaussian_filter(np.rot90(edge, turns), 1.0)
    return grey * (1 - edge) + 30 * edge


def vignetted(grey: np.ndarray) -> np.ndarray:
    y, x = (np.linspace(-1, 1, size) for size in grey.shape)
    return grey * (1 - 0.2 * (y[:, None] ** 2 + x**2))


def noise(grey: np.ndarray, rng: Random, deviation: float = 2.0) -> np.ndarray:
    return grey + rng.normal(0.0, deviation, grey.shape)


def coloured(one: tuple[int, int, int], other: tuple[int, int, int]) -> Draw:
    """Ink of one colour on a sheet of another."""

    def draw(digit: np.ndarray, rng: Random) -> Image.Image:
        ink = ink_of(digit, rng)[..., None]
        return picture(np.array(one) * ink + np.array(other) * (1 - ink))

    return draw


def photo(digit: np.ndarray, rng: Random) -> Image.Image:
    """A sheet on a brown table, in colours, out of focus, noisy, in slanting light."""
    ink = ink_of(digit, rng)
    margins = rng.integers(len(ink) // 12, len(ink) // 4, (2, 2))
    bands = [
        np.pad(bright - depth * ink, margins, constant_values=wood)
        for bright, depth, wood in ((250, 190, 110), (245, 190, 75), (225, 150, 50))
    ]
    lit = ndimage.gaussian_filter(np.stack(bands, axis=-1), (1.0, 1.0, 0.0))
    return picture(noise(lit * (1 - 0.25 * ramp(bands[0], rng))[..., None], rng, 4.0))


def deep(factor: int) -> Draw:
    """16 bits a pixel, of which fewer are in use."""
    return lambda digit, rng: Image.fromarray((page(digit, rng).clip(0, 255) * factor).astype(np.uint16))


def with_alpha(grey: np.ndarray, alpha: np.ndarray) -> Image.Image:
    return Image.merge("LA", (picture(grey), picture(alpha))).convert("RGBA")


def clear_ink(level: float) -> Draw:
    """Ink of one level on nothing, with any colour underneath that nothing."""

    def draw(digit: np.ndarray, rng: Random) -> Image.Image:
        alpha = 255 * ink_of(digit, rng)
        return with_alpha(np.where(alpha > 0, level, rng.choice([0.0, 255.0])), alpha)

    return draw


def stencil(level: float) -> Draw:
    """A sheet in which the digit is a hole."""

    def draw(digit: np.ndarray, rng: Random) -> Image.Image:
        alpha = 255 - 255 * ink_of(digit, rng)
        return with_alpha(np.full(alpha.shape, level), alpha)

    return draw


def marked(digit: np.ndarray, rng: Random) -> Image.Image:
    """A grey picture whose black is marked as transparent."""
    made = Image.fromarray(digit)
    made.info["transparency"] = 0
    return made


def round_corners(digit: np.ndarray, rng: Random) -> Image.Image:
    made = picture(page(digit, rng)).convert("RGBA")
    mask = Image.new("L", made.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((2, 2, made.width - 3, made.height - 3), min(made.size) // 8, fill=255)
    made.putalpha(mask)
    return made


def jpeg(quality: int) -> Draw:
    def draw(digit: np.ndarray, rng: Random) -> Image.Image:
        stream = io.BytesIO()
        Image.fromarray(digit).save(stream, "JPEG", quality=quality)
        return Image.open(stream)

    return draw


def written(writing: str, width: float, height: int = 1000) -> Image.Image:
    """A digit of ``strokes.WRITINGS`` by a pen of a width that is this share of the height."""
    made = Image.new("L", (int(0.7 * height), height), 250)
    for stroke in writing.split("|"):
        points, weights = parse(stroke)
        line = (weights @ points) * 0.0067 * height + 0.15 * height
        ImageDraw.Draw(made).line(
            [tuple(at) for at in line], fill=20, width=max(1, round(width * height)), joint="curve"
        )
    return made


def all_written(width: float) -> list[tuple[Image.Image, int]]:
    """Each way of writing each digit, and which digit it is."""
    return [(written(writing, width), digit) for digit, ways in enumerate(WRITINGS) for writing in ways]


def beside(one: np.ndarray, other: np.ndarray, rng: Random) -> Image.Image:
    return picture(page(np.concatenate([one, other], axis=1), rng).repeat(2, axis=1))


def above(one: np.ndarray, other: np.ndarray, rng: Random) -> Image.Image:
    return picture(page(np.concatenate([one, other]), rng).repeat(2, axis=0))


def close(one: np.ndarray, other: np.ndarray, rng: Random) -> Image.Image:
    """Beside each other, one MNIST pixel apart, standing on a line."""
    one, other = (digit[digit.any(axis=1)][:, digit.any(axis=0)] for digit in (one, other))
    tall = max(len(one), len(other))
    pair = [np.pad(digit, ((tall - len(digit) + 4, 4), (1, 0))) for digit in (one, other)]
    ink = np.pad(np.concatenate(pair, axis=1), ((0, 0), (4, 4))).repeat(6, axis=0).repeat(6, axis=1)
    return picture(SHEET + (INK - SHEET) * ink / 255.0)


UNEVEN: dict[str, Draw] = {
    "frame": lambda digit, rng: picture(framed(page(digit, rng), 1)),
    "thick frame": lambda digit, rng: picture(
        framed(page(digit, rng), int(rng.integers(2, 8)), 0, rng.uniform(0, 120))
    ),
    "box": lambda digit, rng: picture(framed(np.pad(page(digit, rng), 12, constant_values=SHEET), 2, 5, 40)),
    "light frame": lambda digit, rng: picture(255 - framed(page(digit, rng), int(rng.integers(1, 4)))),
    "table": lambda digit, rng: picture(on_table(page(digit, rng), rng)),
    "noisy table": lambda digit, rng: picture(noise(on_table(page(digit, rng), rng, rng.uniform(20, 130)), rng, 4.0)),
    "turned table": lambda digit, rng: turned(page(digit, rng), rng),
    "table, two sides": lambda digit, rng: picture(np.pad(page(digit, rng), ((0, 20), (30, 0)), constant_values=70.0)),
    "light table": lambda digit, rng: picture(255 - on_table(page(digit, rng), rng, 40.0)),
    "shadow": lambda digit, rng: picture((grey := page(digit, rng)) * (1 - 0.2 * shadow(grey, rng))),
    "hard shadow": lambda digit, rng: picture((grey := page(digit, rng)) * (1 - 0.25 * shadow(grey, rng, 0.02))),
    "deep shadow": lambda digit, rng: picture((grey := page(digit, rng)) * (1 - 0.4 * shadow(grey, rng, 0.2))),
    "gradient": lambda digit, rng: picture((grey := page(digit, rng)) * (1 - 0.2 * ramp(grey, rng))),
    "steep gradient": lambda digit, rng: picture(
        noise((grey := page(digit, rng)) * (1 - rng.uniform(0.3, 0.6) * ramp(grey, rng)), rng)
    ),
    "light gradient": lambda digit, rng: picture(255 - (grey := page(digit, rng)) + 50 * ramp(grey, rng)),
    "vignette": lambda digit, rng: picture(vignetted(page(digit, rng))),
    "scanner": lambda digit, rng: picture(scanned(page(digit, rng), rng)),
    "scanner, askew": lambda digit, rng: picture(scanned_askew(page(digit, rng), rng)),
    "scanner and shadow": lambda digit, rng: picture(
        (grey := scanned(page(digit, rng), rng)) * (1 - 0.2 * shadow(grey, rng))
    ),
    "frame and gradient": lambda digit, rng: picture(
        (grey := framed(page(digit, rng), 1)) * (1 - 0.25 * ramp(grey, rng))
    ),
    "table and shadow": lambda digit, rng: picture(
        noise((grey := on_table(page(digit, rng), rng)) * (1 - 0.2 * shadow(grey, rng)), rng)
    ),
    "pale and gradient": lambda digit, rng: picture(
        (230 - 90 * (ink := ink_of(digit, rng))) * (1 - 0.2 * ramp(ink, rng))
    ),
    "photo": photo,
}
OTHERS: dict[str, Draw] = {
    "plain": lambda digit, rng: picture(page(digit, rng)),
    "light on dark": lambda digit, rng: picture(255 - page(digit, rng)),
    "red on green": coloured((255, 0, 0), (0, 130, 0)),
    "blue on red": coloured((0, 90, 255), (200, 40, 20)),
    "yellow on white": coloured((255, 230, 0), (255, 255, 230)),
    "8 of 16 bits": deep(1),
    "10 of 16 bits": deep(4),
    "12 of 16 bits": deep(16),
    "cut out": lambda digit, rng: with_alpha(digit, 255 * (digit > 0)),
    "marked": marked,
    "white ink": clear_ink(255.0),
    "black ink": clear_ink(0.0),
    "white stencil": stencil(255.0),
    "black stencil": stencil(0.0),
    "round corners": round_corners,
    "JPEG of 28x28": jpeg(75),
}
FIRST = ("hard shadow", "turned table", "scanner, askew", "photo", "light gradient", "red on green", "marked", "frame")
KINDS = {kind: (UNEVEN | OTHERS)[kind] for kind in dict.fromkeys([*FIRST, *UNEVEN, *OTHERS])}
"""The first ones have one of each cause that is looked at."""
WHY = "changes of lenet1998/photos, where every kind is tried"
PAIRS: dict[str, Callable[[np.ndarray, np.ndarray, Random], Image.Image]] = {
    "two beside": beside,
    "two above": above,
    "two close": close,
}
