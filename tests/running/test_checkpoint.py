"""Checkpoints: what is saved comes back; what is not a whole checkpoint is refused and harms nothing."""

import errno
import io
import json
import os
import pickle
import zipfile

import numpy as np
import pytest

from lenet1998 import files
from lenet1998.data import load
from lenet1998.errors import CheckpointError, LeNetError
from lenet1998.recipe import Recipe
from lenet1998.running import checkpoint as checkpoints
from lenet1998.running.checkpoint import Checkpoint
from lenet1998.running.run import run
from lenet1998.training import RECORD
from tests.faults import refusing


@pytest.fixture
def saved(tmp_path):
    values = np.random.default_rng(0).normal(size=60_000).astype(np.float32)
    history = whole_history()
    path = tmp_path / "checkpoint.npz"
    checkpoints.save(path, Checkpoint(values, history))
    return path, values


def whole_history(**changes) -> dict:
    record = dict.fromkeys(RECORD, 0.5) | {"pass": 1}
    return {"recipe": Recipe().as_dict(), "seed": 3, "data": {"name": "mnist"}, "passes": [record], **changes}


def with_history(path, **changes):
    rewrite(path, history=np.array(json.dumps(whole_history(**changes))))


def rewrite(path, **changes):
    """The file again with arrays exchanged; None leaves one out."""
    with np.load(path) as arrays:
        kept = {**arrays, **changes}
    np.savez(path, **{key: value for key, value in kept.items() if value is not None})


def test_what_is_saved_comes_back(saved):
    path, values = saved
    loaded = checkpoints.load(path)
    np.testing.assert_array_equal(loaded.values, values)
    assert loaded.recipe == Recipe()
    assert loaded.history["seed"] == 3
    np.testing.assert_array_equal(loaded.network().parameters.values, values)


def test_one_that_was_saved_before_there_were_optimisers_still_loads(saved):
    """Then a recipe had none of these fields, and the file no arrays but its values."""
    path, values = saved
    later = {"network", "c3", "init_deviations", "squash", "output", "codes", "optimiser", "batch", "momentum",
             "weight_decay", "weight_init", "input_background", "input_foreground",
             "input_mean"}  # fmt: skip
    recipe = {key: value for key, value in Recipe().as_dict().items() if key not in later}
    assert len(recipe) == len(Recipe().as_dict()) - len(later)
    with_history(path, recipe=recipe)
    with np.load(path) as arrays:
        assert set(arrays) == {"format", "history", "values"}
    loaded = checkpoints.load(path)
    assert loaded.recipe == Recipe()
    np.testing.assert_array_equal(loaded.network().parameters.values, values)


DAMAGES = {
    "empty": lambda path: path.write_bytes(b""),
    "text": lambda path: path.write_text("<html>not found</html>"),
    "truncated": lambda path: path.write_bytes(path.read_bytes()[:-1000]),
    "a flipped byte": lambda path: path.write_bytes(flipped(path.read_bytes())),
    "a plain npy file": lambda path: path.write_bytes(npy(np.zeros(3))),
    "another program's npz": lambda path: np.savez(path, weights=np.zeros(3)),
    "an older format": lambda path: rewrite(path, format=np.int64(0)),
    "a newer format": lambda path: rewrite(path, format=np.int64(2)),
    "no values": lambda path: rewrite(path, values=None),
    "too few values": lambda path: rewrite(path, values=np.zeros(10, np.float32)),
    "values of another type": lambda path: rewrite(path, values=np.zeros(60_000)),
    "a value that is not finite": lambda path: rewrite(path, values=np.full(60_000, np.nan, np.float32)),
    "history that is not JSON": lambda path: rewrite(path, history=np.array("{")),
    "history of another shape": lambda path: rewrite(path, history=np.array("[]")),
    "a recipe with unknown fields": lambda path: with_history(path, recipe={"a": 1}),
    "passes that are not in order": lambda path: with_history(path, passes=[{"pass": 2}]),
    "a record that lacks keys": lambda path: with_history(path, passes=[{"pass": 1}]),
    "data without a name": lambda path: with_history(path, data={}),
    "no seed": lambda path: with_history(path, seed=None),
    "a pickle": lambda path: path.write_bytes(pickle.dumps({"values": 1})),
    "a pickle within": lambda path: rewrite(path, values=np.array([Trap()], dtype=object)),
    "a zip bomb": lambda path: bomb(path),
}


class Trap:
    def __reduce__(self):
        return os.mkdir, ("trap-was-sprung",)


def flipped(content: bytes) -> bytes:
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


def npy(array) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def bomb(path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("values.npy", bytes(200 * 2**20))


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_refused_in_one_line(saved, damage, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    path, _ = saved
    DAMAGES[damage](path)
    with pytest.raises(CheckpointError) as refusal:
        checkpoints.load(path)
    assert str(path) in str(refusal.value)
    assert "lenet1998" in str(refusal.value), "what to do"
    assert "\n" not in str(refusal.value)
    assert not (tmp_path / "trap-was-sprung").exists()
    if "format" in damage:
        assert "format" in str(refusal.value)


def test_the_bound_is_on_all_that_a_file_unpacks_to(saved):
    path, _ = saved
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        for number in range(4):
            archive.writestr(f"part{number}.npy", bytes(20 * 2**20))
    with pytest.raises(CheckpointError, match="unpacks to over"):
        checkpoints.load(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="No such file"):
        checkpoints.load(tmp_path / "nothing.npz")
    with pytest.raises(CheckpointError):
        checkpoints.load(tmp_path)


def test_a_full_disk_leaves_the_last_checkpoint(saved, monkeypatch):
    path, values = saved
    monkeypatch.setattr(files.os, "fsync", refusing(errno.ENOSPC))
    with pytest.raises(LeNetError, match="No space left"):
        checkpoints.save(path, Checkpoint(values * 2, {}))
    np.testing.assert_array_equal(checkpoints.load(path).values, values)
    assert os.listdir(path.parent) == [path.name], "no temporary file stays behind"


def test_the_advice_about_a_full_disk_is_what_the_caller_has(tmp_path, monkeypatch):
    """A run can be resumed; other commands are repeated."""
    digits = load("synthetic", train_size=20, test_size=10)
    run(tmp_path / "run", Recipe(hessian_patterns=5), digits, passes=1, engine="numpy")
    monkeypatch.setattr(files.os, "fsync", refusing(errno.ENOSPC))
    with pytest.raises(LeNetError, match="free some space and repeat the command with --resume"):
        run(tmp_path / "run", Recipe(hessian_patterns=5), digits, passes=2, engine="numpy", resume=True)
    with pytest.raises(LeNetError, match="free some space and repeat the command$"):
        files.write_json(tmp_path / "table.json", {})
