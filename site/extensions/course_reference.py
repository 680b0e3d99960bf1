"""The reference: a page for each module of the package, from its docstrings."""

import importlib
import inspect
import re
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config

import ser_helpers
from ser_helpers import further

ROOT = Path(ser_helpers.__file__).resolve().parents[1]
LONGEST_VALUE = 60  # characters
GATHERED = ("plot", "sketches")  # packages that offer the functions of their modules as their own
#: Modules that have no page in the reference: commands, the exercises' solutions, and those.
NO_REFERENCE = re.compile(rf"__main__|^exercises\.(?!checking)|^({'|'.join(GATHERED)})\.")


def write_reference(app: Sphinx) -> None:
    """Write a page for each module of the package, and one that lists them."""
    folder = Path(app.srcdir) / "reference"
    folder.mkdir(exist_ok=True)
    package = ROOT / "ser_helpers"
    paths = [path.relative_to(package).with_suffix("") for path in package.rglob("*.py")]
    names = sorted({".".join(path.parts).removesuffix(".__init__") for path in paths})
    names = [name for name in names if name != "__init__" and not NO_REFERENCE.search(name)]
    road, beside = ser_helpers._ROAD, [*ser_helpers._BESIDE]
    groups = {
        "The road": road,
        "Beside the road": [name for name in beside if name not in ("download", "further")],
        "Downloading": [name for name in names if name.split(".")[0] == "download"],
        "Further notebooks": ["further", *(f"further.{name}" for name in further.MODULES)],
    }
    listed = {name for group in groups.values() for name in group}
    groups["Under them"] = [name for name in names if name not in listed]
    lines = ["Reference", "=========", "", ".. automodule:: ser_helpers", ""]
    for caption, group in groups.items():
        lines += [".. toctree::", f"   :caption: {caption}", "   :maxdepth: 1", ""]
        lines += [f"   {name}" for name in group] + [""]
        for name in group:
            (folder / f"{name}.rst").write_text(_page(name), encoding="utf-8")
    (folder / "index.rst").write_text("\n".join(lines), encoding="utf-8")


def _page(name: str) -> str:
    # What a package gathers from its modules is described where these have no pages themselves.
    where = "imported-members" if name in GATHERED else "ignore-module-all"
    title = f"{name}\n{'=' * len(name)}\n\n"
    return f"{title}.. automodule:: ser_helpers.{name}\n   :members:\n   :{where}:\n"


def shorten(app: Sphinx, doctree: nodes.document) -> None:
    """Leave out the values of constants that are longer than a line, or folders of this machine."""
    for value in list(doctree.findall(addnodes.desc_annotation)):
        text = value.astext()
        if text.startswith(" = ") and (len(text) > LONGEST_VALUE or "Path(" in text):
            value.parent.remove(value)


def without_objects(app: Sphinx, *given: object) -> tuple[str, object] | None:
    """Write a default such as ``<function same at 0x7f…>`` as ``...``: Sphinx cannot read it."""
    *_, signature, returns = given
    return signature and (re.sub("<[^<>]* at 0x[^<>]*>|<factory>", "...", signature), returns)


class ConstantsAsTheyAre:
    """Keep Napoleon from taking the first words of a constant's description for its type."""

    def __init__(self, app: Sphinx) -> None:
        napoleons_turn = 500
        app.connect("autodoc-process-docstring", self.keep, priority=napoleons_turn - 1)
        app.connect("autodoc-process-docstring", self.restore, priority=napoleons_turn + 1)

    def keep(self, app: Sphinx, what: str, *given: object) -> None:
        self.lines = list(given[-1])

    def restore(self, app: Sphinx, what: str, *given: object) -> None:
        if what == "data":
            given[-1][:] = self.lines


def find_sources(app: Sphinx, config: Config) -> None:
    """Tell ``sphinx.ext.linkcode`` the address of an object's lines on GitHub."""

    def resolve(domain: str, info: dict) -> str | None:
        if domain != "py" or not info["module"]:
            return None
        found = importlib.import_module(info["module"])
        try:
            for part in info["fullname"].split("."):
                found = getattr(found, part)
            found = inspect.unwrap(found)
            lines, first = inspect.getsourcelines(found)
            path = Path(inspect.getsourcefile(found)).relative_to(ROOT).as_posix()
        except (AttributeError, TypeError, OSError, ValueError):  # a constant, say
            return None
        repository = config.html_theme_options["repository_url"]
        return f"{repository}/blob/main/{path}#L{first}-L{first + len(lines) - 1}"

    config.linkcode_resolve = resolve


def setup(app: Sphinx) -> dict:
    """Tell Sphinx what to call when."""
    app.connect("config-inited", find_sources)
    app.connect("builder-inited", write_reference)
    app.connect("doctree-read", shorten)
    app.connect("autodoc-process-signature", without_objects)
    ConstantsAsTheyAre(app)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
