"""JSON as it is recorded: the same content in fewer bytes, still a line for what people look for."""

import json
import math
import os
from pathlib import Path

import numpy as np
import pytest

from lenet1998 import files
from lenet1998.files import write_json
from lenet1998.recipe import PRESETS


def written(place: Path, content: object) -> str:
    write_json(place / "a.json", content)
    return (place / "a.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "content",
    [
        {},
        [],
        None,
        "a\n[{\"b\": 1}]",
        [[], {}, [[]], [{}], ()],
        {"a": {"b": [1.5, -0.0, 1e-300, math.inf, None, True]}, "": [[[1]], {"c, d": "\u2028\udcff"}]},
        {1: [{2.5: [3]}], None: (1, (2, (3,))), False: {"x": {}}},
        [{"recipe": recipe.as_dict()} for recipe in PRESETS.values()],
    ],
)  # fmt: skip
@pytest.mark.parametrize("line", [0, 20, 1200])
def test_what_is_read_is_what_was_written(content, line, tmp_path, monkeypatch):
    """In whatever lines, and as `json.dumps` has it: keys as texts, in their order, tuples as lists."""
    monkeypatch.setattr(files, "LINE", line)
    assert json.dumps(json.loads(written(tmp_path, content))) == json.dumps(content)


def test_a_run_has_a_line_for_each_of_its_fields_and_passes(tmp_path):
    passes = [{"pass": number, "train_error_percent": 1.25, "digest": 16 * "0123abcd"} for number in range(1, 21)]
    run = {"recipe": PRESETS["default"].as_dict(), "seed": 1, "passes": passes, "missed": list(range(1000))}
    lines = written(tmp_path, {"experiment": "one", "runs": [run, run]}).splitlines()
    starts = [line.strip()[:10] for line in lines]
    assert starts[:2] == ["{", '"experimen'] and starts.count('{"pass": 1') == 22, "of 1 and 10 to 19"
    assert lines.count('   "passes": [') == 2
    assert starts.count('"recipe": ') == starts.count('"missed": ') == 2
    assert len(lines) == 2 * (len(passes) + 7) + 5
    assert written(tmp_path, {"a": [[1, 2], [3]]}) == '{"a": [[1, 2], [3]]}\n'


@pytest.mark.skipif(os.name != "posix", reason="permissions are those of Unix")
def test_others_may_read_what_the_user_lets_them(tmp_path):
    """As of any file that a program writes, by the umask; a temporary file is the user's alone."""
    before = os.umask(0o027)
    try:
        written(tmp_path, [1])
    finally:
        os.umask(before)
    assert (tmp_path / "a.json").stat().st_mode & 0o777 == 0o640


def test_what_is_no_json_is_refused_and_the_file_stays(tmp_path):
    before = written(tmp_path, [1])
    with pytest.raises(TypeError):
        write_json(tmp_path / "a.json", {"a": np.float32(1)})
    assert (tmp_path / "a.json").read_text() == before
