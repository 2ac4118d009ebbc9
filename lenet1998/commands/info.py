"""`lenet1998 info`: the table of layers (section II-B), and Table I."""

import argparse
import json

from lenet1998.connections import TABLE_I, inputs_of
from lenet1998.network import LeNet5
from lenet1998.recipe import Recipe
from lenet1998.running.progress import layer_table


def options(parser: argparse.ArgumentParser) -> None:
    """--json."""
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(arguments: argparse.Namespace) -> None:
    """Print both."""
    rows = LeNet5(Recipe()).table()
    c3_table = inputs_of(TABLE_I)
    if arguments.json:
        totals = {key: sum(row[key] for row in rows) for key in ("parameters", "connections")}
        print(json.dumps({"layers": rows, **totals, "c3_table": c3_table}))
    else:
        print(layer_table(rows, c3_table))
