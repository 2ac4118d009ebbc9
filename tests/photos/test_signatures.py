"""What a file is, told by its first bytes: sound files of each kind, written by other programs' modules."""

import gzip
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet1998.data.idx import write_idx
from lenet1998.photos.signatures import HEAD, head_of, kind_of


def picture(kind: str) -> bytes:
    stream = io.BytesIO()
    Image.new("L", (9, 9)).save(stream, kind)
    return stream.getvalue()


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", "b")
    return stream.getvalue()


KINDS = {
    b"": "empty",
    b"\n <!doctype html>": "an HTML page",
    b"label,pixel0\n": "text",
    "ann\u00e9e".encode(): "text",
    "label".encode("utf-16"): "text",
    write_idx(np.zeros(9, np.uint8)): "an IDX file",
    gzip.compress(b"label"): "a gzipped file",
    zipped(): "a zip archive",
    picture("PNG"): "a PNG picture",
    picture("JPEG"): "a JPEG picture",
    picture("PDF"): "a PDF document",
    picture("TIFF"): "a TIFF picture",
    b"RIFF\x10\0\0\0WEBPVP8 ": "a WebP picture",
    b"\0\0\0\x18ftypheic": "a HEIC photograph",
    b"<?xml version='1.0'?><svg/>": "an XML file, perhaps an SVG drawing",
    b"<svg/>": "an SVG drawing",
    b"\0\0\x0c\x02": "an IDX file of integers",
    bytes(600): "data of an unknown kind (00 00 00 00)",
}


@pytest.mark.parametrize(("body", "kind"), KINDS.items(), ids=KINDS.values())
def test_kinds(tmp_path: Path, body: bytes, kind: str) -> None:
    (tmp_path / "f").write_bytes(body)
    assert kind_of(head_of(tmp_path / "f")) == kind
    assert len(head_of(tmp_path / "f")) <= HEAD
