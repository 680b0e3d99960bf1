"""Which corpus are these clips of? Their names, lengths and contents decide, never a number.

A clip is one of a known corpus if it has the name and the length of a published one. Copies in
another format, at another rate or renamed in CREMA-D's scheme are thus recognised. Where a file
has the very size of the published one, its SHA-256 must be that of the published one, too: one
clip per actor is compared, and all of an actor if that one is another.
"""

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from ser_helpers import checksums, files
from ser_helpers.names import EMOTIONS, KNOWN_BAD, make_name, parse_name

NAMES = {"cremad": "CREMA-D", "ravdess": "RAVDESS", "demo": "demo voices (synthetic)"}
#: Seconds. Copies in another format or at another rate are as long as the original, but for a few
#: samples; of a clip and somebody else's recording of it, about three pairs in a thousand are.
TOLERANCE = 0.002
#: Fewer different lengths that agree may be chance: of all actors, and of one alone among others.
ENOUGH, ENOUGH_ALONE = 3, 5
_NOBODY = ("", checksums.Checksum(0, "", None))


@dataclass(frozen=True)
class Identity:
    """What a table of clips was recognised as.

    Attributes
    ----------
    corpus : {"cremad", "ravdess", "demo", ""}
        The known corpus that most of the clips are of; empty if there is none.
    known : pandas.Series of bool, shape (n_clips,)
        Which clips are of that corpus, as it was published.
    actor : pandas.Series of bool, shape (n_actors,)
        Which actors are of that corpus: at least half of their clips are.
    synthetic : bool
        True if any actor is a demo voice.
    odd : tuple of str
        Clips of actors of that corpus that are not as it was published.
    n_clips, n_actors : int
        How many clips, by how many actors, the whole corpus has: of the six emotions, and of
        others that are here.
    """

    corpus: str
    known: pd.Series
    actor: pd.Series
    synthetic: bool = False
    odd: tuple[str, ...] = ()
    n_clips: int = 0
    n_actors: int = 0

    @property
    def pure(self) -> bool:
        """True if the corpus is known and every actor is of it."""
        return bool(self.corpus) and bool(self.actor.all())

    @property
    def part(self) -> str:
        """Say which part of the corpus this is, e.g. "10 of 91 actors"; empty for the whole."""
        n, n_actors = int(self.known.sum()) + len(self.odd), int(self.actor.sum())
        if n_actors < self.n_actors:
            return f"a part: {n_actors} of {self.n_actors} actors"
        return f"a part: {n:,} of {self.n_clips:,} clips" if n < self.n_clips else ""

    def name(self, otherwise: str) -> str:
        """Name what this is in a report; ``otherwise`` is the name of an unknown corpus."""
        if not self.corpus:  # its folder may have a name that promises more
            promises = any(word in otherwise.lower() for word in ("crema", "ravdess", "demo v"))
            return f"{otherwise} (own clips)" if promises else otherwise
        name, n_other = NAMES[self.corpus], int((~self.known).sum()) - len(self.odd)
        if n_other > len(self.known) / 2:
            return f"{otherwise}, with {len(self.known) - n_other:,} clips of {name}"
        notes = [self.part] if self.part else []
        notes += [f"with {n_other:,} other clips"] if n_other else []
        notes += [f"{len(self.odd):,} clips not as published"] if self.odd else []
        return f"{name} ({'; '.join(notes)})" if notes else name


