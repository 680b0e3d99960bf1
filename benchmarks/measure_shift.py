"""Measure what happens outside the studio: ``python benchmarks/measure_shift.py [--data FOLDER]``.

Six folds by speaker, as in ``measure.py``; each network is tested on the clips of its own test
speakers as they are, and again by telephone, in noise, in a room, softer and louder. It also
measures what happens when each speaker's features are standardised with unlabelled clips of that
speaker (how many, and with which emotion); when the network may decline to answer, with a threshold
chosen on the validation speakers; and when it is trained on one sex and tested on the other or,
with ``--data``, on that corpus and the demo voices in either direction. Each cure is measured
beside doing nothing, by the paired difference over speakers, on clips as they are and on shifted
ones. Writes ``results/shift_<corpus>.json``.
"""

from collections.abc import Callable, Sequence

import joblib
import numpy as np
import pandas as pd
import record
from protocol import N_FOLDS

from ser_helpers import calibration, data, evaluate, features, split, train
from ser_helpers.further import adapt, channel, cures
from ser_helpers.scoring import draw_people

SEEDS = range(3)  # for the network and for choosing the calibration clips
N_CALIBRATION = (2, 5, 10, 20)
MINUTE = 60.0  # seconds
GAP = 0.4  # seconds of silence between the sentences of that minute
WANTED = 0.75  # accuracy to reach on the validation speakers when choosing a threshold
N_BABBLE = 6  # voices
ANSWERED = 0.5  # of the validation speakers' clips, where the threshold is chosen by coverage
N_DRAWS = 2000  # of speakers
NONE = "none"
BY_CHANNEL = "trained through channels"
NO_TELEPHONE = "trained through channels, none of them a telephone"
#: Where cures are measured: as recorded, and one shift of each kind.
CURED = (
    "as recorded",
    "telephone",
    "white noise, 20 dB",
    "babble, 10 dB",
    "room, 0.8 s",
    "20 dB softer",
    "20 dB louder, cut off",
)
#: How each cure changes the rows; those that are trained with copies leave them as they are.
ROWS = {
    NONE: lambda rows, actor: rows,
    "level removed": lambda rows, actor: cures.without_level(rows),
    "standardised by speaker": adapt.standardise_by_speaker,
    "each clip twice": lambda rows, actor: rows,  # as long a training as with copies
    BY_CHANNEL: lambda rows, actor: rows,
    NO_TELEPHONE: lambda rows, actor: rows,
}
#: What a copy for training may come through; None: it is the same clip again.
COPIES = {
    "each clip twice": None,
    BY_CHANNEL: cures.CHANNELS,
    NO_TELEPHONE: ("noise", "room", "level"),
}
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
        "telephone, band only": lambda y, i: channel.telephone(y, sr, mu_law=False),
        "white noise, 20 dB": noisy(channel.white, 20),
        "white noise, 10 dB": noisy(channel.white, 10),
        "pink noise, 10 dB": noisy(channel.pink, 10),
        "babble, 20 dB": noisy(talking, 20),
        "babble, 10 dB": noisy(talking, 10),
        "room, 0.4 s": in_room(0.4),
        "room, 0.8 s": in_room(0.8),
        "20 dB softer": lambda y, i: channel.level(y, gain=-20),
        "20 dB louder, cut off": lambda y, i: channel.level(y, gain=20),
        "20 dB louder, nothing cut off": lambda y, i: y * np.float32(10),
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

    table = tabled(row, clips)
    table.attrs["settings"] = features.extract(clips.iloc[:1], progress=False).attrs["settings"]
    return table


def copied(clips: pd.DataFrame, kinds: Sequence[str]) -> pd.DataFrame:
    """Describe each clip once more, through a channel drawn at random."""

    def row(i: int) -> np.ndarray:
        y = data.load_clip(clips.path.iloc[i])
        return features.describe(cures.through_a_channel(y, data.SAMPLE_RATE, seed=i, kinds=kinds))

    return tabled(row, clips)


def tabled(row: Callable[[int], np.ndarray], clips: pd.DataFrame) -> pd.DataFrame:
    """Compute the row of each clip, which ``row`` knows by the clip's number."""
    row(0)  # call it once before any pool, see features.extract
    rows = joblib.Parallel(n_jobs=2)(joblib.delayed(row)(i) for i in range(len(clips)))
    return pd.DataFrame(np.stack(rows), index=clips.index, columns=features.feature_names())


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
    return record.interval(evaluate.difference(clips.emotion, *said, clips.actor, n_draws=N_DRAWS))


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


