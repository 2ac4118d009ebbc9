"""The recorded numbers of the README and of docs/: ``python -m experiments.summary`` puts them in their places.

A place begins with the mark ``<!-- NAME: written by python -m experiments.summary -->`` and ends with
``<!-- end of NAME -->``; what stands around it is written by hand. A single number within a sentence there names its
cell in a recorded table by a comment (`experiments.summary.values`).
"""

import argparse
from collections.abc import Callable
from functools import partial
from pathlib import Path

from experiments.machinery.main import guarded
from experiments.summary import blocks, ledger
from experiments.summary.values import with_values
from lenet1998.errors import LeNetError
from lenet1998.files import write_atomically

ROOT = Path(__file__).parent.parent.parent
BEGIN, END = "<!-- {}: written by python -m experiments.summary -->\n", "<!-- end of {} -->\n"

# By file, from the root: the blocks that are written into it.
PAGES: dict[str, dict[str, Callable[[], str]]] = {
    "README.md": {"headline": blocks.headline, "installation": blocks.installation, "results": blocks.results},
    "paper_notes.md": {
        "index": ledger.index,
        "readings": ledger.readings,
        "default": ledger.default,
        "equation 1": ledger.alpha,
    },
    "docs/results.md": {"teaching systems": blocks.teaching},
    "docs/speed.md": {"speed": blocks.speed},
    "docs/pictures.md": {"pictures": partial(blocks.recorded_table, "pictures")},
    "docs/experiments.md": {"experiments": blocks.experiments_table},
}
TEXTS = (
    "README.md",
    "paper_notes.md",
    *sorted(path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")),
)


def filled(text: str, name: str, content: str) -> str:
    """A page with what stands between two marks replaced. Raises LeNetError where they are missing.

    >>> print(filled(f"before\\n{BEGIN.format('a')}old\\n{END.format('a')}after", "a", "new"))
    before
    <!-- a: written by python -m experiments.summary -->
    <BLANKLINE>
    new
    <BLANKLINE>
    <!-- end of a -->
    after
    """
    begin, end = BEGIN.format(name), END.format(name)
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise LeNetError(f"a page has no place for {name}: put {begin.strip()} and {end.strip()} where it belongs")
    return f"{before}{begin}\n{content}\n\n{end}{after}"


def page(file: str) -> str:
    """A page as it should be: what is written by hand, and blocks and single numbers as the record has them."""
    text = (ROOT / file).read_text(encoding="utf-8")
    for name, block in PAGES.get(file, {}).items():
        text = filled(text, name, block())
    try:
        return with_values(text)
    except LeNetError as error:
        raise LeNetError(f"{file}: {error}") from error


def write() -> None:
    """Write all pages."""
    pages = {file: page(file) for file in TEXTS}  # all, before one is written
    for file, text in pages.items():
        write_atomically(ROOT / file, text.encode())
        print(ROOT / file)


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()  # for --help, and so that nothing else is taken for it
    write()


if __name__ == "__main__":
    guarded(main)
