"""Step 6: how good is it, how sure are we, and compared with whom?"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ser_helpers.errors import DataError
from ser_helpers.names import EMOTIONS, LEVELS
from ser_helpers.paired import difference, speakers_needed  # noqa: F401
from ser_helpers.published import published  # noqa: F401
from ser_helpers.recognise import recognise
from ser_helpers.scoring import METRICS, confusions, draw_people, join, score
from ser_helpers.train import Result
from ser_helpers.votes import LISTENER_VOTES, check_channel


def scores(y_true: pd.Series, y_pred: pd.Series) -> dict[str, float]:
    """Score predictions.

    Parameters
    ----------
    y_true, y_pred : array-like of str, shape (n_clips,)
        Emotions. Two Series are joined by the clip's name; arrays are taken in their order.

    Returns
    -------
    dict of float
        ``accuracy``: share of clips that are right. ``uar``: unweighted average recall (macro
        recall), the mean over the emotions in ``y_true`` of the share found. ``macro_f1``: the
        mean over them of the harmonic mean of precision and recall. All from 0 to 1, as
        scikit-learn computes them.

    Raises
    ------
    DataError
        If a label is not one of ``EMOTIONS``, or the two do not hold the same clips, each once.

    Examples
    --------
    >>> scores(["ANG", "ANG", "ANG", "SAD"], ["ANG", "ANG", "ANG", "ANG"])["uar"]  # 1 and 0
    0.5
    """
    return score(confusions(*join(y_true, y_pred))).iloc[0].to_dict()


def confusion(y_true: pd.Series, y_pred: pd.Series, *, normalise: bool = False) -> pd.DataFrame:
    """Count which emotion was taken for which.

    Parameters
    ----------
    y_true, y_pred : array-like of str, shape (n_clips,)
    normalise : bool
        Divide each row by its sum: the diagonal then holds the recalls.

    Returns
    -------
    pandas.DataFrame, shape (6, 6)
        Rows: true emotion, columns: predicted, both in the order of ``EMOTIONS``.

    Raises
    ------
    DataError
        As :func:`scores`.
    """
    return _frame(confusions(*join(y_true, y_pred))[0], normalise)


def listeners(channel: str = "voice", *, normalise: bool = False) -> pd.DataFrame:
    """Return what CREMA-D's listeners voted on one channel, as a confusion matrix.

    Parameters
    ----------
    channel : {"voice", "face", "both"}
        What the listeners had before them.
    normalise : bool
        Divide each row by its sum.

    Returns
    -------
    pandas.DataFrame, shape (6, 6)
        Rows: ``intended`` emotion, columns: ``vote``.

    Raises
    ------
    DataError
        If there is no such channel.
    """
    check_channel(channel)
    table = _frame(np.array(LISTENER_VOTES[channel]), normalise)
    return table.rename_axis(index="intended", columns="vote")


def intervals(
    y_true: pd.Series,
    y_pred: pd.Series,
    speakers: pd.Series,
    *,
    n_resamples: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """Score with intervals by bootstrap over speakers.

    Clips of one speaker resemble each other, so speakers, not clips, are drawn with replacement
    (percentile bootstrap; Efron & Tibshirani 1993, chapter 13).

    Parameters
    ----------
    y_true, y_pred : pandas.Series of str, shape (n_clips,)
    speakers : pandas.Series, shape (n_clips,)
        Actor of each clip; may hold more clips.
    n_resamples : int
    level : float
        Coverage of the interval, 0 to 1.
    seed : int

    Returns
    -------
    pandas.DataFrame
        Index ``accuracy``, ``uar``, ``macro_f1``; columns ``value``, ``low``, ``high`` (0 to 1).
        With one speaker the interval is NaN: it cannot be known.

    Raises
    ------
    DataError
        As :func:`scores`.
    """
    y_true, y_pred, speakers = join(y_true, y_pred, speaker=speakers)
    by_speaker = confusions(y_true, y_pred, speakers)
    value = score(by_speaker.sum(axis=0)[None]).iloc[0].rename("value")
    if len(by_speaker) < 2:
        return pd.DataFrame({"value": value, "low": np.nan, "high": np.nan})
    draws = draw_people(len(by_speaker), n_resamples, seed=seed)
    resampled = score(np.tensordot(draws, by_speaker, axes=1))
    tail = (1 - level) / 2
    return pd.DataFrame(
        {"value": value, "low": resampled.quantile(tail), "high": resampled.quantile(1 - tail)}
    )


def baselines(
    y_true: pd.Series, *, majority: str | None = None, listeners: bool = False
) -> pd.DataFrame:
    """Score what needs no listening, and, if the clips are CREMA-D's, what its listeners reached.

    Parameters
    ----------
    y_true : pandas.Series of str
        True emotions of the clips that are scored.
    majority : str, optional
        The class that is always said: the train part's most frequent. Left out, that of
        ``y_true``.
    listeners : bool
        Add CREMA-D's listeners, a single vote on the voice alone: only beside scores on CREMA-D,
        for they heard nothing else.

    Returns
    -------
    pandas.DataFrame
        Rows ``chance`` (guessing evenly), ``majority`` and, if asked for, ``listeners``; columns
        ``accuracy``, ``uar``, ``macro_f1``.
    """
    share = pd.Series(y_true).value_counts(normalize=True)
    k = len(share)
    # A guesser is right 1 time in k whatever was said: recall 1/k, precision the class's share.
    chance_f1 = float((2 * share / k / (share + 1 / k)).mean())
    always = np.full(len(y_true), majority or share.index[0])
    rows = {
        "chance": {"accuracy": 1 / k, "uar": 1 / k, "macro_f1": chance_f1},
        "majority": scores(y_true, always),
    }
    if listeners:
        rows["listeners"] = score(np.array([LISTENER_VOTES["voice"]])).iloc[0].to_dict()
    return pd.DataFrame(rows).T


def slices(
    y_true: pd.Series, y_pred: pd.Series, by: pd.Series, *, speakers: pd.Series | None = None
) -> pd.DataFrame:
    """Score each slice of the clips: each sex, actor, sentence or level.

    Parameters
    ----------
    y_true, y_pred : pandas.Series of str, shape (n_clips,)
    by : pandas.Series, shape (n_clips,)
        What to slice by; clips without a value (NaN) are left out.
    speakers : pandas.Series, optional
        Actor of each clip; given, the UAR gets its interval over speakers.

    Returns
    -------
    pandas.DataFrame
        One row per slice: ``clips``, ``speakers`` (if given), ``accuracy``, ``uar``, and ``low``,
        ``high`` of the UAR.
    """
    speaker = {} if speakers is None else {"speaker": speakers}
    y_true, y_pred, by, *rest = join(y_true, y_pred, group=by, **speaker)
    rows, names = {}, sorted(by.dropna().unique())
    if set(names) <= set(LEVELS):
        names = [level for level in LEVELS if level in names]  # low, medium, high
    for name in names:
        inside = (by == name).to_numpy()
        row: dict[str, float] = {"clips": int(inside.sum())}
        if speakers is None:
            row |= scores(y_true[inside], y_pred[inside])
        else:
            table = intervals(y_true[inside], y_pred[inside], rest[0][inside])
            row["speakers"] = rest[0][inside].nunique()
            row |= table.value.to_dict() | table.loc["uar", ["low", "high"]].to_dict()
        rows[name] = row
    return pd.DataFrame(rows).T.astype({"clips": int}).drop(columns="macro_f1").rename_axis(by.name)


@dataclass(frozen=True)
class Report:
    """What a reader of results wants on one page; ``print`` it.

    Attributes
    ----------
    protocol : str
        How train and test were separated.
    n_clips, n_actors : int
        Of the part that was scored.
    scores : pandas.DataFrame
        Of :func:`intervals`.
    baselines : pandas.DataFrame
        Of :func:`baselines`.
    by_class : str
        scikit-learn's classification report.
    confusion : pandas.DataFrame
        Counts.
    """

    protocol: str
    n_clips: int
    n_actors: int
    scores: pd.DataFrame
    baselines: pd.DataFrame
    by_class: str
    confusion: pd.DataFrame

    def __str__(self) -> str:
        percent = self.scores * 100
        lines = [
            f"{self.n_clips} clips of {self.n_actors} speakers · protocol: {self.protocol}",
            f"{'':22}{'accuracy':>18}{'UAR':>18}{'macro F1':>18}",
            f"{'this network, %':22}"
            + "".join(
                f"{percent.value[m]:>6.1f} {_bracket(percent.low[m], percent.high[m])}"
                for m in METRICS
            ),
        ]
        names = {
            "chance": "chance",
            "majority": "always the same",
            "listeners": "listeners on CREMA-D",
        }
        for key, row in (self.baselines * 100).iterrows():
            lines.append(f"{names[key]:22}" + "".join(f"{row[m]:>6.1f}{'':12}" for m in METRICS))
        if self.n_actors > 1:
            lines.append("[95 % interval by bootstrap over speakers]")
        else:
            lines.append("no interval: one speaker does not show how much speakers differ")
        return "\n".join(lines) + "\n\n" + self.by_class


def report(result: Result, clips: pd.DataFrame, *, part: str = "test") -> Report:
    """Report how well a trained network does on one part.

    Parameters
    ----------
    result : Result
        Of :func:`ser_helpers.train.fit`.
    clips : pandas.DataFrame
        Clips table with the column ``actor``, indexed by clip.
    part : {"test", "validation", "train"}

    Returns
    -------
    Report

    Raises
    ------
    DataError
        If the part has no clips.
    """
    inside = result.parts == part
    if not inside.any():
        raise DataError(f"there is no clip in the {part} part; parts: {set(result.parts)}")
    majority = result.labels[result.parts == "train"].mode()[0]
    return report_on(
        result.labels[inside],
        result.predictions[inside],
        clips.actor.loc[inside.index[inside]],
        protocol=f"{result.parts.name or 'own split'}, {part} part",
        majority=majority,
        listeners=recognise(clips).corpus == "cremad",
    )


def report_on(
    y_true: pd.Series,
    y_pred: pd.Series,
    speakers: pd.Series,
    *,
    protocol: str,
    majority: str | None = None,
    listeners: bool = False,
) -> Report:
    """Report on any predictions, for instance those of all folds together.

    Parameters
    ----------
    y_true, y_pred : pandas.Series of str, shape (n_clips,)
    speakers : pandas.Series, shape (n_clips,)
    protocol : str
        How train and test were separated, for the reader.
    majority : str, optional
        The train part's most frequent class.
    listeners : bool
        As in :func:`baselines`.

    Returns
    -------
    Report
    """
    from sklearn.metrics import classification_report  # when needed: loading it takes 0.7 s

    y_true, y_pred, speakers = join(y_true, y_pred, speaker=speakers)
    present = [emotion for emotion in EMOTIONS if emotion in set(y_true)]
    return Report(
        protocol,
        len(y_true),
        speakers.nunique(),
        intervals(y_true, y_pred, speakers),
        baselines(y_true, majority=majority, listeners=listeners),
        classification_report(y_true, y_pred, labels=present, digits=2, zero_division=0),
        confusion(y_true, y_pred),
    )


def _bracket(low: float, high: float) -> str:
    return " " * 11 if np.isnan(low) else f"[{low:4.1f}–{high:4.1f}]"


def _frame(matrix: np.ndarray, normalise: bool) -> pd.DataFrame:
    if normalise:
        matrix = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    return pd.DataFrame(
        matrix,
        index=pd.Index(EMOTIONS, name="true"),
        columns=pd.Index(EMOTIONS, name="predicted"),
    )
