from experiments.machinery.main import main
from experiments.section3.experiment import EXPERIMENT

if __name__ == "__main__":
    main(EXPERIMENT)
