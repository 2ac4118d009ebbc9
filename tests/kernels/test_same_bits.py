"""The compiled engine's promise: the same bits on every start, from the cache or not, and on every processor.

They train LeNet-5 by appendix C's method and a smaller network in the other ways that there are, and compare digests of
all that came out with those on record: a change of the kernels that changes bits changes them, and is a line in
CHANGELOG.md. The inner ring does so for LeNet-5 on this processor, whose kernels other tests need too. In the outer
ring each arm compiles for another processor into a cache of its own, in processes of their own: the first compiles,
the second loads. What a processor can do at once differs between the arms: vectors of 32 and of 64 bytes.
`make test-arm64` finds the same digests on arm64, emulated.
"""

import hashlib
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from lenet1998.connections import full_table, parse_table
from lenet1998.distortions import DistortedSet, Law, inverted
from lenet1998.engine import Batch
from lenet1998.engines import same_bits_here
from lenet1998.initialisation import initialise
from lenet1998.layers import Convolution, FullConnection, Squash, Subsampling
from lenet1998.loss import MAP, Loss, make_loss
from lenet1998.modern.optimisers import SGD, Adam, Momentum, RMSProp
from lenet1998.network import Input, LeNet5, Network
from lenet1998.output import RBF
from lenet1998.patterns import Patterns
from lenet1998.recipe import Recipe
from lenet1998.sdlm import step_sizes

numba = pytest.importorskip("numba", reason="the compiled engine needs numba (extra fast)")
binding = pytest.importorskip("llvmlite.binding")

from lenet1998.kernels import NumbaEngine  # noqa: E402

pytestmark = [
    pytest.mark.skipif(numba.config.DISABLE_JIT, reason="nothing is compiled"),
    pytest.mark.skipif(not same_bits_here(), reason="other processors are promised equality within rounding"),
]
ROOT = Path(__file__).parent.parent.parent
START = Recipe(init_gain=1.73, coefficient=2.0)  # of its own: digests are not to change with the default recipe
LICENCE = r"= (?:tail )?(?:f\w+|call|select|phi) (fast|reassoc|contract|nnan|ninf|nsz|arcp|afn)"


def small(dtype: str) -> Network:
    codes = np.where(np.random.default_rng(1).random((10, 21)) < 0.5, -1, 1)
    layers = [Convolution("C1", full_table(1, 3), kernel=3), Squash(), Subsampling("S2", True), Squash(),
              Convolution("C3", parse_table("X . X X X\n X X . X X\n . X X X X"), kernel=4), Squash(),
              FullConnection("F", 21), Squash(), RBF("Output", codes, learns=True)]  # fmt: skip
    return Network(Input(side=20), layers, dtype)


def computed(all_ways: bool) -> dict:
    """The digests of what LeNet-5 has learned, and in `all_ways` those of the smaller network too; and every licence to
    change arithmetic in code that this process has compiled."""
    found: dict[str, str] = {}
    flags: set[str] = set()

    def note(what: str, array: np.ndarray) -> None:
        assert np.isfinite(array).all()
        found[what] = hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()[:16]

    def learn(what: str, network: Network, loss: Loss, patterns: Batch, count: int) -> None:
        initialise(network, START, np.random.default_rng(7))
        engine, order = NumbaEngine(network, loss), np.arange(count)
        h = engine.mean_curvature(patterns, order[:100])
        note(f"{what}: curvatures", h)
        engine.train(patterns, order, step_sizes(h, 0.0005, 0.02).astype(h.dtype))
        note(f"{what}: parameters", network.parameters.values)
        note(f"{what}: penalties", engine.penalties(patterns.images[:300]))
        train = engine._one.module._functions.train
        for text in train.inspect_llvm().values() if train.stats.cache_misses else ():
            flags.update(re.findall(LICENCE, text))

    rng = np.random.default_rng(0)
    digits = Batch(rng.integers(0, 256, (1500, 28, 28), dtype=np.uint8), (np.arange(1500) % 10).astype(np.uint8))
    tiny = Batch(digits.images[:400, 4:24, 4:24].copy(), digits.labels[:400])
    learn("LeNet-5, float32", LeNet5(Recipe()), make_loss(Recipe()), digits, 1500)
    if not all_ways:
        return {"found": found, "flags": sorted(flags)}
    learn("small, float64", small("float64"), MAP(0.1, 0.5), tiny, 400)
    # The precisions take turns: what differs between them is the width of a vector, not what an optimiser computes.
    for kind, dtype in ((SGD, "float64"), (Momentum, "float32"), (RMSProp, "float64"), (Adam, "float32")):
        network = small(dtype)
        initialise(network, START, np.random.default_rng(7))
        engine = NumbaEngine(network, MAP(0.1, 0.5))
        engine.train_batches(tiny, np.arange(400), 16, kind(network.parameters.values), 0.001)
        note(f"small, {kind.__name__}, {dtype}", network.parameters.values)
    return {"found": found, "flags": sorted(flags)}


