"""`python -m experiments.speed`; with --by-kernel, what `python -m experiments.speed.by_kernel` does."""

import sys

from experiments.machinery.main import main
from experiments.speed import by_kernel, experiment

by_kernels = "--by-kernel" in sys.argv
sys.argv = [word for word in sys.argv if word != "--by-kernel"]
main((by_kernel if by_kernels else experiment).EXPERIMENT)
