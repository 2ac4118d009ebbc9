"""The wheel that users install: all of the package, nothing else, and a command that works away from the tree."""

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
from packaging.version import Version
from PIL import Image

ROOT = Path(__file__).parent.parent.parent


def run(*command, **options) -> str:
    """What a program prints, away from this process's own search path; nothing is compiled, so NumPy computes."""
    alone = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    alone["NUMBA_DISABLE_JIT"] = "1"
    done = subprocess.run([*map(str, command)], capture_output=True, text=True, timeout=120, env=alone, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """The files that git has, relative to the root."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("what belongs into the wheel is what git tracks: needs git and a clone")
    return run("git", "ls-files", cwd=ROOT).splitlines()


@pytest.fixture(scope="module")
def wheel(tracked, tmp_path_factory) -> Path:
    """Built from a copy, because setuptools leaves a folder build/ behind and takes stale files from an older one."""
    try:
        installed = metadata.version("setuptools")
    except metadata.PackageNotFoundError:
        installed = "0.0"
    if Version(installed) < Version("70.1"):
        pytest.skip(f"without a network it takes the setuptools that is here: {installed}, needs 70.1 (extra test)")
    place = tmp_path_factory.mktemp("wheel")
    for name in tracked:
        if (ROOT / name).is_file():  # not deleted in the working tree
            (place / "source" / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, place / "source" / name)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    run(*pip, "--wheel-dir", place, place / "source", cwd=place)
    (built,) = place.glob("*.whl")
    shutil.rmtree(place / "source")
    return built


@pytest.fixture(scope="module")
def scripts(wheel, tmp_path_factory) -> Path:
    """The folder of commands of an environment that has the wheel; libraries come from the one that runs the tests.

    Its own packages come first in the search path, and of the others' only the folder is added, without the .pth files
    by which it finds the source tree.
    """
    place = tmp_path_factory.mktemp("installed")
    venv.create(place, with_pip=False, symlinks=True)
    names = {"base": str(place), "platbase": str(place)}
    scripts = Path(sysconfig.get_path("scripts", "posix_prefix", names))
    packages = Path(sysconfig.get_path("purelib", "posix_prefix", names))
    python = scripts / "python"
    run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel)
    others = [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    (packages / "libraries.pth").write_text("\n".join(others) + "\n", encoding="utf-8")
    return scripts


def test_the_wheel_holds_the_package_and_nothing_else(wheel, tracked):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    (about,) = {name.partition("/")[0] for name in names if ".dist-info/" in name}
    packed = {name for name in names if not name.startswith(f"{about}/")}
    assert packed == {name for name in tracked if name.startswith("lenet1998/")}
    assert {f"{about}/METADATA", f"{about}/entry_points.txt"} <= names
    assert any(name.endswith("/LICENSE") for name in names)


def test_the_command_works_where_only_the_wheel_is(wheel, scripts, tmp_path):
    command = scripts / "lenet1998"
    where = run(scripts / "python", "-c", "import lenet1998; print(lenet1998.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(scripts.parent)
    assert json.loads(run(command, "info", "--json", cwd=tmp_path))["parameters"] == 60_000

    page = np.full((28, 28), 255, np.uint8)
    page[4:24, 13:16] = 0
    Image.fromarray(page).save(tmp_path / "one.png")
    for network in ("default", "distorted"):
        said = run(command, "predict", "--checkpoint", network, "--json", "one.png", cwd=tmp_path)
        assert json.loads(said)[0]["class"] == 1

    sizes = ["--data", "synthetic", "--test-size", "100"]
    assert json.loads(run(command, "evaluate", *sizes, "--json", cwd=tmp_path))["patterns"] == 100
    small = [*sizes, "--train-size", "100", "--passes", "1", "--engine", "numpy"]
    run(command, "train", *small, "--out", "trained", cwd=tmp_path)
    assert (tmp_path / "trained" / "error_curves.png").is_file()
    assert run(command, "table", "fig9", "--format", "csv", cwd=tmp_path).startswith("classifier,1998 (%),")
    run(command, "report", "--results", ROOT / "experiments" / "results", cwd=tmp_path)
    assert (tmp_path / "report" / "report.html").is_file()


def test_its_requirements_are_those_of_the_environment_of_the_tests(scripts):
    """`pip check` looks at every package; only what it says of this one counts here."""
    pip = [sys.executable, "-m", "pip", "--python", scripts / "python", "check"]
    done = subprocess.run([*map(str, pip)], capture_output=True, text=True, timeout=120)
    assert "lenet1998" not in done.stdout, done.stdout
