"""The suite on every Python that is installed, with the newest and with the oldest libraries.

    nox                                          # all of it; a Python that is not installed is skipped, and nox says so
    nox --session newest-3.12                    # one of them; --list shows their names
    nox --session oldest -- --numprocesses=0     # what follows the dashes goes to `python -m tests`: here one process

nox itself is installed by hand: pip install nox.
"""

from __future__ import annotations

import configparser
import re
from pathlib import Path

import nox

# Those that setup.cfg names, and those that it may name once the suite has passed on them.
PYTHONS = ["3.10", "3.11", "3.12", "3.13"]

nox.options.error_on_missing_interpreters = False
nox.options.download_python = "never"


@nox.session(python=PYTHONS)
def newest(session: nox.Session) -> None:
    """The newest release of each library, as far as they agree with each other and with the Python."""
    suite(session, "--upgrade", "--upgrade-strategy", "eager")


@nox.session(python=PYTHONS[0])
def oldest(session: nox.Session) -> None:
    """The lower bound of each requirement in setup.cfg; what these require in turn is as new as they allow."""
    setup = configparser.ConfigParser()
    setup.read("setup.cfg", encoding="utf-8")
    requirements = [setup["options"]["install_requires"], *setup["options.extras_require"].values()]
    bounds = Path(session.create_tmp()) / "oldest.txt"
    bounds.write_text(re.sub(r"(?m)^([\w-]+) >=", r"\1 ==", "\n".join(requirements)), encoding="utf-8")
    suite(session, "--constraint", str(bounds))


def suite(session: nox.Session, *options: str) -> None:
    session.install(*options, "--editable", ".[fast,test]")
    session.run("python", "-m", "pip", "freeze")
    session.run("python", "-m", "tests", *session.posargs)
