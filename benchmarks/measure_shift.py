"""Measure what happens outside the studio: ``python benchmarks/measure_shift.py [--data FOLDER]``.

Six folds by speaker, as in ``measure.py``; each network is tested on the clips of its own test
speakers as they are, and again by telephone, in noise, in a room, softer and louder. It also
measures what happens when each speaker's features are standardised with unlabelled clips of that
speaker (how many, and with which emotion); when the network may decline to answer, with a threshold
chosen on the validation speakers; and when it is trained on one sex and tested on the other or,
with ``--data``, on that corpus and the demo voices in either direction. Writes
``results/shift_<corpus>.json``.
"""

import argparse
from collections.abc import Callable, Sequence

import joblib
import numpy as np
import pandas as pd
import record

from ser_helpers import calibration, data, evaluate, features, split, train
from ser_helpers.further import adapt, channel

N_FOLDS = 6
SEEDS = range(3)  # for the network and for choosing the calibration clips
N_CALIBRATION = (2, 5, 10, 20)
MINUTE = 60.0  # seconds
GAP = 0.4  # seconds of silence between the sentences of that minute
WANTED = 0.75  # accuracy to reach on the validation speakers when choosing a threshold
N_BABBLE = 6  # voices
PACKAGES = ("librosa", "numpy", "scikit-learn", "scipy", "soxr", "torch")
Condition = Callable[[np.ndarray, int], np.ndarray]


def conditions(voices: Sequence[np.ndarray]) -> dict[str, Condition]:
    """List the shifts: each takes samples and a seed (the clip's number)."""
    sr = data.SAMPLE_RATE

    def noisy(kind: Callable, snr: float) -> Condition:
        return lambda y, i: channel.add_noise(y, kind(len(y), seed=i), snr=snr)

    def talking(n_samples: int, *, seed: int) -> np.ndarray:
        return channel.babble(voices, n_samples, seed=seed)

    def in_room(rt60: float) -> Condition:
        return lambda y, i: channel.room(y, channel.impulse_response(sr, rt60=rt60, seed=i))

    return {
        "as recorded": lambda y, i: y,
        "telephone": lambda y, i: channel.telephone(y, sr),
        "white noise, 20 dB": noisy(channel.white, 20),
        "white noise, 10 dB": noisy(channel.white, 10),
        "pink noise, 10 dB": noisy(channel.pink, 10),
        "babble, 20 dB": noisy(talking, 20),
        "babble, 10 dB": noisy(talking, 10),
        "room, 0.4 s": in_room(0.4),
        "room, 0.8 s": in_room(0.8),
        "20 dB softer": lambda y, i: channel.level(y, gain=-20),
        "20 dB louder, cut off": lambda y, i: channel.level(y, gain=20),
    }


def voices_of(clips: pd.DataFrame, folds: pd.Series) -> dict[int, list[np.ndarray]]:
    """Choose the babble voices for each fold's test speakers from its train part."""
    chosen = {}
    for fold in sorted(folds.unique()):
        own = clips[split.parts_of_fold(folds, fold) == "train"]
        paths = own.groupby("actor").path.first().iloc[:N_BABBLE]
        chosen[fold] = [data.load_clip(path) for path in paths]
    return chosen


def shifted(clips: pd.DataFrame, folds: pd.Series, name: str) -> pd.DataFrame:
    """Compute a corpus's feature table under one condition."""
    of_fold = {fold: conditions(v)[name] for fold, v in voices_of(clips, folds).items()}

    def row(i: int) -> np.ndarray:
        y = data.load_clip(clips.path.iloc[i])
        return features.describe(of_fold[folds.iloc[i]](y, i))

    row(0)  # call it once before any pool, see features.extract
    rows = joblib.Parallel(n_jobs=2)(joblib.delayed(row)(i) for i in range(len(clips)))
    table = pd.DataFrame(np.stack(rows), index=clips.index, columns=features.feature_names())
    table.attrs["settings"] = features.extract(clips.iloc[:1], progress=False).attrs["settings"]
    return table


def trained(table: pd.DataFrame, clips: pd.DataFrame, folds: pd.Series, seed: int) -> list:
    """Train one network per fold."""
    return [
        train.fit(
            table,
            clips.emotion,
            split.parts_of_fold(folds, fold),
            settings=train.TrainSettings(seed=seed),
            progress=False,
        )
        for fold in sorted(folds.unique())
    ]


def of_test_speakers(results: list[train.Result], table: pd.DataFrame) -> pd.DataFrame:
    """Predict the rows of each fold's test speakers with that fold's network."""
    answers = []
    for result in results:
        tested = result.parts.index[result.parts == "test"].intersection(table.index, sort=False)
        answers.append(result.answers(table.loc[tested]))
    return pd.concat(answers).loc[table.index]


