"""Ask every web address that the course's pages link to: ``python tools/links.py``.

Reads README, the other pages in Markdown and all notebooks, asks each address once, and prints
those that do not answer, with the files that link there. Exits with 1 if an address is gone (404,
410, or no such host). A site that turns programs away (403, 429) or fails for the moment (5xx, a
timeout) is named, but is no failure: a person has to look. Uses only the standard library.
"""

import argparse
import json
import re
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PATTERNS = (
    "*.md",
    "benchmarks/*.md",
    "classroom/**/*.md",
    "docs/*.md",
    "LICENSES/*.md",
    "ser_helpers/demo_voices/*.md",
    "site/pages/*.md",
    "classroom/*.ipynb",
    "classroom/exercises/*.ipynb",
    "notebooks/*.ipynb",
)
ADDRESS = re.compile(r"\]\((https?://[^\s()]+(?:\([^\s()]*\)[^\s()]*)*)")
OWN = re.compile(r"https://(mybinder\.org/v2|colab\.research\.google\.com)/")  # start a machine
GONE = (404, 410)


def texts(path: Path) -> Iterator[str]:
    """Yield the prose of a page, or of a notebook's cells."""
    content = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        yield content
        return
    for cell in json.loads(content)["cells"]:
        if cell["cell_type"] == "markdown":
            yield "".join(cell["source"])


def addresses(root: Path) -> dict[str, list[str]]:
    """Map each web address to the files that link to it, without what stands after ``#``."""
    found: dict[str, list[str]] = {}
    for path in sorted({path for pattern in PATTERNS for path in root.glob(pattern)}):
        for text in texts(path):
            for address in ADDRESS.findall(text):
                address = address.partition("#")[0]
                files = found.setdefault(address, [])
                name = path.relative_to(root).as_posix()
                if not OWN.match(address) and name not in files:
                    files.append(name)
    return {address: files for address, files in found.items() if files}


def ask(address: str, *, timeout: float = 20) -> tuple[str, bool]:
    """Ask for an address; return what was wrong (empty if nothing) and whether it is gone."""
    headers = {"User-Agent": "Mozilla/5.0 (link check of a course)"}
    request = urllib.request.Request(address, headers=headers)
    try:
        with urllib.request.urlopen(request, timeout=timeout):
            return "", False
    except urllib.error.HTTPError as error:
        return f"answers {error.code} {error.reason}", error.code in GONE
    except urllib.error.URLError as error:
        unknown = isinstance(error.reason, socket.gaierror)
        return f"no answer ({error.reason})", unknown
    except OSError as error:  # a timeout, or a connection that ends too soon
        return f"no answer ({error})", False


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT, help="default: this course")
    found = addresses(parser.parse_args().folder)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, found))
    for (address, files), (problem, gone) in zip(found.items(), answers, strict=True):
        if problem:
            print(f"{'GONE ' if gone else 'look:'} {address} {problem}; in {', '.join(files)}")
    n_gone = sum(gone for _, gone in answers)
    print(f"{len(found)} addresses asked, {n_gone} gone")
    return 1 if n_gone else 0


if __name__ == "__main__":
    sys.exit(main())
