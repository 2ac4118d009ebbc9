"""Faults: killed at any moment, no room, nothing writable, a clock that runs backwards. Nothing that was done is lost.

A process is killed at moments drawn by chance from a fixed seed: it counts the lines of the project that it runs, and
sends itself SIGKILL at the chosen one, so that a moment that was drawn once can be had again on any machine.
"""

import ast
import ctypes
import dataclasses
import gzip
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest

from experiments.machinery.declaration import CHAPTERS, Experiment, Plan
from experiments.machinery.main import Asked, perform
from experiments.machinery.setting import Setting
from lenet1998.data import mirrors
from lenet1998.data.download import fetch
from lenet1998.data.idx import write_idx
from lenet1998.errors import DataError, LeNetError, RecipeError
from lenet1998.recipe import Recipe, preset
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running import run as runs
from lenet1998.running.lock import locked
from lenet1998.running.run import BEST, CHECKPOINT, HISTORY, LOCK, run
from lenet1998.running.work import DataChoice, Task
from tests.faults import POSIX
from tests.own_data import instead_of_mnist
from tests.rings import beyond

pytestmark = POSIX
ROOT = Path(__file__).parent.parent.parent
SEED = 1998
PASSES = 3
DIGITS = DataChoice("synthetic", train_size=8, test_size=4)
RECIPES = (Recipe(hessian_patterns=2), preset("modern").override(["batch=4"]))
WRITING = (str(ROOT / "lenet1998" / "files.py"),)
ALL = (str(ROOT / "lenet1998"), str(ROOT / "experiments"))
few_kills_or_many = pytest.mark.parametrize("kills", beyond(1, [3, 20], "for changes of what writes and resumes"))


@pytest.fixture(autouse=True)
def alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a run says about its origin takes two calls of git, and no test here looks at it."""
    monkeypatch.setattr(runs, "provenance", lambda: {"versions": {}, "commit": None, "machine": {}})


def forked(work: Callable[[], object]) -> tuple[int, str]:
    """Do something in a new process: its end as waitpid has it, and what it says; exit codes 2 for a documented error,
    which it says in one line, and 1 for any other."""
    reader, writer = os.pipe()
    process = os.fork()
    if process == 0:
        code, said = 0, ""
        try:
            said = str(work() or "")
        except LeNetError as error:
            code, said = 2, str(error)
        except BaseException:
            code, said = 1, traceback.format_exc()
        sys.settrace(None)
        os.write(writer, said.encode()[:60_000])
        os._exit(code)
    os.close(writer)
    with os.fdopen(reader, "rb") as pipe:
        said = pipe.read().decode()
    return os.waitpid(process, 0)[1], said


def succeeds(work: Callable[[], object]) -> str:
    end, said = forked(work)
    assert end == 0, said
    return said


def traced(work: Callable[[], object], where: tuple[str, ...], moment: float) -> int:
    """Do something, count the lines that it runs in the files `where`, and be killed at the one that is `moment`."""
    count = 0

    def step(frame, event: str, _):
        nonlocal count
        if not frame.f_code.co_filename.startswith(where):
            return None
        count += 1
        if count == moment:
            os.kill(os.getpid(), signal.SIGKILL)
        return step

    sys.settrace(step)
    work()
    sys.settrace(None)
    return count


def killed(
    name: str, work: Callable[[Path], object], place: Path, kills: int, where: tuple[str, ...] = ALL
) -> Iterator[Path]:
    """Let `work` be killed at moments drawn by chance, each time in a new directory, which is yielded."""
    lines = int(succeeds(lambda: traced(partial(work, place / "whole"), where, np.inf)))
    for moment in sorted(random.Random(f"{SEED} {name}").sample(range(1, lines + 1), kills)):
        print(f"{name}: killed at line {moment} of {lines}")  # pytest shows it if what follows fails
        out = place / str(moment)
        end, said = forked(partial(traced, partial(work, out), where, moment))
        assert os.WIFSIGNALED(end) and os.WTERMSIG(end) == signal.SIGKILL, said
        yield out


def train(out: Path, recipe: Recipe = RECIPES[0], resume: bool = False, passes: int = PASSES) -> dict:
    return run(out, recipe, DIGITS.load(), passes=passes, engine="numpy", resume=resume, keep_best=True)


def timeless(history: dict) -> dict:
    """A history without what depends on when and in how many parts the run was made."""
    passes = [{key: value for key, value in record.items() if key != "seconds"} for record in history["passes"]]
    return {key: value for key, value in history.items() if key not in ("passes", "resumed")} | {"passes": passes}


def state(out: Path) -> dict[str, object]:
    """All that a run's directory holds, to the bit."""
    found: dict[str, object] = {"files": sorted(os.listdir(out))}
    for name in (CHECKPOINT, BEST):
        saved = checkpoints.load(out / name)
        found[name] = saved.values.tobytes(), timeless(saved.history)
        found[name] += tuple((key, array.tobytes()) for key, array in sorted(saved.optimiser.items()))
    found[HISTORY] = timeless(json.loads((out / HISTORY).read_text()))
    return found