def recognise(clips: pd.DataFrame) -> Identity:
    """Recognise the corpus that clips are of.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table: indexed by clip, with the columns ``actor`` and ``duration`` (seconds); without
        lengths nothing is recognised. Files are compared where ``path`` leads to them.

    Returns
    -------
    Identity
    """
    known = {name: (c, facts) for c in checksums.CORPORA for name, facts in _canonical(c).items()}
    found = [known.get(str(name), _NOBODY) for name in clips.index]
    rows = pd.DataFrame(
        {
            "corpus": pd.Series([corpus for corpus, _ in found], dtype=object),
            "facts": pd.Series([facts for _, facts in found], dtype=object),
            "actor": clips.actor.to_numpy(),
            "path": clips.path.to_numpy() if "path" in clips else None,
        }
    )
    named = rows.corpus.copy()
    seconds = clips.duration.to_numpy(float) if "duration" in clips else np.nan
    published = np.array([facts.seconds for _, facts in found], dtype=float)  # NaN: not known
    off = pd.Series(np.abs(seconds - published), index=rows.index)
    numbers = [int(str(name)[:4]) if name in known else -1 for name in clips.index]
    elsewhere = (off > TOLERANCE) | np.isnan(seconds) | (rows.actor != numbers)
    rows.loc[elsewhere, "corpus"] = ""
    same = pd.Series(_compare(rows[rows.corpus != ""]), dtype=object).reindex(rows.index)
    rows.loc[same.eq(False), "corpus"] = ""

    home = rows.groupby("actor").corpus.max()
    home = home.where((rows.corpus != "").groupby(rows.actor).mean() >= 0.5, "")
    # Recordings that were all cut to one length agree with many by chance: different lengths count.
    lengths = pd.Series(published, index=rows.index).where(rows.corpus != "")
    confirmed = same.eq(True)
    n_alone = lengths.groupby(rows.actor).nunique()
    alone = confirmed.groupby(rows.actor).any() | (n_alone >= ENOUGH_ALONE)
    n_lengths = lengths.groupby(rows.corpus).nunique()
    enough = confirmed.groupby(rows.corpus).any() | (n_lengths >= ENOUGH)
    enough = {"": False} | enough.drop("", errors="ignore").to_dict()
    mostly = {"": False} | {c: (rows.corpus[named == c] == c).mean() >= 0.5 for c in NAMES}
    home = home.where((alone | home.map(mostly).astype(bool)) & home.map(enough).astype(bool), "")
    rows["home"] = rows.actor.map(home)
    counts = rows.home[rows.home != ""].value_counts()
    corpus = "" if counts.empty else str(counts.idxmax())
    ours = (rows.home == corpus) & (corpus != "")
    is_known = ours & (rows.corpus == corpus)
    asked = {*EMOTIONS, *clips.emotion} if "emotion" in clips else set(EMOTIONS)
    whole = [name for name, (c, _) in known.items() if c == corpus and name not in KNOWN_BAD]
    whole = [name for name in whole if name.split("_")[2] in asked]
    return Identity(
        corpus=corpus,
        known=pd.Series(is_known.to_numpy(), index=clips.index),
        actor=(home == corpus) & (corpus != ""),
        synthetic=bool((home == "demo").any()),
        odd=tuple(clips.index[(ours & ~is_known).to_numpy()]),
        n_clips=len(whole),
        n_actors=len({name[:4] for name in whole}),
    )


def _canonical(corpus: str) -> Mapping[str, checksums.Checksum]:
    """Return the checksums by names in CREMA-D's scheme."""
    return {_name(name): facts for name, facts in checksums.published(corpus).items()}


@functools.cache
def _name(published: str) -> str:
    return make_name(**parse_name(published))


def _compare(rows: pd.DataFrame) -> dict[int, bool]:
    """Tell of one clip per actor, or of all if that is another, whether it is the published one."""
    told: dict[int, bool] = {}
    for _, own in rows.groupby("actor"):
        verdicts: dict[int, bool] = {}
        for at, path, facts in zip(own.index, own.path, own.facts, strict=True):
            same = _is_same(path, facts)
            if same is not None:
                verdicts[at] = same
            if False not in verdicts.values():
                break
        # Where all that can be compared is other sound, the rest is not believed either.
        told |= (
            verdicts
            if any(verdicts.values())
            else dict.fromkeys(own.index if verdicts else (), False)
        )
    return told


def _is_same(path: str | Path | None, facts: checksums.Checksum) -> bool | None:
    """Compare a file with the published one; None if it is not there, or has another size."""
    try:
        if path is None or Path(path).stat().st_size != facts.n_bytes:
            return None
        return files.hash_file(Path(path)) == facts.sha256
    except OSError:
        return None
