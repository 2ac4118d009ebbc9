"""The ablation's rows: the ladder from LeNet-5 as it was to LeNet-5 as it would be built today, and each part alone."""

from dataclasses import dataclass, replace

from experiments.ablation.report import LADDER
from lenet1998.recipe import Recipe, preset

START, END = preset("default"), preset("modern")
FROM_START, FROM_END = "1998", "modern"
SEARCHED = "rate searched"  # the network of 1998 at a rate that was chosen as those of all others were

# The schedule of all rows: passes, and the rate relative to the first.
SHAPE = ((2, 1.0), (2, 0.4), (2, 0.2), (2, 0.1), (2, 0.02))

# Rung of the ladder: the fields that it takes over from `modern`. After the last nothing is left of 1998.
RUNGS = {
    "full C3": ("c3",),
    "max pooling": ("subsampling",),
    "ReLU, He's start": ("squash", "init_gain", "init_power"),
    "cross-entropy": ("loss",),
    "linear output": ("output",),
    "batches of 64, fresh order": ("batch", "order"),
    "Adam": ("optimiser",),
}

# One part of today in the network of 1998; those of 1998, and others, in today's. As --set takes them.
INTO_START = {
    "full C3": ["c3=full"],
    "plain average": ["subsampling=plain"],
    "max pooling": ["subsampling=max"],
    "ReLU": ["squash=relu"],
    "He's start": [f"init_gain={END.init_gain}"],
    "random codes": ["codes=random"],
    "1-of-N codes": ["codes=one_of_n"],
    "equation 8": ["loss=mle"],
    "cross-entropy": ["loss=cross_entropy"],
    "linear output, cross-entropy": ["output=linear", "loss=cross_entropy"],
    "SGD": ["optimiser=sgd"],
    "momentum": ["optimiser=momentum"],
    "RMSProp": ["optimiser=rmsprop"],
    "Adam": ["optimiser=adam"],
    "batches of 16": ["batch=16"],
    "batches of 64": ["batch=64"],
    "batches of 256": ["batch=256"],
    "fresh order": ["order=reshuffled"],
}
INTO_END = {
    "Table I": ["c3=table"],
    "plain average": ["subsampling=plain"],
    "trainable average": ["subsampling=average"],
    "tanh": ["squash=tanh"],
    "1998's start": [f"init_gain={START.init_gain}"],
    "RBF, bitmap codes": ["output=rbf"],
    "RBF, random codes": ["output=rbf", "codes=random"],
    "RBF, 1-of-N codes": ["output=rbf", "codes=one_of_n"],
    "RBF, equation 8": ["output=rbf", "loss=mle"],
    "equation 9": ["loss=map"],
    "SDLM": ["optimiser=sdlm"],
    "SGD": ["optimiser=sgd"],
    "momentum": ["optimiser=momentum"],
    "RMSProp": ["optimiser=rmsprop"],
    "online": ["batch=1"],
    "batches of 16": ["batch=16"],
    "batches of 256": ["batch=256"],
    "constant order": ["order=constant"],
}


@dataclass(frozen=True)
class Variant:
    """A row of a figure: its group and label there, and the recipe. Rows that mean the same have the same recipe,
    with the name of the first, and are trained once. The recipe's schedule is relative to its first rate."""

    group: str
    label: str
    recipe: Recipe


def variants() -> list[Variant]:
    """All rows, the most important first: the ladder, into 1998, into modern.

    The ladder begins with the default recipe as it is, with its own rates, which were not searched.
    """
    rows = [(LADDER, SEARCHED, START)]
    for label, fields in RUNGS.items():
        below = rows[-1][2]
        rows.append((LADDER, label, replace(below, **{field: getattr(END, field) for field in fields})))
    rows += [(FROM_START, SEARCHED, START)]
    rows += [(FROM_START, label, START.override(settings)) for label, settings in INTO_START.items()]
    rows += [(FROM_END, label, END.override(settings)) for label, settings in INTO_END.items()]
    names = {replace(end, name="", schedule=SHAPE): name for end, name in ((START, "1998"), (END, "modern"))}
    found = [Variant(LADDER, "1998", START)]
    for group, label, recipe in rows:
        plain = replace(recipe, name="", schedule=SHAPE)
        name = names.setdefault(plain, f"{group}, {label}")
        found.append(Variant(group, label, replace(plain, name=name)))
    return found
