"""Measure the network that sees time: ``python benchmarks/measure_temporal.py [--data FOLDER]``.

The protocol is that of ``measure.py``: six folds by speaker; each is the test fold once, the next
one chooses the epoch, and the others train. Each fold uses one processor; several folds run at
once. Writes ``results/temporal_<corpus>.json``.

With ``--trial NAME key=value …`` it tries other settings, only on the *validation* parts of the
first three folds, and adds the outcome to ``results/temporal_trials.json``; the test parts are not
even passed on. The speakers of the other three folds (0, 4 and 5) are therefore never scored while
settings are chosen, so their score, which the results list separately, is not biased by the choice.

A whole run takes about twenty minutes of processor time, too long for a test. ``--short EPOCHS``
therefore adds two scores that are quick to reproduce to the existing results: that of the first
fold after only so many epochs, and that of the network that comes with the course.
``tests/test_temporal.py`` reproduces them.

``--order EPOCHS`` asks whether the order of the frames brings anything: in each fold one network is
trained and tested on frames in their order, and one on shuffled frames, all else equal, both for so
many epochs. Beside them stand the road's row per clip, with the level and without it, as the frames
are standardised clip by clip and have no level either. All four are scored on the same clips, also
played backwards, and compared by paired differences over speakers.
"""

import hashlib
import inspect
import json
import os
import time
import warnings
import zlib
from dataclasses import asdict, fields, replace
from unittest import mock

import joblib
import numpy as np
import pandas as pd
import protocol
import record
import torch
from protocol import N_FOLDS, TRIAL_FOLDS

from ser_helpers import data, evaluate, features, model, split, train
from ser_helpers.further import checkpoint, frames, temporal

PACKAGES = ("librosa", "numpy", "scikit-learn", "torch")


#: A fold that was trained before with the same input and code is read from ``work/``, so that an
#: interrupted run continues where it stopped.
CODE = hashlib.sha256("".join(map(inspect.getsource, (frames, temporal))).encode()).hexdigest()


def changed(settings: temporal.TemporalSettings, changes: list[str]) -> temporal.TemporalSettings:
    """Change settings of training or of augmentation, given as ``key=value``."""
    augment = settings.augment
    for change in changes:
        key, _, text = change.partition("=")
        if change == "augment=none":
            augment = None
            continue
        inner = key in {field.name for field in fields(frames.AugmentSettings)}
        old = getattr(augment if inner else settings, key)
        new = tuple(map(int, text.split(","))) if isinstance(old, tuple) else type(old)(text)
        if inner:
            augment = replace(augment, **{key: new})
        else:
            settings = replace(settings, **{key: new})
    return replace(settings, augment=augment)


def run_fold(
    table: pd.Series,
    clips: pd.DataFrame,
    parts: pd.Series,
    settings: temporal.TemporalSettings,
    code: str = CODE,
) -> tuple[dict, pd.DataFrame]:
    """Train one fold on one processor; return a summary and each clip's probabilities."""
    torch.set_num_threads(1)
    wall, cpu = time.perf_counter(), time.process_time()
    result = temporal.fit(table, clips.emotion, parts, settings=settings, progress=False)
    best, history = result.recogniser.best_epoch, result.recogniser.history
    row = {
        "fold": parts.name,
        "best_epoch": best,
        "validation_loss": round(history.validation_loss[best], 4),
        "validation_uar": round(history.validation_uar[best], 4),
        "validation_uar_last_5_epochs": round(history.validation_uar[-5:].mean(), 4),
        "train_uar_last": round(history.train_uar.iloc[-1], 4),
        "seconds": round(time.perf_counter() - wall, 1),
        "processor_seconds": round(time.process_time() - cpu, 1),
        "weights": model.count_parameters(result.recogniser.model),
    }
    return row, result.probabilities


def run_folds(
    table: pd.Series,
    clips: pd.DataFrame,
    parts: list[pd.Series],
    settings: temporal.TemporalSettings,
    *,
    n_jobs: int,
) -> list[tuple[dict, pd.DataFrame]]:
    warnings.filterwarnings("ignore", "Persisting input arguments")
    memory = record.memory()
    pool = joblib.Parallel(n_jobs=n_jobs, verbose=10)
    cached = joblib.delayed(memory.cache(run_fold))
    # The cache must not depend on where a clip is stored on this machine.
    clips = clips.drop(columns="path")
    return pool(cached(table[p.index], clips.loc[p.index], p, settings, CODE) for p in parts)


