"""One writer at a time: the second is told who is there, a killed one keeps nobody out, readers wait for nobody."""

import errno
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from experiments.machinery.declaration import CHAPTERS, Experiment
from experiments.machinery.main import Asked, perform
from experiments.machinery.record import read
from lenet1998.commands import main as cli
from lenet1998.data import mirrors
from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running import lock
from lenet1998.running.lock import locked
from lenet1998.running.run import CHECKPOINT, LOCK, run
from lenet1998.running.sweep import sweep
from lenet1998.running.work import DataChoice, Failure, Task
from tests.faults import POSIX, refusing

pytestmark = POSIX
RECIPE = Recipe(hessian_patterns=4)
SMALL = DataChoice("synthetic", train_size=12, test_size=5)
WHO = rf"process \d+ on {re.escape(socket.gethostname())} since \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\d"


def child(work: Callable[[], object]) -> int:
    """Have a new process do something, and return its number."""
    process = os.fork()
    if process == 0:
        try:
            work()
        except BaseException:
            os._exit(1)
        os._exit(0)
    return process


@contextmanager
def process_within(hold: Callable[[Callable[[], None]], object]) -> Iterator[int]:
    """A process that holds something, until it is killed at the end; it says when it has it."""
    reader, writer = os.pipe()

    def work() -> None:
        def stay() -> None:
            os.write(writer, b"!")
            signal.pause()

        hold(stay)

    process = child(work)
    os.close(writer)
    try:
        assert os.read(reader, 1) == b"!", "it has it"
        yield process
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)
        os.close(reader)


def holding(path: Path) -> Callable[[Callable[[], None]], None]:
    def hold(stay: Callable[[], None]) -> None:
        with locked(path, "it"):
            stay()

    return hold


def train(out: Path, passes: int = 2, resume: bool = False, **options: object) -> dict:
    return run(out, RECIPE, SMALL.load(), passes=passes, engine="numpy", resume=resume, **options)


def test_the_second_run_in_a_directory_is_refused_and_told_by_whom(tmp_path):
    SMALL.load()
    with process_within(lambda stay: train(tmp_path, passed=lambda record: stay())) as process:
        before = (tmp_path / CHECKPOINT).read_bytes()
        for resume in (False, True):
            with pytest.raises(LeNetError) as refusal:
                train(tmp_path, resume=resume)
            message = str(refusal.value)
            assert re.fullmatch(rf"{re.escape(str(tmp_path))} is being written by {WHO}: wait until .*--out", message)
            assert f"process {process} " in message
        assert (tmp_path / CHECKPOINT).read_bytes() == before
        assert len(checkpoints.load(tmp_path / CHECKPOINT).history["passes"]) == 1, "to read, none needs the lock"
    assert (tmp_path / LOCK).exists(), "the process was killed, and left it"
    with pytest.raises(CheckpointError, match="--resume"):
        train(tmp_path)
    assert len(train(tmp_path, resume=True)["passes"]) == 2
    assert sorted(os.listdir(tmp_path)) == ["checkpoint.npz", "history.json"]


def test_the_command_says_so_in_one_line(tmp_path, capsys):
    command = ["train", "--data", "synthetic", "--train-size", "12", "--test-size", "5", "--out", str(tmp_path)]
    with process_within(holding(tmp_path / LOCK)):
        assert cli.main([*command, "--engine", "numpy", "--quiet"]) == 2
    output = capsys.readouterr()
    assert re.fullmatch(rf"lenet1998: .* is being written by {WHO}: .*\n", output.err) and not output.out
    assert os.listdir(tmp_path) == [LOCK]


def test_experiments_of_one_name_take_turns_and_others_do_not_wait(tmp_path):
    def plan(setting):
        return (yield setting.runs(RECIPE, train_size=12))

    def carry_out(name: str) -> dict:
        one = Experiment(name=name, title=name, question="?", chapter=CHAPTERS[0], plan=plan, seeds=1, passes=1)
        places = ["--out", str(tmp_path / "out"), "--runs", str(tmp_path / "runs"), "--resume", "--quiet"]
        return perform([Asked.of(one, ["--data", "synthetic", "--engine", "numpy", "--test-size", "5", *places])])

    carry_out("other")
    (tmp_path / "out" / ".mine.lock").parent.mkdir(exist_ok=True)
    with process_within(holding(tmp_path / "out" / ".mine.lock")):
        with pytest.raises(LeNetError, match=f"^mine in .*out is being written by {WHO}"):
            carry_out("mine")
        assert carry_out("theirs")
        assert read(tmp_path / "out" / "other.json")["runs"], "as --plot-only reads"
    assert carry_out("mine")
    assert sorted(os.listdir(tmp_path / "out")) == ["mine.json", "other.json", "theirs.json"]


def test_a_run_that_is_held_costs_a_sweep_no_other(tmp_path):
    these = [Task(tmp_path / str(seed), RECIPE, seed, SMALL, passes=1, engine="numpy") for seed in (1, 2)]
    these[0].out.mkdir()
    with process_within(holding(these[0].out / LOCK)):
        held, made = sweep(these, quiet=True)
        assert isinstance(held, Failure) and re.search(WHO, held.reason) and made["seed"] == 2
    assert [outcome["seed"] for outcome in sweep(these, quiet=True, resume=True)] == [1, 2]


def test_threads_exclude_each_other_too(tmp_path):
    refusals = []

    def work() -> None:
        try:
            with locked(tmp_path / LOCK, "it"):
                pass
        except LeNetError as refusal:
            refusals.append(str(refusal))

    with locked(tmp_path / LOCK, "it"):
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    assert len(refusals) == 1 and f"process {os.getpid()} " in refusals[0]
    work()
    assert len(refusals) == 1