def uar(clips: pd.DataFrame, answers: pd.DataFrame) -> dict[str, float]:
    """Compute the UAR with its interval over speakers, and the mean highest probability."""
    own = clips.loc[answers.index]
    scores = evaluate.intervals(own.emotion, answers.idxmax(axis=1), own.actor)
    return scores.loc["uar"].to_dict() | {"confidence": float(answers.max(axis=1).mean())}


def gain(clips: pd.DataFrame, one: pd.DataFrame, other: pd.DataFrame) -> dict[str, float]:
    """Compute the paired difference in UAR of two answers, with its interval over speakers."""
    said = (answers.idxmax(axis=1) for answers in (one, other))
    found = evaluate.difference(clips.emotion, *said, clips.actor)
    return {"value": found.value, "low": found.low, "high": found.high}


def thresholds(results: list[train.Result], wanted: float) -> pd.Series:
    """Choose each fold's threshold: the lowest that is accurate on its validation speakers."""
    chosen = []
    for result in results:
        own = result.parts == "validation"
        curve = calibration.coverage(result.probabilities[own], result.labels[own])
        enough = curve.index[curve.accuracy >= wanted]
        tested = result.parts.index[result.parts == "test"]
        chosen.append(pd.Series(enough.min() if len(enough) else np.inf, index=tested))
    return pd.concat(chosen)


def accepted(clips: pd.DataFrame, answers: pd.DataFrame, limit: pd.Series) -> dict[str, float]:
    """Return the share of clips above the threshold, and the accuracy on them."""
    kept = answers.max(axis=1) >= limit.loc[answers.index]
    right = answers.idxmax(axis=1) == clips.emotion.loc[answers.index]
    return {"coverage": float(kept.mean()), "accuracy": float(right[kept].mean())}


def a_minute(clips: pd.DataFrame) -> pd.DataFrame:
    """Join a speaker's clips into a minute, cut it at its pauses, and describe the pieces."""
    silence = np.zeros(round(GAP * data.SAMPLE_RATE), dtype=np.float32)
    joined = np.concatenate([part for p in clips.path for part in (data.load_clip(p), silence)])
    joined = joined[: round(MINUTE * data.SAMPLE_RATE)]
    rows = [features.describe(piece) for piece in adapt.pieces(joined)]
    return pd.DataFrame(np.stack(rows), columns=features.feature_names())


def with_minutes(table: pd.DataFrame, clips: pd.DataFrame, order: pd.DataFrame) -> pd.DataFrame:
    """Standardise each speaker's rows with a minute of that speaker's own sentences."""
    done = []
    for actor, own in order.groupby("actor"):
        minute = a_minute(own)
        rows = pd.concat([minute, table[clips.actor == actor]])
        is_minute = np.arange(len(rows)) < len(minute)
        adapted = adapt.standardise_by_speaker(rows, [actor] * len(rows), calibration=is_minute)
        done.append(adapted[~is_minute])
    return pd.concat(done).loc[table.index]


