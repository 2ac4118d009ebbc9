"""Training on whole strings: without competition, with centres that learn, with a blank that learns; and a lexicon.

LeNet-5 of single digits (IX-C's first phase, with fixed centres) learns whole strings by their segments, by equation
11, 13 or 17. Its centres stay fixed or learn too (IX-C's second phase). The swept network learns them by equation 17.
Its blank's penalty is a constant, or follows the gradient of the loss (VII-C), by the largest step of appendix C. For
its penalty the blank starts at a chosen value and at another one. A lexicon has the labels of all test strings, and
others that are drawn at random. Normalised character by character, each segment is scaled to 20 pixels.
"""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from experiments.adaptive_centres import spread
from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import description
from experiments.machinery.setting import Setting
from experiments.strings.experiment import conditions
from experiments.strings.measuring import TestSet, measured, penalties_of, test_set
from experiments.strings.networks import (
    LENGTH,
    TRAINED,
    Choices,
    Images,
    Sizes,
    drawn,
    engine_of,
    first,
    passes_over,
    place_of,
    whole_strings,
)
from lenet1998.form import to_mnist_form
from lenet1998.network import Network
from lenet1998.networks import build
from lenet1998.output import RBF
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.check import slim
from lenet1998.running.provenance import provenance
from lenet1998.running.work import DataChoice
from lenet1998.strings.grammar import BLANK
from lenet1998.strings.images import FIELD, Layout
from lenet1998.strings.losses import Loss
from lenet1998.strings.sdnn import SDNN
from lenet1998.strings.segmentation import Segments
from lenet1998.strings.training import CRITERIA, StringTrainer
from lenet1998.strings.wide import Wide

SHARE, STRINGS = 6, 2000
"""Of the digits so many times fewer images for the swept network, and whole strings: a smaller training set than that
of `experiments.strings`."""
LEXICA = (1_000, 25_461)  # IX-D's larger one has so many words
EQUATIONS = {"eq. 11": TRAINED["eq. 11"], "eq. 13": "forward", "eq. 17": TRAINED["eq. 17"]}
NONE, BY_STRING, BY_CHARACTER = "none", "string", "character"


class Arm(NamedTuple):
    """How whole strings are learned: by which equation, not at all for ""; with what centres and what blank."""

    kind: str
    equation: str = ""
    centres: str = "fixed"
    j: float = Choices.j
    blank: str = "constant"

    @property
    def name(self) -> str:
        return " ".join(map(str, self)).replace("  ", " ")


ARMS = [Arm("isolated"), *(Arm("isolated", equation, centres) for equation in EQUATIONS
                           for centres in ("fixed", "learn")), Arm("sdnn"),
        *(Arm("sdnn", "eq. 17", "fixed", j, blank) for j in (Choices.j, 5.0)
          for blank in ("constant", "learns"))]  # fmt: skip


class Blank:
    """Equation 17 for a swept network, whose blank's penalty j follows the gradient at each string (VII-C)."""

    def __init__(self, j: float, step: float):
        self.j, self.step = j, step

    def __call__(self, recogniser: Any, penalties: np.ndarray, labels: Any) -> Loss:
        found = CRITERIA[TRAINED["eq. 17"]](SDNN(self.j), penalties, labels)
        self.j -= self.step * float(found.gradient.reshape(-1, BLANK + 1)[:, BLANK].sum())
        return found


def with_centres(saved: checkpoints.Checkpoint) -> Network:
    """The network, with centres that are parameters and stand at the codes."""
    network = build(replace(saved.recipe, codes_learn=True))
    network.parameters.values[: len(saved.values)] = saved.values
    output = network.layers[-1]
    assert isinstance(output, RBF)
    output.codes[...] = output.start
    return network


def best_word(own: Segments, y: np.ndarray, words: np.ndarray) -> list[int]:
    """Of words (W, length) that whose best path is the cheapest: equation 10 for all of them at once."""
    v = np.full((own.targets.max() + 1, words.shape[1] + 1, len(words)), np.inf)
    v[0, 0] = 0
    for source, target, penalties in zip(own.sources, own.targets, y, strict=True):
        np.minimum(v[target, 1:], v[source, :-1] + penalties[words.T], out=v[target, 1:])
    return words[v[-1, -1].argmin()].tolist()


