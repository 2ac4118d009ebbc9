"""LeNet5Classifier as users of scikit-learn meet it, and scikit-learn's own checks of its estimators."""

import copy
import json
import pickle
import subprocess
import sys
import warnings

import numpy as np
import pytest
from PIL import Image
from sklearn.base import clone, is_classifier

from lenet1998.bitmaps import character_codes
from lenet1998.commands import main as cli
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import LeNetError
from lenet1998.interop.estimator import LeNet5Classifier
from lenet1998.loss import make_loss
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint
from lenet1998.running.run import run
from lenet1998.training import Trainer
from tests.own_data import drawn

QUICK = {"passes": 2, "engine": "numpy"}
# In 150 patterns LeNet-5 learns something only at a higher rate than the paper's for 60,000.
FAST = {**QUICK, "settings": ("schedule=2x0.001",)}


@pytest.fixture(scope="module")
def digits():
    return synthetic_digits(150, seed=1), synthetic_digits(60, seed=1, stream="test")


@pytest.fixture(scope="module")
def fitted(digits):
    train, _ = digits
    return LeNet5Classifier(**FAST).fit(train.images, train.labels)


def test_it_learns_and_says_so(fitted, digits):
    _, test = digits
    assert fitted.score(test.images, test.labels) > 0.4, "chance is 0.1, three seeds had 0.65 to 0.75"
    assert fitted.score(test.images, test.labels) == np.mean(fitted.predict(test.images) == test.labels)
    weights = np.arange(60) < 20
    assert fitted.score(test.images, test.labels, weights) == fitted.score(test.images[:20], test.labels[:20])
    assert fitted.classes_.tolist() == list(range(10)) and fitted.n_features_in_ == 784


def test_it_is_the_trainer_s_network_in_a_checkpoint(fitted, digits, tmp_path):
    train, test = digits
    trainer = Trainer(Recipe().override(list(FAST["settings"])), DataSet("", train, test, ""), seed=1, engine="numpy")
    for _ in range(2):
        trainer.run_pass()
    assert np.array_equal(fitted.checkpoint_.values, trainer.network.parameters.values)
    checkpoint.save(tmp_path / "checkpoint.npz", fitted.checkpoint_)
    saved = checkpoint.load(tmp_path / "checkpoint.npz")
    y = NumpyEngine(saved.network(), make_loss(saved.recipe)).penalties(test.images)
    assert np.array_equal(fitted.penalties(test.images), y)
    assert all(np.isnan(record["test_error_percent"]) for record in saved.history["passes"])


def test_every_command_reads_its_checkpoint(fitted, digits, tmp_path, capsys, prints, monkeypatch):
    """Its data are the caller's alone, so what to test on has to be named; and no NaN stands for a missing error."""
    monkeypatch.chdir(tmp_path)
    checkpoint.save(tmp_path / "mine.npz", fitted.checkpoint_)
    Image.fromarray(digits[1].images[0]).save("digit.png")
    few = ["--data", "synthetic", "--test-size", "20"]
    for command in (
        ["evaluate", "mine.npz", *few],
        ["evaluate", "mine.npz", *few, "--json"],
        ["predict", "digit.png", "--checkpoint", "mine.npz"],
        ["predict", "digit.png", "--checkpoint", "mine.npz", "--json"],
        ["show", "digit.png", "--checkpoint", "mine.npz"],
        ["show", "3", "--checkpoint", "mine.npz", *few],
        ["export", "mine.npz", "--format", "npz"],
    ):
        assert cli.main(command) == 0, command
        said = capsys.readouterr().out
        assert "nan" not in said.lower(), said
        if "--json" in command:
            json.loads(said)
    for command in (["evaluate", "mine.npz"], ["show", "3", "--checkpoint", "mine.npz"]):
        assert "--data auto or mnist or synthetic" in prints(*command, code=2).err


