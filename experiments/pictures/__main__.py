from experiments.machinery.main import main
from experiments.pictures.experiment import EXPERIMENT

if __name__ == "__main__":
    main(EXPERIMENT)
