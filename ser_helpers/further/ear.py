"""A better ear: a pretrained network listens, and a small head names the emotion.

The encoder of :mod:`ser_helpers.further.pretrained` stays as it is; only a logistic regression on
what it makes of a clip is trained here, in seconds.
"""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_helpers import data, weights
from ser_helpers.align import to_clips
from ser_helpers.audio import load_clip
from ser_helpers.errors import DataError
from ser_helpers.further import pretrained, recorder, whisper_weights
from ser_helpers.origin import origin_of
from ser_helpers.speech import warn_of_problems

LAYERS = (2, 3)  # those of the demo voices come with the course
#: C of the logistic regression: what most folds of benchmarks/measure_pretrained.py chose.
STRENGTH = 3e-3


@dataclass(frozen=True)
class Ear:
    """A head that was trained on what the encoder makes of clips; ``print`` it.

    Attributes
    ----------
    head : sklearn.pipeline.Pipeline
        Scaler and logistic regression.
    classes : tuple of str
    provenance : Provenance
        What the head was trained on.
    """

    head: Pipeline
    classes: tuple[str, ...]
    provenance: weights.Provenance

    def __str__(self) -> str:
        kind = whisper_weights.TINY_EN.name
        return f"Whisper {kind}, frozen, with a head of its own. {self.provenance}"


def learn(corpus: data.Corpus, *, weights_file: str | Path | None = None) -> Ear:
    """Train the head on all clips of a corpus.

    Parameters
    ----------
    corpus : Corpus
        The demo voices need no weights: what the encoder makes of them comes with the course.
    weights_file : str or Path, optional
        As in :func:`ser_helpers.further.pretrained.load`.

    Returns
    -------
    Ear

    Raises
    ------
    DataError
        As :func:`ser_helpers.further.pretrained.embed`; or if there is only one emotion.
    """
    table = pretrained.embed(corpus.clips, LAYERS, weights=weights_file, progress=False)
    labels = to_clips(table.index, corpus.clips.emotion, what="label")
    if labels.nunique() < 2:
        raise DataError(f"{corpus.name} has clips of one emotion only: there is nothing to learn")
    # Not `heads.regression`: it stops early, which is right for trying many strengths, but moves
    # probabilities by up to a point. This one is fitted once, to scikit-learn's own tolerance.
    head = make_pipeline(StandardScaler(), LogisticRegression(C=STRENGTH, max_iter=300))
    head.fit(table.to_numpy(np.float64), labels.to_numpy())
    parts = pd.Series("train", table.index, name="all clips")
    noted = weights.provenance(origin_of(table), labels, parts, corpus=corpus)
    noted = replace(noted, recipe=pretrained.recipe_key(), changed="")  # rows of another kind
    return Ear(head, tuple(map(str, head.classes_)), noted)


def answer(ear: Ear, y: np.ndarray, *, encoder: pretrained.Encoder | None = None) -> pd.Series:
    """Let the encoder listen to a sound, and the head answer.

    Parameters
    ----------
    ear : Ear
    y : numpy.ndarray, shape (n_samples,)
        Samples at 16,000 Hz, at most 30 s.
    encoder : Encoder, optional
        Of :func:`ser_helpers.further.pretrained.load`; loaded now if left out.

    Returns
    -------
    pandas.Series of float, shape (n_classes,)
        Probability of each emotion.

    Raises
    ------
    DataError
        If the weights are not here (the message says how to get them), or the sound is too long.
    """
    encoder = encoder or pretrained.load()
    row = pd.Series(
        pretrained.describe(np.asarray(y, dtype=np.float32), encoder),
        pretrained.feature_names(range(whisper_weights.TINY_EN.n_blocks + 2)),
    )[pretrained.feature_names(LAYERS)]
    probabilities = ear.head.predict_proba(row.to_numpy(np.float64)[None])[0]
    return pd.Series(probabilities, list(ear.classes))


def answer_file(
    ear: Ear, path: str | Path, *, encoder: pretrained.Encoder | None = None
) -> pd.Series:
    """Answer one recording; errors and warnings are those of ``predict.predict_file``.

    Parameters
    ----------
    ear : Ear
    path : str or Path
    encoder : Encoder, optional
        As in :func:`answer`.

    Returns
    -------
    pandas.Series of float, shape (n_classes,)

    Raises
    ------
    DataError
        If the file is not usable sound, or as :func:`answer`.

    Warns
    -----
    UserWarning
        If the answer should not be trusted, as :func:`ser_helpers.speech.warn_of_problems`.
    """
    y = load_clip(path, sr=pretrained.AUDIO.sr)
    warn_of_problems(y, pretrained.AUDIO.sr, name=Path(path).name)
    try:
        return answer(ear, y, encoder=encoder).rename(Path(path).stem)
    except DataError as error:
        raise DataError(f"{Path(path).name}: {error}") from None


def bars(ear: Ear, y: np.ndarray) -> str:
    """Draw the answer to a sound as HTML; without the weights, say how to get them.

    Parameters
    ----------
    ear : Ear
    y : numpy.ndarray, shape (n_samples,)
        As in :func:`answer`.

    Returns
    -------
    str
    """
    if whisper_weights.find() is None:
        return (
            "<p>The better ear needs the weights of Whisper tiny.en (75 MB), which are not here: "
            f"{whisper_weights.FETCH}. Then run this cell again.</p>"
        )
    return recorder.bars(answer(ear, y))
