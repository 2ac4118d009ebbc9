"""The report: all that was recorded, beside the paper's figures, in a page that stands alone."""

import json
import re
import shutil
from base64 import b64encode
from html.parser import HTMLParser
from pathlib import Path

import pytest

from experiments.machinery.catalogue import listed
from experiments.summary import blocks
from lenet1998.errors import LeNetError
from lenet1998.report.citation import bibtex
from lenet1998.report.experiments import EXPERIMENTS
from lenet1998.report.kept import files, read_tables
from lenet1998.report.kept import recorded as of_package
from lenet1998.report.page import write
from lenet1998.report.table import Column, Table
from lenet1998.report.tables import beside_paper

ROOT = Path(__file__).parent.parent.parent
RESULTS = ROOT / "experiments" / "results"
VOID = {"meta", "img"}
EVIL = '<script>alert("1")</script>'


class Page(HTMLParser):
    """A page's elements with their attributes, its text by element, and its tables; unbalanced elements are refused."""

    def __init__(self, text: str):
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict]] = []
        self.texts: dict[str, list[str]] = {}
        self.rows: list[list[str]] = []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")
        self.texts.setdefault(tag, []).append("")

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        for tag in set(self.open):
            self.texts[tag][-1] += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def named(self, tag: str) -> list[dict]:
        return [attributes for name, attributes in self.elements if name == tag]


def report(results: Path, out: Path) -> tuple[Page, str]:
    html = write(results, out).read_text(encoding="utf-8")
    return Page(html), html


@pytest.fixture(scope="module")
def recorded(tmp_path_factory):
    """The report of the results that the repository keeps."""
    return report(RESULTS, tmp_path_factory.mktemp("report"))


def run(error=1.0, train=0.4, seed=1, size=60_000, passes=20, name="default", copies=0, data="mnist") -> dict:
    return {
        "recipe": {"name": name, "distorted_copies": copies},
        "seed": seed,
        "engine": "numba",
        "versions": {"numpy": "2.0.1"},
        "commit": "0" * 40,
        "machine": {"processor": "P", "architecture": "A", "cores": 2},
        "data": {"name": data, "train_size": size, "test_size": 10_000, "digests": {"train-images": "ab12"}},
        "passes": [{"test_error_percent": error, "train_error_percent": train, "seconds": 2.0}] * passes,
    }


def put(directory: Path, name: str, content: object) -> Path:
    path = directory / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def test_every_figure_and_table_that_was_recorded_is_in_the_report(recorded):
    page, html = recorded
    figures = sorted(RESULTS.glob("*.png"))
    assert len(page.named("img")) == len(figures) >= 12
    for path in figures:
        assert b64encode(path.read_bytes()).decode() in html
    for name, path in files(of_package()).items():
        for table in read_tables(path):
            assert table.caption in page.texts["figcaption"], name
            for row in table.rows:
                cells = [column.shown(cell) for column, cell in zip(table.columns, row, strict=True)]
                assert cells in page.rows, f"{name}: {row}"


def test_ours_stands_beside_the_paper_as_in_the_readme(recorded):
    """README's table and the report read the same files by different ways."""
    page = recorded[0]
    found = [row[-3:] for row in page.rows]
    table = blocks.results_table()
    assert len(table.rows) == len(blocks.ROWS) + len(blocks.STRINGS)
    for row in table.rows:
        _, paper, ours, seeds, _ = (column.shown(cell) for column, cell in zip(table.columns, row, strict=True))
        assert not paper or [paper, ours, seeds] in found, row


def test_who_made_the_numbers_is_said(recorded):
    page, _ = recorded
    text = " ".join(page.texts["main"])
    content = json.loads((RESULTS / "fig5_error_curves.json").read_text())
    first = content["runs"][0]
    for digest in first["data"]["digests"].values():
        assert digest in text
    assert first["commit"][:10] in text and first["machine"]["processor"] in text
    assert f"numba {first['versions']['numba']}" in text and ["seeds", "1 to 10"] in page.rows
    for experiment in EXPERIMENTS:
        assert experiment.command in text
    assert bibtex() in page.texts["pre"][-1]