def test_posteriors_are_those_of_equation_9_without_rubbish(fitted, digits):
    _, test = digits
    weights = np.exp(-0.1 * fitted.penalties(test.images).astype(float))  # the default recipe's c
    expected = weights / weights.sum(axis=1, keepdims=True)
    found = fitted.predict_proba(test.images)
    np.testing.assert_allclose(found, expected, rtol=1e-9)
    assert np.array_equal(fitted.classes_[found.argmax(axis=1)], fitted.predict(test.images))


def test_rows_and_images_bytes_and_numbers_are_the_same(fitted, digits):
    _, test = digits
    expected = fitted.penalties(test.images)
    nearly = np.clip(test.images + 0.3, 0, 255)
    one_channel = test.images[..., None], test.images[:, None].astype(np.float32)
    for same in (test.images.reshape(60, 784), nearly, test.images.astype(np.int64).tolist(), *one_channel):
        assert np.array_equal(fitted.penalties(same), expected)


@pytest.mark.parametrize("names", [[3, 8], ["3", "8"], [3.0, 8.0]])
def test_digits_keep_their_own_codes(digits, names):
    """A network that knows 3 and 8 alone answers with them, by the bitmaps that Figure 3 has of them."""
    train, _ = digits
    chosen = np.isin(train.labels, [3, 8])
    labels = np.array(names)[(train.labels[chosen] == 8).astype(int)]
    known = LeNet5Classifier(**FAST).fit(train.images[chosen], labels)
    assert known.classes_.tolist() == names and known.checkpoint_.classes == ["3", "8"]
    assert np.array_equal(known.checkpoint_.network().layers[-1].codes, character_codes("38"))
    assert set(known.predict(train.images).tolist()) == set(names)
    assert known.score(train.images[chosen], labels) > 0.8
    assert known.predict_proba(train.images).shape == (150, 2)


# Twelve classes by names that are no single characters, as texts and as numbers, and the 26 letters.
MADE_UP = {
    "words": np.array([f"no. {number:02d}" for number in range(12)]),
    "objects": np.array([f"no. {number:02d}" for number in range(12)], object),
    "numbers": np.arange(12) * 100 - 300,
    "letters": np.array([*"ABCDEFGHIJKLMNOPQRSTUVWXYZ"]),
}


@pytest.mark.parametrize("kind", MADE_UP)
def test_any_number_of_classes_is_learned_as_train_learns_it(kind, tmp_path):
    """Codes and network are those of a run on the same patterns with the same names, and copies answer alike."""
    classes = MADE_UP[kind]
    places = np.tile(np.arange(len(classes)), 6)
    images = drawn(places)
    lenet5 = LeNet5Classifier("default", ("schedule=2x0.001",), **QUICK).fit(images, classes[places])
    assert lenet5.classes_.tolist() == classes.tolist() and lenet5.classes_.dtype == classes.dtype
    assert lenet5.score(drawn(places, seed=1), classes[places]) > 0.8, f"chance is {1 / len(classes):.2f}"
    assert lenet5.predict_proba(images).shape == (len(images), len(classes))
    recipe = lenet5.checkpoint_.recipe
    assert recipe.codes == ("bitmap" if kind == "letters" else "random") and recipe.classes == len(classes)

    patterns = Patterns(images, places.astype(np.uint8))
    data = DataSet("own", patterns, patterns.first(1), "", classes=tuple(map(str, classes.tolist())))
    run(tmp_path, Recipe().override(["schedule=2x0.001"]), data, passes=2, engine="numpy")
    saved = checkpoint.load(tmp_path)
    assert np.array_equal(saved.values, lenet5.checkpoint_.values) and saved.classes == lenet5.checkpoint_.classes
    checkpoint.save(tmp_path / "mine.npz", lenet5.checkpoint_)
    assert checkpoint.load(tmp_path / "mine.npz").classes == [str(name) for name in classes.tolist()]

    twin = pickle.loads(pickle.dumps(lenet5))
    assert np.array_equal(twin.predict(images), lenet5.predict(images))
    again = clone(lenet5).fit(images, classes[places])
    assert np.array_equal(again.penalties(images[:5]), lenet5.penalties(images[:5]))


