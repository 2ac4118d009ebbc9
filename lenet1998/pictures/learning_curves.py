"""Learning curves of several kinds of runs in one figure, beside those of Figure 5."""

from pathlib import Path

import numpy as np
from matplotlib import ticker

from lenet1998.errors import LeNetError
from lenet1998.evaluation import interval_name
from lenet1998.pictures.plotting import LOOKS, band, columns, panels, paper_curve, plain, save, style
from lenet1998.reference import comparable

_PANELS = (("test_error_percent", "test error (%)"), ("train_error_percent", "training error, on the fly (%)"))


def learning_curves(groups: dict[str, list[dict]], stem: Path) -> list[Path]:
    """Test and training error by pass: for each label the mean of its runs, with an interval where there are several.

    The runs of a label have made the same number of passes. The paper's curves are drawn only when every run may be
    compared with them. Writes stem.png and stem.pdf; raises LeNetError for more curves than can be told apart.
    """
    if len(groups) > len(LOOKS):
        raise LeNetError(f"{len(groups)} curves cannot be told apart in one figure: compare {len(LOOKS)} at a time")
    passes = max(len(runs[0]["passes"]) for runs in groups.values())
    compared = all(comparable(run) for runs in groups.values() for run in runs)
    with style():
        figure, both = panels(2, (7.2, 3.6))
        for axes, (key, name) in zip(both, _PANELS, strict=True):
            for look, (label, runs) in zip(LOOKS, groups.items(), strict=False):
                curves = np.array([[record[key] for record in run["passes"]] for run in runs])
                band(axes, np.arange(1, curves.shape[1] + 1), curves, plain(label), look)
            if compared:
                paper_curve(axes, key, passes, "1998, Figure 5", "#003A5C", "o")
            axes.set(xlabel="pass through the training set", ylabel=name, ylim=(0, axes.get_ylim()[1]))
            axes.xaxis.set_major_locator(ticker.MaxNLocator(integer=True))
        seeds = [len(runs) for runs in groups.values() if len(runs) > 1]
        if seeds:
            figure.suptitle(f"means over seeds, band: {interval_name(*seeds)}", fontsize=9, x=0.01, ha="left")
        handles, labels = figure.axes[0].get_legend_handles_labels()
        figure.legend(handles, labels, loc="outside lower center", ncols=min(len(labels), columns(3)))
        return save(figure, stem)
