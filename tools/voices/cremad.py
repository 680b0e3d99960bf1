"""A corpus that is named, counted and timed like CREMA-D."""

import os
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from ser_helpers.names import EMOTIONS, make_name

#: Mean duration in seconds in CREMA-D, including silence (computed from its file sizes).
SENTENCE_SECONDS = {
    "DFA": 2.30, "IEO": 2.28, "IOM": 2.42, "ITH": 2.77, "ITS": 2.59, "IWL": 2.73,
    "IWW": 2.42, "MTI": 2.75, "TAI": 2.64, "TIE": 2.99, "TSI": 2.42, "WSI": 2.65,
}  # fmt: skip
EMOTION_SECONDS = {
    "ANG": 2.58, "DIS": 2.78, "FEA": 2.51, "HAP": 2.34, "NEU": 2.43, "SAD": 2.59
}  # fmt: skip
MEAN_SECONDS = 2.54
#: Mean silence in seconds before and after the voice.
SILENCE = (0.42, 0.45)


@dataclass(frozen=True)
class Clip:
    """One clip to make: who says what, and how."""

    actor: Any  # with number, sex and age
    sentence: str
    emotion: str
    level: str

    @property
    def name(self) -> str:
        return make_name(
            actor=self.actor.number,
            sentence=self.sentence,
            emotion=self.emotion,
            level=self.level,
        )


def list_clips(actors: Iterable[Any], sentences: Iterable[str]) -> list[Clip]:
    """List each actor's clips as in CREMA-D: only the sentence IEO has levels."""
    clips = []
    for actor in actors:
        for sentence in sentences:
            for emotion in EMOTIONS:
                graded = sentence == "IEO" and emotion != "NEU"
                for level in ("LO", "MD", "HI") if graded else ("XX",):
                    clips.append(Clip(actor, sentence, emotion, level))
    return clips


def write_corpus(to: Path, clips: Sequence[Clip], make: Callable[[list[Clip], Path], None]) -> None:
    """Write ``clips/`` and ``actors.csv``.

    Parameters
    ----------
    to : Path
        Folder to write to; files with other names stay.
    clips : list of Clip
    make : callable
        Writes the clips of one actor to a folder; called in several processes.
    """
    actors = list({clip.actor.number: clip.actor for clip in clips}.values())
    target = to / "clips"
    target.mkdir(parents=True, exist_ok=True)
    # Clips are moved into place once all have been made.
    with tempfile.TemporaryDirectory(dir=to, prefix="making-") as work:
        joblib.Parallel(n_jobs=-1, verbose=1)(
            joblib.delayed(make)([c for c in clips if c.actor is actor], Path(work))
            for actor in actors
        )
        for path in Path(work).iterdir():
            os.replace(path, target / path.name)
    table = pd.DataFrame(
        {
            "ActorID": [actor.number for actor in actors],
            "Age": [actor.age for actor in actors],
            "Sex": [actor.sex for actor in actors],
            "Race": "Virtual",
            "Ethnicity": "Virtual",
        }
    )
    table.to_csv(to / "actors.csv", index=False)
    size = sum((target / f"{clip.name}.ogg").stat().st_size for clip in clips)
    print(f"{len(clips)} clips, {size / 1e6:.1f} MB in {target}")