def test_seeds(digits):
    train, _ = digits

    def values(random_state):
        quick = LeNet5Classifier(passes=1, engine="numpy", random_state=random_state)
        return quick.fit(train.images[:20], train.labels[:20]).checkpoint_.values

    assert np.array_equal(values(3), values(3)) and not np.array_equal(values(3), values(4))
    assert np.array_equal(values(np.random.RandomState(0)), values(np.random.RandomState(0)))
    assert not np.array_equal(values(None), values(None))


def test_copies_and_pickles_answer_alike(fitted, digits):
    _, test = digits
    expected = fitted.penalties(test.images)
    assert b"Engine" not in pickle.dumps(fitted), "a compiled engine cannot be pickled"
    for twin in (pickle.loads(pickle.dumps(fitted)), copy.deepcopy(fitted)):
        assert np.array_equal(twin.penalties(test.images), expected)


def test_settings_reach_the_recipe(digits):
    train, _ = digits
    settings = ("loss=map", "output=linear", "optimiser=adam", "input_mean=true")
    other = LeNet5Classifier("modern", settings, passes=1, engine="numpy").fit(train.images, train.labels)
    assert other.checkpoint_.recipe.loss == "map"
    other.predict(train.images)
    assert (
        LeNet5Classifier(settings="loss=map", **QUICK).fit(train.images, train.labels).checkpoint_.recipe.loss == "map"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"X": np.zeros((4, 783))}, "783 features, but LeNet5Classifier is expecting 784 features as input: give"),
        ({"X": np.zeros((4, 28, 27))}, r"X has shape \(4, 28, 27\): give grey images \(P, 784\), \(P, 28, 28\) or"),
        ({"X": np.zeros((4, 28, 28, 3))}, r"X has shape \(4, 28, 28, 3\): give grey images"),
        ({"X": np.zeros((4, 784, 1))}, r"X has shape \(4, 784, 1\): give grey images"),
        ({"X": np.full((4, 784), 256)}, "runs from 256 to 256, not from 0 .* to 255"),
        ({"X": np.full((4, 784), -1)}, "Negative values in data passed to LeNet5Classifier: X runs from -1 to -1"),
        ({"X": np.linspace(-0.4242, 2.8215, 4 * 784).reshape(4, 784)}, "from -0.4242 to 2.8215"),
        ({"X": np.full((4, 784), 1.0000001)}, "to 1.0000001, .*multiply it by 255"),
        ({"X": np.arange(4 * 784).reshape(4, 784) % 17}, "from 0 to 16, not from 0 .* to 255"),
        ({"X": np.arange(4 * 784).reshape(4, 784) % 2 == 1}, "from 0 to 1, .*multiply it by 255"),
        ({"X": np.full((4, 784), 65535)}, "to 65535, .*: scale it"),
        ({"y": [7, 7, 7, 7]}, "y has 1 class: give from 2 to 256"),
        ({"X": np.zeros((257, 784)), "y": np.arange(257)}, "y has 257 classes: give from 2 to 256"),
        ({"passes": 0}, "passes=0"),
        ({"engine": "abacus"}, "abacus"),
        ({"recipe": "mine"}, "mine"),
        ({"settings": ("mu=-1",)}, "mu"),
    ],
)
def test_what_lenet_5_does_not_take_is_refused_in_one_line(change, message):
    images, labels = change.pop("X", np.zeros((4, 784))), change.pop("y", [0, 1, 2, 3])
    with pytest.raises(LeNetError, match=message) as refusal:
        LeNet5Classifier(**{**QUICK, **change}).fit(images, labels)
    assert "\n" not in str(refusal.value)
    if not {"engine", "recipe", "settings"} & set(change):
        assert isinstance(refusal.value, ValueError)


