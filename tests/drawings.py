"""How often pictures that are not one digit on an even sheet are read rightly, refused, or read wrongly, by kind.

    python -m tests.pictures [--count 100] [--data-dir DIR] [KIND ...]

The pictures are drawn here, from digits of MNIST's test set (``--train``: of its training set, to choose by) and
``lenet1998.data.strokes``; the network ``default`` answers. ``tests/data/test_pictures.py`` asserts the bars.
"""

from __future__ import annotations

import argparse
import io
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from lenet1998.commands.networks import chosen_network, engine_of
from lenet1998.data.mnist import load_mnist
from lenet1998.data.pictures import read_image
from lenet1998.data.strokes import WRITINGS, parse
from lenet1998.errors import DataError

SHEET, INK = 245.0, 30.0
Random = np.random.Generator
Draw = Callable[[np.ndarray, Random], Image.Image]


def large(digit: np.ndarray, rng: Random) -> np.ndarray:
    """Shares of ink, float (S, S) of 0 to 1, S from 100 to 300."""
    side = int(rng.integers(100, 301))
    return np.asarray(Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC), float) / 255.0


def page(ink: np.ndarray) -> np.ndarray:
    return SHEET + (INK - SHEET) * ink


def picture(grey: np.ndarray) -> Image.Image:
    return Image.fromarray(np.rint(np.clip(grey, 0, 255)).astype(np.uint8))


def plain(digit: np.ndarray, rng: Random) -> Image.Image:
    return picture(page(large(digit, rng)))


def light_on_dark(digit: np.ndarray, rng: Random) -> Image.Image:
    return picture(255 - page(large(digit, rng)))


def framed(grey: np.ndarray, width: int, inset: int = 0, level: float = 0.0) -> np.ndarray:
    inner = np.zeros(grey.shape, bool)
    outer = inner.copy()
    outer[inset : len(grey) - inset, inset : grey.shape[1] - inset] = True
    inner[inset + width : len(grey) - inset - width, inset + width : grey.shape[1] - inset - width] = True
    return np.where(outer & ~inner, level, grey)


def frame(digit: np.ndarray, rng: Random) -> Image.Image:
    return picture(framed(page(large(digit, rng)), 1))


def thick_frame(digit: np.ndarray, rng: Random) -> Image.Image:
    return picture(framed(page(large(digit, rng)), int(rng.integers(2, 8)), level=float(rng.uniform(0, 120))))


