"""Move the course to another address: ``python course.py home OWNER/NAME``.

For a fork: every link, cell for Colab, the citation and ``pyproject.toml`` then name
OWNER/NAME on GitHub, and the web pages of that repository, instead of where the course came from.
Other people's addresses stay as they are, and the same command brings the old address back. Without
OWNER/NAME it says where the course is at home now. Uses only the standard library.
"""

import argparse
import os
import re
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
#: Where addresses stand. A test holds this list complete.
PATTERNS = (
    "*.md",
    "CITATION.cff",
    "benchmarks/*.md",
    "classroom/**/*.md",
    "classroom/**/*.ipynb",
    "classroom/sources/*.py",
    "docs/*.md",
    "notebooks/*.ipynb",
    "site/pages/*.md",
    "pyproject.toml",  # last: if we are interrupted, the same command goes on
)
BEFORE = r"(github\.com/|colab\.research\.google\.com/github/|mybinder\.org/v2/gh/)"
END = r"(?![\w-]|\.(?!git\b)\w)"  # so that `owner/name2` and `owner/name.x` are other repositories
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,38}/[\w.-]{1,100}", re.ASCII)


def home(root: Path) -> str:
    """Return OWNER/NAME from ``pyproject.toml``."""
    with (root / "pyproject.toml").open("rb") as file:
        url = tomllib.load(file)["project"]["urls"]["Repository"]
    return parsed(url)


def parsed(address: str) -> str:
    """Return OWNER/NAME, also of a whole web address; raise ValueError if it is neither."""
    name = address.strip().removeprefix("https://").removeprefix("github.com/")
    name = name.rstrip("/").removesuffix(".git")
    if not NAME.fullmatch(name) or name.endswith("/."):
        raise ValueError(f"{address!r} is no repository on GitHub: write OWNER/NAME, e.g. anna/ser")
    return name


def pages(name: str) -> str:
    """Return the address of a repository's web pages, which GitHub derives from its name."""
    owner, _, repository = name.partition("/")
    host = f"{owner.lower()}.github.io"
    return f"https://{host}/" if repository.lower() == host else f"https://{host}/{repository}/"


def moved(text: str, old: str, new: str) -> str:
    """Return a text in which the repository ``old`` and its web pages are those of ``new``."""
    text = re.sub(BEFORE + re.escape(old) + END, lambda found: found[1] + new, text)
    return text.replace(pages(old), pages(new))


def move(root: Path, new: str) -> list[Path]:
    """Move all files of the course below ``root``; return those that were changed."""
    old, changed = home(root), []
    for path in (path for pattern in PATTERNS for path in sorted(root.glob(pattern))):
        before = path.read_bytes().decode("utf-8")  # bytes: line ends stay as they are
        after = moved(before, old, new)
        if after != before:
            part = path.with_name(path.name + ".part")
            part.write_bytes(after.encode("utf-8"))
            os.replace(part, path)
            changed.append(path)
    return changed


def main() -> int:
    parser = argparse.ArgumentParser(prog="course.py home", description=__doc__.splitlines()[0])
    parser.add_argument("name", nargs="?", metavar="OWNER/NAME", help="the repository on GitHub")
    wanted = parser.parse_args().name
    old = home(ROOT)
    if wanted is None:
        print(f"The course is at home at https://github.com/{old}; its web pages at {pages(old)}")
        return 0
    try:
        new = parsed(wanted)
    except ValueError as error:
        sys.exit(f"course.py home: {error}")
    changed = move(ROOT, new)
    print(
        f"{len(changed)} files now name {new} instead of {old}. Look at them (`git diff --stat`),"
    )
    print(f"commit and push them. To go back: python course.py home {old}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
