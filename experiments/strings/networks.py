"""The networks of the experiment: what recognisers learn first, and training on whole strings after it.

Each seed draws its own images and strings from the training digits. Every network is work of its own in the store, so
that a stopped experiment goes on, and one that is finished is not trained again.
"""

from __future__ import annotations

import json
import time
from collections.abc import Generator, Iterator, Sequence
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, cast

import numpy as np

from experiments.machinery.setting import Part, Setting
from experiments.machinery.store import Store, identity
from lenet1998.distortions import inverted
from lenet1998.errors import LeNetError
from lenet1998.files import write_json
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import CHECKPOINT, Checkpoint
from lenet1998.running.run import HISTORY
from lenet1998.running.work import DataChoice, Task, Work
from lenet1998.sdlm import step_sizes
from lenet1998.strings.images import Layout, Strings, strings, training_images
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.segmentation import Segmentor, training_segments
from lenet1998.strings.training import Example, StringTrainer
from lenet1998.strings.wide import Wide
from lenet1998.training import DIGEST

LENGTH = 5
"""Characters in the strings that networks learn from."""
SAMPLE = 300
"""Strings that estimate curvatures before a pass over strings."""


@dataclass(frozen=True)
class Choices:
    """What the paper leaves open about training, chosen on held-out training digits (`experiments.strings.choosing`).

    ``j`` is the penalty of the rubbish class and of the blank, ``noise`` the share of pixels that is inverted in
    training images (VII-B: 0.1), ``noisy`` the share of whole strings for the swept network that has this noise, and
    ``etas`` the global rate of each pass over whole strings.
    """

    j: float = 12.0
    noise: float = 0.1
    noisy: float = 0.5
    etas: tuple[float, ...] = (1e-3, 2e-4)
    mu: float = 0.02
    curvature: str = "constant"


