"""Print the oldest versions that requirements.txt allows: ``python tools/oldest.py > oldest.txt``.

Every lower bound becomes an exact version: ``numpy>=2,<3`` is printed as ``numpy==2``. Install them
with ``pip install -r oldest.txt``; packages that these bring along come in the versions that pip
chooses. CI's job ``oldest`` runs the package's tests on them, so that no lower bound is a guess.
"""

import re
import sys
from pathlib import Path

RANGES = Path(__file__).resolve().parents[1] / "requirements.txt"


def oldest(requirements: str) -> list[str]:
    """Return one line ``name==version`` for each requirement."""
    pins = []
    for line in requirements.splitlines():
        wanted = line.partition("#")[0].strip()
        if not wanted:
            continue
        found = re.match(r"([\w.-]+)>=([\w.]+)", wanted)
        if found is None:
            raise ValueError(
                f"{wanted!r} in requirements.txt has no lower bound: write name>=version"
            )
        pins.append("{}=={}".format(*found.groups()))
    return pins


def main() -> None:
    sys.stdout.write("\n".join(oldest(RANGES.read_text(encoding="utf-8"))) + "\n")


if __name__ == "__main__":
    main()
