"""The command line as a user meets it: exit codes 0, 2, 3 and 130, one line an error.

It runs in this process, but as a process of its own where the surroundings matter, and wherever it is to be stopped.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
from functools import partial

import matplotlib.image
import numpy as np
import pytest

import lenet1998 as lenet1998_package
from lenet1998.commands import data
from lenet1998.commands import main as cli
from lenet1998.connections import TABLE_I, inputs_of
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.evaluation import ErrorRate
from tests.programs import ended

SMALL = ["--data", "synthetic", "--train-size", "1500", "--test-size", "200", "--passes", "2", "--engine", "numpy"]


def lenet1998(*arguments, **options) -> subprocess.CompletedProcess:
    command = [sys.executable, "-m", "lenet1998", *map(str, arguments)]
    if options:
        return subprocess.run(command, capture_output=True, text=True, timeout=120, **options)
    return ended(lambda: cli.main(command[3:]), *command[2:])


def refused(*arguments, code: int = 2, **options) -> str:
    """The one line of an error; checks exit code and that nothing like a traceback is shown."""
    done = lenet1998(*arguments, **options)
    assert done.returncode == code, done.stderr
    assert "Traceback" not in done.stderr
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("lenet1998")]
    return line


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """A run and what a process of its own said: here the log goes to pytest."""
    place = tmp_path_factory.mktemp("run")
    return place / "trained", lenet1998("train", *SMALL, "--out", place / "trained", cwd=place)


def test_info_json():
    info = json.loads(lenet1998("info", "--json").stdout)
    assert (info["parameters"], info["connections"]) == (60_000, 340_908)
    assert info["c3_table"] == inputs_of(TABLE_I)
    assert [set(layer) for layer in info["layers"]] == [
        {"name", "maps", "size", "parameters", "connections", "macs"}
    ] * 7


def test_info_for_people():
    text = lenet1998("info").stdout
    for figure in ("60,000", "340,908", "345,308", "151,600", "Table I"):
        assert figure in text


@pytest.mark.parametrize("command", [[], ["info"], ["data"], ["data", "fetch"], ["train"], ["evaluate"], ["predict"]])
def test_help(command):
    done = lenet1998(*command, "--help")
    assert done.returncode == 0
    assert "usage: lenet1998" in done.stdout


def test_the_version_is_the_package_s_and_the_citation_s(capsys, prints):
    with pytest.raises(SystemExit) as end:
        cli.main(["--version"])
    assert not end.value.code
    assert capsys.readouterr().out == f"lenet1998 {lenet1998_package.__version__}\n"
    cited = prints("cite").out
    assert re.findall(r"^@(\w+){", cited, re.MULTILINE) == ["software", "misc", "article"]
    assert f"version = {{{lenet1998_package.__version__}}}," in cited
    assert cited.count("{") == cited.count("}")


def test_train_writes_what_it_says(trained):
    out, done = trained
    assert done.returncode == 0, done.stderr
    history = json.loads((out / "history.json").read_text())
    assert history["recipe"]["name"] == "default"
    assert (history["seed"], history["engine"]) == (1, "numpy")
    assert {"versions", "commit", "data", "machine"} <= set(history)
    assert set(history["data"]["digests"]) == {"train", "test"}
    assert [record["pass"] for record in history["passes"]] == [1, 2]
    for name in ("history.json", "checkpoint.npz", "error_curves.png", "error_curves.pdf"):
        assert str(out / name) in done.stdout
        assert (out / name).stat().st_size > 1000
    assert matplotlib.image.imread(out / "error_curves.png").std() > 0.05, "the figure is not blank"


def test_nothing_compares_synthetic_digits_with_the_paper(trained):
    _, done = trained
    assert "1998" not in done.stdout.replace("lenet1998", "")


def test_no_bar_where_the_output_is_no_terminal(trained, tmp_path):
    _, done = trained
    assert "\r" not in done.stderr
    assert "engine: numpy" in done.stderr
    assert "pass 2: training error" in done.stderr
    few = ["--data", "synthetic", "--train-size", "20", "--test-size", "10", "--passes", "1", "--engine", "numpy"]
    assert lenet1998("train", *few, "--quiet", cwd=tmp_path).stderr == ""


def test_a_run_that_is_there_is_refused(trained):
    out, _ = trained
    assert "--resume" in refused("train", *SMALL, "--out", out)


def test_evaluate_json(trained):
    out, _ = trained
    rate = json.loads(lenet1998("evaluate", out / "checkpoint.npz", "--test-size", "200", "--json").stdout)
    assert list(rate) == ["error_percent", "errors", "patterns", "interval_percent", "network"]
    history = json.loads((out / "history.json").read_text())
    assert rate["error_percent"] == history["passes"][-1]["test_error_percent"]
    assert rate["patterns"] == 200
    assert rate["interval_percent"] == ErrorRate(rate["errors"], 200).interval_percent
    assert rate["network"] == {
        "name": str(out / "checkpoint.npz"), "recipe": "default", "seed": 1, "data": "synthetic", "passes": 2,
        "recorded_test_error_percent": rate["error_percent"],
    }  # fmt: skip


def test_wilson_interval():
    """Wilson (1927) for 95 of 10,000: (0.0095 + z^2/2n +- z sqrt(...)) / (1 + z^2/n) = 0.778% .. 1.160%."""
    low, high = ErrorRate(95, 10_000).interval_percent
    assert (low, high) == pytest.approx((0.7778, 1.1598), abs=2e-4)
    assert ErrorRate(0, 100).interval_percent[0] == pytest.approx(0, abs=1e-12)


def test_predict(trained, tmp_path):
    out, _ = trained
    digits = synthetic_digits(3, 0, "test")
    files = []
    for k, image in enumerate(digits.images):
        grey = image if k else 255 - image  # the first dark on light, the others light on dark
        files.append(tmp_path / f"{k}.png")
        matplotlib.image.imsave(files[-1], np.kron(grey, np.ones((3, 3), np.uint8)), cmap="gray", vmin=0, vmax=255)
    ours = ["predict", "--checkpoint", out / "checkpoint.npz"]
    done = lenet1998(*ours, *files, "--json")
    answers = json.loads(done.stdout)
    assert [answer["image"] for answer in answers] == [str(file) for file in files]
    for answer in answers:
        order = np.argsort(answer["distances"])
        assert len(answer["distances"]) == 10
        assert (answer["class"], answer["runner_up"]) == (order[0], order[1])
    text = lenet1998(*ours, files[0]).stdout
    assert "runner-up" in text and "RBF distances" in text
    assert text.startswith(f"network: {out / 'checkpoint.npz'} (recipe default, seed 1, 2 passes over synthetic,")


def test_bad_usage_and_bad_input(trained, tmp_path):
    out, _ = trained
    for arguments in (["fly"], ["train", "--passes", "0"], ["train", "--seed", "-1"], ["train", "--data", "svhn"]):
        done = lenet1998(*arguments)
        assert done.returncode == 2 and "Traceback" not in done.stderr
    assert "mu" in refused("train", *SMALL, "--set", "mu=-3", "--out", tmp_path / "x")
    assert "default or printed" in refused("train", *SMALL, "--recipe", "mine", "--out", tmp_path / "x")
    assert "nothing.npz" in refused("evaluate", tmp_path / "nothing.npz")
    assert "no.png" in refused("predict", "--checkpoint", out / "checkpoint.npz", tmp_path / "no.png")
    assert "--checkpoint" in refused("predict", out / "checkpoint.npz", tmp_path / "no.png")
    (tmp_path / "file").write_text("in the way")
    # An unusable place is refused before any work, not after the first pass.
    endless = ["--data", "synthetic", "--train-size", "300", "--test-size", "50", "--passes", "100000"]
    for place in (tmp_path / "file", tmp_path / "file" / "run", tmp_path / ("x" * 300)):
        assert "cannot write" in refused("train", *endless, "--out", place)
    again = [*SMALL, "--out", out, "--quiet", "--resume"]
    assert lenet1998("train", *again, "--loss", "map").returncode == 0, "the same recipe in other words"


@pytest.mark.parametrize(
    "arguments",
    [
        ["predict", "no\nfile.png"],
        ["evaluate", "no\u2028\x1b[31mfile.npz"],
        ["train", *SMALL, "--set", "mu=1\r\n2"],
        ["train", *SMALL, "--set", "schedule=" + "9" * 5000],
        ["train", *SMALL, "--out", "no\n" + "file" * 100],
    ],
    ids=ascii,
)
def test_an_error_is_one_line_whatever_it_repeats(arguments, prints, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (line,) = prints(*arguments, code=2).err.splitlines()
    assert line.startswith("lenet1998: ") and line.isprintable() and len(line) < 700
    assert not os.listdir(tmp_path)


@pytest.mark.parametrize("command", [["show", "1", "--data", "synthetic"], ["train", *SMALL, "--out", "run"]])
def test_a_backend_that_matplotlib_does_not_have_is_named(command, tmp_path):
    done = lenet1998(*command, cwd=tmp_path, env={**os.environ, "MPLBACKEND": "nonsense"})
    assert done.returncode == 2
    assert done.stderr == "lenet1998: matplotlib has no backend 'nonsense': unset MPLBACKEND\n"
    assert not os.listdir(tmp_path)


def test_rates_that_overflow_are_a_divergence_in_one_line(tmp_path):
    done = lenet1998("train", *SMALL, "--out", tmp_path, "--quiet", "--set", "schedule=1x1e308")
    (line,) = done.stderr.splitlines()
    assert done.returncode == 3 and line.startswith("lenet1998: diverged in pass 1")


def test_divergence_exits_with_3(tmp_path):
    line = refused(
        "train", *SMALL, "--out", tmp_path, "--quiet", "--set", "schedule=1x1e36", "--set", "penalty_scale=1000", code=3
    )
    assert "pass 1" in line and "pattern" in line


@pytest.mark.parametrize("engine", ["numpy", "numba"])
def test_ctrl_c_exits_with_130_and_keeps_the_last_pass(tmp_path, engine):
    more = ["--passes", "2000", "--engine", engine, "--out", str(tmp_path)]
    if engine == "numba" and pytest.importorskip("numba").config.DISABLE_JIT:
        more += ["--train-size", "2", "--test-size", "1"]  # kernels as plain Python
    command = [sys.executable, "-m", "lenet1998", "train", *SMALL, *more]
    # Where the tests themselves run in the background, a shell has told them, and so the child, to ignore Ctrl-C.
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=heeds)
    deadline = time.monotonic() + 60
    while not (tmp_path / "history.json").exists():
        assert time.monotonic() < deadline and running.poll() is None
        time.sleep(0.02)
    running.send_signal(signal.SIGINT)
    _, errors = running.communicate(timeout=30)
    assert running.returncode == 130, errors
    assert "--resume" in errors and "Traceback" not in errors
    history = json.loads((tmp_path / "history.json").read_text())
    assert history["passes"]
    assert lenet1998("evaluate", tmp_path / "checkpoint.npz", "--test-size", "200").returncode == 0


def test_without_mnist_and_without_a_network_auto_says_so_and_goes_on(tmp_path):
    """No MNIST in any place and no way out: one unmistakable line, and no comparison with the paper."""
    alone = {key: value for key, value in os.environ.items() if key not in ("LENET1998_DATA", "KERAS_HOME")}
    alone |= {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path / "cache"), "https_proxy": "http://127.0.0.1:9"}
    root = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    alone["PYTHONPATH"] = root
    small = ["--train-size", "300", "--test-size", "50", "--passes", "1", "--engine", "numpy", "--out", "here"]
    done = lenet1998("train", *small, cwd=tmp_path, env=alone)
    assert done.returncode == 0, done.stderr
    assert sum("no number of this run can be compared with the paper" in line for line in done.stderr.splitlines()) == 1
    assert "1998:" not in done.stdout
    assert "lenet1998 data fetch" in refused("train", "--data", "mnist", cwd=tmp_path, env=alone)


@pytest.mark.parametrize("way", ["--data-dir", "LENET1998_DATA"])
@pytest.mark.parametrize(
    "command",
    [["train"], ["train", "--data", "mnist"], ["evaluate"], ["evaluate", "--data", "auto"], ["data", "verify"]],
    ids=" ".join,
)
def test_a_named_directory_that_is_not_there_is_an_error(command, way, tmp_path, prints, monkeypatch):
    """No other copy of MNIST is taken in its place, and none is downloaded."""
    monkeypatch.chdir(tmp_path)
    if way == "LENET1998_DATA":
        monkeypatch.setenv(way, str(tmp_path / "nowhere"))
    else:
        command = [*command, way, str(tmp_path / "nowhere")]
    said = prints(*command, code=2)
    assert f"{tmp_path / 'nowhere'} ({way}) is not there: name MNIST's directory" in said.err and not said.out
    assert list(tmp_path.iterdir()) == []


def test_data_fetch_takes_cifar10_too(monkeypatch, capsys, tmp_path):
    assert set(data.FETCHES) == {"mnist", "cifar10"}
    monkeypatch.setitem(data.FETCHES, "cifar10", ("CIFAR-10", lambda directory, progress: directory / "there"))
    assert cli.main(["data", "fetch", "cifar10", "--data-dir", str(tmp_path)]) == 0
    assert capsys.readouterr().out == f"CIFAR-10 is complete and verified in {tmp_path / 'there'}\n"