def recorded(out: Path) -> list[dict]:
    """The passes that a run has completed; whatever is there can be read."""
    return checkpoints.load(out / CHECKPOINT).history["passes"] if (out / CHECKPOINT).exists() else []


@few_kills_or_many
@pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.optimiser)
@pytest.mark.parametrize("where", [ALL, WRITING], ids=["training", "checkpointing"])
def test_a_run_killed_at_any_moment_ends_as_one_that_was_not(tmp_path, recipe, where, kills):
    DIGITS.load()
    for out in killed(recipe.name, partial(train, recipe=recipe), tmp_path, kills, where):
        before = recorded(out)
        after = train(out, recipe, resume=True)["passes"]
        assert after[: len(before)] == before, "a complete pass is not made again"
        assert state(out) == state(tmp_path / "whole")


@few_kills_or_many
def test_a_run_that_is_killed_again_and_again_ends_as_one_that_was_not(tmp_path, kills):
    out, moments = tmp_path / "out", random.Random(SEED)
    train(tmp_path / "whole")
    lines = int(succeeds(lambda: traced(lambda: train(tmp_path / "counted"), ALL, np.inf)))
    for _ in range(kills):
        before, moment = recorded(out), moments.randint(1, lines)
        print(f"killed at line {moment} of {lines}")
        end, said = forked(partial(traced, lambda: train(out, resume=True), ALL, moment))
        assert end in (0, signal.SIGKILL), said
        assert recorded(out)[: len(before)] == before
    train(out, resume=True)
    assert state(out) == state(tmp_path / "whole")


def experiment(place: Path, resume: bool = False) -> list[dict]:
    """Two runs, recorded as every experiment records them."""

    def plan(setting: Setting) -> Plan:
        return (
            yield [Task(place / f"seed{seed}", RECIPES[0], seed, DIGITS, 2, "numpy", keep_best=True) for seed in (1, 2)]
        )

    two = Experiment(name="two", title="two", question="?", chapter=CHAPTERS[0], plan=plan, seeds=None, passes=None)
    places = ["--out", str(place / "results"), "--runs", str(place), *["--resume"] * resume]
    return perform([Asked.of(two, ["--data", "synthetic", "--quiet", *places])])["two"]["runs"]


@few_kills_or_many
def test_a_sweep_killed_at_any_moment_ends_as_one_that_was_not(tmp_path, kills):
    experiment(tmp_path / "first")  # what it draws is drawn here: each process then runs as many lines

    def results(place: Path) -> list[dict]:
        assert os.listdir(place / "results") == ["two.json"], "nothing but the results"
        return [timeless(each) for each in json.loads((place / "results" / "two.json").read_text())["runs"]]

    for place in killed("sweep", experiment, tmp_path, kills):
        before = [recorded(place / f"seed{seed}") for seed in (1, 2)]
        after = [each["passes"] for each in experiment(place, resume=True)]
        assert [there[: len(done)] for there, done in zip(after, before, strict=True)] == before
        assert results(place) == results(tmp_path / "whole")
        for seed in (1, 2):
            assert state(place / f"seed{seed}") == state(tmp_path / "whole" / f"seed{seed}")


ENDLESS = """
import sys
from pathlib import Path
from lenet1998.recipe import Recipe
from lenet1998.running.sweep import sweep
from lenet1998.running.work import DataChoice, Task
data = DataChoice("synthetic", train_size=8, test_size=4)
sweep([Task(Path(sys.argv[1], str(k)), Recipe(hessian_patterns=2), k, data, 10**6, "numpy") for k in (1, 2)], jobs=2,
      quiet=True)
"""