def measure(
    table: pd.Series, clips: pd.DataFrame, settings: temporal.TemporalSettings, *, n_jobs: int
) -> dict:
    folds = split.folds_by_speaker(clips, N_FOLDS)
    parts = protocol.all_parts(folds)
    runs = run_folds(table, clips, parts, settings, n_jobs=n_jobs)
    rows, unseen = [], []
    for (row, probabilities), part in zip(runs, parts, strict=True):
        test = part.index[part == "test"]
        predicted = probabilities.loc[test].idxmax(axis=1)
        unseen.append(predicted)
        rows.append(
            row | {"test_uar": round(evaluate.scores(clips.emotion[test], predicted)["uar"], 4)}
        )
    predicted = pd.concat(unseen).loc[clips.index]
    apart = protocol.never_tried(folds)
    return {
        "protocol": f"{folds.name}; the next fold chooses the epoch",
        "scores": {
            name: protocol.scores(clips.loc[rows_of], predicted[rows_of])
            for name, rows_of in (
                ("frames, unseen speakers", clips.index),
                ("frames, unseen speakers never scored in a trial", clips.index[apart]),
            )
        },
        "confusion": evaluate.confusion(clips.emotion, predicted).to_dict("split"),
        "folds": rows,
    }


def short_run(table: pd.Series, clips: pd.DataFrame, *, epochs: int) -> dict:
    """Train the first fold for a few epochs, otherwise as in the whole run."""
    parts = split.parts_of_fold(split.folds_by_speaker(clips, N_FOLDS), 0)
    settings = temporal.TemporalSettings(epochs=epochs)
    row, probabilities = run_fold(table, clips, parts, settings)
    test = parts.index[parts == "test"]
    predicted = probabilities.loc[test].idxmax(axis=1)
    return {
        "fold": row["fold"],
        "epochs": epochs,
        "validation_uar": row["validation_uar"],
        "test_uar": round(evaluate.scores(clips.emotion[test], predicted)["uar"], 4),
        "processor_seconds": row["processor_seconds"],
    }


def shipped_network(table: pd.Series, clips: pd.DataFrame) -> dict:
    """Score the network that comes with the course on the corpus's test part."""
    parts = split.by_speaker(clips)
    test = parts.index[parts == "test"]
    network = checkpoint.load()
    predicted = temporal.predict(network, table[test]).idxmax(axis=1)
    return {
        "trained_on": str(network.provenance),
        "tested_on": f"{parts.name}, test part",
        "scores": protocol.scores(clips.loc[test], predicted),
    }


def shuffle_frames(x: torch.Tensor, lengths: torch.Tensor) -> torch.Tensor:
    """Put the real frames of each clip of a batch into a random order; the padding stays behind."""
    place = torch.rand(len(x), x.shape[2])
    place[~frames.mask(lengths, x.shape[2])[:, 0]] = 2.0
    return x.gather(2, place.argsort(dim=1)[:, None].expand_as(x))


def augment_and_shuffle(
    x: torch.Tensor, lengths: torch.Tensor, **rest: object
) -> tuple[torch.Tensor, torch.Tensor]:
    """Change the clips of a batch as always, and shuffle their frames last."""
    x, lengths = frames.augment(x, lengths, **rest)
    return shuffle_frames(x, lengths), lengths


def shuffled(table: pd.Series) -> pd.Series:
    """Shuffle the frames of each clip, always into the same order."""
    made = {
        clip: picture[
            :, np.random.default_rng(zlib.crc32(clip.encode())).permutation(picture.shape[1])
        ]
        for clip, picture in table.items()
    }
    return pd.Series(made, name=table.name).set_axis(table.index)


def turned(clips: pd.DataFrame) -> tuple[pd.Series, pd.DataFrame]:
    """Play each clip backwards: its frames, and its row."""
    sounds = {clip: data.load_clip(path)[::-1].copy() for clip, path in clips.path.items()}
    rows = np.stack([features.describe(y) for y in sounds.values()])
    return (
        pd.Series({clip: frames.log_mel(y) for clip, y in sounds.items()}).set_axis(clips.index),
        pd.DataFrame(rows, clips.index, features.feature_names()),
    )