def box_inset(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = np.pad(page(large(digit, rng)), 12, constant_values=SHEET)
    return picture(framed(grey, int(rng.integers(1, 4)), int(rng.integers(3, 9)), 40.0))


def light_frame(digit: np.ndarray, rng: Random) -> Image.Image:
    return picture(255 - framed(page(large(digit, rng)), int(rng.integers(1, 4))))


def on_table(digit: np.ndarray, rng: Random, table: float = 60.0) -> np.ndarray:
    grey = page(large(digit, rng))
    margins = rng.integers(len(grey) // 20, len(grey) // 3, (2, 2))
    return np.pad(grey, margins, constant_values=table)


def table(digit: np.ndarray, rng: Random) -> Image.Image:
    return picture(on_table(digit, rng))


def noisy_table(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = on_table(digit, rng, float(rng.uniform(20, 130)))
    return picture(ndimage.gaussian_filter(grey, 0.8) + rng.normal(0.0, 4.0, grey.shape))


def turned_table(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = picture(page(large(digit, rng)))
    size = int(1.5 * grey.width)
    under = Image.new("L", (size, size), 60)
    sheet = Image.new("L", grey.size, 255)
    at = (int(rng.integers(0.2 * grey.width, 0.3 * grey.width)),) * 2
    under.paste(grey, at)
    return under.rotate(float(rng.uniform(-8, 8)), Image.Resampling.BICUBIC, fillcolor=60) if sheet else under


def table_two_sides(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = page(large(digit, rng))
    part = len(grey) // 6
    return picture(np.pad(grey, ((0, part), (part, 0)), constant_values=70.0))


def light_table(digit: np.ndarray, rng: Random) -> Image.Image:
    """A dark sheet with light ink on a light table."""
    return picture(255 - on_table(digit, rng, 40.0))


def ramp(shape: tuple[int, ...], rng: Random) -> np.ndarray:
    """From 0 to 1 across the picture, in any direction."""
    angle = rng.uniform(0, 2 * np.pi)
    y, x = np.mgrid[: shape[0], : shape[1]]
    slope = np.cos(angle) * x + np.sin(angle) * y
    return (slope - slope.min()) / np.ptp(slope)


def corner(shape: tuple[int, ...], rng: Random, soft: float) -> np.ndarray:
    """0 in the light, 1 in the shadow over a corner."""
    slope = np.mgrid[: shape[0], : shape[1]].sum(axis=0) / sum(shape)
    shadow = np.clip((slope - rng.uniform(0.55, 0.75)) / soft, 0, 1)
    return np.rot90(shadow, rng.integers(4)) if shape[0] == shape[1] else shadow


def shadow(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = page(large(digit, rng))
    return picture(grey * (1 - 0.2 * corner(grey.shape, rng, 0.12)))


def hard_shadow(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = page(large(digit, rng))
    return picture(grey * (1 - 0.25 * corner(grey.shape, rng, 0.02)))


def deep_shadow(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = page(large(digit, rng))
    return picture(grey * (1 - 0.4 * corner(grey.shape, rng, 0.2)))


def gradient(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = page(large(digit, rng))
    return picture(grey * (1 - 0.2 * ramp(grey.shape, rng)))


def steep_gradient(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = page(large(digit, rng))
    return picture(grey * (1 - rng.uniform(0.3, 0.6) * ramp(grey.shape, rng)) + rng.normal(0, 2, grey.shape))


def light_gradient(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = 255 - page(large(digit, rng))
    return picture(grey + 50 * ramp(grey.shape, rng))


def vignette(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = page(large(digit, rng))
    y, x = np.mgrid[-1 : 1 : grey.shape[0] * 1j, -1 : 1 : grey.shape[1] * 1j]
    return picture(grey * (1 - 0.2 * (x**2 + y**2)))


def scanner_edge(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = page(large(digit, rng))
    width = max(1, int(rng.uniform(0.02, 0.06) * len(grey)))
    grey[:, :width] = 20.0
    return picture(np.rot90(grey, rng.integers(4)) if width == 0 else grey)


def scanner_other(digit: np.ndarray, rng: Random) -> Image.Image:
    """On any one or two sides, blurred, not over the whole length."""
    grey = np.pad(page(large(digit, rng)), 10, constant_values=SHEET)
    width, length = int(rng.integers(2, 9)), int(rng.uniform(0.6, 1.0) * len(grey))
    edge = np.zeros(grey.shape)
    edge[:length, :width] = 1.0
    if rng.random() < 0.5:
        edge[-width:] = 1.0
    edge = ndimage.gaussian_filter(np.rot90(np.rot90(edge, rng.integers(4)), 0), 1.0)
    return picture(grey * (1 - edge) + 30 * edge)


def edge_and_shadow(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = np.asarray(scanner_edge(digit, rng), float)
    return picture(grey * (1 - 0.2 * corner(grey.shape, rng, 0.12)))


def frame_and_gradient(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = np.asarray(frame(digit, rng), float)
    return picture(grey * (1 - 0.25 * ramp(grey.shape, rng)))


def table_and_shadow(digit: np.ndarray, rng: Random) -> Image.Image:
    grey = on_table(digit, rng)
    return picture(grey * (1 - 0.2 * corner(grey.shape, rng, 0.12)) + rng.normal(0, 2, grey.shape))


def pale_and_gradient(digit: np.ndarray, rng: Random) -> Image.Image:
    ink = large(digit, rng)
    return picture((230 - 90 * ink) * (1 - 0.2 * ramp(ink.shape, rng)))


def photo(digit: np.ndarray, rng: Random) -> Image.Image:
    """A sheet on a brown table, in colours, out of focus, noisy, in slanting light."""
    ink = large(digit, rng)
    sheet = np.stack([(250 - 190 * ink), (245 - 190 * ink), (225 - 150 * ink)], axis=-1)
    margins = [*rng.integers(len(ink) // 12, len(ink) // 4, (2, 2)), (0, 0)]
    brown = np.stack([np.pad(sheet[..., c], margins[:2], constant_values=v) for c, v in enumerate((110, 75, 50))], -1)
    lit = ndimage.gaussian_filter(brown, (1.0, 1.0, 0)) * (1 - 0.25 * ramp(brown.shape[:2], rng))[..., None]
    return Image.fromarray(np.clip(lit + rng.normal(0, 4, lit.shape), 0, 255).astype(np.uint8))


def two_digits(digit: np.ndarray, rng: Random) -> Image.Image:
    other = np.roll(DIGITS[rng.integers(len(DIGITS))], 0)
    return picture(page(large(np.concatenate([digit, other], axis=1), rng).repeat(2, axis=1)))


def two_close(digit: np.ndarray, rng: Random) -> Image.Image:
    """Cropped, of unlike heights, some five pixels of a hundred apart."""
    other = DIGITS[rng.integers(len(DIGITS))]
    a, b = (x[:, x.any(axis=0)][x.any(axis=1)] for x in (digit, other))
    a, b = (np.asarray(Image.fromarray(x).resize((5 * x.shape[1], 5 * x.shape[0]), 3)) for x in (a, b))
    b = np.pad(b, ((max(0, len(a) - len(b)), 0), (5, 0)))
    a = np.pad(a, ((max(0, len(b) - len(a)), 0), (0, 0)))
    return picture(page(np.pad(np.concatenate([a, b], axis=1), 30) / 255.0))


def two_above(digit: np.ndarray, rng: Random) -> Image.Image:
    other = DIGITS[rng.integers(len(DIGITS))]
    return picture(page(np.repeat(np.repeat(np.concatenate([digit, other]), 4, 0), 4, 1) / 255.0))


def red_on_green(digit: np.ndarray, rng: Random) -> Image.Image:
    ink = large(digit, rng)[..., None]
    return Image.fromarray(np.rint(np.array([255, 0, 0]) * ink + np.array([0, 130, 0]) * (1 - ink)).clip(0, 255).astype(np.uint8))


def other_colours(digit: np.ndarray, rng: Random) -> Image.Image:
    """Pairs of colours of about the same brightness."""
    ink = large(digit, rng)[..., None]
    pairs = (((0, 90, 255), (200, 40, 20)), ((255, 230, 0), (255, 255, 230)), ((0, 150, 0), (150, 60, 200)))
    one, other = (np.array(colour) for colour in pairs[rng.integers(3)])
    return Image.fromarray(np.rint(one * ink + other * (1 - ink)).clip(0, 255).astype(np.uint8))


def depth(factor: float) -> Draw:
    def draw(digit: np.ndarray, rng: Random) -> Image.Image:
        return Image.fromarray((page(large(digit, rng)).clip(0, 255) * factor).astype(np.uint16))

    return draw


def cut_out(digit: np.ndarray, rng: Random) -> Image.Image:
    """MNIST's black made transparent."""
    return Image.fromarray(np.stack([digit, digit, digit, 255 * (digit > 0)], -1).astype(np.uint8))


def inked(level: int) -> Draw:
    """Ink of one level on nothing."""

    def draw(digit: np.ndarray, rng: Random) -> Image.Image:
        alpha = (255 * large(digit, rng)).clip(0, 255).astype(np.uint8)
        below = int(rng.choice([0, 255]))
        colour = np.where(alpha > 0, level, below).astype(np.uint8)
        return Image.fromarray(np.stack([colour, colour, colour, alpha], -1))

    return draw


def stencil(level: int) -> Draw:
    """A sheet in which the digit is a hole."""

    def draw(digit: np.ndarray, rng: Random) -> Image.Image:
        alpha = (255 - 255 * large(digit, rng)).clip(0, 255).astype(np.uint8)
        return Image.fromarray(np.stack([np.full_like(alpha, level), alpha], -1), "LA")

    return draw


def marked(digit: np.ndarray, rng: Random) -> Image.Image:
    """A grey PNG whose black is marked as transparent."""
    made = Image.fromarray(digit)
    made.info["transparency"] = 0
    return made


def clear_margin(digit: np.ndarray, rng: Random) -> Image.Image:
    """A white sheet with round corners."""
    grey = picture(page(large(digit, rng))).convert("RGBA")
    mask = Image.new("L", grey.size, 0)
    ImageDraw.Draw(mask).rounded_rectangle((2, 2, grey.width - 3, grey.height - 3), grey.width // 8, fill=255)
    grey.putalpha(mask)
    return grey


def jpeg(quality: int, size: int = 28) -> Draw:
    def draw(digit: np.ndarray, rng: Random) -> Image.Image:
        stream = io.BytesIO()
        Image.fromarray(digit).save(stream, "JPEG", quality=quality)
        return Image.open(stream)

    return draw


def strokes(width: float, height: int = 1000) -> Callable[[str], Image.Image]:
    def draw(writing: str) -> Image.Image:
        made = Image.new("L", (int(0.7 * height), height), 250)
        for stroke in writing.split("|"):
            points, weights = parse(stroke)
            line = [tuple(point) for point in (weights @ points) * (0.0067 * height) + 0.15 * height]
            ImageDraw.Draw(made).line(line, fill=20, width=max(1, round(width * height)), joint="curve")
        return made

    return draw


PENS = {f"pen of {width}%": strokes(width / 100) for width in (0.2, 0.4, 0.6, 1.0, 1.5, 3.0)}
KINDS: dict[str, Draw] = {
    "plain": plain,
    "light on dark": light_on_dark,
    "frame": frame,
    "thick frame": thick_frame,
    "box": box_inset,
    "light frame": light_frame,
    "table": table,
    "noisy table": noisy_table,
    "turned table": turned_table,
    "table, two sides": table_two_sides,
    "light table": light_table,
    "shadow": shadow,
    "hard shadow": hard_shadow,
    "deep shadow": deep_shadow,
    "gradient": gradient,
    "steep gradient": steep_gradient,
    "light gradient": light_gradient,
    "vignette": vignette,
    "scanner": scanner_edge,
    "scanner, other": scanner_other,
    "edge and shadow": edge_and_shadow,
    "frame and gradient": frame_and_gradient,
    "table and shadow": table_and_shadow,
    "pale and gradient": pale_and_gradient,
    "photo": photo,
    "two digits": two_digits,
    "two close": two_close,
    "two above": two_above,
    "red on green": red_on_green,
    "other colours": other_colours,
    "8 of 16 bits": depth(1),
    "12 of 16 bits": depth(16),
    "10 of 16 bits": depth(4),
    "cut out": cut_out,
    "marked": marked,
    "white ink": inked(255),
    "black ink": inked(0),
    "white stencil": stencil(255),
    "black stencil": stencil(0),
    "round corners": clear_margin,
    "JPEG 75": jpeg(75),
    "JPEG 90": jpeg(90),
    "JPEG 50": jpeg(50),
}
DIGITS = np.zeros((1, 28, 28), np.uint8)


def outcomes(pictures: Iterable[tuple[Image.Image, int]], folder: Path) -> list[str]:
    """"right", "wrong" or the refusal, for pictures and what they show."""
    network = engine_of(chosen_network("default")[0])
    said = []
    for made, label in pictures:
        suffix = "jpg" if made.format == "JPEG" else "png"
        path = folder / f"digit.{suffix}"
        if suffix == "jpg":
            path.write_bytes(made.fp.getvalue())
        else:
            made.save(path, **({"transparency": made.info["transparency"]} if "transparency" in made.info else {}))
        try:
            answer = network.penalties(read_image(path)[None])[0].argmin()
        except DataError as error:
            said.append(str(error).split(": ")[1])
            continue
        said.append("right" if answer == label else "wrong")
    return said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kinds", nargs="*")
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--train", action="store_true")
    parser.add_argument("--keep", type=Path)
    arguments = parser.parse_args()
    data = load_mnist()
    patterns = data.train if arguments.train else data.test
    global DIGITS
    with tempfile.TemporaryDirectory() as folder:
        for name, draw in {**KINDS, **PENS}.items():
            if arguments.kinds and name not in arguments.kinds:
                continue
            rng = np.random.default_rng(arguments.seed)
            if name in PENS:
                made = [(draw(writing), label) for label, row in enumerate(WRITINGS) for writing in row]
            else:
                chosen = rng.choice(len(patterns), arguments.count, replace=False)
                DIGITS = patterns.images[chosen]
                made = [(draw(patterns.images[k], rng), int(patterns.labels[k])) for k in chosen]
            said = outcomes(made, Path(folder))
            if arguments.keep:
                arguments.keep.mkdir(exist_ok=True)
                for n, ((im, l), s) in enumerate(zip(made, said)):
                    if s != "right": im.save(arguments.keep / f"{name}_{n}_{l}_{s[:10]}.png".replace(" ","_"))
            refused = [one for one in said if one not in ("right", "wrong")]
            print(f"{name:<20} {said.count('right'):4} right {len(refused):4} refused {said.count('wrong'):4} wrong   "
                  f"{max(set(refused), key=refused.count)[:60] if refused else ''}", flush=True)


if __name__ == "__main__":
    main()
