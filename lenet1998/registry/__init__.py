"""What a recipe chooses by name, and how one's own stands beside it.

A `Registry` has the things of one field of the recipe by their names: networks (`lenet1998.networks`), S layers and
squashing functions (`lenet1998.network`), losses (`lenet1998.loss`) and optimisers (`lenet1998.modern.optimisers`).
The names stand there and nowhere else: the recipe's checks and the help ask for them. `register` adds one's own, mostly
from a file that `--plugin` names. A record has the file's name and SHA-256, and `require` asks for the same file again
before such a record is used. Nothing on record is ever executed: a file runs only where the user names it.
"""

import hashlib
import sys
from collections.abc import Iterable, Mapping
from importlib.util import module_from_spec, spec_from_loader
from pathlib import Path
from typing import Any, NamedTuple

from lenet1998.errors import LeNetError, RecipeError, reason_of


class MissingPart(LeNetError):
    """What a record was made with is not registered, or by another file; the message says what to do."""


class Source(NamedTuple):
    """The file that registered something: its name and the SHA-256 of its bytes; both "" for what was typed."""

    file: str
    sha256: str


class Registry(dict[str, Any]):
    """The things that the recipe's `field` may name. Those that `register` added have a `Source` each.

    Raises RecipeError for a name that is not there, with those that are.
    """

    def __init__(self, field: str, things: Mapping[str, Any]):
        super().__init__(things)
        self.field, self.sources = field, {}  # type: str, dict[str, Source]
        REGISTRIES[field] = self

    def __missing__(self, name: str) -> Any:
        raise RecipeError(f"no {self.field} is called {name!r}: choose {' or '.join(self)}, or add --plugin FILE")


REGISTRIES: dict[str, Registry] = {}
"""By the recipe's fields; `lenet1998.recipe` imports them all."""

_loaded: dict[Path, bool] = {}
"""The files that `load_plugin` has executed, and whether they may have changed."""


def register(field: str, name: str, thing: Any) -> None:
    """Let the recipe's `field` take the `name`, from now on and in this process, for a `thing` of one's own.

    - "squash": a type of layer without parameters, such as `lenet1998.layers.Squash`;
    - "optimiser": a type of `lenet1998.modern.optimisers.Optimiser`, or a `Method` of it;
    - "loss": a function of the recipe that returns a loss, as those of `lenet1998.loss` are;
    - "network": a function of the recipe that returns a `lenet1998.Network`;
    - "subsampling": a function of a layer's name, the recipe, and the maps for each below, that returns layers.

    Raises RecipeError for another field, for a name of the package itself, and for one that --set could not give.

    >>> from lenet1998 import register
    >>> register("squash", "tanh", object)
    Traceback (most recent call last):
    ...
    lenet1998.errors.RecipeError: squash=tanh is lenet1998's own: choose another name
    """
    if field not in REGISTRIES:
        raise RecipeError(f"nothing is registered for {field!r}: choose {' or '.join(REGISTRIES)}")
    registry = REGISTRIES[field]
    if name in registry and name not in registry.sources:
        raise RecipeError(f"{field}={name} is lenet1998's own: choose another name")
    if not name.isidentifier():
        raise RecipeError(f"{field}={name!r} is no name: give letters, digits and underscores")
    file = Path(sys._getframe(1).f_globals.get("__file__") or "")
    known = file.is_file()
    registry.sources[name] = Source(file.name, _digest(file.read_bytes())) if known else Source("", "")
    registry[name] = thing


def load_plugin(path: Path | str, changed: bool = False) -> None:
    """Execute a file of Python of the user's own, which calls `register`.

    With `changed`, what was recorded with a file of this name and another content may be used with this one. Raises
    LeNetError for a file that cannot be read or fails.
    """
    path = Path(path).absolute()
    try:
        code = compile(path.read_bytes(), str(path), "exec")
        module = module_from_spec(spec_from_loader(f"lenet1998_plugin_{path.stem}", None, origin=str(path)))  # type: ignore[arg-type]
        module.__file__ = str(path)
        sys.modules[module.__name__] = module  # where pickle and dataclasses look for it
        exec(code, module.__dict__)
    except OSError as error:
        raise LeNetError(f"cannot read the plugin {path}: {error.strerror or error}") from error
    except LeNetError as error:
        raise type(error)(f"{path.name}: {error}") from error
    except Exception as error:  # whatever the user's own code raises
        raise LeNetError(f"the plugin {path.name} failed: {reason_of(error)}") from error
    _loaded[path] = changed


def loaded() -> dict[Path, bool]:
    """The arguments of `load_plugin` so far: what a process that is to know the same has to load."""
    return dict(_loaded)


def own_parts(recipe: Any) -> list[dict[str, str]]:
    """What of the recipe was registered: for a record, field and name with the file's name and SHA-256."""
    names = {field: getattr(recipe, field) for field in REGISTRIES}
    return [
        {"field": field, "name": name, **REGISTRIES[field].sources[name]._asdict()}
        for field, name in names.items()
        if name in REGISTRIES[field].sources
    ]


def require(recorded: Iterable[Mapping[str, str]]) -> None:
    """Raise MissingPart unless all that `own_parts` recorded is registered, and by the same file.

    A file that was loaded as `changed` may be another. What was typed, not read from a file, has no digest to compare.
    """
    for part in recorded:
        field, name, file, digest = (str(part[key]) for key in ("field", "name", "file", "sha256"))
        what, file = f"{field}={name}", Path(file).name
        source = REGISTRIES[field].sources.get(name) if field in REGISTRIES else None
        if source is None and not file:
            raise MissingPart(f"it needs {what}, which was typed in an interactive session: register it again")
        if source is None:
            raise MissingPart(f"it needs {what}: add --plugin {file}, the file whose SHA-256 was {digest}")
        changed = any(may for path, may in _loaded.items() if path.name == source.file)
        if digest and source.sha256 != digest and not changed:
            raise MissingPart(
                f"it needs {what} of {file}, whose SHA-256 was {digest}, and what is registered is of "
                f"{source.file or 'no file'}, SHA-256 {source.sha256 or 'unknown'}: take that file, or "
                f"--changed-plugin {file} if the change does not matter"
            )


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
