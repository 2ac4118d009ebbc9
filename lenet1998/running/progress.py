"""What a person reads in the terminal: progress, and the table at the end of a run."""

from __future__ import annotations

import logging
import sys

from tqdm import tqdm

from lenet1998.reference import figure_5


def announce(quiet: bool = False) -> None:
    """Print what the package logs, such as that kernels are being compiled, as plain lines on standard error."""
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.getLogger("lenet1998").setLevel(logging.WARNING if quiet else logging.INFO)


class Console:
    """Shows a run's progress: a bar on a terminal, a line after each pass elsewhere, nothing when quiet.

    Its `progress` and `passed` are what `lenet1998.running.run.run` calls. With `rows` a terminal gets the table of the
    run above the bar, a row as each pass ends; `shown` counts them.
    """

    def __init__(self, passes: int, patterns: int, quiet: bool, label: str = "training", rows: Rows | None = None):
        self.patterns, self.label, self.rows = patterns, label, rows
        self.number = self.shown = 0
        self.lines = not quiet and not sys.stderr.isatty()
        self.bar = tqdm(
            total=passes * patterns,
            unit=" patterns",
            unit_scale=True,
            dynamic_ncols=True,
            desc=label,
            disable=quiet or self.lines,
        )

    def progress(self, number: int, done: int, errors: int) -> None:
        """After a stretch of patterns: pass, patterns learned in it, errors among them."""
        total = (number - 1) * self.patterns + done
        if self.number == 0 and number > 1:
            self.bar.initial = self.bar.n = (number - 1) * self.patterns  # a resumed run: count speed from here
        self.number = number
        self.bar.set_postfix_str(f"pass {number}, error {100 * errors / done:.2f}%", refresh=False)
        self.bar.update(total - self.bar.n)

    def passed(self, record: dict) -> None:
        """After a pass."""
        if self.rows and not self.bar.disable:
            self.bar.write("\n".join([*([] if self.shown else [self.rows.heading]), self.rows.row(record)]))
            self.shown += 1
        if self.lines:
            print(
                f"{self.label}: pass {record['pass']}: training error {record['train_error_percent']:.2f}%, "
                f"test error {record['test_error_percent']:.2f}% ({record['seconds']:.0f} s)",
                file=sys.stderr,
                flush=True,
            )

    def close(self) -> None:
        self.bar.close()


class Rows:
    """The table of a run: pass, training error on the fly, test error; with `beside`, those of Figure 5 of the paper.

    >>> print(Rows(beside=True).heading)
    1998: read off Figure 5, to 0.03 point; the text of section III-B ends at 0.95%
    pass  training error (%)  test error (%)   1998: training    test
    """

    def __init__(self, beside: bool):
        self.paper = {int(point["pass"]): point for point in figure_5()} if beside else {}
        note = "1998: read off Figure 5, to 0.03 point; the text of section III-B ends at 0.95%\n" if beside else ""
        self.heading = (
            note + "pass  training error (%)  test error (%)" + ("   1998: training    test" if beside else "")
        )

    def row(self, record: dict) -> str:
        line = f"{record['pass']:4d}  {record['train_error_percent']:18.2f}  {record['test_error_percent']:14.2f}"
        if point := self.paper.get(record["pass"]):
            line += f"   {point['train_error_on_the_fly_percent']:14.2f}  {point['test_error_percent']:6.2f}"
        return line

    def table(self, history: dict) -> str:
        return "\n".join([self.heading, *map(self.row, history["passes"])])


def layer_table(rows: list[dict], c3_table: list[list[int]]) -> str:
    """Section II-B's table of layers with its totals, and Table I."""
    line = "{:<7}{:>5} {:>8}  {:>10}  {:>11}  {:>19}".format
    lines = [line("layer", "maps", "size", "parameters", "connections", "multiply-accumulates")]
    for row in rows:
        size = "x".join(str(side) for side in row["size"])
        lines.append(line(row["name"], row["maps"], size, *(f"{row[key]:,}" for key in _COUNTS)))
    lines.append(line("total", "", "", *(f"{sum(row[key] for row in rows):,}" for key in _COUNTS)))
    lines += [
        "",
        "The journal prints 345,308 connections in total and 156,000 in C3: that counts one bias for each of C3's 60",
        "kernels. Each of its 1,600 units has one bias, which gives 151,600 and 340,908, as in the authors' preprint.",
        "",
        "Table I: the S2 maps (rows) that feed each C3 map (columns)",
        "    " + " ".join(f"{column:2d}" for column in range(len(c3_table))),
    ]
    for below in range(6):
        lines.append(f"{below:2d}  " + " ".join(" X" if below in inputs else " ." for inputs in c3_table))
    return "\n".join(lines)


_COUNTS = ("parameters", "connections", "macs")
