"""The experiments that record results: what each shows, its place in the paper, and the command that makes it.

The scripts are in the source tree, under experiments/, and do not come with the package; this table is what
`lenet1998 report` knows of them. A results file belongs to the experiment whose name, or one of whose other
beginnings, its own name starts with; the longest one decides, so that a variant has its own row.
"""

from __future__ import annotations

from dataclasses import dataclass, field

_RUN = "python -m experiments."


@dataclass(frozen=True)
class Experiment:
    """One experiment. `paper` is the figure or section that it reproduces, "" for what the paper does not have.

    `compared` says that its runs are those of Figures 5 and 6, so that the paper's errors may stand beside them.
    `captions` has what the figures of further files show, by file name without its ending.
    """

    name: str
    title: str
    paper: str
    command: str
    caption: str
    files: tuple[str, ...] = ()
    compared: bool = False
    captions: dict[str, str] = field(default_factory=dict, hash=False)

    def matches(self, stem: str) -> int:
        """How many characters of a file's name, without its ending, say that it is this experiment's; 0: none.

        >>> figure_6 = find("fig6_training_size_numpy")
        >>> figure_6.name, figure_6.matches("fig5_error_curves")
        ('fig6_training_size', 0)
        """
        beginnings = (self.name, *self.files)
        return max(len(one) if stem == one or stem.startswith(f"{one}_") else 0 for one in beginnings)


