"""The public names: each is there, documented and known to type checkers, and `import lenet1998` costs nothing."""

import ast
import inspect
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import lenet1998

ROOT = Path(__file__).parent.parent.parent


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
    loaded = imported_by("from lenet1998.commands.main import COMMANDS, parser\nfor name in COMMANDS: parser([name])")
    assert "lenet1998.strings.picture" in loaded
    assert not {"scipy.stats", "scipy.signal", "scipy.optimize", "matplotlib", "numba", "sklearn", "onnx"} & loaded


def loaded_by(*command: str) -> set[str]:
    """The modules of the project that a command loads, in a process of its own, which must end well."""
    program = f"""
        import sys
        from lenet1998.commands.main import main
        try:
            code = main({list(command)})
        except SystemExit as end:
            code = end.code or 0
        print(code, *(name for name in sys.modules if name.split(".")[0] == "lenet1998"))
    """
    run = [sys.executable, "-c", dedent(program)]
    done = subprocess.run(run, capture_output=True, text=True, timeout=120, check=True)
    code, *loaded = done.stdout.splitlines()[-1].split()
    assert code == "0", done.stderr
    return set(loaded)


def test_a_command_loads_only_what_it_needs(tmp_path):
    assert len(loaded_by("--help")) <= 15
    small = ["--data", "synthetic", "--train-size", "20", "--test-size", "20", "--passes", "1"]
    trained = loaded_by("train", "--engine", "numpy", *small, "--quiet", "--out", str(tmp_path))
    assert len(trained) <= 45 and "lenet1998.numpy_engine" in trained


def test_the_help_lists_every_command_with_what_it_does(capsys):
    from lenet1998.commands.main import COMMANDS, main

    with pytest.raises(SystemExit):
        main(["--help"])
    said = " ".join(capsys.readouterr().out.split())
    assert all(f"{name} {text}" in said for name, text in COMMANDS.items())
    modules = (ROOT / "lenet1998" / "commands").glob("*.py")
    assert set(COMMANDS) == {path.stem for path in modules if "\ndef run(" in path.read_text(encoding="utf-8")}


def test_the_classifier_imports_what_it_needs_and_no_more():
    loaded = imported_by("from lenet1998 import LeNet5Classifier")
    assert "lenet1998.interop.estimator" in loaded
    assert not {"matplotlib", "numba", "onnx"} & loaded
