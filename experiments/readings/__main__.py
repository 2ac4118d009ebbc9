"""Which reading of the paper gives the paper's numbers? (paper_notes.md, the ledger)

The paper leaves open how weights start, how the penalty is scaled, which loss was used, and more. The readings that
answer these questions are a space; the study samples it, and scores each reading against all that the paper states
about training. Everything is learned on the first 50,000 training patterns and judged on the last 10,000: the test set
plays no part.

1. Points of Sobol's sequence all over the space, with one seed. A reading is given up after one pass, three or
   ten if its training errors already lie so far from Figure 5's that the claim on the curve is lost, whatever follows,
   or if the rates of its first pass are further from the paper's than twice the tolerance.
2. A third as many again in the box of the best of them, and eight readings of round numbers where these come close to
   every claim with the fewest departures.
3. The best 12 with three seeds, the best 4 with ten. "Best" takes turns: closest to the results, and fewest
   departures from the text among those that meet every claim.
4. The text taken literally, and each combination of three other answers; for the winner, whether Figure 6's training
   errors were counted on the fly or after training; and single questions about it, with one seed: what its ten seeds
   differ by says how much these answers mean.

Two winners are named. The default recipe is the one that meets every claim with the fewest departures, of equals the
one with the lowest held-out error. Writes readings.json with the histories, readings_scores.json, the table
readings.md, and a map of the space.
"""

from __future__ import annotations

import argparse

from experiments.common import guarded, of_mnist, recorded, resolve_data
from experiments.options import options, parse
from experiments.readings import report
from experiments.readings.design import Space, literal, questions, rounded
from experiments.readings.score import CLAIMS, best, rows, sizes, winners
from experiments.readings.study import BOX, LITERAL, NAME, QUESTIONS, ROUND, SAMPLED, SPACE, Study
from lenet1998.commands.options import positive
from lenet1998.errors import LeNetError
from lenet1998.files import write_atomically, write_json
from lenet1998.recipe import Recipe

FINALISTS, FEW, SOME = 4, 12, 3  # readings made with all seeds; with some; how many these are


def train(arguments: argparse.Namespace) -> None:
    """Make all parts; OUT/readings.json holds the histories."""
    data = resolve_data(arguments)
    of_mnist([data.name])
    study = Study(arguments, len(data.train))
    some = 1 if arguments.quick else min(arguments.seeds, SOME)
    space = Space()
    study.made(space.points(arguments.points, seed=1), SPACE)
    box = space.around([Recipe.from_dict(row["recipe"]) for row in best(study.rows((SPACE,), 1), FEW)])
    study.made(box.points(max(1, arguments.points // 3), seed=2), BOX)
    study.made(rounded(), ROUND)
    study.repeated(FEW, some, known=1)
    study.repeated(FINALISTS, arguments.seeds, known=some)
    study.made(literal(), LITERAL, some)
    named = winners(study.rows(SAMPLED, arguments.seeds))
    if not named:
        raise LeNetError("every reading diverged or was given up: give more --points")
    winner = Recipe.from_dict(named["least departure"]["recipe"])
    study.sized(winner, some)
    study.made(questions(winner), QUESTIONS)
    study.finished()


def main() -> None:
    parser = options(__doc__, seeds=10, recipe=False)
    parser.add_argument("--points", metavar="N", type=positive, default=96, help="points of the space (default: 96)")
    arguments = parse(parser)
    if arguments.quick:  # compiling takes longer than so little learning
        arguments.points = min(arguments.points, 4)
        arguments.engine = "numpy" if arguments.engine == "auto" else arguments.engine
    if not arguments.plot_only:
        train(arguments)
    histories, diverged = recorded(NAME, arguments), recorded(NAME, arguments, "diverged")
    of_mnist(run["data"]["name"] for run in histories)
    scored, by_size = rows(histories, diverged), sizes(histories)
    named = {title: row["reading"] for title, row in winners(scored).items()}
    content = {"experiment": NAME, "claims": CLAIMS, "winners": named, "sizes": by_size, "rows": scored}
    stem = arguments.out / NAME
    write_json(arguments.out / f"{NAME}_scores.json", content)
    write_atomically(stem.with_suffix(".md"), report.page(scored, by_size).encode())
    for written in (stem.with_suffix(".md"), *report.draw(scored, stem)):
        print(written)


if __name__ == "__main__":
    guarded(main)
