"""What real actors change for an emotion: measured averages, and how they spread."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

FOLDER = Path(__file__).parent
#: Edges and centres of the curves' 40 mel bands, in Hz (HTK's formula), 60 to 7,800 Hz.
MEL = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 7800 / 700), 42)[1:-1]
BANDS = 700 * (10 ** (MEL / 2595) - 1)
#: The curves that are used, and their points. (``lsd``, how the spectrum spreads over time, is not:
#: it cost 0.1 of DNSMOS.)
SHAPES = {"f0c": 20, "intc": 20, "ltas": 40, "ap": 40, "uv": 40}


@dataclass(frozen=True)
class Cues:
    """One emotion at one strength, relative to the same person's neutral."""

    scalars: dict[str, float]
    between: dict[str, float]  # spread between actors
    within: dict[str, float]  # spread between the clips of one actor
    curves: dict[str, np.ndarray]
    curves_between: dict[str, np.ndarray]  # spread of each point between actors


def read() -> dict[tuple[str, str], Cues]:
    """Read the tables: (emotion, level MD or HI) → cues."""
    scalars = pd.read_csv(FOLDER / "cue_scalars.csv")
    curves = pd.read_csv(FOLDER / "cue_curves.csv").sort_values("index")
    cues = {}
    for key, rows in scalars.groupby(["emotion", "level"]):
        rows = rows.set_index("cue")
        own = curves[(curves.emotion == key[0]) & (curves.level == key[1])]
        cues[key] = Cues(
            rows.mean_over_actors.to_dict(),
            rows.sd_between_actors.to_dict(),
            rows.sd_within.to_dict(),
            {name: own.loc[own.curve == name, "mean"].to_numpy() for name in SHAPES},
            {name: own.loc[own.curve == name, "sd_between_actors"].to_numpy() for name in SHAPES},
        )
    return cues


def at_strength(cues: dict[tuple[str, str], Cues], emotion: str, strength: float) -> Cues:
    """Read an emotion between nothing (0), normal (0.5) and strong (1); beyond, it goes on.

    Neutral is the zero of the table, spread as the quietest emotion's clips are within an actor.
    """
    if emotion == "NEU":
        quiet = cues["SAD", "MD"]
        nothing = dict.fromkeys(quiet.scalars, 0.0)
        small = {cue: 0.5 * sd for cue, sd in quiet.within.items()}
        flat = {name: np.zeros(size) for name, size in SHAPES.items()}
        return Cues(nothing, nothing, small, flat, flat)
    normal, strong = cues[emotion, "MD"], cues[emotion, "HI"]
    a = min(2 * strength, 1.0)  # share of the normal one
    b = max(2 * strength - 1, 0.0)  # and of the way from there to the strong one

    def mix(one: dict, other: dict) -> dict:
        return {cue: a * one[cue] + b * (other[cue] - one[cue]) for cue in one}

    return Cues(
        mix(normal.scalars, strong.scalars),
        mix(normal.between, strong.between),
        {cue: 0.5 * (1 + a) * sd for cue, sd in normal.within.items()},
        mix(normal.curves, strong.curves),
        mix(normal.curves_between, strong.curves_between),
    )
