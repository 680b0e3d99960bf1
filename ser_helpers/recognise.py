"""Which corpus are these clips of? Their names and lengths decide, never an actor's number."""

from dataclasses import dataclass

import pandas as pd

from ser_helpers import checksums
from ser_helpers.names import KNOWN_BAD, make_name, parse_name

NAMES = {"cremad": "CREMA-D", "ravdess": "RAVDESS", "demo": "demo voices (synthetic)"}
#: Seconds. Copies in another format or at another rate are as long as the original; of two
#: recordings of a sentence by different people, one pair in a hundred is so nearly alike.
TOLERANCE = 0.005


@dataclass(frozen=True)
class Identity:
    """What a table of clips was recognised as.

    Attributes
    ----------
    corpus : {"cremad", "ravdess", "demo", ""}
        The corpus that most of the clips are of; empty if it is not a known one.
    known : pandas.Series of bool, shape (n_clips,)
        Which clips are of that corpus.
    n_clips, n_actors : int
        How many clips of these emotions, by how many actors, the whole corpus has.
    n_actors_here : int
        How many of these actors have clips here.
    """

    corpus: str
    known: pd.Series
    n_clips: int = 0
    n_actors: int = 0
    n_actors_here: int = 0

    @property
    def pure(self) -> bool:
        """True if the corpus is known and every clip is of it."""
        return bool(self.corpus) and bool(self.known.all())

    @property
    def part(self) -> str:
        """Say which part of the corpus this is, e.g. "10 of 91 actors"; empty for the whole."""
        n = int(self.known.sum())
        if self.n_actors_here < self.n_actors:
            return f"a part: {self.n_actors_here} of {self.n_actors} actors"
        if n < self.n_clips:
            return f"a part: {n:,} of {self.n_clips:,} clips"
        return ""

    def name(self, otherwise: str) -> str:
        """Name what this is in a report; ``otherwise`` is the name of an unknown corpus."""
        if not self.corpus:
            return otherwise
        name, n_other = NAMES[self.corpus], int((~self.known).sum())
        if n_other > len(self.known) / 2:
            return f"{otherwise}, with {len(self.known) - n_other:,} clips of {name}"
        notes = [self.part] if self.part else []
        notes += [f"with {n_other:,} other clips"] if n_other else []
        return f"{name} ({'; '.join(notes)})" if notes else name


def recognise(clips: pd.DataFrame) -> Identity:
    """Recognise the corpus that clips are of.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table: indexed by clip, with the column ``duration`` (seconds); without it nothing is
        recognised. ``path`` is used for those of RAVDESS's clips whose length is not known.

    Returns
    -------
    Identity
    """
    unknown = Identity("", pd.Series(False, index=clips.index))
    if "duration" not in clips:
        return unknown
    found = {corpus: _known(clips, corpus) for corpus in checksums.CORPORA}
    corpus = max(found, key=lambda name: found[name].sum())
    known = found[corpus]
    if not known.any():
        return unknown
    emotions = set(clips.emotion[known])
    whole = [parse_name(name) for name in _canonical(corpus) if name not in KNOWN_BAD]
    whole = [fields for fields in whole if fields["emotion"] in emotions]
    actors = {fields["actor"] for fields in whole}
    return Identity(corpus, known, len(whole), len(actors), clips.actor[known].nunique())


def _canonical(corpus: str) -> dict[str, checksums.Checksum]:
    """Return the checksums by names in CREMA-D's scheme."""
    return {make_name(**parse_name(name)): c for name, c in checksums.published(corpus).items()}


def _known(clips: pd.DataFrame, corpus: str) -> pd.Series:
    """Tell which clips have the name and the length of one of the corpus."""
    published = _canonical(corpus)
    known = []
    for clip, seconds in clips.duration.items():
        checksum = published.get(str(clip))
        if checksum is None:
            known.append(False)
        elif checksum.seconds is None:
            path = clips.path.get(clip)
            known.append(path is not None and path.stat().st_size == checksum.n_bytes)
        else:
            known.append(abs(seconds - checksum.seconds) <= TOLERANCE)
    return pd.Series(known, index=clips.index, dtype=bool)
