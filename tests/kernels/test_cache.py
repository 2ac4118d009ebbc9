"""The compiled engine's cache on disk: kept, mended, shared, bounded, and done without."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from contextlib import suppress

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


@pytest.fixture(scope="module", autouse=True)
def own_cache(tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


PROGRAM = """
import json, logging, sys, warnings
import numpy as np
from lenet1998.kernels import NumbaEngine
from lenet1998.layers import FullConnection
from lenet1998.loss import MLE
from lenet1998.network import Input, Network
from lenet1998.output import RBF
lines = []
handler = logging.Handler()
handler.emit = lambda record: lines.append(record.getMessage())
logging.getLogger("lenet1998").addHandler(handler)
logging.getLogger("lenet1998").setLevel(logging.INFO)
network = Network(Input(4), [FullConnection("F", 2), RBF("Output", np.ones((2, 2)))])
with warnings.catch_warnings(record=True) as caught:
    warnings.simplefilter("always")
    y = [NumbaEngine(network, MLE(1)).penalties(np.zeros((1, 4, 4), np.uint8)) for _ in range(2)][1]
print(json.dumps({"y": y.tolist(), "lines": lines, "warnings": [str(w.message) for w in caught]}))
"""

needs_jit = pytest.mark.skipif(not JIT, reason="nothing is compiled")


def run(folder, program: str = PROGRAM, **environment: str) -> dict:
    done = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "XDG_CACHE_HOME": str(folder), "HOME": str(folder), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    answer = json.loads(done.stdout)
    assert answer.pop("y") == [[2.0, 2.0]]
    return answer


@needs_jit
def test_the_second_start_compiles_nothing_and_damage_is_mended(tmp_path):
    first = run(tmp_path)
    assert len(first["lines"]) == 1 and "compiling" in first["lines"][0] and not first["warnings"]
    quiet = {"lines": [], "warnings": []}
    assert run(tmp_path) == quiet
    files = list(tmp_path.rglob("*.nb?"))
    assert {path.suffix for path in files} == {".nbi", ".nbc"}
    for path in files:
        whole = path.read_bytes()
        for damaged in (whole[: len(whole) // 2], whole[:-9] + bytes(9)):
            path.write_bytes(damaged)
            assert run(tmp_path) == first
    assert run(tmp_path) == quiet
    for path in tmp_path.rglob("*.json"):
        path.write_text("{")
    assert run(tmp_path) == first
    (text,) = tmp_path.rglob("lenet1998_kernels_*.py")
    text.write_text("raise SystemExit")
    assert run(tmp_path)["warnings"] == []
    assert "raise" not in text.read_text()[:16]


@needs_jit
def test_where_nothing_can_be_kept_there_is_one_warning(tmp_path):
    (tmp_path / "file").write_text("")
    answer = run(tmp_path / "file")
    (warning,) = answer["warnings"]
    assert "in memory" in warning


@needs_jit
def test_without_a_home_directory_there_is_one_warning(tmp_path):
    # As for a user that the system has in no list.
    nobody = "import os\ndel os.environ['HOME']\nos.path.expanduser = os.fspath\n"
    answer = run(tmp_path, nobody + PROGRAM, XDG_CACHE_HOME="")
    (warning,) = answer["warnings"]
    assert "no home directory" in warning and "in memory" in warning
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform != "linux", reason="the XDG directories are those of Linux")
@pytest.mark.parametrize("value", ["", "relative"])
def test_a_relative_cache_directory_is_ignored(tmp_path, monkeypatch, value):
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert cache.directory() == tmp_path / ".cache" / "lenet1998" / "kernels"


@needs_jit
def test_a_full_disk_is_one_warning(tmp_path):
    full = "import os\nfrom numba.core import caching\ndef save(*a):\n    raise OSError(28, 'No space left')\n"
    answer = run(tmp_path, full + "caching.IndexDataCacheFile.save = save\n" + PROGRAM)
    (warning,) = answer["warnings"]
    assert "No space left" in warning


@needs_jit
def test_processes_may_compile_at_once(tmp_path):
    program = "import sys; exec(sys.argv[1])"
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    both = [
        subprocess.Popen([sys.executable, "-c", program, PROGRAM], env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    for process in both:
        out, _ = process.communicate(timeout=120)
        assert process.returncode == 0 and json.loads(out)["warnings"] == []
    assert run(tmp_path)["warnings"] == []


def test_the_key_changes_with_text_versions_and_processor(monkeypatch):
    keys = {cache.digest("a"), cache.digest("b")}
    with monkeypatch.context() as patch:
        patch.setattr(numba, "__version__", "0.0")
        keys.add(cache.digest("a"))
    from llvmlite import binding

    monkeypatch.setattr(binding, "get_host_cpu_name", lambda: "6502")
    keys.add(cache.digest("a"))
    assert len(keys) == 4


def test_without_numba_the_engine_says_what_to_install(monkeypatch):
    cache.load.cache_clear()
    monkeypatch.setitem(sys.modules, "numba", None)
    with pytest.raises(LeNetError, match="pip install"):
        NumbaEngine(Network(Input(4), [FullConnection("F", 2), RBF("Output", np.ones((2, 2)))]), MLE(1))


def test_nothing_is_printed_and_the_wait_is_announced(caplog):
    with caplog.at_level(logging.INFO, logger="lenet1998.kernels"):
        engine = NumbaEngine(Network(Input(3), [FullConnection("F", 2), RBF("Output", np.ones((2, 2)))]), MLE(1))
        engine.penalties(np.zeros((1, 3, 3), np.uint8))
    assert len(caplog.records) == int(JIT)


@needs_jit
def test_modules_not_used_for_longest_make_room(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
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
    cache.load.cache_clear()


@needs_jit
def test_a_module_that_is_used_again_counts_as_new(tmp_path):
    run(tmp_path)
    (seal,) = tmp_path.rglob("*.json")
    os.utime(seal, (1e9, 1e9))
    run(tmp_path)
    assert seal.stat().st_mtime > 1e9


def test_the_numbers_of_a_loss_compile_nothing_anew():
    network = Network(Input(4), [FullConnection("F", 2), RBF("Output", np.ones((2, 2)))])
    engines = [NumbaEngine(network, loss) for loss in (MLE(1), MLE(2))]
    assert engines[0]._one.module is engines[1]._one.module
    patterns = Batch(np.zeros((1, 4, 4), np.uint8), np.zeros(1, np.uint8))
    losses = [engine.train(patterns, np.arange(1), np.zeros(len(network.parameters), np.float32)) for engine in engines]
    assert losses[1].loss == 2 * losses[0].loss > 0


@needs_jit
@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Unix alone has these permissions")
@pytest.mark.parametrize(
    ("place", "how"),
    [("cache", "others"), ("cache/lenet1998", "group"), ("cache/lenet1998/kernels", "others"), ("cache", "owner")],
)
def test_a_cache_that_others_can_write_to_is_not_read(tmp_path, place, how):
    """What is there is read with pickle: it would be their code."""
    if how == "owner" and os.getuid() != 0:
        pytest.skip("only root can give a folder away")
    assert not run(tmp_path / "cache")["warnings"]
    (tmp_path / place).chmod({"others": 0o757, "group": 0o775, "owner": 0o700}[how])
    if how != "others":
        with suppress(PermissionError):  # whoever is not root keeps the group, which then is the user's alone or not
            os.chown(tmp_path / place, 12345 if how == "owner" else -1, 12345)
    if how == "group" and (tmp_path / place).stat().st_gid == os.getuid():
        pytest.skip("the group is the user's own")
    before = sorted((tmp_path / "cache").rglob("*"))
    found = run(tmp_path / "cache")
    (warning,) = found["warnings"]
    assert f"others can write to {tmp_path / place}" in warning and "compiled in memory" in warning
    assert "\n" not in warning
    assert sorted((tmp_path / "cache").rglob("*")) == before


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="Unix alone has these permissions")
def test_a_link_to_where_others_can_write_is_seen_through(tmp_path, monkeypatch):
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    (tmp_path / "cache").mkdir()
    (tmp_path / "cache" / "lenet1998").symlink_to(shared)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with pytest.raises(PermissionError, match="others can write to .*lenet1998"):
        cache.directory()
    shared.chmod(0o1777)  # as /tmp: others can add files, but not in the place of ours
    assert cache.directory().name == "kernels"
