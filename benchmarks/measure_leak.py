"""Measure what notebook 07 shows: ``python benchmarks/measure_leak.py [--data FOLDER]``.

It scores the same features and classifiers under the five protocols of
``ser_helpers.further.leak`` and their controls. It also measures how often the nearest training row
is from the same actor, how well the actor is recognised, how much each careless step adds, how much
is gained by selecting columns of noise, and what a typical program, which copies, scales and then
splits, would print. Only folds, noise and made-up columns are random, and they have fixed seeds.
Writes ``results/leak_<corpus>.json``.
"""

import numpy as np
import pandas as pd
import record
from sklearn.base import BaseEstimator
from sklearn.metrics import accuracy_score
from sklearn.model_selection import train_test_split
from sklearn.neighbors import KNeighborsClassifier, NearestNeighbors
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from ser_helpers import data, evaluate, features, split
from ser_helpers.further import leak

N_ACTORS = 24  # as many as in the demo voices and in RAVDESS
PACKAGES = ("librosa", "numpy", "scikit-learn")
SVM, NEAREST = "SVM, C={:g}", "nearest neighbour"
CLASSIFIERS = {SVM.format(C): SVC(C=C) for C in (0.1, 1, 10)} | {
    NEAREST: KNeighborsClassifier(n_neighbors=1)
}
Table = dict[str, dict]


def prepare(corpus: data.Corpus) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, dict[str, int]]:
    """Return clips, their features, their copies' features, and the numbers of folds and groups."""
    first = sorted(corpus.clips.actor.unique())[:N_ACTORS]
    clips = corpus.clips[corpus.clips.actor.isin(first)]
    table = features.extract(clips, progress=False)
    clips = clips.loc[table.index]
    texts = clips.sentence.map(data.SENTENCES).nunique()
    sizes = {"n_folds": min(6, len(first)), "n_groups": min(3, texts)}
    return clips, table, leak.copies(clips), sizes


def measure_protocols(
    protocols: dict[str, leak.Protocol], classifiers: dict[str, BaseEstimator]
) -> Table:
    """Score each classifier under each protocol: UAR with its interval, accuracy, best turn."""
    return {
        name: {what: measure_one(protocol, c) for what, c in classifiers.items()}
        for name, protocol in protocols.items()
    }


def measure_one(protocol: leak.Protocol, classifier: BaseEstimator) -> dict[str, float]:
    predicted = leak.answers(protocol, classifier)
    rows = protocol.rows.loc[predicted.index]
    scores = evaluate.intervals(rows.emotion, predicted, rows.actor)
    of_turns = []
    for _, test in protocol.turns:
        names = protocol.rows.index[test]
        of_turns.append(evaluate.scores(rows.emotion[names], predicted[names])["uar"])
    return record.rounded(
        scores.loc["uar"].to_dict()
        | {"accuracy": scores.value["accuracy"], "best_turn": max(of_turns)}
    )


def measure_neighbours(protocols: dict[str, leak.Protocol]) -> Table:
    """Probe each protocol."""
    return {
        name: {column: record.rounded(row) for column, row in leak.probe(protocol).T.items()}
        for name, protocol in protocols.items()
    }


def measure_distances(protocols: dict[str, leak.Protocol]) -> dict[str, float]:
    """Divide the distance of test rows to training rows by the distance between training rows.

    Both are medians of the distance to the nearest row, in the first turn.
    """
    ratios = {}
    for name, protocol in protocols.items():
        learn, test = (protocol.table.iloc[rows] for rows in protocol.turns[0])
        ruler = StandardScaler().fit(learn)
        search = NearestNeighbors(n_neighbors=1).fit(ruler.transform(learn))
        across, _ = search.kneighbors(ruler.transform(test))
        ratios[name] = np.median(across) / np.median(search.kneighbors()[0])
    return record.rounded(ratios)


def measure_known_voice(protocol: leak.Protocol) -> dict[str, float]:
    """If the nearest row is from the same actor, how often is its emotion right, by words?"""
    columns = ["actor", "words", "emotion"]
    nearest = leak.neighbours(protocol).nearest
    same = protocol.rows[columns] == protocol.rows.loc[nearest, columns].set_axis(nearest.index)
    known = same[same.actor]
    return record.rounded(
        {
            "same words": known.emotion[known.words].mean(),
            "other words": known.emotion[~known.words].mean(),
        }
    )


def measure_usual_program(table: pd.DataFrame, clips: pd.DataFrame, copied: pd.DataFrame) -> float:
    """Copy, scale, then split: return the accuracy that a typical program prints."""
    X = StandardScaler().fit_transform(np.vstack([table, copied]))
    y = np.concatenate([clips.emotion, clips.emotion])
    X_train, X_test, y_train, y_test = train_test_split(X, y, test_size=0.2, random_state=42)
    predicted = SVC(C=10).fit(X_train, y_train).predict(X_test)
    return round(float(accuracy_score(y_test, predicted)), 4)


def measure_actors(
    table: pd.DataFrame, clips: pd.DataFrame, sizes: dict[str, int]
) -> dict[str, float]:
    """Recognise the actor in unseen sentences, and in an unseen emotion."""
    kinds = {
        "unseen sentences": leak.sentence_groups(clips, sizes["n_groups"]),
        "unseen emotion": pd.Series(pd.factorize(clips.emotion)[0]),
    }
    found = {"chance": 1 / clips.actor.nunique()}
    for name, folds in kinds.items():
        protocol = leak.Protocol(name, table, clips, leak.turns_of(folds))
        found[name] = (leak.answers(protocol, SVC(), target="actor") == clips.actor).mean()
    return record.rounded(found)


