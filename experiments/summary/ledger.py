"""The blocks of paper_notes.md: its index by status, and what the study of readings and the default came to."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from experiments.fig6_training_size import in_words as in_words_of_equation_1
from experiments.machinery.record import published
from experiments.readings.score import every_claim
from experiments.summary.blocks import FIGURE_5, FIGURE_6, ROWS, TRAIN, one_more_run, prose
from lenet1998.errors import LeNetError

NOTES = Path(__file__).parent.parent.parent / "paper_notes.md"
STATUSES = {
    "open": "the evidence does not decide",
    "contradicted": "our results contradict the paper's words",
    "settled": "one reading is right, or it makes no difference",
}


def entries(text: str) -> Iterator[tuple[str, str]]:
    """The title and the status of each entry of the ledger. Raises LeNetError for one without.

    >>> list(entries("### 1. Sum\\n\\n*Status: open.* Both fit.\\n"))
    [('1. Sum', 'open')]
    """
    for title, body in re.findall(r"^### (\d+\. [^\n]+)\n(.*?)(?=^##|\Z)", text, re.M | re.S):
        found = re.findall(r"^\*Status: (\w+)\.\*", body, re.M)
        if len(found) != 1 or found[0] not in STATUSES:
            raise LeNetError(f"entry {title} needs one line *Status: ...*, one of {', '.join(STATUSES)}")
        yield title, found[0]


def anchor(title: str) -> str:
    """What a heading is called in links, on GitHub and on the site."""
    return re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")


def index() -> str:
    """The entries by status, with links: of the settled ones the numbers alone."""
    found = list(entries(NOTES.read_text(encoding="utf-8")))
    paragraphs = []
    for status, meaning in STATUSES.items():
        titles = [title for title, its in found if its == status]
        named = [title.split(".")[0] if status == "settled" else title for title in titles]
        links = ", ".join(f"[{name}](#{anchor(title)})" for name, title in zip(named, titles, strict=True))
        paragraphs.append(prose(f"**{status.capitalize()}** ({len(titles)}; {meaning}): {links}."))
    return "\n\n".join(paragraphs)


def readings() -> str:
    """How many readings meet every claim, and where the default is among them."""
    scores = published("readings_scores")
    sampled = [row for row in scores["rows"] if row["part"] in ("space", "box", "round")]
    met = [row for row in sampled if every_claim(row)]
    least = min(len(row["departures"]) for row in met)
    nearest = [row for row in met if len(row["departures"]) == least]
    (fields,) = {" and ".join(f"`{field}`" for field in row["departures"]) for row in nearest}
    furthest, chosen = max(met, key=lambda row: row["distance"]), scores["winners"]["least departure"]
    assert {row["recipe"]["loss"] for row in nearest} == {"map"} and furthest["reading"] == chosen, "as said"
    return prose(
        f"{len(met)} of {len(sampled)} readings meet every claim. {len(nearest)} of these depart from the text in two "
        f"places only, {fields}; all {len(nearest)} have equation 9. Of the {len(nearest)} the default has the lowest "
        f"held-out error. That is a choice by accuracy, not by fidelity: of all {len(met)} it is the furthest from the "
        "claims."
    )


def default() -> str:
    """What single runs of the default give at pass 19, beside the paper's."""
    runs = published(FIGURE_5)["runs"]
    train, paper = np.array([run["passes"][18][TRAIN] for run in runs]), ROWS[1][1]
    low, high = one_more_run(train).interval(0.95)
    assert high < paper, "as is said below"
    return prose(
        "The default fits its training set better than the paper's network: at pass 19 95% of single runs would err "
        f"between {low:.2f} and {high:.2f}% ({len(runs)} seeds), the paper {paper}% (III-B)."
    )


def alpha() -> str:
    """The exponent of equation 1."""
    found, _, _ = in_words_of_equation_1(published(FIGURE_6)["runs"]).partition(", and its text")
    return prose(f"From 15,000 to 60,000 patterns {found}.")
