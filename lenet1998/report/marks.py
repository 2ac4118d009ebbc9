"""Marks within a line of text: `code` between backticks and **bold** between pairs of stars.

All else is taken literally in every form, so that nothing that a record holds becomes markup.
"""

import re
from collections.abc import Callable
from html import escape

_MARKS = re.compile(r"(`[^`]+`|\*\*[^*]+\*\*)")
_LATEX = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "~": r"\textasciitilde{}",
        "^": r"\textasciicircum{}",
        "<": r"\textless{}",
        ">": r"\textgreater{}",
        "|": r"\textbar{}",
        "[": "{[}",  # or it would be an option of the line's end before it
        "\u2212": "$-$",
        **{character: rf"\{character}" for character in "&%$#_{}"},
    }
)


def html(text: str) -> str:
    """A line of text as HTML.

    >>> html("`a<b` is **not** <b>")
    '<code>a&lt;b</code> is <strong>not</strong> &lt;b&gt;'
    """
    return _written(text, escape, lambda code: f"<code>{escape(code)}</code>", "<strong>{}</strong>")


def markdown(text: str) -> str:
    """A line of text as Markdown: what is no mark of ours gets a backslash where it might mean something.

    >>> print(markdown("`a*b` is **not** <b> *c*"))
    `a*b` is **not** \\<b\\> \\*c\\*
    """
    return _written(" ".join(text.split()), _masked, markdown_code, "**{}**")


def markdown_code(text: str) -> str:
    """Code in Markdown, between as many backticks as it needs.

    >>> print(markdown_code("x`y"))
    `` x`y ``
    """
    longest = max(map(len, re.findall("`+", text)), default=0)
    space = " " * ("`" in text)
    return f"{'`' * (longest + 1)}{space}{text}{space}{'`' * (longest + 1)}"


def latex(text: str) -> str:
    r"""A line of text as LaTeX.

    >>> print(latex("50% of `j_2`"))
    50\% of \texttt{j\_2}
    """
    return _written(text, latex_literal, latex_code, r"\textbf{{{}}}")


def latex_literal(text: str) -> str:
    """Text whose special characters stand for themselves in LaTeX."""
    return text.translate(_LATEX)


def latex_code(text: str) -> str:
    """Code in LaTeX."""
    return rf"\texttt{{{latex_literal(text)}}}"


def plain(text: str) -> str:
    """A line of text without its marks.

    >>> plain("`j_2` is **not** met")
    'j_2 is not met'
    """
    return _written(text, str, str, "{}")


def _written(text: str, literal: Callable[[str], str], code: Callable[[str], str], bold: str) -> str:
    parts = []
    for part in _MARKS.split(text):
        if part.startswith("`") and len(part) > 1:
            parts.append(code(part[1:-1]))
        elif part.startswith("**") and len(part) > 4:
            parts.append(bold.format(literal(part[2:-2])))
        else:
            parts.append(literal(part))
    return "".join(parts)


def _masked(part: str) -> str:
    return re.sub(r"([\\`*<>\[\]])", r"\\\1", part)
