"""ReLU LeNet on MNIST: a course's LeNet with rectifiers, max pooling and softmax, as published and with our recipe.

The published recipe subtracts the mean image from bytes that it does not divide, starts all weights from a normal law
of deviation 0.001, takes batches of 200 in the order of the file with Adam at 0.001 and an L2 penalty for 10 epochs,
and tests the last weights; of the 60,000 images the last 500 are held out, and the last batch, which is not full, is
dropped. It plots the loss of every batch and the accuracy after every epoch. `ours` has the same layers; it differs in
its input, its start, its batches and its falling rate, and was chosen on the last 5,000 training images (``--search``).
"""

from dataclasses import replace

from experiments.machinery.main import main
from experiments.teaching.runs import declared
from experiments.teaching.system import BYTES, Arm, System, decayed
from lenet1998.recipe import preset

PUBLISHED = replace(
    BYTES, c3="full", batch=200, last_batch="drop", schedule=decayed(0.001, 0.75, first=12, passes=20), order="file"
)
FALLING = decayed(0.002, 0.6, first=3, passes=10)
OURS = replace(preset("modern"), name="ours", batch=32, weight_decay=0.0001, schedule=FALLING)
NO_L2 = replace(OURS, name="no L2", weight_decay=0.0)
CANDIDATES = (
    PUBLISHED,
    replace(NO_L2, name="batch 200, no L2", batch=200),
    replace(NO_L2, name="batch 64, no L2", batch=64),
    NO_L2,
    OURS,
    replace(NO_L2, name="rate 0.001, no L2", schedule=decayed(0.001, 0.6, first=3, passes=10)),
)
SYSTEM = System(
    name="relu_lenet",
    title="ReLU LeNet, MNIST",
    arms=(
        Arm(PUBLISHED, passes=10, validation=500, keep_best=False, published={"test": 97.56}, trace=0),
        Arm(OURS, passes=10, validation=500, published={"test": 97.56}),
    ),
    candidates=tuple(Arm(recipe, passes=10) for recipe in CANDIDATES),
    fold=5000,
)


EXPERIMENT = declared(
    __name__,
    SYSTEM,
    title="A course's LeNet with rectifiers",
    question="What does a course's LeNet with rectifiers reach on MNIST, as published and with a recipe of ours?",
    answer="As published it gets {relu_lenet_accuracies; published; test; accuracy} of the test set right, more than "
    "the {relu_lenet_accuracies; published; test; published} that its source reports. With our recipe it gets "
    "{relu_lenet_accuracies; ours; test; accuracy}.",
    description=__doc__.partition("\n\n")[2],
    place=1,
    captions={"relu_lenet_trace": "The same within the passes, as published: of every batch, seed 1."},
)

if __name__ == "__main__":
    main(EXPERIMENT)
