"""A recorded run is repeated to the last bit, and where it is not, the first pass that differs is named, and why."""

import json

import numpy as np
import pytest

from lenet1998.commands.main import main
from lenet1998.data import load
from lenet1998.errors import CheckpointError
from lenet1998.parameters import digest
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.check import sealed
from lenet1998.running.run import CHECKPOINT, HISTORY, run
from lenet1998.training import DIGEST

SMALL = Recipe(network="lenet1", codes="one_of_n", hessian_patterns=50)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """Three passes of a small network on the embedded digits, by the NumPy engine, in its directory."""
    out = tmp_path_factory.mktemp("recorded") / "run"
    run(out, SMALL, load("synthetic", train_size=80, test_size=40), seed=2, passes=3, engine="numpy")
    return out


def changed(recorded, tmp_path, change):
    """A copy of the record, changed."""
    history = json.loads((recorded / HISTORY).read_text())
    change(history)
    path = tmp_path / "changed.json"
    path.write_text(json.dumps(history))
    return str(path)


def check(capsys, *arguments: object) -> tuple[int, str, str]:
    code = main(["check", "--quiet", *map(str, arguments)])
    said = capsys.readouterr()
    return code, said.out, said.err


def test_the_record_has_a_digest_of_the_parameters_after_every_pass(recorded):
    saved = checkpoints.load(recorded / CHECKPOINT)
    passes = json.loads((recorded / HISTORY).read_text())["passes"]
    assert passes == saved.history["passes"]
    assert len({record[DIGEST] for record in passes}) == 3 and all(len(record[DIGEST]) == 64 for record in passes)
    assert passes[-1][DIGEST] == digest(saved.values) == saved.network().parameters.digest()


def test_a_digest_sees_the_last_bit():
    one = np.linspace(-1, 1, 100, dtype=np.float32)
    other = one.copy()
    other[50] = np.nextafter(other[50], np.float32(2))
    assert digest(one) != digest(other)
    assert digest(one) == digest(one.astype(">f4")), "whatever the order of bytes in memory"


def test_parameters_that_are_not_those_of_the_history_are_refused(recorded, tmp_path):
    saved = checkpoints.load(recorded / CHECKPOINT)
    saved.values[7] += np.float32(1e-6)
    checkpoints.save(tmp_path / CHECKPOINT, saved)
    with pytest.raises(CheckpointError, match="not those that its history names"):
        checkpoints.load(tmp_path / CHECKPOINT)


@pytest.mark.parametrize("name", ["", HISTORY, CHECKPOINT])
def test_a_run_is_repeated(recorded, capsys, name):
    code, out, err = check(capsys, recorded / name)
    said, compared = out.splitlines()
    assert (code, err) == (0, "") and compared.startswith("compared: ") and "not compared: commit, seconds" in compared
    assert said == "seed 2, 3 passes of the 20 that its schedule has: the same parameters, bit for bit, as recorded"


def test_only_its_first_passes(recorded, capsys):
    code, out, _ = check(capsys, recorded, "--passes", 1)
    assert code == 0 and out.startswith("seed 2, 1 pass of the 20 that its schedule has: the same parameters")


@pytest.mark.parametrize(
    "change",
    [
        lambda history: history.update(commit="0" * 40),
        lambda history: history["passes"][1].update(seconds=1e6),
        lambda history: history["machine"].update(host="another"),
        lambda history: history["passes"].pop(),
    ],
)
def test_what_was_not_looked_at_is_said_of_one_run_too(recorded, tmp_path, capsys, change):
    for more in ((), ("--with", recorded)):
        code, out, err = check(capsys, changed(recorded, tmp_path, change), *more)
        count = len(json.loads((tmp_path / "changed.json").read_text())["passes"])
        assert (code, err) == (0, "") and f"{count} passes of the 20 that its schedule has" in out
        assert "not compared: commit, seconds and whatever else" in out


def test_a_record_of_the_whole_schedule_is_not_said_to_lack_passes(recorded, tmp_path, capsys):
    whole = changed(recorded, tmp_path, lambda history: history["recipe"].update(schedule=[[2, 5e-4], [1, 2e-4]]))
    assert check(capsys, whole)[1].startswith("seed 2, 3 passes: the same parameters")


