"""A document as a list of blocks, written as HTML.

Text within blocks may have marks (`lenet1998.report.marks`); all else is taken literally, so that nothing that a
results file holds becomes markup.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

from lenet1998.report import marks, writers
from lenet1998.report.table import Table


@dataclass(frozen=True)
class Heading:
    level: int
    text: str


@dataclass(frozen=True)
class Paragraph:
    text: str


@dataclass(frozen=True)
class Bullets:
    entries: list[str]


@dataclass(frozen=True)
class Code:
    text: str


@dataclass(frozen=True)
class Picture:
    """A figure with its caption, and `alt` for those who do not see it."""

    png: bytes
    width: int  # CSS pixels
    alt: str
    caption: str


Block = Heading | Paragraph | Bullets | Code | Table | Picture


def to_html(blocks: Iterable[Block]) -> str:
    """The blocks as HTML; pictures are embedded."""
    return "\n".join(_html(block) for block in blocks)


def anchor(text: str) -> str:
    """A heading's name within the page.

    >>> anchor("Error by pass, Figure 5")
    'error-by-pass-figure-5'
    """
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            name = f' id="{escape(anchor(text))}"' if level == 2 else ""
            return f"<h{level}{name}>{marks.html(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{marks.html(text)}</p>"
        case Bullets(entries):
            return "<ul>\n" + "\n".join(f"<li>{marks.html(entry)}</li>" for entry in entries) + "\n</ul>"
        case Code(text):
            return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'
        case Table():
            return writers.html(block)
        case Picture(png, width, alt, caption):
            data = b64encode(png).decode()
            return (
                f'<figure><img src="data:image/png;base64,{data}" width="{width}" alt="{escape(alt)}">'
                f"<figcaption>{marks.html(caption)}</figcaption></figure>"
            )
