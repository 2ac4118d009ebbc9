"""Figures: drawn from histories alone, over the paper's only where that is allowed."""

from pathlib import Path

import pytest
from matplotlib import cbook
from matplotlib.figure import Figure

from experiments import compare, distortion_law, fig5_error_curves, fig6_training_size, sdlm_vs_sgd
from experiments.machinery import options
from experiments.machinery.declaration import CHAPTERS, Experiment, Plan
from experiments.machinery.main import Asked, perform
from experiments.machinery.record import RESULTS
from experiments.machinery.setting import Setting
from experiments.machinery.store import Store
from experiments.speed import experiment as benchmark_speed
from lenet1998.errors import LeNetError
from lenet1998.pictures import plotting
from lenet1998.recipe import Recipe
from lenet1998.reference import comparable, figure_5
from tests.programs import undrawn


def history(name="mnist", train_size=60_000, test_size=10_000, passes=3, seed=1) -> dict:
    records = [
        {"pass": k, "test_error_percent": 3 / k + seed / 10, "train_error_percent": 5 / k, "train_loss": 1 / k}
        for k in range(1, passes + 1)
    ]
    data = {"name": name, "train_size": train_size, "test_size": test_size}
    return {"seed": seed, "engine": "numpy", "data": data, "passes": records}


@pytest.fixture
def drawn(monkeypatch):
    """The figures that are saved, so that a test can look at their lines."""
    figures: list[Figure] = []
    save = plotting.save
    monkeypatch.setattr(plotting, "save", lambda figure, stem: figures.append(figure) or save(figure, stem))
    return figures


@pytest.fixture
def caught(monkeypatch):
    """The figures of the experiments too, which are then not written."""
    figures: list[Figure] = []
    for module in (plotting, benchmark_speed, compare, distortion_law, fig6_training_size, sdlm_vs_sgd):
        monkeypatch.setattr(module, "save", lambda figure, stem: figures.append(figure) or [])
    return figures


def told_apart(axes) -> bool:
    """Whether the curves of a panel differ in line, mark or filling, so that they do on grey paper too."""
    lines = [line for line in axes.lines if not line.get_label().startswith("_")]
    lines += [container[0] for container in axes.containers]
    looks = [(line.get_linestyle(), line.get_marker(), line.get_markerfacecolor() == "white") for line in lines]
    assert len(looks) > 1
    return len(set(looks)) == len(looks)


def test_figure_5_has_its_21_points():
    points = figure_5()
    assert [point["pass"] for point in points] == list(range(1, 22))
    assert points[0]["train_error_on_the_fly_percent"] == 4.89
    assert points[9]["test_error_percent"] == 0.96


def test_figure_5_lies_under_ours_only_where_it_may(drawn, tmp_path):
    for one, allowed in (
        (history(), True),
        (history(name="synthetic", train_size=10_000, test_size=2_000), False),
        (history(name="synthetic"), False),
        (history(train_size=10_000), False),
        (history(test_size=500), False),
    ):
        assert comparable(one) is allowed
        with undrawn():
            plotting.error_curves([one], tmp_path / "curves")
        labels = [line.get_label() for line in drawn[-1].axes[0].lines]
        assert any("1998" in label for label in labels) is allowed
    paths = plotting.error_curves([history()], tmp_path / "curves")
    assert [path.suffix for path in paths] == [".png", ".pdf"]
    assert all(path.stat().st_size > 1000 for path in paths)


def test_several_seeds_are_drawn_as_mean_and_band(drawn, tmp_path):
    plotting.error_curves([history(seed=1), history(seed=3)], tmp_path / "curves")
    (axes,) = drawn[-1].axes
    test = next(line for line in axes.lines if line.get_label() == "ours: test error")
    assert test.get_ydata() == pytest.approx([3.2, 1.7, 1.2])
    assert len(axes.collections) == 2
    assert axes.get_xlabel() == "pass through the training set" and "%" in axes.get_ylabel()


