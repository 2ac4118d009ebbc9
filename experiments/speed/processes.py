"""What only whole processes can show, for `experiments.speed`: starting, memory, and two runs at once on two cores.

Each function starts ``python -m experiments.speed.processes`` anew; such a child trains LeNet-5 on noise and prints
what it saw.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parent.parent.parent


def start_times() -> dict[str, float]:
    """Seconds from the start of the program to its first learned pattern: nothing cached, and with a warm cache."""
    with tempfile.TemporaryDirectory() as cache:
        return {name: _wait(_child("start", 1, cache))["learned"] for name in ("first_start", "second_start")}


def memory() -> float:
    """Largest resident size, in megabytes, of a process that makes a pass over 60,000 patterns and classifies
    10,000."""
    return _wait(_child("memory", 60_000))["megabytes"]


def throughputs(rounds: int = 5) -> tuple[float, float]:
    """Patterns a second of one run and of two at once, each the best of rounds that take turns.

    The best, as with the benchmark's times: what else the machine does only takes away.
    """
    pairs = [(throughput(1), throughput(2)) for _ in range(rounds)]
    one, two = np.max(pairs, axis=0)
    return float(one), float(two)


def throughput(processes: int, patterns: int = 60_000) -> float:
    """Patterns a second of several processes together, each on one core.

    They load and compile first, start to train at the same moment, and the last one to finish ends the time.
    """
    children = [_child("rate", patterns) for _ in range(processes)]
    for child in children:
        assert child.stdout
        child.stdout.readline()  # it is ready
    for child in children:
        assert child.stdin
        child.stdin.write("go\n")
        child.stdin.flush()
    spans = [_wait(child) for child in children]
    return processes * patterns / (max(span["end"] for span in spans) - min(span["begin"] for span in spans))


def _child(mode: str, patterns: int, cache: str | None = None) -> subprocess.Popen:
    environment = dict(os.environ, LENET1998_STARTED=repr(time.time()))
    if cache:
        environment["XDG_CACHE_HOME"] = cache
    command = [sys.executable, "-m", "experiments.speed.processes", mode, str(patterns)]
    return subprocess.Popen(
        command, cwd=ROOT, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )


def _wait(child: subprocess.Popen) -> dict[str, float]:
    output, _ = child.communicate(timeout=600)
    if child.returncode:
        raise RuntimeError(f"a process of the benchmark failed with exit code {child.returncode}")
    return json.loads(output.splitlines()[-1])


def main() -> None:
    """The child: `start`, `memory` or `rate`, and the number of patterns."""
    from lenet1998.patterns import DataSet, Patterns
    from lenet1998.recipe import Recipe
    from lenet1998.training import Trainer

    mode, count = sys.argv[1], int(sys.argv[2])
    rng = np.random.default_rng(0)

    def noise(size: int) -> Patterns:
        images = rng.integers(0, 256, (size, 28, 28), dtype=np.uint8)
        return Patterns(images, rng.integers(0, 10, size, dtype=np.uint8))

    tests = 10_000 if mode == "memory" else 1
    trainer = Trainer(Recipe(), DataSet("noise", noise(count), noise(tests), "drawn here"), seed=1)
    order, steps = np.arange(count), np.full(60_000, 1e-6, dtype=np.float32)
    trainer.engine.train(trainer.data.train, order[:1], steps)
    seen = {"learned": time.time() - float(os.environ["LENET1998_STARTED"])}
    if mode == "memory":
        trainer.run_pass()
    if mode == "rate":
        print("ready", flush=True)
        sys.stdin.readline()
        seen["begin"] = time.time()
        trainer.engine.train(trainer.data.train, order, steps)
        seen["end"] = time.time()
    print(json.dumps(seen | {"megabytes": _largest_resident()}))


def _largest_resident() -> float:
    """Megabytes. Linux's own counter begins with the program, unlike getrusage's, which remembers the parent's."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        return int(status.partition("VmHWM:")[2].split()[0]) / 2**10
    except (OSError, IndexError):
        import resource  # which Windows has not

        kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return kilobytes / (2**20 if sys.platform == "darwin" else 2**10)


if __name__ == "__main__":
    main()
