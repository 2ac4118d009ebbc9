"""The report: everything that a directory of results holds, as one HTML page.

What is in the directory decides what is in the report. An experiment without results is named with its command; a file
that cannot be read is named with the reason, and all others are shown.
"""

import re
from collections.abc import Iterator
from datetime import datetime, timezone
from html import escape
from importlib import resources
from pathlib import Path

from lenet1998 import __version__
from lenet1998.errors import escaped
from lenet1998.files import make_directory, write_atomically
from lenet1998.report import marks
from lenet1998.report.citation import bibtex
from lenet1998.report.document import Block, Bullets, Code, Heading, Paragraph, anchor, to_html
from lenet1998.report.experiments import EXPERIMENTS, Experiment, find
from lenet1998.report.results import Result, read
from lenet1998.report.table import Cell, Column, Table
from lenet1998.running.provenance import date_of

TITLE = "LeNet-5 of 1998, reproduced: the results"
UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""What no text needs, and what names of files may have: it moves a terminal's cursor, or turns the order of letters."""
_SOURCES = ("seeds", "engine", "data", "commit", "machine", "versions")


def document(results: Path, found: list[Result]) -> list[Block]:
    """The report as blocks, of what was found in a directory of results."""
    owners = {result.stem: find(result.stem) for result in found}
    sections: list[Block] = []
    overview: list[list[Cell]] = []
    missing, compared = [], []
    for experiment in EXPERIMENTS:
        own = [result for result in found if owners[result.stem] == experiment]
        order = [experiment.name, *experiment.captions]
        own.sort(key=lambda result: order.index(result.stem) if result.stem in order else len(order))
        if own:
            sections += _section(experiment, own)
            unread = any(result.unread for result in own)
            overview.append([experiment.title, experiment.paper, "in part" if unread else "yes", experiment.command])
        else:
            missing.append(
                f"{experiment.title}{f' ({experiment.paper})' if experiment.paper else ''}: `{experiment.command}`"
            )
        if experiment.compared:
            compared += [(_name(experiment, result), result.beside) for result in own if result.beside]
    for result in found:
        if owners[result.stem] is None:
            sections += [Heading(2, f"Other results: {result.stem}"), *_shown(result)]
    opening = [Heading(1, TITLE), *_opening(results)]
    if compared:
        opening += [Heading(2, "The paper beside ours"), _beside(compared)]
    columns = [Column(name, kind="text") for name in ("experiment", "of the paper", "recorded")]
    columns.append(Column("command", kind="code"))
    opening += [Heading(2, "Experiments"), Table("experiments", "What is recorded here", columns, overview)]
    if missing:
        opening += [Paragraph("Not run, or not recorded here:"), Bullets(missing)]
    return [*opening, *sections, *_digests(found), Heading(2, "How to cite"), Code(bibtex())]


def write(results: Path, out: Path, found: list[Result] | None = None) -> Path:
    """Write OUT/report.html, which stands alone, and return its path.

    What the directory of results holds is read unless it was `found` already. Raises LeNetError if there are no
    results, or OUT cannot be written to.
    """
    blocks = document(results, read(results) if found is None else found)
    make_directory(out)
    path = out / "report.html"
    # A damaged file may hold halves of characters.
    shown = UNSEEN.sub(lambda found: escaped(found[0]), page(blocks))
    write_atomically(path, shown.encode("utf-8", "backslashreplace"))
    return path


def page(blocks: list[Block]) -> str:
    """The HTML page: no scripts, and nothing that is not in it, which its policy says to the browser too."""
    css = (resources.files(__package__) / "report.css").read_text(encoding="utf-8")
    chapters = [block.text for block in blocks if isinstance(block, Heading) and block.level == 2]
    contents = "\n".join(f'<li><a href="#{escape(anchor(text))}">{marks.html(text)}</a></li>' for text in chapters)
    first = next(place for place, block in enumerate(blocks) if isinstance(block, Heading) and block.level == 2)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{escape(TITLE)}</title>
