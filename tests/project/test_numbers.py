"""README, ledger and docs/: a number with a unit comes from a record, or is quoted with its section or source.

From a record: it stands in a block that `experiments.summary` writes, or before a comment that names its cell
(`experiments.summary.values`). Quoted: right after the number, or after the quotation marks round it, stand in brackets
a section, figure, table, equation or appendix of the paper, or a link to who says it: 0.95% (III-B), "about 0.1%"
(caption of Figure 9), 0.82% ([QMNIST](https://...)).
"""

import re

import pytest

from experiments.summary.__main__ import BEGIN, END, PAGES, TEXTS
from experiments.summary.values import UNIT, VALUE, cell_of, with_values
from lenet1998.errors import LeNetError
from tests.project.test_layout import ROOT

SECTION = (
    r"(?:(?:sections?|caption of|the paper's)\s+)*"
    r"(?:[IVX]+(?:-[A-F](?:\.\d+)?)?\b|Figures?\s\d|Table\sI\b|eqs?\.\s\d|equations?\s\d|[Aa]ppendix\s[A-C]\b)[^()]*"
)
SOURCE = rf"\s*\((?:{SECTION}|[^()]*\[[^]]+\]\(https?:[^)\s]+\)[^()]*)\)"
NUMBER = rf"(?<![\w.])[-+]?\d[\d.,]*{UNIT}"
ALLOWED = (
    r"^```.*?^```|^ {4}.*?$",  # code: what is typed, and settings, which are options
    r"`[^`]*`",
    VALUE.pattern,
    rf'"[^"]*"{SOURCE}',
    rf"{NUMBER}{SOURCE}",
    r"95%\s(?:t\s)?interval",
)


def loose(text: str, blocks: tuple[str, ...] = ()) -> list[str]:
    """The numbers with a unit, and the bare numbers in a column with a unit, whose origin a page does not say."""
    for name in blocks:
        text = re.sub(re.escape(BEGIN.format(name)) + ".*?" + re.escape(END.format(name)), "", text, flags=re.S)
    for form in ALLOWED:
        text = re.sub(form, "~", text, flags=re.S | re.M)
    found = [number[0] for number in re.finditer(NUMBER, text)]
    for head, rows in re.findall(r"^(\|.*)\n\|[-:| ]+\|\n((?:\|.*\n?)*)", text, re.M):
        measured = [re.search(r"%|\((?:points?|us|ms|s|MB)\)", cell) is not None for cell in head.split("|")]
        for row in rows.splitlines():
            cells = zip(measured, row.split("|"), strict=False)
            found += [cell.strip() for unit, cell in cells if unit and re.match(r"\s*[-+]?\d[\d.,]*\s*(?:\(|$)", cell)]
    return found


@pytest.mark.parametrize("file", TEXTS)
def test_every_number_with_a_unit_says_where_it_comes_from(file):
    assert loose((ROOT / file).read_text(encoding="utf-8"), tuple(PAGES.get(file, ()))) == []


@pytest.mark.parametrize(
    "said",
    [
        "it errs 0.94%<!--fig5_error_curves;20;test_error-->",
        "it errs 0.94% (0.89\nto 0.98)<!-- fig5_error_curves; 20; test error -->",
        f"{BEGIN.format('a')}it errs 0.94%\n{END.format('a')}",
        "the paper's 0.95% (III-B) and 0.82% (Figure 6), 5.0% (section III-C.2), rates are uncertain by 0.1% "
        "(caption of Figure 9)",
        '"degraded with 10% salt and pepper noise" (VII-B)',
        "Lush errs 0.82% ([QMNIST's paper](https://arxiv.org/abs/1905.10498))",
        "95% interval; with `noise=10%`; two percent; 60,000 patterns; Figure 5; the 2s, 1998",
        "| (%) | n |\n| --- | --- |\n| 0.94<!-- fig5_error_curves; 20; test error --> | 10 |\n",
    ],
)
def test_numbers_from_records_and_quotations_pass(said):
    assert loose(said, ("a",)) == []


@pytest.mark.parametrize(
    "said",
    [
        "it errs 0.94%",
        "it errs 0.94 % in truth (see above)",
        "it errs 0.94% here, there 0.95% (III-B)",
        "it errs 0.95% (Intel)",
        'it errs "0.94%"',
        "0.3 point less",
        "it errs 0.94 per cent",
        "a step takes 32 us",
        "a start takes 8 seconds",
        f"{BEGIN.format('b')}it errs 0.94%\n{END.format('b')}",
        "| n | error (%) |\n| --- | --- |\n| 10 | 0.94 (0.89 to 0.98) |\n",
    ],
)
def test_other_numbers_are_found(said):
    assert len(loose(said, ("a",))) == 1


def test_single_numbers_are_written_in_the_form_that_stands_there():
    mark = "<!-- ablation_ladder; + max pooling; minus default -->"
    assert with_values(f"0 point{mark}, +0 (0 to 0){mark}, 0{mark}") == (
        f"0.98 point{mark}, +0.98 (+0.64 to +1.32){mark}, 0.98{mark}"
    )
    apart = f"0.98 point\n(0.64 to 1.32){mark}"
    assert with_values(apart) == apart, "a line that ends within a number stays"
    assert cell_of("section3_choices; rates of lenet4; 1 times LeNet-5's; held-out error")[0].unit == "%"


@pytest.mark.parametrize(
    "wrong",
    [
        "no_table; a; b",
        "fig9; no row; ours",
        "fig9; LeNet-4; no column",
        "section3_choices; rates of lenet4; held-out error",  # three rows
        "fig9; Linear; gap",
    ],
)
def test_a_comment_that_names_no_number_is_refused(wrong):
    with pytest.raises(LeNetError):
        with_values(f"0%<!-- {wrong} -->")


def test_a_comment_without_a_number_before_it_is_refused():
    with pytest.raises(LeNetError, match="no number stands right before"):
        with_values("about a percent <!-- fig9; LeNet-4; ours -->")


def test_a_wrong_unit_and_an_interval_that_is_not_there_are_refused():
    for wrong in ("0 us<!-- fig9; LeNet-4; ours -->", "0% (0 to 0)<!-- fig9; LeNet-4; 1998 -->"):
        with pytest.raises(LeNetError, match="is in %|no interval"):
            with_values(wrong)
