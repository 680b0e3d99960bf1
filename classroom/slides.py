"""Make slides of the course's notebooks: headings, drawings, figures, key points.

A deck is one HTML file that needs nothing else: pictures and sound are in it, the browser's own
scroll snapping turns the pages, and nothing is loaded from anywhere. (nbconvert's own slides load
reveal.js from a server.) Nothing is run: what the notebook has stored is shown.
"""

import html
import re
from collections.abc import Iterator
from pathlib import Path

import nbformat
from nbconvert.filters import markdown2html

#: Sections for those who read; and where slides end.
LEFT_OUT = {
    "Your turn", "What goes wrong here", "Going deeper", "Quiz", "Words", "Read more",
}  # fmt: skip
KEY_POINTS = "Key points"
HEADING = re.compile(r"^(##?) (.+)$", re.MULTILINE)
ROAD = "The course as a road"  # how the text of the map begins that each notebook has
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
html {{ scroll-snap-type: y mandatory; font: 3.2vmin/1.45 system-ui, sans-serif; color: #222; }}
body {{ margin: 0; }}
section {{ scroll-snap-align: start; height: 100vh; box-sizing: border-box; padding: 4vh 6vw;
  display: flex; flex-direction: column; gap: 2vh; page-break-after: always; overflow: auto; }}
section.title {{ justify-content: center; }}
h1 {{ font-size: 6.5vmin; margin: 0; }}
h2 {{ font-size: 4.6vmin; margin: 0; }}
.figure {{ flex: 1; min-height: 0; display: flex; flex-direction: column; }}
.figure > img, details[open] > img {{ flex: 1; min-height: 0; width: 100%; object-fit: contain; }}
details[open] {{ flex: 1; min-height: 0; display: flex; flex-direction: column; }}
li {{ margin: .7em 0; }}
small {{ color: #555; }}
</style>
</head>
<body>
{slides}
<script>
addEventListener("keydown", event => {{
  const step = {{ArrowRight: 1, ArrowDown: 1, PageDown: 1, ArrowLeft: -1, ArrowUp: -1, PageUp: -1}};
  if (!(event.key in step) || event.target.closest("audio, summary")) return;
  event.preventDefault();
  const slides = [...document.querySelectorAll("section")];
  const now = Math.round(scrollY / innerHeight) + step[event.key];
  slides[Math.min(Math.max(now, 0), slides.length - 1)].scrollIntoView();
}});
</script>
</body>
</html>
"""


def deck(path: Path) -> str:
    """Make the slides of a notebook.

    Parameters
    ----------
    path : Path
        A notebook of the course, with its stored outputs.

    Returns
    -------
    str
        A whole HTML page.
    """
    notebook = nbformat.read(path, as_version=4)
    slides = [f"<section{kind}>\n{content}\n</section>" for kind, content in pages(notebook)]
    title = HEADING.search(notebook.cells[0].source)
    return PAGE.format(
        title=html.escape(title[2] if title else path.stem), slides="\n".join(slides)
    )


def pages(notebook: nbformat.NotebookNode) -> Iterator[tuple[str, str]]:
    """Go through a notebook and yield each slide's class and content."""
    heading, shown = "", True
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for level, name, text in sections(cell.source):
                heading, shown = name, name not in LEFT_OUT
                if level == "#":
                    yield ' class="title"', f"<h1>{inline(name)}</h1>"
                    heading, shown = "", True
                elif name == KEY_POINTS:
                    yield "", f"<h2>{name}</h2>\n{markdown2html(text)}"
                    shown = False
                elif shown:  # the question first, for a class to answer
                    yield ' class="title"', f"<h2>{inline(name)}</h2>"
        elif cell.cell_type == "code" and shown:
            for figure in filter(None, map(figure_in, cell.outputs)):
                above = f"<h2>{inline(heading)}</h2>\n" if heading else ""
                yield "", f'{above}<div class="figure">{figure}</div>'


def sections(source: str) -> list[tuple[str, str, str]]:
    """Cut a Markdown cell into its headings: level, name, and the text below."""
    source = re.sub(r"```.*?```", "", source, flags=re.DOTALL)  # a comment is no heading
    found = list(HEADING.finditer(source))
    ends = [match.start() for match in found[1:]] + [len(source)]
    return [
        (match[1], match[2].strip(), source[match.end() : end])
        for match, end in zip(found, ends, strict=False)
    ]


def figure_in(output: nbformat.NotebookNode) -> str:
    """Return an output's picture as HTML, with the fold or the sound that it has; else nothing."""
    data = output.get("data", {})
    if "image/png" in data:
        alt = output.metadata.get("image/png", {}).get("alt", "")
        content = data["image/png"].replace("\n", "")
        if alt.startswith(ROAD):
            return ""
        return f'<img alt="{html.escape(alt)}" src="data:image/png;base64,{content}">'
    shown = data.get("text/html", "")
    return shown if 'src="data:image/png;base64,' in shown else ""


def inline(text: str) -> str:
    """Turn one line of Markdown into HTML."""
    return markdown2html(text).strip().removeprefix("<p>").removesuffix("</p>")
