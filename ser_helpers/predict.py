"""Step 7: a trained recogniser as one file: save it, load it, let it listen to a recording.

Without a notebook: ``python -m ser_helpers.predict FILE ... [--recogniser FILE] [--json]``.
"""

import sys

if __name__ == "__main__":  # before anything large is imported: --help answers at once
    from ser_helpers import answering, terminal

    sys.exit(terminal.run(answering.main, name="ser_helpers.predict"))

import contextlib
import warnings
import zlib
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ser_helpers import weights
from ser_helpers.align import to_clips
from ser_helpers.audio import as_samples, load_clip
from ser_helpers.data import Corpus
from ser_helpers.errors import DataError
from ser_helpers.features import RECIPE, AudioSettings, describe, feature_names
from ser_helpers.files import work_folder
from ser_helpers.model import EmotionNet
from ser_helpers.origin import origin_of
from ser_helpers.speech import warn_of_problems
from ser_helpers.train import Result, fit, model_probabilities
from ser_helpers.weights import Provenance, provenance

FORMAT = "ser_helpers recogniser"
VERSION = 2  # raise it when the file's layout changes


@dataclass(frozen=True)
class Recogniser:
    """Everything needed to go from a recording to probabilities.

    Attributes
    ----------
    model : EmotionNet
        In evaluation mode.
    mean, scale : numpy.ndarray of float32, shape (n_features,)
        Of the scaler fitted on the training clips.
    classes : tuple of str
        In the order of the network's outputs.
    audio_settings : AudioSettings
        The settings that the network was trained with.
    provenance : Provenance
        What it was trained on, if that was noted; ``print(recogniser)`` shows it.
    """

    model: EmotionNet
    mean: np.ndarray
    scale: np.ndarray
    classes: tuple[str, ...]
    audio_settings: AudioSettings
    provenance: Provenance = Provenance()

    def __str__(self) -> str:
        settings = self.audio_settings
        kind = f"{len(self.mean)} features of sound at {settings.sr:,} Hz"
        return f"Recogniser of {', '.join(self.classes)} from {kind}\n{self.provenance}"


def from_result(result: Result, *, corpus: Corpus | None = None) -> Recogniser:
    """Take the recogniser out of a training result.

    Parameters
    ----------
    result : Result
        Trained on a table of :func:`ser_helpers.features.extract`, or on some of its rows.
    corpus : Corpus, optional
        What it was trained on. Left out, the table's own notes say whom it has heard
        (:func:`heard`), if it was extracted from the clips of an open corpus.

    Returns
    -------
    Recogniser

    Raises
    ------
    DataError
        If the feature table was not what :func:`ser_helpers.features.describe` gives of a
        recording: adapted, changed, or with other columns.
    """
    if changed := result.origin.get("changed", "nothing is known of it"):
        raise DataError(
            f"the network was trained on a table that is not as features.extract returned it: "
            f"{changed}. A recording would be described otherwise, and the answers would be wrong: "
            "train on the extracted table; for rows of such a table use result.answers(rows)"
        )
    return Recogniser(
        result.model,
        result.scaler.mean_.astype(np.float32),
        result.scaler.scale_.astype(np.float32),
        result.classes,
        AudioSettings(**result.origin["settings"]),
        provenance(
            result.origin, result.labels, result.parts, corpus=corpus, seed=result.settings.seed
        ),
    )


def heard(recogniser: Recogniser, speaker: int | str) -> bool:
    """Tell whether a recogniser heard a speaker in its training.

    Parameters
    ----------
    recogniser : Recogniser
    speaker : int or str
        The actor's number, in the corpus that it was trained on; another one has other people.

    Returns
    -------
    bool
        True if the speaker trained it or, in the validation part, decided when to stop
        (``recogniser.provenance.parts_of(speaker)`` says which).

    Raises
    ------
    DataError
        If nobody noted whom it has heard: it was made without ``corpus``.
    """
    if not recogniser.provenance.speakers:
        raise DataError(
            "this recogniser does not know whom it has heard: make it by "
            "predict.from_result(result, corpus=corpus)"
        )
    return not {"train", "validation"}.isdisjoint(recogniser.provenance.parts_of(speaker))


