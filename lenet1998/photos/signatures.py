"""What a file is, told by its first bytes and not by its name, for messages that help.

Those are named that people hand over in place of what a reader takes, such as an archive that is not unpacked yet, the
page that a server sent, or a photograph as telephones keep it.
"""

from os import PathLike

GZIP, ZIP = b"\x1f\x8b", b"PK\x03\x04"
UTF_16 = (b"\xff\xfe", b"\xfe\xff")
HEAD = 512
"""So many bytes are enough to tell."""

# What files begin with, at which byte, and what they are.
_KINDS = (
    (GZIP, 0, "a gzipped file"),
    (ZIP, 0, "a zip archive"),
    (b"\0\0\x08", 0, "an IDX file"),
    (b"\0\0\x0c", 0, "an IDX file of integers"),
    (b"\x89PNG", 0, "a PNG picture"),
    (b"\xff\xd8\xff", 0, "a JPEG picture"),
    (b"II*\0", 0, "a TIFF picture"),
    (b"MM\0*", 0, "a TIFF picture"),
    (b"WEBP", 8, "a WebP picture"),
    (b"ftyphei", 4, "a HEIC photograph"),
    (b"ftypmif1", 4, "a HEIC photograph"),
    (b"%PDF", 0, "a PDF document"),
    (b"<?xml", 0, "an XML file, perhaps an SVG drawing"),
    (b"<svg", 0, "an SVG drawing"),
    *((mark, 0, "text") for mark in UTF_16),
)


def kind_of(head: bytes) -> str:
    """Return what data are whose first 512 bytes are `head`, as a noun with its article.

    >>> kind_of(b"<!DOCTYPE html><html>"), kind_of(b"label,pixel0"), kind_of(bytes([7, 7, 7, 7, 7]))
    ('an HTML page', 'text', 'data of an unknown kind (07 07 07 07)')
    """
    if not head:
        return "empty"
    if looks_like_html(head):
        return "an HTML page"
    for signature, at, kind in _KINDS:
        if head.startswith(signature, at):
            return kind
    return "text" if min(head) >= 9 else f"data of an unknown kind ({head[:4].hex(' ')})"


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
    start = data[:HEAD].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<head"))
