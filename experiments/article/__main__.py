"""The article: ``python -m experiments.article`` writes docs/article.pdf, its page of the site, and ARTIFACT.md.

The one source is docs/article/article.tex, with ARTIFACT.md's part in docs/article/artifact.tex; its numbers come from
the records (`experiments.article.macros`). LaTeX makes the PDF, pandoc the two pages.
"""

import argparse
import os
import re
import shutil
import subprocess
from contextvars import copy_context
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from matplotlib import rc_context

from experiments.article import drawings
from experiments.article.drawings import COLUMN, PAGE
from experiments.article.macros import SOURCES, filled
from experiments.machinery.catalogue import named
from experiments.machinery.main import guarded
from experiments.machinery.record import published
from experiments.summary.__main__ import ROOT
from lenet1998.errors import LeNetError
from lenet1998.files import write_atomically
from lenet1998.pictures import choose
from lenet1998.pictures.plotting import save, style
from lenet1998.report.table import Table
from lenet1998.report.writers import markdown

FIGURES = {"fig5_error_curves": COLUMN, "fig6_training_size": COLUMN, "fig8_misclassified": COLUMN,
           "fig13_invariance": PAGE, "readings": PAGE, "strings": PAGE}  # fmt: skip
"""Experiments whose figures the article has, and how wide."""
UNDATED = os.environ | {"SOURCE_DATE_EPOCH": "0", "FORCE_SOURCE_DATE": "1"}
"""LaTeX's environment: the same text gives the same bytes."""


def digest() -> str:
    """Of what the article says; PDF and page have it, so that a test sees whether the records have changed."""
    text = filled() + filled("artifact.tex") + (SOURCES / "references.bib").read_text(encoding="utf-8")
    return sha256(text.encode()).hexdigest()


def draw() -> None:
    """The figures at the width of print, into `SOURCES`. Figure 8's needs MNIST."""
    for name, width in FIGURES.items():
        copy_context().run(_redraw, name, width)
    with style(), rc_context({"svg.hashsalt": "lenet1998"}):
        save(drawings.network(ROOT / "docs" / "digit.png"), SOURCES / "network")
        save(drawings.codes(), SOURCES / "codes")
        figure = drawings.passes()
        save(figure, SOURCES / "passes")
        figure.savefig(SOURCES / "passes.svg", metadata={"Date": None})


def _redraw(name: str, width: float) -> None:
    choose(width=width, titles=False, folder=SOURCES)
    for path in named(name).experiment.figures(published(name), SOURCES / name):
        if path.suffix == ".png":
            path.unlink()  # the site has those of experiments/results


def typeset(folder: Path) -> Path:
    """Write the PDF and LaTeX's log into a folder, which pdflatex and bibtex must be there for; returns its path."""
    for path in (*SOURCES.glob("*.pdf"), SOURCES / "references.bib"):
        shutil.copy(path, folder)
    (folder / "artifact.tex").write_text(filled("artifact.tex"), encoding="utf-8")
    (folder / "article.tex").write_text(filled().replace("DIGEST", digest()), encoding="utf-8")
    for program in ("pdflatex", "bibtex", "pdflatex", "pdflatex"):
        options = ["-interaction=nonstopmode", "-halt-on-error"] if program == "pdflatex" else []
        done = subprocess.run(
            [program, *options, "article"], cwd=folder, env=UNDATED, capture_output=True, text=True, errors="replace"
        )
        if done.returncode:
            raise LeNetError(f"{program} failed: {done.stdout[-2000:]}")
    return folder / "article.pdf"


def page(file: str) -> str:
    """A source as Markdown, which pandoc makes; tables are those of our own writer, since pandoc's cannot be wide."""
    import pypandoc

    tables: list[str] = []

    def written(table: Table, label: str) -> str:
        tables.append(markdown(replace(table, notes=())).partition("\n\n")[2])
        place = rf"\begin{{tabular}}{{l}}PLACE{len(tables) - 1}\end{{tabular}}"
        return rf"\begin{{table}}\caption{{CAPTION}}\label{{{label}}}{place}\end{{table}}"

    text = filled(file, written).replace(r"\input{artifact}", filled("artifact.tex", written))
    text = re.sub(r"(?<=\{figure)\*(?=\})", "", text).replace("$-$", "\N{MINUS SIGN}").replace(r"\end{abstract}", "")
    text = text.replace(r"\begin{abstract}", r"\section*{Summary}")
    title = re.search(r"\\title\{(.*)\}", text)
    options = ["--wrap=none", "--citeproc", f"--bibliography={SOURCES / 'references.bib'}"]
    options += ["--metadata=reference-section-title:References", f"--lua-filter={SOURCES / 'site.lua'}"]
    options += ["--shift-heading-level-by=1"] if title else []
    body = pypandoc.convert_text(text, "gfm", "latex", options)
    body = re.sub(r"^\|[^\n]*\|\n\|:?-+\|\n\| PLACE(\d+) \|$", lambda found: tables[int(found[1])], body, flags=re.M)
    mark = f"<!-- made of the records by python -m experiments.article: {digest()} -->"
    return f"# {title[1]}\n\n[As PDF](../article.pdf).\n\n{body}\n{mark}\n" if title else body


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--no-figures", action="store_true", help="take the figures as they are")
    if not parser.parse_args().no_figures:
        draw()
    written = {"docs/article/article.md": page("article.tex"), "ARTIFACT.md": page("artifact.tex")}
    with TemporaryDirectory() as folder:
        pdf = typeset(Path(folder)).read_bytes()
    for name, content in {"docs/article.pdf": pdf, **{name: text.encode() for name, text in written.items()}}.items():
        write_atomically(ROOT / name, content)
        print(ROOT / name)


if __name__ == "__main__":
    guarded(main)
