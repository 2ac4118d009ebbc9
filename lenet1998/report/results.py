"""What a directory of results holds: figures, tables and origins, by the names of the files.

A file that cannot be read costs nothing but itself: the reason takes its place.
"""

from __future__ import annotations

import json
import re
import struct
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path

from lenet1998.errors import LeNetError
from lenet1998.report.document import Block, Paragraph, Picture, Table, from_markdown
from lenet1998.report.experiments import EXPERIMENTS, Experiment, find
from lenet1998.report.tables import beside_paper, provenance, tables

BESIDE = ["learned", "error", "1998 (%)", "ours (%), 95% interval", "seeds"]
_FIGURES = {9: "error", 10: "rejected", 11: "multiply-accumulates", 12: "variables"}
_DAMAGED = (OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)


@dataclass
class Result:
    """What the files of one name hold, with the reasons why parts of it cannot be shown.

    `beside` has rows under BESIDE, `sources` what `provenance` finds, also in a directory of the same name.
    """

    stem: str
    blocks: list[Block] = field(default_factory=list)
    beside: list[list[str]] = field(default_factory=list)
    sources: dict[str, set[str]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)

    @property
    def tables(self) -> list[Table]:
        """The paper's errors beside ours, where they may be compared, and all that is recorded as a table."""
        compared = [Table(BESIDE, self.beside, "Errors of LeNet-5 on MNIST")] if self.beside else []
        return compared + [block for block in self.blocks if isinstance(block, Table)]


def read(results: Path) -> list[Result]:
    """All results in a directory, by name. Raises LeNetError if there are none."""
    try:
        paths = sorted(path for path in results.rglob("*") if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise LeNetError(f"cannot read {results}: {error.strerror}; name another directory with --results") from error
    names: dict[str, dict[str, list[Path]]] = {}
    for path in paths:
        stem = path.relative_to(results).parts[0].removesuffix(path.suffix).removesuffix(".partial")
        if path.suffix in (".json", ".md", ".png"):
            names.setdefault(stem, {}).setdefault(path.suffix, []).append(path)
    if not names:
        raise LeNetError(
            f"{results} holds no results: run an experiment in the source tree first, such as "
            f"{EXPERIMENTS[0].command}, or name the directory that has them with --results"
        )
    return [_result(stem, results, files) for stem, files in names.items()]


def named_tables(results: list[Result]) -> dict[str, list[Table]]:
    """The tables by name: that of the file and, for Figures 9 to 12, which are columns of one table, fig9 to fig12."""
    found = {result.stem: result.tables for result in results if result.tables}
    for comparison in found.get("section3", [])[:1]:
        for number, measure in _FIGURES.items():
            found[f"fig{number}"] = [_columns(comparison, measure, f"Figure {number} of the paper: {measure}")]
    return found


def find_tables(named: dict[str, list[Table]], name: str) -> list[Table]:
    """Those of a name, or of the shortest that continues it after a `_`. Raises LeNetError if there are none.

    >>> find_tables({"fig6_training_size": []}, "fig6")
    []
    """
    names = sorted((each for each in named if each == name or each.startswith(f"{name}_")), key=len)
    if not names:
        near = " or ".join(get_close_matches(name, named, 3, 0.3) or list(named)[:3])
        raise LeNetError(f"no table is called {name}: choose {near}; lenet1998 table without a name lists them all")
    return named[names[0]]


def _columns(table: Table, measure: str, caption: str) -> Table:
    """The first column and those of the paper's and our values of `measure`, in the rows that have one."""
    wanted = (f"1998: {measure}", f"ours: {measure}")
    places = [place for place, head in enumerate(table.head) if head.startswith(wanted)]
    rows = [[row[0], *(row[place] for place in places)] for row in table.rows if any(row[place] for place in places)]
    return Table([table.head[0], *(table.head[place] for place in places)], rows, caption)


def _result(stem: str, results: Path, files: dict[str, list[Path]]) -> Result:
    result = Result(stem)
    experiment = find(stem)
    for path in files.get(".png", []):
        try:
            result.blocks.append(_picture(path, path.relative_to(results).with_suffix("").as_posix(), experiment))
        except _DAMAGED as error:
            result.unread.append(f"`{path.relative_to(results)}` cannot be read: {error}")
    for path in files.get(".md", []):
        try:
            text = path.read_text(encoding="utf-8")
            result.blocks += from_markdown(text, 4, experiment.title if experiment else stem)
        except _DAMAGED as error:
            result.unread.append(f"`{path.relative_to(results)}` cannot be read: {error}")
    records = files.get(".json", [])
    whole = {path.name for path in records}
    for path in records:
        if path.name.endswith(".partial.json") and path.name.replace(".partial", "") in whole:
            continue  # an experiment that is being repeated: what it is to replace is still there
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(content, dict):
                raise ValueError("it holds no record")
            for label, values in provenance(content).items():
                result.sources[label] = result.sources.get(label, set()) | values
            if path.parent != results or ".md" in files:
                continue  # the experiment has written the table itself
            shown = tables(content)
            if experiment and experiment.compared:
                result.beside += [
                    [learned, what, f"{paper:.2f}", ours, str(seeds)]
                    for learned, what, paper, ours, seeds in beside_paper(content)
                ]
            if path.name.endswith(".partial.json"):
                result.blocks.append(Paragraph("This experiment has not come to its end: what is there so far."))
            result.blocks += shown
        except _DAMAGED as error:
            result.unread.append(f"`{path.relative_to(results)}` cannot be read: {type(error).__name__}, {error}")
    return result


def _picture(path: Path, name: str, experiment: Experiment | None) -> Picture:
    """A figure, shown at the size that it was drawn, under a name that no other has: runs call theirs alike.

    Raises OSError or ValueError if it cannot be read.
    """
    png, pdf = path.read_bytes(), path.with_suffix(".pdf")
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 33 or png[-12:-4] != b"\0\0\0\0IEND":
        raise ValueError("it is not a whole PNG file")
    pixels = struct.unpack(">I", png[16:20])[0]
    title, caption = (experiment.title, experiment.caption) if experiment else (name, "")
    if experiment:
        caption = experiment.captions.get(path.stem, caption)
        paper = re.match(r"Figures? [\d to]+", experiment.paper)
        caption = f"**{title}{f'; {paper[0]} of the paper' if paper else ''}.** {caption}"
    width = round(pixels * 96 / 200)  # figures have 200 dots an inch
    return Picture(name, png, pdf.read_bytes() if pdf.exists() else None, width, f"Figure: {title}", caption)
