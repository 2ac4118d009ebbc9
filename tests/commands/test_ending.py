"""How programs end: the right exit code and at most one line, whatever is wrong with the standard streams."""

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from lenet1998 import engines
from lenet1998.commands import ending
from lenet1998.commands.main import main
from lenet1998.data.synthetic import synthetic_digits
from lenet1998.errors import DivergenceError
from lenet1998.loss import make_loss
from lenet1998.network import LeNet5
from lenet1998.numpy_engine import NumpyEngine
from lenet1998.recipe import Recipe
from tests.programs import ended, experiment
from tests.rings import beyond

ROOT = Path(__file__).parent.parent.parent
COMMAND = f"'{sys.executable}' -m lenet1998"
EXPERIMENT = f"'{sys.executable}' -m experiments.fig5_error_curves"
RECORD = (ROOT / "experiments" / "results" / "fig5_error_curves.json").read_text()
FULL = "cannot write to standard output: No space left on device\n"
STARTS = "for changes of how programs end: one more process for the same lines of code"


def shell(line: str, **environment: str) -> subprocess.CompletedProcess:
    """What a line for bash gives; the code is that of our program, not of a pipe's reader."""
    command = ["bash", "-c", f"set -o pipefail; {line}"]
    buffered = {key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"}
    return subprocess.run(command, cwd=ROOT, env={**buffered, **environment}, capture_output=True, timeout=120)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    "stream", beyond(3, ["> /dev/full", "| head -0", ">&- 2>&-", ">&-", "2>&-", "2> /dev/full"], STARTS)
)
def test_streams_that_cannot_be_written_to(stream):
    done, full = shell(f"{COMMAND} info {stream}"), stream == "> /dev/full"
    assert (done.returncode, done.stderr.decode()) == ((2, f"lenet1998: {FULL}") if full else (0, ""))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
@pytest.mark.parametrize(
    ("stream", "errors", "code"), beyond(1, [("> /dev/full", FULL, 2), (">&- 2>&-", "", 0)], STARTS)
)
def test_an_experiment_s_work_is_done_whoever_reads_of_it(stream, errors, code, tmp_path):
    (tmp_path / "fig5_error_curves.json").write_text(RECORD)
    done = shell(f"{EXPERIMENT} --plot-only --out '{tmp_path}' {stream}")
    assert (done.returncode, done.stderr.decode()) == (code, errors)
    assert (tmp_path / "fig5_error_curves.pdf").exists()


def test_a_full_disk_is_named_where_nothing_holds_back_what_is_printed(capsys):
    """As with PYTHONUNBUFFERED: the error comes from within the work."""

    def work():
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    assert ending.ended(work, "lenet1998") == 2 and capsys.readouterr().err == f"lenet1998: {FULL}"


def test_a_reader_may_close_its_end_before_a_long_text_has_arrived():
    done = shell(f"{COMMAND} table readings | head -1")
    assert (done.returncode, done.stderr, len(done.stdout.splitlines())) == (0, b"", 1)


@pytest.mark.parametrize("stream", beyond(2, ["2> /dev/full", "| head -0", "2>&-", "> /dev/full", ">&-"], STARTS))
def test_an_error_keeps_its_exit_code(stream):
    done = shell(f"{COMMAND} evaluate nothing.npz {stream}")
    assert done.returncode == 2 and done.stdout == b""
    assert len(done.stderr.splitlines()) == ("2>" not in stream)


@pytest.mark.parametrize("coding", beyond(2, ["ascii", "utf-8", "cp1252"], STARTS))
def test_what_an_encoding_lacks_is_escaped(coding, tmp_path):
    (tmp_path / "\u65e5.json").mkdir()
    name = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(name)
    for place, shown in ((tmp_path / "\u65e5.json", "\u65e5" if coding == "utf-8" else "\\u65e5"), (name, "\\udce9")):
        command = [sys.executable, "-m", "lenet1998", "table", "fig9", "--out", Path(os.fsdecode(place)) / "fig9.md"]
        environment = {**os.environ, "PYTHONIOENCODING": coding}
        done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=60)
        assert done.returncode == 0 and done.stderr == b""
        assert shown in done.stdout.decode("utf-8")


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [("MPLBACKEND", "nonsense", "matplotlib has no backend 'nonsense'"), ("MATPLOTLIBRC", "", "mend the matplotlibrc")],
)
def test_matplotlib_that_cannot_start_is_one_line_in_an_experiment_too(name, value, says, tmp_path):
    (tmp_path / "matplotlibrc").write_bytes(b"caf\xe9: 3\n")
    done = shell(f"{EXPERIMENT} --plot-only --out '{tmp_path}'", **{name: value or str(tmp_path / "matplotlibrc")})
    assert done.returncode == 2 and says in done.stderr.decode().splitlines()[-1]
    assert "Traceback" not in done.stderr.decode() and done.stdout == b""


