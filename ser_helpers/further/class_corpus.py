"""A class records a corpus of its own: prompts, file names, what is still to be recorded.

Clips are named in CREMA-D's scheme, so that :func:`ser_helpers.data.open_corpus` reads the folder
and every notebook runs on it. Who has which number is written nowhere here.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ser_helpers.audio import load_clip
from ser_helpers.data import Corpus
from ser_helpers.errors import DataError
from ser_helpers.further.recorder import Recorder, describe
from ser_helpers.names import EMOTION_NAMES, EMOTIONS, SENTENCES, make_name

#: Speakers of a class begin here: no published corpus and no demo voice has these numbers.
FIRST_SPEAKER = 8001


def prompts(
    speaker: int,
    *,
    sentences: Sequence[str] = ("IEO", "TIE", "DFA"),
    emotions: Sequence[str] = EMOTIONS,
) -> pd.DataFrame:
    """List what one speaker says, in an order of their own, so that no emotion is always last.

    Parameters
    ----------
    speaker : int
        Four digits, from ``FIRST_SPEAKER`` on.
    sentences, emotions : sequence of str
        Codes of ``names.SENTENCES`` and ``names.EMOTIONS``.

    Returns
    -------
    pandas.DataFrame, shape (n_sentences * n_emotions, 2)
        Columns ``say`` and ``emotion`` (in words), indexed by the clip's name.

    Raises
    ------
    DataError
        If the number is another one's, or a code is not known.

    Examples
    --------
    >>> prompts(8001, sentences=["DFA"], emotions=["SAD"])
                                         say  emotion
    clip
    8001_DFA_SAD_XX  Don't forget a jacket  sadness
    """
    if not FIRST_SPEAKER <= speaker <= 8999:
        raise DataError(
            f"{speaker} may be a speaker of another corpus: number your speakers from "
            f"{FIRST_SPEAKER} to 8999"
        )
    if unknown := [code for code in sentences if code not in SENTENCES]:
        known = ", ".join(SENTENCES)
        raise DataError(f"there is no sentence {unknown[0]!r}: choose from {known}")
    rows = {
        make_name(actor=speaker, sentence=sentence, emotion=emotion): (
            SENTENCES[sentence],
            EMOTION_NAMES.get(emotion, emotion),
        )
        for sentence in sentences
        for emotion in emotions
    }
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["say", "emotion"])
    order = np.random.default_rng(speaker).permutation(len(table))
    return table.iloc[order].rename_axis("clip")


def still_to_record(wanted: pd.DataFrame, folder: str | Path) -> pd.DataFrame:
    """Leave out the prompts whose clip is in the folder already.

    Parameters
    ----------
    wanted : pandas.DataFrame
        Of :func:`prompts`.
    folder : str or Path
        It need not be there yet.

    Returns
    -------
    pandas.DataFrame
        The rows of ``wanted`` that are left, in their order.
    """
    there = {path.stem for path in Path(folder).expanduser().glob("*")}
    return wanted[~wanted.index.isin(there)]


def keep(recorded: Recorder, wanted: pd.DataFrame, folder: str | Path) -> Path:
    """Save the recorder's sound as the clip of the next prompt; nothing is overwritten.

    Parameters
    ----------
    recorded : Recorder
        With a sound in it; afterwards without, so that no sound is kept twice.
    wanted : pandas.DataFrame
        Of :func:`prompts`.
    folder : str or Path
        Made if need be.

    Returns
    -------
    Path
        The file that was written.

    Raises
    ------
    DataError
        If all prompts are recorded, there is no new sound, or it cannot be written.
    """
    left = still_to_record(wanted, folder)
    if left.empty:
        raise DataError(f"all {len(wanted)} clips are in {folder}: choose the next number")
    path = recorded.save(Path(folder).expanduser() / f"{left.index[0]}.wav")
    recorded.sound = None
    return path


def levels(corpus: Corpus) -> pd.DataFrame:
    """Measure each clip as the recorder does, to find those to be recorded again.

    Parameters
    ----------
    corpus : Corpus

    Returns
    -------
    pandas.DataFrame
        Columns ``peak`` (loudest sample, dB of full scale), ``duration`` (seconds) and ``advice``
        (empty if all is well), indexed by clip; the softest first.
    """
    rows = {}
    for clip, path in corpus.clips.path.items():
        y = load_clip(path)
        _, _, advice = describe(y, 1).partition("full scale.")
        rows[clip] = (20 * np.log10(np.abs(y).max()), corpus.clips.duration[clip], advice.strip())
    table = pd.DataFrame.from_dict(rows, orient="index", columns=["peak", "duration", "advice"])
    return table.rename_axis("clip").sort_values("peak")
