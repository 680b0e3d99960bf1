"""What the pages of the course need beyond Sphinx: an extension, and the steps that it takes.

Before a page is read, a notebook is stripped of what only Jupyter can use (:func:`of_notebook`),
placeholders are filled in (:func:`filled`), and a link to a file that is no page leads to GitHub
(:func:`linked`). Figures keep their alt text, and formulas become MathML, which browsers draw
without any script.
"""

import hashlib
import html
import json
import posixpath
import re
from base64 import b64decode
from collections.abc import Callable, Iterator
from pathlib import Path

from docutils import nodes
from docutils.utils.math import MathError
from docutils.utils.math.latex2mathml import tex2mathml
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util import logging

import ser_helpers
from ser_helpers import data, quiz, split, widgets
from ser_helpers.audio import SAMPLE_RATE, load_clip

log = logging.getLogger(__name__)
ROOT = Path(ser_helpers.__file__).resolve().parents[1]
#: The line below a notebook's title: where it can be opened.
LAUNCH = re.compile(r"^\[Open in Colab\]\([^)]*\).*$", re.MULTILINE)
LINK = re.compile(r"(?<!!)(\[[^\]]*\]\()([^)\s:#]+)((?:#[^)]*)?\))")
PLACEHOLDER = re.compile(r"^<!-- (\w+)(?:: ([^>]*))? -->$", re.MULTILINE)


def of_notebook(notebook: dict, docname: str) -> dict:
    """Return a notebook as its page shows it.

    The cell that is for Colab only is left out, one more link, to the file itself, stands beside
    those to Colab and Binder, and of a widget remains the HTML that it has stored.
    """
    notebook["metadata"].pop("widgets", None)
    cells = notebook["cells"]
    notebook["cells"] = [
        c for c in cells if not c["metadata"].get("jupyter", {}).get("source_hidden")
    ]
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if "text/html" in output.get("data", {}):
                output["data"] = {"text/html": output["data"]["text/html"]}
    first = cells[0]
    first["source"] = ways_in("".join(first["source"]), docname)
    return notebook


def ways_in(text: str, docname: str) -> str:
    """Add a link to the notebook's file to those that open it elsewhere, and name their style."""
    found = LAUNCH.search(text)
    if not found:
        return text
    links = re.findall(r"\[([^\]]*)\]\(([^)]*)\)", found.group())
    up = "../" * docname.count("/")
    links.append(("Download this notebook", f"{up}_sources/{docname}.ipynb"))
    shown = " ".join(f'<a href="{address}">{html.escape(label)}</a>' for label, address in links)
    return f'{text[: found.start()]}<p class="ways-in">{shown}</p>{text[found.end() :]}'


def linked(text: str, docname: str, repository: str, is_page: Callable[[str], bool]) -> str:
    """Let links to files of the repository that are no pages lead to GitHub."""

    def lead(found: re.Match) -> str:
        before, target, after = found.groups()
        path = posixpath.normpath(posixpath.join(posixpath.dirname(docname), target))
        if is_page(path) or not (ROOT / path).exists():
            return found.group()
        kind = "tree" if (ROOT / path).is_dir() else "blob"
        return f"{before}{repository}/{kind}/main/{path}{after}"

    return LINK.sub(lead, text)


def filled(text: str) -> str:
    """Fill in placeholders such as ``<!-- readme: What it reaches -->``."""
    fill = {"readme": of_readme, "pages": pages_in, "voices": lambda _: first_voices()}
    return PLACEHOLDER.sub(lambda found: fill[found[1]](found[2]), text)


def of_readme(title: str) -> str:
    """Return a section of the README, without its title, so that it is written only once."""
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^## (.+)\n([\s\S]*?)(?=^## |\Z)", text, re.MULTILINE))
    if title not in sections:
        raise ExtensionError(f"site/pages asks for README's section {title!r}: there is none")
    return re.sub("^<!--.*-->$", "", sections[title], flags=re.MULTILINE).strip()


def pages_in(folder: str) -> str:
    """List the Markdown pages of a folder for a table of contents; there may be none yet."""
    names = (path.stem for path in (ROOT / folder).glob("*.md"))
    in_order = sorted(names, key=lambda name: (name != "README", name))
    return "\n".join(f"{folder}/{name}" for name in in_order)


def first_voices() -> str:
    """Let a visitor hear one voice in three emotions, and guess which of them is the angry one.

    The speaker is one of those for development: the test speakers stay unheard here, too.
    """
    clips = split.development(data.open_corpus("demo").clips)
    ones = clips[(clips.actor == clips.actor.iloc[0]) & (clips.sentence == "IEO")]
    ones = ones.drop_duplicates("emotion").set_index("emotion")
    emotions = {"First": "SAD", "Second": "ANG", "Third": "HAP"}
    sounds = {label: load_clip(ones.path[emotion]) for label, emotion in emotions.items()}
    players = widgets.listen_together(sounds, SAMPLE_RATE).data
    question = quiz.ask(
        "Which one is angry?",
        {
            "The first": "This one is sad: soft and slow.",
            "The second": "Loud, fast, hard at the edges.",
            "The third": "This one is happy, which machines and people often mistake for anger.",
        },
        right="The second",
    ).data
    return f'<div class="voices">{players}</div>\n{question}'


def prepare(app: Sphinx, docname: str, source: list[str]) -> None:
    """Prepare a page that is about to be read."""
    repository = app.config.html_theme_options["repository_url"]

    def is_page(path: str) -> bool:
        return (Path(app.srcdir) / path).is_file()

    def written(text: str) -> str:
        return linked(filled(text), docname, repository, is_page)

    if app.env.doc2path(docname).suffix != ".ipynb":
        source[0] = written(source[0])
        return
    notebook = of_notebook(json.loads(source[0]), docname)
    for cell in notebook["cells"]:
        if cell["cell_type"] == "markdown":
            cell["source"] = written("".join(cell["source"]))
    source[0] = json.dumps(notebook)


def describe_figures(app: Sphinx, doctree: nodes.document) -> None:
    """Give the figures of a notebook their alt text: Sphinx knows a figure by its hash."""
    path = Path(app.env.doc2path(app.env.docname))
    if path.suffix != ".ipynb":
        return
    alt = dict(_figures(json.loads(path.read_text(encoding="utf-8"))))
    for image in doctree.findall(nodes.image):
        if text := alt.get(Path(image["uri"]).stem):
            image["alt"] = text


def _figures(notebook: dict) -> Iterator[tuple[str, str]]:
    for cell in notebook["cells"]:
        for output in cell.get("outputs", ()):
            if png := output.get("data", {}).get("image/png"):
                described = output["metadata"].get("image/png", {}).get("alt", "")
                yield hashlib.sha256(b64decode("".join(png))).hexdigest(), described


def _formula(*, block: bool) -> Callable:
    def visit(self: nodes.NodeVisitor, node: nodes.Element) -> None:
        try:
            self.body.append(tex2mathml(node.astext(), as_block=block))
        except MathError as error:
            log.warning("the formula %s: %s", node.astext(), error, location=node)
        raise nodes.SkipNode

    return visit


def setup(app: Sphinx) -> dict:
    """Tell Sphinx what to call when."""
    app.add_html_math_renderer(
        "mathml", (_formula(block=False), None), (_formula(block=True), None)
    )
    app.connect("source-read", prepare)
    app.connect("doctree-read", describe_figures)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
