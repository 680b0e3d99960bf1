"""What the demo voices' README and table of cues promise, measured in the clips themselves."""

import hashlib
import re
from itertools import pairwise

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import SR
from numpy.lib.stride_tricks import sliding_window_view

from ser_helpers import data

CUES = pd.read_csv(data.DEMO_FOLDER / "cues.csv")
README = (data.DEMO_FOLDER / "README.md").read_text(encoding="utf-8")
#: Mean seconds of a clip in CREMA-D, silence at the ends included, from its file sizes.
CREMAD_EMOTION = {"ANG": 2.58, "DIS": 2.78, "FEA": 2.51, "HAP": 2.34, "NEU": 2.43, "SAD": 2.59}
CREMAD_SENTENCE = {
    "DFA": 2.30, "IEO": 2.28, "IOM": 2.42, "ITH": 2.77, "ITS": 2.59, "IWL": 2.73,
    "IWW": 2.42, "MTI": 2.75, "TAI": 2.64, "TIE": 2.99, "TSI": 2.42, "WSI": 2.65,
}  # fmt: skip


def frames(y: np.ndarray, length: int, hop: int) -> np.ndarray:
    return sliding_window_view(y, length)[::hop]


def voice_part(y: np.ndarray) -> np.ndarray:
    """Cut the silence at the ends: 30 dB below the loudest 25 ms."""
    level = 10 * np.log10((frames(y, 400, 160) ** 2).mean(axis=1) + 1e-12)
    loud = np.flatnonzero(level > level.max() - 30)
    return y[loud[0] * 160 : loud[-1] * 160 + 400]