def test_the_workers_of_a_killed_sweep_make_room_for_the_next(tmp_path):
    """They would train for hours, hold the locks of their runs, and refuse whoever resumes."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen(
        [sys.executable, "-c", ENDLESS, tmp_path], env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    outs, data = [tmp_path / "1", tmp_path / "2"], DIGITS.load()
    try:
        wait_until(lambda: all((out / CHECKPOINT).exists() for out in outs))
        parent.kill()
        parent.wait()
        wait_until(lambda: all(is_free(out / LOCK) for out in outs))
    finally:
        with suppress(ProcessLookupError):
            os.killpg(parent.pid, signal.SIGKILL)
    for seed, out in enumerate(outs, 1):
        done = len(recorded(out))
        again = run(out, Recipe(hessian_patterns=2), data, seed=seed, passes=done, engine="numpy", resume=True)
        assert len(again["passes"]) == done


@pytest.mark.outer("for changes of what writes and resumes: the inner ring has kills between lines, and Ctrl-C")
def test_the_command_killed_at_moments_of_time_ends_as_one_that_was_not(tmp_path):
    """Here a kill may strike anywhere, within the compiled engine or a system call too, and not only between lines."""
    command = [sys.executable, "-m", "lenet1998", "train", "--data", "synthetic", "--train-size", "500"]
    command += ["--test-size", "50", "--quiet", "--resume", "--passes", "30", "--out"]
    quiet = {"cwd": ROOT, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    compiling = [*command, tmp_path / "first", "--passes", "1"]
    subprocess.run(compiling, check=True, timeout=300, **quiet)
    started = time.monotonic()
    subprocess.run([*command, tmp_path / "whole"], check=True, timeout=300, **quiet)
    whole, moments, struck = time.monotonic() - started, random.Random(SEED), 0
    for _ in range(20):
        before = recorded(tmp_path / "out")
        victim = subprocess.Popen([*command, tmp_path / "out"], **quiet)
        with suppress(subprocess.TimeoutExpired):
            victim.wait(moments.uniform(whole / 4, whole))
        victim.kill()
        killed, done = victim.wait() == -signal.SIGKILL, recorded(tmp_path / "out")
        struck += killed and 0 < len(done) < 30
        assert done[: len(before)] == before
        if struck == 3:
            break
        if len(done) == 30:  # whatever else this machine has to do: nothing is left to be killed
            shutil.rmtree(tmp_path / "out")
    assert struck == 3
    subprocess.run([*command, tmp_path / "out"], check=True, timeout=300, **quiet)
    ends = [checkpoints.load(tmp_path / name / CHECKPOINT) for name in ("whole", "out")]
    assert ends[0].values.tobytes() == ends[1].values.tobytes()
    assert timeless(ends[0].history) == timeless(ends[1].history)
    assert sorted(os.listdir(tmp_path / "out")) == sorted(os.listdir(tmp_path / "whole"))


def wait_until(reached: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_free(path: Path) -> bool:
    try:
        with locked(path, "it"):
            return True
    except LeNetError:
        return False


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A web server on this computer with the files of a small data base in place of MNIST."""
    (tmp_path / "mirror").mkdir()
    for name, array in instead_of_mnist(monkeypatch, 20, 20).items():
        (tmp_path / "mirror" / f"{name}.gz").write_bytes(gzip.compress(write_idx(array)))
    monkeypatch.setattr(SimpleHTTPRequestHandler, "log_message", lambda *_: None)
    monkeypatch.setattr(mirrors, "CHUNK", 1000)
    monkeypatch.setattr(mirrors, "ABANDONED", 0.0)
    monkeypatch.delenv("http_proxy", raising=False)
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(SimpleHTTPRequestHandler, directory=tmp_path / "mirror"))
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    server.server_close()


def bodies(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in directory.iterdir()}


@few_kills_or_many
def test_a_download_killed_at_any_moment_is_whole_or_not_there(tmp_path, mirror, kills):
    right = bodies(tmp_path / "mirror")
    assert len(right) == 4
    for directory in killed("download", lambda directory: fetch(directory, [mirror]), tmp_path / "d", kills):
        there = bodies(directory) if directory.exists() else {}
        assert all(right[name] == body for name, body in there.items() if not name.startswith("."))
        fetch(directory, [mirror])
        assert bodies(directory) == right


