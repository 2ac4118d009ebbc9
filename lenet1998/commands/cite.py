"""`lenet1998 cite`: what to cite, as BibTeX."""

import argparse

from lenet1998.report.citation import bibtex


def options(parser: argparse.ArgumentParser) -> None:
    """There are none."""


def run(arguments: argparse.Namespace) -> None:
    """Print both entries."""
    print(bibtex())
