"""The test error with 1, 2, 4 and 8 times the feature maps of C1 and C3 (section II-B)."""

from pathlib import Path

import numpy as np

from experiments.machinery.declaration import Experiment, Plan, Record
from experiments.machinery.main import main
from experiments.machinery.record import curves, named
from experiments.machinery.setting import Setting
from lenet1998.connections import TABLE_I, drawn
from lenet1998.pictures.plotting import LOOKS, band, panels, save, style
from lenet1998.recipe import Recipe
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Table

TIMES, AFTER = (1, 2, 4, 8), (5, 10, 20)
# Table I repeated: each map of C3 sees the same share of C1's maps, of which there are as many as the table has rows.
RECIPES = [Recipe(name=f"{times} times the maps", c3=drawn(np.tile(TABLE_I, (times, times)))) for times in TIMES]


def plan(setting: Setting) -> Plan:
    return (yield setting.every(RECIPES))


def errors(record: Record) -> dict[str, np.ndarray]:
    return {each.name: curves(named(record["runs"], each.name), "test_error_percent") for each in RECIPES}


def tables(record: Record) -> list[Table]:
    made = len(record["runs"][0]["passes"])
    shown = [number for number in AFTER if number <= made] or [made]
    columns = [Column("C1 and C3", kind="text"), *(Column(f"pass {number}", "%") for number in shown)]
    rows = [[name, *(estimate(every[:, number - 1]) for number in shown)] for name, every in errors(record).items()]
    return [Table("more_maps", "Test error by feature maps in C1 and C3", columns, rows)]


def figures(record: Record, stem: Path) -> list[Path]:
    with style():
        figure, (axes,) = panels(1, (5, 3.4))
        for (name, every), look in zip(errors(record).items(), LOOKS, strict=False):
            band(axes, np.arange(1, 1 + every.shape[1]), every, name, look)
        axes.set(xlabel="pass", ylabel="test error (%)", title="Feature maps in C1 and C3")
        axes.legend()
        return save(figure, stem)


QUESTION = "Does LeNet-5 err less with more feature maps in C1 and C3?"
CAPTION = "Test error by pass with more feature maps in C1 and C3: means over seeds with their intervals."
EXPERIMENT = Experiment("more_maps", "More feature maps", QUESTION, "What the paper leaves open", plan, "section II-B",
                        caption=CAPTION, tables=tables, figures=figures)  # fmt: skip

if __name__ == "__main__":
    main(EXPERIMENT)
