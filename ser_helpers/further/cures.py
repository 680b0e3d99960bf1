"""What may help on another line: level taken away, training through channels, doubt, silence.

None of these is a cure by name. Each is measured against doing nothing, on clips as they were
recorded and on shifted ones, by ``benchmarks/measure_shift.py``.
"""

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy import optimize

from ser_helpers import evaluate
from ser_helpers.align import to_clips
from ser_helpers.errors import DataError
from ser_helpers.further import channel
from ser_helpers.published import tree_of

CHANNELS = ("telephone", "noise", "room", "level")
SNR = (5.0, 25.0)  # dB, from and to, of the pink noise
RT60 = (0.2, 0.8)  # seconds
GAIN = (-20.0, 20.0)  # dB
COPY = "+"  # what a copy's name ends in
TEMPERATURES = (0.05, 20.0)
#: Corpora that were measured, and what to call them in a figure.
MEASURED = {"demo": "demo voices (synthetic)", "ravdess": "RAVDESS (real people)"}
LEVEL = "mfcc00_"  # what the names of its features begin with: C0 follows loudness


def without_level(table: pd.DataFrame) -> pd.DataFrame:
    """Take each clip's mean C0 away: how loud it was on the whole is no longer in its row.

    The mean is subtracted from C0's mean (which becomes 0) and from its percentiles, as if it had
    been subtracted from C0 in every frame. How much the level rises and falls is kept.

    Parameters
    ----------
    table : pandas.DataFrame of float, shape (n_clips, n_features)
        Feature table, with the columns of :func:`ser_helpers.features.feature_names`.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_features)
        Same index and columns; ``attrs["adapted"]`` says what was done.

    Raises
    ------
    DataError
        If there is no such column.
    """
    follows = [name for name in table if str(name).startswith((LEVEL + "mean", LEVEL + "p"))]
    if LEVEL + "mean" not in follows:
        raise DataError(f"the table has no column {LEVEL}mean: features.extract makes such tables")
    done = table.copy()
    done[follows] = table[follows].sub(table[LEVEL + "mean"], axis=0)
    done.attrs = table.attrs | {"adapted": "level removed"}
    return done


def through_a_channel(
    y: np.ndarray, sr: int, *, seed: int, kinds: Sequence[str] = CHANNELS
) -> np.ndarray:
    """Send samples through a channel that is drawn at random: a training clip once more.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (n_samples,)
    sr : int
        Sampling rate, Hz.
    seed : int
        Decides which channel it is, and how much of it.
    kinds : sequence of str
        What to draw from: a telephone, pink noise at 5 to 25 dB, a room of 0.2 to 0.8 s, or a
        level from 20 dB softer to 20 dB louder.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)

    Raises
    ------
    DataError
        If a kind is unknown.
    """
    if not kinds or set(kinds) - set(CHANNELS):
        raise DataError(f"kinds={kinds!r}: choose from {', '.join(CHANNELS)}")
    rng = np.random.default_rng(seed)
    kind = kinds[int(rng.integers(len(kinds)))]
    if kind == "telephone":
        return channel.telephone(y, sr)
    if kind == "noise":
        return channel.add_noise(y, channel.pink(len(y), seed=seed), snr=rng.uniform(*SNR))
    if kind == "room":
        response = channel.impulse_response(sr, rt60=rng.uniform(*RT60), seed=seed)
        return channel.room(y, response)
    return channel.level(y, gain=rng.uniform(*GAIN))


def with_copies(table: pd.DataFrame, copies: pd.DataFrame) -> pd.DataFrame:
    """Put rows of the same clips, heard through channels, under a table for training.

    Parameters
    ----------
    table, copies : pandas.DataFrame of float, shape (n_clips, n_features)
        Indexed by clip; copies may be fewer.

    Returns
    -------
    pandas.DataFrame
        Copies have "+" behind the clip's name.
    """
    return pd.concat([table, copies.set_axis([f"{clip}{COPY}" for clip in copies.index])])


def for_copies(values: pd.Series, index: pd.Index) -> pd.Series:
    """Give each clip and each copy its clip's label, fold or speaker.

    Parameters
    ----------
    values : pandas.Series
        Indexed by clip.
    index : pandas.Index
        Of :func:`with_copies`.

    Returns
    -------
    pandas.Series
        A copy is always on its speaker's side of a split.
    """
    clips = [clip if clip in values.index else clip.removesuffix(COPY) for clip in index]
    return values.loc[clips].set_axis(index)


