"""Read a student's notebook as text: nothing of it is run here."""

import ast
import base64
import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

#: What begins a cell that answers in words, or holds a figure; in whatever case and weight. Each is
#: looked for in the first line only: a pattern that tries all ways to share out a million spaces
#: would never end.
_ANSWER = re.compile(r"\s*(?:#+\s*)?\**\s*answer\s+(\d\d\.\d+)\s*:?\s*\**\s*:?", re.IGNORECASE)
_FIGURE = re.compile(r"\s*#\s*figure\s+(\d\d\.\d+)\b", re.IGNORECASE)
#: Cell magics whose cell is Python all the same.
_PYTHON_MAGICS = ("time", "timeit", "capture", "prun")
_PICTURES = ("image/png", "image/jpeg")
_LARGEST_PICTURE = 4_000_000  # characters of base64; a page shows at most so much
_LONGEST_LINE = 200  # characters of a first line
_LONGEST_ANSWER = 30_000  # characters that a page shows
_MOST_WORDS = 1_000_000  # characters that are compared with others'


@dataclass(frozen=True)
class Cell:
    r"""A code cell that Python can read, or not.

    Attributes
    ----------
    number : int
        Its place among all cells, from 1.
    source : str
        Without magics, line ends as ``\n``.
    body : tuple of ast.stmt
        Its statements.
    error : str
        Why Python cannot read it, or empty.
    """

    number: int
    source: str
    body: tuple[ast.stmt, ...] = ()
    error: str = ""


@dataclass(frozen=True)
class Notebook:
    """What the grader takes out of a notebook.

    Attributes
    ----------
    name : str
        Of its file.
    cells : list of Cell
        The code, in order.
    answers : dict
        Of a task's id, the texts that answer it.
    figures : dict
        Of a task's id, the pictures stored under its cells, as data URLs.
    prose : list of str
        The text of cells that are no answer to a task.
    words : list of str
        All text and code, to be compared with that of others.
    problem : str
        Why nothing could be read, or empty.
    """

    name: str
    cells: list[Cell] = field(default_factory=list)
    answers: dict[str, list[str]] = field(default_factory=dict)
    figures: dict[str, list[str]] = field(default_factory=dict)
    prose: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list)
    problem: str = ""


def read_notebook(name: str, content: bytes) -> Notebook:
    """Read a notebook, whoever wrote it and whatever was stripped from it.

    Parameters
    ----------
    name : str
        Of its file, for messages.
    content : bytes

    Returns
    -------
    Notebook
        If it is no notebook, ``problem`` says why.
    """
    try:
        cells = list(_cells(json.loads(content.decode("utf-8-sig"))))
    except (ValueError, RecursionError) as error:
        return Notebook(name, problem=_why_unreadable(content, error))
    except (AttributeError, KeyError, TypeError):
        return Notebook(name, problem="this is no notebook: it has no list of cells")
    notebook = Notebook(name)
    left = _MOST_WORDS
    for number, (kind, source, outputs) in enumerate(cells, start=1):
        notebook.words.append(source[:left])
        left -= len(notebook.words[-1])
        text = source.lstrip()
        first = text[:_LONGEST_LINE]
        if kind == "code":
            notebook.cells.append(read_code(source, number=number))
            if found := _FIGURE.match(first):
                notebook.figures.setdefault(found[1], []).extend(_pictures(outputs))
        elif (found := _ANSWER.match(first)) and (text := text[found.end() :].strip()):
            if len(text) > _LONGEST_ANSWER:
                text = f"{text[:_LONGEST_ANSWER]} … (it goes on: {len(text):,} characters in all)"
            texts = notebook.answers.setdefault(found[1], [])
            if text not in texts:  # a copied cell says nothing new
                texts.append(text)
        elif kind == "markdown" and not found:
            notebook.prose.append(text[:_LONGEST_ANSWER])
    return notebook


def _why_unreadable(content: bytes, error: Exception) -> str:
    """Say why this is no notebook, in words for whoever handed it in."""
    if not content.strip():
        return "this is no notebook: the file is empty"
    if content.startswith(b"PK"):
        return "this is no notebook but a zip, or a document of Word, under the name of one"
    if content.lstrip()[:1] == b"<":
        return "this is no notebook but a web page under the name of one"
    if content.lstrip()[:1] == b"{" and not content.rstrip().endswith(b"}"):
        return "this is only the first part of a notebook: the upload, or the saving, broke off"
    return f"this is no notebook ({_short(error)})"


def read_code(source: str, *, number: int = 1) -> Cell:
    """Parse one cell; lines that are IPython's and not Python's are left out.

    Parameters
    ----------
    source : str
    number : int
        The cell's place in its notebook.

    Returns
    -------
    Cell
    """
    for text in (source, _without_magics(source)):
        try:
            return Cell(number, text, tuple(ast.parse(text).body))
        except SyntaxError as error:
            line = (error.text or "").strip()
            problem = f"{error.msg}, line {error.lineno}" + (f": `{line}`" if line else "")
        except (ValueError, RecursionError, MemoryError) as error:  # a null byte, say
            problem = _short(error)
    return Cell(number, source, error=problem)


def _cells(content: dict) -> Iterator[tuple[str, str, list]]:
    # nbformat 3, which old tools still write, keeps its cells in worksheets.
    sheets = content.get("worksheets", [content])
    for cell in [cell for sheet in sheets for cell in sheet["cells"]]:
        source = cell.get("source", cell.get("input", ""))
        text = source if isinstance(source, str) else "".join(map(str, source))
        outputs = cell.get("outputs", [])
        yield (
            cell["cell_type"],
            text.replace("\r\n", "\n").replace("\r", "\n"),
            outputs if isinstance(outputs, list) else [],
        )


def _without_magics(source: str) -> str:
    lines = source.split("\n")
    first = next((i for i, line in enumerate(lines) if line.strip()), 0)
    if lines[first].startswith("%%"):
        if lines[first][2:].split(" ")[0] not in _PYTHON_MAGICS:
            return ""
        lines[first] = ""
    return "\n".join(
        re.sub(r"^(\s*)(?:%[a-zA-Z%]|!).*|^(\s*)[\w.]+\?+\s*$", r"\1\2pass", li) for li in lines
    )


def _pictures(outputs: list) -> Iterator[str]:
    for output in outputs:
        data = output.get("data") if isinstance(output, dict) else None
        for kind in _PICTURES:
            picture = data.get(kind) if isinstance(data, dict) else None
            if isinstance(picture, list):
                picture = "".join(map(str, picture))
            if not isinstance(picture, str) or len(picture) > _LARGEST_PICTURE:
                continue
            try:
                content = base64.b64decode("".join(picture.split()), validate=True)
            except (binascii.Error, ValueError):
                continue
            yield f"data:{kind};base64,{base64.b64encode(content).decode()}"
            break


def _short(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:200]
