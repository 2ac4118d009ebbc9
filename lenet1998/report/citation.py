"""How to cite the software and the paper that it reproduces, as BibTeX; the entries say what CITATION.cff says."""

from lenet1998 import __version__

_YEAR, _MONTH = "2026", "11"  # of this version
_OURS = {
    "author": "{The lenet1998 contributors}",
    "title": "{lenet1998: LeNet-5 as described in 1998, reproduced}",
}
_PAPER = {
    "author": r"LeCun, Yann and Bottou, L{\'e}on and Bengio, Yoshua and Haffner, Patrick",
    "title": "Gradient-Based Learning Applied to Document Recognition",
    "journal": "Proceedings of the IEEE",
    "volume": "86",
    "number": "11",
    "pages": "2278--2324",
    "month": "nov",
    "year": "1998",
    "doi": "10.1109/5.726791",
}


def bibtex() -> str:
    """This software as biblatex has it and as plain.bst does, which knows no @software; and the paper.

    >>> bibtex().splitlines()[0]
    '@software{lenet1998,'
    """
    software = {**_OURS, "version": __version__, "date": f"{_YEAR}-{_MONTH}", "license": "BSD-3-Clause"}
    plain = {**_OURS, "howpublished": f"Software, version {__version__}", "month": "nov", "year": _YEAR}
    entries = (
        ("software", "lenet1998", software),
        ("misc", "lenet1998-misc", plain),
        ("article", "lecun1998gradient", _PAPER),
    )
    return "\n\n".join(_entry(*each) for each in entries)


def _entry(kind: str, key: str, fields: dict[str, str]) -> str:
    """One entry; a month is a name of BibTeX's and stands without braces."""
    lines = [f"  {name} = {value if name == 'month' else f'{{{value}}}'}" for name, value in fields.items()]
    return ",\n".join([f"@{kind}{{{key}", *lines]) + "\n}"