def find_temperature(probabilities: pd.DataFrame, y_true: pd.Series) -> float:
    """Find the temperature at which the true classes are most probable.

    Parameters
    ----------
    probabilities : pandas.DataFrame, shape (n_clips, n_classes)
        Of validation speakers.
    y_true : pandas.Series of str, shape (n_clips,)

    Returns
    -------
    float
        Above 1 makes answers less sure, below 1 surer; from 0.05 to 20.

    References
    ----------
    Guo et al. 2017, On Calibration of Modern Neural Networks, arXiv:1706.04599.
    """
    y_true = to_clips(probabilities.index, y_true, what="label", exact=True)
    place = probabilities.columns.get_indexer(y_true)
    if (place < 0).any():
        raise DataError("a true emotion is none of the classes: leave its clips out")

    def loss(log_temperature: float) -> float:
        cooled = with_temperature(probabilities, np.exp(log_temperature)).to_numpy()
        return float(-np.log(cooled[np.arange(len(place)), place] + 1e-12).mean())

    bounds = tuple(np.log(TEMPERATURES))
    return float(np.exp(optimize.minimize_scalar(loss, bounds=bounds, method="bounded").x))


def with_temperature(probabilities: pd.DataFrame, temperature: float) -> pd.DataFrame:
    """Divide the network's logits by a temperature, and take the softmax again.

    Parameters
    ----------
    probabilities : pandas.DataFrame, shape (n_clips, n_classes)
        Their logarithms are the logits, but for a number that is the same for all classes and
        changes nothing.
    temperature : float
        Above 0; 1 changes nothing, a high one makes all classes equally probable.

    Returns
    -------
    pandas.DataFrame, shape (n_clips, n_classes)
        The order of the classes stays what it was, and with it each answer.
    """
    if not temperature > 0:
        raise ValueError(f"temperature={temperature} must be above 0")
    logits = np.log(probabilities.to_numpy(dtype=float) + 1e-12) / temperature
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    shares /= shares.sum(axis=1, keepdims=True)
    return pd.DataFrame(shares, index=probabilities.index, columns=probabilities.columns)


def threshold_for_coverage(probabilities: pd.DataFrame, share: float) -> float:
    """Find the threshold above which a share of the clips is answered.

    Parameters
    ----------
    probabilities : pandas.DataFrame, shape (n_clips, n_classes)
        Of validation speakers.
    share : float
        From above 0 to 1.

    Returns
    -------
    float
        The highest one at which at least this share is at least so sure.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share={share} must be above 0 and at most 1")
    surest = np.sort(probabilities.max(axis=1).to_numpy())[::-1]
    return float(surest[int(np.ceil(share * len(surest) - 1e-9)) - 1])


def measured_sureness(corpus: str) -> pd.DataFrame:
    """Read how often networks without any cure were right, and how sure they said they were.

    Parameters
    ----------
    corpus : {"demo", "ravdess"}

    Returns
    -------
    pandas.DataFrame
        One row per condition; ``right`` (UAR), ``sure`` (mean highest probability), both over all
        speakers in six folds; ``too sure`` (that mean minus the accuracy) with ``low`` and
        ``high``, and the same after temperature scaling (``with temperature``) and of networks
        trained through channels (``through channels``). All from 0 to 1.
    """
    tree = tree_of("shift", corpus)
    wide = tree["sureness"]["trained through channels"]
    rows = {
        condition: {
            "right": tree["shift"][condition]["value"],
            "sure": tree["shift"][condition]["confidence"],
            "too sure": doubt["too sure"]["gap"],
            "low": doubt["too sure"]["from"],
            "high": doubt["too sure"]["to"],
            "with temperature": doubt["too sure, with temperature"]["gap"],
            "through channels": wide[condition]["too sure"]["gap"],
        }
        for condition, doubt in tree["sureness"]["fitted as recorded"].items()
    }
    return pd.DataFrame(rows).T


def measured_differences(
    cures: Sequence[str], conditions: Sequence[str], corpora: Sequence[str] = tuple(MEASURED)
) -> pd.DataFrame:
    """Read what each cure changed: its UAR minus that of no cure, speaker by speaker.

    Parameters
    ----------
    cures, conditions, corpora : sequence of str
        As ``results/shift_<corpus>.json`` names them.

    Returns
    -------
    pandas.DataFrame
        Columns ``panel`` (condition), ``row`` (cure), ``group`` (corpus), ``value``, ``low``,
        ``high``, for :func:`ser_helpers.plot.dots_in_groups`.
    """
    rows = []
    for corpus in corpora:
        for condition in conditions:
            for cure in cures:
                name = f"shift / cures / {cure} / {condition} / difference"
                found = evaluate.published(corpus, name)
                rows.append(
                    {"panel": condition, "row": cure, "group": MEASURED[corpus]}
                    | {"value": found.value, "low": found.low, "high": found.high}
                )
    return pd.DataFrame(rows)
