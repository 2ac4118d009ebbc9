"""What the blocks are made of: a recorded file, and lines of prose."""

from __future__ import annotations

import json
from textwrap import fill

from experiments.machinery.record import RESULTS

WIDTH = 100  # characters of a line of prose


def read(name: str) -> dict:
    """The content of a results file."""
    return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))


def prose(text: str) -> str:
    """A paragraph in lines."""
    return fill(text, WIDTH, break_long_words=False, break_on_hyphens=False)