def test_a_limit_on_the_size_of_files(tmp_path):
    """As a quota does, it lets the first 100,000 bytes be written and not the others."""
    train(tmp_path / "out", passes=1)
    before = state(tmp_path / "out")

    def limited() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        train(tmp_path / "out", resume=True)

    end, said = forked(limited)
    assert os.waitstatus_to_exitcode(end) == 2, said
    assert "checkpoint.npz: File too large" in said or "best.npz: File too large" in said
    assert "\n" not in said and "choose another place" in said
    assert state(tmp_path / "out") == before
    train(tmp_path / "whole")
    train(tmp_path / "out", resume=True)
    assert state(tmp_path / "out") == state(tmp_path / "whole")


NEW_MOUNTS, NEW_USER = 0x00020000, 0x10000000
READ_ONLY, REMOUNT, BIND, RECURSIVE, PRIVATE = 1, 32, 4096, 16384, 1 << 18


def mount(source: str | None, target: Path, kind: str | None, flags: int, options: str | None = None) -> None:
    texts = (None if text is None else str(text).encode() for text in (source, target, kind))
    call(ctypes.CDLL(None, use_errno=True).mount, *texts, ctypes.c_ulong(flags), options and options.encode())


def call(function: Callable[..., int], *arguments: object) -> None:
    if function(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


def with_own_mounts(work: Callable[[], object]) -> str:
    """Do something in a process whose mounts nobody else sees, and which end with it."""
    if not sys.platform.startswith("linux"):
        pytest.skip("mounts are Linux's")

    def separate() -> None:
        unshare = ctypes.CDLL(None, use_errno=True).unshare
        user = os.getuid()
        try:
            call(unshare, NEW_MOUNTS | (NEW_USER if user else 0))
            if user:
                Path("/proc/self/uid_map").write_text(f"0 {user} 1")
            mount(None, Path("/"), None, RECURSIVE | PRIVATE)
        except OSError as error:
            raise Unable(f"own mounts are not allowed here: {error.strerror}") from None
        return work()

    end, said = forked(separate)
    if "Unable: " in said:
        pytest.skip(said.splitlines()[-1])
    assert end == 0, said
    return said


class Unable(Exception):
    """This computer does not let a test have mounts of its own."""


def refused(work: Callable[[], object], message: str, error: type[LeNetError] = LeNetError) -> None:
    with pytest.raises(error, match=message) as refusal:
        work()
    assert "\n" not in str(refusal.value)


def test_a_full_disk(tmp_path, mirror):
    """Room for two and a half of the files that a run keeps; with more it goes on to where it would have come."""
    train(tmp_path / "whole")
    disk = tmp_path / "disk"
    disk.mkdir()

    def work() -> None:
        mount("none", disk, "tmpfs", 0, "size=600k")
        refused(lambda: train(disk / "out"), r"cannot write .*\.npz: No space left.*--resume")
        before = recorded(disk / "out")
        assert before and len(before) < PASSES
        assert all(not name.startswith(".") for name in os.listdir(disk / "out"))
        mount("none", disk, "tmpfs", REMOUNT, "size=20m")
        assert train(disk / "out", resume=True)["passes"][: len(before)] == before
        assert state(disk / "out") == state(tmp_path / "whole")
        with pytest.raises(OSError, match="No space left"), open(disk / "filler", "wb", buffering=0) as filler:
            while True:
                filler.write(bytes(4096))
        refused(lambda: fetch(disk / "mnist", [mirror]), "No space left.*free 12 MB there", DataError)
        assert not bodies(disk / "mnist")
        (disk / "filler").unlink()
        fetch(disk / "mnist", [mirror])

    with_own_mounts(work)


def test_a_directory_that_cannot_be_written(tmp_path, mirror):
    """For the administrator too: permissions do not hold for him, a file system that is read only does."""
    disk = tmp_path / "disk"
    train(disk / "out", passes=1)
    fetch(disk / "mnist", [mirror])
    (disk / "mnist" / "train-labels-idx1-ubyte.gz").unlink()

    def work() -> None:
        mount(disk, disk, None, BIND)
        mount(None, disk, None, REMOUNT | BIND | READ_ONLY)
        before = state(disk / "out")
        for again in (lambda: train(disk / "out", resume=True), lambda: train(disk / "new"), lambda: experiment(disk)):
            refused(again, "cannot write .*: Read-only file system; choose another place")
        refused(lambda: fetch(disk / "mnist", [mirror]), "Read-only file system.*--data-dir", DataError)
        assert state(disk / "out") == before, "what is there can still be read"
        mount(None, disk, None, REMOUNT | BIND)
        assert len(train(disk / "out", resume=True)["passes"]) == PASSES

    with_own_mounts(work)


@pytest.mark.parametrize("start", [2e9, 1e5], ids=["2033", "1970"])
def test_a_clock_that_runs_backwards(tmp_path, mirror, monkeypatch, start):
    """Half an hour at each look, down to 1970, where computers without a battery begin."""
    train(tmp_path / "whole", passes=2)
    for name in (f".{CHECKPOINT}.left", f".{HISTORY}.left"):
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / name).write_text("from the future")
        os.utime(tmp_path / "out" / name, (4e9, 4e9))
    now = [start]

    def earlier() -> float:
        now[0] = max(0.0, now[0] - 1800.0)
        return now[0]

    monkeypatch.setattr(time, "time", earlier)
    train(tmp_path / "out", passes=1)
    history = train(tmp_path / "out", resume=True, passes=2)
    assert all(record["seconds"] >= 0 for record in history["passes"])
    assert state(tmp_path / "out") == state(tmp_path / "whole")
    fetch(tmp_path / "mnist", [mirror])
    assert bodies(tmp_path / "mnist") == bodies(tmp_path / "mirror")
    (tmp_path / "mnist" / "train-labels-idx1-ubyte.gz").unlink()
    fetch(tmp_path / "mnist", [mirror])
    assert experiment(tmp_path / "two")


