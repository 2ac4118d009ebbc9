"""A user's images in a folder for each class, perhaps apart for training and tests: read as pixels, not as drawings.

Images are taken as they are, so they have the network's size already, or are scaled whole where that is asked for:
`pictures.read_image` brings drawings of any size to MNIST's form (section III-A).
"""

from pathlib import Path

import numpy as np

from lenet1998.data.given import OTHER_SIZES, SIZES, Given
from lenet1998.data.left_out import SUFFIXES, visible
from lenet1998.data.resize import resized
from lenet1998.errors import DataError
from lenet1998.patterns import Patterns
from lenet1998.photos.files import NAMES, read_planes

TRAIN = ("train", "training")
TEST = ("test", "testing", "val", "valid", "validation", "dev", "eval")
"""What folders of training and of test images are called, in small letters or capitals; the first that is there."""


def read_folders(place: Path, resize: bool = False) -> Given:
    """Return the images in ``place``/CLASS/ or, where there is such a folder, ``place``/train/CLASS/ and test/CLASS/.

    The names of folders name the classes, numbers in the order of their values; `TRAIN` and `TEST` are those of the two
    halves. With ``resize``, images of other sizes are scaled to 28x28. Raises ``DataError`` for a class without images,
    a name that cannot be shown, more than 256 classes, an image that cannot be read or has another size than 28x28 or
    32x32, and sizes that differ.

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
    halves = _halves(place)
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
    files = [_files(own) for own in folders]
    read = [[_grey(path) for path, _ in own] for own in files]
    images = [[image for image, _ in own] for own in read]
    sizes: dict[tuple[int, ...], Path] = {}
    for each, named in zip(images, files, strict=True):
        for image, (path, _) in zip(each, named, strict=True):
            sizes.setdefault(image.shape, path)
    scaled = resize and not (len(sizes) == 1 and sizes.keys() <= set(SIZES))
    if scaled:
        images = [[resized(image) for image in each] for each in images]
    else:
        _check_sizes(sizes)
    colours = sum(coloured for own in read for _, coloured in own)
    train, *test = (
        Patterns(np.stack(own), np.array([names.index(name) for _, name in half], np.uint8))
        for own, half in zip(images, files, strict=True)
    )
    return Given(
        train,
        test[0] if test else None,
        dict(enumerate(names)),
        remarks=(f"{colours} images in colours, of which the brightness is taken",) if colours else (),
        resized=scaled,
        files=tuple(path for half in files for path, _ in half),
    )


def _halves(place: Path) -> list[Path]:
    """The folders of training and test images, or the one of all."""
    named = {path.name.lower(): path for path in visible(place) if path.is_dir()}
    train, test = (next((named[name] for name in names if name in named), None) for names in (TRAIN, TEST))
    return [each for each in (train, test) if each is not None] if train else [place]


def _order(name: str) -> tuple[int, str]:
    return (int(name) if name.isascii() and name.isdigit() and len(name) < 10 else 10**9, name)


def _files(folders: dict[str, Path]) -> list[tuple[Path, str]]:
    """The images of every class folder, each with the name of its class."""
    found = []
    for name, folder in sorted(folders.items(), key=lambda item: _order(item[0])):
        files = [path for path in visible(folder) if path.suffix.lower() in SUFFIXES]
        if not files:
            raise DataError(f"{folder} holds no {NAMES} image: fill the class's folder, or remove it")
        found += [(path, name) for path in files]
    return found


def _grey(path: Path) -> tuple[np.ndarray, bool]:
    """The brightness of a picture, uint8 (H, W), and whether it is in colours."""
    grey, *colours = read_planes(path).planes
    return np.rint(grey).astype(np.uint8), any((colour != colours[0]).any() for colour in colours)


def _check_sizes(sizes: dict[tuple[int, ...], Path]) -> None:
    for shape, path in sizes.items():
        if shape not in SIZES:
            raise DataError(f"{path} has {_size(shape)} pixels: {OTHER_SIZES}")
    if len(sizes) > 1:
        (one, first), (other, second) = list(sizes.items())[:2]
        raise DataError(
            f"{first} has {_size(one)} pixels and {second} {_size(other)}: bring all images to one size, or --resize "
            "them"
        )


def _size(shape: tuple[int, ...]) -> str:
    """Width and height, as programs that show pictures say it."""
    return f"{shape[1]}x{shape[0]}"