def test_a_user_s_matplotlibrc_changes_no_figure(tmp_path):
    (tmp_path / "fig5_error_curves.json").write_text(RECORD)
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nfont.size: 30\naxes.facecolor: black\n")
    drawn = []
    for environment in ({}, {"MATPLOTLIBRC": str(tmp_path / "matplotlibrc")}):
        done = shell(f"{EXPERIMENT} --plot-only --out '{tmp_path}'", **environment)
        assert done.returncode == 0, done.stderr
        drawn.append((tmp_path / "fig5_error_curves.pdf").read_bytes())
    assert drawn[0] == drawn[1]


def test_exit_codes_and_lines(capsys):
    def fails(error: BaseException):
        def work():
            raise error

        return work

    for error, code, line in (
        (DivergenceError("it grew"), 3, "program: it grew"),
        (KeyboardInterrupt(), 130, "program: interrupted"),
        (KeyboardInterrupt("all is kept"), 130, "program: interrupted; all is kept"),
        (OSError(36, "File name too long", "x\ny"), 2, "program: [Errno 36] File name too long: 'x\\ny'"),
    ):
        assert ending.ended(fails(error), "program") == code
        assert capsys.readouterr().err == f"{line}\n"
    with pytest.raises(ZeroDivisionError):
        ending.ended(fails(ZeroDivisionError()))


def test_help_of_the_summary_writes_nothing():
    readme = ROOT / "README.md"
    before = readme.stat().st_mtime_ns
    done = experiment("summary", "--help")
    assert done.returncode == 0 and "usage:" in done.stdout
    assert readme.stat().st_mtime_ns == before


def test_help_has_plain_percent_signs():
    for options in (["--help"], ["evaluate", "--help"]):
        text = ended(lambda options=options: main(options)).stdout
        assert "95%" in text and "%%" not in text


@pytest.mark.parametrize("settings", [["init_deviations=F6x1e308"], ["squash=relu", "init_gain=100"]])
def test_a_start_that_overflows_is_one_line(settings, tmp_path):
    small = "--data synthetic --train-size 20 --test-size 10 --passes 2 --engine numpy --quiet"
    chosen = " ".join(f"--set {setting}" for setting in settings)
    done = shell(f"{COMMAND} train {small} {chosen} --out '{tmp_path}'")
    assert done.returncode == 3 and len(done.stderr.splitlines()) == 1


def test_one_bad_picture_costs_no_other_s_answer(tmp_path, capsys, prints):
    digits = synthetic_digits(2, 0, "test").images
    good, blank, missing = [tmp_path / "0.png", tmp_path / "1.png"], tmp_path / "blank.png", tmp_path / "no.png"
    for path, image in (*zip(good, digits, strict=True), (blank, np.zeros((28, 28), np.uint8))):
        Image.fromarray(image).save(path)
    answers = prints("predict", *map(str, good)).out
    mixed = prints("predict", good[0], blank, missing, good[1], code=2)
    assert mixed.out == answers
    assert [line.split(":")[0] for line in mixed.err.splitlines()] == ["lenet1998"] * 2
    assert "blank.png" in mixed.err and "no.png" in mixed.err
    assert main(["predict", "--json", str(blank), str(good[1])]) == 2
    assert [answer["image"] for answer in json.loads(capsys.readouterr().out)] == [str(good[1])]
    assert prints("predict", blank, code=2).out == ""


def test_the_extra_that_compiles_is_named_where_it_is_missing(monkeypatch, caplog):
    monkeypatch.setattr(engines, "find_spec", lambda name: None)
    engines._hint.cache_clear()
    with caplog.at_level("INFO", logger="lenet1998"):
        for _ in range(2):
            network = LeNet5(Recipe())
            assert isinstance(engines.make_engine("auto", network, make_loss(Recipe())), NumpyEngine)
    assert len(caplog.records) == 1 and "lenet1998[fast]" in caplog.text
    engines._hint.cache_clear()