def test_the_first_pass_that_differs_is_named(recorded, tmp_path, capsys):
    def other_end(history):
        history["passes"][1][DIGEST] = 64 * "0"
        history["passes"][2][DIGEST] = 64 * "1"

    code, out, err = check(capsys, changed(recorded, tmp_path, other_end))
    assert code == 1 and out == "" and len(err.splitlines()) == 1
    assert f"pass 2 is not the recorded one: {DIGEST}" in err and "(recorded: 000000000000)" in err
    assert "versions, data, recipe and architecture are those of the record" in err and "BLAS" in err


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda h: h["versions"].update(numpy="1.0"), "(recorded: 1.0)"),
        (lambda h: h["versions"].update(numba="0.1"), "(recorded: 0.1)"),
        (lambda h: h["data"]["digests"].update(train="0"), "the data"),
        (lambda h: h["machine"].update(architecture="vax"), "(recorded: vax)"),
    ],
)
def test_what_differs_around_it_is_said(recorded, tmp_path, capsys, change, said):
    code, out, err = check(capsys, changed(recorded, tmp_path, change))
    assert code == 0 and "bit for bit" in out, "other surroundings need not change the bits"
    assert err.startswith("not as recorded: ") and said in err

    def both(history):
        change(history)
        history["passes"][0]["train_loss"] += 1e-9

    code, out, err = check(capsys, changed(recorded, tmp_path, both))
    assert code == 1 and "pass 1" in err and "what else differs" in err and said in err.splitlines()[-1]


def test_two_runs_side_by_side(recorded, tmp_path, capsys):
    data = load("synthetic", train_size=80, test_size=40)
    run(tmp_path / "again", SMALL, data, seed=2, passes=2, engine="numpy")
    run(tmp_path / "other", Recipe(**{**SMALL.as_dict(), "mu": 0.03}), data, seed=2, passes=2, engine="numpy")
    code, out, _ = check(capsys, recorded, "--with", tmp_path / "again")
    same = "seed 2, 2 passes of the 20 that its schedule has: the same parameters, bit for bit, as recorded"
    assert code == 0 and out.splitlines()[0] == same
    code, _, err = check(capsys, recorded, "--with", tmp_path / "other")
    assert code == 1 and "pass 1" in err and "mu=0.03 (recorded: 0.02)" in err


def test_of_several_runs_one_is_chosen(recorded, tmp_path, capsys):
    history = json.loads((recorded / HISTORY).read_text())
    path = tmp_path / "results.json"
    path.write_text(json.dumps({"experiment": "some", "runs": [{**history, "seed": 1}, history]}))
    assert check(capsys, path, "--seed", 2)[0] == 0
    assert check(capsys, path)[0] == 1, "seed 1 has other weights"
    assert check(capsys, path, "--with", recorded)[0] == 0, "the run of the same seed"
    code, _, err = check(capsys, path, "--seed", 9)
    assert code == 2 and "no run of seed 9: choose 1 or 2" in err
    code, _, err = check(capsys, path, "--recipe", "none")
    assert code == 2 and "no run of recipe none" in err


def test_a_record_from_before_digests(recorded, tmp_path, capsys):
    def older(history):
        for record in history["passes"]:
            del record[DIGEST]

    code, out, _ = check(capsys, changed(recorded, tmp_path, older))
    assert code == 0 and "the same errors and losses" in out and "no digests" in out


def test_a_difference_in_the_last_digits_is_seen_in_what_is_said(recorded, tmp_path, capsys):
    def other(history):
        record = history["passes"][0]
        del record[DIGEST]
        record["train_loss"] *= 1 + 1e-12

    code, _, err = check(capsys, changed(recorded, tmp_path, other))
    ours, theirs = err.split("train_loss ")[1].split(");")[0].split(" (recorded: ")
    assert code == 1 and ours != theirs


