"""How many pictures of each kind are answered rightly, refused, or answered wrongly without a word.

    python -m tests.measure_pictures [KIND ...] [--count 100] [--train]

The pictures are drawn (``tests.drawings``) from MNIST's test digits, with ``--train`` from its training digits, by
which the reader's constants were chosen; ``default`` answers. The last row is JPEGs of 2,000 test digits.
"""

from __future__ import annotations

import argparse
import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from lenet1998.commands.networks import chosen_network, engine_of
from lenet1998.data.mnist import load_mnist
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns
from lenet1998.photos.digit import read_image
from tests.drawings import KINDS, PAIRS, PENS, all_written, jpeg

Labelled = Iterable[tuple[Image.Image, int]]
SEVERAL = -1  # the right thing to do is to refuse, and to say why


def save(picture: Image.Image, folder: Path) -> Path:
    """A JPEG's own bytes, anything else as PNG."""
    if picture.format == "JPEG":
        path = folder / "digit.jpg"
        path.write_bytes(picture.fp.getvalue())
    else:
        path = folder / "digit.png"
        picture.save(path)
    return path


def drawn(kind: str, patterns: Patterns, count: int) -> Labelled:
    """Pictures of a kind from random digits, always the same ones."""
    rng = np.random.default_rng(1998)
    chosen = rng.choice(len(patterns), 2 * count, replace=False)
    for k, other in zip(chosen[:count], chosen[count:], strict=True):
        if kind in PAIRS:
            yield PAIRS[kind](patterns.images[k], patterns.images[other], rng), SEVERAL
        else:
            yield KINDS[kind](patterns.images[k], rng), int(patterns.labels[k])


def outcomes(pictures: Labelled) -> Counter[str]:
    """How many are "right", "refused" and "wrong"."""
    network = engine_of(chosen_network("default")[0])
    counts: Counter[str] = Counter()
    with tempfile.TemporaryDirectory() as folder:
        for picture, label in pictures:
            try:
                form = read_image(save(picture, Path(folder)))
            except DataError as error:
                counts["right" if label == SEVERAL and "several digits" in str(error) else "refused"] += 1
                continue
            answer = int(network.penalties(form[None])[0].argmin())
            counts["right" if answer == label else "wrong"] += 1
    return counts


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kinds", metavar="KIND", nargs="*", help="default: all")
    parser.add_argument("--count", type=int, default=100, help="pictures a kind (default: 100)")
    parser.add_argument("--train", action="store_true", help="draw training digits")
    arguments = parser.parse_args()
    data = load_mnist()
    patterns = data.train if arguments.train else data.test
    rows = {kind: drawn(kind, patterns, arguments.count) for kind in (*KINDS, *PAIRS)}
    rows |= {f"pen of {100 * width:g}%": all_written(width) for width in PENS}
    for quality in (75, 90):
        every = zip(patterns.images[::5][:2000], patterns.labels[::5], strict=False)
        rows[f"2,000 JPEGs, {quality}"] = [
            (jpeg(quality)(image, np.random.default_rng()), label) for image, label in every
        ]
    for kind in arguments.kinds or rows:
        counts = outcomes(rows[kind])
        print(f"{kind:<22}" + "".join(f"{counts[what]:5} {what}" for what in ("right", "refused", "wrong")), flush=True)


if __name__ == "__main__":
    main()
