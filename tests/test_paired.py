"""The paired difference: by hand, on a known normal case, and what no input may change."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ser_helpers import evaluate, paired
from ser_helpers.errors import DataError
from ser_helpers.names import EMOTIONS

METRICS = st.sampled_from(evaluate.METRICS)
SYSTEM = st.sampled_from(EMOTIONS)


@st.composite
def systems(draw, least_speakers: int = 2) -> pd.DataFrame:
    rows = draw(st.lists(st.tuples(SYSTEM, SYSTEM, SYSTEM), min_size=least_speakers, max_size=40))
    frame = pd.DataFrame(rows, columns=["y", "a", "b"])
    who = st.lists(st.integers(1, 7), min_size=len(frame), max_size=len(frame))
    frame["speaker"] = draw(who.filter(lambda s: len(set(s)) >= least_speakers))
    return frame.set_index(frame.index.map("clip{}".format))


def of(frame: pd.DataFrame, a: str = "a", b: str = "b", **how) -> paired.Difference:
    how = {"n_draws": 100} | how
    return evaluate.difference(frame.y, frame[a], frame[b], frame.speaker, **how)


def simulated(
    rng: np.random.Generator, n_speakers: int, *, true: float, spread: float, each: int = 5
) -> pd.DataFrame:
    """Draw a corpus whose systems differ by ``true``, and normally from speaker to speaker."""
    difference = rng.normal(true, spread, n_speakers)
    level = rng.uniform(0.35, 0.65, n_speakers)
    speaker = np.repeat(np.arange(n_speakers), 6 * each)
    y = np.tile(np.repeat(np.arange(6), each), n_speakers)
    frame = pd.DataFrame({"y": y, "speaker": speaker})
    for name, sign in (("a", 0.5), ("b", -0.5)):
        right = rng.uniform(size=y.size) < (level + sign * difference)[speaker]
        frame[name] = np.where(right, y, (y + 1) % 6)
    emotions = np.array(EMOTIONS, dtype=object)
    return frame.assign(**{name: emotions[frame[name]] for name in ("y", "a", "b")})


@pytest.mark.parametrize("metric", evaluate.METRICS)
def test_it_equals_a_loop_over_draws_of_people(metric):
    frame = simulated(np.random.default_rng(0), 9, true=0.05, spread=0.2)
    ours = of(frame, metric=metric, n_draws=60, seed=3, level=0.9)

    def apart(rows: np.ndarray) -> float:
        y, a, b = (frame[name].to_numpy()[rows] for name in ("y", "a", "b"))
        return evaluate.scores(y, a)[metric] - evaluate.scores(y, b)[metric]

    clips_of = [np.flatnonzero(frame.speaker == s) for s in range(9)]
    rng = np.random.default_rng(3)
    drawn = []
    for _ in range(60):
        times = rng.multinomial(9, [1 / 9] * 9)  # how often each speaker is drawn
        clips = [clips_of[s] for s in range(9) for _ in range(times[s])]
        drawn.append(apart(np.concatenate(clips)))
    assert ours.value == pytest.approx(apart(np.arange(len(frame))))
    assert (ours.low, ours.high) == pytest.approx(tuple(np.percentile(drawn, [5, 95])))
    assert (ours.n_speakers, ours.metric, ours.level) == (9, metric, 0.9)


def test_its_interval_is_narrower_than_what_two_intervals_would_say():
    rng = np.random.default_rng(1)
    speaker = np.repeat(np.arange(20), 30)
    y = pd.Series(rng.choice(EMOTIONS, speaker.size))
    hard = rng.uniform(size=20)[speaker] > rng.uniform(size=speaker.size)
    b = y.where(hard, "ANG")
    a = y.where(hard | (rng.uniform(size=speaker.size) < 0.06), "ANG")
    ours = evaluate.difference(y, a, b, pd.Series(speaker))
    assert ours.tells
    of_a, of_b = (evaluate.intervals(y, s, pd.Series(speaker)).loc["uar"] for s in (a, b))
    assert of_a.low < of_b.high  # they overlap
    assert ours.high - ours.low < 0.5 * (of_a.high - of_a.low)


def test_the_interval_covers_a_known_difference_at_about_its_level():
    rng = np.random.default_rng(0)
    true, n_corpora = 0.06, 250
    found = [of(simulated(rng, 24, true=true, spread=0.12), n_draws=400) for _ in range(n_corpora)]
    covered = np.mean([d.low <= true <= d.high for d in found])
    assert 0.89 <= covered <= 0.98
    # The spread is that between speakers: of the true differences and of the luck of 30 clips.
    assert np.mean([d.value for d in found]) == pytest.approx(true, abs=0.005)
    by_chance = np.std([d.value for d in found])
    assert np.mean([d.spread for d in found]) / 24**0.5 == pytest.approx(by_chance, rel=0.12)


def test_speakers_needed_are_those_with_whom_the_interval_mostly_excludes_zero():
    rng = np.random.default_rng(0)
    how = {"true": 0.05, "spread": 0.1}
    known = replace(of(simulated(rng, 1000, **how), n_draws=500), value=how["true"])
    # People differ by 0.1, and each system has its luck with 30 clips at about 50 %.
    assert known.spread == pytest.approx((0.1**2 + 2 * 0.24 / 30) ** 0.5, rel=0.1)
    for power in (0.5, 0.8):
        n = evaluate.speakers_needed(known, power=power)
        told = [of(simulated(rng, n, **how), n_draws=300).tells for _ in range(150)]
        assert np.mean(told) == pytest.approx(power, abs=0.1)


def test_speakers_needed_follows_its_formula():
    measured = paired.Difference(0.02, -0.01, 0.05, 24, "uar", 0.95, 0.1)
    assert evaluate.speakers_needed(measured, power=0.5) == np.ceil((1.959964 * 5) ** 2)
    assert evaluate.speakers_needed(measured) == np.ceil((2.801585 * 5) ** 2)
    assert evaluate.speakers_needed(replace(measured, value=-0.02)) == 197
    assert evaluate.speakers_needed(replace(measured, spread=0.0)) == 6
    with pytest.raises(DataError, match="no number of speakers"):
        evaluate.speakers_needed(replace(measured, value=0.0))
    for power in (0.4, 1.0):
        with pytest.raises(ValueError, match="power"):
            evaluate.speakers_needed(measured, power=power)


@given(systems(), METRICS)
@settings(max_examples=40)
def test_swapping_the_systems_turns_the_sign(frame, metric):
    ours, other = of(frame, metric=metric), of(frame, "b", "a", metric=metric)
    assert other.value == -ours.value
    assert (other.low, other.high) == pytest.approx((-ours.high, -ours.low), abs=1e-12)
    assert other.spread == pytest.approx(ours.spread, abs=1e-12)
    assert other.tells == ours.tells


@given(systems(), METRICS)
@settings(max_examples=40)
def test_a_system_differs_from_itself_by_exactly_zero(frame, metric):
    ours = of(frame, "a", "a", metric=metric)
    assert (ours.value, ours.low, ours.high, ours.spread) == (0, 0, 0, 0)
    assert not ours.tells


@given(systems(), METRICS, st.randoms())
@settings(max_examples=40)
def test_the_order_of_the_rows_does_not_matter(frame, metric, random):
    shuffled = [frame[name].sample(frac=1, random_state=random.randrange(99)) for name in frame]
    y, a, b, speaker = shuffled
    assert evaluate.difference(y, a, b, speaker, metric=metric, n_draws=100) == of(
        frame, metric=metric
    )


def corpus() -> pd.DataFrame:
    return simulated(np.random.default_rng(0), 8, true=0.1, spread=0.1).rename("clip{}".format)


@pytest.mark.parametrize("name", ["a", "b"])
def test_other_clips_duplicates_and_gaps_are_refused(name):
    frame = corpus()
    good = {n: frame[n] for n in ("y", "a", "b", "speaker")}
    said = frame[name]
    for bad, message in (
        (said.iloc[1:], "clip0"),
        (pd.concat([said, pd.Series({"another": "ANG"})]), "another"),
        (said.rename({"clip3": "clip2"}), "twice"),
        (said.where(said.index != "clip5"), "NaN.*clip5"),
        (said.where(said.index != "clip5", "JOY"), "JOY"),
        (said.to_numpy()[1:], "as many"),
    ):
        with pytest.raises(DataError, match=message):
            evaluate.difference(*(good | {name: bad}).values())


def test_one_speaker_and_unknown_metrics_are_refused_in_words():
    frame = corpus()
    with pytest.raises(DataError, match="one speaker"):
        of(frame[frame.speaker == 3])
    with pytest.raises(DataError, match="wer.*choose from accuracy, uar, macro_f1"):
        of(frame, metric="wer")
    for how in ({"level": 95}, {"n_draws": 0}):
        with pytest.raises(ValueError, match="between 0 and 1"):
            of(frame, **how)


def test_it_tells_in_a_sentence_or_says_that_it_cannot():
    told = paired.Difference(0.042, 0.011, 0.07, 24, "uar", 0.95, 0.07)
    assert str(told) == "UAR +4.2 points [1.1, 7.0] over 24 speakers"
    assert str(told) in told._repr_html_()
    assert "95 % interval" in told._repr_html_()
    worse = replace(told, value=-0.042, low=-0.07, high=-0.0002)
    assert str(worse) == "UAR −4.20 points [−7.00, −0.02] over 24 speakers"
    open_ = replace(told, low=-0.0001, n_speakers=8)
    assert str(open_).startswith("we cannot tell from these 8 speakers: UAR +4.2 points [0.0, 7.0]")


def test_five_people_never_tell_however_much_they_agree():
    frame = corpus().assign(b="ANG", a=lambda f: f.y)
    few = of(frame[frame.speaker < 5])
    assert few.low > 0
    assert not few.tells
    assert "cannot tell from these 5 speakers" in str(few)
    assert of(frame[frame.speaker < 6]).tells
    assert of(frame[frame.speaker < 5], level=0.9).tells
    for level in (0.5, 0.8, 0.9, 0.95, 0.99):
        n = paired.fewest(level)
        assert 2 * 0.5**n <= 1 - level + 1e-12
        assert n == 2 or 2 * 0.5 ** (n - 1) > 1 - level