def test_the_page_stands_alone_and_can_be_used_by_all(recorded):
    page, html = recorded
    assert page.named("html") == [{"lang": "en"}] and html.startswith("<!DOCTYPE html>")
    assert not {"script", "link", "iframe", "object"} & {tag for tag, _ in page.elements}
    assert all(image["src"].startswith("data:image/png;base64,") and image["alt"] for image in page.named("img"))
    assert not re.search(r"(url\(|@import|https?:)", html)
    assert any("default-src 'none'" in meta.get("content", "") for meta in page.named("meta"))
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.named("meta")
    names = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names)) and [link["href"] for link in page.named("a")] == [
        f"#{name}" for name in names
    ]
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(attributes == {"scope": "col"} for attributes in page.named("th"))
    assert all(after <= before + 2 for before, after in zip(levels, levels[1:], strict=False))


def test_what_was_not_run_is_named_with_its_command(tmp_path):
    put(tmp_path / "results", "fig5_error_curves.json", {"runs": [run()]})
    page, _ = report(tmp_path / "results", tmp_path / "out")
    named = [entry for entry in page.texts["li"] if "python -m" in entry]
    assert len(named) == len(EXPERIMENTS) - 1
    assert not any(entry.endswith("fig5_error_curves") for entry in named)
    assert "All classifiers of section III (Figures 9 to 12, section III-C): python -m experiments.section3" in named
    assert any("It has no tables here: this command makes them" in text for text in page.texts["p"])


def test_errors_are_means_with_intervals_beside_the_papers(tmp_path):
    """Of three seeds, the least and the largest error."""
    runs = [run(error, seed=seed) for seed, error in ((1, 0.9), (2, 1.0), (3, 1.1))]
    put(tmp_path / "results", "fig5_error_curves.json", {"runs": runs})
    page, *_ = report(tmp_path / "results", tmp_path / "out")
    assert ["Error by pass", "60,000", "test error, pass 20", "0.95", "1.00 (0.90 to 1.10)", "3"] in page.rows
    assert ["seeds", "1 to 3"] in page.rows and ["versions", "numpy 2.0.1"] in page.rows
    assert ["train-images", "ab12", "fig5_error_curves"] in page.rows


def test_the_papers_errors_stand_only_beside_what_may_be_compared():
    def papers(**choices) -> list[float]:
        table = beside_paper({"runs": [run(**choices)]}, "fig5")
        return [row[2] for row in table.rows] if table else []

    assert papers() == [0.95, 0.35]
    assert papers(size=15_000) == [1.68, 0.05] and papers(size=30_000) == [1.14, 0.31]
    assert papers(copies=9) == [0.82], "the paper gives no training error with distortions"
    assert not any(
        papers(**other) for other in ({"data": "synthetic"}, {"passes": 19}, {"size": 50_000}, {"copies": 3})
    )


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("fig6_training_size.json", '{"overlap": {"errors_mean": 87'),
        ("fig6_training_size.json", "[1, 2]"),
        ("fig6_training_size.json", {"runs": 3}),
        ("fig6_training_size.json", {"runs": [run(), {"data": 3, "passes": []}]}),
        ("fig6_training_size.json", "[" * 100_000),
        ("fig6_training_size.json", b"\xff\xfe\x00"),
        ("fig6_training_size.png", b"\x89PNG\r\n\x1a\n" + bytes(100)),
    ],
)
def test_what_is_damaged_is_named_and_the_rest_is_there(name, content, tmp_path):
    results = tmp_path / "results"
    put(results, "fig5_error_curves.json", {"runs": [run()]})
    shutil.copy(RESULTS / "fig5_error_curves.png", results)
    path = put(results, name, content if not isinstance(content, bytes) else "")
    if isinstance(content, bytes):
        path.write_bytes(content)
    page, *_ = report(results, tmp_path / "out")
    (told,) = (entry for entry in page.texts["li"] if "cannot be read" in entry)
    assert told.startswith(f"{name} cannot be read: ")
    assert "Error by size of the training set" in page.texts["h2"] and "Error by pass" in page.texts["h2"]
    assert len(page.named("img")) == 1
    states = {row[0]: row[2] for row in page.rows if len(row) == 4}
    assert states["Error by pass"] == "yes" and states["Error by size of the training set"] == "in part"


