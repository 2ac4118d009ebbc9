"""`python -m experiments.speed`."""

from experiments.machinery.main import main
from experiments.speed.experiment import EXPERIMENT

main(EXPERIMENT)
