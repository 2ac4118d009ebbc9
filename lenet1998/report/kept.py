"""Tables as experiments keep them: a JSON file per experiment, which holds a list of tables (`Table.as_dict`).

Those of the full experiments come with the package, under recorded/; a trial writes its own to OUT/tables.
"""

import json
from difflib import get_close_matches
from importlib import resources
from pathlib import Path

from lenet1998.errors import LeNetError, reason_of
from lenet1998.report.table import Table

INDEX = "index"
"""The list of experiments, which stands beside the tables."""
TABLES = "tables"
"""The folder of the tables within a directory of results."""


def read_tables(path: Path) -> list[Table]:
    """The tables of a file. Raises LeNetError, which names the file, where it cannot be read or holds no tables."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise LeNetError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise LeNetError(f"{path} holds no tables: {reason_of(error)}") from error
    if not isinstance(content, list):
        raise LeNetError(f"{path} holds no tables: it is no list")
    try:
        return [Table.from_dict(each) for each in content]
    except LeNetError as error:
        raise LeNetError(f"{path}: {error}") from error


def recorded() -> Path:
    """The folder of the tables that come with the package."""
    return Path(str(resources.files(__package__) / "recorded"))


def folder_of(results: Path) -> Path | None:
    """The folder of the tables of a directory of results: within it, or for experiments/results of a source tree in its
    package; None if there is none."""
    of_tree = results.absolute().parent.parent / "lenet1998" / "report" / "recorded"
    if (results / TABLES).is_dir():
        return results / TABLES
    return of_tree if results.absolute().parent.name == "experiments" and of_tree.is_dir() else None


def files(folder: Path) -> dict[str, Path]:
    """The files of tables in a folder, by name without ending; a link that leads out of the folder is none of them."""
    found = sorted(path for path in folder.glob("*.json") if path.stem != INDEX and not path.name.startswith("."))
    return {path.stem: path for path in found if leads_within(path, folder)}


def leads_within(path: Path, folder: Path) -> bool:
    """Whether a file lies in a folder also where links are followed."""
    try:
        return path.resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):  # a circle of links
        return False


def find_tables(named: dict[str, list[Table]], name: str) -> list[Table]:
    """The tables of an experiment, or the one table of this name; else those of the shortest name that continues it
    after a `_`. Raises LeNetError if there are none.

    >>> find_tables({"fig6_training_size": []}, "fig6")
    []
    """
    single = {table.name: [table] for tables in named.values() for table in tables}
    for every in (named, single):
        if name in every:
            return every[name]
    for every in (named, single):
        if names := sorted((each for each in every if each.startswith(f"{name}_")), key=len):
            return every[names[0]]
    near = " or ".join(get_close_matches(name, [*named, *single], 3, 0.3) or list(named)[:3])
    raise LeNetError(f"no table is called {name}: choose {near}; lenet1998 table without a name lists them all")
