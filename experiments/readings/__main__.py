"""`python -m experiments.readings`."""

from experiments.machinery.main import main
from experiments.readings.experiment import EXPERIMENT

main(EXPERIMENT)