def run_order_fold(
    table: pd.Series,
    backwards: pd.Series,
    clips: pd.DataFrame,
    parts: pd.Series,
    settings: temporal.TemporalSettings,
    shuffle: bool,
    code: str = CODE,
) -> pd.DataFrame:
    """Train one fold; return the answers to its test clips, as they are and backwards.

    With ``shuffle`` the frames of a training clip are shuffled anew each time, those of all others
    once. Neither changes which frames a clip has.
    """
    torch.set_num_threads(1)
    heard = table
    if shuffle:
        kept = parts == "train"  # shuffled by augment_and_shuffle, after the changes
        heard = pd.concat([table[kept], shuffled(table[~kept])]).loc[table.index]
        heard.attrs = table.attrs
    augment = augment_and_shuffle if shuffle else frames.augment
    with mock.patch.object(temporal, "augment", augment):
        result = temporal.fit(heard, clips.emotion, parts, settings=settings, progress=False)
    test = parts.index[parts == "test"]
    asked = backwards[test] if not shuffle else shuffled(backwards[test])
    said = temporal.predict(result.recogniser, asked).idxmax(axis=1)
    return pd.DataFrame({"forwards": result.predictions[test], "backwards": said})


def run_row_folds(
    table: pd.DataFrame, backwards: pd.DataFrame, clips: pd.DataFrame, parts: list[pd.Series]
) -> pd.DataFrame:
    """As :func:`run_order_fold` for all folds, with one row per clip and the road's network."""
    answers = []
    for part in parts:
        result = train.fit(table, clips.emotion, part, progress=False)
        test = part.index[part == "test"]
        said = result.answers(backwards.loc[test, table.columns]).idxmax(axis=1)
        answers.append(pd.DataFrame({"forwards": result.predictions[test], "backwards": said}))
    return pd.concat(answers)


def levels(table: pd.DataFrame) -> list[str]:
    """Name the features that say how loud a clip is: those that move with its volume."""
    return [name for name in table if name.startswith("mfcc00_") and "sd" not in name]


def order(
    table: pd.Series, clips: pd.DataFrame, *, epochs: int, of: list[int], n_jobs: int
) -> dict:
    """Compare frames in order, shuffled frames and one row per clip on some of the six folds."""
    folds = split.folds_by_speaker(clips, N_FOLDS)
    parts = [split.parts_of_fold(folds, fold) for fold in of]
    settings = temporal.TemporalSettings(epochs=epochs)
    film_backwards, rows_backwards = turned(clips)
    rows = features.extract(clips).loc[clips.index]
    warnings.filterwarnings("ignore", "Persisting input arguments")
    memory = record.memory()
    cached = joblib.delayed(memory.cache(run_order_fold))
    without_path = clips.drop(columns="path")
    tasks = [(part, shuffle) for part in parts for shuffle in (False, True)]
    answers = joblib.Parallel(n_jobs=n_jobs, verbose=10)(
        cached(table[p.index], film_backwards[p.index], without_path, p, settings, shuffle, CODE)
        for p, shuffle in tasks
    )
    systems = {
        "frames in order": pd.concat(answers[0::2]),
        "shuffled frames": pd.concat(answers[1::2]),
        "one row": run_row_folds(rows, rows_backwards, clips, parts),
        "one row without level": run_row_folds(
            rows.drop(columns=levels(rows)), rows_backwards, clips, parts
        ),
    }
    heard = clips.loc[systems["one row"].index]
    truth, speakers = heard.emotion, heard.actor
    said = {name: answer.loc[heard.index] for name, answer in systems.items()}
    pairs = [
        ("frames in order", "shuffled frames"),
        ("frames in order", "one row"),
        ("frames in order", "one row without level"),
        ("shuffled frames", "one row without level"),
        ("one row", "one row without level"),
    ]
    compared = {
        f"{a} minus {b}": evaluate.difference(truth, said[a].forwards, said[b].forwards, speakers)
        for a, b in pairs
    } | {
        f"{name}, forwards minus backwards": evaluate.difference(
            truth, answer.forwards, answer.backwards, speakers
        )
        for name, answer in said.items()
    }
    return {
        "protocol": f"{folds.name}; the next fold chooses the epoch",
        "epochs": epochs,
        "folds_tested": [part.name for part in parts],
        "n_clips": len(heard),
        "n_actors": int(speakers.nunique()),
        "scores": {
            f"{name}, unseen speakers{way}": protocol.scores(heard, answer[column])
            for name, answer in said.items()
            for column, way in (("forwards", ""), ("backwards", ", backwards"))
        },
        "same_answer_backwards": {
            name: round(float((answer.forwards == answer.backwards).mean()), 4)
            for name, answer in said.items()
        },
        "differences": {name: {"uar": record.bounds(found)} for name, found in compared.items()},
        "uar_by_speaker": {
            name: {
                str(speaker): round(evaluate.scores(truth[their], answer.forwards[their])["uar"], 4)
                for speaker, their in speakers.groupby(speakers).groups.items()
            }
            for name, answer in said.items()
        },
    }


