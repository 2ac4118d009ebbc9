"""Figure 5: test and training error of LeNet-5 as a function of the number of passes (section III-B).

Trains one run a seed, records every pass in OUT/fig5_error_curves.json, and draws our curves over the paper's. Another
recipe than `default`, or a chosen engine, is recorded under its own name, such as fig5_error_curves_printed.json.
"""

from __future__ import annotations

from experiments.common import guarded, recorded, train_seeds
from experiments.options import options, parse, variant
from lenet1998.pictures.plotting import error_curves
from lenet1998.running.progress import pass_table


def main() -> None:
    arguments = parse(options(__doc__, seeds=10))
    name = variant("fig5_error_curves", arguments)
    histories = recorded(name, arguments) if arguments.plot_only else train_seeds(name, arguments)
    for history in histories:
        print(f"seed {history['seed']}, engine {history['engine']}")
        print(pass_table(history))
    for path in (arguments.out / f"{name}.json", *error_curves(histories, arguments.out / name)):
        print(path)


if __name__ == "__main__":
    guarded(main)
