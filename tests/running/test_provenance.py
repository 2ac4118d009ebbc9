"""The commit that results record is that of our own tree, and no other is asked."""

import importlib.util
import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

from lenet1998.report import page
from lenet1998.running import provenance as ours
from tests.report.test_report import put, run

pytestmark = pytest.mark.skipif(shutil.which("git") is None, reason="needs git")

SOURCE = Path(ours.__file__)
DAY = "2001-02-03"


def git(tree: Path, *arguments: str, **environment: str) -> str:
    """What git says about a tree, as its owner would ask."""
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    dated = {"GIT_AUTHOR_DATE": f"{DAY}T23:30:00-0800", "GIT_COMMITTER_DATE": f"{DAY}T23:30:00-0800"}
    who = ["-c", "user.name=A", "-c", "user.email=a@example.org"]
    command = ["git", "-C", str(tree), *who, *arguments]
    done = subprocess.run(command, env={**own, **dated, **environment}, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def repository(tree: Path) -> str:
    """Make a tree with this module in it a repository of one commit, and return that."""
    place = tree / "lenet1998" / "running"
    place.mkdir(parents=True)
    shutil.copy(SOURCE, place)
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message", "First")
    return git(tree, "rev-parse", "HEAD")


def sign(tree: Path) -> str:
    """Give the commit of a tree a signature, which nobody made, and return the new one."""
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ\n -----END PGP SIGNATURE-----"
    signed = tree / ".git" / "signed"
    signed.write_text(git(tree, "cat-file", "commit", "HEAD").replace("\n\n", f"\n{signature}\n\n", 1) + "\n")
    head = git(tree, "hash-object", "-t", "commit", "-w", str(signed))
    git(tree, "update-ref", "HEAD", head)
    return head


def imported_from(tree: Path):
    """The module as it is when the package is imported from that tree."""
    path = tree / "lenet1998" / "running" / SOURCE.name
    spec = importlib.util.spec_from_file_location("provenance_elsewhere", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def trap(tmp_path):
    """A program that leaves a mark when it is run, and passes on what it is given."""
    program, mark = tmp_path / "trap", tmp_path / "mark"
    program.write_text(f"#!/bin/sh\necho run >> '{mark}'\ncat\n")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program, mark


def test_the_commit_and_its_day_are_those_of_the_tree(tmp_path):
    tree = tmp_path / "tree"
    head = repository(tree)
    module = imported_from(tree)
    assert module.commit() == head
    assert module.date_of(head) == DAY, "where it was made, as git shows it"
    assert module.date_of("0" * 40) is module.date_of("HEAD") is module.date_of(head[:10]) is None
    (tree / "untracked").write_text("")
    os.utime(tree / "lenet1998" / "running" / SOURCE.name)
    assert module.commit() == head, "neither a new file nor a new time is a difference"
    (tree / "lenet1998" / "running" / SOURCE.name).write_text("changed")
    assert module.commit() == f"{head}+"
    git(tree, "add", ".")
    assert module.commit() == f"{head}+", "a change that waits to be committed too"


def test_a_second_work_tree_and_packed_references_are_read(tmp_path):
    tree = tmp_path / "tree"
    head = repository(tree)
    git(tree, "worktree", "add", "--quiet", str(tmp_path / "second"), "-b", "other")
    git(tree, "pack-refs", "--all")
    git(tree, "gc", "--quiet")
    assert imported_from(tmp_path / "second").commit() == imported_from(tree).commit() == head


@pytest.mark.parametrize("variable", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_OBJECT_DIRECTORY"])
def test_another_repository_that_the_environment_names_is_not_taken_for_ours(tmp_path, monkeypatch, variable):
    heads = [repository(tmp_path / name) for name in ("ours", "theirs")]
    (tmp_path / "theirs" / "new").write_text("")
    git(tmp_path / "theirs", "add", ".")
    git(tmp_path / "theirs", "commit", "--quiet", "--message", "Second")
    other = {"GIT_DIR": "", "GIT_WORK_TREE": "..", "GIT_INDEX_FILE": "index", "GIT_OBJECT_DIRECTORY": "objects"}
    monkeypatch.setenv(variable, str(tmp_path / "theirs" / ".git" / other[variable]))
    assert imported_from(tmp_path / "ours").commit() == heads[0]


def test_a_copy_that_another_repository_holds_has_no_commit(tmp_path):
    tree = tmp_path / "tree"
    (tree / "lenet1998").mkdir(parents=True)
    (tree / "theirs.py").write_text("")
    git(tree, "init", "--quiet")
    git(tree, "add", ".")
    git(tree, "commit", "--quiet", "--message", "First")
    shutil.copytree(SOURCE.parent, tree / "lenet1998" / "running")
    assert imported_from(tree).commit() is None, "not tracked there"
    shutil.rmtree(tree / ".git")
    (tree / ".git").mkdir()
    git(tmp_path, "init", "--quiet")
    assert imported_from(tree).commit() is None, "a tree around a damaged one is not asked"


def test_a_report_asks_nothing_of_a_repository_that_comes_with_the_results(tmp_path, trap):
    program, mark = trap
    results = tmp_path / "results"
    repository(results)
    head = sign(results)
    put(results, "fig5_error_curves.json", {"experiment": "fig5_error_curves", "runs": [run() | {"commit": head}]})
    for key in ("gpg.program", "core.fsmonitor", "core.pager", "alias.show"):
        git(results, "config", key, str(program))
    git(results, "config", "log.showSignature", "true")
    written = page.write(results, tmp_path / "report")
    assert not mark.exists()
    assert f"<code>{head[:10]}</code>" in written.read_text() and DAY not in written.read_text()
