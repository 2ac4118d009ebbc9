from experiments.machinery.main import main
from experiments.strings.experiment import EXPERIMENT

main(EXPERIMENT)
