"""The public names: each is there, documented and known to type checkers, and `import lenet1998` costs nothing."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys

import pytest

import lenet1998


@pytest.mark.parametrize("name", lenet1998.__all__)
def test_every_public_name_is_documented(name):
    """Own docstrings, not inherited ones; of classes also every public method."""
    thing = getattr(lenet1998, name)
    assert name in dir(lenet1998)
    documented = [thing]
    if inspect.isclass(thing):
        members = (getattr(thing, key) for key in vars(thing) if not key.startswith("_"))
        documented += [member for member in members if inspect.isroutine(member)]
    for each in documented:
        assert (each.__doc__ or "").strip(), each


def test_type_checkers_see_the_same_names():
    tree = ast.parse(inspect.getsource(lenet1998))
    (block,) = [node for node in tree.body if isinstance(node, ast.If)]
    seen = {(node.module, alias.name, alias.asname) for node in block.body for alias in node.names}
    assert seen == {(f"lenet1998.{home}", name, name) for name, home in lenet1998._HOMES.items()} | {
        (f"lenet1998.{wing}" if wing else "lenet1998", name, name) for name, wing in lenet1998._MODULES.items()
    }


def test_other_names_are_refused():
    with pytest.raises(AttributeError, match="LeNet6"):
        lenet1998.LeNet6  # noqa: B018
    namespace: dict = {}
    exec("from lenet1998 import *", namespace)
    assert set(lenet1998.__all__) <= set(namespace)


def imported_by(statement: str) -> set[str]:
    """The modules that are loaded after the statement, in a process of its own."""
    program = f"{statement}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def test_importing_the_package_imports_no_library():
    loaded = imported_by("import lenet1998")
    assert not {"numpy", "scipy", "matplotlib", "numba", "sklearn", "onnx"} & loaded
    assert {name for name in loaded if name.startswith("lenet1998.")} == set()


def test_the_command_starts_without_what_is_slow_to_load():
    loaded = imported_by("from lenet1998.commands.main import parser; parser()")
    assert "lenet1998.strings.picture" in loaded
    assert not {"scipy.stats", "scipy.signal", "scipy.optimize", "matplotlib", "numba", "sklearn", "onnx"} & loaded


def test_the_classifier_imports_what_it_needs_and_no_more():
    loaded = imported_by("from lenet1998 import LeNet5Classifier")
    assert "lenet1998.interop.estimator" in loaded
    assert not {"matplotlib", "numba", "onnx"} & loaded
