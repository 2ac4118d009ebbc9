from experiments.machinery.main import main
from experiments.section3.experiment import EXPERIMENT

main(EXPERIMENT)
