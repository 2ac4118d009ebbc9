"""Where recorded numbers come from: seeds, engine, data, commit, machine and versions."""

from collections.abc import Iterator

from lenet1998.report.tables import SETS


def provenance(content: dict) -> dict[str, set[str]]:
    """Everything that the file says of where its numbers come from, wherever it says it: label -> values."""
    found: dict[str, set[str]] = {
        label: set() for label in ("seeds", "engine", "data", "digests", "commit", "machine", "versions")
    }
    for part in _dictionaries(content):
        if type(part.get("seed")) is int:  # and no truth value
            found["seeds"].add(str(part["seed"]))
        for key in ("engine", "commit"):
            if isinstance(part.get(key), str):
                found[key].add(part[key])
        if "processor" in part and "cores" in part:
            machine = f"{part['processor']}, {part.get('architecture', '?')}, {part['cores']} cores"
            found["machine"].add(machine)
        if "train_size" in part and "name" in part:
            name = SETS.get(part["name"], part["name"])
            found["data"].add(f"{name}: {part['train_size']:,} to learn, {part.get('test_size', 0):,} to judge")
        for name, version in _strings(part.get("versions")):
            found["versions"].add(f"{name} {version}")
        for name, digest in _strings(part.get("digests")):
            found["digests"].add(f"{name} {digest}")
    return found


def _strings(value: object) -> list[tuple[str, str]]:
    return [(str(name), str(text)) for name, text in value.items()] if isinstance(value, dict) else []


def _dictionaries(value: object) -> Iterator[dict]:
    """Every dictionary within, but not the records of single passes, of which there are many."""
    if isinstance(value, dict):
        yield value
        for key, part in value.items():
            if key != "passes":
                yield from _dictionaries(part)
    elif isinstance(value, list):
        for part in value:
            if isinstance(part, (dict, list)):
                yield from _dictionaries(part)
