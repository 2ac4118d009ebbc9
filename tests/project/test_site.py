"""The site of `make docs`: its menu names every page there is to read, and no other; the build checks the rest."""

import re
import runpy
from types import SimpleNamespace

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


def shown_at(place: str) -> SimpleNamespace:
    return SimpleNamespace(url=place.replace(".md", ".html"), file=SimpleNamespace(src_uri=place), meta={})


def test_names_lead_to_the_api_equations_are_mathml_and_searches_find_modules():
    for needed in ("mkdocs", "latex2mathml"):
        pytest.importorskip(needed, reason="the site is built with MkDocs (extra docs)")
    pages = runpy.run_path(str(ROOT / "docs" / "site" / "pages.py"))
    text = pages["on_page_markdown"](
        "`layers.py:Subsampling`, `lenet1998/squash.py`, `setup.py`", shown_at("docs/map.md")
    )
    assert "[`layers.py:Subsampling`](../api/lenet1998.layers.md#lenet1998.layers.Subsampling)" in text
    assert "../api/lenet1998.squash.md#lenet1998.squash" in text and text.endswith(", `setup.py`")
    layer = shown_at("api/lenet1998.layer.md")
    pages["on_page_markdown"]("", layer)
    assert "eq. 27" in layer.meta["tags"] and layer.meta["search"]["boost"] > 1
    html = pages["on_page_content"](r'<h1>A</h1><span class="arithmatex">\(a^2\)</span>', layer)
    assert "<math" in html and "passes.svg" in html and "arithmatex" not in html
