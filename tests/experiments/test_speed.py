"""The size of what an installation brings, on distributions made by hand."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

from experiments.speed.installed import megabytes, required


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


def test_what_is_required_is_found_through_all_of_it_and_counted_once(place: Path) -> None:
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
