"""What a directory of results holds: figures, tables and origins, by the names of the files.

A file that cannot be read costs nothing but itself: the reason takes its place. A link that leads out of the directory
is not followed.
"""

import json
import re
import struct
from dataclasses import dataclass, field
from pathlib import Path

from lenet1998.errors import LeNetError
from lenet1998.report import kept
from lenet1998.report.document import Block, Picture
from lenet1998.report.experiments import EXPERIMENTS, Experiment, find
from lenet1998.report.sources import provenance
from lenet1998.report.table import Table
from lenet1998.report.tables import beside_paper

_DAMAGED = (OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError, LeNetError)


@dataclass
class Result:
    """What the files of one name hold, with the reasons why parts of it cannot be shown.

    `beside` has the paper's errors beside ours, `sources` what `provenance` finds, also in a directory of this name.
    """

    stem: str
    blocks: list[Block] = field(default_factory=list)
    beside: Table | None = None
    sources: dict[str, set[str]] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)


def read(results: Path) -> list[Result]:
    """All results in a directory, by name. Raises LeNetError if there are none."""
    try:
        paths = sorted(path for path in results.rglob("*") if path.is_file() and not path.name.startswith("."))
    except OSError as error:
        raise LeNetError(f"cannot read {results}: {error.strerror}; name another directory with --results") from error
    folder = kept.folder_of(results)
    names: dict[str, dict[str, list[Path]]] = {}
    for path in paths:
        place = path.relative_to(results)
        if path.suffix in (".json", ".png") and place.parts[0] != kept.TABLES:
            stem = place.parts[0].removesuffix(path.suffix)
            names.setdefault(stem, {}).setdefault(path.suffix, []).append(path)
    for stem, path in (kept.files(folder) if folder else {}).items():
        names.setdefault(stem, {})[kept.TABLES] = [path]
    if not any(files.keys() - {kept.TABLES} for files in names.values()) and folder != results / kept.TABLES:
        raise LeNetError(
            f"{results} holds no results: run an experiment in the source tree first, such as "
            f"{EXPERIMENTS[0].command}, or name the directory that has them with --results"
        )
    return [_result(stem, results, names[stem]) for stem in sorted(names)]


def _result(stem: str, results: Path, files: dict[str, list[Path]]) -> Result:
    result = Result(stem)
    experiment = find(stem)
    for path in files.get(".png", []):
        try:
            _within(path, results)
            result.blocks.append(_picture(path, experiment))
        except _DAMAGED as error:
            result.unread.append(f"`{path.relative_to(results)}` cannot be read: {error}")
    for path in files.get(kept.TABLES, []):
        try:
            result.blocks += kept.read_tables(path)
        except _DAMAGED as error:
            result.unread.append(f"{error}")
    for path in files.get(".json", []):
        try:
            _record(result, _within(path, results), experiment)
        except _DAMAGED as error:
            result.unread.append(f"`{path.relative_to(results)}` cannot be read: {_said(error)}")
    return result


def _record(result: Result, path: Path, experiment: Experiment | None) -> None:
    """Add what a record says of where it comes from, and its errors where the paper has such."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict):
        raise ValueError("it holds no record")
    for label, values in provenance(content).items():
        result.sources[label] = result.sources.get(label, set()) | values
    if experiment and experiment.compared:
        result.beside = beside_paper(content, result.stem) or result.beside


def _said(error: BaseException) -> str:
    """What an error says of a damaged record."""
    return f"it has no {error}" if isinstance(error, KeyError) else f"{type(error).__name__}, {error}"


def _within(path: Path, results: Path) -> Path:
    """The path. Raises ValueError for a link that leads out of the results."""
    if not kept.leads_within(path, results):
        raise ValueError("it is a link that leads out of the directory")
    return path


def _picture(path: Path, experiment: Experiment | None) -> Picture:
    """A figure, shown at the size that it was drawn. Raises OSError or ValueError if it cannot be read."""
    png = path.read_bytes()
    if png[:8] != b"\x89PNG\r\n\x1a\n" or len(png) < 33 or png[-12:-4] != b"\0\0\0\0IEND":
        raise ValueError("it is not a whole PNG file")
    pixels = struct.unpack(">I", png[16:20])[0]
    title, caption = (experiment.title, experiment.caption) if experiment else (path.stem, "")
    if experiment:
        caption = experiment.captions.get(path.stem, caption)
        paper = re.match(r"Figures? [\d to]+", experiment.paper)
        caption = f"**{title}{f'; {paper[0]} of the paper' if paper else ''}.** {caption}"
    width = round(pixels * 96 / 200)  # figures have 200 dots an inch
    return Picture(png, width, f"Figure: {title}", caption)