def measure_cures(
    clips: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    plain: list[train.Result],
    networks: dict[str, list[train.Result]],
) -> dict[str, dict]:
    """Score each cure in each condition, and subtract the score of doing nothing there."""
    scores: dict[str, dict] = {}
    without = {name: of_test_speakers(plain, rows) for name, rows in tables.items()}
    for cure, results in {NONE: plain, **networks}.items():
        scores[cure] = {}
        for name, rows in tables.items():
            answers = of_test_speakers(results, ROWS[cure](rows, clips.actor))
            scores[cure][name] = uar(clips, answers)
            if cure != NONE:
                scores[cure][name]["difference"] = gain(clips, answers, without[name])
    return scores


def networks_of(
    clips: pd.DataFrame,
    table: pd.DataFrame,
    own: list[train.Result],
    copies: dict[str, pd.DataFrame],
    folds: pd.Series,
    seed: int,
) -> dict[str, list[train.Result]]:
    """Train the networks of each cure; those standardised by speaker are there already."""
    found = {"level removed": trained(cures.without_level(table), clips, folds, seed)}
    found["standardised by speaker"] = own
    for cure, rows in copies.items():
        both = cures.with_copies(table, rows)
        dealt = cures.for_copies(folds, both.index)
        labels = cures.for_copies(clips.emotion, both.index).to_frame()
        found[cure] = trained(both, labels, dealt, seed)
    return found


def doubts(
    clips: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    plain: list[train.Result],
    networks: dict[str, list[train.Result]],
    copies: dict[str, pd.DataFrame],
) -> dict[str, dict]:
    """Compare sureness with accuracy, without and with temperatures fitted in two ways."""
    scores = {"fitted as recorded": sureness(clips, tables, plain)}
    if BY_CHANNEL in networks:
        heard = copies[BY_CHANNEL]
        scores["fitted through channels"] = sureness(clips, tables, plain, heard=heard)
        scores[BY_CHANNEL] = sureness(clips, tables, networks[BY_CHANNEL], heard=heard)
    return scores


def sureness(
    clips: pd.DataFrame,
    tables: dict[str, pd.DataFrame],
    results: list[train.Result],
    *,
    heard: pd.DataFrame | None = None,
) -> dict[str, dict]:
    """Fit a temperature on each fold's validation speakers; compare sureness with accuracy.

    ``heard`` are the rows of the validation speakers to fit it on; left out, as recorded.
    """
    hot = []
    for result in results:
        own = result.parts.index[result.parts == "validation"].intersection(clips.index)
        said = result.answers((tables["as recorded"] if heard is None else heard).loc[own])
        hot.append(cures.find_temperature(said, clips.emotion[own]))
    scores = {}
    for name, rows in tables.items():
        answers = of_test_speakers(results, rows)
        warmed = pd.concat(
            [
                cures.with_temperature(answers[answers.index.isin(tested)], temperature)
                for temperature, tested in zip(hot, map(tested_by, results), strict=True)
            ]
        ).loc[answers.index]
        right = (answers.idxmax(axis=1) == clips.emotion).astype(float)
        before, after = answers.max(axis=1), warmed.max(axis=1)
        sums = pd.DataFrame({"n": 1.0, "right": right, "before": before, "after": after})
        draws = drawn(sums, clips.actor)
        gaps = {when: (draws[when] - draws.right) / draws.n for when in ("before", "after")}
        scores[name] = {
            "accuracy": float(right.mean()),
            "sure": float(before.mean()),
            "sure, with temperature": float(after.mean()),
            "too sure": too_sure(gaps["before"]),
            "too sure, with temperature": too_sure(gaps["after"]),
            "difference": too_sure(gaps["after"] - gaps["before"]),
            "temperature": float(np.mean(hot)),
        }
    return scores


