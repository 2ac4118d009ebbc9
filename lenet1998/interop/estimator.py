"""LeNet-5 with scikit-learn's conventions, for pipelines, cross-validation and searches over recipes.

The class inherits nothing, so scikit-learn stays optional: it follows the conventions by itself, and imports
scikit-learn only where scikit-learn asks for its own types. What it learns is what `lenet1998 train` learns with the
same patterns, recipe and seed (section III-B).
"""

from __future__ import annotations

import inspect
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lenet1998.engine import Engine
from lenet1998.engines import make_engine
from lenet1998.errors import RecipeError
from lenet1998.evaluation import answers
from lenet1998.interop.estimator_input import (
    PIXELS,
    InputError,
    check_names,
    classes_of,
    images_of,
    labels_of,
    names_of,
    seed_of,
    settings_of,
    texts_of,
)
from lenet1998.loss import CrossEntropy, Hinge, make_loss
from lenet1998.output import for_classes
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import preset
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.provenance import provenance
from lenet1998.running.run import described
from lenet1998.training import Trainer


class LeNet5Classifier:
    """LeNet-5 as a classifier of images (P, 28, 28) or (P, 784), 0 for the background to 255 for ink.

    Labels are of any kind, from two classes up to 256, and there is an output unit for each class. Characters, digits
    among them, have the code that Figure 3 draws for them, other classes random ones (`lenet1998.output.for_classes`).
    Numbers in images are rounded to whole ones. Images are bytes to the network, and values on another scale, such as
    from 0 to 1, are refused (`lenet1998.patterns.check_range`).

    Parameters: `recipe`, a name of `lenet1998.recipe.PRESETS`, and `settings`, changes to its fields as ``--set`` takes
    them, such as ("loss=map", "j=2"); `passes` over the patterns; `engine`, "auto", "numba" or "numpy"; and
    `random_state`, a whole number, which makes equal fits, or a `numpy.random.RandomState` to draw one from, or None
    for NumPy's own. Nothing is checked before `fit`.

    After `fit` there are `classes_`, sorted, (classes,); `n_features_in_`, 784; `feature_names_in_`, (784,), if images
    came as a data frame with names, which has to have its columns in the same order ever after; and `checkpoint_`, the
    trained network with its history, which `lenet1998.checkpoint.save` writes to a file that every command of lenet1998
    reads; what they test it on has to be named, ``--data mnist``. No pattern is set aside for tests, so the test errors
    in it are NaN.

    >>> from lenet1998.data import load
    >>> digits = load("synthetic", train_size=100, test_size=10)
    >>> lenet5 = LeNet5Classifier(passes=1, engine="numpy").fit(digits.train.images, digits.train.labels)
    >>> lenet5.predict_proba(digits.test.images).shape, lenet5
    ((10, 10), LeNet5Classifier(passes=1, engine='numpy'))
    """

    _estimator_type = "classifier"  # scikit-learn before 1.6 looks here

    def __init__(
        self,
        recipe: str = "default",
        settings: tuple[str, ...] = (),
        passes: int = 20,
        engine: str = "auto",
        random_state: int | np.random.RandomState | None = 1,
    ):
        self.recipe, self.settings, self.passes = recipe, settings, passes
        self.engine, self.random_state = engine, random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> LeNet5Classifier:  # noqa: N803 - scikit-learn's name
        """Learn images X and labels y, (P,), in their order as the recipe says; returns itself.

        Raises InputError for other images or labels, RecipeError, DivergenceError, and LeNetError for an engine that
        is not there.
        """
        names, images = names_of(X), self._images(X)
        classes, labels = classes_of(y, len(images))
        if isinstance(self.passes, bool) or not isinstance(self.passes, (int, np.integer)) or self.passes < 1:
            raise InputError(f"passes={self.passes!r}: give a whole number of 1 or more")
        texts = texts_of(classes)
        recipe = for_classes(preset(self.recipe).override(settings_of(self.settings)), texts)
        patterns = Patterns(images, labels)
        # One pattern stands in for the test set, which there is none of.
        data = DataSet("given", patterns, patterns.first(1), "fit", classes=texts)
        trainer = Trainer(recipe, data, seed_of(self.random_state), self.engine)
        for _ in range(self.passes):
            trainer.run_pass()["test_error_percent"] = float("nan")
        history = {**described(trainer), **provenance(), "passes": trainer.passes}
        history["data"]["test_size"] = 0
        mean = trainer.network.mean if recipe.input_mean else None
        self.checkpoint_ = Checkpoint(trainer.network.parameters.values, history, trainer.optimiser.state(), mean)
        self.classes_, self.n_features_in_ = classes, PIXELS
        vars(self).pop("feature_names_in_", None)  # an earlier fit's
        if names is not None:
            self.feature_names_in_ = names
        self._engine = trainer.engine
        return self

    def penalties(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Equation 7's distances, (P, classes), to the codes of `classes_`; the smallest is the answer.

        Section III-D rejects a pattern when the two smallest are near (`lenet1998.classifiers.rejection`). Raises
        InputError, and before `fit` scikit-learn's NotFittedError.
        """
        if not hasattr(self, "checkpoint_"):
            raise _not_fitted(f"this {type(self).__name__} is not fitted yet: call fit first")
        check_names(X, vars(self).get("feature_names_in_"), type(self).__name__)
        return self._engine.penalties(self._images(X))

    def predict(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """The classes of smallest penalty (section II-B), (P,), of the labels' dtype. Raises as `penalties` does."""
        winners = answers(self.penalties(X))
        return self.classes_[winners]

    def predict_proba(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        """Equation 9's posteriors given that the pattern is of one of `classes_`, float64 (P, classes); rows sum to 1.

        The rubbish class is left out: e^-cy_i over their sum, with c the recipe's penalty_scale. Raises as `penalties`
        does, and RecipeError for loss=hinge, whose penalties are no logarithms of probabilities.
        """
        penalties = self.penalties(X).astype(np.float64)
        loss = make_loss(self.checkpoint_.recipe)
        if isinstance(loss, Hinge):
            raise RecipeError("loss=hinge gives no posteriors: choose loss=mle, map or cross_entropy, or call predict")
        return CrossEntropy(loss.penalty_scale).posteriors(penalties)

    def score(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> float:  # noqa: N803
        """The share of right answers among images X with labels y, (P,), weighted if so asked.

        Raises as `penalties` does, and InputError for labels of another shape.
        """
        answer = self.predict(X)
        weights = None if sample_weight is None else np.asarray(sample_weight)
        return float(np.average(answer == labels_of(y, len(answer)), weights=weights))

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters by name; none is an estimator, so `deep` changes nothing."""
        names = [name for name in inspect.signature(type(self).__init__).parameters if name != "self"]
        return {name: getattr(self, name) for name in names}

    def set_params(self, **params: Any) -> LeNet5Classifier:
        """Change parameters and return itself. Raises InputError for a name that is none."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise InputError(f"{type(self).__name__} has no parameter {name!r}: choose {' or '.join(known)}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self).__init__).parameters
        changed = {name: value for name, value in self.get_params().items() if value != defaults[name].default}
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in changed.items())})"

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn 1.6 and later ask an estimator; called by it alone."""
        from sklearn.utils import ClassifierTags, InputTags, Tags, TargetTags

        return Tags(
            estimator_type="classifier",
            target_tags=TargetTags(required=True),
            classifier_tags=ClassifierTags(),
            input_tags=InputTags(three_d_array=True, positive_only=True),
        )

    def get_metadata_routing(self) -> Any:
        """What scikit-learn asks with enable_metadata_routing: a `MetadataRequest`, of weights for `score` alone."""
        from sklearn.utils.metadata_routing import MetadataRequest

        if "_metadata_request" not in vars(self):  # scikit-learn's clone looks for this name
            self._metadata_request = MetadataRequest(owner=type(self).__name__)
            self._metadata_request.score.add_request(param="sample_weight", alias=None)
        return self._metadata_request

    def set_score_request(self, *, sample_weight: bool | str | None) -> LeNet5Classifier:
        """Whether pipelines and searches hand weights on to `score`, or under which name; returns itself."""
        self.get_metadata_routing().score.add_request(param="sample_weight", alias=sample_weight)
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Without the engine, whose compiled code is made again when it is needed."""
        return {name: value for name, value in vars(self).items() if name != "_engine"}

    def _images(self, X: ArrayLike) -> np.ndarray:  # noqa: N803
        return images_of(X)

    @cached_property
    def _engine(self) -> Engine:
        saved = self.checkpoint_
        return make_engine(self.engine, saved.network(), make_loss(saved.recipe))


def _not_fitted(message: str) -> Exception:
    """scikit-learn's own error, where it is installed: its tools look for it."""
    try:
        from sklearn.exceptions import NotFittedError
    except ImportError:
        return InputError(message)
    return NotFittedError(message)
