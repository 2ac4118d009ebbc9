"""Recipes as a command line names them: a preset, a preset and changes, or a TOML file."""

import hashlib
import re
from dataclasses import replace
from itertools import combinations
from pathlib import Path

from lenet1998.errors import RecipeError
from lenet1998.pictures.plotting import LOOKS
from lenet1998.recipe import Recipe, preset

_LARGEST = 2**16  # bytes of a TOML file


def read_recipe(text: str) -> Recipe:
    """The recipe that a word of the command line means. Raises RecipeError.

    >>> read_recipe("default,schedule=2x0.0005,3x0.0002,loss=map").schedule
    ((2, 0.0005), (3, 0.0002))
    """
    if text.endswith(".toml"):
        return read_toml(Path(text))
    name, *parts = text.split(",")
    settings: list[str] = []
    for part in parts:
        if "=" not in part and settings:
            settings[-1] += f",{part}"  # the commas of a schedule
        else:
            settings.append(part)
    return preset(name.strip()).override([setting.strip() for setting in settings])


def read_toml(path: Path) -> Recipe:
    """The recipe in a TOML file. Raises RecipeError for what is no such file, and for keys and values that a recipe
    does not have."""
    try:
        content = path.read_bytes()
        if len(content) > _LARGEST:
            raise RecipeError(f"{path} has {len(content)} bytes: a recipe takes no more than {_LARGEST}")
        entries = _parse_toml(content.decode("utf-8"))
    except OSError as error:
        raise RecipeError(f"cannot read {path}: {error.strerror}; name a TOML file with a recipe") from error
    except (ValueError, RecursionError) as error:  # TOML's own error is a ValueError, as is that of UTF-8
        raise RecipeError(f'{path} is not TOML ({error}): write lines such as loss = "map"') from error
    for key, value in entries.items():
        if not isinstance(value, (str, int, float)):  # bool is an int
            raise RecipeError(f"{path}: {key} is not a single value: write it as --set takes it, in quotation marks")
    name, base = (str(entries.pop(key, other)) for key, other in (("name", path.stem), ("preset", "default")))
    try:
        return replace(preset(base).override([f"{key}={value}" for key, value in entries.items()]), name=name)
    except RecipeError as error:
        raise RecipeError(f"{path}: {error}") from error


def _parse_toml(text: str) -> dict:
    try:
        import tomllib
    except ModuleNotFoundError:  # Python 3.10
        try:
            import tomli as tomllib  # type: ignore[no-redef]
        except ModuleNotFoundError:
            raise RecipeError(
                "TOML files need Python 3.11, or pip install 'lenet1998[toml]'; or give the recipe as "
                "preset,KEY=VALUE,..."
            ) from None
    return tomllib.loads(text)


def slug(name: str) -> str:
    """A file name for a recipe's name, another for every name.

    >>> slug("modern"), slug("modern batch=16")
    ('modern', 'modern_batch_16-f3f9cf')
    """
    plain = re.sub(r"\W+", "_", name, flags=re.ASCII)[:50]
    return plain if plain == name else f"{plain}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"


def recipes_of(texts: list[str]) -> list[Recipe]:
    """The recipes. Raises RecipeError if two are the same, or have the same name, or if they are too few or many."""
    recipes = [read_recipe(text) for text in texts]
    if not 2 <= len(recipes) <= len(LOOKS):
        raise RecipeError(f"{len(recipes)} recipes cannot be compared: name 2 to {len(LOOKS)}")
    for one, other in combinations(recipes, 2):
        if replace(one, name="") == replace(other, name=""):
            raise RecipeError(f"{one.name} and {other.name} are the same recipe: change a field of one")
        if one.name == other.name:
            raise RecipeError(f"two recipes are called {one.name}: give one another name")
    return recipes
