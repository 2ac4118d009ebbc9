"""Texts that a student gets at the first reading: short sentences, and no phrase that was hard for readers."""

import re
import statistics

import pytest

from experiments.machinery.record import RESULTS
from experiments.machinery.words import unexplained
from tests.project.test_layout import ROOT

PAGES = [
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "paper_notes.md")),
    *sorted((ROOT / "docs").glob("*.md")),
]
HARD = (
    "but for",
    "the latter",
    "as said above",
    "whatever draws",
    "nowhere",
    "nobody",
    "what it takes for what",
    "what computes",
    r"an? (?:rate|map|unit|kernel|function|update|line) an? \w+",
)
"""Beginnings of phrases that readers stumbled over, and "a rate a layer" for "one rate per layer"."""


def prose(text: str) -> list[str]:
    """The paragraphs and list items of a page in Markdown, without comments, code, tables and headings.

    >>> prose("# A\\n\\nOne\\ntwo.\\n- three\\n\\n    code\\n\\n| a |\\n")
    ['One two.', 'three']
    """
    text = re.sub(r"<!--.*?-->|^```.*?^```|\$\$.*?\$\$", "", text, flags=re.S | re.M)
    text = re.sub(r"(?<=\n\n) {4}.*(?:\n(?: {4}.*)?(?=\n))*", "", text)
    text = re.sub(r"^(?:\||#).*$", "\n", text, flags=re.M)
    text = re.sub(r"^\s*(?:[-*]|\d+\.) ", "\n\n", text, flags=re.M)
    text = re.sub(r"`[^`]*`", "x", text)
    text = re.sub(r"!?\[([^\]]*)\]\([^)]*\)", r"\1", text)
    return [" ".join(part.split()) for part in re.split(r"\n\s*\n", text) if part.strip()]


def lengths(text: str) -> list[int]:
    """The words of each sentence, of those with more than two."""
    found = []
    for part in prose(text):
        for sentence in re.split(r"(?<=[.?!:])[*)\"']*\s+(?=[*(\"'\[]*[A-Z0-9x])", part):
            found.append(sum(bool(re.search(r"\w", word)) for word in sentence.split()))
    return [words for words in found if words > 2]


def rendered(text: str) -> list[str]:
    """The words of a page in Markdown as a reader sees it: text, tables and code, numbers too, without comments, the
    targets of links and what has neither letter nor digit.

    >>> rendered("| a | [b c](d.md) |\\n| --- | ---: |\\n| *e* = | 0.1%<!--f; g--> |")
    ['a', '[b', 'c]', '*e*', '0.1%']
    """
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    return [word for word in re.sub(r"(?<=\])\([^)]*\)", "", text).split() if re.search(r"\w", word)]


def test_the_ledger_can_be_read():
    """Its history is in CHANGELOG.md, and what a recorded table shows is there."""
    assert len(rendered((ROOT / "paper_notes.md").read_text(encoding="utf-8"))) <= 5_000


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_sentences_are_short(page):
    found = lengths(page.read_text(encoding="utf-8"))
    assert statistics.mean(found) <= 20 and max(found) <= 45


@pytest.mark.parametrize(
    "page", [*PAGES, ROOT / "docs/article/article.md", *sorted(RESULTS.glob("*.md"))], ids=lambda page: page.stem
)
def test_abbreviations_are_spelled_out_where_they_first_stand(page):
    assert unexplained(page.read_text(encoding="utf-8")) == {}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_phrase_is_there_that_was_hard_to_read(page):
    text = " ".join(prose(page.read_text(encoding="utf-8")))
    assert re.findall(rf"\b(?:{'|'.join(HARD)})\b", text, flags=re.I) == []


def test_a_long_sentence_is_found():
    assert max(lengths("Short it is.\n\n" + "word " * 46 + "end.\n\n- An item of words.\n")) == 47
    assert lengths("One two three. Four five six: Seven eight nine.") == [3, 3, 3]