<style>
{css}</style>
</head>
<body>
<header>
{to_html(blocks[:first])}
</header>
<nav aria-label="Contents">
<ol>
{contents}
</ol>
</nav>
<main>
{to_html(blocks[first:])}
</main>
</body>
</html>
"""


def _section(experiment: Experiment, own: list[Result]) -> Iterator[Block]:
    yield Heading(2, experiment.title)
    paper = f"{experiment.paper[0].upper()}{experiment.paper[1:]}. " if experiment.paper else ""
    yield Paragraph(f"{paper}Command: `{experiment.command}`")
    for result in own:
        if result.stem not in (experiment.name, *experiment.captions) and result.blocks:
            yield Heading(3, _name(experiment, result))
        if result.stem == experiment.name and not any(isinstance(block, Table) for block in result.blocks):
            yield Paragraph("It has no tables here: this command makes them from the record, with `--plot-only --out`.")
        yield from _shown(result)


def _beside(compared: list[tuple[str, Table]]) -> Table:
    """The paper's errors beside ours of all experiments, by name, as one table."""
    first = compared[0][1]
    rows = [(name, *row) for name, table in compared for row in table.rows]
    return Table("beside_1998", first.caption, [Column("experiment", kind="text"), *first.columns], rows)


def _name(experiment: Experiment, result: Result) -> str:
    """The experiment's title, and for a variant of it that has no row in the table of experiments the file's name."""
    return experiment.title + ("" if result.stem == experiment.name else f" ({result.stem})")


def _shown(result: Result) -> Iterator[Block]:
    """A result: its figures and tables, what could not be read, and where it comes from."""
    yield from result.blocks
    if result.unread:
        yield Bullets(result.unread)
    rows = [[key, _listed(key, result.sources[key])] for key in _SOURCES if result.sources.get(key)]
    if rows:
        columns = [Column(name, kind="text") for name in ("what", "recorded")]
        yield Table(f"{result.stem}_sources", f"Where `{result.stem}` comes from", columns, rows)


def _listed(key: str, values: set[str]) -> str:
    if key == "seeds":
        seeds = sorted(map(int, values))
        if len(seeds) > 2 and seeds[-1] - seeds[0] == len(seeds) - 1:
            return f"{seeds[0]} to {seeds[-1]}"
        return ", ".join(map(str, seeds))
    if key == "commit":
        return ", ".join(_commit(one) for one in sorted(values))
    return ("; " if key in ("data", "machine") else ", ").join(sorted(values))


def _commit(recorded: str) -> str:
    """A recorded commit with its day, if the source tree that this is imported from has it."""
    day = date_of(recorded.rstrip("+"))
    return f"`{recorded[:10]}`{'+' * recorded.endswith('+')}{f' ({day})' if day else ''}"


def _opening(results: Path) -> list[Block]:
    today = datetime.now(timezone.utc).date()
    return [
        Paragraph(
            "LeCun, Bottou, Bengio and Haffner, Gradient-Based Learning Applied to Document Recognition, Proceedings "
            "of the IEEE 86(11), 1998: what the paper reports, and what this reproduction measured."
        ),
        Paragraph(
            f"Made by `lenet1998 report`, version {__version__}, on {today} from the files in `{results}`. "
            "A + after a commit says that files differed from it."
        ),
    ]


def _digests(found: list[Result]) -> list[Block]:
    """The SHA-256 of every data file that the results name, once, with the results that used it."""
    users: dict[str, list[str]] = {}
    for result in found:
        for digest in sorted(result.sources.get("digests", ())):
            users.setdefault(digest, []).append(result.stem)
    if not users:
        return []
    rows = [[*digest.rsplit(" ", 1), ", ".join(stems)] for digest, stems in users.items()]
    columns = [Column("file", kind="code"), Column("SHA-256", kind="code"), Column("used by", kind="text")]
    return [Heading(2, "Data"), Table("digests", "Digests of the decompressed data", columns, rows)]
