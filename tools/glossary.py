"""Collect the words of all notebooks: ``python tools/glossary.py`` writes ``docs/glossary.md``.

Each notebook ends with a section *Words*: ``**term** meaning · **term** meaning``. A term that
several notebooks explain has one entry, with the first notebook's wording and links to all of them.
"""

import re
from pathlib import Path

import nbformat

from ser_helpers.files import replace_file

ROOT = Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "glossary.md"
SECTION = re.compile(r"^## Words\n+(.*?)(?=^## |\Z)", re.DOTALL | re.MULTILINE)
HEAD = """\
# Glossary

Every word that the course introduces, with the notebooks that introduce it. Made from their
sections *Words* by `tools/glossary.py`.
"""


def words_of(path: Path) -> dict[str, str]:
    """Read the section *Words* of a notebook.

    Parameters
    ----------
    path : Path
        A notebook.

    Returns
    -------
    dict of str to str
        Meaning of each term, or of several synonymous terms such as ``clip or utterance``.
    """
    cells = nbformat.read(path, as_version=4).cells
    prose = "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    entries = SECTION.search(prose)[1].strip().split(" · ")
    words = {}
    for entry in entries:
        term, _, meaning = entry.rpartition("**")
        if not term.startswith("**") or not meaning.strip():
            raise ValueError(f"{path.name}: expected `**term** meaning`, not {entry!r}")
        words[term.replace("**", "")] = meaning.strip()
    return words


def page() -> str:
    """Write the glossary in Markdown, in alphabetical order."""
    meanings, links = {}, {}
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        for term, meaning in words_of(path).items():
            known = next((t for t in meanings if t.casefold() == term.casefold()), term)
            meanings.setdefault(known, meaning)
            links.setdefault(known, []).append(f"[{path.name[:2]}](../notebooks/{path.name})")
    lines = [
        f"- **{term}** {meanings[term]} ({', '.join(links[term])})"
        for term in sorted(meanings, key=str.casefold)
    ]
    return HEAD + "\n" + "\n".join(lines) + "\n"


def main() -> None:
    replace_file(PAGE, page().encode())


if __name__ == "__main__":
    main()
