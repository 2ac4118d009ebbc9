"""How to cite the software and the paper that it reproduces, as BibTeX; the entries say what CITATION.cff says."""

from __future__ import annotations

from lenet1998 import __version__

_DATE = "2026-11"  # of this version
_SOFTWARE = r"""@software{{lenet1998,
  author = {{{{The lenet1998 contributors}}}},
  title = {{{{lenet1998: LeNet-5 as described in 1998, reproduced}}}},
  version = {{{version}}},
  date = {{{date}}},
  license = {{BSD-3-Clause}}
}}"""
_PLAIN = r"""@misc{{lenet1998-misc,
  author = {{{{The lenet1998 contributors}}}},
  title = {{{{lenet1998: LeNet-5 as described in 1998, reproduced}}}},
  howpublished = {{Software, version {version}}},
  month = nov,
  year = {{{year}}}
}}"""
_PAPER = r"""@article{lecun1998gradient,
  author = {LeCun, Yann and Bottou, L{\'e}on and Bengio, Yoshua and Haffner, Patrick},
  title = {Gradient-Based Learning Applied to Document Recognition},
  journal = {Proceedings of the IEEE},
  volume = {86},
  number = {11},
  pages = {2278--2324},
  month = nov,
  year = {1998},
  doi = {10.1109/5.726791}
}"""


def bibtex() -> str:
    """This software as biblatex has it and as plain.bst does, which knows no @software; and the paper.

    >>> bibtex().splitlines()[0]
    '@software{lenet1998,'
    """
    software = _SOFTWARE.format(version=__version__, date=_DATE)
    return "\n\n".join([software, _PLAIN.format(version=__version__, year=_DATE[:4]), _PAPER])
