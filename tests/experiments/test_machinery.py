"""The machinery of experiments: one store of runs, one queue, plans that go on, options from declarations."""

import json
from contextvars import copy_context
from dataclasses import replace
from pathlib import Path

import pytest

from experiments import single_runs
from experiments.machinery import record as records
from experiments.machinery import store as stores
from experiments.machinery.agenda import Agenda
from experiments.machinery.declaration import CHAPTERS, Claim, Experiment
from experiments.machinery.main import Asked
from experiments.machinery.options import find_data, name_of, parse, parser_of
from experiments.machinery.page import write_page
from experiments.machinery.record import RESULTS
from experiments.machinery.setting import Setting
from experiments.machinery.store import Store, refuse_others
from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.pictures import chosen_look
from lenet1998.recipe import Recipe
from lenet1998.report.table import Column, Estimate, Table
from lenet1998.running.run import run
from lenet1998.running.work import DataChoice, Failure, Task

FEW = DataChoice("synthetic", train_size=20, test_size=10)
SMALL = Recipe(hessian_patterns=5)
WILD = replace(SMALL, name="wild", schedule=((1, 1e38),))  # steps that overflow


def task(store: Store, recipe: Recipe = SMALL, seed: int = 1, data: DataChoice = FEW, **options) -> Task:
    return store.task(recipe, seed, data, passes=options.pop("passes", 1), engine="numpy", **options)


def test_a_run_is_what_its_digests_depend_on(tmp_path):
    store = Store(tmp_path)
    one = task(store)
    assert task(store, replace(SMALL, name="called otherwise")).out == one.out
    assert task(store, passes=7).out == one.out, "a run holds all shorter ones"
    others = [
        task(store, replace(SMALL, mu=0.03)),
        task(store, seed=2),
        task(store, data=replace(FEW, train_size=21)),
        task(store, data=replace(FEW, test_size=11)),
        task(store, data=DataChoice("synthetic", train_size=20, validation=10)),
        task(store, watch=watch),
        task(store, keep_best=True),
        store.task(SMALL, 1, FEW, engine="numba"),
    ]
    assert len({each.out for each in (one, *others)}) == 9


def watch(network) -> dict[str, float]:
    return {"parameters": float(len(network.parameters))}


def test_runs_in_directories_of_experiments_are_found(tmp_path):
    """As versions before the store left them."""
    earlier = tmp_path / "fig5_error_curves" / "seed1"
    run(earlier, replace(SMALL, name="earlier"), FEW.load(), passes=1, engine="numpy")
    (tmp_path / "fig5_error_curves" / "seed2").mkdir()
    (tmp_path / "fig5_error_curves" / "seed2" / "history.json").write_text("damaged")
    assert task(Store(tmp_path)).out == earlier
    assert task(Store(tmp_path), seed=2).out.parent == tmp_path
    history = task(Store(tmp_path)).perform()
    assert history["recipe"]["name"] == "default", "whoever asks has it under his own name"


def test_what_other_code_made_is_taken_only_where_that_is_asked_for(tmp_path, monkeypatch):
    one = task(Store(tmp_path))
    made = one.perform()
    monkeypatch.setattr(stores, "commit", lambda: made["commit"] and "0" * 40)
    with pytest.raises(CheckpointError, match="--resume"):
        refuse_others([one], ())
    refuse_others([one], {one.out})
    path = one.out / "history.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"commit": "0" * 40}))
    monkeypatch.setattr(stores, "commit", lambda: "0" * 40)
    refuse_others([one], ())
    path.write_text(json.dumps(json.loads(path.read_text()) | {"commit": "0" * 40 + "+"}))
    monkeypatch.setattr(stores, "commit", lambda: "0" * 40 + "+")
    with pytest.raises(CheckpointError, match="already holds a run"):
        refuse_others([one], ())


def test_a_plan_goes_on_with_what_it_learned_and_shares_what_it_needs(tmp_path, monkeypatch):
    store, made = Store(tmp_path), []
    perform = Task.perform
    monkeypatch.setattr(Task, "perform", lambda self, *shown: made.append(self.out) or perform(self, *shown))

    def searching():
        tried = yield [task(store, replace(SMALL, name=f"mu {mu}", mu=mu)) for mu in (0.02, 0.05)]
        best = min(tried, key=lambda one: one["passes"][-1]["train_error_percent"])
        again = yield [task(store, Recipe.from_dict(best["recipe"]), seed) for seed in (1, 2)]
        return {"runs": again, "tried": len(tried)}

    def other():
        return (yield [task(store, replace(SMALL, name="shared", mu=0.02)), task(store, passes=2)])

    ends = Agenda({"a": searching(), "b": other()}).carry_out(resume=False, quiet=True)
    assert ends["a"]["tried"] == 2 and [one["seed"] for one in ends["a"]["runs"]] == [1, 2]
    assert [one["recipe"]["name"] for one in ends["b"]] == ["shared", "default"]
    assert [len(one["passes"]) for one in ends["b"]] == [1, 2]
    assert len(made) == 4, "two of the search, one more seed, and one more pass of what both need"