def test_a_record_with_some_digests(recorded, tmp_path, capsys):
    """Of one pass they speak for all before it; results that are kept short name the first and the last."""

    def without(number):
        def older(history):
            del history["passes"][number - 1][DIGEST]

        return older

    for number, says in ((1, "the same parameters, bit for bit"), (3, "digests of parameters to pass 2 only")):
        code, out, _ = check(capsys, changed(recorded, tmp_path, without(number)))
        assert code == 0 and says in out


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"runs": []}', '{"runs": [1]}', '{"recipe": {"x": 1}, "passes": [{}]}']
)
def test_what_is_no_record_is_refused_in_one_line(tmp_path, capsys, content):
    path = tmp_path / "history.json"
    path.write_text(content)
    code, out, err = check(capsys, path)
    assert code == 2 and out == "" and len(err.splitlines()) == 1 and "record" in err


def test_data_of_one_s_own_cannot_be_found_again(recorded, tmp_path, capsys):
    code, _, err = check(capsys, changed(recorded, tmp_path, lambda history: history["data"].update(name="mine")))
    assert code == 2 and "'mine'" in err and len(err.splitlines()) == 1
    assert check(capsys, tmp_path / "nowhere")[0] == 2


def test_a_validation_run_is_found_again(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("lenet1998.data.SYNTHETIC_TRAIN", 150)
    monkeypatch.setattr("lenet1998.data.SYNTHETIC_TEST", 50)
    held = load("synthetic").held_out(30, 60)
    run(tmp_path / "held", SMALL, held, seed=1, passes=1, engine="numpy")
    assert check(capsys, tmp_path / "held")[0] == 0


@pytest.fixture(scope="module")
def two_seeds(tmp_path_factory):
    """What an experiment keeps of two runs."""
    place, digits = tmp_path_factory.mktemp("two"), load("synthetic", train_size=40, test_size=10)
    runs = [run(place / str(seed), SMALL, digits, seed=seed, passes=1, engine="numpy") for seed in (1, 2)]
    return json.loads(json.dumps({"experiment": "two", "runs": runs}))


def test_what_was_looked_at_is_said_and_all_can_be(two_seeds, tmp_path, capsys):
    path = tmp_path / "two.json"
    path.write_text(json.dumps(two_seeds))
    code, out, _ = check(capsys, path)
    assert code == 0 and "seed 1, 1 pass" in out and "looked at: 1 of 2 runs (--all repeats each)" in out
    code, out, _ = check(capsys, path, "--all")
    assert code == 0 and "seed 2, 1 pass" in out and "looked at: all 2 runs" in out
    damaged = json.loads(json.dumps(two_seeds))
    damaged["runs"][1]["passes"][0][DIGEST] = "0" * 64
    path.write_text(json.dumps(damaged))
    assert check(capsys, path)[0] == 0, "seed 1 is as recorded"
    assert check(capsys, path, "--all")[0] == 1


@pytest.mark.parametrize("what", ["commit", "seconds", "passes", "digest"])
def test_a_record_that_was_edited_is_not_as_it_was_written(two_seeds, tmp_path, capsys, what):
    """Whatever is printed from it, and whether or not a run repeats it."""
    record = sealed(json.loads(json.dumps(two_seeds)))
    path = tmp_path / "two.json"
    path.write_text(json.dumps(record))
    assert check(capsys, path)[0] == 0
    last = record["runs"][1]
    if what == "commit":
        last["commit"] = "0" * 40
    elif what == "seconds":
        last["passes"][0]["seconds"] += 1
    elif what == "passes":
        record["runs"].pop()
    else:
        del last["passes"][0][DIGEST]
    path.write_text(json.dumps(record))
    code, _, said = check(capsys, path)
    assert code == 1 and "not as it was written" in said


def test_a_processor_without_fused_multiply_add_is_named(recorded, tmp_path, capsys, monkeypatch):
    def other_end(history):
        history["passes"][0]["train_loss"] += 1e-9
        history["engine"] = "numba"

    monkeypatch.setattr("lenet1998.running.check.same_bits_here", lambda: False)
    code, _, err = check(capsys, changed(recorded, tmp_path, other_end), "--with", recorded)
    assert code == 1 and "no fused multiply-add" in err.splitlines()[-1]