@dataclass(frozen=True)
class Sizes:
    """Training images of each recogniser, passes over them, and whole strings."""

    images: int = 60_000
    passes: int = 4
    strings: int = 20_000

    @classmethod
    def of(cls, digits: Patterns, passes: int, a_string: int = 3) -> Sizes:
        """As many images as there are digits, and a whole string for so many of them.

        >>> digits = Patterns(np.zeros((60_000, 1, 1), np.uint8), np.zeros(60_000, np.uint8))
        >>> Sizes.of(digits, 4) == Sizes()
        True
        """
        return cls(len(digits), passes, len(digits) // a_string)


PLAIN = Layout(noise=0)
"""How strings are laid out for learning; noise comes as they are shown."""
IMAGES = replace(PLAIN, jitter=1)
"""The same for what is learned before strings."""
KINDS = ("isolated", "sdnn", "hos")
"""LeNet-5 of single digits, of section VII-B's images, and of the segments of strings."""
TRAINED = {"eq. 17": "discriminative_forward", "eq. 12": "discriminative_viterbi", "eq. 11": "viterbi"}
"""Training on whole strings, by the equation that is minimised."""


def recipe_of(kind: str, choices: Choices) -> Recipe:
    """The default recipe with equation 9's j, a schedule for few passes, and VII-B's noise for the swept network."""
    noise = choices.noise if kind == "sdnn" else 0.0
    schedule = ((1, 5e-4), (1, 2e-4), (1, 1e-4), (1, 5e-5))
    return replace(Recipe(), name=kind, j=choices.j, noise=noise, schedule=schedule)


def images_of(kind: str, digits: DataSet, sizes: Sizes, seed: int, layout: Layout = IMAGES) -> DataSet:
    """What a recogniser learns, and as its test set the same of the digits for testing, where each has a class."""
    if kind == "isolated":
        return DataSet(digits.name, digits.train.first(sizes.images), digits.test, digits.source, digits.digests)
    count = min(len(digits.test), 2000)
    if kind == "sdnn":
        train = training_images(digits.train, sizes.images, seed, layout)
        test = training_images(digits.test, count, seed, replace(layout, blanks=0))
    else:
        found = strings(digits.train, max(1, sizes.images // (2 * LENGTH)), LENGTH, seed, layout)
        train = training_segments(found, Segmentor()).first(sizes.images)
        test = digits.test.first(count)
    return DataSet(f"{digits.name} {kind}", train, test, digits.source, {"train": train.digest()})


@dataclass(frozen=True)
class Images:
    """What a worker loads for a recogniser: images made of these digits, for a seed."""

    digits: DataChoice
    kind: str
    sizes: Sizes
    seed: int
    layout: Layout = IMAGES

    @lru_cache(maxsize=1)  # noqa: B019 - for the store, and for the run
    def load(self) -> DataSet:
        return images_of(self.kind, self.digits.load(), self.sizes, self.seed, self.layout)


def first(store: Store, images: Images, choices: Choices, engine: str, earlier: str = "") -> Task:
    """The run of a recogniser before it learns strings. `earlier` is where an earlier version kept it."""
    recipe, passes = recipe_of(images.kind, choices), images.sizes.passes
    return store.task(recipe, images.seed, images, earlier, passes=passes, engine=engine)


def taught(store: Store, task: Task, criterion: str, choices: Choices, earlier: str = "") -> Part:
    """A finished recogniser of this run learns whole strings: work whose directory has the checkpoint."""
    images: Any = task.data
    about = [identity(task), task.passes, criterion, asdict(choices), asdict(images.sizes)]
    label = f"{images.kind} {criterion}, seed {task.seed}"
    place = store.place(f"strings {label}", json.loads(json.dumps(about)))
    given = {"task": task, "criterion": criterion, "choices": choices, "earlier": store.root / earlier}
    return Part(place, label, learn_strings, tuple(given.items()), len(choices.etas), images.sizes.strings)


def swept(setting: Setting, sizes: Sizes) -> Generator[Sequence[Work], list[Any], tuple[list[Task], list[dict]]]:
    """For plans: the networks that are swept over strings and have learned them by equation 17, those of
    `experiments.strings`, for each seed: tasks in whose directories they are, and their histories."""
    store, engine, digits = setting.store, engine_of(setting), setting.choice
    tasks = [first(store, Images(digits, "sdnn", sizes, seed), Choices(), engine, place_of(seed, "sdnn"))
             for seed in range(1, 1 + setting.seeds)]  # fmt: skip
    yield tasks
    parts = [taught(store, task, TRAINED["eq. 17"], Choices(), place_of(task.seed, "sdnn eq. 17")) for task in tasks]
    histories = yield parts
    return [replace(task, out=part.out) for task, part in zip(tasks, parts, strict=True)], histories


def engine_of(setting: Setting) -> str:
    """So little as --quick learns is learned faster than the networks are compiled."""
    return "numpy" if setting.quick and setting.arguments.engine == "auto" else setting.arguments.engine


def place_of(seed: int, method: str) -> str:
    """Where an earlier version kept a seed's network of a method.

    >>> place_of(1, "sdnn eq. 17")
    'strings/seed1/sdnn_eq._17'
    """
    return f"strings/seed{seed}/{method.replace(' ', '_')}"


def learn_strings(
    out: Path, progress: object, passed: object, task: Task, criterion: str, choices: Choices, earlier: Path
) -> dict:
    """The history of the network after passes over whole strings, one update per string, by appendix C's step sizes;
    the network is in `out` then.

    The history says under "strings" what was learned, and of each pass the mean loss and how many strings no path
    spells. Where `earlier` has that network, it is taken.
    """
    saved, images = checkpoints.load(task.out), cast(Images, task.data)
    if len(saved.history["passes"]) != task.passes:
        raise LeNetError(f"{task.out} has made other passes than the {task.passes} asked for: choose another --runs")
    about = {"criterion": criterion, "strings": images.sizes.strings, "etas": list(choices.etas), "mu": choices.mu,
             "curvature": choices.curvature, "noisy": choices.noisy,
             "from": saved.history["passes"][-1][DIGEST]}  # fmt: skip
    if (earlier / CHECKPOINT).exists():
        there = checkpoints.load(earlier)
        if {key: there.history.get("strings", {}).get(key) for key in about} == about:
            return _kept(out, there)
    began, network = time.perf_counter(), saved.network()
    found = drawn(images.digits.load().train, images.sizes, images.seed)
    examples = whole_strings(found, images.kind, choices, images.seed)
    trainer = StringTrainer(Wide(network, task.engine), saved.recipe.penalty_scale, criterion, choices.curvature)
    records = passes_over(trainer, examples, choices)
    *others, last = saved.history["passes"]
    before = {key: value for key, value in last.items() if key != DIGEST}  # a checkpoint's last is that of its values
    told = {**about, "passes": records, DIGEST: network.parameters.digest(),
            "seconds": round(time.perf_counter() - began, 1)}  # fmt: skip
    history = {**saved.history, "passes": [*others, before], "strings": told}
    return _kept(out, Checkpoint(network.parameters.values, history))


def passes_over(trainer: StringTrainer, examples: list[Example], choices: Choices) -> list[dict[str, float]]:
    """Passes over whole strings: of each the mean loss, and how many strings no path spells. The network learns."""
    records, parameters = [], trainer.passes.parameters
    for eta in choices.etas:
        h = trainer.mean_curvature(examples[:SAMPLE])
        tally = trainer.learn(examples, step_sizes(h, eta, choices.mu).astype(parameters.values.dtype))
        learned = len(examples) - tally.skipped
        records.append({"loss": tally.loss / max(1, learned), "skipped": tally.skipped})
        if not np.isfinite(parameters.values).all():
            raise LeNetError(f"training on strings diverged at eta {eta:g}")
    return records


def _kept(out: Path, network: Checkpoint) -> dict:
    checkpoints.save(out / CHECKPOINT, network)
    write_json(out / HISTORY, network.history)
    return network.history


def drawn(digits: Patterns, sizes: Sizes, seed: int) -> Strings:
    """A seed's strings to learn from, without noise."""
    return strings(digits, sizes.strings, LENGTH, 1000 + seed, PLAIN)


def whole_strings(found: Strings, kind: str, choices: Choices, seed: int) -> list[Example]:
    """Strings to learn from, as the network of this kind sees them: swept, a share with noise, or cut, without."""
    if kind == "hos":
        return list(_segmented(found))
    rng = np.random.default_rng([1000 + seed, len(found.images)])
    noisy = rng.random(len(found.images)) < choices.noisy
    images = found.images.copy()
    images[noisy] = inverted(images[noisy], Layout().noise, rng)
    sdnn = SDNN(choices.j)
    return [Example(image[None], sdnn, own) for image, own in zip(images, found.labels.tolist(), strict=True)]


def _segmented(found: Strings) -> Iterator[Example]:
    segmentor = Segmentor()
    for image, own in zip(found.images, found.labels.tolist(), strict=True):
        segments = segmentor.segments(image)
        yield Example(segments.images, segments, own)