def drawn() -> dict[str, str]:
    """Digests of what NumPy and SciPy draw and interpolate: starts, distorted digits, inverted pixels."""
    starts = {}
    for kind in ("uniform", "normal"):
        recipe = replace(START, weight_init=kind)
        starts[kind] = LeNet5(recipe)
        initialise(starts[kind], recipe, np.random.default_rng(7))
    rng = np.random.default_rng(0)
    digits = Patterns(rng.integers(0, 256, (50, 28, 28), dtype=np.uint8), np.zeros(50, np.uint8))
    distorted = DistortedSet(digits, Law(), copies=2, rng=rng).batch(np.arange(150)).images
    arrays = {
        **{f"{kind} start": network.parameters.values for kind, network in starts.items()},
        "distortions": distorted,
        "noise": inverted(digits.images, 0.1, np.random.default_rng(3)),
    }
    return {name: hashlib.sha256(each.tobytes()).hexdigest()[:16] for name, each in arrays.items()}


PROGRAM = """
import json
from tests.kernels.test_same_bits import computed
print(json.dumps(computed(all_ways=True)))
"""

_AVX2 = "+sse2,+sse4.1,+sse4.2,+popcnt,+avx,+avx2,+fma,+bmi,+bmi2,+lzcnt,+f16c"
ARMS = {
    "Intel's AVX2": ("haswell", _AVX2),
    "AMD's AVX2": ("znver3", _AVX2),
    "AVX-512, not narrowed": (
        "skylake-avx512",
        f"{_AVX2},+avx512f,+avx512vl,+avx512bw,+avx512dq,+avx512cd,-prefer-256-bit",
    ),
}

RECORDED = {
    "LeNet-5, float32: curvatures": "1c334444a19f50b2",
    "LeNet-5, float32: parameters": "1f9cf9d07c0b5b83",
    "LeNet-5, float32: penalties": "f0b6250414c5bb0e",
    "small, float64: curvatures": "853b87f691f7a5f4",
    "small, float64: parameters": "08d3d2cd1537603d",
    "small, float64: penalties": "41bfb071c7698b28",
    "small, Momentum, float32": "efaec894dc5d19fd",
    "small, Adam, float32": "7ebcc871ef76fff5",
    "small, SGD, float64": "45b3f516f5c41c24",
    "small, RMSProp, float64": "bf874aba6281b64d",
}
"""The digests, whatever the versions and the processor."""
DRAWN = {
    "uniform start": "d1088077eab5b2c8",
    "normal start": "683341d5a7d92cf4",
    "distortions": "eb94921644d7e1ae",
    "noise": "9c95dd30d3c314c5",
}


def digests(cache, name: str, features: str) -> dict:
    environment = {**os.environ, "XDG_CACHE_HOME": str(cache), "NUMBA_CPU_NAME": name, "NUMBA_CPU_FEATURES": features}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=550, env=environment)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def cold_and_warm(cache, name: str, features: str) -> tuple[dict, dict]:
    cold = digests(cache, name, features)
    compiled = {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}
    warm = digests(cache, name, features)
    assert compiled and compiled == {path: path.stat().st_mtime_ns for path in cache.rglob("*.nbc")}
    return cold, warm


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Iterator[dict[str, Future]]:
    """Every arm, two at a time: most of it is compiling."""
    with ThreadPoolExecutor(2) as pool:
        able = binding.get_host_cpu_features()
        arms = {
            arm: how for arm, how in ARMS.items() if able.get("avx2") and (able.get("avx512f") or "512f" not in how[1])
        }
        yield {arm: pool.submit(cold_and_warm, tmp_path_factory.mktemp("cache"), *how) for arm, how in arms.items()}


def test_on_this_processor():
    here = computed(all_ways=False)
    assert here["found"].items() <= RECORDED.items() and len(here["found"]) == 3
    assert here["flags"] == []


def test_what_is_drawn_whatever_the_libraries():
    """Found so with NumPy 1.26, 2.3 and 2.4, with SciPy 1.11, 1.16 and 1.17, on x86-64 and on arm64."""
    assert drawn() == DRAWN


@pytest.mark.outer("every processor is compiled for, which takes minutes: for changes of the kernels")
@pytest.mark.parametrize("arm", ARMS)
def test_cold_and_warm_and_whatever_the_processor(arm, runs):
    if arm not in runs:
        pytest.skip("this processor cannot run what is compiled for that one")
    cold, warm = runs[arm].result()
    assert cold["found"] == warm["found"], "the process that compiles and one that loads"
    assert cold["flags"] == [], "no licence to reorder or to fuse, on which the width of vectors could tell"
    assert cold["found"] == RECORDED
