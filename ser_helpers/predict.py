"""A trained recogniser as one file: save it, load it, let it listen to a recording.

The file is a NumPy ``.npz`` read with ``allow_pickle=False``: it holds numbers and text only, so
that loading one never runs code from it.
"""

import io
import json
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ser_helpers.audio import load_clip
from ser_helpers.errors import DataError
from ser_helpers.features import RECIPE, AudioSettings, describe, feature_names
from ser_helpers.files import replace_file
from ser_helpers.model import EmotionNet
from ser_helpers.names import EMOTIONS
from ser_helpers.train import Result

FORMAT = "ser_helpers recogniser"
VERSION = 1  # raise it when the file's layout changes


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
    """

    model: EmotionNet
    mean: np.ndarray
    scale: np.ndarray
    classes: tuple[str, ...]
    audio_settings: AudioSettings


def from_result(result: Result) -> Recogniser:
    """Take the recogniser out of a training result.

    Parameters
    ----------
    result : Result
        Trained on a table of :func:`ser_helpers.features.extract`, which knows its settings.

    Returns
    -------
    Recogniser

    Raises
    ------
    DataError
        If the feature table did not say with which audio settings it was made, or held other
        columns than those that :func:`ser_helpers.features.describe` will give of a recording.
    """
    if not result.audio_settings:
        raise DataError(
            "the feature table does not say its audio settings (table.attrs['settings']): train "
            "on the table that features.extract returned"
        )
    settings = AudioSettings(**result.audio_settings)
    if list(result.scaler.feature_names_in_) != feature_names(settings):
        raise DataError(
            f"the network was trained on {result.scaler.n_features_in_} chosen or reordered "
            "features, but a recording gives all of features.feature_names(settings): train on "
            "the whole table that features.extract returned"
        )
    return Recogniser(
        result.model,
        result.scaler.mean_.astype(np.float32),
        result.scaler.scale_.astype(np.float32),
        result.classes,
        settings,
    )


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
    """
    path = Path(path)
    linear = [m for m in recogniser.model.layers if isinstance(m, torch.nn.Linear)]
    header = {
        "format": FORMAT,
        "version": VERSION,
        "recipe": RECIPE,
        "classes": recogniser.classes,
        "hidden": [layer.out_features for layer in linear[:-1]],
        "audio_settings": asdict(recogniser.audio_settings),
    }
    weights = {f"weights/{k}": v.numpy() for k, v in recogniser.model.state_dict().items()}
    content = io.BytesIO()
    np.savez(
        content,
        header=np.array(json.dumps(header)),
        mean=recogniser.mean,
        scale=recogniser.scale,
        **weights,
    )
    replace_file(path, content.getvalue())
    return path


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
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        if not content.startswith(b"PK"):  # else numpy would speak of pickles, and how to open them
            raise ValueError(f"it begins with {content[:16]!r}")
        with np.load(io.BytesIO(content), allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
        header = json.loads(str(arrays["header"]))
        if header["format"] != FORMAT:
            raise ValueError("it holds something else")
        versions = (header["version"], header["recipe"])
    except Exception as error:  # a damaged zip file raises nearly anything
        raise DataError(
            f"{path.name} is not a whole recogniser file ({error}): copy it again, or train and "
            "save anew (notebook 05)"
        ) from None
    if versions != (VERSION, RECIPE):
        raise DataError(
            f"{path.name} was saved by another version of the course (file {versions[0]}."
            f"{versions[1]}, here {VERSION}.{RECIPE}): its features would not match; train and "
            "save anew (notebook 05)"
        )
    try:
        return _assemble(header, arrays)
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"{path.name} does not fit together ({error}): train anew") from None


def _assemble(header: dict, arrays: dict[str, np.ndarray]) -> Recogniser:
    """Build a recogniser from a file's content, and check that its parts belong together."""
    classes = tuple(header["classes"])
    settings = AudioSettings(**header["audio_settings"])
    n_features = len(feature_names(settings))
    for name in ("mean", "scale"):
        if arrays[name].shape != (n_features,):
            raise ValueError(f"{name} has the shape {arrays[name].shape}, not ({n_features},)")
    if not set(classes) <= set(EMOTIONS):
        raise ValueError(f"the classes are {classes}")
    model = EmotionNet(n_features, len(classes), hidden=tuple(header["hidden"]))
    model.load_state_dict(
        {
            name.removeprefix("weights/"): torch.from_numpy(array)
            for name, array in arrays.items()
            if name.startswith("weights/")
        }
    )
    return Recogniser(model.eval(), arrays["mean"], arrays["scale"], classes, settings)


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
        Probabilities; columns in the order of the classes.

    Raises
    ------
    DataError
        If the rows are not those features, in that order, or hold NaN.
    """
    names = feature_names(recogniser.audio_settings)
    columns = getattr(rows, "columns", names)
    if np.ndim(rows) != 2 or np.shape(rows)[1] != len(names) or list(columns) != names:
        raise DataError(
            f"rows of the shape (n_clips, {len(names)}) are needed, their columns in the order of "
            f"features.feature_names(recogniser.audio_settings); these have {np.shape(rows)}"
        )
    if not np.isfinite(np.asarray(rows)).all():
        raise DataError("the rows hold features that are not numbers (NaN or infinity)")
    x = (np.asarray(rows, dtype=np.float32) - recogniser.mean) / recogniser.scale
    return pd.DataFrame(
        recogniser.model.probabilities(torch.from_numpy(x)).numpy(),
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
        If the recording is much shorter or longer than the one sentence that it was trained on.
    """
    y = load_clip(path, sr=recogniser.audio_settings.sr)
    seconds = len(y) / recogniser.audio_settings.sr
    if not 0.5 <= seconds <= 15:
        warnings.warn(
            f"{Path(path).name} is {seconds:.1f} s long; the recogniser learnt from single "
            "sentences of some 2 to 4 s: do not trust this answer",
            stacklevel=2,
        )
    row = describe(y, recogniser.audio_settings)
    return predict(recogniser, row[None]).iloc[0].rename(Path(path).stem)


def over_time(
    recogniser: Recogniser, y: np.ndarray, *, window: float = 2.0, hop: float = 0.5
) -> pd.DataFrame:
    """Let the recogniser listen to a longer sound window by window.

    Parameters
    ----------
    recogniser : Recogniser
    y : numpy.ndarray of float32, shape (n_samples,)
        Samples at ``recogniser.audio_settings.sr`` Hz.
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
    y = np.asarray(y, dtype=np.float32)
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
