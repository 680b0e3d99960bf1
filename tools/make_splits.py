"""Freeze a corpus's split by speaker: ``python tools/make_splits.py ACTORS.csv NAME [SHARE]``.

A maintainer runs this once per corpus; the split is committed and never changes again, so that
results stay comparable. ACTORS.csv has the columns ActorID and Sex (for CREMA-D its
VideoDemographics.csv, which we may not redistribute; only actor and part are written). SHARE is
that of the validation speakers, 0.1 if left out (demo-v2: 0.12, that is 6 of 48).
"""

import sys
from pathlib import Path

import pandas as pd

from ser_helpers import split

FOLDER = Path(__file__).parents[1] / "ser_helpers" / "splits"


def main(table: str, name: str, validation_size: str = "0.1") -> None:
    target = FOLDER / f"{name}.csv"
    if target.exists():
        sys.exit(f"{target} exists, and a frozen split must not change; choose a new name (…-v2)")
    actors = pd.read_csv(table).rename(columns={"ActorID": "actor", "Sex": "sex"})
    parts = split.by_speaker(actors, frozen=False, validation_size=float(validation_size))
    pd.concat([actors.actor, parts.rename("part")], axis=1).sort_values("actor").to_csv(
        target, index=False
    )
    print(pd.crosstab(actors.sex, parts))


if __name__ == "__main__":
    main(*sys.argv[1:])
