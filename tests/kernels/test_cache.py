"""The compiled engine's cache on disk: kept, mended, shared, bounded, and done without."""

import json
import logging
import os
import subprocess
import sys
import warnings
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest

from lenet1998.engine import Batch
from lenet1998.errors import LeNetError
from lenet1998.layers import FullConnection
from lenet1998.loss import MLE
from lenet1998.network import Input, Network
from lenet1998.output import RBF

numba = pytest.importorskip("numba", reason="the compiled engine needs numba (extra fast)")

from lenet1998.kernels import NumbaEngine, cache  # noqa: E402

JIT = not numba.config.DISABLE_JIT
ROOT = Path(__file__).parent.parent.parent


needs_jit = pytest.mark.skipif(not JIT, reason="nothing is compiled")
PROGRAM = """
import json, sys
from tests.kernels.test_cache import started
print(json.dumps(started()))
"""


def tiny() -> Network:
    return Network(Input(4), [FullConnection("F", 2), RBF("Output", np.ones((2, 2)))])


def started() -> dict[str, list[str]]:
    """What two engines say, one after the other, of a program that has just started, as far as they know."""
    cache.load.cache_clear()
    lines: list[str] = []
    handler, log = logging.Handler(), logging.getLogger("lenet1998.kernels")
    handler.emit = lambda record: lines.append(record.getMessage())  # type: ignore[method-assign]
    level, _ = log.level, log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            y = [NumbaEngine(tiny(), MLE(1)).penalties(np.zeros((1, 4, 4), np.uint8)) for _ in range(2)]
    finally:
        log.setLevel(level)
        log.removeHandler(handler)
    assert y[0].tolist() == y[1].tolist() == [[2.0, 2.0]]
    return {"lines": lines, "warnings": [str(warning.message) for warning in caught]}


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The user's cache directory of a test, empty."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    yield tmp_path
    cache.load.cache_clear()


QUIET: dict[str, list[str]] = {"lines": [], "warnings": []}


