"""README and docs/: what they tell the reader to type works as printed, links lead somewhere, numbers are on record.

Commands of `lenet1998` are carried out word for word, in their order and in one directory, with the shell's comments
and redirections; only the data are few patterns under MNIST's name, and NumPy computes. What installs, or opens a
browser, is checked against what it names. Commands of docs/commands.md and those within sentences are parsed.
"""

import contextlib
import io
import re
import shlex
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import matplotlib.image
import pytest

import lenet1998.data
from experiments.machinery.recipes import read_recipe
from experiments.machinery.record import RESULTS
from experiments.summary.__main__ import BEGIN, END, PAGES, TEXTS, filled, page
from lenet1998 import engines
from lenet1998.commands.main import COMMANDS as EVERY
from lenet1998.commands.main import main, parser
from lenet1998.errors import LeNetError
from lenet1998.patterns import DataSet
from lenet1998.recipe import Recipe
from lenet1998.running import work
from lenet1998.running.check import histories
from tests.project.test_layout import ROOT, SETUP

README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
PAGES_TO_READ = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md"), *(ROOT / "experiments/results").glob("*.md")]
)
WRAPPED = [ROOT / file for file in (*PAGES, "docs/commands.md")]
NEEDED: dict[str, Callable[[list[str]], bool]] = {
    "python3": lambda words: words[:3] == ["python3", "-m", "venv"],
    ".": lambda words: words == [".", ".venv/bin/activate"],
    "pip": lambda words: re.findall(r"\[(\w+)\]", words[-1])[0] in SETUP["options.extras_require"],
    "jupyter": lambda words: (
        "jupyterlab" in SETUP["options.extras_require"]["notebooks"] and (ROOT / words[-1]).is_dir()
    ),
}


def typed(text: str) -> list[str]:
    """The lines of a page that are set as code by four spaces, without blocks that are fenced."""
    return re.findall(r"^ {4}(\S.*)$", re.sub(r"^```.*?^```", "", text, flags=re.M | re.S), re.M)


def within(text: str) -> list[str]:
    """Commands within sentences."""
    found = re.findall(r"`((?:lenet1998|python -m|make) [^`]+)`", re.sub(r"\n +|\n", " ", text))
    return sorted({command for command in found if "NAME" not in command})


@pytest.fixture
def reader(tmp_path, monkeypatch):
    """A directory that has what a clone has, where MNIST is few drawn digits, and no compiler."""
    for name in ("docs", "experiments", "notebooks"):
        (tmp_path / name).symlink_to(ROOT / name)
    drawn = lenet1998.data.load("synthetic", train_size=40, test_size=30)

    def few(*_: object, **__: object) -> DataSet:
        return DataSet("mnist", drawn.train, drawn.test, "drawn", drawn.digests)

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(lenet1998.data, "load", few)
    monkeypatch.setattr(work, "load", few)
    monkeypatch.setattr(engines, "numba_works", lambda: False)
    return tmp_path


def type_in(line: str) -> str:
    """Carry out a line as a shell would, and return what it prints."""
    words, target = shlex.split(line, comments=True), None
    if ">" in words:
        words, target = words[: words.index(">")], words[words.index(">") + 1]
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        assert main(words[1:]) == 0, line
    if target:
        Path(target).write_text(printed.getvalue())
    return printed.getvalue()


def test_the_readmes_commands_work_as_printed(reader):
    said = {}
    for line in typed(README):
        words = shlex.split(line, comments=True)
        if words[0] == "lenet1998":
            said[" ".join(words)] = type_in(line)
        else:
            assert NEEDED[words[0]](words), line
    assert len(said) >= 10
    assert "docs/digit.png: 3," in said["lenet1998 predict docs/digit.png"]
    named = re.sub(r"\s+", " ", README)
    for file in ("checkpoint.npz", "history.json", "error_curves.png", "error_curves.pdf"):
        assert (reader / "runs" / "default-seed1" / file).is_file()
        assert file in named or file.startswith("error_curves")
    for kind in ("png", "pdf", "tex", "csv", "md"):
        compared = reader / "runs" / "compared-default-seed1-default-loss=mle-seed1"
        assert (compared / f"comparison.{kind}").is_file()
    assert r"\toprule" in (reader / "fig5.tex").read_text() and "@article" in (reader / "references.bib").read_text()


def test_the_readmes_python_works_as_printed(reader, capsys):
    (block,) = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)
    assert len(block.split("\n\n", 1)[1].strip().splitlines()) <= 10
    exec(compile(block, "README.md", "exec"), {})
    error, digit = capsys.readouterr().out.split()[-2:]
    assert 0 <= float(error) <= 100 and 0 <= int(digit) <= 9
    assert (reader / "runs" / "mine" / "checkpoint.npz").is_file()


