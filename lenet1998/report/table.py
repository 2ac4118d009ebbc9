"""A table: columns with names and units, rows of values, and notes. All tables of the project are of this kind.

Numbers stay numbers: a mean over several runs is an `Estimate` with its interval, not a text. Four writers turn a table
into text (`lenet1998.report.writers`), and nothing reads such a text back: what is kept is the JSON of `Table.as_dict`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from difflib import get_close_matches
from typing import Any

from lenet1998.errors import LeNetError, reason_of
from lenet1998.evaluation import FEW

KINDS = ("number", "difference", "significant", "p", "text", "code")
_TEXTS = ("text", "code")
LOST = (
    "Lost: so many runs lost an output unit in training, and err on its whole class. The median of all runs stands for "
    "them, without an interval."
)
_LEAST_P = 1e-4  # smaller p-values are shown as less than this


@dataclass(frozen=True)
class Estimate:
    """A measured number: the mean of `n` runs and its interval, or None twice where there is no interval.

    From four runs on the interval is the 95% interval; of two or three it is their range. A single run may have the 95%
    interval that its test patterns give. Where some runs have `lost` an output unit it is the median, without an
    interval.

    >>> Estimate(1.0, 0.88, 1.14, n=10)
    Estimate(mean=1.0, low=0.88, high=1.14, n=10)
    """

    mean: float
    low: float | None = None
    high: float | None = None
    n: int = 1
    lost: int = field(default=0, repr=False)

    def __post_init__(self) -> None:
        given = [value for value in (self.mean, self.low, self.high) if value is not None]
        if not all(_is_number(value) for value in given) or type(self.n) is not int or self.n < 1 + self.lost:
            raise ValueError(f"{self.mean!r}, {self.low!r}, {self.high!r}, n={self.n!r} is no estimate")
        if (self.low is None) != (self.high is None):
            raise ValueError(f"an interval has two ends: {self.low!r}, {self.high!r}")


Cell = str | int | float | Estimate | None


@dataclass(frozen=True)
class Column:
    """A column: its name, the unit of its numbers, and how its cells are shown.

    `kind` is one of KINDS. Cells of a "number" have `digits` decimals, whole numbers none. A "difference" also has a
    sign, and its intervals are 95% intervals for any number of runs. A "significant" number has `digits` significant
    digits, a "p" two. Cells of "text" and "code" are texts.
    """

    name: str
    unit: str = ""
    digits: int = 2
    kind: str = "number"

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kind of column is called {self.kind!r}: choose {', '.join(KINDS)}")
        if not isinstance(self.name, str) or not isinstance(self.unit, str) or type(self.digits) is not int:
            raise ValueError(f"a column has a name, a unit and a number of digits, not {self}")

    @property
    def heading(self) -> str:
        """The name with the unit in brackets.

        >>> Column("test error", "%").heading
        'test error (%)'
        """
        return f"{self.name} ({self.unit})" if self.unit else self.name

    @property
    def is_text(self) -> bool:
        """Whether the cells are texts; otherwise they are numbers and estimates."""
        return self.kind in _TEXTS

    def shown(self, cell: Cell) -> str:
        """A cell as text, nothing where it is None.

        >>> column = Column("test error", "%")
        >>> column.shown(Estimate(1.0, 0.88, 1.14, n=10)), column.shown(0.95), column.shown(60_000)
        ('1.00 (0.88 to 1.14)', '0.95', '60,000')
        """
        if cell is None:
            return ""
        if isinstance(cell, str):
            return cell
        if not isinstance(cell, Estimate):
            return self._number(cell)
        if cell.lost:
            return f"{self._number(cell.mean)} ({cell.lost} of {cell.n} lost)"
        if cell.low is None or cell.high is None:
            return self._number(cell.mean)
        return f"{self._number(cell.mean)} ({self._number(cell.low)} to {self._number(cell.high)})"

    def _number(self, value: float) -> str:
        if self.kind == "p":
            return f"< {_LEAST_P:.4f}" if value < _LEAST_P else f"{value:.2g}"
        if isinstance(value, int):
            return f"{value:+,}" if self.kind == "difference" else f"{value:,}"
        if self.kind == "significant":
            large = abs(value) >= 10**self.digits
            return f"{value:,.0f}" if large and abs(value) < 1e15 else f"{value:.{self.digits}g}"
        text = f"{value:+,.{self.digits}f}" if self.kind == "difference" else f"{value:,.{self.digits}f}"
        return text if any(digit in text for digit in "123456789") else text.lstrip("+-")  # no -0.00

    def accepts(self, cell: object) -> bool:
        """Whether a cell of this column may hold it."""
        if cell is None:
            return True
        return isinstance(cell, str) if self.is_text else isinstance(cell, Estimate) or _is_number(cell)


@dataclass(frozen=True)
class Table:
    """Columns and rows under a caption; `notes` are sentences that stand below, such as a legend of short row names.

    Raises ValueError where a row has not one cell per column, a cell does not belong to its column's kind, or two
    columns have the same name.

    >>> table = Table("errors", "Errors", [Column("run", kind="text"), Column("error", "%")], [("a", 0.95)])
    >>> Table.from_dict(table.as_dict()) == table
    True
    """

    name: str
    caption: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "rows", tuple(tuple(row) for row in self.rows))
        object.__setattr__(self, "notes", tuple(self.notes))
        names = [column.name for column in self.columns]
        if not names or len(set(names)) < len(names):
            raise ValueError(f"table {self.name!r} needs columns of different names, not {names}")
        if not all(isinstance(text, str) for text in (self.name, self.caption, *self.notes)):
            raise ValueError(f"name, caption and notes of table {self.name!r} are not all texts")
        for place, row in enumerate(self.rows, 1):
            if len(row) != len(names):
                raise ValueError(f"row {place} of table {self.name!r} has {len(row)} cells for {len(names)} columns")
            for column, cell in zip(self.columns, row, strict=True):
                if not column.accepts(cell):
                    raise ValueError(f"row {place} of table {self.name!r}, {column.name}: {cell!r} is no {column.kind}")

    @property
    def explained(self) -> tuple[str, ...]:
        """The notes, and after them sentences that say what the intervals and medians are, where there are any."""
        notes = (*self.notes, *[LOST] * any(cell.lost for _, cell in self._estimates()))
        found = [(column, cell) for column, cell in self._estimates() if cell.low is not None]
        if not found:
            return notes
        ranges = {cell.n for column, cell in found if column.kind != "difference" and 2 <= cell.n <= FEW}
        others = [column for column, cell in found if column.kind == "difference" or cell.n not in ranges]
        runs = " or ".join(map(str, sorted(ranges)))
        if not ranges:
            said = "In brackets: 95% interval."
        elif not others:
            said = f"In brackets: range of {runs} runs, which is not a 95% interval."
        elif all(column.kind == "difference" for column in others):
            said = f"In brackets: range of {runs} runs; of differences, 95% interval."
        else:
            said = f"In brackets: 95% interval; range of {runs} runs where there are no more."
        return (*notes, said)

    def select(self, columns: Sequence[str] = (), rows: Sequence[str] = ()) -> Table:
        """The columns and rows that are named, in the order of their names; no names keep all.

        A column is named by its name, a row by the text in its first column, each also by its number from 1 or by a
        range of numbers such as 2-5. Raises LeNetError for what is not there.
        """
        wanted = _places(columns, [column.name for column in self.columns], "column")
        kept = _places(rows, [self.columns[0].shown(row[0]) for row in self.rows], "row")
        return replace(
            self,
            columns=[self.columns[place] for place in wanted],
            rows=[[self.rows[place][column] for column in wanted] for place in kept],
        )

    def as_dict(self) -> dict[str, Any]:
        """Plain values for JSON: estimates are dictionaries with mean, low, high and n."""
        rows = [[_plain(cell) if isinstance(cell, Estimate) else cell for cell in row] for row in self.rows]
        columns = [asdict(column) for column in self.columns]
        return {
            "name": self.name,
            "caption": self.caption,
            "columns": columns,
            "rows": rows,
            "notes": list(self.notes),
        }

    @classmethod
    def from_dict(cls, content: Any) -> Table:
        """The table that `as_dict` has made plain. Raises LeNetError, on one line, for what is none."""
        try:
            columns = [Column(**column) for column in content["columns"]]
            rows = [[Estimate(**cell) if isinstance(cell, dict) else cell for cell in row] for row in content["rows"]]
            return cls(content["name"], content["caption"], columns, rows, content.get("notes", ()))
        except KeyError as error:
            raise LeNetError(f"this is no recorded table: it has no {error}") from error
        except (TypeError, ValueError, AttributeError) as error:
            raise LeNetError(f"this is no recorded table: {reason_of(error)}") from error

    def _estimates(self) -> Iterator[tuple[Column, Estimate]]:
        for row in self.rows:
            for column, cell in zip(self.columns, row, strict=True):
                if isinstance(cell, Estimate):
                    yield column, cell


def _plain(estimate: Estimate) -> dict[str, Any]:
    return {key: value for key, value in asdict(estimate).items() if key != "lost" or value}


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _places(wanted: Sequence[str], names: list[str], what: str) -> list[int]:
    """Where the names, numbers or ranges of numbers are among `names`; all places where none is wanted."""
    places: list[int] = []
    for one in wanted:
        first, dash, last = one.partition("-")
        if one in names:
            places += [place for place, name in enumerate(names) if name == one]
        elif first.isdecimal() and (last or first).isdecimal() and 1 <= int(first) <= int(last or first) <= len(names):
            places += range(int(first) - 1, int(last or first))
        else:
            near = " or ".join(map(repr, get_close_matches(one, names, 3, 0.3) or names[:3]))
            raise LeNetError(f"the table has no {what} {one!r}: name {near}, or a number from 1 to {len(names)}")
    return list(dict.fromkeys(places)) if wanted else list(range(len(names)))
