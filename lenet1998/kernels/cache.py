"""Compile a composed module, and keep the machine code on disk, so that only the first run of a network waits.

The text goes to a file in the user's cache directory (`lenet1998.files`), and numba keeps its code beside it. The
file's name is a digest of all that the code depends on: the text itself, the versions of numba, llvmlite, NumPy and
Python, and the processor; when one changes, another file is taken. The cache may be lost, damaged, unwritable or shared
with a process that compiles at this moment: digests of numba's files tell damage, files appear under their name only
when complete. Where nothing can be kept, or others than the user could put files (`lenet1998.kernels.place`), the code
is compiled in memory after one warning. What was not used for long is removed.
"""

import hashlib
import importlib
import json
import logging
import platform
import sys
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cache, lru_cache
from pathlib import Path
from threading import Lock
from types import ModuleType
from typing import Any

import numpy as np

from lenet1998.errors import LeNetError
from lenet1998.files import replace, user_cache
from lenet1998.kernels.place import directory

# Every network and loss has modules of its own, of a megabyte or two; this many are kept.
_MODULES = 50

# Kernels are called by the functions that go through the patterns, and by nothing else.
_OPTIONS = {"nogil": True, "error_model": "numpy"}
_INNER = {"no_cpython_wrapper": True, "no_cfunc_wrapper": True}

_log = logging.getLogger("lenet1998.kernels")


def digest(text: str) -> str:
    """The key of a module: a digest of its text and of everything else that decides about the machine code."""
    import llvmlite
    from llvmlite import binding

    numba = _import_numba()
    versions = [numba.__version__, llvmlite.__version__, np.__version__, platform.python_version()]
    processor = [platform.machine(), numba.config.CPU_NAME or binding.get_host_cpu_name(), _features()]
    facts = [text, _instructions(), _OPTIONS, _INNER, *versions, *processor]
    return hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:32]


def has_wide_registers() -> bool:
    """Whether the processor that is compiled for has the 32 registers of AVX-512."""
    return "+avx512f" in _features().split(",")


def _features() -> str:
    from llvmlite import binding

    return _import_numba().config.CPU_FEATURES or binding.get_host_cpu_features().flatten()


@cache
def _instructions() -> str:
    """The text of all that the compiled functions are made of besides their own."""
    folder = Path(__file__).parent
    return "".join(
        (folder / f"{name}.py").read_text(encoding="utf-8") for name in ("lanes", "intrinsics", "elementary")
    )


class Module:
    """A composed module, compiled on the first use of each function; with `jit` false it stays Python, for tests."""

    def __init__(self, text: str, jit: bool = True):
        self.text = text
        self.path: Path | None = None
        self._ready: set[str] = set()
        self._one_at_a_time = Lock()
        self._plain = not jit or _import_numba().config.DISABLE_JIT
        if self._plain:
            plain = dict.fromkeys(("compiled", "entry"), lambda function: function)
            self._functions = _execute(text, "<lenet1998_kernels>", plain)
            return
        try:
            self.path = _store(text, directory() / f"lenet1998_kernels_{digest(text)}.py")
            self._functions = self._build(str(self.path), keep=True)
        except (OSError, RuntimeError) as error:  # numba says RuntimeError if it finds no place to write to
            self._forget(error)

    def get(self, name: str, *nothing: Any) -> Callable:
        """The function called `name`. Its first call is made here with `nothing`, arguments that give it no pattern."""
        if not self._plain and name not in self._ready:
            with self._one_at_a_time:
                if name not in self._ready:
                    self._prepare(name, nothing)
                    self._ready.add(name)
        return getattr(self._functions, name)

    def _prepare(self, name: str, nothing: tuple) -> None:
        function = getattr(self._functions, name)
        if self.path is None:
            _log.info("compiling the kernels for this network (%s), in memory", name)
            function(*nothing)
            return
        try:
            kept = _Kept(Path(function.stats.cache_path), f"{self.path.stem}.{name}")
            if kept.sound():
                with suppress(OSError):  # whoever may only read here cannot say that it was used
                    kept.seals.touch()
            else:
                kept.remove()
                _log.info("compiling the kernels for this network (%s): once, it takes a few seconds", name)
            function(*nothing)
            if function.stats.cache_misses:
                kept.seal()
        except Exception as error:  # whatever a foreign file or a full disk can bring about
            self._forget(error)
            getattr(self._functions, name)(*nothing)

    def _build(self, path: str, keep: bool) -> ModuleType:
        njit = _import_numba().njit
        importlib.import_module("lenet1998.kernels.intrinsics")  # without which numba knows no vectors
        decorators = {"compiled": njit(**_OPTIONS, **_INNER), "entry": njit(cache=keep, **_OPTIONS)}
        return _execute(self.text, path, decorators)

    def _forget(self, error: Exception) -> None:
        """Go on in memory."""
        warnings.warn(
            f"compiled kernels cannot be kept in {user_cache() or 'a cache directory'} ({error}): "
            "they are compiled in memory",
            stacklevel=2,
        )
        self.path = None
        self._ready.clear()
        self._functions = self._build("<lenet1998_kernels>", keep=False)


