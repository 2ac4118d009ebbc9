"""Figure 13 and section III-E: how far LeNet-5's answers withstand scale, shift, rotation, stroke width and noise.

The paper estimates that recognition stays accurate for scale within a factor of about 2, vertical shifts of about half
the height of a character and rotations of 30 degrees, without table or protocol, and shows nine digits with all
their activations in a network trained with a tenth of the pixels inverted; that network is the one of Figures 25 and
26 and had learned images of three characters (section VII), which ours have not. Here networks trained plainly, with
distortions and with that noise classify the whole test set under each perturbation (`fig13_perturbations`). Plain
networks are Figure 5's and those with distortions Figure 6's: --resume takes their runs where they are. Writes
fig13_invariance.json with all counts, .md with the claims, .png and .pdf with the curves; and
fig13_activations.png and .pdf, the digits in the first network with noise, which --plot-only leaves as they are.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

from experiments.common import carry_out, choice_of, guarded, recorded, resolve_data, seeds_of
from experiments.fig6_training_size import distorted
from experiments.fig13_invariance.perturbations import PERTURBATIONS, Perturbation, ink_kept
from experiments.fig13_invariance.report import draw, markdown
from experiments.options import options, parse, variant
from experiments.strings.networks import Sizes
from experiments.strings.seeds import Swept
from lenet1998.commands.options import chosen_recipe
from lenet1998.engine import Engine
from lenet1998.engines import make_engine
from lenet1998.errors import LeNetError
from lenet1998.evaluation import answers
from lenet1998.files import write_atomically, write_json
from lenet1998.network import Network
from lenet1998.patterns import DataSet, Patterns
from lenet1998.pictures import chosen_look
from lenet1998.pictures.activations import activations
from lenet1998.pictures.activations_figure import CAPTION, Drawing
from lenet1998.pictures.plotting import save, style
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.provenance import provenance
from lenet1998.running.run import CHECKPOINT
from lenet1998.running.work import Work
from lenet1998.training import make_loss

NAME = "fig13_invariance"
STRINGS = "noisy strings"

SHOWN = (
    ("scale", 0.6), ("scale", 1.6), ("vertical shift", 5.0), ("horizontal shift", 5.0), ("rotation", 30.0),
    ("rotation", -30.0), ("stroke width", -1.0), ("stroke width", 3.0), ("noise", 10.0),
)  # fmt: skip
"""The nine inputs of the figure: done to the first 1 of the test set, the first 2, and so on to 9."""


def kinds(recipe: Recipe, data: DataSet, arguments: argparse.Namespace) -> dict[str, Sequence[Work]]:
    """How networks are trained, a piece of work for each seed."""
    distorting = arguments.runs / f"{variant('fig6_training_size', arguments)}_distorted"
    sizes = Sizes.of(data.train, min(arguments.passes, Sizes.passes))
    return {
        "plain": seeds_of(recipe, arguments.runs / variant("fig5_error_curves", arguments), arguments, arguments.seeds),
        "distortions": seeds_of(distorted(recipe), distorting, arguments, arguments.seeds),
        STRINGS: Swept.each("strings", choice_of(arguments), sizes, arguments),
    }


def trained(task: Work, engine: str) -> tuple[Network, Engine]:
    """The network of finished work. Raises LeNetError if it has made more passes than are asked for."""
    saved = checkpoints.load(task.out / CHECKPOINT)
    made, network = len(saved.history["passes"]), saved.network()
    if made != task.passes:
        raise LeNetError(f"{task.out} has made {made} passes: ask for as many with --passes, or use other --runs")
    return network, make_engine(engine, network, make_loss(saved.recipe))


def perturbed(images: np.ndarray, what: Perturbation, value: float) -> np.ndarray:
    """The images under one perturbation, uint8 (P, 32, 32); its noise is the same whenever it is asked for."""
    return what.apply(images, value, np.random.default_rng([13, round(100 * abs(value))]))


def measure(engines: dict[str, list[Engine]], test: Patterns, quiet: bool) -> dict[str, dict]:
    """For each perturbation its values, the share of ink that each leaves, and how many patterns each network of each
    kind then classifies correctly: lists by value under `correct`, one a network."""
    curves = {}
    for each in PERTURBATIONS:
        kept: list[float] = []
        correct: dict[str, list[list[int]]] = {kind: [[] for _ in nets] for kind, nets in engines.items()}
        for value in _with_progress(each.name, each.values, quiet):
            images = perturbed(test.images, each, value)
            kept.append(round(ink_kept(test.images, images), 4))
            for kind, nets in engines.items():
                for counts, engine in zip(correct[kind], nets, strict=True):
                    counts.append(int((answers(engine.penalties(images)) == test.labels).sum()))
        curves[each.name] = {"values": each.values, "ink_kept": kept, "correct": correct}
    return curves


def _with_progress(name: str, values: tuple[float, ...], quiet: bool) -> Iterable[float]:
    if not quiet and not sys.stderr.isatty():
        print(f"{name}: {len(values)} values", file=sys.stderr, flush=True)
    return tqdm(values, desc=name, unit=" values", disable=quiet or not sys.stderr.isatty())


def shown(test: Patterns) -> tuple[np.ndarray, list[str]]:
    """The nine inputs, uint8 (9, 32, 32), and what they are. A digit that is not in the test set is left out."""
    by_name = {each.name: each for each in PERTURBATIONS}
    images, titles = [], []
    for digit, (name, value) in enumerate(SHOWN, 1):
        for index in np.flatnonzero(test.labels == digit)[:1]:
            images.append(perturbed(test.images[index : index + 1], by_name[name], value)[0])
            titles.append(f"a {digit} {by_name[name].done.format(value)}")
    return np.array(images), titles


def draw_activations(network: Network, test: Patterns, stem: Path) -> list[Path]:
    """Figure 13: nine inputs with C1 to F6, and the penalties as shades of the labels."""
    images, titles = shown(test)
    if chosen_look().narrow:  # in a column there is room for one of each kind
        kinds = [name for name, _ in SHOWN[: len(titles)]]
        kept = [kinds.index(name) for name in dict.fromkeys(kinds)]
        images, titles = images[kept], [titles[place] for place in kept]
    stages = activations(network, images)
    given = answers(stages[-1].values)
    with style():
        rows, across, size = (
            (len(titles), 1, (chosen_look().width or 0, 1.45 * len(titles) + 0.6))
            if chosen_look().narrow
            else (3, 3, (11, 5.4))
        )
        figure = Figure(figsize=size)
        grid = figure.subplots(rows, across).ravel()
        for axes in grid[len(images) :]:
            axes.set_axis_off()
        for which, (axes, title) in enumerate(zip(grid, titles, strict=False)):
            Drawing(axes, stages, details=False).show(stages, which)
            axes.set_title(f"{title}: answer {given[which]}", fontsize=8)
        figure.suptitle(
            "LeNet-5 that learned strings with a tenth of the pixels inverted; after the manner of Figure 13",
            fontsize=10,
        )
        figure.supxlabel(CAPTION, fontsize=8)
        return save(figure, stem)


def train_and_measure(name: str, arguments: argparse.Namespace) -> list[Path]:
    """Train what is missing, measure, and write the results; returns the paths of Figure 13's drawing."""
    data = resolve_data(arguments)
    recipe = chosen_recipe(arguments)
    if recipe.network != "lenet5" or recipe.noise or recipe.distorted_copies:
        raise LeNetError("Figure 13 compares LeNet-5 with and without distortions and noise: leave out these settings")
    tasks = kinds(recipe, data, arguments)
    histories = carry_out(name, [task for each in tasks.values() for task in each], arguments, complete=False)
    networks = {kind: [trained(task, arguments.engine) for task in each] for kind, each in tasks.items()}
    engines = {kind: [engine for _, engine in each] for kind, each in networks.items()}
    curves = measure(engines, data.test, arguments.quiet)
    record = {"experiment": name, **provenance(), "test_size": len(data.test), "curves": curves, "runs": histories}
    write_json(arguments.out / f"{name}.json", record)
    (arguments.out / f"{name}.partial.json").unlink(missing_ok=True)
    stem = arguments.out / name.replace(NAME, "fig13_activations")
    return draw_activations(networks[STRINGS][0][0], data.test, stem)


def main(given: list[str] | None = None) -> None:
    """The experiment with the options of the command line, or those `given` by another experiment."""
    arguments = parse(options(__doc__, seeds=5), given)
    name = variant(NAME, arguments)
    drawn = [] if arguments.plot_only else train_and_measure(name, arguments)
    curves, size = (recorded(name, arguments, key) for key in ("curves", "test_size"))
    table = markdown(curves, size)
    print(table)
    write_atomically(arguments.out / f"{name}.md", table.encode())
    written = (arguments.out / f"{name}{suffix}" for suffix in (".json", ".md"))
    for path in (*written, *draw(curves, size, arguments.out / name), *drawn):
        print(path)


if __name__ == "__main__":
    guarded(main)