def test_curves_are_told_apart_without_colours(caught, tmp_path):
    assert len({(str(look["linestyle"]), look["marker"]) for look in plotting.LOOKS}) == len(plotting.LOOKS)
    plotting.error_curves([history(seed=1), history(seed=3)], tmp_path / "five")
    sizes = [history(train_size=size, seed=seed) for size in fig6_training_size.SIZES for seed in (1, 2)]
    sizes = [run | {"recipe": {"name": "default"}} for run in sizes]
    sizes += [run | {"recipe": {"name": "d", "distorted_copies": 9}} for run in sizes[-2:]]
    fig6_training_size.draw(sizes, tmp_path / "six")
    names = ["SDLM, 500 patterns", "SDLM, 20 patterns", "SDLM, 5000 patterns", "SGD, rate 0.004"]
    runs = [history(seed=seed) | {"recipe": {"name": name}} for name in names for seed in (1, 2)]
    sdlm_vs_sgd.draw({"runs": runs}, tmp_path / "sdlm")
    widths = [history(seed=seed) | {"recipe": {"name": "width 1"}} for seed in (1, 2)]
    distortion_law.draw({"runs": widths}, tmp_path / "law")
    compare.figures({"runs": [run for run in runs if run["recipe"]["name"] in names[:2]]}, tmp_path / "compare")
    assert len(caught) == 5
    assert all(told_apart(figure.axes[0]) for figure in caught)
    assert len(caught[1].axes[0].lines) >= 6, "three curves of ours and three of the paper"


def test_figures_say_which_figure_of_the_paper_and_in_what_units(caught, tmp_path):
    plotting.error_curves([history() | {"recipe": {"name": "printed"}}], tmp_path / "five")
    sizes = [history(train_size=size) | {"recipe": {"name": "default"}} for size in fig6_training_size.SIZES]
    fig6_training_size.draw(sizes, tmp_path / "six")
    rows = [{"engine": "numpy", "step": 400.0}, {"engine": "numba", "step": 40.0}]
    benchmark_speed.bars({"rows": rows, "matmul_gflops": 92.0}, tmp_path / "b")
    five, six, bars = (figure.axes[0] for figure in caught)
    assert five.get_title(loc="left") == "LeNet-5 on MNIST, recipe printed: seed 1; Figure 5 of the paper"
    runs = [history() | {"seed": seed, "recipe": {"name": "default j=0.5"}} for seed in range(1, 11)]
    plotting.error_curves(runs, tmp_path / "ten")
    title = "LeNet-5 on MNIST, recipe default j=0.5:\nmean of 10 seeds, 95% interval; Figure 5 of the paper"
    assert caught[-1].axes[0].get_title(loc="left") == title, "in two lines where one is too long"
    assert "Figure 6 of the paper" in six.get_title(loc="left")
    assert "(%)" in five.get_ylabel() and "(%)" in six.get_ylabel() and "(thousands of patterns)" in six.get_xlabel()
    assert bars.get_xlabel().endswith("(\N{MICRO SIGN}s)")
    points = [line.get_xdata()[0] for line in bars.lines if line.get_marker() == "o"]
    assert points == [400, 40] and not bars.patches, "a logarithmic axis has no zero at which bars could begin"
    assert [text.get_text() for text in bars.texts] == ["400 \N{MICRO SIGN}s, 20.0x", "40 \N{MICRO SIGN}s, 2.0x"]


def test_the_same_figure_gives_the_same_bytes(tmp_path):
    first = [path.read_bytes() for path in plotting.error_curves([history()], tmp_path / "one")]
    assert first == [path.read_bytes() for path in plotting.error_curves([history()], tmp_path / "two")]
    assert b"CreationDate" not in first[1] and first[1].startswith(b"%PDF")


def test_words_of_a_user_s_are_text_in_a_figure_and_no_formula(caught, tmp_path):
    for name in ("cost $_$", r"a\$b$", "$\\frac$", "caf\udce9", "two\nlines", "\u65e5\u672c"):
        runs = [history() | {"recipe": {"name": name}}, history() | {"recipe": {"name": "other"}}]
        plotting.error_curves(runs[:1], tmp_path / "five")
        compare.figures({"runs": runs}, tmp_path / "compare")
        for figure in caught[-2:]:
            with plotting.style():
                figure.savefig(tmp_path / "drawn.png")  # a formula that is none, or half a character, would raise
        title = caught[-2].axes[0].get_title(loc="left")
        assert not cbook.is_math_text(title) and title.isprintable()
    assert len(caught) == 12


def resolved(monkeypatch, found: str, *given: str, train=60_000, test=10_000) -> tuple[Path, Path]:
    """--out and --runs of a command line that finds such data."""

    class Sized:
        name, path = found, None
        train, test = range(0), range(0)

    Sized.train, Sized.test = range(train), range(test)
    monkeypatch.setattr(options, "chosen_data", lambda _: Sized)
    arguments = options.parse(fig5_error_curves.EXPERIMENT, list(given))
    options.find_data(fig5_error_curves.EXPERIMENT, arguments)
    return arguments.out, arguments.runs