def belongs(recogniser: Recogniser, corpus: Corpus, table: pd.DataFrame, parts: pd.Series) -> bool:
    """Tell whether a recogniser was trained on these very clips, split in this very way.

    Parameters
    ----------
    recogniser : Recogniser
    corpus : Corpus
        The open corpus.
    table : pandas.DataFrame
        Its feature table, of :func:`ser_helpers.features.extract`.
    parts : pandas.Series of str
        Part of each clip of the table.

    Returns
    -------
    bool
        False if a file, a clip, its label, part or speaker, or the way of computing features is
        another, or nobody noted what it was trained on. Then train anew.
    """
    parts = to_clips(table.index, parts, what="part")
    now = provenance(origin_of(table), corpus.clips.emotion, parts, corpus=corpus)
    return recogniser.provenance.same_training(now)


def stored(
    corpus: Corpus, table: pd.DataFrame, parts: pd.Series, *, folder: str | Path | None = None
) -> Recogniser:
    """Return the recogniser of these clips and this split; train it if it is not stored yet.

    Parameters
    ----------
    corpus, table, parts
        As in :func:`belongs`.
    folder : str or Path, optional
        Where recognisers are stored, ``work/recognisers`` if left out. Each has a name of its own:
        that of another corpus, or of this one before it grew, is neither used nor replaced.

    Returns
    -------
    Recogniser

    Raises
    ------
    DataError
        As :func:`ser_helpers.train.fit` and :func:`from_result`.

    Warns
    -----
    UserWarning
        If it cannot be stored there; it is returned all the same.
    """
    key = zlib.crc32("".join([table.attrs.get("content", ""), *parts]).encode())
    folder = work_folder() / "recognisers" if folder is None else Path(folder)
    path = folder / f"{corpus.folder.name}-{key:08x}.npz"
    with contextlib.suppress(DataError):  # not there yet, damaged, or of an older version
        recogniser = load(path)
        if belongs(recogniser, corpus, table, parts):
            return recogniser
    result = fit(table, corpus.clips.emotion, parts, progress=False)
    recogniser = from_result(result, corpus=corpus)
    try:
        save(recogniser, path)
    except DataError as error:
        warnings.warn(f"the recogniser is not stored: {error}", stacklevel=2)
    return recogniser


def save(recogniser: Recogniser, path: str | Path) -> Path:
    """Save a recogniser in one file; an older one of that name is replaced only when it is whole.

    Parameters
    ----------
    recogniser : Recogniser
    path : str or Path
        Ends in ``.npz`` by custom.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If it cannot be written.
    """
    linear = [m for m in recogniser.model.layers if isinstance(m, torch.nn.Linear)]
    header = {
        "format": FORMAT,
        "version": [VERSION, RECIPE],
        "classes": recogniser.classes,
        "hidden": [layer.out_features for layer in linear[:-1]],
        "audio_settings": asdict(recogniser.audio_settings),
        "provenance": asdict(recogniser.provenance),
    }
    arrays = {"mean": recogniser.mean, "scale": recogniser.scale}
    return weights.write(path, header, arrays | weights.of_model(recogniser.model))


def load(path: str | Path) -> Recogniser:
    """Load a recogniser; no code from the file is run.

    Parameters
    ----------
    path : str or Path

    Returns
    -------
    Recogniser

    Raises
    ------
    DataError
        If the file is missing, cut short, not a recogniser, or of another version.
    """
    header, arrays = weights.read(
        path, kind=FORMAT, version=(VERSION, RECIPE), remedy="train and save anew (notebook 05)"
    )
    try:
        classes = weights.classes_of(header)
        settings = weights.audio_settings(header)
        n_features = len(feature_names(settings))
        for name in ("mean", "scale"):
            if arrays[name].shape != (n_features,):
                raise ValueError(f"{name} has the shape {arrays[name].shape}, not ({n_features},)")
        if not (arrays["scale"] > 0).all():
            raise ValueError("a feature's scale is not above 0")
        hidden = tuple(header["hidden"])
        model = weights.into_model(
            lambda: EmotionNet(n_features, len(classes), hidden=hidden), arrays
        )
        origin = Provenance.from_header(header["provenance"])
    except weights.FORGED as error:
        raise DataError(f"{Path(path).name} does not fit together ({error}): train anew") from None
    return Recogniser(model, arrays["mean"], arrays["scale"], classes, settings, origin)