# Text that the project itself makes from its own network is compiled, and a plugin that the user names, which is a
# program; nothing else that a user or a file says is.
COMPILES = {"lenet1998/kernels/cache.py": {"exec", "compile"}, "lenet1998/kernels/specialise.py": {"eval", "compile"}}
COMPILES["lenet1998/registry/__init__.py"] = {"exec", "compile"}
COMPILES["lenet1998/exercises/handins.py"] = {"exec", "compile"}  # what is handed in, in a process of its own
FORBIDDEN = {"eval", "exec", "compile", "system", "popen", "extractall", "extract", "unpack_archive", "loads_pickle"}
UNPICKLERS = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib.load", "marshal", "shelve"}


def offences(path: Path) -> Iterator[str]:
    name = path.relative_to(ROOT).as_posix()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            imported = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            if imported & UNPICKLERS:
                yield f"{name}:{node.lineno}: import"
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
            compiles = called.rpartition(".")[2] in FORBIDDEN and called != "re.compile"
            if (
                options.get("shell", "False") != "False"
                or (called in ("np.load", "numpy.load") and options.get("allow_pickle") != "False")
                or called == "joblib.load"
                or (compiles and called not in COMPILES.get(name, ()))
            ):
                yield f"{name}:{node.lineno}: {called}"


def test_nothing_unpickles_evaluates_unpacks_or_asks_a_shell():
    modules = sorted([*ROOT.glob("lenet1998/**/*.py"), *ROOT.glob("experiments/**/*.py")])
    assert [offence for path in modules for offence in offences(path)] == []


def test_values_of_settings_and_toml_files_are_never_evaluated(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    if not find_spec("tomllib"):
        pytest.importorskip("tomli", reason="Python 3.10 reads TOML by the extra toml")
    recipes = pytest.importorskip("experiments.machinery.recipes")
    trap = "__import__('pathlib').Path('trap-was-sprung').touch()"
    for field in dataclasses.fields(Recipe):
        with pytest.raises(RecipeError):
            Recipe().override([f"{field.name}={trap}"])
        if field.name not in ("name", "preset"):
            (tmp_path / "r.toml").write_text(f'{field.name} = "{trap}"')
            with pytest.raises(RecipeError):
                recipes.read_recipe("r.toml")
    assert os.listdir(tmp_path) == ["r.toml"]
