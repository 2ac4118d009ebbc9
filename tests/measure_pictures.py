"""How many pictures are answered rightly, refused, or answered wrongly without a word; ``default`` answers.

``python -m experiments.pictures`` counts so for many pictures of each kind, by which the reader's constants are chosen.
"""

import tempfile
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from PIL import Image

from lenet1998.commands.networks import chosen_network, engine_of
from lenet1998.errors import DataError
from lenet1998.photos.digit import read_image

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