def pitch(y: np.ndarray) -> np.ndarray:
    """Track pitch by autocorrelation; F0 in Hz of the voiced frames, NaN if there are none.

    Below 800 Hz only, where the harmonics are and the hiss is not, and on amplitudes instead of
    powers, so that no formant stands out (Tolonen & Karjalainen 2000). In two passes, the second
    one in the range that the first one found: few jumps by an octave (De Looze & Hirst 2008).
    """
    window, n_fft = np.hanning(1024).astype(np.float32), 2048
    spectra = np.abs(np.fft.rfft(frames(y, len(window), 160) * window, n_fft))
    spectra[:, np.fft.rfftfreq(n_fft, 1 / SR) > 800] = 0
    level = 10 * np.log10((spectra**2).sum(axis=1) + 1e-12)
    lags = np.arange(SR // 600, SR // 60 + 1)
    likeness = np.fft.irfft(spectra)
    likeness = likeness[:, lags] / (likeness[:, :1] + 1e-12)
    inner = likeness[:, 1:-1]
    is_peak = np.zeros(likeness.shape, bool)
    is_peak[:, 1:-1] = (inner >= likeness[:, :-2]) & (inner >= likeness[:, 2:])
    allowed = np.ones(len(lags), bool)
    for _ in range(2):
        best = np.where(is_peak & allowed, likeness, -1).argmax(axis=1)
        sure = likeness[np.arange(len(best)), best] > 0.3
        f0 = SR / lags[best[sure & (level > level.max() - 20)]]
        if not f0.size:
            return np.array([np.nan])
        low, high = np.percentile(f0, [25, 75])
        allowed = (SR / lags > 0.6 * low) & (SR / lags < 1.8 * high)
    return f0


def tilt(y: np.ndarray) -> float:
    """Fit a line to the mean spectrum in third-octave bands from 200 to 6,400 Hz; dB an octave."""
    power = np.abs(np.fft.rfft(frames(y, 512, 256) * np.hanning(512))) ** 2
    hertz = np.fft.rfftfreq(512, 1 / SR)
    edges = 200 * 2 ** np.arange(0, 5.01, 1 / 3)
    bands = [
        10 * np.log10(power[:, (hertz >= low) & (hertz < high)].mean())
        for low, high in pairwise(edges)
    ]
    return 3 * np.polyfit(np.arange(len(bands)), bands, 1)[0]


def measure(y: np.ndarray) -> dict[str, float]:
    """Measure the five cues; ratios as logarithms, so that differences are what counts."""
    voice = voice_part(y)
    semitones = 12 * np.log2(pitch(voice))
    return {
        "f0_mean": semitones.mean(),
        "f0_range": np.log(semitones.std()),
        "intensity": 10 * np.log10((voice**2).mean()),
        "rate": -np.log(len(voice)),
        "tilt": tilt(voice),
    }


def look_at(path) -> dict[str, float | str]:
    y = data.load_clip(path)
    sha = hashlib.sha256(y).hexdigest()
    hush = 10 * np.log10((y[: SR // 10] ** 2).mean() + 1e-12)
    return {"peak": np.abs(y).max(), "hush": hush, "sha": sha} | measure(y)


@pytest.fixture(scope="module")
def corpus() -> data.Corpus:
    return data.open_corpus("demo")


@pytest.fixture(scope="module")
def clips(corpus) -> pd.DataFrame:
    rows = joblib.Parallel(n_jobs=-1, prefer="threads")(
        joblib.delayed(look_at)(path) for path in corpus.clips.path
    )
    return corpus.clips.join(pd.DataFrame(rows, index=corpus.clips.index))


@pytest.fixture(scope="module")
def shifts(clips) -> pd.DataFrame:
    """How far each actor's emotions are from neutral: rows (actor, emotion), columns cues.

    Compared within the sentence; the median of the sentences, against slips of the pitch tracker.
    """
    means = clips.groupby(["sentence", "actor", "emotion"])[list(CUES.cue.unique())].mean()
    neutral = means.xs("NEU", level="emotion")
    return (means - neutral).drop("NEU", level="emotion").groupby(["actor", "emotion"]).median()


def in_units(cue: str, shift: float) -> float:
    return np.exp(shift) if cue in ("f0_range", "rate") else shift


def test_24_actors_speak_82_clips_each_in_cremads_scheme(corpus):
    clips = corpus.clips
    assert corpus.synthetic
    assert corpus.set_aside.empty
    assert {path.stem for path in clips.path} == set(clips.index)
    assert len(list((data.DEMO_FOLDER / "clips").iterdir())) == len(clips) == 24 * 82
    what = clips.groupby("actor")[["sentence", "emotion", "level"]].apply(
        lambda of_actor: frozenset(map(tuple, of_actor.to_numpy()))
    )
    assert len(what) == 24
    assert len(set(what)) == 1  # all actors speak the same
    assert set(clips.sentence) == set(CREMAD_SENTENCE)
    assert set(clips.emotion) == set(data.EMOTIONS)
    graded = (clips.sentence == "IEO") & (clips.emotion != "NEU")
    assert set(clips.level[graded]) == {"LO", "MD", "HI"}
    assert set(clips.level[~graded]) == {"XX"}


def test_the_table_of_actors_has_cremads_columns(corpus):
    actors = pd.read_csv(data.DEMO_FOLDER / "actors.csv")
    assert list(actors) == ["ActorID", "Age", "Sex", "Race", "Ethnicity"]
    assert set(actors.ActorID) == set(corpus.clips.actor)
    assert actors.ActorID.is_unique
    assert actors.Sex.value_counts().to_dict() == {"Female": 12, "Male": 12}
    assert actors.Age.between(20, 74).all()


def test_all_of_it_takes_20_megabytes_at_most():
    files = [path for path in data.DEMO_FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 20e6


def test_no_clip_clips_is_empty_or_a_copy(clips):
    assert clips.peak.max() < 1
    assert (clips.intensity - clips.hush).min() > 10  # dB: a voice above the silence before it
    assert clips.f0_mean.notna().all()  # each has a voice
    assert clips.sha.is_unique


@pytest.mark.parametrize("f0", [80, 140, 250, 420])
def test_the_tape_measure_is_right_on_a_glide(f0):
    t = np.arange(SR) / SR
    hertz = f0 * 2 ** ((t - 0.5) * 6 / 12)  # six semitones upwards
    phase = 2 * np.pi * np.cumsum(hertz) / SR
    harmonics = np.arange(1, 7500 // hertz.max())
    y = (np.sin(phase[:, np.newaxis] * harmonics) / harmonics).sum(axis=1)
    y = np.pad(0.1 * y / y.std(), 4000)
    y += 1e-5 * np.random.default_rng(0).normal(size=len(y))
    found = measure(y.astype(np.float32))
    assert found["f0_mean"] == pytest.approx(12 * np.log2(f0), abs=0.3)
    assert np.exp(found["f0_range"]) == pytest.approx(6 / np.sqrt(12), rel=0.1)
    assert found["intensity"] == pytest.approx(-20, abs=0.3)
    assert np.exp(-found["rate"]) == pytest.approx(SR, rel=0.05)


@pytest.mark.parametrize("slope", [-9, -3, 3])
def test_the_tape_measure_is_right_on_shaped_noise(slope):
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=2 * SR))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (slope / (20 * np.log10(2)))
    assert tilt(np.fft.irfft(spectrum)) == pytest.approx(slope, abs=0.3)


@pytest.mark.parametrize("row", list(CUES.itertuples()), ids=lambda r: f"{r.emotion}-{r.cue}")
def test_each_cue_lies_on_the_side_of_neutral_that_the_table_promises(row, shifts):
    promised = np.log(row.size) if row.unit == "times" else row.size
    of_actors = shifts.xs(row.emotion, level="emotion")[row.cue]
    error = of_actors.std() / np.sqrt(len(of_actors))
    assert np.sign(promised) * of_actors.mean() > 2 * error


def test_a_higher_level_is_acted_more_strongly(clips):
    graded = clips[clips.sentence == "IEO"].drop(columns="path")
    cues = ["f0_mean", "intensity", "tilt"]
    neutral = graded[graded.emotion == "NEU"].set_index("actor")[cues]
    size = CUES.pivot(index="emotion", columns="cue", values="size")[cues]
    acted = graded[graded.emotion != "NEU"].set_index(["actor", "emotion", "level"])[cues]
    strength = (acted - neutral) / size  # 1: as much as the table says
    of_level = strength.mean(axis=1).groupby("level").median()
    assert of_level.LO < of_level.MD - 0.2 < of_level.HI - 0.4


@pytest.mark.parametrize(
    ("column", "cremad"), [("emotion", CREMAD_EMOTION), ("sentence", CREMAD_SENTENCE)]
)
def test_durations_are_within_15_percent_of_cremads(column, cremad, corpus):
    ratio = corpus.clips.groupby(column).duration.mean() / pd.Series(cremad)
    assert ratio.between(0.85, 1.15).all(), ratio


def test_the_readme_states_the_table_and_what_is_measured(shifts):
    """Its rows are `| anger | +4.0 → +3.9 | … |`: a column a cue, the table's size and ours."""
    cues = list(CUES.cue.unique())
    promised = CUES.pivot(index="emotion", columns="cue", values="size")[cues]
    measured = shifts.groupby("emotion").mean()
    for emotion in promised.index:
        (row,) = re.findall(rf"^\| {data.EMOTION_NAMES[emotion]} \|(.+→.+)\|$", README, re.M)
        stated = [re.findall(r"[−+]?[\d.]+", cell) for cell in row.split("|")]
        assert len(stated) == len(cues)
        for cue, pair in zip(cues, stated, strict=True):
            table, found = (float(number.replace("−", "-")) for number in pair)
            ours = in_units(cue, measured.loc[emotion, cue])
            assert table == promised.loc[emotion, cue], (emotion, cue)
            assert found == pytest.approx(ours, abs=0.02 if cue in ("f0_range", "rate") else 0.1), (
                f"README says {found} for {emotion} {cue}, measured {ours:.2f}"
            )
