"""Is one system better than another? The paired difference, over the speakers who heard both."""

import math
from dataclasses import dataclass
from statistics import NormalDist

import numpy as np
import pandas as pd

from ser_helpers import scoring
from ser_helpers.errors import DataError


@dataclass(frozen=True)
class Difference:
    """How much better one system is than another, and how sure that is; ``print`` it.

    Attributes
    ----------
    value, low, high : float
        Score of the first system minus that of the second, and its interval; from -1 to 1, so
        0.042 are 4.2 points.
    n_speakers : int
        How many people it was measured on.
    metric : {"accuracy", "uar", "macro_f1"}
    level : float
        Coverage of the interval, 0 to 1.
    spread : float
        How much the difference varies from one speaker to the next (standard deviation, same
        units as ``value``): the bootstrap's standard error times ``n / sqrt(n - 1)``.

    Examples
    --------
    >>> print(Difference(0.042, 0.011, 0.07, 24, "uar", 0.95, 0.072))
    UAR +4.2 points [1.1, 7.0] over 24 speakers
    >>> print(Difference(0.042, -0.02, 0.09, 8, "uar", 0.95, 0.074))
    we cannot tell from these 8 speakers: UAR +4.2 points [−2.0, 9.0]
    """

    value: float
    low: float
    high: float
    n_speakers: int
    metric: str
    level: float
    spread: float

    @property
    def tells(self) -> bool:
        """True if the interval excludes zero, and so few speakers can tell at all.

        Of two equal systems each speaker prefers one or the other by the toss of a coin. Five
        speakers all prefer the same one in 1 of 16 cases, more often than a level of 95 % allows:
        fewer than six people never tell (sign test).
        """
        return self.n_speakers >= fewest(self.level) and (self.low > 0 or self.high < 0)

    def __str__(self) -> str:
        if self.tells:
            return f"{self._points()} over {self.n_speakers} speakers"
        return f"we cannot tell from these {self.n_speakers} speakers: {self._points()}"

    def _repr_html_(self) -> str:
        say = "strong" if self.tells else "em"
        return f"<{say}>{self}</{say}> ({self.level * 100:g} % interval by bootstrap over speakers)"

    def _points(self) -> str:
        # An interval that excludes zero is not printed as [0.0, 2.1].
        bounds = [abs(bound) * 100 for bound in (self.low, self.high)]
        digits = 1 if not self.tells or min(bounds) >= 0.05 else 2
        value, low, high = (
            f"{round(share * 100, digits) + 0.0:{sign}.{digits}f}".replace("-", "−")
            for share, sign in ((self.value, "+"), (self.low, "-"), (self.high, "-"))
        )
        return f"{scoring.METRIC_NAMES[self.metric]} {value} points [{low}, {high}]"


