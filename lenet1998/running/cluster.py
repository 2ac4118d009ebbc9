"""A Dask cluster (extra `cluster`) whose workers are known to compute what this process would.

Before work starts every worker is asked for its code, its versions, the data that it finds and the directories that it
sees: results that depended on which worker made them would be no results. A cluster is trusted: whoever can reach its
scheduler can run programs on its workers, so it belongs into a network of one's own (docs/cluster.md).
"""

import hashlib
import logging
import os
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lenet1998.errors import LeNetError
from lenet1998.running.provenance import versions

_DECIDING = ("python", "numpy", "scipy", "numba", "llvmlite")


@contextmanager
def connected(scheduler: str | None, data: Iterable[Any], places: Iterable[Path]) -> Iterator[Any]:
    """A client of the scheduler at an address, once its workers have been found to have the same code, versions and
    `data`, which are loaded, and to see the directories `places`.

    Raises LeNetError, on one line, where distributed is missing, the scheduler cannot be reached, or a worker differs.
    """
    if not find_spec("distributed"):
        raise LeNetError("a cluster needs distributed: pip install 'lenet1998[cluster]', or leave out --backend dask")
    if not scheduler or not re.fullmatch(r"([a-z]+://)?[\w.\[\]:-]+:\d+", scheduler):
        raise LeNetError("--backend dask needs --scheduler ADDRESS, such as tcp://192.168.1.10:8786")
    from distributed import Client

    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what goes wrong is said in one line, by us
    try:
        client = Client(scheduler, timeout="10s")
    except (OSError, TimeoutError, ValueError) as error:
        raise LeNetError(
            f"cannot reach the Dask scheduler at {scheduler}: start one with `dask scheduler` and workers with "
            f"`dask worker {scheduler}`; docs/cluster.md says how"
        ) from error
    with client:
        _compare(client, list(data), [str(place.absolute()) for place in places])
        yield client


def _compare(client: Any, data: list[Any], places: list[str]) -> None:
    try:
        found = client.run(surroundings, data, places)
    except Exception as error:  # a worker that cannot even answer has other code, or none
        raise LeNetError(
            f"a worker of the cluster cannot answer ({type(error).__name__}: {error}): install the same lenet1998, and "
            "experiments, where workers are started"
        ) from error
    if not found:
        raise LeNetError("the cluster has no workers: start some with `dask worker ADDRESS`")
    here = surroundings(data, places)
    for worker, there in found.items():
        for what, value in here.items():
            if there[what] != value:
                raise LeNetError(
                    f"the worker at {worker} has another {what} ({there[what]}, here {value}): results would depend on "
                    "who makes them, so make them the same"
                )


def surroundings(data: list[Any], places: list[str]) -> dict[str, Any]:
    """What a result may depend on, by its name: plain values that can be compared."""
    known = {name: version for name, version in versions().items() if name in _DECIDING}
    digests = [each.load().train.digest()[:12] + each.load().test.digest()[:12] for each in data]
    seen = [os.path.isdir(place) for place in places]
    return {"code": code_digest(), **known, "data set": digests, "--runs directory": seen}


def code_digest() -> str:
    """The SHA-256 of the program files of the package and, where they are, of the experiments, shortened."""
    running = hashlib.sha256()
    for name in ("lenet1998", "experiments"):
        spec = find_spec(name)
        for folder in (spec.submodule_search_locations or []) if spec else []:
            for path in sorted(Path(folder).rglob("*.py")):
                running.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return running.hexdigest()[:12]
