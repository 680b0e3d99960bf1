"""Write requirements.lock from this environment: ``.venv/bin/python tools/make_lock.py``.

Run it on Python 3.11 in a fresh ``.venv`` installed from requirements.txt, once the tests have
passed there. Four changes make the list portable: PyTorch loses its build tag (``+cpu``), librosa
has one line for Python 3.11 and one for later versions (librosa 1.0 does not run on 3.11),
soupsieve has one for the Pythons before 3.11.5 (Debian 12 has 3.11.2), and the course's own package
is left out.
"""

import subprocess
import sys
from pathlib import Path

from ser_helpers.files import replace_file

LOCK = Path(__file__).parents[1] / "requirements.lock"
HEAD = """\
# The versions that were tested (Python 3.11, Linux), written by tools/make_lock.py.
# Ranges and reasons are in requirements.txt.
"""
LIBROSA_1 = "1.0.0"
SOUPSIEVE_2 = "2.8.4"


def lines(freeze: str) -> list[str]:
    """Turn the output of ``pip freeze`` into the lines of the lock."""
    lock = []
    for line in freeze.splitlines():
        name, _, version = line.partition("==")
        if not version or line.startswith(("-e", "#")) or name == "ser-helpers":
            continue
        if name == "torch":
            lock.append(f"torch=={version.split('+')[0]}")
        elif name == "librosa":
            lock.append(f'librosa=={version} ; python_version < "3.12"')
            lock.append(f'librosa=={LIBROSA_1} ; python_version >= "3.12"')
        elif name == "soupsieve":
            lock.append(f'soupsieve=={SOUPSIEVE_2} ; python_full_version < "3.11.5"')
            lock.append(f'soupsieve=={version} ; python_full_version >= "3.11.5"')
        else:
            lock.append(line)
    return lock


def main() -> None:
    freeze = subprocess.run(
        [sys.executable, "-m", "pip", "freeze", "--exclude-editable"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    replace_file(LOCK, (HEAD + "\n".join(lines(freeze)) + "\n").encode())


if __name__ == "__main__":
    main()
