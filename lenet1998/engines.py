"""The choice between the engines: one to read, in NumPy, and one to use, compiled, which needs the extra `fast`."""

import logging
import platform
from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from typing import TypeVar

from lenet1998.engine import Engine, NoKernels, Passes
from lenet1998.errors import LeNetError
from lenet1998.loss import Loss
from lenet1998.modern.optimisers import Optimiser
from lenet1998.network import Network
from lenet1998.numpy_engine import NumpyEngine

T = TypeVar("T")

_log = logging.getLogger("lenet1998")
_NOT_NUMBA = "numba cannot be used, NumPy computes instead: %s"
SLOWER = 15
"""How many times as long an online step of LeNet-5 takes with NumPy (docs/speed.md)."""

ENGINES = ("numba", "numpy")
"""The engines by name, the fastest first."""


def make_engine(name: str, network: Network, loss: Loss, optimiser: Optimiser | None = None) -> Engine:
    """The engine called `name`, or under "auto" the fastest that is installed and has kernels for all of the network,
    the loss and the optimiser that is to be used.

    Raises LeNetError where the one called by its name does not.
    """

    def compiled() -> Engine:
        from lenet1998.kernels import NumbaEngine, require_kernel

        if optimiser:
            require_kernel(optimiser)
        return NumbaEngine(network, loss)

    return _chosen(name, compiled, lambda: NumpyEngine(network, loss))


def make_passes(name: str, network: Network) -> Passes:
    """The network's passes for a loss that is computed elsewhere, compiled or not, chosen as `make_engine` chooses.

    >>> from lenet1998.network import LeNet5
    >>> from lenet1998.recipe import Recipe
    >>> network = LeNet5(Recipe())
    >>> make_passes("numpy", network) is network
    True
    """

    def compiled() -> Passes:
        from lenet1998.kernels.given import Passes as Compiled

        return Compiled(network)

    return _chosen(name, compiled, lambda: network)


def _chosen(name: str, compiled: Callable[[], T], plain: Callable[[], T]) -> T:
    """What is made by the engine called `name`; under "auto" NumPy's where what is compiled has no kernels for it."""
    if name == "numba":
        try:
            return compiled()
        except NoKernels as error:
            raise NoKernels(f"{error}: take --engine numpy") from None
    if name not in ("auto", "numpy"):
        raise LeNetError(f"no engine is called {name!r}: choose auto or {' or '.join(ENGINES)}")
    if name == "auto" and numba_works():
        try:
            return compiled()
        except NoKernels as error:
            _log.warning("NumPy computes, for LeNet-5 %d times as slow as compiled code: %s", SLOWER, error)
    return plain()


def numba_works() -> bool:
    """Whether numba is there, fits the other packages (a warning says so where it does not), and may compile.

    With NUMBA_DISABLE_JIT=1 it may not, and kernels in plain Python are hundreds of times slower than NumPy.
    """
    if not find_spec("numba"):
        _hint()
        return False
    try:
        import numba
    except ImportError as error:
        _log.warning(_NOT_NUMBA, error)
        return False
    return not numba.config.DISABLE_JIT  # type: ignore[attr-defined]


@cache
def _hint() -> None:
    """Say once what is to be gained: who reads the program's lines may not have read how it is installed."""
    _log.info("NumPy computes, since numba is not installed: pip install 'lenet1998[fast]' is many times as fast")


def same_bits_here() -> bool:
    """Whether compiled kernels give the recorded bits on this processor: it needs fused multiply-add. arm64 has it,
    x86-64 has it beside AVX2 (docs/speed.md)."""
    if platform.machine().lower() in ("arm64", "aarch64") or not find_spec("numba"):
        return True
    from llvmlite import binding
    from numba import config

    able = getattr(config, "CPU_FEATURES", None) or binding.get_host_cpu_features().flatten()
    return "+fma" in able and "+avx2" in able
