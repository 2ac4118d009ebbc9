"""The map in paper_notes.md must be true: every file, every name and every test that it gives exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
NOTES = (ROOT / "paper_notes.md").read_text(encoding="utf-8")
REFERENCES = sorted(set(re.findall(r"`((?:lenet1998|experiments|tests)/[\w/.]+)(?::(\w+))?`", NOTES)))


def names(path: Path) -> set[str]:
    """What a module defines at its top level."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            found.add(node.name)
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def test_the_map_has_rows():
    assert len(REFERENCES) > 30


@pytest.mark.parametrize(("file", "name"), REFERENCES, ids=lambda part: part)
def test_what_the_notes_name_exists(file, name):
    assert (ROOT / file).is_file(), f"{file} is in paper_notes.md but not in the tree"
    if name:
        assert name in names(ROOT / file), f"{file} has no {name}"


def test_every_row_that_is_done_names_code_and_test():
    for row in re.findall(r"^\| (.+) \|$", NOTES, re.MULTILINE):
        cells = [cell.strip() for cell in row.split(" | ")]
        if cells[-1].startswith(("done", "both")):
            assert "lenet1998/" in cells[2] or "experiments/" in cells[2], row
            assert "tests/" in cells[3], row


def test_the_readmes_figures_are_those_of_the_recorded_results():
    from experiments import summary

    assert summary.block() in (ROOT / "README.md").read_text(encoding="utf-8"), "run python -m experiments.summary"