def measure_noise(clips: pd.DataFrame, by_speaker: pd.Series) -> list[dict]:
    """Recognise emotions from noise, with 50 columns selected before the split or in each turn."""
    kinds = ("before the split", "in each turn")
    return [
        {key: row[key] for key in ("clips", "columns")}
        | record.rounded({kind: row[kind] / 100 for kind in kinds})
        for row in leak.from_noise(clips, by_speaker).to_dict("records")
    ]


def ladder(scores: Table) -> dict[str, float]:
    """List how the score changes with each further careless step."""
    careless = {C: scores["random rows"][SVM.format(C)]["value"] for C in (0.1, 1, 10)}
    chosen = SVM.format(max(careless, key=careless.get))
    copied = scores["random rows, copies"][chosen]
    steps = {
        name: scores[name][SVM.format(1)]["value"]
        for name in ("unseen speakers and sentences", "unseen speakers", "random rows")
    }
    return steps | {
        f"tuned by that score: {chosen}": scores["random rows"][chosen]["value"],
        "copies on both sides": copied["value"],
        "the best turn": copied["best_turn"],
        "the same classifier, unseen speakers": scores["unseen speakers"][chosen]["value"],
    }


def measure_centred(
    table: pd.DataFrame,
    clips: pd.DataFrame,
    protocols: dict[str, leak.Protocol],
    sizes: dict[str, int],
) -> dict[str, Table]:
    """Subtract each speaker's mean: what is scored then, and how much less a known voice gives."""
    centred = leak.centre(table, clips.actor)
    pair = ("random rows", "unseen speakers")
    after = {
        f"{name}, centred": leak.Protocol(name, centred, clips, protocols[name].turns)
        for name in pair
    }
    scores: Table = measure_protocols(after, CLASSIFIERS)
    gaps: Table = {}
    for what, classifier in CLASSIFIERS.items():
        one, other = (
            [leak.answers(protocol, classifier) for protocol in some]
            for some in ([protocols[name] for name in pair], after.values())
        )
        gaps[what] = {
            "as recorded": record.bounds(evaluate.difference(clips.emotion, *one, clips.actor)),
            "centred": record.bounds(evaluate.difference(clips.emotion, *other, clips.actor)),
            "shrinks by": record.bounds(leak.shrinkage(clips.emotion, one, other, clips.actor)),
            "unseen speakers, centred or not": record.bounds(
                evaluate.difference(clips.emotion, other[1], one[1], clips.actor)
            ),
            "random rows, centred or not": record.bounds(
                evaluate.difference(clips.emotion, other[0], one[0], clips.actor)
            ),
        }
    turns = leak.turns_of(leak.sentence_groups(clips, sizes["n_groups"]))
    voices = leak.Protocol("voices", centred, clips, turns)
    found = (leak.answers(voices, SVC(), target="actor") == clips.actor).mean()
    return {
        "scores": scores,
        "gaps": gaps,
        "actor": record.rounded({"unseen sentences, centred": found}),
    }


def measure_trials(
    examined: dict[str, leak.Protocol], clips: pd.DataFrame
) -> dict[str, dict[str, float]]:
    """Compare the two examinations of each trial on the clips themselves, without copies."""
    said = {name: leak.answers(p, SVC())[clips.index] for name, p in examined.items()}
    return {
        suspect: record.bounds(
            evaluate.difference(clips.emotion, said[one], said[other], clips.actor)
        )
        for suspect, (one, other) in leak.TRIALS.items()
    }


def measure_order(protocols: dict[str, leak.Protocol]) -> dict[str, dict[str, float]]:
    """Compare the SVM with the nearest neighbour where a leak may put the wrong one first."""
    found = {}
    for name in ("random rows", "unseen speakers"):
        rows = protocols[name].rows
        said = [leak.answers(protocols[name], CLASSIFIERS[w]) for w in (SVM.format(1), NEAREST)]
        found[name] = record.bounds(evaluate.difference(rows.emotion, *said, rows.actor))
    return found


def measure_all(corpus: data.Corpus) -> dict:
    clips, table, copied, sizes = prepare(corpus)
    protocols = leak.protocols(table, clips, copied, **sizes)
    controls = leak.controls(table, clips, copied, **sizes)
    centred = measure_centred(table, clips, protocols, sizes)
    scores = measure_protocols(protocols | controls, CLASSIFIERS) | centred["scores"]
    return {
        **record.about(corpus, clips),
        "interval": "of the UAR, 95 %, bootstrap over speakers",
        "folds": sizes,
        "scores": scores,
        "ladder": ladder(scores),
        "neighbours": measure_neighbours(protocols),
        "distance_ratio": measure_distances(protocols),
        "emotion_right_if_same_actor": measure_known_voice(protocols["random rows"]),
        "actor": measure_actors(table, clips, sizes) | centred["actor"],
        "trials": measure_trials(protocols | controls, clips),
        "known voice": centred["gaps"],
        "SVM minus nearest neighbour": measure_order(protocols),
        "noise": measure_noise(clips, split.folds_by_speaker(clips, sizes["n_folds"])),
        "usual_program_accuracy": measure_usual_program(table, clips, copied),
        "versions": record.versions(*PACKAGES),
    }


def main() -> None:
    corpus = data.open_corpus(record.parser(__doc__).parse_args().data)
    print(corpus)
    result = measure_all(corpus)
    for name, of_classifiers in result["scores"].items():
        print(f"{name:30}", {c: f"{s['value']:.1%}" for c, s in of_classifiers.items()})
    print(pd.Series(result["ladder"]).mul(100).round(1).to_string())
    record.write(f"leak_{record.name_of(corpus)}", result)


if __name__ == "__main__":
    main()
