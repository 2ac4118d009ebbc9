"""What a recipe may say where the paper is silent: how its fields are declared, and what makes no sense together.

Fields that choose a part by its name have a `lenet1998.registry.Registry`, which is asked when a recipe is made.

Every refusal is a RecipeError of one line that names the field and what to give instead.
"""

import math
from collections.abc import Callable, Iterable
from dataclasses import Field, field, fields
from numbers import Integral
from textwrap import TextWrapper
from typing import Any

import numpy as np

from lenet1998.bitmaps import CODES, UNITS
from lenet1998.connections import C3_TABLES, TABLE_I, drawn, parse_table
from lenet1998.errors import RecipeError
from lenet1998.registry import Registry

SECTIONS = (INPUT, NETWORK, START, LOSS, LEARNING, CURVATURE, NOISE, LATER, TEACHING) = (
    "Input (section II-B)",
    "Network (sections II-A to II-C, figure 3)",
    "Start (appendix A)",
    "Loss (section II-C)",
    "Learning (section III-B)",
    "Second derivatives (appendix C)",
    "Distortions and noise (sections III-B and III-E)",
    "Methods of later years",
    "Needed by the teaching systems alone (docs/teaching_systems.md)",
)
"""What the fields of a recipe are about, with the paper's sections."""


REMOVED: dict[str, Any] = {"noise_draw": "fresh", "rms_decay": 0.999}
"""Fields that older records have, with the value that is now the only one."""

ELSEWHERE = {
    **dict.fromkeys(("learning_rate", "lr", "eta", "rate"), "schedule, such as --set schedule=10x0.001,5x0.0003"),
    **dict.fromkeys(("epochs", "n_epochs", "num_epochs", "passes"), "the option --passes N"),
    **dict.fromkeys(("batch_size", "minibatch", "mini_batch"), "batch, such as --set batch=64"),
    **dict.fromkeys(("optimizer", "solver"), "optimiser, such as --set optimiser=adam"),
    **dict.fromkeys(("activation", "nonlinearity"), "squash, such as --set squash=relu"),
    **dict.fromkeys(("random_state", "random_seed"), "the option --seed S"),
    **dict.fromkeys(("dataset", "data_path"), "the option --data DATA"),
    **dict.fromkeys(("output", "output_dir", "save_dir"), "the option --out DIR"),
    **dict.fromkeys(("device", "gpu", "cuda"), "nothing: no graphics card is used"),
}
"""What a field is called elsewhere, and what it is here."""


def setting(default: Any, section: str, meaning: str, allowed: Iterable[Any] = ()) -> Any:
    """A field of a recipe: its default, where it belongs, and what it means in one line.

    `allowed` are the choices of a word, maybe a `Registry` of them, or the least and the largest value of a number;
    whole where both are.
    """
    kind = "choices" if isinstance(default, str) else "range"
    return field(default=default, metadata={"section": section, "meaning": meaning, kind: allowed})


def explained(recipe: type, width: int) -> str:
    """The fields of a recipe by the paper's sections, each with its default, its meaning, and its choices or range."""
    lines = ["fields of a recipe, with the default recipe's values:"]
    described = [each for each in fields(recipe) if each.metadata]
    column = 4 + max(len(each.name) for each in described)
    for section in SECTIONS:
        lines += ["", f"  {section}"]
        for each in described:
            if each.metadata["section"] == section:
                text = f"{each.metadata['meaning']} ({_values(each)})"
                lead, rest = f"    {each.name}".ljust(column + 2), " " * (column + 2)
                form = TextWrapper(max(width, 60), lead, rest, break_long_words=False, break_on_hyphens=False)
                lines += form.wrap(text)
    return "\n".join(lines)


def _values(each: Field) -> str:
    """What --set takes for a field, and what it is by default."""
    default, allowed = each.default, each.metadata.get("choices", ())
    if isinstance(default, tuple):
        return f"default: {','.join(f'{passes}x{eta:g}' for passes, eta in default) or 'none'}"
    if isinstance(default, bool):
        return f"true or false; default: {str(default).lower()}"
    if not allowed and isinstance(default, str):
        return f"default: {default}"
    if not allowed:
        low, high = each.metadata["range"]
        allowed = [f"{low:,} to {high:,}" if isinstance(low, int) else f"{low:g} to {high:g}"]
    return f"{', '.join(allowed)}; default: {default}"


def check(recipe: Any) -> None:
    """Raise RecipeError for a value that is not allowed, or one that makes no sense beside another."""
    values = vars(recipe)
    of_kind = {kind: [each for each in fields(recipe) if each.metadata.get(kind)] for kind in ("choices", "range")}
    for each in of_kind["choices"]:
        allowed = each.metadata["choices"]
        if not isinstance(values[each.name], str) or values[each.name] not in allowed:
            own = " or, with --plugin FILE, one of your own" if isinstance(allowed, Registry) else ""
            raise RecipeError(f"{each.name}={values[each.name]!r} is not allowed: choose {' or '.join(allowed)}{own}")
    for each in of_kind["range"]:
        (low, high), value = each.metadata["range"], values[each.name]
        whole = isinstance(low, int)
        if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)) or not low <= value <= high:
            kind = "whole number" if whole else "number"
            raise RecipeError(f"{each.name}={value!r} is out of range: give a {kind} from {low:g} to {high:g}")
    for each in fields(recipe):
        if isinstance(each.default, bool) and not isinstance(values[each.name], bool):
            raise RecipeError(f"{each.name}={values[each.name]!r} is not allowed: give true or false")
    _check_classes(values)
    _check_pairs(values)
    _check_combinations(recipe)


