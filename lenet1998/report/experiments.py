"""The experiments that record results: what each shows, its place in the paper, and the command that makes it.

The scripts are in the source tree, under experiments/, and do not come with the package; recorded/index.json, which
they write, is what `lenet1998 report` knows of them. A results file belongs to the experiment whose name, or one of
whose other beginnings, its own name starts with; the longest one decides, so that a variant has its own row.
"""

import json
from dataclasses import dataclass, field, fields
from importlib import resources


@dataclass(frozen=True)
class Experiment:
    """One experiment. `paper` is the figure or section that it reproduces, "" for what the paper does not have.

    `compared` says that its runs are those of Figures 5 and 6, so that the paper's errors may stand beside them.
    `captions` has what the figures of further files show, by file name without its ending. `question` is what it asks,
    and `seconds` what the recorded runs took on one core; both may be missing.
    """

    name: str
    title: str
    paper: str
    command: str
    caption: str
    files: tuple[str, ...] = ()
    compared: bool = False
    captions: dict[str, str] = field(default_factory=dict, hash=False)
    question: str = ""
    seconds: float | None = None

    def matches(self, stem: str) -> int:
        """How many characters of a file's name, without its ending, say that it is this experiment's; 0: none.

        >>> figure_6 = find("fig6_training_size_numpy")
        >>> figure_6.name, figure_6.matches("fig5_error_curves")
        ('fig6_training_size', 0)
        """
        beginnings = (self.name, *self.files)
        return max(len(one) if stem == one or stem.startswith(f"{one}_") else 0 for one in beginnings)


def _read() -> tuple[Experiment, ...]:
    rows = json.loads((resources.files(__package__) / "recorded" / "index.json").read_text(encoding="utf-8"))
    known = {each.name for each in fields(Experiment)}
    kept = ({key: value for key, value in row.items() if key in known} for row in rows)
    return tuple(Experiment(**{**row, "files": tuple(row.get("files", ()))}) for row in kept)


EXPERIMENTS = _read()


def find(stem: str) -> Experiment | None:
    """The experiment that a results file of this name, without its ending, belongs to."""
    best = max(EXPERIMENTS, key=lambda experiment: experiment.matches(stem))
    return best if best.matches(stem) else None
