"""The networks of the experiment: what recognisers learn first, and training on whole strings after it.

Each seed draws its own images and strings from the training digits. Every network is a checkpoint in a directory of its
own, so that a stopped experiment goes on, and one that is finished is not trained again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.files import make_directory
from lenet1998.noise import inverted
from lenet1998.patterns import DataSet, Patterns
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import CHECKPOINT, Checkpoint
from lenet1998.running.run import run
from lenet1998.sdlm import step_sizes
from lenet1998.strings.images import Layout, Strings, strings, training_images
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.segmentation import Segmentor, training_segments
from lenet1998.strings.training import Example, StringTrainer
from lenet1998.strings.wide import Wide
from lenet1998.training import DIGEST, Progress

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


def recipe_of(kind: str, choices: Choices) -> Recipe:
    """The default recipe with equation 9's j, a schedule for few passes, and VII-B's noise for the swept network."""
    noise = choices.noise if kind == "sdnn" else 0.0
    schedule = ((1, 5e-4), (1, 2e-4), (1, 1e-4), (1, 5e-5))
    return replace(Recipe(), name=kind, j=choices.j, noise=noise, schedule=schedule)


def images_of(kind: str, digits: DataSet, sizes: Sizes, seed: int, layout: Layout) -> DataSet:
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


def recogniser(
    kind: str,
    digits: DataSet,
    sizes: Sizes,
    choices: Choices,
    seed: int,
    out: Path,
    engine: str,
    *,
    layout: Layout = IMAGES,
    resume: bool = False,
    progress: Progress | None = None,
    passed: Callable[[dict], None] | None = None,
) -> Checkpoint:
    """The network of this kind, trained on images of this layout, or with `resume` as `out` holds it; it shows how it
    comes on as `run` does."""
    run(out, recipe_of(kind, choices), images_of(kind, digits, sizes, seed, layout), seed=seed, passes=sizes.passes,
        engine=engine, resume=resume, progress=progress, passed=passed)  # fmt: skip
    return checkpoints.load(out)


def place_of(seed: Path, method: str) -> Path:
    """Where a seed's network of a method is kept.

    >>> place_of(Path("runs/strings/seed1"), "sdnn eq. 17").name
    'sdnn_eq._17'
    """
    return seed / method.replace(" ", "_")


def learn_strings(
    saved: Checkpoint,
    kind: str,
    found: Strings,
    criterion: str,
    choices: Choices,
    out: Path,
    engine: str,
    resume: bool = False,
) -> Checkpoint:
    """The network of this kind after passes over whole strings, one update a string, by appendix C's step sizes.

    The history says under "strings" what was learned, and of each pass the mean loss and how many strings no path
    spells. With `resume` a finished one in `out` is taken as it is; otherwise, or where it learned otherwise, it is
    refused with CheckpointError.
    """
    about = {"criterion": criterion, "strings": len(found.images), "etas": list(choices.etas), "mu": choices.mu,
             "curvature": choices.curvature, "noisy": choices.noisy}  # fmt: skip
    if (out / CHECKPOINT).exists():
        there = checkpoints.load(out)
        if not resume or {key: there.history.get("strings", {}).get(key) for key in about} != about:
            raise CheckpointError(f"{out} already holds a network: add --resume to take it, or choose another --runs")
        return there
    network = saved.network()
    examples = whole_strings(found, kind, choices, saved.history["seed"])
    trainer = StringTrainer(Wide(network, engine), saved.recipe.penalty_scale, criterion, choices.curvature)
    records = []
    for eta in choices.etas:
        h = trainer.mean_curvature(examples[:SAMPLE])
        tally = trainer.learn(examples, step_sizes(h, eta, choices.mu).astype(network.dtype))
        learned = len(examples) - tally.skipped
        records.append({"loss": tally.loss / max(1, learned), "skipped": tally.skipped})
        if not np.isfinite(network.parameters.values).all():
            raise LeNetError(f"{out.name}: training on strings diverged at eta {eta:g}")
    *earlier, last = saved.history["passes"]
    before = {key: value for key, value in last.items() if key != DIGEST}  # a checkpoint's last is that of its values
    told = {**about, "passes": records, "from": last[DIGEST], DIGEST: network.parameters.digest()}
    result = Checkpoint(network.parameters.values, {**saved.history, "passes": [*earlier, before], "strings": told})
    make_directory(out)
    checkpoints.save(out / CHECKPOINT, result)
    return result


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