def lexicon(labels: list[list[int]], size: int) -> np.ndarray:
    """The strings that are read, each once, and others as long drawn at random up to `size`: (words, length)."""
    places = 10 ** np.arange(len(labels[0]))[::-1]
    own, every = np.unique(np.array(labels) @ places), np.arange(10 * places[0])
    others = np.random.default_rng(size).permutation(np.setdiff1d(every, own))
    return np.concatenate([own, others])[: max(size, len(own)), None] // places % 10


def by_lexicon(wide: Wide, tests: TestSet, scale: float) -> list[dict]:
    """Strings wrong by what is normalised and by lexicon; 0 words are no lexicon."""
    assert tests.segments is not None
    scaled = [replace(own, images=np.stack([np.pad(to_mnist_form(image), 2) for image in own.images]))
              for own in tests.segments]  # fmt: skip
    entries = []
    for normalised, segments in ((BY_STRING, tests.segments), (BY_CHARACTER, scaled)):
        given = replace(tests, segments=segments)
        entries.append({"normalised": normalised, "words": 0, "wrong": measured(wide, given, None, scale)["wrong"]})
        for size in LEXICA:
            words = lexicon(tests.labels, size)
            penalties = [y for _, y in penalties_of(wide, given, None, scale)]
            found = [best_word(own, y, words) for own, y in zip(segments, penalties, strict=True)]
            wrong = sum(one != own for one, own in zip(found, tests.labels, strict=True))
            entries.append({"normalised": normalised, "words": size, "wrong": wrong})
    return entries


