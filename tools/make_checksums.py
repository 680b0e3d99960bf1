"""Record the size, SHA-256 and length of each demo clip: ``python tools/make_checksums.py``.

A maintainer runs this whenever the demo voices change. It writes
``ser_helpers/checksums/demo.csv``, by which the course recognises them wherever they are stored.
"""

import hashlib
from pathlib import Path

from ser_helpers import audio, data
from ser_helpers.files import replace_file

TABLE = Path(data.__file__).parent / "checksums" / "demo.csv"


def table() -> str:
    lines = ["clip,bytes,sha256,seconds"]
    for path in sorted((data.DEMO_FOLDER / "clips").glob("*.ogg")):
        content = path.read_bytes()
        known = f"{len(content)},{hashlib.sha256(content).hexdigest()}"
        lines.append(f"{path.stem},{known},{audio.check_file(path):.4f}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    replace_file(TABLE, table().encode())
    print(TABLE)
