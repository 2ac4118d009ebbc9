"""The whole suite on any system: `python -m tests`, or `python -m tests --all` for both rings (CONTRIBUTING.md).

First with compiled kernels. Then, since the outer ring is for changes of kernels, with --all what is about kernels once
more with kernels as plain Python, where NumPy checks every index; the inner ring has that of drawn networks, which are
plain Python always. Other arguments go to pytest.
"""

import os
import subprocess
import sys

# Whole files go to a core, because the tests of a file share what they have made; and in order, because the files with
# the fewest tests, which go last otherwise, compile the longest.
CORES = ["--numprocesses=auto", "--dist=loadfile", "--no-loadscope-reorder"]
# The first run includes the notebooks, a minute for each cell at most.
RUNS = [("0", ["--nbmake", "--nbmake-timeout=60"]), ("1", ["tests/kernels"])]


def main(arguments: list[str]) -> int:
    """Run one ring or both; the exit code is that of the first run which failed."""
    both = "--all" in arguments
    given = [*["-m", ""] * both, *(each for each in arguments if each != "--all")]
    for plain, tests in RUNS if both else RUNS[:1]:
        # Each core has a process of its own: two whose library of matrix products wants both wait for each other.
        environment = os.environ | {"NUMBA_DISABLE_JIT": plain, "OPENBLAS_NUM_THREADS": "1"}
        code = subprocess.call([sys.executable, "-m", "pytest", *CORES, *given, *tests], env=environment)
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
