"""What the demo voices' README and table of cues promise, measured in the clips themselves."""

import hashlib
import re
from itertools import pairwise

import joblib
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, SR, load_script
from numpy.lib.stride_tricks import sliding_window_view

from ser_helpers import data

#: What 24 real actors do: RAVDESS, strong emotion against neutral (tools/voices/README.md).
REAL = ROOT / "tools" / "voices"
README = (data.DEMO_FOLDER / "README.md").read_text(encoding="utf-8")
#: Our cues, and the table's names for them.
CUES = {"f0_mean": "f0", "intensity": "level", "f0_range": "f0_sd", "tilt": "tilt"}
ACTED = ("ANG", "DIS", "FEA", "HAP", "SAD")
#: Ours must lie on the side of the real actors, and within this factor of them.
FACTOR = 1.8
#: Mean seconds of a clip in CREMA-D, silence at the ends included, from its file sizes.
CREMAD_EMOTION = {"ANG": 2.58, "DIS": 2.78, "FEA": 2.51, "HAP": 2.34, "NEU": 2.43, "SAD": 2.59}
CREMAD_SENTENCE = {
    "DFA": 2.30, "IEO": 2.28, "ITS": 2.59, "IWW": 2.42, "TAI": 2.64, "WSI": 2.65
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
    """Measure four cues; ratios as logarithms, so that differences are what counts."""
    voice = voice_part(y)
    semitones = 12 * np.log2(pitch(voice))
    return {
        "f0_mean": semitones.mean(),
        "f0_range": np.log(semitones.std()),
        "intensity": 10 * np.log10((voice**2).mean()),
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
    """How far each actor's strong clips are from neutral: rows (emotion, actor), columns cues."""
    graded = clips[clips.sentence == "IEO"].set_index(["emotion", "actor"])
    neutral = graded.loc["NEU", list(CUES)]
    strong = graded.loc[graded.level == "HI", list(CUES)]
    return strong - neutral.reindex(strong.index, level="actor")


@pytest.fixture(scope="module")
def real() -> pd.DataFrame:
    """What real actors do: rows (emotion, cue), columns mean, spread and standard error."""
    table = pd.read_csv(REAL / "cue_scalars.csv").query("level == 'HI'")
    table = table.set_index(["emotion", "cue"])[["mean_over_actors", "sd_between_actors"]]
    table = table.set_axis(["mean", "spread"], axis=1)
    # The tilt is a line through the change of the mean spectrum in mel bands.
    curves = pd.read_csv(REAL / "cue_curves.csv").query("level == 'HI' and curve == 'ltasp'")
    hertz = load_script(REAL / "cues.py").BANDS
    inner = (hertz > 200) & (hertz < 6400)
    for emotion, curve in curves.sort_values("index").groupby("emotion"):
        slope = np.polyfit(np.log2(hertz[inner]), curve["mean"].to_numpy()[inner], 1)[0]
        table.loc[(emotion, "tilt"), :] = slope, np.nan
    return table.assign(error=table.spread / np.sqrt(24))


def test_48_actors_speak_46_clips_each_in_cremads_scheme(corpus):
    clips = corpus.clips
    assert corpus.synthetic
    assert corpus.set_aside.empty
    assert {path.stem for path in clips.path} == set(clips.index)
    assert len(list((data.DEMO_FOLDER / "clips").iterdir())) == len(clips) == 48 * 46
    what = clips.groupby("actor")[["sentence", "emotion", "level"]].apply(
        lambda of_actor: frozenset(map(tuple, of_actor.to_numpy()))
    )
    assert len(what) == 48
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
    assert actors.Sex.value_counts().to_dict() == {"Female": 24, "Male": 24}
    assert actors.Age.between(20, 74).all()


def test_all_of_it_takes_17_megabytes_at_most():
    files = [path for path in data.DEMO_FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 17e6


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


@pytest.mark.parametrize("slope", [-9, -3, 3])
def test_the_tape_measure_is_right_on_shaped_noise(slope):
    spectrum = np.fft.rfft(np.random.default_rng(0).normal(size=2 * SR))
    spectrum[1:] *= np.arange(1, len(spectrum)) ** (slope / (20 * np.log10(2)))
    assert tilt(np.fft.irfft(spectrum)) == pytest.approx(slope, abs=0.3)


@pytest.mark.parametrize("emotion", ACTED)
@pytest.mark.parametrize("cue", ["f0_mean", "intensity"])
def test_each_cue_lies_where_real_actors_have_it(cue, emotion, shifts, real):
    theirs = real.loc[(emotion, CUES[cue])]
    ours = shifts.loc[emotion, cue]
    assert theirs["mean"] > 2 * theirs.error  # all ten are above neutral, the literature or not
    assert ours.mean() > 2 * ours.std() / np.sqrt(len(ours))
    assert theirs["mean"] / FACTOR < ours.mean() < theirs["mean"] * FACTOR


@pytest.mark.parametrize("emotion", ACTED)
@pytest.mark.parametrize("cue", ["f0_mean", "intensity"])
def test_people_differ_about_as_real_actors_do(cue, emotion, shifts, real):
    theirs = real.loc[(emotion, CUES[cue])].spread
    assert theirs / FACTOR < shifts.loc[emotion, cue].std() < theirs * FACTOR


def test_a_higher_level_is_acted_more_strongly(clips):
    graded = clips[clips.sentence == "IEO"].drop(columns="path")
    cues = ["f0_mean", "intensity"]
    neutral = graded[graded.emotion == "NEU"].set_index("actor")[cues]
    acted = graded[graded.emotion != "NEU"].set_index(["actor", "emotion", "level"])[cues]
    rise = (acted - neutral).groupby(["emotion", "level"]).mean().unstack()
    for cue in cues:
        assert (rise[cue].LO < rise[cue].MD).all(), cue
        assert (rise[cue].MD < rise[cue].HI).all(), cue


def test_neutral_speech_is_about_as_lively_as_that_of_people(clips):
    spread = np.exp(clips.f0_range[clips.emotion == "NEU"]).median()
    assert 3.1 / 1.5 < spread < 3.1 * 1.5  # semitones; 3.1 in RAVDESS


@pytest.mark.parametrize(
    ("column", "cremad"), [("emotion", CREMAD_EMOTION), ("sentence", CREMAD_SENTENCE)]
)
def test_durations_are_within_10_percent_of_cremads(column, cremad, corpus):
    clips = corpus.clips
    # CREMA-D's mean is over twelve sentences, ours over six: an emotion is compared within them.
    own = clips.duration / (clips.sentence.map(CREMAD_SENTENCE) if column == "emotion" else 1)
    mean = own.groupby([clips.emotion, clips.sentence]).mean().groupby(column).mean()
    ratio = mean * (2.54 if column == "emotion" else 1) / pd.Series(cremad)
    assert ratio.between(0.9, 1.1).all(), ratio


def test_the_readme_states_what_real_actors_do_and_what_is_measured(shifts, real):
    """Its rows are `| anger | +9.7 → +9.1 | … |`: a column a cue, theirs and ours."""
    measured = shifts.groupby("emotion").mean()
    for emotion in ACTED:
        (row,) = re.findall(rf"^\| {data.EMOTION_NAMES[emotion]} \|(.+→.+)\|$", README, re.M)
        stated = [re.findall(r"[−+]?[\d.]+", cell) for cell in row.split("|")]
        assert len(stated) == len(CUES)
        for (cue, name), pair in zip(CUES.items(), stated, strict=True):
            told = [float(number.replace("−", "-")) for number in pair]
            values = [real.loc[(emotion, name), "mean"], measured.loc[emotion, cue]]
            if cue == "f0_range":
                values = np.exp(values)
            within = 0.02 if cue == "f0_range" else 0.1
            assert told == pytest.approx(values, abs=within), (emotion, cue)
