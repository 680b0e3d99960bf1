"""Measure how 13's embedding and work out of core grow: ``python benchmarks/measure_growth.py``.

Beside what ``at_full_size.py`` (the road and the notebooks) and ``measure_scale.py`` (streams of
frames) measured, on the same made-up folder with CREMA-D's 7,442 names and lengths:

- the embedding of 13 at several sizes, each in a fresh process with an empty cache;
- out of core: the features of all clips in shards, and a linear classifier trained from them piece
  by piece, at several sizes up to ten times the corpus. The further nine copies are links to the
  same files under other actors' numbers: right for time and memory, worth nothing for scores.

Seconds depend on what else the machine is doing, seconds of the processor hardly. Writes
``results/growth.json``; ``--only`` measures a part and keeps the other.
"""

import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import record
from at_full_size import full_folder, parser, part_of, watch

EMBEDDED = (250, 500, 1000, 2000)
SHARDED = (1000, 2000, 4000, 7442, 74_420)
COPIES = 10
PACKAGES = ("joblib", "librosa", "numpy", "pyarrow", "scikit-learn", "torch")
EMBEDDING = """
import sys
from ser_helpers import data
from ser_helpers.further import pretrained
table = pretrained.embed(data.open_corpus(sys.argv[1]).clips, cache=sys.argv[2], progress=False)
print(len(table))
"""
OUT_OF_CORE = """
import sys
import numpy as np
from sklearn.linear_model import SGDClassifier
from sklearn.preprocessing import StandardScaler
from ser_helpers import data, features
from ser_helpers.further import shards
clips = data.open_corpus(sys.argv[1]).clips
shards.write(clips, sys.argv[2], progress=False)
names, scaler, model, n = features.feature_names(), StandardScaler(), SGDClassifier(), 0
for piece in shards.batches(sys.argv[2]):
    scaler.partial_fit(piece[names].to_numpy())
    n += len(piece)
for epoch in range(3):
    for piece in shards.batches(sys.argv[2], seed=epoch):
        x = scaler.transform(piece[names].to_numpy())
        model.partial_fit(x, piece.emotion.to_numpy(dtype=str), classes=np.array(data.EMOTIONS))
print(n)
"""


def times_ten(folder: Path, to: Path) -> Path:
    """Make a folder of ten times as many clips by links, each copy with actors of its own."""
    (to / "AudioWAV").mkdir(parents=True, exist_ok=True)
    for path in sorted((folder / "AudioWAV").glob("*.wav")):
        actor, rest = path.name.split("_", 1)
        for copy in range(COPIES):
            os.link(path, to / "AudioWAV" / f"{int(actor) + 100 * copy}_{rest}")
    shutil.copy(folder / "actors.csv", to)
    return to


def grow(folder: Path, code: str, sizes: Sequence[int], most: int) -> list[dict]:
    """Run a piece of code at several sizes; return a row of clips, seconds and memory for each."""
    rows = []
    for n in sizes:
        # Next to the clips, so that hard links are possible.
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix="part_") as part:
            make = times_ten if n > most else lambda folder, to, n=n: part_of(folder, n, to)
            some = make(folder, Path(part, "clips"))
            cost, output = watch([sys.executable, "-c", code, str(some), str(Path(part, "out"))])
        rows.append({"clips": int(output)} | cost)
        print(rows[-1], flush=True)
    return rows


def line(rows: list[dict]) -> dict:
    """Fit lines through seconds of the processor and memory; say how far off any time is."""
    n, seconds, peak = (
        np.array([row[key] for row in rows]) for key in ("clips", "cpu_seconds", "peak_mb")
    )
    slope, start = np.polyfit(n, seconds, 1)
    off = np.abs(seconds - (slope * n + start)) / seconds
    return {
        "ms_per_clip": round(1000 * slope, 2),
        "seconds_to_start": round(start, 1),
        "furthest_from_the_line": round(float(off.max()), 3),
        "mb_per_1000_clips": round(1000 * np.polyfit(n, peak, 1)[0], 1),
    }


def main() -> None:
    command = parser(__doc__)
    parts = {
        "embedding": (EMBEDDING, EMBEDDED),
        "out of core": (OUT_OF_CORE, SHARDED),
    }
    command.add_argument("--only", choices=parts, help="measure only this part")
    command.add_argument("--sizes", type=int, nargs="+", help="only these; keep the others")
    options = command.parse_args()
    result = record.read("growth")
    with full_folder(options.folder, options.source) as folder:
        most = len(list((folder / "AudioWAV").glob("*.wav")))
        for part in [options.only] if options.only else parts:
            code, sizes = parts[part]
            known = result.get(part, {}).get("rows", []) if options.sizes else []
            of = {row["clips"]: row for row in known}
            of |= {row["clips"]: row for row in grow(folder, code, options.sizes or sizes, most)}
            rows = [of[n] for n in sorted(of)]
            result[part] = {"rows": rows, "line": line(rows), "machine": record.machine()}
            record.write("growth", result | {"versions": record.versions(*PACKAGES)})
    print(json.dumps(result, indent=2))


if __name__ == "__main__":
    main()
