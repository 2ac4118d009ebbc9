"""Single recorded numbers within sentences: each stands before a comment that names its cell in a recorded table.

``It errs 0% (0 to 0)<!--fig5_error_curves;20;test_error-->.`` becomes ``It errs 0.94% (0.89 to 0.98)<!--...-->.``
The comment has the name of the table, the first cell of the row (and the next ones, where rows begin alike), and the
column; its spaces may be typed as underscores, which no line breaks. The form of the number is kept as it was typed:
with or without a unit, an interval, a plus sign. The page shows no comment.
"""

import re
from functools import cache

from experiments.machinery.cells import cell_in, plain
from lenet1998.errors import LeNetError
from lenet1998.report.kept import files, read_tables, recorded
from lenet1998.report.table import Cell, Column, Estimate, Table

_NUMBER = r"(?:< )?[-+]?\d[\d,]*(?:\.\d+)?(?:e[-+]?\d+)?"
UNIT = r"(?:\s?%|\s(?:per\s?cent|points?|us|ms|s|seconds?|MB)\b)"
VALUE = re.compile(
    rf"(?P<mean>{_NUMBER})(?P<unit>{UNIT})?(?P<interval>\s+\({_NUMBER}\s+to\s+{_NUMBER}\))?"
    r"(?P<mark><!--(?P<cell>[^;>]+;[^>]+)-->)"
)


def with_values(text: str) -> str:
    """A page with each of its single numbers as the record has it. Raises LeNetError for a comment without a cell.

    >>> with_values("It errs 0% (0 to 0)<!--fig5_error_curves;20;test_error-->.")
    'It errs 0.94% (0.89 to 0.98)<!--fig5_error_curves;20;test_error-->.'
    """
    alone = re.sub(r"\s+", " ", VALUE.sub("", text))
    if missed := re.search(r".{0,30}<!--[^;>]+;[^>]+-->", alone):
        raise LeNetError(f"no number stands right before the comment in {missed[0]!r}")
    return VALUE.sub(_written, text)


def _written(found: re.Match[str]) -> str:
    """A number with its comment, in the form in which it stands there."""
    column, cell = cell_of(found["cell"])
    unit = (found["unit"] or "").strip()
    if unit and column.unit and unit.rstrip("s") != column.unit.rstrip("s"):
        raise LeNetError(f"{found['cell']} is in {column.unit}, not in {unit}")
    mean = column.shown(cell.mean if isinstance(cell, Estimate) else cell)
    interval = column.shown(cell).removeprefix(mean) if found["interval"] else ""
    if found["interval"] and not interval:
        raise LeNetError(f"{found['cell']} has no interval")
    if not found["mean"].startswith("+"):
        mean, interval = mean.removeprefix("+"), interval.replace("+", "")
    new = f"{mean}{found['unit'] or ''}{interval}"
    old = found[0].removesuffix(found["mark"])
    return (old if old.split() == new.split() else new) + found["mark"]


def cell_of(reference: str) -> tuple[Column, Cell]:
    """The column and the cell of a recorded table that a comment names. Raises LeNetError where there are not one.

    >>> cell_of("fig9; LeNet-4; 1998")[1]
    1.1
    """
    return cell_in(tables(), reference)


@cache
def tables() -> dict[str, Table]:
    """All recorded tables by name."""
    return {plain(table.name): table for path in files(recorded()).values() for table in read_tables(path)}