def test_nothing_that_a_results_file_says_becomes_markup(tmp_path):
    results, evil = tmp_path / "results", f"{EVIL} ![x](http://a.example/x.png) | [y](javascript:z) `"
    hostile = run(name=evil) | {"engine": EVIL, "commit": EVIL, "versions": {EVIL: EVIL}, "machine": {EVIL: 1}}
    hostile["data"]["digests"] = {EVIL: EVIL, "half \ud800": True}
    hostile["seed"] = True
    hostile["machine"] = {"processor": EVIL, "cores": EVIL}
    put(results, "fig5_error_curves.json", {"runs": [hostile], EVIL: {EVIL: EVIL}, "rows": [{EVIL: [EVIL, EVIL]}]})
    columns = [Column(EVIL, kind="text"), Column("b", kind="code")]
    tables = [Table(EVIL, evil, columns, [[f"**{EVIL}**", f"`{evil}`"]], [f"- {evil}"])]
    put(results, "tables/readings.json", [table.as_dict() for table in tables])
    put(results, "fig8_misclassified.json", '{"' + EVIL)
    put(results, 'other"><img src=x>.json', {EVIL: {"a": EVIL}})
    page, _ = report(results, tmp_path / "out")
    assert not page.named("script") and not page.named("img") and len(page.named("a")) == len(page.texts["h2"])
    assert all(not any(key.startswith("on") for key in attributes) for _, attributes in page.elements)
    text = " ".join(page.texts["main"])
    assert text.count(EVIL) > 10, "it is shown as it is"


def test_results_of_every_kind_find_their_place(tmp_path):
    results = tmp_path / "results"
    columns = [Column("classifier", kind="text"), Column("1998", "%")]
    for name in ("section3", "fig13_invariance", "something_else"):
        table = Table(name, "All of them", columns, [["linear", 12]], ["K-NN: why."])
        put(results, f"tables/{name}.json", [table.as_dict()])
    put(results, "section3/linear.json", {"row": "linear", "commit": "1" * 40, "runs": [{"seed": 4}, {"seed": 5}]})
    put(results, "compare_default_modern.json", {"runs": [run(), run(name="modern")]})
    for name in ("ablation_ladder", "fig10_rejection", "fig9_classifiers", "compare_default_modern"):
        shutil.copy(RESULTS / "fig5_error_curves.png", results / f"{name}.png")
    page, _ = report(results, tmp_path / "out")
    assert page.texts["p"].count("K-NN: why.") == 3 and page.rows.count(["linear", "12"]) == 3
    assert ["seeds", "4, 5"] in page.rows and ["commit", "1111111111"] in page.rows
    chapters = [
        "All classifiers of section III",
        "Invariance and noise resistance",
        "From 1998 to today, one part at a time",
        "Two recipes compared",
        "Other results: something_else",
    ]
    found = [title for title in page.texts["h2"] if title in chapters]
    assert found == chapters
    captions = page.texts["figcaption"]
    nine, ten = (next(k for k, text in enumerate(captions) if key in text) for key in ("and Figure 9's", "Figure 10's"))
    assert nine < ten and any("Test error at every rung" in caption for caption in captions)


def test_a_variant_without_a_row_of_its_own_is_named_by_its_file(tmp_path):
    variant = "fig5_error_curves_loss=mle"
    put(tmp_path, f"{variant}.json", {"runs": [run(1.25, name="default loss=mle")]})
    put(tmp_path, f"tables/{variant}.json", [Table(variant, "Errors", [Column("a")], [[1]]).as_dict()])
    page, *_ = report(tmp_path, tmp_path / "out")
    name = "Error by pass (fig5_error_curves_loss=mle)"
    assert [name, "60,000", "test error, pass 20", "0.95", "1.25", "1"] in page.rows and name in page.texts["h3"]


