"""No number of the paper stands beside results on data other than MNIST, in any experiment: each draws its record, as
if it were of letters."""

import json
import re
from pathlib import Path

import pytest
from matplotlib.figure import Figure
from matplotlib.text import Text

from experiments.machinery.catalogue import listed
from experiments.machinery.options import module_of
from experiments.machinery.record import RESULTS, of_mnist
from experiments.readings import experiment as readings
from lenet1998 import reference
from lenet1998.errors import LeNetError
from lenet1998.running.check import SEAL
from tests.programs import experiment, planned


def recorded(name: str) -> list[Path]:
    """The record of an experiment, or that of its first recipes."""
    found = [*RESULTS.glob(f"{name}.json"), *RESULTS.glob(f"{name}/*.json")]
    return found or list(RESULTS.glob(f"{name}_*.json"))[:1]


OTHERS = {"fig8_misclassified": "draws patterns of MNIST"}
DRAWN = [one for one in listed() if one.experiment.load is None and one.name not in OTHERS and recorded(one.name)]
"""What takes one's own data with --data, each as it is recorded."""
PAPERS = re.compile("1998:|the paper's")


def of_letters(content: dict) -> dict:
    """A part of a record as data of one's own would have left it, called on every part by `json.loads`."""
    if str(content.get("name")).startswith("mnist"):
        content["name"] = content["name"].replace("mnist", "letters-1998")
    if "digests" in content:
        content["digests"] = {"train": "0" * 64, "test": "1" * 64}
    return content


@pytest.mark.parametrize("one", DRAWN, ids=lambda one: one.name)
def test_no_number_of_the_paper_stands_beside_other_data(one, tmp_path, monkeypatch):
    for path in recorded(one.name):
        place = tmp_path / path.relative_to(RESULTS)
        place.parent.mkdir(exist_ok=True)
        content = json.loads(path.read_text(), object_hook=of_letters)
        place.write_text(json.dumps({key: value for key, value in content.items() if key != SEAL}))
    said: list[str] = []

    def savefig(figure: Figure, *args: object, **how: object) -> None:
        said.extend(text.get_text() for text in figure.findobj(Text))

    monkeypatch.setattr(Figure, "savefig", savefig)
    monkeypatch.setattr(reference, "_rows", lambda name: pytest.fail(f"{name} was read"))
    name = module_of(one.experiment).removeprefix("experiments.")
    done = experiment(name, *one.arguments, "--plot-only", "--out", str(tmp_path))
    refused = "letters-1998 validation is not MNIST" in done.stderr
    assert refused if one.name in ("readings", "readings_over_fan_in") else done.returncode == 0, done.stderr
    said += [done.stdout, *(path.read_text() for path in tmp_path.glob("tables/*.json"))]  # and those of the claims
    assert [text for text in said if PAPERS.search(text)] == []
    assert len(said) > 1 or refused


def test_readings_are_refused_before_anything_is_trained(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    given = ["--data", "synthetic", "--train-size", "20", "--test-size", "10"]
    with pytest.raises(LeNetError, match="synthetic is not MNIST, .* choose --data mnist"):
        planned(readings.EXPERIMENT, list, *given)
    assert not list(tmp_path.iterdir())
    of_mnist(["mnist", "mnist validation"])
