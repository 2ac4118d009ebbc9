"""Commands of `lenet1998` that have a module of their own; `main` has the others, and puts all together.

A module has HELP, one line; `options`, which adds its options to a parser; and `run`, which does it.
"""

from __future__ import annotations

NAMES: tuple[str, ...] = (
    "evaluate",
    "errors",
    "check",
    "read",
    "show",
    "draw",
    "export",
    "compare",
    "report",
    "table",
    "cite",
)
"""The modules, in the order of the help text."""
