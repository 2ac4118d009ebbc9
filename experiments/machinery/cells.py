"""Single cells of tables, by names as texts give them: ``TABLE; ROW; COLUMN``."""

import re
from collections.abc import Mapping

from lenet1998.errors import LeNetError
from lenet1998.report.table import Cell, Column, Estimate, Table


def plain(name: str) -> str:
    """A name in a text, or that of a cell, without underscores."""
    return " ".join(name.replace("_", " ").split())


def cell_in(tables: Mapping[str, Table], reference: str) -> tuple[Column, Cell]:
    """The column and the cell that a reference names, in tables by their plain names.

    Where rows begin alike, the reference has the next cells too: ``TABLE; FIRST; SECOND; COLUMN``. Raises LeNetError
    where not one cell is meant, or no number is there.
    """
    name, *row, head = map(plain, reference.split(";"))
    table = tables.get(name)
    if table is None:
        raise LeNetError(f"{reference}: no recorded table is called {name}")
    columns = {plain(column.name): place for place, column in enumerate(table.columns)}
    if head not in columns:
        raise LeNetError(f"{reference}: its columns are {'; '.join(columns)}")
    begin = table.columns[: len(row)]
    rows = [cells for cells in table.rows if [plain(c.shown(v)) for c, v in zip(begin, cells, strict=False)] == row]
    column = table.columns[columns[head]]
    if len(rows) != 1 or column.is_text or rows[0][columns[head]] is None:
        raise LeNetError(f"{reference}: {len(rows)} rows begin with {'; '.join(row)}; the cell must be one number")
    return column, rows[0][columns[head]]


def with_cells(text: str, tables: Mapping[str, Table]) -> str:
    """A text with each ``{TABLE; ROW; COLUMN}`` as the number that stands there, with its unit, without an interval.

    >>> table = Table("fig9", "", [Column("net", kind="text"), Column("1998", "%")], [("LeNet-4", 1.1)])
    >>> with_cells("It errs {fig9; LeNet-4; 1998}.", {"fig9": table})
    'It errs 1.10%.'
    """

    def number(found: re.Match[str]) -> str:
        column, cell = cell_in(tables, found[1])
        value = column.shown(cell.mean if isinstance(cell, Estimate) else cell)
        return f"{value}{'' if column.unit in ('', '%') else ' '}{column.unit}"

    return re.sub(r"\{([^{}]+;[^{}]+)\}", number, text)
