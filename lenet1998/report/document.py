"""A document as a list of blocks, written as HTML and as Markdown, and read from simple Markdown.

Text within blocks may have `code` between backticks and **bold** between pairs of stars; all else is taken literally,
in both forms, so that nothing that a results file holds becomes markup.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from urllib.parse import quote


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
class Table:
    """A row of headings and rows of cells, all text; `caption` says what it shows."""

    head: list[str]
    rows: list[list[str]]
    caption: str


@dataclass(frozen=True)
class Picture:
    """A figure as PNG, and as PDF if there is one, with its caption, and `alt` for those who do not see it."""

    name: str  # or a path below the figures' directory, with /
    png: bytes
    pdf: bytes | None
    width: int  # CSS pixels
    alt: str
    caption: str


Block = Heading | Paragraph | Bullets | Code | Table | Picture
MARKS = re.compile(r"(`[^`]+`|\*\*[^*]+\*\*)")
_WIDE, _LONG = 9, 12  # columns and rows; a table that has more is printed across the page, and broken between pages


def to_html(blocks: Iterable[Block]) -> str:
    """The blocks as HTML; pictures are embedded."""
    return "\n".join(_html(block) for block in blocks)


def to_markdown(blocks: Iterable[Block], pictures: str) -> str:
    """The blocks as Markdown; pictures are files in the directory `pictures`, each as PNG and PDF."""
    return "\n\n".join(_markdown(block, pictures) for block in blocks) + "\n"


def from_markdown(text: str, level: int, caption: str) -> list[Block]:
    """What a results file says in Markdown: headings (its first level becomes `level`), bullets, tables, paragraphs.

    >>> from_markdown("# A\\n\\n| b | c |\\n|---|---|\\n| 1 | `2` |\\n", level=4, caption="T")
    [Heading(level=4, text='A'), Table(head=['b', 'c'], rows=[['1', '`2`']], caption='T')]
    """
    blocks: list[Block] = []
    highest = min((len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)), default=1)
    for part in re.split(r"\n\s*\n", re.sub(r"^(#.*)$", r"\n\1\n", text, flags=re.MULTILINE)):
        lines = [line.strip() for line in part.strip().splitlines()]
        if not lines:
            continue
        if found := re.match(r"(#+) (.*)", lines[0]):
            blocks.append(Heading(min(level + len(found[1]) - highest, 6), found[2]))
        elif lines[0].startswith("|") and len(lines) > 1 and re.fullmatch(r"[|:\- ]+", lines[1]):
            head, _, *rows = map(_cells, lines)
            blocks.append(Table(head, [[*row, *[""] * len(head)][: len(head)] for row in rows], caption))
        elif lines[0].startswith("- "):
            blocks.append(Bullets([entry.replace("\n", " ") for entry in re.split(r"\n- ", "\n".join(lines)[2:])]))
        else:
            blocks.append(Paragraph(" ".join(lines)))
    return blocks


def anchor(text: str) -> str:
    """A heading's name within the page.

    >>> anchor("Error by pass, Figure 5")
    'error-by-pass-figure-5'
    """
    return re.sub(r"\W+", "-", text.lower()).strip("-")


def _cells(line: str) -> list[str]:
    cells = re.split(r"(?<!\\)\|", re.sub(r"^\||(?<!\\)\|$", "", line))
    return [cell.strip().replace("\\|", "|") for cell in cells]


def _html(block: Block) -> str:
    match block:
        case Heading(level, text):
            name = f' id="{escape(anchor(text))}"' if level == 2 else ""
            return f"<h{level}{name}>{inline(text)}</h{level}>"
        case Paragraph(text):
            return f"<p>{inline(text)}</p>"
        case Bullets(entries):
            return "<ul>\n" + "\n".join(f"<li>{inline(entry)}</li>" for entry in entries) + "\n</ul>"
        case Code(text):
            return f'<pre tabindex="0"><code>{escape(text)}</code></pre>'
        case Table(head, rows, caption):
            titles = "".join(f'<th scope="col">{inline(cell)}</th>' for cell in head)
            lines = ["<tr>" + "".join(map(_cell, row)) + "</tr>" for row in rows]
            kinds = "table" + " wide" * (len(head) > _WIDE) + " long" * (len(rows) > _LONG)
            return (
                f'<figure class="{kinds}"><figcaption>{inline(caption)}</figcaption>\n'
                f'<div role="region" tabindex="0" aria-label="{escape(caption)}"><table>\n'
                f"<thead><tr>{titles}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody></table></div></figure>"
            )
        case Picture(_, png, _, width, alt, caption):
            data = b64encode(png).decode()
            return (
                f'<figure><img src="data:image/png;base64,{data}" width="{width}" alt="{escape(alt)}">'
                f"<figcaption>{inline(caption)}</figcaption></figure>"
            )


def _markdown(block: Block, pictures: str) -> str:
    match block:
        case Heading(level, text):
            return f"{'#' * level} {_literal(text)}"
        case Paragraph(text):
            return _literal(text)
        case Bullets(entries):
            return "\n".join(f"- {_literal(entry)}" for entry in entries)
        case Code(text):
            return "\n".join(f"    {line}" for line in text.splitlines())
        case Table(head, rows, caption):
            lines = [[_literal(cell).replace("|", "\\|") for cell in line] for line in (head, *rows)]
            lines.insert(1, ["---"] * len(head))
            return f"{_literal(caption)}:\n\n" + "\n".join(f"| {' | '.join(line)} |" for line in lines)
        case Picture(name, _, pdf, _, alt, caption):
            place = f"{pictures}/{quote(name)}"
            vector = "" if pdf is None else f" ([PDF]({place}.pdf))"
            return f"![{_literal(alt)}]({place}.png)\n\n{_literal(caption)}{vector}"


def _cell(text: str) -> str:
    number = re.match(r"\W*\d", text) and len(text) < 24  # with its interval, which is not to be broken
    return f'<td class="number">{inline(text)}</td>' if number else f"<td>{inline(text)}</td>"


def inline(text: str) -> str:
    """A line of text as HTML.

    >>> inline("`a<b` is **not** <b>")
    '<code>a&lt;b</code> is <strong>not</strong> &lt;b&gt;'
    """
    parts = []
    for part in MARKS.split(text):
        if part.startswith("`") and len(part) > 1:
            parts.append(f"<code>{escape(part[1:-1])}</code>")
        elif part.startswith("**") and len(part) > 4:
            parts.append(f"<strong>{escape(part[2:-2])}</strong>")
        else:
            parts.append(escape(part))
    return "".join(parts)


def _literal(text: str) -> str:
    """The same as Markdown: what is no mark of ours gets a backslash where it might mean something."""

    def masked(part: str) -> str:
        return re.sub(r"([\\`*<>\[\]])", r"\\\1", part)

    parts = []
    for part in MARKS.split(" ".join(text.split())):
        if part.startswith("`") and len(part) > 1:
            parts.append(part)
        elif part.startswith("**") and len(part) > 4:
            parts.append(f"**{masked(part[2:-2])}**")
        else:
            parts.append(masked(part))
    return "".join(parts)
