"""How wide should distortions be drawn? (section III-B; paper_notes.md, the ledger, entry 17)

The paper gives no ranges. Its Figure 7 shows ten distortions of ten digits, and an affine fit to them finds the ranges
that `lenet1998.distortions.Law` has as half-widths. A hundred examples chosen for a figure need not be typical
draws, so narrower laws are tried: all half-widths times a width of 1, 0.75, 0.5 and 0.25. Each is trained with several
seeds on the first 50,000 training patterns and their distorted copies, and judged on the last 10,000, undistorted;
the test set plays no part.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path

from matplotlib.figure import Figure

from experiments.common import at_pass, carry_out, guarded, named, recorded, resolve_data, seeds_of
from experiments.fig6_training_size import distorted
from experiments.options import options, parse
from lenet1998.evaluation import interval_name
from lenet1998.pictures.plotting import TEST, TRAIN, save, style
from lenet1998.recipe import Recipe

NAME = "distortion_law"
WIDTHS = (1.0, 0.75, 0.5, 0.25, 0.0)


def widened(recipe: Recipe, width: float) -> Recipe:
    """The recipe with distorted copies drawn from `width` times Figure 7's half-widths; 0 is no distortion."""
    if not width:
        return replace(recipe, name=label(width))
    return replace(distorted(recipe), name=label(width), distortion_width=width)


def label(width: float) -> str:
    """The recipe's name at a width."""
    return f"width {width:g}"


def draw(histories: list[dict], stem: Path) -> list[Path]:
    with style():
        figure = Figure()
        axes = figure.add_subplot()
        for key, colour, look, what in (
            ("train_error_percent", TRAIN, "s--", "training error, on the fly, distorted patterns"),
            ("test_error_percent", TEST, "o-", "held-out error, undistorted"),
        ):
            points = [(width, at_pass(runs, -1, key)) for width in WIDTHS if (runs := named(histories, label(width)))]
            means = [mean for _, (mean, _, _) in points]
            errors = [[mean - low for _, (mean, low, _) in points], [high - mean for _, (mean, _, high) in points]]
            widths = [width for width, _ in points]
            axes.errorbar(widths, means, errors, fmt=look, color=colour, capsize=3, label=what)
        axes.set(xlabel="width of the law of distortions (1: the ranges of Figure 7 of the paper)", ylabel="error (%)")
        seeds = len(named(histories, label(WIDTHS[0])))
        axes.set_title(f"Mean of {seeds} seeds, {interval_name(seeds)}")
        axes.set_ylim(bottom=0)
        axes.legend()
        return save(figure, stem)


def train(arguments: argparse.Namespace) -> None:
    """Train every width with its seeds; OUT/distortion_law.json holds the histories."""
    resolve_data(arguments)
    held_out = 300 if arguments.quick else 10_000
    tasks = [
        task
        for width in WIDTHS
        for task in seeds_of(
            widened(Recipe(), width),
            arguments.runs / NAME / f"{width:g}",
            arguments,
            arguments.seeds,
            validation=held_out,
        )
    ]
    carry_out(NAME, tasks, arguments)


def main() -> None:
    arguments = parse(options(__doc__, seeds=3, recipe=False))
    if not arguments.plot_only:
        train(arguments)
    histories = recorded(NAME, arguments)
    for width in WIDTHS:
        runs = named(histories, label(width))
        if runs:
            mean, low, high = at_pass(runs, -1, "test_error_percent")
            print(f"{label(width)}, {len(runs)} seeds: held-out error {mean:.2f}% ({low:.2f} to {high:.2f})")
    for path in (arguments.out / f"{NAME}.json", *draw(histories, arguments.out / NAME)):
        print(path)


if __name__ == "__main__":
    guarded(main)