def test_only_the_full_experiment_goes_where_results_are_kept(monkeypatch):
    kept = (RESULTS, Path("runs").absolute())
    assert resolved(monkeypatch, "mnist") == kept
    assert resolved(monkeypatch, "mnist", "--passes", "25") == kept
    trials = {
        resolved(monkeypatch, "mnist", "--quick", train=300, test=200),
        resolved(monkeypatch, "mnist", "--passes", "19"),
        resolved(monkeypatch, "mnist", train=1000),
        resolved(monkeypatch, "mnist", test=1000),
        resolved(monkeypatch, "synthetic", train=10_000, test=2_000),
        resolved(monkeypatch, "synthetic"),
    }
    assert len(trials) == 6, "each its own place"
    assert all(out.absolute() == runs and Path("runs/trial") in out.parents for out, runs in trials)
    given = resolved(monkeypatch, "synthetic", "--out", "here", "--runs", "there")
    assert given == (Path("here"), Path("there").absolute())


def test_complete_results_are_replaced_only_at_the_end(tmp_path):
    def made(*stops: type) -> None:
        def plan(setting: Setting) -> Plan:
            runs = yield setting.runs(Recipe(hessian_patterns=5))
            for stop in stops:
                raise stop("stopped")
            return runs

        some = Experiment(name="some", title="some", question="?", chapter=CHAPTERS[0], plan=plan)
        places = ["--out", str(tmp_path), "--runs", str(tmp_path / "runs")]
        perform([Asked.of(some, ["--data", "synthetic", "--engine", "numpy", "--quick", "--passes", "1", *places])])

    made()
    complete = (tmp_path / "some.json").read_text()
    with pytest.raises(KeyboardInterrupt):
        made(KeyboardInterrupt)
    assert (tmp_path / "some.json").read_text() == complete
    (tmp_path / "some.json").unlink()
    with pytest.raises(LeNetError, match="stopped"):
        made(LeNetError)
    assert not (tmp_path / "some.json").exists()
    made()
    assert (tmp_path / "some.json").exists()


def sgd_run(rate: float, error: float, seed=1) -> dict:
    run = history(seed=seed) | {"recipe": {"name": f"SGD, rate {rate:g}"}}
    run["passes"][-1]["test_error_percent"] = error
    return run


def test_the_best_rate_is_that_of_lowest_error_unless_another_was_repeated(drawn, tmp_path):
    one_seed = [sgd_run(0.0003, 3), sgd_run(0.004, 1.5), sgd_run(0.002, 2)]
    assert sdlm_vs_sgd.best_rate(one_seed) == 0.004
    assert sdlm_vs_sgd.best_rate([*one_seed, sgd_run(0.002, 2, seed=2)]) == 0.002
    assert sdlm_vs_sgd.best_rate([]) is None
    names = [recipe.name for recipe in sdlm_vs_sgd.compared(Recipe(), None)]
    assert names == ["SDLM, 500 patterns", "SDLM, 20 patterns", "SDLM, 5000 patterns"]
    lost = [{"recipe": "SGD, rate 0.016", "seed": 1, "reason": ""}, {"recipe": names[0], "seed": 1, "reason": ""}]
    for runs in (one_seed, []):
        assert sdlm_vs_sgd.draw({"runs": runs, "diverged": lost}, tmp_path / "figure")[0].exists()


def test_figure_6_takes_the_full_set_from_figure_5s_runs_of_the_same_variant(tmp_path):
    given = ["--data", "synthetic", "--quick", "--recipe", "printed", "--set", "mu=0.1", "--engine", "numpy"]

    def asked(one: Experiment) -> list[Path]:
        arguments = options.parse(one, [*given, "--out", str(tmp_path), "--runs", str(tmp_path)])
        name = options.name_of(one, arguments)
        assert name == f"{one.name}_printed_mu=0.1_numpy"
        data = options.find_data(one, arguments)
        return [task.out for task in next(one.plan(Setting(arguments, data, Store(tmp_path), name)))]

    five, six = asked(fig5_error_curves.EXPERIMENT), asked(fig6_training_size.EXPERIMENT)
    assert len(five) == 2 and len(set(six)) == 8 and set(five) < set(six)
