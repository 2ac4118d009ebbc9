"""A folder of hand-ins: points by exercise. Each solution runs in a process of its own, with limits (`apart`)."""

import ast
import json
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from lenet1998.errors import LeNetError, escaped
from lenet1998.exercises.judging import EXERCISES, Verdict, judged
from lenet1998.files import as_csv as csv_of

Points = dict[str, dict[str, Verdict]]
"""By hand-in and exercise."""

_DEFINE = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)


def graded(folder: Path) -> Iterator[tuple[str, dict[str, Verdict]]]:
    """The verdicts on each hand-in: each notebook or program of the folder, or each folder within it with such files.

    Raises LeNetError at once if there are none.
    """
    try:
        found = {path.name: handed_in(path) for path in sorted(folder.iterdir())}
    except OSError as error:
        raise LeNetError(f"cannot read {folder}: {error.strerror}") from error
    if not any(found.values()):
        raise LeNetError(f"{folder} has no notebooks (.ipynb) or programs (.py): name a folder of hand-ins")
    judged = {name: files for name, files in found.items() if files}
    return ((name, {each: _verdict(files, each) for each in EXERCISES}) for name, files in judged.items())


def handed_in(path: Path) -> list[Path]:
    """The notebooks and programs at a path, except hidden ones, such as Jupyter's checkpoints."""
    files = [path] if path.is_file() else sorted(path.rglob("*"))
    return [
        file
        for file in files
        if file.suffix in (".py", ".ipynb") and not any(part.startswith(".") for part in file.parts[-2:])
    ]


def _verdict(files: list[Path], name: str) -> Verdict:
    with_it = [file for file in files if f"def {name}(" in file.read_text(encoding="utf-8", errors="replace")]
    if with_it:
        return judged(name, lambda: _function_of(with_it[0], name))
    return Verdict(0, len(EXERCISES[name].parts), f"  not handed in: no function {name}")


def _function_of(file: Path, name: str) -> Callable:
    """The function of this name that a file defines; only imports, definitions and assignments are executed.

    Raises LeNetError if that fails.
    """
    namespace: dict[str, Any] = {"__name__": "hand-in"}
    for source in _sources(file):
        _execute(source, f"<{file.name}>", namespace)
    if not callable(namespace.get(name)):
        raise LeNetError(f"no function {name} after the definitions of {file.name} were executed: is it valid Python?")
    return namespace[name]


def _sources(file: Path) -> Iterator[str]:
    """The program, or each cell of the notebook without Jupyter's own commands."""
    text = file.read_text(encoding="utf-8", errors="replace")
    if file.suffix == ".py":
        yield text
        return
    for cell in json.loads(text)["cells"]:
        if cell["cell_type"] == "code":
            lines = "".join(cell["source"]).splitlines()
            yield "\n".join("" if line.lstrip().startswith(("%", "!")) else line for line in lines)


def _execute(source: str, place: str, namespace: dict[str, Any]) -> None:
    """What a source defines; what fails, or is no Python, leaves the others alone."""
    with suppress(SyntaxError, ValueError):
        for node in ast.parse(source).body:
            if isinstance(node, _DEFINE):
                with suppress(Exception):
                    exec(compile(ast.Module([node], []), place, "exec"), namespace)


def as_json(points: Points) -> str:
    """Points and what was said, by hand-in and exercise."""
    return json.dumps(
        {name: {exercise: vars(verdict) for exercise, verdict in found.items()} for name, found in points.items()},
        indent=1,
    )


def as_csv(points: Points) -> str:
    """A row for each hand-in: the points of each exercise, and their sum."""
    lines: list[list[object]] = [["hand-in", *EXERCISES, "sum"]]
    for name, found in points.items():
        row = [verdict.points for verdict in found.values()]
        lines.append([escaped(name), *row, sum(row)])
    return csv_of(lines)
