"""Where a number comes from: versions, commit and machine, to be written into every results file.

Git is asked about one tree, the one that this package was imported from, whatever the environment says.
"""

import os
import platform
import re
import subprocess
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
        head = _git("rev-parse", "HEAD")
        _git("cat-file", "-e", f"{head}:{Path(__file__).resolve().relative_to(_TREE).as_posix()}")
        return head + ("+" if _git("status", "--porcelain", "-uno", "--ignore-submodules=all") else "")
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
        return _git("-c", "log.showSignature=false", "show", "--no-patch", "--format=%cs", commit) or None
    except _NO_GIT:
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


def _git(*arguments: str) -> str:
    """What git says about the tree that this package was imported from. Raises what is in `_NO_GIT`."""
    if not (_TREE / ".git").exists():
        raise FileNotFoundError(_TREE / ".git")
    own = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
    # Neither a tree around this one nor the network is asked, and no index is written.
    apart = {"GIT_DIR": str(_TREE / ".git"), "GIT_WORK_TREE": str(_TREE), "GIT_ALLOW_PROTOCOL": ""}
    done = subprocess.run(
        ["git", "--no-optional-locks", "-c", "core.fileMode=false", *arguments],
        cwd=_TREE,
        env={**own, **apart, "LC_ALL": "C"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        timeout=10,
        check=True,
    )
    return done.stdout.strip()