def learn(out: Path, progress: Any, passed: Any, arm: Arm, place: Path, digits: DataChoice, sizes: Sizes, seed: int,
          quick: bool, engine: str) -> dict[str, Any]:  # fmt: skip
    """The entry of an arm and a seed: what was learned, and what is read of the test strings."""
    saved, data, plain = checkpoints.load(place), digits.load(), conditions(quick)["plain"]
    network = with_centres(saved) if arm.centres == "learn" else saved.network()
    wide, scale, choices, passes = Wide(network, engine), saved.recipe.penalty_scale, Choices(j=arm.j), []
    blank = Blank(arm.j, choices.etas[-1] / choices.mu)
    segmented = arm.kind == "isolated"
    if arm.equation:
        trainer = StringTrainer(wide, scale, EQUATIONS[arm.equation])
        trainer.criterion = blank if arm.blank == "learns" else trainer.criterion
        examples = whole_strings(drawn(data.train, sizes, seed), "hos" if segmented else arm.kind, choices, seed)
        passes = passes_over(trainer, examples, choices)
    tests = test_set(data.test, plain.count, LENGTH, Layout(plain.least_gap, plain.most_gap, noise=0), 0, segmented)
    found = measured(wide, tests, None if segmented else blank.j, scale)
    single = np.pad(data.test.images, ((0, 0), *2 * [((FIELD - data.test.images.shape[1]) // 2,) * 2]))
    y = np.concatenate([wide.forward(single[at : at + 1000]) for at in range(0, len(single), 1000)])
    entry = {"arm": arm.name, "seed": seed, "strings": found["strings"], "wrong": found["wrong"], "passes": passes,
             "j": blank.j, "digits_wrong": 100 * float(np.mean(y.argmin(axis=1) != data.test.labels)),
             **spread(network)}  # fmt: skip
    lexica = segmented and arm.centres == "fixed" and arm.equation in ("", "eq. 17")
    return entry | ({"lexica": by_lexicon(wide, tests, scale)} if lexica else {})


def plan(setting: Setting) -> Plan:
    engine, seeds, digits = engine_of(setting), range(1, setting.seeds + 1), setting.choice
    many = len(setting.data.train)
    sizes = {kind: Sizes(images, setting.passes, min(STRINGS, many // 3))
             for kind, images in (("isolated", many), ("sdnn", many // SHARE))}  # fmt: skip
    tasks = {(kind, seed): first(setting.store, Images(digits, kind, sizes[kind], seed), Choices(), engine,
                                 place_of(seed, kind) if kind == "isolated" else "")
             for seed in seeds for kind in sizes}  # fmt: skip
    histories = yield list(tasks.values())
    parts = []
    for seed in seeds:
        for arm in ARMS:
            known = [[each["passes"][-1] for each in histories], asdict(sizes[arm.kind])]
            parts.append(setting.part(f"{arm.name}, seed {seed}", learn, known, arm=arm, digits=digits, seed=seed,
                                      place=tasks[arm.kind, seed].out, sizes=sizes[arm.kind], quick=setting.quick,
                                      engine=engine))  # fmt: skip
    entries = yield parts
    return {**provenance(), "data": description(setting.data), "images": many // SHARE,
            "strings": min(STRINGS, many // 3), "entries": entries,
            "networks": [slim(each) for each in histories]}  # fmt: skip


def tables(record: Record) -> list[Table]:
    own = {arm: [each for each in record["entries"] if each["arm"] == arm.name] for arm in ARMS}
    columns = [Column("learned", kind="text"), Column("centres", kind="text"), Column("strings wrong", "%")]
    columns += [Column("single digits wrong", "%"), Column("spread", digits=3), Column("loss", digits=3)]
    rows: list[list[Cell]] = []
    swept: list[list[Cell]] = []
    for arm, entries in own.items():
        wrong = estimate([100 * each["wrong"] / each["strings"] for each in entries])
        loss = float(np.mean([each["passes"][-1]["loss"] for each in entries])) if arm.equation else None
        if arm.kind == "isolated":
            rows.append([arm.equation or "single digits", arm.centres, wrong,
                         estimate([each["digits_wrong"] for each in entries]),
                         float(np.mean([each["spread"] for each in entries])), loss])  # fmt: skip
        else:
            after = estimate([each["j"] for each in entries], percent=False)
            swept.append([arm.equation or "three characters", arm.blank, arm.j, after, wrong, loss])
    strings = record["entries"][0]["strings"]
    read = f"{strings} strings of five test digits, gaps of 0 to 4, after {record['strings']:,} training strings."
    name = record["experiment"]
    found = [Table(name, "Strings by their segments: equations, and centres that learn", columns, rows,
                   [read, "Spread: root mean squared distance between two centres, per unit of F6. Loss: of the last "
                    "pass, each equation's own."])]  # fmt: skip
    columns = [Column("learned", kind="text"), Column("blank", kind="text"), Column("j first", digits=0), Column("j")]
    columns += [Column("strings wrong", "%"), Column("loss", digits=3)]
    about = f"The swept network learned {record['images']:,} images of three characters."
    found.append(Table(f"{name}_blank", "The blank's penalty, constant or learned", columns, swept, [read, about]))
    columns = [Column("normalised", kind="text"), Column("words", kind="text")]
    columns += [Column("before", "%"), Column("after", "%")]
    both = [[each["lexica"] for each in own[arm]] for arm in (ARMS[0], Arm("isolated", "eq. 17"))]
    rows = []
    for place, first_one in enumerate(both[0][0]):
        errors = [estimate([100 * each[place]["wrong"] / strings for each in lexica]) for lexica in both]
        rows.append([first_one["normalised"], f"{first_one['words']:,}" if first_one["words"] else NONE, *errors])
    notes = [read, "Before and after whole strings are learned by equation 17."]
    return [*found, Table(f"{name}_lexicon", "Strings read wrongly, by lexicon", columns, rows, notes)]


EXPERIMENT = Experiment(
    name="strings_claims",
    title="Strings: competition, centres, blank, lexicon",
    paper="sections VI-A, VI-C, VII-C, IX-C and IX-D",
    question="What do training without competition, centres and a blank that learn, and a lexicon change?",
    answer="By equation 17 {strings_claims; eq. 17; fixed; strings wrong} are read wrongly, without competition "
    "{strings_claims; eq. 11; fixed; strings wrong}. Centres that learn did not collapse in so few strings. A blank "
    "that learns goes from 5 to {strings_claims_blank; eq. 17; learns; 5; j}. A lexicon of 1,000 words brings "
    "{strings_claims_lexicon; string; none; after} down to {strings_claims_lexicon; string; 1,000; after}, one of "
    "25,461 to {strings_claims_lexicon; string; 25,461; after}.",
    description=__doc__.partition("\n\n")[2],
    chapter="Strings of digits",
    place=8,
    plan=plan,
    tables=tables,
    seeds=3,
    passes=4,
)

if __name__ == "__main__":
    main(EXPERIMENT)
