"""Where a number comes from: versions, commit and machine, to be written into every results file.

Git is asked about one tree, the one that this package was imported from, whatever the environment says, and in such a
way that nothing is run that a configuration names, be it the system's, the user's or that of the tree.
"""

from __future__ import annotations

import os
import platform
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta, timezone
from importlib import metadata
from pathlib import Path

_TREE = Path(__file__).resolve().parent.parent.parent
_NO_GIT = (OSError, ValueError, subprocess.SubprocessError)


def versions() -> dict[str, str]:
    """Versions of Python, of this package and of what its numbers depend on, as far as they are installed."""
    found = {"python": platform.python_version()}
    for package in ("lenet1998", "numpy", "scipy", "numba", "llvmlite", "scikit-learn", "matplotlib"):
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            continue
    return found


def commit() -> str | None:
    """The commit of the source tree that this package was imported from, with "+" when files differ from it.

    None for a copy that no git tree has, and where git is not there.
    """
    try:
        with _own_git() as (git, head):
            git("cat-file", "-e", f"{head}:{Path(__file__).resolve().relative_to(_TREE).as_posix()}")
            return head + ("+" if git("status", "--porcelain", "-uno", "--ignore-submodules=all") else "")
    except _NO_GIT:
        return None


def date_of(commit: str) -> str | None:
    """The day of a commit, YYYY-MM-DD, if the source tree that this package was imported from has it.

    >>> date_of("--help") is None
    True
    """
    if not re.fullmatch(r"[0-9a-f]{40}", commit):
        return None
    try:
        with _own_git() as (git, _):
            text = git("cat-file", "commit", commit)
        seconds, sign, hours, minutes = re.findall(r"^committer .*> (\d+) ([+-])(\d\d)(\d\d)$", text, re.MULTILINE)[0]
        zone = timezone(timedelta(hours=int(hours), minutes=int(minutes)) * (-1 if sign == "-" else 1))
        return datetime.fromtimestamp(int(seconds), zone).date().isoformat()
    except (*_NO_GIT, LookupError, OverflowError):
        return None


def machine() -> dict[str, object]:
    """Processor, architecture and number of cores that this process may use."""
    processor = platform.processor() or platform.machine()
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="ascii", errors="replace").splitlines()
        processor = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), processor)
    except OSError:
        pass
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {"processor": processor, "architecture": platform.machine(), "cores": cores}


def provenance() -> dict[str, object]:
    """All of the above, under the names that results files use."""
    return {"versions": versions(), "commit": commit(), "machine": machine()}


@contextmanager
def _own_git() -> Iterator[tuple[Callable[..., str], str]]:
    """A function that asks git about the tree, and the hash of the commit that is checked out there.

    A configuration can name programs for much that git does. So the real git directory is only asked what is checked
    out and where its objects and its index lie, which runs nothing; all else is asked of an empty git directory, made
    for the purpose, with these objects and this index. Raises what is in `_NO_GIT`.
    """
    if not (_TREE / ".git").exists():
        raise FileNotFoundError(_TREE / ".git")
    with tempfile.TemporaryDirectory() as empty:
        inherited = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        nothing = {"GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "HOME": empty, "XDG_CONFIG_HOME": empty}
        apart = {"GIT_OPTIONAL_LOCKS": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "", "LC_ALL": "C"}
        environment = {**inherited, **nothing, **apart, "GIT_DIR": str(_TREE / ".git"), "GIT_WORK_TREE": str(_TREE)}

        def git(*arguments: str) -> str:
            done = subprocess.run(
                ["git", "-c", "core.fileMode=false", "-c", "core.fsmonitor=false", *arguments],
                cwd=_TREE,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                encoding="utf-8",
                errors="replace",
                timeout=10,
                check=True,
            )
            return done.stdout.strip()

        head, *found = git("rev-parse", "HEAD", "--git-path", "objects", "--git-path", "index").splitlines()
        objects, index = (str(_TREE / path) for path in found)
        (Path(empty) / "HEAD").write_text(f"{head}\n", encoding="ascii")
        (Path(empty) / "refs").mkdir()
        environment |= {"GIT_DIR": empty, "GIT_OBJECT_DIRECTORY": objects, "GIT_INDEX_FILE": index}
        yield git, head