def test_divergence_is_a_result_for_a_plan_that_says_so_and_an_end_for_others(tmp_path):
    store = Store(tmp_path)

    def plan():
        return {"outcomes": (yield [task(store, WILD), task(store)])}

    def fails_otherwise():
        yield [replace(task(store, WILD, seed=2), data=DataChoice(str(tmp_path / "nowhere")))]

    plans = {"takes": plan(), "does not": plan(), "takes, and fails": fails_otherwise()}
    ends = Agenda(plans, divergence=["takes", "takes, and fails"]).carry_out(resume=True, quiet=True)
    assert isinstance(ends["takes, and fails"], LeNetError)
    lost, done = ends["takes"]["outcomes"]
    assert isinstance(lost, Failure) and lost.diverged and done["seed"] == 1
    assert isinstance(ends["does not"], LeNetError) and "1 of 2 runs failed" in str(ends["does not"])


def plain(**more) -> Experiment:
    def plan(setting: Setting):
        return (yield setting.runs(SMALL))

    return Experiment(**{"name": "plain", "title": "A plain one", "question": "Is it plain?", "chapter": CHAPTERS[0],
                         "plan": plan} | more)  # fmt: skip


def test_only_what_an_experiment_honours_is_offered(capsys):
    parse(plain(recipe=True), ["--seeds", "2", "--loss", "mle", "--passes", "3", "--engine", "numpy"])
    for option in (["--seeds", "2"], ["--passes", "3"], ["--engine", "numpy"], ["--loss", "mle"], ["--only", "a"]):
        with pytest.raises(SystemExit):
            parse(plain(seeds=None, passes=None), option)
        assert "unrecognized arguments" in capsys.readouterr().err


def test_only_the_full_experiment_goes_where_results_are_kept():
    one = plain(recipe=True)
    trial = parse(one, ["--data", "synthetic", "--quick"])
    find_data(one, trial)
    assert trial.resume and (trial.train_size, trial.test_size, trial.seeds, trial.passes) == (300, 200, 2, 2)
    assert trial.out.parts[:2] == ("runs", "trial") and trial.runs == trial.out.absolute()
    assert parse(one, ["--plot-only"]).out == RESULTS
    assert name_of(one, parse(one, ["--loss", "mle", "--set", "j=2"])) == "plain_j=2_loss=mle"


def test_a_trial_changes_only_what_has_its_default():
    one = plain(quick={"engine": "numpy"})
    assert parse(one, ["--quick"]).engine == "numpy" and parse(one, []).engine == "auto"
    chosen = parse(one, ["--quick", "--engine", "numba", "--seeds", "1", "--passes", "9"])
    assert (chosen.engine, chosen.seeds, chosen.passes) == ("numba", 1, 2), "numbers are cut down"


def test_a_page_has_question_tables_claims_and_command(tmp_path):
    table = Table(
        "plain", "Errors", [Column("run", kind="text"), Column("error", "%")], [("a", Estimate(1.0, 0.9, 1.2, 5))]
    )
    one = plain(claims=lambda record: [Claim("III-B", "it learns", "it does", "agrees")])
    (tmp_path / "plain.png").touch()
    for folder in (tmp_path, tmp_path / "print"):  # a figure for print leaves the recorded one on the page
        (path,) = write_page(one, "plain", {"experiment": "plain"}, [table], [folder / "plain.png"], tmp_path)
        assert "![A plain one](plain.png)" in path.read_text()
    text = path.read_text()
    for part in ("# A plain one", "Is it plain?", "1.00 (0.90 to 1.20)", "it learns"):
        assert part in text
    kept = json.loads((tmp_path / "tables" / "plain.json").read_text())
    assert [Table.from_dict(each).name for each in kept] == ["plain", "plain_claims"]


def test_arguments_and_name_belong_together(tmp_path):
    asked = Asked.of(plain(recipe=True), ["--loss", "mle", "--out", str(tmp_path)])
    assert asked.path == Path(tmp_path, "plain_loss=mle.json")


def test_an_experiments_options_change_how_figures_look_only_where_they_are_given(tmp_path):
    def seen(*options: str) -> Path | None:
        parser_of(single_runs.EXPERIMENT).parse_args(options)
        return chosen_look().folder

    assert copy_context().run(seen) is None
    assert copy_context().run(seen, "--width", "3.4") == Path("figures")
    assert copy_context().run(seen, "--no-title", "--figures", str(tmp_path)) == tmp_path


@pytest.mark.parametrize("rows", [False, True])
def test_an_edited_record_is_not_read(tmp_path, rows):
    path = tmp_path / "some" / "row.json" if rows else tmp_path / "some.json"
    records.write_rows(path.parent, {"row": {"error": 1.5}}) if rows else records.write(
        path, {"runs": [{"error": 1.5}]}
    )
    assert records.read(tmp_path / "some.json")
    path.write_text(path.read_text().replace("1.5", "1.4"))
    with pytest.raises(LeNetError, match="not as it was written"):
        records.read(tmp_path / "some.json")