def test_score_compares_labels_of_one_type_alone(fitted, digits):
    """Texts are equal to no number: the share of right answers would be 0.0 without a word."""
    train, test = digits
    texts = LeNet5Classifier(**QUICK).fit(train.images, train.labels.astype(str))
    for classifier, labels in ((fitted, test.labels.astype(str)), (texts, test.labels)):
        with pytest.raises(ValueError, match="Mix of label input types"):
            classifier.score(test.images, labels)
    for labels in (test.labels[:5], test.labels[0], None):
        with pytest.raises(ValueError):
            fitted.score(test.images, labels)
    assert texts.score(test.images, test.labels.astype(str).astype(object)) > 0


def test_without_scikit_learn_the_extra_is_named():
    """In a process that cannot import sklearn the package can be used, and its classifier says what it needs."""
    program = """
import sys
import warnings
sys.modules["sklearn"] = None
from lenet1998 import *
import lenet1998
try:
    lenet1998.LeNet5Classifier
except LeNetError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("LeNet5Classifier needs scikit-learn 1.6 or later (")
    assert done.stdout.endswith("): pip install 'lenet1998[baselines]'\n")


def test_pipeline_and_clone(digits):
    from sklearn.exceptions import NotFittedError
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import FunctionTransformer

    train, test = digits
    lenet5 = LeNet5Classifier(**FAST)
    assert is_classifier(lenet5)
    with pytest.raises(NotFittedError):
        clone(lenet5).predict(test.images)
    assert clone(lenet5).get_params() == lenet5.get_params()
    images, labels = train.images[:50], train.labels[:50]
    bytes_of = FunctionTransformer(lambda x: np.multiply(x, 255))
    chain = Pipeline([("bytes", bytes_of), ("lenet5", lenet5)]).fit(images.reshape(50, -1) / 255, labels)
    alone = clone(lenet5).fit(images, labels)
    assert np.array_equal(chain.predict_proba(test.images / 255), alone.predict_proba(test.images))
    assert chain.set_params(lenet5__passes=1).get_params()["lenet5__passes"] == 1


def test_a_scaler_to_255_misses_it_by_a_rounding_error(digits):
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import MinMaxScaler

    train, _ = digits
    rows = train.images[:50].reshape(50, -1) / 3
    chain = make_pipeline(MinMaxScaler((0, 255)), LeNet5Classifier(**QUICK)).fit(rows, train.labels[:50])
    scaled = chain[0].transform(rows)
    assert scaled.max() > 255, "or there is nothing to see"
    scaled[scaled == 0] = -1e-9
    assert np.array_equal(chain[1].penalties(scaled), chain[1].penalties(np.clip(np.rint(scaled), 0, 255)))


def test_columns_of_a_frame_are_told_by_their_names(digits):
    """In another order they would be pixels in other places: scikit-learn refuses that."""
    pandas = pytest.importorskip("pandas")
    train, _ = digits
    rows, labels = train.images[:20].reshape(20, -1), train.labels[:20]
    names = [f"pixel{i}" for i in range(784)]
    frame = pandas.DataFrame(rows, columns=names)
    quick = LeNet5Classifier(passes=1, engine="numpy")
    expected = quick.fit(rows, labels).penalties(rows)
    assert np.array_equal(quick.penalties(pandas.DataFrame(rows)), expected), "numbers are no names"
    quick.fit(frame, labels)
    assert quick.feature_names_in_.tolist() == names
    assert np.array_equal(quick.penalties(frame), expected)
    mixed = frame[names[::-1]]
    with pytest.raises(ValueError, match="must be in the same order"):
        quick.predict(mixed)
    assert np.array_equal(quick.predict(mixed[quick.feature_names_in_]), quick.predict(frame))


def test_cross_validation_and_grid_search(digits):
    """Folds keep the classes' shares, as for a classifier, and the search takes the recipe that errs less."""
    from sklearn.model_selection import GridSearchCV, StratifiedKFold, cross_val_score

    train, _ = digits
    images, labels = train.images[:80], train.labels[:80]
    quick = LeNet5Classifier(passes=1, engine="numpy")
    by_hand = [
        quick.fit(images[seen], labels[seen]).score(images[rest], labels[rest])
        for seen, rest in StratifiedKFold(2).split(images, labels)
    ]
    assert cross_val_score(quick, images, labels, cv=2).tolist() == by_hand
    grid = {"settings": [("schedule=1x1e-9",), FAST["settings"]]}  # the first learns next to nothing
    search = GridSearchCV(LeNet5Classifier(**QUICK), grid, cv=2, refit=False).fit(train.images, train.labels)
    assert search.best_params_ == {"settings": FAST["settings"]}
    by_loss = GridSearchCV(quick, {"random_state": [1]}, cv=2, scoring="neg_log_loss").fit(images, labels)
    assert by_loss.best_score_ < 0 and by_loss.predict(images).shape == (80,)


