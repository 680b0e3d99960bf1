"""Find what should not be stored in a notebook: ``python tools/clean_outputs.py NOTEBOOK ...``.

Looks at the outputs of each notebook, or of all if none is named, for absolute paths (they tell
where somebody's files lie, and are wrong everywhere else), for the name of the user who ran it, and
for warnings (the red boxes, ``stderr``). Prints each with its cell and exits with 1 if there are
any. pre-commit runs it. Uses only the standard library.
"""

import argparse
import getpass
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = ("notebooks/*.ipynb", "classroom/**/*.ipynb")
#: Where the files of people and systems lie. After a letter or `>` a slash is something else: a
#: unit, a web address, the end of an HTML tag.
PATH = re.compile(
    r"(?<![\w/.:<>-])/(?:home|Users|root|work|tmp|var|opt|mnt|usr|content)/[\w.-]+[^\s\"'<>)]*"
    r"|(?<![A-Za-z])[A-Za-z]:(?:\\{1,2}|/(?!/))(?:Users|Windows|Program|[\w ~-]+[\\/])[^\s\"'<>]*"
    r"|file://\S+"
)
NO_NAMES = {"admin", "root", "runner", "test", "ubuntu", "user", "vscode"}  # of nobody


def texts(output: dict) -> Iterator[str]:
    """Yield what an output shows as text; pictures and sounds are left out."""
    yield joined(output.get("text", ""))
    yield "\n".join(output.get("traceback", ()))
    for kind, content in output.get("data", {}).items():
        if kind.startswith("text/") or kind == "image/svg+xml":
            # What is embedded in HTML as base64 holds letters by chance.
            yield re.sub(r"base64,[A-Za-z0-9+/=\s]+", "base64,", joined(content))


def joined(content: str | list[str]) -> str:
    return content if isinstance(content, str) else "".join(content)


def dirt(notebook: dict, user: str) -> Iterator[tuple[int, str]]:
    """Yield the number of a cell, and what is wrong in one of its outputs."""
    name = None
    if len(user) > 2 and user.lower() not in NO_NAMES:
        name = re.compile(rf"(?<![A-Za-z]){re.escape(user)}(?![A-Za-z])")
    for number, cell in enumerate(notebook["cells"]):
        for output in cell.get("outputs", ()):
            if output.get("name") == "stderr":
                lines = joined(output["text"]).strip().splitlines() or [""]
                yield number, f"a warning (stderr): {lines[-1][:80]}"
            for text in texts(output):
                yield from ((number, f"a path: {found}") for found in PATH.findall(text))
                if name and name.search(text):
                    yield number, f"the name of the user who ran it: {user}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all of the course")
    paths = parser.parse_args().notebooks or sorted(
        path for pattern in PATTERNS for path in ROOT.glob(pattern)
    )
    user, n = getpass.getuser(), 0
    for path in paths:
        notebook = json.loads(path.read_text(encoding="utf-8"))
        for number, what in dict.fromkeys(dirt(notebook, user)):
            print(f"{path}, cell {number}: {what}")
            n += 1
    if n:
        print("Mend the cell, or run the notebook again: python tools/notebooks.py run NN")
    return 1 if n else 0


if __name__ == "__main__":
    sys.exit(main())
