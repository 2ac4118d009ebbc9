from experiments.fig13_invariance.experiment import EXPERIMENT
from experiments.machinery.main import main

if __name__ == "__main__":
    main(EXPERIMENT)