def _check_pairs(values: dict[str, Any]) -> None:
    """Whether the fields of pairs hold such pairs, and numbers in their ranges."""
    if not values["schedule"] or not _are_pairs(values["schedule"], _is_count):
        raise RecipeError(
            "schedule needs pairs of passes (1 or more) and eta (above 0), such as 2x0.0005,3x0.0002; in Python "
            "((2, 0.0005), (3, 0.0002))"
        )
    if not _are_pairs(values["init_deviations"], _is_name, zero=True):
        raise RecipeError("init_deviations needs pairs of a layer and a deviation of 0 or more, such as F6x0.1")
    if not _are_pairs(values["curvature_factors"], _is_name):
        raise RecipeError("curvature_factors needs pairs of a layer and a factor above 0, such as C1x16")


def _is_count(passes: Any) -> bool:
    return isinstance(passes, Integral) and int(passes) >= 1


def _is_name(layer: Any) -> bool:
    return isinstance(layer, str)


def _are_pairs(found: Any, first: Callable[[Any], bool], zero: bool = False) -> bool:
    """Whether these are pairs of what `first` accepts and a finite number above 0, or 0 itself if `zero` may be."""
    return isinstance(found, (tuple, list)) and all(
        isinstance(pair, (tuple, list))
        and len(pair) == 2
        and first(pair[0])
        and isinstance(pair[1], (int, float, np.floating))
        and (0 < pair[1] < math.inf or zero and pair[1] == 0)
        for pair in found
    )


def c3_in_short(c3: Any) -> str:
    """C3's table by its name or, where it has none, drawn in one line. Raises RecipeError for what is no such table.

    >>> c3_in_short("full"), c3_in_short("XX\\n" * 6), c3_in_short(drawn(TABLE_I))
    ('full', 'XX/XX/XX/XX/XX/XX', 'table')
    """
    if c3 in C3_TABLES:
        return str(c3)
    try:
        table = parse_table(c3)
    except (ValueError, AttributeError):
        raise RecipeError(
            f"c3={c3!r} is not allowed: choose {' or '.join(C3_TABLES)}, or draw a table of X and . with --c3 FILE"
        ) from None
    if not table.any(axis=0).all():
        raise RecipeError(
            f"c3: a map of C3 sees nothing: draw a row per map of C1 and S2 (Table I has {len(TABLE_I)}), a column per "
            "map of C3, and an X or more in each column"
        )
    text = drawn(table)
    return next((name for name, known in C3_TABLES.items() if drawn(known) == text), text)


def _check_classes(values: dict[str, Any]) -> None:
    """Whether each class has a code of its own, where the output is one of RBF units."""
    classes, characters = values["classes"], values["characters"]
    if not isinstance(characters, str) or not set(characters) <= CODES.keys():
        raise RecipeError(f"characters={characters!r} are not all in Figure 3: give printable ASCII characters")
    if values["output"] != "rbf" or values["network"] != "lenet5":
        return
    if values["codes"] == "bitmap" and not classes == len(characters) == len(set(characters)):
        raise RecipeError(
            f"codes=bitmap needs another character for each of classes={classes}, not characters={characters}: give as "
            "many, or choose codes=random"
        )
    if values["codes"] == "one_of_n" and classes > UNITS:
        raise RecipeError(f"codes=one_of_n has {UNITS} units for classes={classes}: choose codes=random")


def _check_combinations(recipe: Any) -> None:
    values = vars(recipe)
    rbf, sdlm = values["output"] == "rbf", recipe.by_curvature
    senseless = {
        "network={network} has no RBF units: choose output=linear, and loss=cross_entropy or map": (
            rbf and values["network"] in ("cat_lenet", "cifar10_convnet")
        ),
        "codes={codes} are for 84 units, and network={network} has one per class: choose codes=one_of_n, or "
        "output=linear": rbf and values["network"] != "lenet5" and values["codes"] != "one_of_n",
        "subsampling={subsampling} learns nothing, and network=lenet4 subsamples each map twice: choose "
        "subsampling=average or sum": values["network"] == "lenet4" and values["subsampling"] in ("plain", "max"),
        "loss=mle needs output=rbf, since a linear output can lower its own penalty without end: choose "
        "loss=cross_entropy or map, or output=rbf": values["loss"] == "mle" and not rbf,
        "codes={codes} are for RBF units: choose output=rbf, or codes=bitmap": values["codes"] != "bitmap" and not rbf,
        "codes_learn={codes_learn} is for LeNet-5's RBF units: choose output=rbf and network=lenet5, or "
        "codes_learn=false": (values["codes_learn"] and (not rbf or values["network"] != "lenet5")),
        "curvature_seed=constant is the curvature of squared distances, and a linear output has none: choose "
        "curvature_seed=exact, or output=rbf": values["curvature_seed"] == "constant" and sdlm and not rbf,
        "distorted_copies={distorted_copies} needs grey images: choose network=lenet5, or another for digits": (
            bool(values["distorted_copies"]) and values["network"] in ("cat_lenet", "cifar10_convnet")
        ),
        "sdlm_rates={sdlm_rates} is of appendix C's method, and optimiser={optimiser} has one rate: choose "
        "optimiser=sdlm or sdlm_momentum, or sdlm_rates=parameter": values["sdlm_rates"] != "parameter" and not sdlm,
        "input_background={input_background} is input_foreground too: nothing could be seen, give another": (
            values["input_background"] == values["input_foreground"]
        ),
    }
    for message, holds in senseless.items():
        if holds:
            raise RecipeError(message.format(**values))