def test_images_dark_on_light_are_turned_and_said(digits):
    """By fit, and by predict where they are not as they were learned; without a word where they are."""
    train, test = digits
    images, labels, turned = train.images[:80], train.labels[:80], "dark on light, so inverted"
    usual = LeNet5Classifier(**FAST).fit(images, labels)
    with pytest.warns(UserWarning, match=turned):
        other = LeNet5Classifier(**FAST).fit(255 - images, labels)
    assert np.array_equal(usual.checkpoint_.values, other.checkpoint_.values)
    assert (usual.inverted_, other.inverted_) == (False, True)
    assert other.checkpoint_.history["data"]["inverted"] == ["training"]
    asked = usual.predict(test.images)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (other.predict(255 - test.images) == asked).all()
        assert (pickle.loads(pickle.dumps(other)).predict(255 - test.images[:1]) == asked[:1]).all()
        usual.predict(test.images)
    for fitted, given in ((usual, 255 - test.images), (other, test.images), (usual, 255 - test.images[:1])):
        with pytest.warns(UserWarning, match="dark on light and those of fit were not, or the other way round"):
            assert (fitted.predict(given) == asked[: len(given)]).all()


def test_images_of_both_polarities_are_refused(fitted, digits):
    """By fit and by predict; of images that do not tell, fit says so, and predict nothing."""
    train, test = digits
    mixed = np.concatenate([test.images[:30], 255 - test.images[30:]])
    for call in (lambda: LeNet5Classifier(**FAST).fit(mixed, test.labels), lambda: fitted.predict(mixed)):
        with pytest.raises(ValueError, match="not all alike: .* are dark on light and .* light on dark"):
            call()
    noise = np.random.default_rng(0).integers(0, 256, (60, 28, 28))
    with pytest.warns(UserWarning, match="whether images in X are light on dark cannot be told"):
        untold = LeNet5Classifier(**FAST).fit(noise, test.labels)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (untold.predict(255 - test.images)).shape == (60,)


class OfFewFeatures(LeNet5Classifier):
    """scikit-learn's checks draw a few features of any size: here each is a grey stripe of the image, so that all of
    what they check but the images' size applies."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.poor_score = True  # of a few hundred updates: what it learns of digits is tested above
        return tags

    def _images(self, rows):
        if rows.min() < 0:
            return super()._images(np.full((1, 784), rows.min()))
        stripes = np.repeat(np.clip(20 + 40 * rows.astype(float), 0, 255), 28 // rows.shape[1], axis=1)
        images = np.pad(stripes, ((0, 0), (0, 28 - stripes.shape[1])))[:, None].repeat(28, axis=1)
        images[:, -1, -1] = 255  # full ink somewhere, whatever the features' range
        return super()._images(images.reshape(-1, 784))


@pytest.mark.filterwarnings("ignore")
def test_scikit_learn_s_own_checks():
    """All of them, on the class above."""
    from sklearn.utils.estimator_checks import check_estimator

    settings = ("batch=4", "subsampling=plain", "schedule=1x0.003", "dtype=float64")
    done = check_estimator(OfFewFeatures("modern", settings, passes=1, engine="numpy"), on_fail=None, on_skip=None)
    assert {each["check_name"]: each["exception"] for each in done if each["status"] == "failed"} == {}
    assert sum(each["status"] == "passed" for each in done) > 45
