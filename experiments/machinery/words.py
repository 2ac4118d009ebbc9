"""Abbreviations: what docs/glossary.md says that they stand for, and those that a page leaves unexplained."""

import re
from functools import cache
from pathlib import Path

GLOSSARY = Path(__file__).parent.parent.parent / "docs" / "glossary.md"


@cache
def abbreviations() -> dict[str, str]:
    """What each abbreviation of the glossary stands for: its row begins with the abbreviation, the meaning with this.

    >>> abbreviations()["HOS"]
    'heuristic over-segmentation'
    """
    rows = r"^\| ([A-Z][\w-]*[A-Z]\w*)\b[^|]*\| [^|]*\| ([^|:;]+?)(?: \||[:;])"
    return dict(re.findall(rows, GLOSSARY.read_text(encoding="utf-8"), re.M))


def unexplained(text: str) -> dict[str, str]:
    """The abbreviations of a page in Markdown that neither the sentence where they first stand nor one before it spells
    out, and that no link to the glossary precedes. Headings do not count.

    >>> unexplained("A string is read by HOS. Heuristic over-segmentation (HOS) is old.")
    {'HOS': 'heuristic over-segmentation'}
    >>> unexplained("Heuristic over-segmentation (HOS) is old. HOS cuts. `SDNN` is code.")
    {}
    """
    text = re.sub(r"<!--.*?-->|```.*?```|`[^`]*`|\]\([^)]*\)|^(?: {4}|#).*?$", "", text, flags=re.S | re.M)
    text = re.sub(r"\s+", " ", re.sub(r"\n\n|\|\n", ". ", text)).replace("–", "-")
    found = {}
    for short, long in abbreviations().items():
        if first := re.search(rf"(?<![\w-]){short}s?(?![\w-])", text):
            before = (text[: first.end()] + text[first.end() :].partition(". ")[0]).lower()
            if long.lower() not in before and "glossary" not in before:
                found[short] = long
    return found