def abstaining(
    clips: pd.DataFrame, tables: dict[str, pd.DataFrame], results: list[train.Result]
) -> dict[str, dict]:
    """Answer only the surest: a threshold at which half of the validation clips are answered."""
    limits = {}
    for result in results:
        own = result.parts.index[result.parts == "validation"].intersection(clips.index)
        said = result.probabilities.loc[own]
        limit = cures.threshold_for_coverage(said, ANSWERED)
        limits |= dict.fromkeys(tested_by(result), limit)
    scores = {}
    for name, rows in tables.items():
        answers = of_test_speakers(results, rows)
        right = (answers.idxmax(axis=1) == clips.emotion).astype(float)
        kept = (answers.max(axis=1) >= pd.Series(limits).loc[answers.index]).astype(float)
        sums = pd.DataFrame({"n": 1.0, "right": right, "kept": kept, "good": right * kept})
        draws = drawn(sums, clips.actor)
        scores[name] = {
            "answered": float(kept.mean()),
            "all": {"accuracy": interval_of(draws.right / draws.n)},
            "those answered": {"accuracy": interval_of(draws.good / draws.kept)},
            "difference": {
                "accuracy": interval_of(draws.good / draws.kept - draws.right / draws.n)
            },
        }
    return scores


def tested_by(result: train.Result) -> pd.Index:
    return result.parts.index[result.parts == "test"]


def drawn(sums: pd.DataFrame, actor: pd.Series) -> pd.DataFrame:
    """Sum each column by speaker, and over draws of speakers; the first row is everybody once."""
    by_speaker = sums.groupby(actor.loc[sums.index]).sum()
    people = len(by_speaker)
    draws = draw_people(people, N_DRAWS, seed=0)
    weights = np.vstack([np.ones(people), draws])
    return pd.DataFrame(weights @ by_speaker.to_numpy(), columns=sums.columns)


def interval_of(draws: pd.Series) -> dict[str, float]:
    """Return the first value, of everybody, with the interval of the draws below it."""
    low, high = draws.iloc[1:].quantile([0.025, 0.975])
    return {"value": float(draws.iloc[0]), "low": float(low), "high": float(high)}


def too_sure(draws: pd.Series) -> dict[str, float]:
    """Name a gap and its interval otherwise than a score's, which it is not."""
    found = interval_of(draws)
    return {"gap": found["value"], "from": found["low"], "to": found["high"]}


def averaged(of_seeds: list) -> dict | float:
    """Average trees of numbers over the seeds."""
    if not isinstance(of_seeds[0], dict):
        return round(float(np.mean(of_seeds)), 4)
    means = {name: averaged([tree[name] for tree in of_seeds]) for name in of_seeds[0]}
    if "value" in means:
        means["of_each_seed"] = [round(float(tree["value"]), 4) for tree in of_seeds]
    return means


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
    corpus: data.Corpus,
    *,
    seeds: Sequence[int] = SEEDS,
    only: Sequence[str] | None = None,
    with_copies: Sequence[str] = tuple(COPIES),
) -> dict:
    """Measure a corpus.

    ``only`` names the conditions to measure, ``with_copies`` the cures that are trained with
    copies (default: all); each of them takes as long as all the rest.
    """
    table, clips = with_features(corpus)
    folds = split.folds_by_speaker(clips, N_FOLDS)
    own = adapt.standardise_by_speaker(table, clips.actor)
    names = [name for name in conditions([]) if only is None or name in only]
    tables = {name: shifted(clips, folds, name) for name in names}
    copies = {cure: copied(clips, COPIES[cure]) if COPIES[cure] else table for cure in with_copies}
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
        networks = networks_of(clips, table, adapted, copies, folds, seed)
        cured = {name: rows for name, rows in tables.items() if name in CURED}
        of_cures = {
            "cures": measure_cures(clips, cured, plain, networks),
            "sureness": doubts(clips, cured, plain, networks, copies),
            "silence": {
                cure: abstaining(clips, cured, results)
                for cure, results in {NONE: plain, **networks}.items()
                if cure in (NONE, BY_CHANNEL)
            },
        }
        found.append((shift, by_speaker, gained, rejection, calibration, travel, of_cures))
        print(f"seed {seed}", {name: round(s["value"], 3) for name, s in shift.items()}, flush=True)
    *tables_of_scores, of_cures = zip(*found, strict=True)
    means = map(mean_of, tables_of_scores)
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
        **averaged(list(of_cures)),
        "versions": record.versions(*PACKAGES),
    }


def main() -> None:
    corpus = data.open_corpus(record.parser(__doc__).parse_args().data)
    print(record.write(f"shift_{record.name_of(corpus)}", measure_all(corpus)).name)


if __name__ == "__main__":
    main()