@pytest.mark.parametrize("line", typed(COMMANDS))
def test_every_command_that_is_listed_is_one(line):
    words = shlex.split(line, comments=True)
    assert words[0] == "lenet1998"
    parser(words[1:]).parse_args(words[1:])


@pytest.mark.parametrize("command", sorted({each for path in WRAPPED for each in within(path.read_text("utf-8"))}))
def test_commands_within_sentences_exist(command):
    words = shlex.split(command)
    if words[0] == "lenet1998":
        assert words[1] in EVERY
        if len(words) > 2 or words[1] in ("report",):
            with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
                parser(words[1:]).parse_args(words[1:])
    elif words[0] == "make":
        if shutil.which("make") is None:
            pytest.skip("needs make")
        done = subprocess.run([*words, "--dry-run"], cwd=ROOT, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0, done.stderr
    else:
        place = ROOT.joinpath(*words[2].split("."))
        assert place.with_suffix(".py").is_file() or (place / "__main__.py").is_file()
        if words[2] == "experiments.compare":
            for recipe in words[3:]:
                read_recipe(recipe)


def headings(path: Path) -> set[str]:
    """The anchors of a page's headings."""
    found = re.findall(
        r"^#+ (.+)$", re.sub(r"^```.*?^```", "", path.read_text(encoding="utf-8"), flags=re.M | re.S), re.M
    )
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in found}


@pytest.mark.parametrize("path", PAGES_TO_READ, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path):
    text = re.sub(r"`[^`\n]*`", "", path.read_text(encoding="utf-8"))
    for target in re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text):
        if not re.match(r"https?:", target):
            file, _, anchor = target.partition("#")
            place = path.parent / file if file else path
            assert place.exists(), f"{path.name} links to {target}, which is not there"
            assert not anchor or anchor in headings(place), f"{path.name} links to {target}: no such heading"


@pytest.mark.parametrize("path", WRAPPED, ids=lambda path: path.name)
def test_lines_have_a_hundred_characters_at_most(path):
    """But for rows of tables, and names of pictures, which cannot be broken."""
    for line in path.read_text(encoding="utf-8").splitlines():
        assert line.startswith(("| ", "![")) or len(line) <= 100, line


@pytest.mark.parametrize("file", TEXTS)
def test_the_numbers_on_a_page_are_those_of_the_record(file):
    assert page(file) == (ROOT / file).read_text(encoding="utf-8"), "run python -m experiments.summary"


def test_a_block_is_written_between_its_marks_and_nowhere_else():
    text = f"before\n{BEGIN.format('a')}old\n{END.format('a')}{BEGIN.format('b')}{END.format('b')}"
    written = filled(text, "a", "new")
    assert "old" not in written and written.startswith("before\n") and written.count("new") == 1
    assert filled(written, "a", "new") == written and written.endswith(BEGIN.format("b") + END.format("b"))
    for broken in ("", BEGIN.format("a"), END.format("a")):
        with pytest.raises(LeNetError, match="no place for a"):
            filled(broken, "a", "new")


def test_the_picture_that_ships_is_small():
    picture = ROOT / "docs" / "digit.png"
    assert picture.stat().st_size < 5_000 and matplotlib.image.imread(picture).shape[:2] == (200, 200)


def test_every_result_on_record_is_of_a_commit():
    """A tree with changes, whose commit has a +, and a commit that is no longer there are nothing to look up."""
    found = {
        (path.name, commit)
        for path in RESULTS.rglob("*.json")
        for commit in re.findall(r'"commit": ?"?([^",}\s]*)', path.read_text())
    }
    assert len(found) > 50
    assert {(name, commit) for name, commit in found if not re.fullmatch("[0-9a-f]{40}", commit)} == set()
    history = subprocess.run(["git", "rev-list", "HEAD"], cwd=ROOT, capture_output=True, text=True)
    if history.returncode or (ROOT / ".git" / "shallow").exists():
        pytest.skip("the history is not here")
    assert {(name, commit) for name, commit in found if commit not in history.stdout.split()} == set()


def test_what_is_recorded_of_the_default_is_of_the_default_as_it_is():
    found = []
    for path in sorted(RESULTS.glob("*.json")):
        with contextlib.suppress(LeNetError):  # scores and tables hold no runs
            found += [(path.name, Recipe.from_dict(run["recipe"])) for run in histories(path)]
    default = [(name, recipe) for name, recipe in found if recipe.name == Recipe().name]
    assert {name for name, _ in default} >= {"fig5_error_curves.json", "fig5_error_curves_numpy.json"}
    assert [name for name, recipe in default if recipe != Recipe()] == []