@needs_jit
def test_the_second_start_compiles_nothing_and_damage_is_mended(place):
    first = started()
    assert len(first["lines"]) == 1 and "compiling" in first["lines"][0] and not first["warnings"]
    assert started() == QUIET
    files = list(place.rglob("*.nb?"))
    assert {path.suffix for path in files} == {".nbi", ".nbc"}
    for path, damage in zip(files, (lambda whole: whole[: len(whole) // 2], lambda whole: whole[:-9] + bytes(9))):  # noqa: B905
        path.write_bytes(damage(path.read_bytes()))
        assert started() == first
    assert started() == QUIET
    for path in place.rglob("*.json"):
        path.write_text("{")
    assert started() == first
    (text,) = place.rglob("lenet1998_kernels_*.py")
    text.write_text("raise SystemExit")
    assert started()["warnings"] == []
    assert "raise" not in text.read_text()[:16]


@needs_jit
def test_where_nothing_can_be_kept_there_is_one_warning(place, monkeypatch):
    (place / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "file"))
    (warning,) = started()["warnings"]
    assert "in memory" in warning


@needs_jit
def test_without_a_home_directory_there_is_one_warning(place, monkeypatch):
    """As for a user that the system has in no list."""
    monkeypatch.delenv("HOME")
    monkeypatch.setenv("XDG_CACHE_HOME", "")
    monkeypatch.setattr(os.path, "expanduser", os.fspath)
    (warning,) = started()["warnings"]
    assert "no home directory" in warning and "in memory" in warning
    assert list(place.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG directories are those of Linux")
@pytest.mark.parametrize("value", ["", "relative"])
def test_a_relative_cache_directory_is_ignored(place, monkeypatch, value):
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert cache.directory() == place / ".cache" / "lenet1998" / "kernels"


@needs_jit
def test_a_full_disk_is_one_warning(place, monkeypatch):
    def save(*_: object) -> None:
        raise OSError(28, "No space left")

    monkeypatch.setattr("numba.core.caching.IndexDataCacheFile.save", save)
    (warning,) = started()["warnings"]
    assert "No space left" in warning


@needs_jit
def test_processes_may_compile_at_once(place):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    both = [
        subprocess.Popen([sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and json.loads(out)["warnings"] == []
    assert started() == QUIET, "what another process has compiled is taken"


def test_files_that_another_process_writes_while_ours_are_sealed_are_sealed_too(place, monkeypatch):
    kept, others = cache._Kept(place, "module.train"), [b"the other's", b"the other's, later"]
    file = place / "module.train-1.py311.nbi"
    file.write_bytes(b"ours")

    def replace(path: Path, content: bytes) -> None:
        if others:
            file.write_bytes(others.pop(0))
        path.write_bytes(content)

    monkeypatch.setattr(cache, "replace", replace)
    kept.seal()
    assert kept.sound() and not others


def test_a_file_that_another_process_removes_is_no_error(place, monkeypatch):
    (place / "module.train-1.py311.nbi").write_bytes(b"ours")
    read = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: path.unlink() or read(path))
    kept = cache._Kept(place, "module.train")
    kept.seal()
    assert not kept.sound()


def test_the_key_changes_with_text_versions_and_processor(monkeypatch):
    keys = {cache.digest("a"), cache.digest("b")}
    with monkeypatch.context() as patch:
        patch.setattr(numba, "__version__", "0.0")
        keys.add(cache.digest("a"))
    from llvmlite import binding

    monkeypatch.setattr(binding, "get_host_cpu_name", lambda: "6502")
    keys.add(cache.digest("a"))
    for setting in ("CPU_NAME", "CPU_FEATURES"):  # what the user has chosen in its place
        monkeypatch.setattr(numba.config, setting, "+other")
        keys.add(cache.digest("a"))
    assert len(keys) == 6


def test_without_numba_the_engine_says_what_to_install(monkeypatch):
    cache.load.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(LeNetError, match="pip install"):
        NumbaEngine(tiny(), MLE(1))


@needs_jit
def test_modules_not_used_for_longest_make_room(place, monkeypatch):
    monkeypatch.setattr(cache, "_MODULES", 3)
    cache.load.cache_clear()
    folder = cache.directory()
    (folder / "__pycache__").mkdir(parents=True)
    for age in range(4):
        for name in (f"lenet1998_kernels_{age}.py", f"__pycache__/lenet1998_kernels_{age}.train-1.py313.nbi"):
            (folder / name).write_text("")
            os.utime(folder / name, (1e9 - age, 1e9 - age))
    (folder / "somebody_else.py").write_text("")
    used = folder / "__pycache__" / "lenet1998_kernels_3.train.json"  # what is touched when a module is used
    used.write_text("")
    NumbaEngine(Network(Input(5), [FullConnection("F", 2), RBF("Output", np.ones((2, 2)))]), MLE(1))
    left = {path.name.partition(".")[0] for path in folder.rglob("*_*") if path.is_file()} - {"somebody_else"}
    assert len(left) == 3
    assert {"lenet1998_kernels_0", "lenet1998_kernels_3"} < left
    assert len(list(folder.rglob("lenet1998_kernels_3.*"))) == 3
    assert (folder / "somebody_else.py").exists()


@needs_jit
def test_a_module_that_is_used_again_counts_as_new(place):
    started()
    (seal,) = place.rglob("*.json")
    os.utime(seal, (1e9, 1e9))
    started()
    assert seal.stat().st_mtime > 1e9


def test_the_numbers_of_a_loss_compile_nothing_anew():
    network = tiny()
    engines = [NumbaEngine(network, loss, jit=False) for loss in (MLE(1), MLE(2))]
    assert engines[0]._one.module is engines[1]._one.module
    patterns = Batch(np.zeros((1, 4, 4), np.uint8), np.zeros(1, np.uint8))
    losses = [engine.train(patterns, np.arange(1), np.zeros(len(network.parameters), np.float32)) for engine in engines]
    assert losses[1].loss == 2 * losses[0].loss > 0


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Unix alone has these permissions")
@pytest.mark.parametrize(
    ("folder", "how"),
    [("cache", "others"), ("cache/lenet1998", "group"), ("cache/lenet1998/kernels", "others"), ("cache", "owner")],
)
def test_a_cache_that_others_can_write_to_is_not_read(place, monkeypatch, folder, how):
    """What is there is read with pickle: it would be their code."""
    if how == "owner" and os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    kernels, theirs = cache.directory(), place / folder
    kernels.mkdir(parents=True)
    theirs.chmod({"others": 0o757, "group": 0o775, "owner": 0o700}[how])
    if how != "others":
        with suppress(PermissionError):  # whoever is not root keeps the group, which then is the user's alone or not
            os.chown(theirs, 12345 if how == "owner" else -1, 12345)
    if how == "group" and theirs.stat().st_gid == os.getuid():
        pytest.skip("the group is the user's own")
    with pytest.raises(PermissionError, match=f"^others can write to {theirs}$"):
        cache.directory()
    if JIT and theirs == kernels:
        (warning,) = started()["warnings"]
        assert f"others can write to {theirs}" in warning and "compiled in memory" in warning
        assert "\n" not in warning and not list(kernels.iterdir())


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Unix alone has these permissions")
def test_a_link_to_where_others_can_write_is_seen_through(place, monkeypatch):
    shared = place / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (place / "cache").mkdir()
    (place / "cache" / "lenet1998").symlink_to(shared)
    monkeypatch.setenv("XDG_CACHE_HOME", str(place / "cache"))
    with pytest.raises(PermissionError, match="others can write to .*lenet1998"):
        cache.directory()
    shared.chmod(0o1777)  # as /tmp: others can add files, but not in the place of ours
    assert cache.directory().name == "kernels"
    (shared / "kernels").mkdir()
    (shared / "kernels").chmod(0o1777)  # there a file that is added would be read
    with pytest.raises(PermissionError, match="others can write to .*kernels"):
        cache.directory()
