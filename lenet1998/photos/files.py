"""From a picture's file to arrays of brightness: formats, bit depths, palettes, transparency, cameras' notes.

What a decoder makes of a file is all that counts here; what is ink on it, ``ink`` finds out.
"""

import io
import warnings
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageOps
from scipy import ndimage

from lenet1998.errors import DataError, reason_of
from lenet1998.photos.signatures import HEAD, kind_of

FORMATS = ("PNG", "JPEG", "BMP", "GIF")
NAMES = "PNG, JPEG, BMP or GIF"
MAX_PIXELS = 64_000_000
MAX_BYTES = 512_000_000
# Longer sides are halved, or more, before anything else: a digit of 20 pixels has no use for them.
LONGEST_SIDE = 2048
# The chunks of a PNG that make its pixels, and the orientation. Notes, of any size and in any state, are passed over.
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_CHUNKS = (b"IHDR", b"PLTE", b"tRNS", b"eXIf", b"IDAT", b"IEND")


class Planes(NamedTuple):
    """A picture as float32 (P, H, W), each plane from 0 for black to 255, and by how much both sides were reduced."""

    planes: np.ndarray
    times: int


def read_planes(path: Path) -> Planes:
    """Return a picture as planes: the brightness; of a picture in colours, red, green and blue follow.

    Neither side is longer than 2,048. What is transparent gets the backing, black or white, that what is drawn
    stands out from. Raises ``DataError`` if the file cannot be read, is no picture, or has more than 64 million pixels.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     Image.new("RGB", (3, 2), "red").save(folder + "/red.png")
    ...     read_planes(Path(folder, "red.png")).planes[:, 0, 0].tolist()
    [76.0, 255.0, 0.0, 0.0]
    """
    try:
        with path.open("rb") as file:
            body = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror}): give a readable {NAMES} image") from None
    if len(body) > MAX_BYTES:
        raise DataError(f"{path} has more than {MAX_BYTES // 10**6} million bytes: scale it down")
    try:
        with warnings.catch_warnings():
            # Pillow warns of sizes that are refused here, and of cameras' notes that it passes over.
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(_without_notes(body)), formats=FORMATS) as picture:
                width, height = picture.size
                if width * height > MAX_PIXELS:
                    raise DataError(f"{path} has {width} x {height} pixels: scale it to 64 million pixels or fewer")
                return _planes(_upright(picture))
    except DataError:
        raise
    except Image.DecompressionBombError:
        raise DataError(f"{path} has too many pixels: scale it to 64 million pixels or fewer") from None
    except Image.UnidentifiedImageError:
        raise DataError(f"{path} is {kind_of(body[:HEAD])}, not a {NAMES} image: convert it to one of these") from None
    except Exception as error:  # A damaged file makes Pillow's decoders raise almost anything.
        raise DataError(f"{path} is damaged ({reason_of(error)}): give an intact {NAMES} image") from None


def _without_notes(body: bytes) -> bytes:
    """A PNG with the chunks that make its pixels alone; anything else as it is."""
    if not body.startswith(PNG_SIGNATURE):
        return body
    kept, at = [PNG_SIGNATURE], len(PNG_SIGNATURE)
    while at < len(body):
        end = at + 12 + int.from_bytes(body[at : at + 4], "big")
        if body[at + 4 : at + 8] in PNG_CHUNKS:
            kept.append(body[at:end])
        at = end
    return b"".join(kept)


def _upright(picture: Image.Image) -> Image.Image:
    """The picture as it was held, if it says so in a form that can be read."""
    picture.load()
    try:
        return ImageOps.exif_transpose(picture)
    except Exception:  # The note is damaged, as many programs leave it; the picture is not.
        return picture


def _planes(picture: Image.Image) -> Planes:
    times = max(1, -(-max(picture.size) // LONGEST_SIDE))
    if picture.mode.startswith("I"):
        levels = np.asarray(picture, np.float32)
        # The brightest value tells how many bits are in use: scanners write 12, and programs 8, of 16.
        bits = max(8, int(levels.max()).bit_length())
        return Planes(_reduced(Image.fromarray(levels * np.float32(255.0 / (2**bits - 1))), times)[None], times)
    if picture.has_transparency_data:
        picture = _on_backing(picture.convert("RGBA"))
    colours = picture.mode not in ("1", "L")
    bands = [picture.convert("L"), *(picture.convert("RGB").split() if colours else ())]
    return Planes(np.stack([_reduced(band, times) for band in bands]), times)


def _on_backing(picture: Image.Image) -> Image.Image:
    """Lay a picture on black or white: on that which the inside of its opaque parts is farther from.

    Inside, because ink that was cut out of its sheet has an edge of the sheet's colour.
    """
    grey, alpha = (np.asarray(band, np.float32) for band in picture.convert("LA").split())
    inside = ndimage.minimum_filter(alpha, 3, mode="constant")
    weights = inside if inside.any() else alpha
    light = (weights * grey**2).sum() > (weights * (255.0 - grey) ** 2).sum()
    return Image.alpha_composite(Image.new("RGBA", picture.size, "black" if light else "white"), picture)


def _reduced(band: Image.Image, times: int) -> np.ndarray:
    return np.asarray(band.reduce(times) if times > 1 else band, np.float32)
