"""Where a number comes from: versions, commit and machine, to be written into every results file."""

from __future__ import annotations

import os
import platform
import subprocess
from importlib import metadata
from pathlib import Path


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

    None for an installed copy, or where git is not there.
    """
    tree = Path(__file__).resolve().parent.parent.parent
    if not (tree / ".git").exists():
        return None
    try:
        return _git(tree, "rev-parse", "HEAD") + ("+" if _git(tree, "status", "--porcelain", "-uno") else "")
    except (OSError, subprocess.SubprocessError):
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


def _git(tree: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(tree), *arguments], capture_output=True, text=True, timeout=10, check=True)
    return done.stdout.strip()