EXPERIMENTS = (
    Experiment(
        "fig5_error_curves",
        "Error by pass",
        "Figure 5, section III-B",
        f"{_RUN}fig5_error_curves",
        "Test error and training error, counted on the fly, after each pass through the training set: means over "
        "seeds with 95% intervals. The 1998 curves are digitised from Figure 5, to 0.03 point.",
        compared=True,
    ),
    Experiment(
        "fig5_error_curves_numpy",
        "Error by pass, with the NumPy engine",
        "Figure 5, section III-B",
        f"{_RUN}fig5_error_curves --seeds 1 --engine numpy",
        "The same with the reference engine in place of the compiled one.",
        compared=True,
    ),
    Experiment(
        "fig5_error_curves_printed",
        "Error by pass, the text taken literally",
        "Figure 5, section III-B",
        f"{_RUN}fig5_error_curves --seeds 1 --recipe printed",
        "The same with the recipe `printed`: the penalty as equation 7 prints it, and a start as appendix A has it.",
        compared=True,
    ),
    Experiment(
        "fig6_training_size",
        "Error by size of the training set",
        "Figure 6, section III-B",
        f"{_RUN}fig6_training_size",
        "Errors after the last pass over 15,000, 30,000 and 60,000 patterns, and over 60,000 with distortions, which "
        "are drawn a little to the right so that intervals can be told apart. The 1998 points are digitised from "
        "Figure 6, to 0.01 point.",
        compared=True,
    ),
    Experiment(
        "fig7_distortions",
        "Distorted patterns",
        "Figure 7, section III-B",
        f"{_RUN}fig7_distortions",
        "Ten training patterns, those of Figure 7, and ten random planar affine distortions of each. The law has the "
        "half-widths that they are drawn from; the shift is in pixels.",
    ),
    Experiment(
        "fig8_misclassified",
        "The misclassified test patterns",
        "Figure 8, section III-B",
        f"{_RUN}fig8_misclassified",
        "What seed 1, trained with distortions, gets wrong: true class > answer. Boxed patterns are among the paper's "
        "82 errors too. The table has numbers of patterns, means over seeds, and what chance would give.",
    ),
    Experiment(
        "section3",
        "All classifiers of section III",
        "Figures 9 to 12, section III-C",
        f"{_RUN}section3",
        "Every classifier of the paper's comparison, ours beside 1998.",
        files=("fig9", "fig10", "fig11", "fig12"),
        captions={
            "fig9_classifiers": "Test errors of every classifier, ours and Figure 9's.",
            "fig10_rejection": "Patterns that must be rejected to have 0.5% error among the rest, ours and Figure "
            "10's; and the error by rejection, the whole curve.",
            "fig11_multiply_accumulates": "Multiply-accumulate operations to recognise one pattern, counted from the "
            "models, and Figure 11's.",
            "fig12_variables": "Variables to be stored, counted from the models, and Figure 12's.",
        },
    ),
    Experiment(
        "section3_choices",
        "What section III leaves open for its networks",
        "section III-C",
        f"{_RUN}section3.choices",
        "Candidates for rates, neighbours and decay, each judged on held-out training patterns.",
    ),
    Experiment(
        "fig13_invariance",
        "Invariance and noise resistance",
        "Figure 13, section III-E",
        f"{_RUN}fig13_invariance",
        "Accuracy by scale, shift, rotation, stroke width and noise, where the paper shows single patterns.",
        files=("fig13",),
        captions={
            "fig13_activations": "Inputs, the activations of all layers and the penalties of the RBF units, drawn as "
            "in the paper, in a network that learned section VII's images of three characters and strings, a tenth of "
            "their pixels inverted.",
        },
    ),
    Experiment(
        "readings",
        "Which reading of the paper gives its numbers",
        "section III-B, appendices A and C",
        f"{_RUN}readings",
        "Where the paper is silent: readings of a whole space, with the text taken literally at the left, and which of "
        "the paper's claims about training each meets, on held-out training patterns. Rings are the two winners: the "
        "closest to the results, and the least departure from the text. In the tables, bold is met.",
    ),
    Experiment(
        "distortion_law",
        "How wide distortions should be drawn",
        "section III-B",
        f"{_RUN}distortion_law",
        "Errors by the width of the law of distortions, 1 being the ranges of Figure 7, on held-out training patterns.",
    ),
    Experiment(
        "effective_rates",
        "Step sizes by layer",
        "section III-B, appendix C",
        f"{_RUN}effective_rates",
        "Effective rates by layer at the start of a pass: range, middle 90% and 50%, and median. The paper gives "
        "7e-5 to 0.016 for the first.",
    ),
    Experiment(
        "sdlm_vs_sgd",
        "What the second derivatives are worth",
        "appendix C",
        f"{_RUN}sdlm_vs_sgd",
        "The stochastic diagonal Levenberg-Marquardt method, with several sizes of the sample that estimates second "
        "derivatives, against plain gradient descent with the best single rate, on held-out training patterns.",
    ),
    Experiment(
        "adaptive_centres",
        "What becomes of RBF centres that learn",
        "section II-C, equations 8 and 9",
        f"{_RUN}adaptive_centres",
        "Spread of the centres, training loss and test error by pass, with the centres fixed at the codes of Figure 3, "
        "and learning under equation 8 or equation 9.",
    ),
    Experiment(
        "stochastic_batch",
        "Stochastic against batch gradient",
        "appendix B",
        f"{_RUN}stochastic_batch",
        "Plain gradient descent in batches of 1, 64, 1,000 and all patterns, each at its own best rate, by pass and by "
        "second, on held-out training patterns.",
    ),
    Experiment(
        "initial_weights",
        "Initial weights, and whether they shrink",
        "appendix A, section III-C.5",
        f"{_RUN}initial_weights",
        "Errors by the size of the initial weights, and the root mean square of each layer's weights by pass.",
    ),
    Experiment(
        "ablation",
        "From 1998 to today, one part at a time",
        "",
        f"{_RUN}ablation",
        "What each part of 1998 is worth, and each part of today.",
        captions={
            "ablation_ladder": "Test error at every rung, from LeNet-5 as it was to LeNet-5 as it would be built "
            "today: means, 95% intervals, and single seeds as ticks.",
            "ablation_components": "Each part of the other kind put alone into LeNet-5 as it was, left, and as it "
            "would be built today, right. The dashed line and the band are the network without the change.",
            "ablation_speed": "Mean test error of the ladder's networks by pass and by seconds of training.",
        },
    ),
    Experiment(
        "compare",
        "Two recipes compared",
        "",
        f"{_RUN}compare default modern",
        "Test error by pass of two recipes trained with the same seeds, and the difference, paired by seed.",
    ),
    Experiment(
        "relu_lenet",
        "A course's LeNet with rectifiers",
        "",
        f"{_RUN}teaching.relu_lenet",
        "Loss and accuracy by pass, as published and with our recipe.",
    ),
    Experiment(
        "mlp_mnist",
        "A perceptron of 784-256-64-10 units",
        "",
        f"{_RUN}teaching.mlp_mnist",
        "Loss and accuracy by pass, as published and with our recipe.",
    ),
    Experiment(
        "faithful_class",
        "A NumPy class of LeNet-5",
        "",
        f"{_RUN}teaching.faithful_class",
        "Loss and accuracy by pass, as published and as ours; the table undoes one difference after the other.",
    ),
    Experiment(
        "cat_lenet",
        "A LeNet for cats",
        "",
        f"{_RUN}teaching.cat_lenet",
        "Loss and accuracy by pass, as published and with our recipe.",
    ),
    Experiment(
        "cifar10_convnet",
        "A small convolutional network on CIFAR-10",
        "",
        f"{_RUN}teaching.cifar10_convnet",
        "Loss and accuracy by pass, as published and with our recipe.",
        captions={"cifar10_convnet_filters": "The filters of C1, our recipe, seed 1."},
    ),
    Experiment(
        "strings_sheet",
        "Images of several characters",
        "section VII-B",
        f"{_RUN}strings.sheet",
        "Above, what a network for strings learns: a character between two others, or a blank; below, strings of five "
        "characters; each with a tenth of the pixels inverted, and without. There are more blanks than in training. "
        "Last, strings drawn after Figures 25 and 26.",
    ),
    Experiment(
        "strings_choices",
        "What section V leaves open for segments",
        "section V",
        f"{_RUN}strings.choices",
        "One choice changed at a time; strings of held-out training digits, read by a network of single digits.",
    ),
    Experiment(
        "strings_choosing",
        "What training on strings leaves open",
        "sections VI and VII",
        f"{_RUN}strings.choosing",
        "One choice changed at a time; strings of held-out training digits, read by the swept network before training "
        "on whole strings and after it.",
    ),
    Experiment(
        "strings",
        "Strings of digits, swept and segmented",
        "sections V to VII, Figure 32",
        f"{_RUN}strings",
        "Strings of test digits that are read wrongly, by length and by the gap between digits, without noise and "
        "with a tenth of the pixels inverted, by LeNet-5 swept over them (SDNN) and by heuristic over-segmentation "
        "(HOS), each before training on whole strings and after it; and what rejection by e^-E of equation 17 gains.",
    ),
    Experiment(
        "figures_25_26",
        "Strings that are hard to cut",
        "section VII-A, Figures 25 and 26",
        f"{_RUN}strings.figures_25_26",
        "Own strings with the difficulties of Figures 25 and 26, read by the package's network for strings: the "
        "answer, the labels of the outputs, the darker the lower their penalty, F6 at each position, string, and "
        "maps.",
    ),
    Experiment(
        "synthetic_digits",
        "The embedded digits",
        "",
        f"{_RUN}synthetic_digits",
        "The digits that stand in for MNIST where it cannot be had; nothing measured on them compares with the paper. "
        "A linear classifier and LeNet-5 after 3 passes show how hard they are.",
    ),
    Experiment(
        "benchmark_speed",
        "How long one online step takes",
        "",
        f"{_RUN}speed",
        "One online step (forward, backward, update) on one core, by engine, in microseconds and as a multiple of the "
        "time that its 1.84 million operations take at the measured rate of matrix multiplication. In the tables steps "
        "and passes over a pattern are in microseconds, starts in seconds, macs are multiply-accumulates.",
    ),
)


def find(stem: str) -> Experiment | None:
    """The experiment that a results file of this name, without its ending, belongs to."""
    best = max(EXPERIMENTS, key=lambda experiment: experiment.matches(stem))
    return best if best.matches(stem) else None