@pytest.mark.parametrize("content", [None, {}, {"notes.txt": "x"}])
def test_without_results_it_says_what_to_do(content, tmp_path, prints):
    results = tmp_path / "results"
    if content is not None:
        results.mkdir()
        for name, text in content.items():
            put(results, name, text)
    told = prints("report", "--results", results, "--out", tmp_path / "out", code=2).err.splitlines()
    assert len(told) == 1 and "--results" in told[0] and "python -m experiments." in told[0]
    assert not (tmp_path / "out").exists()


def test_links_that_lead_out_of_the_results_are_not_followed(tmp_path, prints):
    results = tmp_path / "results"
    put(results, "fig5_error_curves.json", {"runs": [run()]})
    secret = put(tmp_path, "secret.json", {"runs": [run(name="secret recipe")]})
    shutil.copy(RESULTS / "fig5_error_curves.png", tmp_path / "secret.png")
    (results / "fig7_distortions.json").symlink_to(secret)
    (results / "fig8_misclassified.png").symlink_to(tmp_path / "secret.png")
    (results / "link.md").symlink_to("/etc/passwd")
    (results / "fig6_training_size.json").symlink_to("fig5_error_curves.json")
    told = prints("report", "--results", results, "--out", tmp_path / "out", code=2).err.splitlines()
    assert len(told) == 1 and "fig7_distortions.json" in told[0] and "fig8_misclassified.png" in told[0]
    page = Page((tmp_path / "out" / "report.html").read_text())
    assert "secret recipe" not in " ".join(page.texts["main"]) and not page.named("img")
    assert "root:" not in " ".join(page.texts["main"]) and "Error by size of the training set" in page.texts["h2"]


def test_names_of_files_do_not_move_a_cursor_or_turn_the_order_of_letters(tmp_path):
    put(tmp_path / "results", "red\x1b[31m\u202eknil.json", {"runs": [run()]})
    text = write(tmp_path / "results", tmp_path / "out").read_text()
    assert "\x1b" not in text and "\u202e" not in text and r"Other results: red\x1b[31m\u202eknil" in text


def test_a_record_that_lacks_a_field_is_named_and_the_page_is_there(tmp_path, prints):
    spoiled = run()
    del spoiled["data"]["train_size"]
    put(tmp_path / "results", "fig5_error_curves.json", {"runs": [spoiled]})
    out, err = prints("report", "--results", tmp_path / "results", "--out", tmp_path / "out", code=2)
    assert (
        "report.html" in out and "fig5_error_curves.json" in err and "train_size" in err and len(err.splitlines()) == 1
    )


def test_what_cannot_be_written_costs_no_earlier_report(tmp_path):
    put(tmp_path / "results", "fig5_error_curves.json", {"runs": [run()]})
    put(tmp_path, "file", "in the way")
    with pytest.raises(LeNetError, match="choose another place"):
        write(tmp_path / "results", tmp_path / "file")
    assert (tmp_path / "file").read_text() == "in the way"


def test_the_command_prints_what_it_wrote(tmp_path, prints, monkeypatch):
    put(tmp_path / "experiments" / "results", "fig5_error_curves.json", {"runs": [run()]})
    monkeypatch.chdir(tmp_path)
    assert prints("report").out.split() == ["report/report.html"]
    assert Path("report/report.html").stat().st_size > 5000


def test_the_list_of_experiments_is_that_of_their_declarations():
    assert [(one.name, one.command) for one in EXPERIMENTS] == [(one.name, one.command) for one in listed()]


def test_the_citation_is_that_of_the_citation_file():
    cited = bibtex().replace(r"{\'e}", "é")
    lines = re.findall(r'^\s*(?:- )?([a-z-]+): "?(.+?)"?$', (ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.M)
    checked = {key for key, _ in lines} & {"title", "version", "license", "volume", "issue", "year", "doi", "journal"}
    assert len(checked) == 8
    for key, value in lines:
        if key in checked | {"start", "end", "family-names", "given-names"}:
            assert value in cited, f"{key}: {value}"
    family = [value for key, value in lines if key == "family-names"]
    assert [cited.index(name) for name in family] == sorted(cited.index(name) for name in family)
    assert "month = nov" in cited and ("month", "11") in lines
