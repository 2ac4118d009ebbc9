"""`python -m experiments.ablation`."""

from experiments.ablation.experiment import EXPERIMENT
from experiments.machinery.main import main

main(EXPERIMENT)