def predict(recogniser: Recogniser, rows: np.ndarray) -> pd.DataFrame:
    """Predict from feature rows.

    Parameters
    ----------
    recogniser : Recogniser
    rows : numpy.ndarray or pandas.DataFrame of float32, shape (n_clips, n_features)
        As made by :mod:`ser_helpers.features` with the recogniser's own settings.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_classes)
        Class probabilities; columns in the order of the classes.

    Raises
    ------
    DataError
        If the rows are not those features, in that order, or hold NaN; or if they say that they
        were adapted, or made with other settings.
    """
    names = feature_names(recogniser.audio_settings)
    columns = getattr(rows, "columns", names)
    if np.ndim(rows) != 2 or np.shape(rows)[1] != len(names) or list(columns) != names:
        raise DataError(
            f"rows of the shape (n_clips, {len(names)}) are needed, their columns in the order of "
            f"features.feature_names(recogniser.audio_settings); these have {np.shape(rows)}"
        )
    noted, settings = getattr(rows, "attrs", {}), asdict(recogniser.audio_settings)
    if noted.get("adapted") or noted.get("settings", settings) != settings:
        raise DataError(
            f"these rows were {noted.get('adapted') or 'made with ' + str(noted['settings'])}, and "
            f"the recogniser learnt from rows as features.extract gives them with {settings}"
        )
    if not np.isfinite(np.asarray(rows)).all():
        raise DataError("the rows hold features that are not numbers (NaN or infinity)")
    x = (np.asarray(rows, dtype=np.float32) - recogniser.mean) / recogniser.scale
    return pd.DataFrame(
        model_probabilities(recogniser.model, torch.from_numpy(x)),
        index=getattr(rows, "index", None),
        columns=list(recogniser.classes),
    )


def predict_file(recogniser: Recogniser, path: str | Path) -> pd.Series:
    """Let the recogniser listen to one recording of any length, rate and number of channels.

    Parameters
    ----------
    recogniser : Recogniser
    path : str or Path

    Returns
    -------
    pandas.Series of float32, shape (n_classes,)
        Probability of each emotion, in the order of the classes.

    Raises
    ------
    DataError
        If the file is not usable sound.

    Warns
    -----
    UserWarning
        As :func:`ser_helpers.speech.warn_of_problems`.
    """
    y = load_clip(path, sr=recogniser.audio_settings.sr)
    warn_of_problems(y, recogniser.audio_settings.sr, name=Path(path).name)
    row = describe(y, recogniser.audio_settings)
    return predict(recogniser, row[None]).iloc[0].rename(Path(path).stem)


def over_time(
    recogniser: Recogniser, y: np.ndarray, *, window: float = 2.0, hop: float = 0.5
) -> pd.DataFrame:
    """Let the recogniser listen to a longer sound window by window.

    Parameters
    ----------
    recogniser : Recogniser
    y : numpy.ndarray, shape (n_samples,)
        Samples at ``recogniser.audio_settings.sr`` Hz; whole numbers (int16) are scaled.
    window : float
        Length of a window, seconds. The recogniser learnt from whole sentences: the shorter the
        window, the less it is what it has learnt from.
    hop : float
        From the start of one window to that of the next, seconds.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_windows, n_classes)
        Probabilities; index ``seconds``: the middle of each window. NaN where the whole window is
        a pause: softer, by ``top_db``, than the loudest sample of the sound. A sound shorter than
        a window gives one row; what is left at the end, less than a hop, gives none.

    Raises
    ------
    DataError
        If the sound is empty or silent.
    ValueError
        If ``window`` is below 0.1 s, or ``hop`` below 0.01 s.
    """
    if window < 0.1 or hop < 0.01:
        raise ValueError(f"window={window} s and hop={hop} s must be at least 0.1 and 0.01 s")
    settings = recogniser.audio_settings
    n, step = round(window * settings.sr), round(hop * settings.sr)
    y = as_samples(y)
    loudest = np.abs(y).max(initial=0)
    if not loudest > 0:
        raise DataError("the sound is empty or silent: there is nothing to listen to")
    parts = [y[start : start + n] for start in range(0, max(1, len(y) - n + 1), step)]
    heard = [np.abs(part).max() >= loudest * 10 ** (-settings.top_db / 20) for part in parts]
    rows = [describe(part, settings) for part, sounds in zip(parts, heard, strict=True) if sounds]
    middles = [(i * step + len(part) / 2) / settings.sr for i, part in enumerate(parts)]
    answers = pd.DataFrame(
        np.nan, index=middles, columns=list(recogniser.classes), dtype=np.float32
    )
    if rows:
        answers[heard] = predict(recogniser, np.stack(rows)).to_numpy()
    return answers.rename_axis("seconds")
