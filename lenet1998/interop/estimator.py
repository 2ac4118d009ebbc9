"""LeNet-5 as a classifier of scikit-learn, for pipelines, cross-validation and searches over recipes.

scikit-learn's own classes do what scikit-learn asks of a classifier; this module needs it (the extra ``baselines``).
What the classifier learns is what `lenet1998 train` learns with the same patterns, recipe and seed (section III-B).
"""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lenet1998.data.polarity import TELLING, dark_on_light, light_on_dark, side_of
from lenet1998.engine import Engine
from lenet1998.engines import make_engine
from lenet1998.errors import DataError, LeNetError, RecipeError
from lenet1998.evaluation import answers
from lenet1998.loss import MAP, MLE, CrossEntropy, make_loss
from lenet1998.output import for_classes
from lenet1998.patterns import INK, SIDE, DataSet, Patterns, check_range
from lenet1998.recipe import preset
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.provenance import provenance
from lenet1998.running.run import described
from lenet1998.training import Trainer

try:
    from sklearn.base import BaseEstimator, ClassifierMixin
    from sklearn.utils import check_random_state
    from sklearn.utils.multiclass import check_classification_targets, unique_labels
    from sklearn.utils.validation import check_is_fitted, validate_data
except ImportError as error:
    raise LeNetError(
        f"LeNet5Classifier needs scikit-learn 1.6 or later ({error}): pip install 'lenet1998[baselines]'"
    ) from None

PIXELS = SIDE * SIDE
FORMS = f"(P, {PIXELS}), (P, {SIDE}, {SIDE}) or (P, {SIDE}, {SIDE}, 1)"
MOST_CLASSES = 256  # labels are bytes


class InputError(DataError, ValueError):
    """Images, labels or parameters are not what LeNet-5 takes; a ValueError too, as scikit-learn's own errors are."""


