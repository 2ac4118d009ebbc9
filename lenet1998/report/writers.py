"""A table as Markdown, CSV and HTML; as LaTeX it is written by `lenet1998.report.latex`."""

from collections.abc import Iterator
from html import escape

from lenet1998.files import as_csv
from lenet1998.report import marks
from lenet1998.report.table import Cell, Column, Estimate, Table

_WIDE, _LONG = 9, 12  # columns and rows; a table that has more is printed across the page, and broken between pages


def markdown(table: Table) -> str:
    """The table below its caption and its notes, which say what the columns are.

    >>> print(markdown(Table("e", "Errors", [Column("run", kind="text"), Column("error", "%")], [("a", 0.95)])))
    Errors:
    <BLANKLINE>
    | run | error (%) |
    | --- | ---: |
    | a | 0.95 |
    """

    def cell(column: Column, value: Cell) -> str:
        text = " ".join(column.shown(value).split())
        return (marks.markdown_code(text) if column.kind == "code" and text else marks.markdown(text)).replace(
            "|", r"\|"
        )

    head = [marks.markdown(column.heading).replace("|", r"\|") for column in table.columns]
    lines = [head, ["---" if column.is_text else "---:" for column in table.columns]]
    lines += [[cell(*pair) for pair in zip(table.columns, row, strict=True)] for row in table.rows]
    above = [f"{marks.markdown(table.caption)}:", *map(marks.markdown, table.explained)]
    return "\n\n".join([*above, "\n".join(f"| {' | '.join(line)} |" for line in lines)])


def csv(table: Table) -> str:
    """Head and rows; caption and notes are not in it. A column of estimates becomes four: mean, low, high and n.

    >>> print(csv(Table("e", "", [Column("run", kind="text"), Column("error")], [("=a", Estimate(1.0, 0.9, 1.1, 3))])))
    run,error mean,error low,error high,error n
    '=a,1.0,0.9,1.1,3
    """
    estimated = [any(isinstance(row[place], Estimate) for row in table.rows) for place in range(len(table.columns))]
    head: list[str] = []
    for column, several in zip(table.columns, estimated, strict=True):
        head += [f"{column.heading} {part}" for part in ("mean", "low", "high", "n")] if several else [column.heading]
    rows = [[cell for fields in map(_fields, table.columns, row, estimated) for cell in fields] for row in table.rows]
    return as_csv([head, *rows]).rstrip("\n")


def _fields(column: Column, value: Cell, several: bool) -> Iterator[object]:
    """The fields of one cell: one, or four where the column has estimates."""
    if isinstance(value, Estimate):
        yield from (value.mean, value.low, value.high, value.n)
        return
    if isinstance(value, str):
        value = value if column.kind == "code" else marks.plain(value)
    yield value
    yield from [None] * 3 * several


def html(table: Table) -> str:
    """The table as a figure of a page, with its caption above and its notes below."""
    head = "".join(f'<th scope="col">{marks.html(column.heading)}</th>' for column in table.columns)
    rows = [
        "<tr>" + "".join(_html(*pair) for pair in zip(table.columns, row, strict=True)) + "</tr>" for row in table.rows
    ]
    kinds = "table" + " wide" * (len(table.columns) > _WIDE) + " long" * (len(rows) > _LONG)
    notes = "".join(f'\n<p class="note">{marks.html(note)}</p>' for note in table.explained)
    return (
        f'<figure class="{kinds}"><figcaption>{marks.html(table.caption)}</figcaption>\n'
        f'<div role="region" tabindex="0" aria-label="{escape(marks.plain(table.caption))}"><table>\n'
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + f"\n</tbody></table></div>{notes}</figure>"
    )


def _html(column: Column, value: Cell) -> str:
    text = column.shown(value)
    if column.kind == "code":
        return f"<td><code>{escape(text)}</code></td>" if text else "<td></td>"
    return f"<td>{marks.html(text)}</td>" if column.is_text else f'<td class="number">{escape(text)}</td>'
