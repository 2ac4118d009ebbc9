"""The size of what an installation brings, for `experiments.speed`."""

from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name


def required(name: str, extra: str = "") -> set[str]:
    """The distributions that one of them needs with an extra, by their canonical names, and what these need in turn.

    Raises importlib.metadata.PackageNotFoundError where one is not installed.

    >>> sorted({"numpy", "pillow", "lenet1998"} & required("lenet1998"))
    ['numpy', 'pillow']
    """
    met = {(name, extra)}
    asked = [*met]
    while asked:
        each, extra = asked.pop()
        for one in map(Requirement, distribution(each).requires or []):
            if one.marker is None or one.marker.evaluate({"extra": extra}):
                new = {(canonicalize_name(one.name), also) for also in ("", *one.extras)} - met
                met |= new
                asked += new
    return {each for each, _ in met} - {name}


def megabytes(name: str, extra: str = "") -> float:
    """The files of what `required` finds, in millions of bytes.

    >>> 50 < megabytes("lenet1998") < 5000
    True
    """
    files = (Path(str(file.locate())) for each in required(name, extra) for file in distribution(each).files or [])
    return sum(file.stat().st_size for file in files if file.is_file()) / 1e6
