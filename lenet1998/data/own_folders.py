"""A user's images in a folder for each class, perhaps apart for training and tests: read as pixels, not as drawings.

Images are taken as they are, so they have the network's size already: `pictures.read_image` brings drawings of any size
to MNIST's form (section III-A).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lenet1998.data.given import FIELD, SIZES, Given
from lenet1998.errors import DataError
from lenet1998.patterns import SIDE, Patterns
from lenet1998.photos.files import NAMES, read_planes

SUFFIXES = (".png", ".jpg", ".jpeg", ".bmp", ".gif")
TRAIN, TEST = "train", "test"


def visible(folder: Path) -> list[Path]:
    """Return what is in a folder, sorted, without what systems hide there. Raises ``DataError`` if it may not be read.

    >>> visible(Path("/nowhere"))
    Traceback (most recent call last):
        ...
    lenet1998.errors.DataError: /nowhere cannot be read (No such file or directory): name a readable directory
    """
    try:
        return sorted(path for path in folder.iterdir() if not path.name.startswith((".", "__MACOSX")))
    except OSError as error:
        raise DataError(f"{folder} cannot be read ({error.strerror or error}): name a readable directory") from None


def read_folders(place: Path) -> Given:
    """Return the images in ``place``/CLASS/ or, where there is such a folder, ``place``/train/CLASS/ and test/CLASS/.

    The names of folders name the classes, numbers in the order of their values. Dark images on light are inverted if
    most have a light border. Raises ``DataError`` for a class without images, a name that cannot be shown, more than
    256 classes, an image that cannot be read or has another size than 28x28 or 32x32, and sizes that differ.

    >>> import tempfile
    >>> from PIL import Image
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     for name in "ba":
    ...         Path(folder, name).mkdir()
    ...         Image.new("L", (28, 28), 255).save(Path(folder, name, "1.png"))
    ...     given = read_folders(Path(folder))
    >>> given.train.images.shape, given.names, given.test is None
    ((2, 28, 28), {0: 'a', 1: 'b'}, True)
    """
    halves = [place / TRAIN, place / TEST] if (place / TRAIN).is_dir() else [place]
    halves = [half for half in halves if half.is_dir()]
    folders = [{path.name: path for path in visible(half) if path.is_dir()} for half in halves]
    names = sorted({name for half in folders for name in half}, key=_order)
    for name in names:
        if not name.isprintable():
            raise DataError(f"{place} has a class folder called {name!r}: rename it, in characters that can be shown")
    if len(names) > 256:
        raise DataError(f"{place} has {len(names)} class folders, more than 256: leave some out")
    for half, own in zip(halves, folders, strict=True):
        if not own:
            raise DataError(f"{half} has no class folders: give a folder of {NAMES} images for each class")
    read = [_read(own, names) for own in folders]
    sizes = {image.shape: path for images, _, paths in read for image, path in zip(images, paths, strict=True)}
    if len(sizes) > 1:
        (one, first), (other, second) = list(sizes.items())[:2]
        raise DataError(f"{first} has {_size(one)} pixels and {second} {_size(other)}: bring all images to one size")
    stacked = [np.stack(images) for images, _, _ in read]
    remarks: tuple[str, ...] = ()
    if np.median(np.concatenate([_border(images) for images in stacked])) > 127:
        stacked = [255 - images for images in stacked]
        remarks = ("dark on light, so inverted",)
    train, *test = [
        Patterns(images, np.array(labels, np.uint8)) for images, (_, labels, _) in zip(stacked, read, strict=True)
    ]
    return Given(train, test[0] if test else None, dict(enumerate(names)), remarks=remarks)


def _order(name: str) -> tuple[int, str]:
    return (int(name) if name.isascii() and name.isdigit() and len(name) < 10 else 10**9, name)


def _read(folders: dict[str, Path], names: list[str]) -> tuple[list[np.ndarray], list[int], list[Path]]:
    """The images of every class folder, their labels and paths."""
    images, labels, paths = [], [], []
    for name, folder in sorted(folders.items(), key=lambda item: _order(item[0])):
        files = [path for path in visible(folder) if path.suffix.lower() in SUFFIXES]
        if not files:
            raise DataError(f"{folder} holds no {NAMES} image: fill the class's folder, or remove it")
        for path in files:
            grey = read_planes(path).planes[0]
            if grey.shape not in ((SIDE, SIDE), (FIELD, FIELD)):
                raise DataError(f"{path} has {_size(grey.shape)} pixels: {SIZES}")
            images.append(np.rint(grey).astype(np.uint8))
        labels += [names.index(name)] * len(files)
        paths += files
    return images, labels, paths


def _size(shape: tuple[int, ...]) -> str:
    """Width and height, as programs that show pictures say it."""
    return f"{shape[1]}x{shape[0]}"


def _border(images: np.ndarray) -> np.ndarray:
    """The pixels at the edges of images (P, H, W), flat."""
    return np.concatenate([images[:, edge].ravel() for edge in (0, -1)] + [images[:, :, e].ravel() for e in (0, -1)])
