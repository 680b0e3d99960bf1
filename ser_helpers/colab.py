"""Google Colab: add what it lacks for the course, and change nothing that it has."""

import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

from ser_helpers import check

#: Has to be of the same version as the other, which Colab brings.
TWINS = {"distributed": "dask"}


def missing() -> list[str]:
    """List what the course needs and this Python lacks, as pip wants to read it.

    Returns
    -------
    list of str
        E.g. ``["distributed==2026.8.0"]``. Whatever is installed is left out, in any version: that
        the course runs on Colab's versions is for its tests to show, not for pip to change.
    """
    wanted = []
    for name, versions in check.required().items():
        if _version(name) is None:
            twin = _version(TWINS.get(name, ""))
            wanted.append(f"{name}=={twin}" if twin else f"{name}{versions}")
    return wanted


def add_missing() -> None:
    """Install what is missing, and nothing else; say so if it cannot be done.

    Every package that is there is held at its version: where pip cannot keep to that, nothing is
    installed, and the notebooks that need it say what they lack.
    """
    wanted = missing()
    if not wanted:
        return
    with tempfile.TemporaryDirectory() as folder:
        held = Path(folder, "installed.txt")
        held.write_text("\n".join(_installed()) + "\n", encoding="utf-8")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--constraint", str(held)]
        done = subprocess.run(
            [*command, "--disable-pip-version-check", *wanted],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
        )
    if done.returncode:
        reason = (done.stdout.strip().splitlines() or ["no reason given"])[-1]
        print(
            f"{', '.join(wanted)} could not be added ({reason}); the notebooks 00 to 10 run without"
        )
    else:
        print("added:", ", ".join(wanted))


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except (metadata.PackageNotFoundError, ValueError):
        return None


def _installed() -> list[str]:
    """List all installed packages with their versions, but for names that pip would not accept."""
    found = {
        dist.metadata["Name"]: dist.version
        for dist in metadata.distributions()
        if re.fullmatch(r"[A-Za-z0-9._-]+", dist.metadata["Name"] or "")
    }
    return sorted(f"{name}=={version}" for name, version in found.items() if version)
