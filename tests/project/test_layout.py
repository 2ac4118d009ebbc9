"""The layout: the paper at the top, wings beside it, and a reader's guide that names each file of the paper once."""

import ast
import configparser
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
TOP = {path.name for path in (ROOT / "lenet1998").glob("*.py")}
SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg", encoding="utf-8")
WINGS = {path.parent.name for path in (ROOT / "lenet1998").glob("*/__init__.py")}


def modules(contract: str, key: str) -> set[str]:
    return set(SETUP[f"importlinter:contract:{contract}"][key].split())


def test_the_top_of_the_package_is_the_paper():
    """A new idea goes where a reader of the paper would look for it, machinery into a wing."""
    assert len(TOP) <= 26
    citing = re.compile(r"section|equation|[Aa]ppendix|Table I|Figure|the paper")
    for name in TOP - {"__init__.py", "__main__.py", "errors.py", "files.py", "engines.py"}:
        head = ast.get_docstring(ast.parse((ROOT / "lenet1998" / name).read_text(encoding="utf-8")))
        assert head and citing.search(head), f"lenet1998/{name} does not say at its head what of the paper it is"


def test_the_reading_guide_names_every_file_of_the_paper():
    guide = (ROOT / "docs" / "reading.md").read_text(encoding="utf-8")
    assert set(re.findall(r"`(\w+\.py)`", guide)) == TOP - {"__init__.py", "__main__.py"}
    for folder in re.findall(r"`(\w+)/`", guide):
        assert folder == "lenet1998" or (ROOT / "lenet1998" / folder).is_dir()


def test_the_contracts_know_every_module():
    """What is new at the top, or a new wing, must be put on one side or the other."""
    core = modules("core", "source_modules")
    top = {f"lenet1998.{name.removesuffix('.py')}" for name in TOP - {"__init__.py", "__main__.py"}}
    wings = {f"lenet1998.{name}" for name in WINGS - {"modern", "reference", "registry"}}
    assert core == top | {"lenet1998.modern", "lenet1998.reference", "lenet1998.registry"}
    assert modules("core", "forbidden_modules") == wings - {"lenet1998.kernels"}
    low = modules("wings", "source_modules")
    assert modules("wings", "forbidden_modules") == wings - low


def test_imports_keep_the_contracts():
    command = Path(sys.executable).with_name("lint-imports")
    if not command.exists() and shutil.which("lint-imports") is None:
        pytest.skip("needs import-linter (extra test)")
    done = subprocess.run([command, "--no-cache"], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stdout


def test_the_tests_are_laid_out_as_the_package_is():
    folders = {path.parent.name for path in (ROOT / "tests").glob("*/__init__.py")}
    assert folders - WINGS == {"experiments", "fuzz", "project"}