def difference(
    y_true: pd.Series,
    a: pd.Series,
    b: pd.Series,
    speakers: pd.Series,
    *,
    metric: str = "uar",
    n_draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Difference:
    """Subtract the score of ``b`` from that of ``a``, with an interval over speakers.

    Both systems heard the same people, some of whom are hard for both. So the same draw of people
    scores both, and the interval is that of the difference (percentile bootstrap; Efron &
    Tibshirani 1993, chapter 13). It is often far narrower than the two intervals of
    :func:`ser_helpers.evaluate.intervals`, whose overlap is no test.

    Parameters
    ----------
    y_true, a, b : pandas.Series of str, shape (n_clips,)
        True emotions, and the predictions of the two systems. Series are joined by the clip's
        name; arrays are taken in their order.
    speakers : pandas.Series, shape (n_clips,)
        Actor of each clip; may hold more clips.
    metric : {"uar", "accuracy", "macro_f1"}
    n_draws : int
        How often people are drawn.
    seed : int
    level : float
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Difference

    Raises
    ------
    DataError
        If the three do not hold the same clips, each once and without NaN, if a label or the
        metric is unknown, or if there is only one speaker.

    Notes
    -----
    With few speakers the percentile interval is too narrow. Where the difference was normal over
    speakers, intervals at 95 % covered the true one in 83 % of 2,000 simulated corpora of 5
    speakers, 89 % with 10, 92 % with 24 and 94 % with 48.

    Examples
    --------
    >>> clips = [f"clip{i}" for i in range(12)]
    >>> y_true = pd.Series(["ANG", "SAD"] * 6, index=clips)
    >>> a = y_true.copy()  # always right
    >>> b = pd.Series(["ANG", "ANG"] * 6, index=clips)  # always angry
    >>> speakers = pd.Series([1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6], index=clips)
    >>> print(difference(y_true, a, b, speakers))
    UAR +50.0 points [50.0, 50.0] over 6 speakers
    """
    if metric not in scoring.METRICS:
        raise DataError(f"there is no metric {metric!r}: choose from {', '.join(scoring.METRICS)}")
    if not 0 < level < 1 or n_draws < 1:
        raise ValueError(f"level={level} must be between 0 and 1, n_draws={n_draws} at least 1")
    y_true, a, b, speakers = scoring.join(y_true, a, second_prediction=b, speaker=speakers)
    n = speakers.nunique()
    if n < 2:
        raise DataError(
            f"all {len(y_true)} clips are of one speaker ({speakers.iloc[0]}), who does not show "
            "how much speakers differ: compare the systems on more people"
        )
    draws = np.vstack([np.ones(n, dtype=int), scoring.draw_people(n, n_draws, seed=seed)])
    of_a, of_b = (  # the first row: everybody once
        scoring.score(np.tensordot(draws, scoring.confusions(y_true, said, speakers), axes=1))
        for said in (a, b)
    )
    return from_draws(of_a[metric] - of_b[metric], n, metric=metric, level=level)


def from_draws(differences: pd.Series, n_speakers: int, *, metric: str, level: float) -> Difference:
    """Turn the difference of everybody (first) and of each draw of people into a Difference."""
    value, *drawn = differences.to_list()
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]).tolist()
    # A draw's variance is that of n people divided by n, not by n - 1.
    spread = float(np.std(drawn) * n_speakers / math.sqrt(n_speakers - 1))
    return Difference(value, low, high, n_speakers, metric, level, spread)


def speakers_needed(measured: Difference, *, power: float = 0.8) -> int:
    """Return how many speakers would be needed to tell, if the difference is as measured.

    An interval over ``n`` speakers reaches ``z * spread / sqrt(n)`` to either side, where ``z`` is
    1.96 at a level of 95 %, and its middle falls at random around the true difference. It excludes
    zero in ``power`` of all studies of ::

        n = ((z_level + z_power) * spread / value) ** 2

    speakers (the usual size of a paired sample; Cohen 1988, chapter 2). With a power of 0.5,
    ``z_power`` is 0: the interval just reaches zero, and excluding it is the toss of a coin.

    The formula assumes that the true difference and the spread are those measured, that new
    speakers are drawn from the same people and read as many clips, and that their differences
    average to a normal distribution. A difference measured on few speakers is itself uncertain,
    and so is this number: read it as an order of magnitude.

    Parameters
    ----------
    measured : Difference
        Of :func:`difference`.
    power : float
        In what share of such studies the interval is to exclude zero, from 0.5 to below 1.

    Returns
    -------
    int
        At least as many as can tell at all (6 at 95 %).

    Raises
    ------
    DataError
        If the difference is exactly zero: no number of speakers would tell.

    Examples
    --------
    >>> measured = Difference(0.02, -0.01, 0.05, 24, "uar", 0.95, 0.075)
    >>> speakers_needed(measured), speakers_needed(measured, power=0.5)
    (111, 55)
    """
    if not 0.5 <= power < 1:
        raise ValueError(f"power={power} must be from 0.5 to below 1, for instance 0.8")
    if measured.value == 0:
        raise DataError(
            "the two systems score the same: no number of speakers would tell them apart"
        )
    z = NormalDist().inv_cdf((1 + measured.level) / 2) + NormalDist().inv_cdf(power)
    needed = (z * measured.spread / measured.value) ** 2
    return max(math.ceil(needed), fewest(measured.level))


def fewest(level: float) -> int:
    """Return how few speakers could tell if all agreed: ``2 * 0.5**n <= 1 - level``.

    Examples
    --------
    >>> fewest(0.95)
    6
    """
    return max(2, math.ceil(1 - math.log2(1 - level)))
