"""What a file is, told by its first bytes and not by its name, for messages that help.

A reader that stops knows only what a file is not: half of those that people hand over are sound and of another kind,
such as an archive that is not unpacked yet, or the page that a server sent in its place.
"""

from __future__ import annotations

import zlib
from os import PathLike

GZIP, ZIP, HDF5 = b"\x1f\x8b", b"PK\x03\x04", b"\x89HDF\r\n\x1a\n"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
HEAD = 512
"""So many bytes are enough to tell."""

# What files begin with, at which byte, and what they are.
_KINDS = (
    (ZIP, 0, "a zip archive"),
    (HDF5, 0, "an HDF5 file"),
    (b"BZh", 0, "a file packed by bzip2"),
    (b"\xfd7zXZ\0", 0, "a file packed by xz"),
    (b"7z\xbc\xaf\x27\x1c", 0, "a 7z archive"),
    (b"Rar!", 0, "a RAR archive"),
    (b"\x93NUMPY", 0, "a NumPy array (npy)"),
    (b"\0\0\x08", 0, "an IDX file"),
    (b"\0\0\x0c", 0, "an IDX file of integers"),
    (b"\x89PNG", 0, "a PNG picture"),
    (b"\xff\xd8\xff", 0, "a JPEG picture"),
    (b"II*\0", 0, "a TIFF picture"),
    (b"MM\0*", 0, "a TIFF picture"),
    (b"WEBP", 8, "a WebP picture"),
    (b"ftyphei", 4, "a HEIC photograph"),
    (b"ftypmif1", 4, "a HEIC photograph"),
    (b"ftypavif", 4, "an AVIF picture"),
    (b"MATLAB 5", 0, "a MATLAB file"),
    (b"PAR1", 0, "a Parquet file"),
    (b"%PDF", 0, "a PDF document"),
    (b"version https://git-lfs", 0, "a pointer of Git LFS in place of the file"),
    *((mark, 0, "text in UTF-16") for mark in UTF_16),
    *((b"\x80" + bytes([protocol]), 0, "a pickle") for protocol in range(2, 6)),
)
_MARKUP = ((b"<?xml", "an XML file, perhaps an SVG drawing"), (b"<svg", "an SVG drawing"))


def kind_of(head: bytes) -> str:
    """Return what data are whose first 512 bytes are `head`, as a noun with its article.

    >>> kind_of(b"<!DOCTYPE html><html>"), kind_of(b"label,pixel0"), kind_of(bytes([7, 7, 7, 7, 7]))
    ('an HTML page', 'text', 'data of an unknown kind (07 07 07 07)')
    """
    if not head:
        return "empty"
    for start, kind in _MARKUP:
        if _stripped(head).startswith(start):
            return kind
    if looks_like_html(head):
        return "an HTML page"
    if head.startswith(GZIP):
        return f"{_packed(head)}, gzipped"
    if head[257:262] == b"ustar":
        return "a tar archive"
    for signature, at, kind in _KINDS:
        if head.startswith(signature, at):
            return kind
    return "text" if min(head) >= 9 else f"data of an unknown kind ({head[:4].hex(' ')})"


def _packed(head: bytes) -> str:
    try:
        inner = zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(head, HEAD)
    except zlib.error:
        return "damaged data"
    # Some unfold to themselves.
    return kind_of(inner) if inner and not inner.startswith(GZIP) else "data"


def head_of(path: str | PathLike[str]) -> bytes:
    """Return the first 512 bytes of a file; ``OSError`` if it cannot be read.

    >>> head_of("/dev/null")
    b''
    """
    with open(path, "rb") as file:
        return file.read(HEAD)


def looks_like_html(data: bytes) -> bool:
    """Tell whether bytes begin like a web page, as servers send in place of a file they do not have.

    >>> looks_like_html(b"<!DOCTYPE html><html>"), looks_like_html(b"\\x1f\\x8b")
    (True, False)
    """
    return _stripped(data).startswith((b"<!doctype", b"<html", b"<?xml", b"<head"))


def _stripped(data: bytes) -> bytes:
    """The beginning in small letters, without what may come before the first tag."""
    return data[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
