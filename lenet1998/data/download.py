"""Download the MNIST data base of section III-A, and CIFAR-10, from where they are published.

Each file is verified by its digest before it is installed (``mirrors``); what is there and right is kept.
"""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

from lenet1998.data import cifar10
from lenet1998.data.files import FILES, KnownFile, check
from lenet1998.data.idx import REMEDY, unfold
from lenet1998.data.mirrors import Progress, download, install, writing_to
from lenet1998.data.mnist import describe, read_file, where
from lenet1998.data.places import PathName, contents, target
from lenet1998.errors import DataError

__all__ = ["MIRRORS", "Progress", "fetch", "fetch_cifar10"]

MIRRORS = (
    "https://ossci-datasets.s3.amazonaws.com/mnist/",
    "https://storage.googleapis.com/cvdf-datasets/mnist/",
)


def fetch(data_dir: PathName | None = None, mirrors: Sequence[str] = MIRRORS, progress: Progress | None = None) -> Path:
    """Put the four gzipped files of MNIST into a directory and return it.

    The directory is ``data_dir``, or else ``LENET1998_DATA``, or else the user's cache; it is made if need
    be. Files that are there and right are kept, all others are downloaded from the first of ``mirrors`` that
    has them right. ``progress`` is called as ``mirrors.download`` says. Raises ``DataError`` if no mirror has a
    right file or the directory cannot be written to; the files installed before stay.

    >>> fetch("mnist")  # doctest: +SKIP
    PosixPath('mnist')
    """
    directory = target(data_dir)
    if directory.suffix == ".npz":
        raise DataError(f"{directory} is an npz file: name a directory to download the four files to")
    with writing_to(directory, "MNIST", "12 MB"):
        for known in FILES.values():
            if not _is_right(contents(directory).get(known.name), known):
                body = _download(known, mirrors, progress, data_dir)
                install(body, directory / f"{known.name}.gz")
    return directory


def fetch_cifar10(
    data_dir: PathName | None = None, mirrors: Sequence[str] = cifar10.MIRRORS, progress: Progress | None = None
) -> Path:
    """Put the archive of CIFAR-10, 170 MB, into a directory and return it: ``data_dir``, or else the user's cache.

    An archive that is there and right is kept. ``progress`` is called as ``mirrors.download`` says. Raises
    ``DataError`` if no mirror has the right file or the directory cannot be written to.

    >>> fetch_cifar10("cifar10")  # doctest: +SKIP
    PosixPath('cifar10')
    """
    directory = cifar10.place(data_dir)
    archive = directory / cifar10.ARCHIVE
    with writing_to(directory, "CIFAR-10", "175 MB"):
        if not (archive.is_file() and _sha256(archive.read_bytes()) == cifar10.SHA256):
            urls = [f"{mirror.rstrip('/')}/{cifar10.ARCHIVE}" for mirror in mirrors]
            try:
                body = download(cifar10.ARCHIVE, urls, cifar10.SIZE, _check_cifar10, progress)
            except DataError as error:
                raise DataError(
                    "CIFAR-10 could not be downloaded: connect to the network and try again, or copy "
                    f"{cifar10.ARCHIVE} to {directory} ({error})"
                ) from None
            install(body, archive)
    return directory


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _check_cifar10(body: bytes, url: str) -> None:
    if _sha256(body) != cifar10.SHA256:
        raise DataError(f"{url} is not CIFAR-10: SHA-256 {_sha256(body)}, expected {cifar10.SHA256}")


def _is_right(path: Path | None, known: KnownFile) -> bool:
    if path is None:
        return False
    try:
        read_file(path, known)
    except DataError:
        return False
    return True


def _download(known: KnownFile, mirrors: Sequence[str], progress: Progress | None, data_dir: PathName | None) -> bytes:
    """Return the verified bytes, still gzipped, from the first mirror that has them."""

    def verify(body: bytes, url: str) -> None:
        try:
            check(unfold(io.BytesIO(body), url, known.size), known, url)
        except DataError as error:
            # What a user can do about a file of his own does not help against a mirror.
            raise DataError(str(error).removesuffix(REMEDY).rstrip(":; ")) from None

    urls = [f"{mirror.rstrip('/')}/{known.name}.gz" for mirror in mirrors]
    # Mirrors may compress differently, but not into something much larger.
    most = known.gzipped + known.gzipped // 2 + 1024
    try:
        return download(f"{known.name}.gz", urls, most, verify, progress)
    except DataError as error:
        raise DataError(
            "MNIST could not be downloaded: connect to the network and run `lenet1998 data fetch`, name a directory "
            "that has the four files by --data-dir, or use the embedded digits with --data synthetic "
            f"({describe(where(data_dir))}; {error})"
        ) from None
