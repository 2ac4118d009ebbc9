"""Downloads, from mirrors on this computer: what is installed is right, and nothing is ever half installed."""

import errno
import gzip
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest

from lenet1998.data import cifar10
from lenet1998.data import mirrors as machinery
from lenet1998.data.download import fetch, fetch_cifar10
from lenet1998.data.idx import write_idx
from lenet1998.data.mnist import load_mnist
from lenet1998.errors import DataError
from tests.faults import refusing
from tests.own_data import instead_of_mnist

pytestmark = pytest.mark.usefixtures("home")
Answer = Callable[[BaseHTTPRequestHandler, bytes], None]


@pytest.fixture
def bodies(monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The four gzipped files of a small data base in place of MNIST, by file name."""
    small = instead_of_mnist(monkeypatch, 20, 20)
    return {f"{name}.gz": gzip.compress(write_idx(array)) for name, array in small.items()}


class Mirrors:
    """Starts web servers on the loopback interface; each keeps the names it was asked for."""

    def __init__(self, bodies: dict[str, bytes]) -> None:
        self.bodies = bodies
        self.servers: list[ThreadingHTTPServer] = []

    def start(self, answer: Answer) -> tuple[str, list[str]]:
        bodies, asked = self.bodies, []

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked.append(self.path.rpartition("/")[2])
                answer(self, bodies[asked[-1]])

            def log_message(self, *_: object) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        server.block_on_close = False
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.servers.append(server)
        return f"http://127.0.0.1:{server.server_port}/mnist/", asked


@pytest.fixture
def mirrors(bodies: dict[str, bytes]) -> Iterator[Mirrors]:
    started = Mirrors(bodies)
    yield started
    for server in started.servers:
        server.shutdown()
        server.server_close()


def send(handler: BaseHTTPRequestHandler, body: bytes, length: int | None = None, code: int = 200) -> None:
    handler.send_response(code)
    handler.send_header("Content-Length", str(len(body) if length is None else length))
    handler.end_headers()
    handler.wfile.write(body)


def works(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, body)


def sends_a_page(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, b"<!DOCTYPE html><html><body>Please log in</body></html>")


def breaks_off(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, body[: len(body) // 2], len(body))


def breaks_off_unnoticed(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, body[: len(body) // 2])


def sends_other_digits(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    other = bytearray(gzip.decompress(body))
    other[-1] = 9 - other[-1] if other[-1] < 10 else 0
    send(handler, gzip.compress(bytes(other)))


def never_ends(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    handler.send_response(200)
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b"\x1f\x8b" * 10_000)
    except OSError:
        pass


def sends_a_bomb(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, gzip.compress(bytes(1_000_000), 9))


def refuses(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, b"", code=403)


BAD = {
    sends_a_page: "looks like an HTML page",
    breaks_off: "truncated|IncompleteRead",
    breaks_off_unnoticed: "truncated",
    sends_other_digits: "SHA-256",
    never_ends: r"too long: more than \d{4,5} bytes",
    sends_a_bomb: "too long: it holds more than",
    refuses: "answered 403",
}


def test_downloads_into_a_new_directory(tmp_path, mirrors):
    url, asked = mirrors.start(works)
    calls: list[tuple[str, int, int | None]] = []
    directory = fetch(tmp_path / "deep" / "new", [url], lambda *call: calls.append(call))
    assert directory == tmp_path / "deep" / "new"
    assert sorted(path.name for path in directory.iterdir()) == sorted(mirrors.bodies) == sorted(asked)
    assert len(load_mnist(directory).train) == 20
    for name, body in mirrors.bodies.items():
        assert (name, len(body), len(body)) in calls
    assert fetch(directory, [url]) == directory
    assert len(asked) == 4  # What is right is not downloaded again.


def test_targets(tmp_path, mirrors, monkeypatch):
    url, _ = mirrors.start(works)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert fetch(None, [url]) == tmp_path / "cache" / "lenet1998" / "mnist"
    monkeypatch.setenv("LENET1998_DATA", str(tmp_path / "named"))
    assert fetch(None, [url]) == tmp_path / "named"
    with pytest.raises(DataError, match="name a directory"):
        fetch(tmp_path / "mnist.npz", [url])


@pytest.mark.parametrize("answer", list(BAD), ids=lambda answer: answer.__name__)
def test_a_bad_mirror_installs_nothing_and_the_next_helps_out(tmp_path, mirrors, answer):
    url, asked = mirrors.start(answer)
    with pytest.raises(DataError, match=BAD[answer]) as caught:
        fetch(tmp_path / "d", [url])
    message = str(caught.value)
    assert url in message and "\n" not in message and "data fetch" in message and "replace it" not in message
    assert list((tmp_path / "d").iterdir()) == []
    assert len(asked) == 1  # One file that no mirror has is enough to give up.
    good, asked = mirrors.start(works)
    assert len(load_mnist(fetch(tmp_path / "d", [url, good])).train) == 20
    assert len(asked) == 4


def test_damaged_and_missing_files_are_replaced(tmp_path, mirrors):
    url, asked = mirrors.start(works)
    directory = fetch(tmp_path / "d", [url])
    asked.clear()
    first, second, third, _ = sorted(mirrors.bodies)
    (directory / first).write_bytes(b"rubbish")
    (directory / second).unlink()
    unpacked = directory / third.removesuffix(".gz")
    unpacked.write_bytes(gzip.decompress((directory / third).read_bytes()))
    (directory / third).unlink()
    fetch(directory, [url])
    assert sorted(asked) == [first, second]
    assert len(load_mnist(directory).train) == 20


def test_a_download_wins_over_a_damaged_unpacked_file(tmp_path, mirrors):
    url, _ = mirrors.start(works)
    (tmp_path / "d").mkdir()
    (tmp_path / "d" / "t10k-labels-idx1-ubyte").write_bytes(b"rubbish")
    assert len(load_mnist(fetch(tmp_path / "d", [url])).train) == 20


def test_no_network(tmp_path, bodies):
    start = time.monotonic()
    with pytest.raises(DataError, match="could not be downloaded") as caught:
        fetch(tmp_path / "d", ["http://127.0.0.1:9/", "http://mirror.invalid/"])
    assert time.monotonic() - start < 20.0
    message = str(caught.value)
    assert "127.0.0.1:9" in message and "mirror.invalid" in message
    assert str(tmp_path / "d") in message  # Every place looked at.
    assert "lenet1998 data fetch" in message and "--data-dir" in message and "\n" not in message
    assert message.index("--data synthetic") < message.index("http"), "what to do stands before what went wrong"


def test_a_silent_mirror_is_given_up(tmp_path, mirrors, monkeypatch):
    monkeypatch.setattr(machinery, "PATIENCE", 0.2)
    silent, _ = mirrors.start(lambda handler, body: time.sleep(2.0))
    good, _ = mirrors.start(works)
    start = time.monotonic()
    with pytest.raises(DataError, match=r"no answer within 0\.2 seconds"):
        fetch(tmp_path / "d", [silent])
    assert time.monotonic() - start < 1.5
    monkeypatch.setattr(machinery, "PATIENCE", 8.0)
    monkeypatch.setattr(machinery, "STALL", 0.2)
    assert fetch(tmp_path / "d", [silent, good]) == tmp_path / "d"


@pytest.mark.parametrize(
    ("number", "message"),
    [(errno.ENOSPC, "free 12 MB there"), (errno.EACCES, "a directory that you may write to")],
)
def test_a_disk_that_is_full_or_locked(tmp_path, mirrors, monkeypatch, number, message):
    url, asked = mirrors.start(works)
    monkeypatch.setattr(os, "fsync", refusing(number))
    with pytest.raises(DataError, match=message) as caught:
        fetch(tmp_path / "d", [url, url])
    assert os.strerror(number) in str(caught.value)
    assert list((tmp_path / "d").iterdir()) == [] and len(asked) == 1


def test_a_file_in_the_way(tmp_path, mirrors):
    url, _ = mirrors.start(works)
    (tmp_path / "mnist.pkl.gz").write_bytes(gzip.compress(b"\x80\x04."))
    for get in (fetch, fetch_cifar10):
        with pytest.raises(DataError, match=r"mnist\.pkl\.gz is a file: name a directory for .* by --data-dir"):
            get(tmp_path / "mnist.pkl.gz", [url])
    with pytest.raises(DataError, match="cannot be written"):
        fetch(tmp_path / "mnist.pkl.gz" / "within", [url])


@pytest.mark.parametrize("interrupted", ["fsync", "replace"])
def test_an_interrupt_leaves_nothing_behind(tmp_path, mirrors, monkeypatch, interrupted):
    url, _ = mirrors.start(works)

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(os, interrupted, interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch(tmp_path / "d", [url])
    assert list((tmp_path / "d").iterdir()) == []


def test_leftovers_of_killed_downloads_are_removed(tmp_path, mirrors):
    url, _ = mirrors.start(works)
    (tmp_path / "d").mkdir()
    name = sorted(mirrors.bodies)[0]
    old, fresh, foreign = (tmp_path / "d" / x for x in (f".{name}.1", f".{name}.2", ".mine.1"))
    for path in (old, fresh, foreign):
        path.write_bytes(b"half")
    for path in (old, foreign):
        os.utime(path, (time.time() - 3_600,) * 2)
    fetch(tmp_path / "d", [url])
    # A fresh one may belong to a download that runs at this moment.
    assert not old.exists() and fresh.exists() and foreign.exists()


@pytest.fixture
def archive(bodies: dict[str, bytes], monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Some bytes in place of the archive of CIFAR-10."""
    body = np.random.default_rng(1).bytes(100_000)
    bodies[cifar10.ARCHIVE] = body
    monkeypatch.setattr(cifar10, "SHA256", hashlib.sha256(body).hexdigest())
    monkeypatch.setattr(cifar10, "SIZE", len(body))
    return body


def test_cifar10_is_downloaded_once(tmp_path, mirrors, archive, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    url, asked = mirrors.start(works)
    calls: list[tuple[str, int, int | None]] = []
    for named, place in ((None, tmp_path / "cache" / "lenet1998" / "cifar10"), (tmp_path / "d", tmp_path / "d")):
        asked.clear()
        assert fetch_cifar10(named, [url], lambda *call: calls.append(call)) == place
        assert (place / cifar10.ARCHIVE).read_bytes() == archive
        assert calls[-1] == (cifar10.ARCHIVE, len(archive), len(archive))
        fetch_cifar10(named, [url])
        assert asked == [cifar10.ARCHIVE]
        (place / cifar10.ARCHIVE).write_bytes(archive[:-1])
        fetch_cifar10(named, [url])
        assert (place / cifar10.ARCHIVE).read_bytes() == archive and len(asked) == 2


def sends_it_changed(handler: BaseHTTPRequestHandler, body: bytes) -> None:
    send(handler, bytes([body[0] ^ 1]) + body[1:])


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        (sends_it_changed, "is not CIFAR-10: SHA-256"),
        (never_ends, "too long: more than 100000 bytes"),
    ],
)
def test_a_bad_mirror_of_cifar10(tmp_path, mirrors, archive, answer, message):
    bad, _ = mirrors.start(answer)
    good, _ = mirrors.start(works)
    with pytest.raises(DataError, match=message) as caught:
        fetch_cifar10(tmp_path / "d", [bad])
    text = str(caught.value)
    assert f"{bad}{cifar10.ARCHIVE}" in text and str(tmp_path / "d") in text and "\n" not in text
    assert list((tmp_path / "d").iterdir()) == []
    fetch_cifar10(tmp_path / "d", [bad, good])
    assert [path.read_bytes() for path in (tmp_path / "d").iterdir()] == [archive]
