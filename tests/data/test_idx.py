"""The IDX reader: sound files come back as they were written, and nothing else ever gets through."""

import gzip
import tracemalloc

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from lenet1998.data.idx import INTEGER, parse_idx, read_bounded, write_idx
from lenet1998.errors import DataError

SMALL = np.arange(24, dtype=np.uint8).reshape(2, 3, 4)
PACKED = gzip.compress(write_idx(SMALL), mtime=0)


@given(arrays.arrays(np.uint8, arrays.array_shapes(min_dims=1, max_dims=4, min_side=0, max_side=6)))
def test_round_trip(array):
    back = parse_idx(write_idx(array), "it")
    assert back.dtype == np.uint8 and back.shape == array.shape
    assert (back == array).all()


@given(st.binary(max_size=64) | st.binary(max_size=60).map(lambda tail: b"\0\0\x08\x02" + tail))
def test_any_bytes_are_read_or_refused_in_one_line(data):
    try:
        array = parse_idx(data, "noise")
    except DataError as error:
        assert "noise" in str(error) and "\n" not in str(error)
    else:
        assert write_idx(array) == data


def test_integers_where_they_are_asked_for():
    """As QMNIST has its labels: big-endian, of either sign."""
    body = b"\0\0\x0c\x02\0\0\0\x02\0\0\0\x01\0\0\x01\x02\xff\xff\xff\xfe"
    assert parse_idx(body, "it", kind=INTEGER).tolist() == [[258], [-2]]
    for wrong in (body[:-1], body + b"\0"):
        with pytest.raises(DataError, match="announces 2 values and (1.75|2.25) follow it; mend it"):
            parse_idx(wrong, "it", "mend it", INTEGER)
    with pytest.raises(DataError, match="is an IDX file of integers, not IDX data of unsigned bytes"):
        parse_idx(body, "it")
    with pytest.raises(DataError, match="is an IDX file, not IDX data of 32-bit integers"):
        parse_idx(write_idx(SMALL), "it", kind=INTEGER)


@given(st.integers(0, len(write_idx(SMALL)) - 1))
def test_every_truncation_is_refused(length):
    with pytest.raises(DataError, match=r"truncated|empty"):
        parse_idx(write_idx(SMALL)[:length], "it")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "empty"),
        (b"\0\0\x08", "truncated"),
        (b"\0\0\x0d\x01\0\0\0\x01\0\0\0\0", "not IDX data of unsigned bytes"),
        (b"\0\0\x08\0", "not IDX data"),
        (b"\x01\0\x08\x01\0\0\0\0", "not IDX data"),
        (b"\0\0\x08\xff" + bytes(1020), "not IDX data"),
        (write_idx(SMALL) + b"\0", "too long: its header announces 24 values and 25 follow"),
        (b"<!DOCTYPE html><html>403</html>", "looks like an HTML page"),
        (b"\n <HTML><body>", "looks like an HTML page"),
    ],
)
def test_refusals(data, message):
    with pytest.raises(DataError, match=message):
        parse_idx(data, "it")


def test_a_header_alone_takes_no_memory():
    tracemalloc.start()
    with pytest.raises(DataError, match="truncated"):
        parse_idx(b"\0\0\x08\x03" + b"\xff" * 12, "it")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 1_000_000


def test_write_refuses_other_types():
    with pytest.raises(DataError):
        write_idx(np.zeros(3))
    with pytest.raises(DataError):
        write_idx(np.uint8(3))


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_files_are_known_by_content_not_by_name(tmp_path, pack):
    data = write_idx(SMALL)
    (tmp_path / "any.name").write_bytes(pack(data))
    assert read_bounded(tmp_path / "any.name", len(data)) == data


def test_a_flipped_bit_within_gzip_is_caught(tmp_path):
    body = bytearray(PACKED)
    body[-8] ^= 1  # The checksum.
    (tmp_path / "it").write_bytes(body)
    with pytest.raises(DataError, match="damaged"):
        read_bounded(tmp_path / "it", 1000)


def test_a_gzip_bomb_is_cut_short(tmp_path):
    (tmp_path / "bomb").write_bytes(gzip.compress(bytes(100_000_000), 9))
    tracemalloc.start()
    with pytest.raises(DataError, match="more than the 1000 bytes"):
        read_bounded(tmp_path / "bomb", 1000)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3_000_000


def test_what_cannot_be_opened(tmp_path, monkeypatch):
    with pytest.raises(DataError, match="No such file"):
        read_bounded(tmp_path / "missing", 10)
    with pytest.raises(DataError, match="cannot be read"):
        read_bounded(tmp_path, 10)

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied")

    # Permissions do not hold for the administrator, so the refusal is simulated.
    monkeypatch.setattr("builtins.open", refuse)
    with pytest.raises(DataError, match="Permission denied"):
        read_bounded("locked", 10)
