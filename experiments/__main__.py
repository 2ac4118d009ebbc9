"""The list of experiments, each with its question, its command and what its recorded runs cost."""

import argparse
from itertools import groupby

from experiments.machinery.catalogue import costs, listed, time_of
from experiments.machinery.main import guarded


def main() -> None:
    argparse.ArgumentParser(prog="python -m experiments", description=__doc__).parse_args()
    seconds = costs()
    for chapter, every in groupby(listed(), key=lambda one: one.experiment.chapter):
        print(f"\n{chapter}")
        for one in every:
            spent = f"  [{time_of(seconds[one.name])}]" if one.name in seconds else ""
            print(f"  {one.command}{spent}\n      {one.variant.title}: {one.experiment.question}")


if __name__ == "__main__":
    guarded(main)