def calibrate(
    table: pd.DataFrame, clips: pd.DataFrame, plain: list, results: list, seed: int
) -> dict[str, dict]:
    """Standardise test speakers with a few clips of some sentences, and score the others."""
    names = sorted(clips.sentence.unique())
    pool = clips.sentence.isin(names[: len(names) // 2])
    order = clips[pool].sample(frac=1, random_state=seed)
    scores = {"none": uar(clips, of_test_speakers(plain, table[~pool]))}

    def score(chosen: pd.Index) -> dict[str, float]:
        used = pd.Series(table.index.isin(chosen), index=table.index)
        rows = adapt.standardise_by_speaker(table, clips.actor, calibration=used)
        return uar(clips, of_test_speakers(results, rows[~pool]))

    for n in N_CALIBRATION:
        scores[f"{n} clips"] = score(order.groupby("actor").head(n).index)
    for emotion in data.EMOTIONS:
        own = order[order.emotion == emotion]
        n = min(10, own.groupby("actor").size().min())
        scores[f"{n} clips, all {emotion}"] = score(own.groupby("actor").head(n).index)
    rows = with_minutes(table, clips, order)
    scores["a minute, cut at its pauses"] = uar(clips, of_test_speakers(results, rows[~pool]))
    return scores


def between_sexes(table: pd.DataFrame, clips: pd.DataFrame, seed: int) -> dict[str, dict]:
    """Train on one sex, in six folds by speaker, and test on both."""
    scores = {}
    for sex in sorted(clips.sex.unique()):
        own = clips.sex == sex
        folds = split.folds_by_speaker(clips[own], N_FOLDS)
        inside, outside = [], []
        for fold in range(N_FOLDS):
            parts = split.parts_of_fold(folds, fold).reindex(clips.index, fill_value="test")
            result = train.fit(
                table,
                clips.emotion,
                parts,
                settings=train.TrainSettings(seed=seed),
                progress=False,
            )
            inside.append(result.probabilities[own & (parts == "test")])
            outside.append(uar(clips, result.probabilities[~own]))
        scores[f"{sex} to {sex}"] = uar(clips, pd.concat(inside))
        scores[f"{sex} to the other"] = pd.DataFrame(outside).mean().to_dict()
    return scores


def between_corpora(
    here: tuple[pd.DataFrame, pd.DataFrame], there: tuple[pd.DataFrame, pd.DataFrame], seed: int
) -> dict[str, float]:
    """Train on one corpus (a fifth of its speakers validate) and test on all of the other."""
    (table, clips), (other, other_clips) = here, there
    parts = split.by_speaker(clips, test_size=0.1, validation_size=0.2, frozen=False)
    parts = parts.replace({"test": "train"})  # no test speakers are needed here
    settings = train.TrainSettings(seed=seed)
    result = train.fit(table, clips.emotion, parts, settings=settings, progress=False)
    return uar(other_clips, result.answers(other))


def mean_of(of_seeds: list[dict]) -> dict:
    """Average each name's scores over the seeds."""
    means = {
        name: pd.DataFrame([scores[name] for scores in of_seeds]).mean().round(4).to_dict()
        for name in of_seeds[0]
    }
    for name, scores in means.items():
        key = "value" if "value" in scores else "accuracy"
        scores["of_each_seed"] = [round(float(each[name][key]), 4) for each in of_seeds]
    return means


def with_features(corpus: data.Corpus) -> tuple[pd.DataFrame, pd.DataFrame]:
    table = features.extract(corpus.clips)
    return table, corpus.clips.loc[table.index]


def measure_all(
    corpus: data.Corpus, *, seeds: Sequence[int] = SEEDS, only: Sequence[str] | None = None
) -> dict:
    """Measure a corpus; ``only`` names the conditions to measure (default: all)."""
    table, clips = with_features(corpus)
    folds = split.folds_by_speaker(clips, N_FOLDS)
    own = adapt.standardise_by_speaker(table, clips.actor)
    names = [name for name in conditions([]) if only is None or name in only]
    tables = {name: shifted(clips, folds, name) for name in names}
    if not corpus.synthetic:
        demo, demo_clips = with_features(data.open_corpus("demo"))
        demo_own = adapt.standardise_by_speaker(demo, demo_clips.actor)

    found = []
    for seed in seeds:
        plain, adapted = trained(table, clips, folds, seed), trained(own, clips, folds, seed)
        limit = thresholds(plain, WANTED)
        shift, by_speaker, gained, rejection = {}, {}, {}, {}
        for name, rows in tables.items():
            answers = of_test_speakers(plain, rows)
            shift[name] = uar(clips, answers)
            rejection[name] = accepted(clips, answers, limit)
            rows = adapt.standardise_by_speaker(rows, clips.actor)
            by_own = of_test_speakers(adapted, rows)
            by_speaker[name] = uar(clips, by_own)
            if name == "as recorded":
                gained[name] = gain(clips, by_own, answers)
        travel = between_sexes(table, clips, seed) if clips.sex.nunique() == 2 else {}
        if not corpus.synthetic:
            there, back = (demo, demo_clips), (demo_own, demo_clips)
            travel |= {
                "demo to here": between_corpora(there, (table, clips), seed),
                "here to demo": between_corpora((table, clips), there, seed),
                "demo to here, by speaker": between_corpora(back, (own, clips), seed),
                "here to demo, by speaker": between_corpora((own, clips), back, seed),
            }
        calibration = calibrate(table, clips, plain, adapted, seed)
        found.append((shift, by_speaker, gained, rejection, calibration, travel))
        print(f"seed {seed}", {name: round(s["value"], 3) for name, s in shift.items()}, flush=True)
    means = map(mean_of, zip(*found, strict=True))
    shift, by_speaker, gained, rejection, calibration, travel = means
    return {
        **record.about(corpus, clips),
        "seeds": list(seeds),
        "protocol": folds.name,
        "measure": "UAR, 95 % interval by bootstrap over speakers; means over the seeds",
        "shift": shift,
        "shift, standardised by speaker (all clips of the speaker, same channel)": by_speaker,
        "standardised by speaker minus as it is": gained,
        f"answers given if the validation speakers reach {WANTED:.0%}": rejection,
        "standardised by speaker, scored on the other sentences": calibration,
        "travel": travel,
        "versions": record.versions(*PACKAGES),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="like SER_DATA; default: demo voices", default="demo")
    corpus = data.open_corpus(parser.parse_args().data)
    print(record.write(f"shift_{record.name_of(corpus)}", measure_all(corpus)).name)


if __name__ == "__main__":
    main()