def test_there_are_never_two_holders(tmp_path):
    """Four processes count to 200 by reading, adding one and writing; a lost lock would lose counts."""
    counter = tmp_path / "counter"
    counter.write_text("0")

    def work() -> None:
        done = 0
        while done < 50:
            try:
                with locked(tmp_path / LOCK, "it"):
                    number = int(counter.read_text())
                    os.sched_yield()
                    counter.write_text(str(number + 1))
                    done += 1
            except LeNetError:
                os.sched_yield()

    processes = [child(work) for _ in range(4)]
    assert [os.waitpid(process, 0)[1] for process in processes] == [0] * 4
    assert counter.read_text() == "200"
    assert os.listdir(tmp_path) == ["counter"]


def test_a_lock_that_its_holder_removes_at_this_moment_is_made_anew(tmp_path, monkeypatch):
    """Else one process would hold the file that is gone, and another the next."""
    system, path = lock.fcntl.flock, tmp_path / LOCK

    def just_before(handle: int, operation: int) -> None:
        monkeypatch.setattr(lock.fcntl, "flock", system)
        path.unlink()
        system(handle, operation)

    monkeypatch.setattr(lock.fcntl, "flock", just_before)
    with locked(path, "it"), pytest.raises(LeNetError, match=WHO), locked(path, "it"):
        pass
    assert not path.exists()


def test_windows_locks_a_byte_behind_the_holders_name(tmp_path, monkeypatch):
    """With the calls of Windows, which locks bytes and lets nobody else read them; this system's own keep them here."""

    def locking(handle: int, mode: str, count: int) -> None:
        assert (mode, count) == ("LK_NBLCK", 1) and os.lseek(handle, 0, os.SEEK_CUR) > 1000, "the name can be read"
        try:
            lock.fcntl.flock(handle, lock.fcntl.LOCK_EX | lock.fcntl.LOCK_NB)
        except BlockingIOError:
            raise PermissionError(errno.EACCES, "Permission denied") from None

    monkeypatch.setattr(lock, "msvcrt", SimpleNamespace(locking=locking, LK_NBLCK="LK_NBLCK"), raising=False)
    monkeypatch.setattr(lock.sys, "platform", "win32")
    with locked(tmp_path / LOCK, "it"), pytest.raises(LeNetError, match=WHO), locked(tmp_path / LOCK, "it"):
        pass
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize("number", [errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_there_are_no_locks_the_work_is_done_after_a_warning(tmp_path, monkeypatch, caplog, number):
    monkeypatch.setattr(lock.fcntl, "flock", refusing(number))
    assert len(train(tmp_path, passes=1)["passes"]) == 1
    assert [record.levelname for record in caplog.records if "cannot be locked" in record.message] == ["WARNING"]
    assert sorted(os.listdir(tmp_path)) == ["checkpoint.npz", "history.json"]


def test_what_else_can_go_wrong_is_one_line(tmp_path, monkeypatch):
    with (
        pytest.raises(LeNetError, match="cannot write .*No such file.*another place"),
        locked(tmp_path / "no" / LOCK, "it"),
    ):
        pass
    monkeypatch.setattr(lock.os, "ftruncate", refusing(errno.ENOSPC))
    with process_within(holding(tmp_path / LOCK)):
        with pytest.raises(LeNetError, match="it is being written by another process: "), locked(tmp_path / LOCK, "it"):
            pass
        (tmp_path / LOCK).write_bytes(b"\n\n\xff no\nhonest\nholder" + bytes(1000))
        with pytest.raises(LeNetError, match="honest holder") as refusal, locked(tmp_path / LOCK, "it"):
            pass
        assert str(refusal.value).isprintable() and len(str(refusal.value)) < 400
        assert "\\x" not in str(refusal.value), "what cannot be shown is left out"


def test_leftovers_of_a_killed_run_are_removed(tmp_path):
    train(tmp_path, passes=1)
    for name in (".checkpoint.npz.abc", ".history.json.abc", ".best.npz.abc", ".mine"):
        (tmp_path / name).write_text("half")
    train(tmp_path, resume=True)
    assert sorted(os.listdir(tmp_path)) == [".mine", "checkpoint.npz", "history.json"]


def test_downloads_into_one_directory_do_not_disturb_each_other(tmp_path, monkeypatch):
    """Each removes what it takes for leftovers; here, that another has removed them first is no error."""
    monkeypatch.setattr(mirrors, "ABANDONED", 60.0)

    def work() -> None:
        for number in range(60):
            leftover = tmp_path / f".data.{os.getpid()}-{number}"
            leftover.write_bytes(b"half")
            os.utime(leftover, (0, 0))
            mirrors.install(b"whole", tmp_path / "data")

    processes = [child(work) for _ in range(4)]
    assert [os.waitpid(process, 0)[1] for process in processes] == [0] * 4
    assert os.listdir(tmp_path) == ["data"] and (tmp_path / "data").read_bytes() == b"whole"


@pytest.mark.parametrize("link", [os.symlink, os.link])
def test_a_lock_that_is_a_link_is_refused_and_what_it_leads_to_stays(tmp_path, link):
    """A run's directory may come from somebody else."""
    (tmp_path / "mine").write_text("precious")
    link(tmp_path / "mine", tmp_path / ".lock")
    with pytest.raises(LeNetError, match="is a link"), locked(tmp_path / ".lock", "a run"):
        pass
    assert (tmp_path / "mine").read_text() == "precious"