@lru_cache(maxsize=32)
def load(text: str, jit: bool = True) -> Module:
    """The module for this text; engines of equal networks share it."""
    return Module(text, jit)


class _Kept:
    """The files that numba keeps for one function, and the digests that say they are whole."""

    def __init__(self, folder: Path, stem: str):
        self.folder, self.stem, self.seals = folder, stem, folder / f"{stem}.json"

    def _files(self) -> dict[str, str]:
        digests = {}
        for file in sorted(self.folder.glob(f"{self.stem}-*.nb?")):
            with suppress(FileNotFoundError):  # another process compiles the same and has just removed it
                digests[file.name] = hashlib.sha256(file.read_bytes()).hexdigest()
        return digests

    def sound(self) -> bool:
        """Whether there are files, and all are as they were written."""
        try:
            seals = json.loads(self.seals.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return bool(seals) and seals == self._files()

    def remove(self) -> None:
        for name in self._files():
            (self.folder / name).unlink(missing_ok=True)

    def seal(self) -> None:
        """Write the digests of what is there, again if another process that compiles the same has changed it since."""
        digests = None
        while digests != (digests := self._files()):
            replace(self.seals, json.dumps(digests).encode())


def _execute(text: str, path: str, decorators: dict[str, Callable]) -> ModuleType:
    """Run the text as a module, which is registered because numba looks up by name where code from the disk belongs."""
    module = ModuleType(Path(path).stem.strip("<>"))
    module.__dict__.update(decorators)
    sys.modules[module.__name__] = module
    exec(compile(text, path, "exec"), module.__dict__)  # text from lenet1998.kernels.compose
    return module


def _store(text: str, path: Path) -> Path:
    """Have a file with this text at `path`; one that is there already keeps its date, which numba looks at."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        if path.read_text(encoding="utf-8") == text:
            return path
    except (OSError, ValueError):
        pass
    replace(path, text.encode())
    _prune(path.parent)
    return path


def _prune(folder: Path) -> None:
    """Remove the modules that were not used for the longest time, beyond those that are to be kept.

    A process that still works with one has it in memory, and writes again what it then compiles: nothing waits for
    another, and a file that another process removes at the same time is no error.
    """
    files: dict[str, list[Path]] = {}
    used: dict[str, float] = {}
    for file in folder.rglob("*lenet1998_kernels_*"):
        try:
            date = file.stat().st_mtime
        except OSError:
            continue
        module = file.name.partition(".")[0]
        files.setdefault(module, []).append(file)
        used[module] = max(used.get(module, 0.0), date)
    for module in sorted(used, key=used.__getitem__, reverse=True)[_MODULES:]:
        for file in files[module]:
            with suppress(OSError):
                file.unlink()


def _import_numba() -> Any:
    try:
        import numba
    except ImportError as error:
        raise LeNetError(f"the numba engine needs numba ({error}): pip install 'lenet1998[fast]'") from None
    _widen_vectors(numba.config)
    return numba


@cache
def _widen_vectors(config: Any) -> None:
    """Let the compiler use vectors of 512 bits where there are such.

    For Intel's processors LLVM prefers 256 bits, because a few wide operations among others are not worth the lower
    clock. Here a pattern is nothing but long loops, and a step takes a fifth less time (emeraldrapids). Numba knows
    this setting for a whole process only; a NUMBA_CPU_FEATURES of the user's own is left alone.
    """
    from llvmlite import binding

    features = binding.get_host_cpu_features()
    if config.CPU_FEATURES is None and features.get("avx512f"):
        config.CPU_FEATURES = features.flatten() + ",-prefer-256-bit"
