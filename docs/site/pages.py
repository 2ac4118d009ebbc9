"""What MkDocs shows: the tree's own files in their places, a page of the API for each module, and a network to draw on.

MkDocs calls these functions by their names. After the build every link and picture of every page must lead somewhere.
"""

import ast
import json
import re
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from latex2mathml.converter import convert
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.plugins import event_priority
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from lenet1998 import pretrained
from lenet1998.interop.export import FORMATS

ROOT = Path(__file__).parent.parent.parent
INDEX = ROOT / "lenet1998" / "report" / "recorded" / "index.json"
RESULTS = ("experiments/results/*.md", "experiments/results/*.png", "experiments/results/csv/*.csv")
SHOWN = (
    "*.md",
    "*.cff",
    "docs/*.md",
    "docs/*.png",
    "docs/*.pdf",
    "docs/article/*.md",
    "docs/article/*.png",
    "docs/article/*.svg",
    "docs/report_template/*.tex",
    "notebooks/*.ipynb",
    *RESULTS,
)
IN_MENU = {"strings"}
"""Experiments that the menu names itself."""
DRAWN = {
    "api/lenet1998.layer.md": '<p><img alt="Forward pass, back-propagation and curvature pass for two units in a row" '
    'src="../docs/article/passes.svg" width="480"></p>'
}
"""What stands below the heading of a page."""
FOUND_FIRST = {r"api/lenet1998\.\w+\.md": 4, r"paper_notes\.md": 30}
"""Pages that a search has before others: the modules of the paper, and the ledger."""
IN_THE_PAPER = re.findall(
    r"^\| (`\w+\.py`.*?) \| (.+?) \|", (ROOT / "docs" / "reading.md").read_text(encoding="utf-8"), re.M
)
"""Modules, and what of the paper is in them. Tags say "eq. 27", so that a search for "equation 27" finds these, and not
those of all other equations, before the ledger."""


def modules() -> dict[str, list[str]]:
    """By heading of the API, the modules: those of the paper one by one, then every wing."""
    names = {"The paper": []}
    package = ROOT / "lenet1998"
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        if parts[-1] not in ("__init__", "__main__") and ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))):
            names.setdefault("The paper" if len(parts) == 2 else parts[1], []).append(".".join(parts))
    return names


def on_config(config: MkDocsConfig) -> None:
    """The pages of the experiments below their heading, and those of the API at the end of the menu."""
    chapters: dict[str, list[Any]] = {}
    for one in json.loads(INDEX.read_text(encoding="utf-8")):
        place = f"experiments/results/{one['name']}.md"
        if (ROOT / place).exists() and one["name"] not in IN_MENU:
            chapters.setdefault(one["chapter"], []).append({one["title"]: place})
    every = next(entry for entry in config.nav if "Experiments" in entry)
    every["Experiments"] = [every["Experiments"], *({chapter: pages} for chapter, pages in chapters.items())]
    pages: list[Any] = [{"The package": "api/lenet1998.md"}]
    for wing, names in modules().items():
        pages.append({wing: [{name.split(".", 1)[1]: f"api/{name}.md"} for name in names]})
    config.nav.append({"API": pages})


@event_priority(100)  # before the notebooks are looked for
def on_files(files: Files, config: MkDocsConfig) -> Files:
    """All that is shown."""
    for pattern in SHOWN:
        for path in sorted(ROOT.glob(pattern)):
            place = path.relative_to(ROOT).as_posix()
            files.append(File(place, str(ROOT), config.site_dir, config.use_directory_urls))
    for name in ["lenet1998", *(name for names in modules().values() for name in names)]:
        options = "\n    options:\n      members: false" if name == "lenet1998" else ""
        files.append(File.generated(config, f"api/{name}.md", content=f"::: {name}{options}\n"))
    files.append(File.generated(config, "draw.html", content=FORMATS["html"](pretrained.load("default"))))
    return files


def on_page_markdown(markdown: str, page: Page, **_: Any) -> str:
    """An empty line before a list that follows a line of prose, which this Markdown needs and others do not; and links
    from names such as `lenet1998/layers.py:Subsampling` or `layers.py` to the API."""
    root, places = "../" * page.url.count("/"), {name for names in modules().values() for name in names}

    def link(found: re.Match[str]) -> str:
        module = f"lenet1998.{found[1].replace('/', '.')}"
        anchor = f"{module}.{found[2]}" if found[2] else module
        return f"[{found[0]}]({root}api/{module}.md#{anchor})" if module in places else found[0]

    for pattern, boost in FOUND_FIRST.items():
        if re.fullmatch(pattern, page.file.src_uri):
            page.meta["search"] = {"boost": boost}
    for files, places_in_paper in IN_THE_PAPER:
        if page.file.src_uri in {f"api/lenet1998.{name}.md" for name in re.findall(r"`(\w+)\.py`", files)}:
            numbers = re.findall(r"\d+", "".join(re.findall(r"equations? [\d, and]+", places_in_paper)))
            named = re.findall(r"(?:Table|Figure|appendix) \w+|RBF units", places_in_paper)
            page.meta["tags"] = [*named, *(f"eq. {number}" for number in numbers)]
    markdown = re.sub(r"^(?![-|>#\s])(.+)\n(?=- )", r"\1\n\n", markdown, flags=re.M)
    return re.sub(r"(?<!\[)`(?:lenet1998/)?([\w/]+)\.py(?::(\w+))?`", link, markdown)


def on_page_content(html: str, page: Page, **_: Any) -> str:
    """Equations between dollars as MathML, which browsers show by themselves; and what is drawn for a page."""
    html = html.replace("</h1>", f"</h1>{DRAWN.get(page.file.src_uri, '')}", 1)
    return re.sub(
        r'<(span|div) class="arithmatex">\\([(\[])(.*?)\\[)\]]</\1>',
        lambda found: convert(unescape(found[3]), display="inline" if found[2] == "(" else "block"),
        html,
        flags=re.S,
    )


def on_post_build(config: MkDocsConfig) -> None:
    """Raises PluginError for a page with a link or a picture that is not there."""
    site = Path(config.site_dir)
    broken = []
    for page in sorted(site.rglob("*.html")):
        if page.name in ("404.html", "draw.html"):  # the first stands at any address, the second has no links
            continue
        for target in re.findall(r'(?:href|src)="([^"#?]+)', page.read_text(encoding="utf-8")):
            if not re.match(r"\w+:|//", target) and not (page.parent / unquote(target)).exists():
                broken.append(f"{page.relative_to(site)}: {target}")
    if broken:
        raise PluginError("these lead nowhere:\n" + "\n".join(broken))