class LeNet5Classifier(ClassifierMixin, BaseEstimator):
    """LeNet-5 as a classifier of images (P, 784), (P, 28, 28) or (P, 28, 28, 1), 0 for the background to 255 for ink.

    Labels are of any kind, from two classes up to 256, and there is an output unit for each class. Characters, digits
    among them, have the code that Figure 3 draws for them, other classes random ones (`lenet1998.output.for_classes`).
    Numbers in images are rounded to whole ones. Images are bytes to the network, and values on another scale, such as
    from 0 to 1, are refused (`lenet1998.patterns.check_range`). Images dark on light are inverted, with a warning, and
    refused where some are and some are not (`lenet1998.data.polarity`).

    Parameters: `recipe`, a name of `lenet1998.recipe.PRESETS`, and `settings`, changes to its fields as ``--set`` takes
    them, such as ("loss=map", "j=2"); `passes` over the patterns; `engine`, "auto", "numba" or "numpy"; and
    `random_state`, a whole number, which makes equal fits, or a `numpy.random.RandomState` to draw one from, or None
    for NumPy's own. Nothing is checked before `fit`.

    After `fit` there are `classes_`, sorted, (classes,); `n_features_in_`, 784; `feature_names_in_`, (784,), if images
    came as a data frame with names, which has to have its columns in the same order ever after; `inverted_`, whether
    images came dark on light, as those to answer for then should; and `checkpoint_`, the
    trained network with its history, which `lenet1998.checkpoint.save` writes to a file that every command of lenet1998
    reads; what they test it on has to be named, ``--data mnist``. No pattern is set aside for tests, so the test errors
    in it are NaN.

    >>> from lenet1998.data import load
    >>> digits = load("synthetic", train_size=100, test_size=10)
    >>> lenet5 = LeNet5Classifier(passes=1, engine="numpy").fit(digits.train.images, digits.train.labels)
    >>> lenet5.predict_proba(digits.test.images).shape, lenet5
    ((10, 10), LeNet5Classifier(engine='numpy', passes=1))
    """

    def __init__(
        self,
        recipe: str = "default",
        settings: str | tuple[str, ...] = (),
        passes: int = 20,
        engine: str = "auto",
        random_state: int | np.random.RandomState | None = 1,
    ):
        self.recipe, self.settings, self.passes = recipe, settings, passes
        self.engine, self.random_state = engine, random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> LeNet5Classifier:  # noqa: N803 - scikit-learn's name
        """Learn images X and labels y, (P,), in their order as the recipe says; returns itself.

        Raises scikit-learn's errors for what are no finite numbers or no labels, InputError for other images or
        labels, RecipeError, DivergenceError, and LeNetError for an engine that is not there.
        """
        rows, y = validate_data(self, _rows(X), y)
        check_classification_targets(y)
        self.classes_, places = np.unique(y, return_inverse=True)
        if not 2 <= len(self.classes_) <= MOST_CLASSES:
            found = "1 class" if len(self.classes_) == 1 else f"{len(self.classes_)} classes"
            raise InputError(f"y has {found}: give from 2 to {MOST_CLASSES}")
        if self.passes < 1:
            raise InputError(f"passes={self.passes!r}: give a whole number of 1 or more")
        texts = tuple(str(int(label) if isinstance(label, float) else label) for label in self.classes_.tolist())
        settings = [self.settings] if isinstance(self.settings, str) else list(self.settings)
        recipe = for_classes(preset(self.recipe).override(settings), texts)
        patterns = self._learned(Patterns(self._images(rows), places.astype(np.uint8)), texts)
        # One pattern stands in for the test set, which there is none of.
        treated = {"inverted": ["training"]} if self.inverted_ else {}
        data = DataSet("given", patterns, patterns.first(1), "fit", classes=texts, treated=treated)
        seed = self.random_state
        if not isinstance(seed, (int, np.integer)):
            seed = check_random_state(seed).randint(2**31 - 1)
        trainer = Trainer(recipe, data, int(seed), self.engine)
        for _ in range(self.passes):
            trainer.run_pass()["test_error_percent"] = float("nan")
        history = {**described(trainer), **provenance(), "passes": trainer.passes}
        history["data"]["test_size"] = 0
        mean = trainer.network.mean if recipe.input_mean else None
        self.checkpoint_ = Checkpoint(trainer.network.parameters.values, history, trainer.optimiser.state(), mean)
        self._engine = trainer.engine
        return self

    def penalties(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Equation 7's distances, (P, classes), to the codes of `classes_`; the smallest is the answer.

        Section III-D rejects a pattern when the two smallest are near (`lenet1998.classifiers.rejection`). Raises
        errors as `fit` does, and before `fit` scikit-learn's NotFittedError.
        """
        check_is_fitted(self, "checkpoint_")
        return self._engine.penalties(self._turned(self._images(validate_data(self, _rows(X), reset=False))))

    def predict(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """The classes of smallest penalty (section II-B), (P,), of the labels' dtype. Raises as `penalties` does."""
        winners = answers(self.penalties(X))
        return self.classes_[winners]

    def predict_proba(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Equation 9's posteriors given that the pattern is of one of `classes_`, float64 (P, classes); rows sum to 1.

        The rubbish class is left out: e^-cy_i over their sum, with c the recipe's penalty_scale. Raises as `penalties`
        does, and RecipeError for a loss of one's own, whose penalties may be no logarithms of probabilities.
        """
        penalties = self.penalties(X).astype(np.float64)
        loss = make_loss(self.checkpoint_.recipe)
        if not isinstance(loss, (MLE, MAP)):
            raise RecipeError(
                f"loss={self.checkpoint_.recipe.loss} gives no posteriors: choose loss=mle, map or cross_entropy, or "
                "call predict"
            )
        return CrossEntropy(loss.penalty_scale).posteriors(penalties)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:  # noqa: N803
        """The share of right answers among images X with labels y, (P,), weighted if so asked.

        Raises as `penalties` does, and scikit-learn's ValueError for texts where `classes_` are numbers, and the other
        way round: scikit-learn 1.6 compares them and gives 0.
        """
        check_is_fitted(self, "checkpoint_")
        unique_labels(self.classes_, y)
        return super().score(X, y, sample_weight)

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks an estimator: images may be (P, 28, 28), and ink is not negative."""
        tags = super().__sklearn_tags__()
        tags.input_tags.three_d_array = tags.input_tags.positive_only = True
        return tags

    def __getstate__(self) -> dict[str, Any]:
        """Without the engine, whose compiled code is made again when it is needed."""
        return {name: value for name, value in super().__getstate__().items() if name != "_engine"}

    def _images(self, rows: np.ndarray) -> np.ndarray:
        """Rows of finite numbers, (P, 784), as bytes (P, 28, 28). Raises InputError for other sizes and scales."""
        if rows.shape[1] != PIXELS:
            raise InputError(
                f"X has {rows.shape[1]} features, but {type(self).__name__} is expecting {PIXELS} features as input: "
                f"give images {FORMS}"
            )
        negative = f"Negative values in data passed to {type(self).__name__}: X"
        try:
            check_range(rows, negative if rows.min() < 0 else "X")
        except DataError as error:
            raise InputError(str(error)) from None
        return np.clip(np.rint(rows), 0, INK).astype(np.uint8).reshape(-1, SIDE, SIDE)

    def _learned(self, patterns: Patterns, texts: tuple[str, ...]) -> Patterns:
        """Patterns light on dark, as those of files are read; what was done is warned of."""
        try:
            learned, said = light_on_dark(patterns, dict(enumerate(texts)), "images in X")
        except DataError as error:
            raise InputError(str(error)) from None
        if said:
            warnings.warn(said, stacklevel=3)
        self.inverted_ = learned is not patterns
        self._tells = bool((dark_on_light(learned.images) < 0).mean() >= TELLING)
        return learned

    def _turned(self, images: np.ndarray) -> np.ndarray:
        """Images to answer for, light on dark: as those that were learned came, or turned where they tell otherwise."""
        images = INK - images if self.inverted_ else images
        try:
            if not self._tells or side_of(images, "images in X") < 1:
                return images
        except DataError as error:
            raise InputError(str(error)) from None
        warnings.warn(
            "images in X are dark on light and those of fit were not, or the other way round: inverted", stacklevel=4
        )
        return INK - images

    @cached_property
    def _engine(self) -> Engine:
        saved = self.checkpoint_
        return make_engine(self.engine, saved.network(), make_loss(saved.recipe))


def _rows(X: Any) -> Any:  # noqa: N803
    """Images of three or four axes as rows (P, 784), and anything else as it is. Raises InputError for other shapes.

    >>> _rows(np.zeros((2, 28, 28, 1))).shape
    (2, 784)
    """
    shape = X.shape if hasattr(X, "shape") else np.asarray(X).shape
    if len(shape) < 3:
        return X
    if shape[1:] not in ((SIDE, SIDE), (SIDE, SIDE, 1), (1, SIDE, SIDE)):
        raise InputError(f"X has shape {shape}: give grey images {FORMS}")
    return np.asarray(X).reshape(shape[0], PIXELS)
