"""The blocks of the README and of docs/ that hold recorded numbers, each written from the recorded files."""

from __future__ import annotations

import numpy as np
from scipy.stats import t as student_t

from experiments import compare
from experiments.ablation.report import ladder_table
from experiments.fig6_training_size import group
from experiments.fig6_training_size import in_words as in_words_of_equation_1
from experiments.machinery.catalogue import costs, listed, time_of
from experiments.machinery.record import RESULTS, at_pass, named
from experiments.sdlm_vs_sgd import SDLM, against_sgd, best_rate, in_words, rate_name
from experiments.strings.report import rates
from experiments.summary.record import prose, read
from experiments.summary.times import fastest
from experiments.teaching import cat_lenet, cifar10_convnet, faithful_class, mlp_mnist, relu_lenet
from experiments.teaching.report import table as teaching_table
from lenet1998.evaluation import rate_interval, student_interval
from lenet1998.report.tables import mean_text
from lenet1998.report.writers import markdown

FIGURE_5, FIGURE_6 = "fig5_error_curves", "fig6_training_size"
TEST, TRAIN = "test_error_percent", "train_error_percent"
# What, the paper's figure, results file, training set and distorted copies, pass and key that are averaged, and what
# follows `python -m experiments.`
ROWS = (
    ("test error, pass 20", "0.95", "fig5_error_curves", (60_000, 0), 20, TEST, FIGURE_5),
    ("training error, on the fly, pass 19", "0.35", "fig5_error_curves", (60_000, 0), 19, TRAIN, FIGURE_5),
    ("test error, trained on 15,000", "1.68", "fig6_training_size", (15_000, 0), 20, TEST, FIGURE_6),
    ("test error, trained on 30,000", "1.14", "fig6_training_size", (30_000, 0), 20, TEST, FIGURE_6),
    ("test error, with distortions", "0.82", "fig6_training_size", (60_000, 9), 20, TEST, FIGURE_6),
    (
        "same, by NumPy",
        "0.95",
        "fig5_error_curves_numpy",
        (60_000, 0),
        20,
        TEST,
        f"{FIGURE_5} --seeds 1 --engine numpy",
    ),
    (
        "same, the text literally",
        "0.95",
        "fig5_error_curves_printed",
        (60_000, 0),
        20,
        TEST,
        f"{FIGURE_5} --seeds 1 --recipe printed",
    ),
)
STRINGS = (
    ("strings of five digits, the network replicated (VII)", "sdnn eq. 17"),
    ("strings of five digits, by segments (V)", "hos eq. 17"),
)
"""Methods of `experiments.strings` that learned whole strings; 1998 has no such number."""
INTERVALS = (
    "Intervals of rates, here and wherever results stand: from four seeds on Student's, on the scale of logits, so "
    "that a rate stays between 0 and 100%; of two or three seeds the least and the largest. `python "
    "-m experiments.NAME`, with the last column for NAME, repeats a row."
)


def results_table() -> str:
    """Error rates: the paper's, ours with the 95% interval over seeds, and the experiment."""
    lines = ["| | 1998 (%) | ours (%), 95% interval | seeds | experiment |", "|---|---|---|---|---|"]
    for what, paper, name, patterns, number, key, command in ROWS:
        values = _errors(name, patterns, number, key)
        lines.append(f"| {what} | {paper} | {mean_text(values)} | {len(values)} | `{command}` |")
    runs = read("strings")["runs"]
    for what, method in STRINGS:
        values = rates(runs, method, "plain")[:, 0]
        lines.append(f"| {what} | none | {mean_text(values)} | {len(values)} | `strings` |")
    return "\n".join(lines)


def results() -> str:
    """That table, and how to read it."""
    return f"{results_table()}\n\n{prose(INTERVALS)}"


def headline() -> str:
    """The error of 1998, and ours."""
    _, paper, name, patterns, number, key, _ = ROWS[0]
    values = _errors(name, patterns, number, key)
    mean, low, high = (f"{value:.2f}" for value in rate_interval(values))
    return prose(
        f"LeNet-5 of 1998 got {paper}% of MNIST's test digits wrong; this one gets {mean}% wrong (95% interval "
        f"{low} to {high}%, {len(values)} seeds), after {fastest():.0f} seconds of training on one core of today."
    )


def single_run() -> str:
    """Where the paper's network stands among ours: Student's distribution of one more run, given those on record."""
    errors, paper = np.array([run["passes"][-1][TEST] for run in read(FIGURE_5)["runs"]]), float(ROWS[0][1])
    one_more = student_t(len(errors) - 1, errors.mean(), errors.std(ddof=1) * np.sqrt(1 + 1 / len(errors)))
    low, high = one_more.interval(0.95)
    return (
        f"**Figure 5.** 95% of single runs lie between {low:.2f} and {high:.2f}%; the paper's network, {paper}%, is at "
        f"their {100 * one_more.cdf(paper):.0f}% quantile (Student's, from {len(errors)} seeds)."
    )


