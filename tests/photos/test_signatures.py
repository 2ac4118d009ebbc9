"""What a file is, told by its first bytes: sound files of each kind, written by other programs' modules."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import pickle
import tarfile
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


def tarred() -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("a"))
    return stream.getvalue()


def zipped() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        archive.writestr("a", "b")
    return stream.getvalue()


def array() -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.zeros(3))
    return stream.getvalue()


LABELS = write_idx(np.zeros(1000, np.uint8))
KINDS = {
    b"": "empty",
    b"\n <!doctype html>": "an HTML page",
    b"label,pixel0\n": "text",
    "année".encode(): "text",
    "label".encode("utf-16"): "text in UTF-16",
    LABELS: "an IDX file",
    gzip.compress(LABELS): "an IDX file, gzipped",
    gzip.compress(LABELS)[:11]: "data, gzipped",
    gzip.compress(gzip.compress(LABELS)): "data, gzipped",
    gzip.compress(b""): "data, gzipped",
    b"\x1f\x8b" + b"x" * 30: "damaged data, gzipped",
    bz2.compress(LABELS): "a file packed by bzip2",
    lzma.compress(LABELS): "a file packed by xz",
    tarred(): "a tar archive",
    gzip.compress(tarred()): "a tar archive, gzipped",
    zipped(): "a zip archive",
    array(): "a NumPy array (npy)",
    picture("PNG"): "a PNG picture",
    picture("JPEG"): "a JPEG picture",
    picture("PDF"): "a PDF document",
    **{pickle.dumps([1, "a"], protocol): "a pickle" for protocol in range(2, 6)},
    picture("TIFF"): "a TIFF picture",
    b"RIFF\x10\0\0\0WEBPVP8 ": "a WebP picture",
    b"\0\0\0\x18ftypheic": "a HEIC photograph",
    b"\0\0\0\x18ftypavif": "an AVIF picture",
    b"\0\0\x0c\x02": "an IDX file of integers",
    b" <?xml version='1.0'?><svg/>": "an XML file, perhaps an SVG drawing",
    b"<SVG>": "an SVG drawing",
    bytes(600): "data of an unknown kind (00 00 00 00)",
    b"\1": "data of an unknown kind (01)",
}


@pytest.mark.parametrize(("body", "kind"), KINDS.items(), ids=KINDS.values())
def test_kinds(tmp_path: Path, body: bytes, kind: str) -> None:
    (tmp_path / "f").write_bytes(body)
    assert kind_of(head_of(tmp_path / "f")) == kind
    assert len(head_of(tmp_path / "f")) <= HEAD
