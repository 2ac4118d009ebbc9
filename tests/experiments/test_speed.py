"""The size of what an installation brings, on distributions made by hand; the kernels of a step."""

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from experiments.speed.by_kernel import EXPERIMENT, kernels, repeating
from experiments.speed.installed import megabytes, required
from lenet1998.data import load
from lenet1998.layers import Convolution, FullConnection
from lenet1998.recipe import Recipe
from lenet1998.training import Trainer


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.syspath_prepend(tmp_path)
    return tmp_path


def put(place: Path, name: str, size: int, *requires: str) -> None:
    """A distribution of one file, and another that its list has and the disk has not."""
    about = place / f"{name}-1.0.dist-info"
    about.mkdir()
    lines = [f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0", *(f"Requires-Dist: {text}" for text in requires)]
    (about / "METADATA").write_text("\n".join(lines) + "\n")
    (about / "RECORD").write_text(f"{name}.bin,,\n{name}.gone,,\n")
    (place / f"{name}.bin").write_bytes(bytes(size))


def test_what_is_required_is_found_through_all_of_it_and_counted_once(place):
    put(place, "own_project", 10**6, "part_a>=1", 'part_b; extra == "fast"', 'part_z; python_version < "3"')
    put(place, "part_a", 2 * 10**6, "Part.C[more]")
    put(place, "part_b", 3 * 10**6, "part-c", "part_b")
    put(place, "part_c", 4 * 10**6, 'part_d; extra == "more"', 'part_z; extra == "other"')
    put(place, "part_d", 5 * 10**6, "own_project")
    assert required("part-b") == {"part-c"}
    assert required("own-project") == {"part-a", "part-c", "part-d"}, "not what is only for other extras or systems"
    assert required("own-project", "fast") == {"part-a", "part-b", "part-c", "part-d"}
    assert megabytes("part-b") == 4 and megabytes("own-project", "fast") == 14
    with pytest.raises(PackageNotFoundError):
        required("part_z")


def test_a_step_is_made_of_the_kernels_that_are_timed_and_one_is_repeated_in_its_place():
    """Forward, gradients and cotangents each go through all connections once; the image needs no cotangent."""
    trainer = Trainer(Recipe(), load("synthetic", train_size=100, test_size=1), seed=1, engine="numpy")
    text, network = repeating(trainer)._one.module.text, trainer.network
    found = kernels(text, network)
    learned = [layer for layer in network.layers if isinstance(layer, (Convolution, FullConnection))]
    assert sum(each.macs for each in found if "C3" not in each.name) == (
        3 * sum(layer.macs() for layer in learned if layer.name != "C3") - learned[0].macs()
    )
    names = [each.name for each in found]
    assert names[0] == "C1 start" and names[-1] == "C1 biases" and len(set(names)) == len(names)
    assert {"C3 forward", "C3 weights", "C3 below", "C5 adjoint", "S2 below", "squash after F6 forward"} <= set(names)
    body = text[text.index("def train(") : text.index("def curvature(")].split("\n")
    calls = [line for line in body if "_x" in line or "_g" in line]
    assert len([number for each in found for number in each.lines]) >= len(calls) - 1, "all but the image's placing"
    weights = next(each for each in found if each.name == "C3 weights")
    again = repeating(trainer, weights)._one.module.text
    assert again.count("for _ in range(9): check += convolution4_weights") == len(weights.lines)
    assert again.replace("for _ in range(9): ", "") == text


def test_what_kernels_cost_one_another_is_seen_and_a_time_below_the_clock_divides_nothing():
    measured = [
        {"kernel": "C3 forward", "us": 3.0, "macs": 150_000, "bytes": 30_000},
        {"kernel": "C1 start", "us": -0.01, "macs": 0, "bytes": 20_000},
    ]
    record = {"experiment": "speed_by_kernel", "step": 40.0, "matmul_gflops": 150.0, "kernels": measured}
    (table,) = EXPERIMENT.tables(record)
    assert table.rows[0] == ("C3 forward", 3.0, 7.5, 100.0, 30.0, 10.0)
    assert table.rows[1][3] is None and table.rows[2][1] == pytest.approx(2.99) and table.rows[3][2] == 100