def training_error() -> str:
    """Where the training error ends, and what a reading costs with which it ends nearer to the paper's."""
    names = (FIGURE_5, f"{FIGURE_5}_j=0.5")
    errors = [_errors(name, (60_000, 0), 20, key) for name in names for key in (TRAIN, TEST)]
    train, test, nearer, its_test = (
        f"{mean:.2f}% ({low:.2f} to {high:.2f})" for mean, low, high in map(rate_interval, errors)
    )
    _, ours, _, its = errors
    mean, low, high = student_interval(its - ours)
    return (
        f"**Training error.** Counted on the fly it ends at {train}; Figure 5 has {ROWS[1][1]}% at pass 19. With j = "
        f"0.5 in equation 9 it ends at {nearer}, and the test error at {its_test} in place of {test}: a difference of "
        f"{mean:.2f} point ({low:.2f} to {high:.2f}, {len(its)} seeds in pairs; `python -m "
        "experiments.fig5_error_curves --set j=0.5`)."
    )


def findings() -> str:
    """What single runs give, where the training error ends, and what Figure 8 and the comparison with plain gradient
    descent came to."""
    overlap, sdlm = read("fig8_misclassified")["overlap"], read("sdlm_vs_sgd")["runs"]
    low, high = overlap["of_the_papers_82_interval"]
    held_out = {
        name: at_pass(runs, -1, TEST)
        for name in (SDLM, "SDLM, 20 patterns", "SDLM, 5000 patterns")
        if (runs := named(sdlm, name))
    }
    best, test = best_rate(sdlm), against_sgd(sdlm, 20)
    assert best is not None and test is not None, "the recorded runs have both"
    held_out[rate_name(best)] = at_pass(named(sdlm, rate_name(best)), -1, TEST)
    rates = "; ".join(f"{name}: {mean:.2f}% ({low:.2f} to {high:.2f})" for name, (mean, low, high) in held_out.items())
    paragraphs = (
        single_run(),
        training_error(),
        "**Figure 8.** The networks trained with distortions err on "
        f"{overlap['errors_mean']:.0f} test patterns in the mean. "
        f"{overlap['of_the_papers_82']:.0f} of them ({low:.0f} to {high:.0f}) are among the paper's 82, "
        f"{overlap['with_the_same_answer']:.0f} with the paper's wrong answer. Chance would give "
        f"{overlap['by_chance']:.1f}; two of our own seeds share {overlap['between_two_of_ours']:.0f} "
        "(`python -m experiments.fig8_misclassified`).",
        f"**Equation 1.** From 15,000 to 60,000 patterns {in_words_of_equation_1(read(FIGURE_6)['runs'])} "
        "(`python -m experiments.fig6_training_size --plot-only`).",
        "**Second derivatives.** Held-out error after 20 passes, with the single rate of plain gradient descent "
        f"searched on held-out patterns: {rates}. "
        f"SDLM minus SGD: {in_words(test)} (`python -m experiments.sdlm_vs_sgd`).",
    )
    return "\n\n".join(map(prose, paragraphs))


def ladder() -> str:
    """The ladder of the ablation, and its two ends at full length."""
    record = read("compare_default_modern")
    ends = "Both ends at their full length of 20 passes (`python -m experiments.compare default modern`):"
    return "\n\n".join(
        (ladder_table(read("ablation_scores")["rows"]), prose(ends), *map(markdown, compare.tables(record)[:2]))
    )


def teaching() -> str:
    """The teaching systems, published and ours."""
    systems = (relu_lenet, cat_lenet, mlp_mnist, cifar10_convnet, faithful_class)
    return teaching_table([each.SYSTEM for each in systems])


def experiments_table() -> str:
    """Every experiment with its command and the time that its recorded runs took, one after the other."""
    seconds = costs(RESULTS)
    lines = ["| what | in the paper | command | on record, one core |", "|---|---|---|---|"]
    for one in listed():
        spent = time_of(seconds[one.name]) if one.name in seconds else ""
        lines.append(f"| {one.variant.title} | {one.experiment.paper} | `{one.command}` | {spent} |")
    return "\n".join(lines)


def _errors(name: str, patterns: tuple[int, int], number: int, key: str) -> np.ndarray:
    runs = group(read(name)["runs"], *patterns)
    return np.array([run["passes"][number - 1][key] for run in runs])
