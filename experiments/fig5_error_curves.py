"""Figure 5: test and training error of LeNet-5 as a function of the number of passes (section III-B)."""

from pathlib import Path

from experiments.machinery.declaration import ANY, Experiment, Plan, Record, Variant
from experiments.machinery.main import main
from experiments.machinery.setting import Setting
from lenet1998.pictures.plotting import error_curves
from lenet1998.reference import comparable, figure_5
from lenet1998.report.estimates import estimate
from lenet1998.report.table import Column, Table


def plan(setting: Setting) -> Plan:
    return (yield setting.runs(setting.recipe))


def tables(record: Record) -> list[Table]:
    """Errors by pass, means over seeds, beside those of Figure 5 where they may be compared."""
    runs = record["runs"]
    paper = {int(point["pass"]): point for point in figure_5()} if all(map(comparable, runs)) else {}
    columns = [Column("pass", digits=0), Column("training error", "%"), Column("test error", "%")]
    columns += [Column("1998: training", "%"), Column("1998: test", "%")] if paper else []
    rows = []
    for passes in zip(*(run["passes"] for run in runs), strict=False):
        number = passes[0]["pass"]
        ours = [estimate([each[f"{what}_error_percent"] for each in passes]) for what in ("train", "test")]
        point = paper.get(number)
        theirs = [point["train_error_on_the_fly_percent"], point["test_error_percent"]] if point else [None, None]
        rows.append([number, *ours, *(theirs if paper else [])])
    caption = f"Errors by pass: {runs[0]['recipe']['name']}, {len(runs)} seeds"
    notes = ["Training errors are counted on the fly."]
    notes += ["1998: read off Figure 5, to 0.03 point; the text of section III-B ends at 0.95%."] if paper else []
    return [Table(record["experiment"], caption, columns, rows, notes)]


def figures(record: Record, stem: Path) -> list[Path]:
    return error_curves(record["runs"], stem)


CAPTION = (
    "Test error and training error, counted on the fly, after each pass through the training set: means over seeds "
    "with 95% intervals. The 1998 curves are digitised from Figure 5, to 0.03 point."
)
EXPERIMENT = Experiment(
    name="fig5_error_curves",
    title="Error by pass",
    paper="Figure 5, section III-B",
    question="How do LeNet-5's errors fall from pass to pass?",
    answer="After 20 passes the test error is {fig5_error_curves; 20; test error}; Figure 5 ends at "
    "{fig5_error_curves; 20; 1998: test}. The training error ends at {fig5_error_curves; 20; training error}, below "
    "the {fig5_error_curves; 20; 1998: training} of Figure 5.",
    shown={ANY: "1-5; 8; 10; 12; 15; 20"},
    description="Another recipe than `default`, or a chosen engine, is recorded under its own name, such as "
    "fig5_error_curves_printed.",
    caption=CAPTION,
    chapter="Figures of the paper",
    place=5,
    plan=plan,
    tables=tables,
    figures=figures,
    seeds=10,
    recipe=True,
    compared=True,
    variants=(
        Variant(
            "fig5_error_curves_numpy",
            "--seeds 1 --engine numpy",
            "Error by pass, with the NumPy engine",
            "The same with the reference engine in place of the compiled one.",
            "With the reference engine one seed ends at a test error of {fig5_error_curves_numpy; 20; test error}.",
        ),
        Variant(
            "fig5_error_curves_printed",
            "--seeds 1 --recipe printed",
            "Error by pass, the text taken literally",
            "The same with the recipe `printed`: equation 7's penalty as printed, and a start as appendix A has it.",
            "The network hardly learns: after 20 passes it errs on {fig5_error_curves_printed; 20; test error} of the "
            "test digits.",
        ),
        Variant(
            "fig5_error_curves_j=0.5",
            "--set j=0.5",
            "Error by pass, the rubbish class larger",
            "The same with j = 0.5 in equation 9, with which the training error ends nearer to the paper's.",
            "The training error ends at {fig5_error_curves_j=0.5; 20; training error}, nearer to the "
            "{fig5_error_curves_j=0.5; 20; 1998: training} of Figure 5, and the test error at "
            "{fig5_error_curves_j=0.5; 20; test error}.",
        ),
    ),
)

if __name__ == "__main__":
    main(EXPERIMENT)
