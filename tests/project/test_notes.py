"""What texts say of the code must be true: every file, module, name and test that they give exists."""

import ast
import re
from functools import cache
from pathlib import Path

import pytest

import lenet1998
from experiments.summary.ledger import anchor, entries
from lenet1998.errors import LeNetError

ROOT = Path(__file__).parent.parent.parent
MAP = (ROOT / "docs" / "map.md").read_text(encoding="utf-8")
NOTES = (ROOT / "paper_notes.md").read_text(encoding="utf-8") + MAP
REFERENCES = sorted(set(re.findall(r"`((?:lenet1998|experiments|tests)/[\w/.]+)(?::(\w+))?`", NOTES)))


@cache
def names(path: Path) -> set[str]:
    """What a module defines at its top level."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            found |= {alias.asname or alias.name for alias in node.names}
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_what_the_notes_name_exists():
    assert len(REFERENCES) > 30, "the map has rows"
    lost = [
        (file, name)
        for file, name in REFERENCES
        if not (ROOT / file).is_file() or (name and name not in names(ROOT / file))
    ]
    assert not lost, "ledger or map name these, which are not in the tree"


TEXTS = sorted(
    path
    for pattern in (
        "*.md",
        "docs/*.md",
        "notebooks/*.ipynb",
        "lenet1998/**/*.py",
        "experiments/**/*.py",
        "tests/**/*.py",
    )
    for path in ROOT.glob(pattern)
)
FILE = re.compile(r"(?<![\w/.])((?:lenet1998|experiments|tests|docs|notebooks)/[\w/]+\.(?:py|md|ipynb|csv|json|npz))\b")
MODULE = re.compile(r"(?<![\w./])((?:lenet1998|experiments)(?:\.[a-z_]\w*)+)(?:\.[A-Z]\w*)?")
# Loggers, the suffix of files, and names in tests of what is not there.
NO_MODULES = {"lenet1998.mplstyle", "lenet1998.pictures.lenet1998", "experiments.NAME"}


@cache
def resolves(dotted: str) -> bool:
    """Whether a module of this name is in the tree, or a name in a module."""
    parts = dotted.split(".")
    for end in range(len(parts), 0, -1):
        place = ROOT.joinpath(*parts[:end])
        module = next((file for file in (place.with_suffix(".py"), place / "__init__.py") if file.is_file()), None)
        if module:
            rest = parts[end:]
            public = names(module) | {"__file__", "__path__"}
            if parts[:end] == ["lenet1998"]:
                public |= set(lenet1998.__all__)
            return not rest or rest[0] in public
    return False


def test_what_texts_name_exists():
    lost = []
    for path in TEXTS:
        text = path.read_text(encoding="utf-8")
        files, modules = set(FILE.findall(text)) - {"experiments/results/NAME.json"}, set(MODULE.findall(text))
        lost += [f"{path}: {file}" for file in files if not (ROOT / file).is_file()]
        lost += [f"{path}: {module}" for module in modules - NO_MODULES if not resolves(module)]
    assert not lost, "these texts name what is not in the tree"


def test_every_row_that_is_done_names_code_and_test():
    rows = re.findall(r"^\| (.+) \|$", MAP, re.MULTILINE)[1:]
    assert len(rows) > 50
    for row in rows:
        cells = [cell.strip() for cell in row.split("|")]
        if not cells[4].startswith(("not computed", "out of scope")):
            assert "lenet1998/" in cells[2] or "experiments/" in cells[2], row
            assert "tests/" in cells[3], row


def test_the_entries_that_texts_name_are_there():
    """Code, docs and the map name entries of the ledger by their numbers, which therefore stay."""
    numbers = [int(title.split(".")[0]) for title, _ in entries(NOTES)]
    assert numbers == list(range(1, len(numbers) + 1)) and len(numbers) >= 43
    named = {
        int(number)
        for path in TEXTS
        for number in re.findall(
            r"entry (\d+) of paper_notes|ledger,? (\d+)|paper_notes.md, (\d+)", path.read_text(encoding="utf-8")
        )
        for number in number
        if number
    }
    assert len(named) >= 10 and named <= set(numbers)


def test_the_index_and_links_find_each_entry():
    """GitHub and the site call a heading the same only where no two hyphens meet."""
    titles = [title for title, _ in entries(NOTES)]
    assert all("--" not in anchor(title) for title in titles)
    links = dict(re.findall(r"\[([^]]+)\]\(#([^)]+)\)", " ".join(NOTES.split())))
    assert [title for title in titles if links.get(title, links.get(title.split(".")[0])) != anchor(title)] == []


@pytest.mark.parametrize("wrong", ["### 1. Sum\n\nBoth fit.\n", "### 1. Sum\n\n*Status: unsure.*\n"])
def test_an_entry_needs_a_status(wrong):
    with pytest.raises(LeNetError, match="entry 1. Sum needs"):
        list(entries(wrong))