def trial(
    table: pd.Series,
    clips: pd.DataFrame,
    settings: temporal.TemporalSettings,
    *,
    folds: list[int],
    n_jobs: int,
) -> dict:
    fold_of = split.folds_by_speaker(clips, N_FOLDS)
    visible = protocol.trial_parts(fold_of, folds)
    rows = [row for row, _ in run_folds(table, clips, visible, settings, n_jobs=n_jobs)]
    return {
        "validation_uar": round(sum(row["validation_uar"] for row in rows) / len(rows), 4),
        "folds": rows,
    }


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument(
        "--short",
        type=int,
        metavar="EPOCHS",
        help="only add the scores that are quick to reproduce",
    )
    parser.add_argument(
        "--order",
        type=int,
        metavar="EPOCHS",
        help="only add what the order of the frames brings, after so many epochs",
    )
    parser.add_argument(
        "--of",
        type=int,
        nargs="+",
        default=list(range(N_FOLDS)),
        choices=range(N_FOLDS),
        metavar="FOLD",
        help="with --order: only some of the six folds, 0 to 5",
    )
    parser.add_argument("--jobs", type=int, default=2, help="number of folds to train at once")
    parser.add_argument("--trial", metavar="NAME", help="only try settings, on validation parts")
    parser.add_argument(
        "--folds",
        type=int,
        nargs="+",
        choices=TRIAL_FOLDS,
        default=TRIAL_FOLDS,
        help="folds of a trial",
    )
    parser.add_argument("changes", nargs="*", metavar="key=value", help="settings to change")
    options = parser.parse_args()
    settings = changed(temporal.TemporalSettings(), options.changes)
    corpus = data.open_corpus(options.data)
    print(corpus)
    file = f"temporal_{record.name_of(corpus)}"
    stored = record.read(file)
    if (options.short or options.order) and not stored:
        parser.error(f"there is no {file}.json yet: run without --short and --order first")
    table = frames.extract(corpus.clips)
    clips = corpus.clips.loc[table.index]
    if options.short:
        quick = {
            "short_run": short_run(table, clips, epochs=options.short),
            "shipped_network": shipped_network(table, clips),
        }
        print(json.dumps(quick, indent=2))
        record.write(file, stored | quick)
        return
    if options.order:
        found = order(
            table, clips, epochs=options.order, of=sorted(options.of), n_jobs=options.jobs
        )
        print(json.dumps({k: v for k, v in found.items() if k != "uar_by_speaker"}, indent=2))
        record.write(file, stored | {"order": found})
        return
    if options.trial:
        trials = record.read("temporal_trials")
        outcome = trial(table, clips, settings, folds=options.folds, n_jobs=options.jobs)
        what = {"trial": options.trial, "corpus": corpus.name, "settings": asdict(settings)}
        record.write("temporal_trials", [*trials, what | outcome])
        print(options.trial, outcome)
        return
    result = {
        **record.about(corpus, clips),
        "interval": "95 %, bootstrap over speakers",
        **measure(table, clips, settings, n_jobs=options.jobs),
        "settings": asdict(settings),
        "audio_settings": table.attrs["settings"],
        "processors": {
            "of_the_machine": os.cpu_count(),
            "a_fold": 1,
            "folds_at_once": options.jobs,
        },
        "versions": record.versions(*PACKAGES),
    }
    for name, scores in result["scores"].items():
        uar = scores["uar"]
        print(f"{name:50} UAR {uar['value']:.1%} [{uar['low']:.1%}, {uar['high']:.1%}]")
    print(pd.DataFrame(result["folds"]).to_string())
    record.write(file, result)
    print("now repeat the call with --short EPOCHS, to add the scores that a test reproduces")


if __name__ == "__main__":
    main()
