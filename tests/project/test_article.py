"""The article and the template for reports: numbers have a source, both compile, and what is kept is up to date."""

import re
import shutil
import statistics
import subprocess
from pathlib import Path

import pytest

from experiments.article.__main__ import digest, typeset
from experiments.article.macros import SOURCES, filled
from lenet1998.errors import LeNetError
from tests.project.test_layout import ROOT
from tests.project.test_readme import reader, type_in

__all__ = ["reader"]  # a fixture

TEX = {name: (SOURCES / name).read_text(encoding="utf-8") for name in ("article.tex", "artifact.tex")}
TEMPLATE = ROOT / "docs" / "report_template" / "report.tex"
latex = pytest.mark.skipif(
    not (shutil.which("pdflatex") and shutil.which("bibtex")), reason="needs pdflatex and bibtex"
)

ALLOWED = (
    r"^.*?\\begin\{document\}",
    r"\\begin\{verbatim\}.*?\\end\{verbatim\}",
    r"\\(?:measured|mean|runs|fact|setting|paper|chosen)(?:\{[^{}]*\})+",  # what the test is about
    r"\\recorded(?:\{[^{}]*\}){3}",  # all but the caption
    r"\\(?:label|ref|cite[pt]?|includegraphics|nolinkurl|texttt|bibliography\w*|setlength)(?:\[[^]]*\])*\{[^{}]*\}",
    r"\\\[.*?\\\]",
    r"(?:[Ff]igures?|[Ee]quations?|Entries|sections?)[ ~]\d+(?:(?:,|,? (?:and|to)) \d+)*",
    r"LeNet-\d|lenet1998|\b[CSF]\d\b|\b19\d\d\b|\b16x16\b|x86-64|arm64|AVX2|BSD-3|CIFAR-10|Python 3\.\d+|\d+pt",
    r"databases 1 and 3",
    r"95\\% (?:\$t\$ )?(?:intervals?|of them|of seeds)",
)


def loose(text: str) -> list[str]:
    """The digits that stand in a text by themselves, with the words round them."""
    for form in ALLOWED:
        text = re.sub(form, "~", text, flags=re.S)
    text = re.sub(r"\$([^$]*)\$", lambda formula: "~" if re.search("[A-Za-z]", formula[1]) else formula[1], text)
    return re.findall(r".{0,30}\d.{0,20}", text)


@pytest.mark.parametrize("file", TEX)
def test_every_number_is_a_macro(file):
    assert loose(TEX[file]) == []


@pytest.mark.parametrize(
    "said",
    [
        r"It errs 0.94\% here.",
        r"Of 136 readings",
        "It differs by $-0.27$ point.",
        "12 of them",
        r"\recorded{fig9}{}{}{Errors below 0.3 point.}",
        r"95\% of the strings",
    ],
)
def test_a_number_that_is_typed_is_found(said):
    assert len(loose(said)) == 1


def test_numbers_that_we_chose_are_where_the_article_says():
    found = {pair for text in TEX.values() for pair in re.findall(r"\\chosen\{([^{}]+)\}\{([^{}]+)\}", text)}
    numbers = {file: re.findall(r"\d+(?:[,_]\d{3})*(?:\.\d+)?", (ROOT / file).read_text("utf-8")) for _, file in found}
    assert found and [(number, file) for number, file in found if number not in numbers[file]] == []


def test_a_macro_that_names_nothing_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("experiments.article.macros.SOURCES", tmp_path)
    (tmp_path / "article.tex").write_text(r"\mean{fig9; no such row; ours}")
    with pytest.raises(LeNetError, match="no such row"):
        filled()


def sentences(text: str) -> list[list[str]]:
    """The words of each sentence of the article, without formulas, tables, captions and headings."""
    body = text.partition(r"\begin{abstract}")[2] or text
    body = re.sub(r"\\begin\{(table|figure|verbatim)(\*?)\}.*?\\end\{\1\2\}", "", body, flags=re.S)
    body = re.sub(r"\\\[.*?\\\]|\$[^$]*\$|\\cite[pt]?(\[[^]]*\])?\{[^{}]*\}", " x", body, flags=re.S)
    body = re.sub(r"\\(?:section|subsection|label|bibliography\w*)\*?\{[^{}]*\}", "\n\n", body)
    body = re.sub(r"\\item|\\(?:begin|end)\{\w+\}", "\n\n", body)
    found = []
    for paragraph in re.split(r"\n\s*\n", body):
        for sentence in re.split(r"(?<=[.?!:])[}'\s]+(?=[A-Z\\(`])", paragraph):
            words = [word for word in sentence.split() if re.search(r"\w", word)]
            found += [words] if len(words) > 2 else []
    return found


def test_sentences_are_short():
    lengths = [len(words) for file in TEX for words in sentences(filled(file))]
    assert len(lengths) > 150 and statistics.mean(lengths) <= 20 and max(lengths) <= 45
    summary = filled().partition(r"\begin{abstract}")[2].partition(r"\end{abstract}")[0]
    assert len(re.sub(r"\\\w+\{[^{}]*\}", "x", summary).split()) <= 150


@latex
def test_the_article_compiles(tmp_path):
    pdf = typeset(tmp_path)
    log = re.sub(r"(?<=[^\n]{79})\n", "", (tmp_path / "article.log").read_text(encoding="utf-8", errors="replace"))
    assert [float(points) for points in re.findall(r"Overfull \\[hv]box \(([\d.]+)pt", log) if float(points) > 2] == []
    assert re.findall(r"undefined|multiply defined|Citation.*undefined", log) == []
    assert 8 <= int(re.findall(r"Output written on .*?\((\d+) pages", log, re.S)[0]) <= 12
    assert pdf.stat().st_size < 2_000_000


@pytest.mark.outer("the article is made again when records are, by make article")
def test_the_article_that_is_kept_has_the_records_numbers():
    kept = (ROOT / "docs" / "article.pdf", SOURCES / "article.md")
    assert [path.name for path in kept if digest().encode() not in path.read_bytes()] == [], "run make article"


@latex
def test_the_template_compiles_with_the_readers_own_runs(reader):
    source = TEMPLATE.read_text(encoding="utf-8")
    for line in re.findall(r"^% +(lenet1998 .*)$", source, re.M):
        type_in(line)
    shutil.copy(TEMPLATE, reader)
    (commands,) = re.findall(r"^% +(pdflatex .*)$", source, re.M)
    for command in commands.split(" && "):
        done = subprocess.run(command.replace("pdflatex", "pdflatex -interaction=nonstopmode -halt-on-error").split(),
                              cwd=reader, capture_output=True, text=True, errors="replace")  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:]
    log = Path("report.log").read_text(encoding="utf-8", errors="replace")
    assert "undefined" not in log and re.findall(r"Overfull \\hbox \((\d{2,}|[2-9])", log) == []
    assert re.search(r"\(2 pages", log)
