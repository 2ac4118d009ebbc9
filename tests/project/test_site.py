"""The site of `make docs`: its menu names every page there is to read, and no other; the build checks the rest."""

from __future__ import annotations

import re

import pytest

from tests.project.test_layout import ROOT

MENU = re.findall(
    r"^\s+- (?:[^:\n]+: )?(\S+\.(?:md|ipynb|html))$", (ROOT / "mkdocs.yml").read_text(encoding="utf-8"), re.M
)


def test_the_menu_names_every_page():
    written = [path for pattern in ("*.md", "docs/*.md", "notebooks/*.ipynb") for path in ROOT.glob(pattern)]
    assert {path.relative_to(ROOT).as_posix() for path in written} <= set(MENU) | {"draw.html"}
    assert len(MENU) == len(set(MENU))


@pytest.mark.parametrize("place", sorted({*MENU} - {"draw.html"}))
def test_what_the_menu_names_exists(place):
    assert (ROOT / place).is_file()


def test_examples_in_docstrings_are_set_as_code():
    griffe = pytest.importorskip("griffe", reason="docstrings are read with griffe (extra docs)")
    extensions = griffe.load_extensions(str(ROOT / "docs" / "site" / "doctests.py"))
    package = griffe.load("lenet1998.squash", search_paths=[ROOT], extensions=extensions)
    text = package["squash"].docstring.value
    assert "```python\n>>> squash(" in text and text.endswith("```")
