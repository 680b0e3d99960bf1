"""Five examinations and the probes: what each of them lets through, and the figures of notebook 07.

Set ``SER_RAVDESS`` to a folder of RAVDESS's clips to measure again what is told of them.
"""

import os
import re
import shutil

import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_script, results
from hypothesis import given
from hypothesis import strategies as st
from notebook_code import prose_of
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from ser_helpers import data, evaluate, features
from ser_helpers.further import leak

NEAREST = KNeighborsClassifier(n_neighbors=1)
NAMES = (
    "random rows",
    "random rows, copies",
    "fitted before the split",
    "unseen speakers",
    "unseen speakers and sentences",
)
SIZES = {"n_folds": 3, "n_groups": 3, "n_best": 20}


@pytest.fixture(scope="module")
def copied(corpus, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SER_WORK", str(tmp_path_factory.mktemp("work")))
        return leak.copies(corpus.clips)


@pytest.fixture(scope="module")
def protocols(corpus, table, copied):
    return leak.protocols(table, corpus.clips, copied, **SIZES)


@pytest.fixture(scope="module")
def controls(corpus, table, copied):
    return leak.controls(table, corpus.clips, copied, **SIZES)


def shared(protocol: leak.Protocol, column: str) -> int:
    """Count what stands on both sides of a turn, over all turns."""
    values = protocol.rows[column].to_numpy()
    return sum(len(set(values[learn]) & set(values[test])) for learn, test in protocol.turns)


# -- who learns, who is tested --------------------------------------------------------------------


def test_each_protocol_lets_through_what_its_name_says(protocols, corpus):
    assert tuple(protocols) == NAMES
    let_through = {
        name: [shared(protocol, column) > 0 for column in ("actor", "words", "source")]
        for name, protocol in protocols.items()
    }
    assert let_through == {
        "random rows": [True, True, False],
        "random rows, copies": [True, True, True],
        "fitted before the split": [False, True, False],
        "unseen speakers": [False, True, False],
        "unseen speakers and sentences": [False, False, False],
    }
    for protocol in protocols.values():
        tested = np.concatenate([test for _, test in protocol.turns])
        assert sorted(tested) == list(range(len(protocol.rows)))
    assert len(protocols["random rows, copies"].rows) == 2 * len(corpus.clips)


def test_each_control_differs_from_its_protocol_in_one_thing(protocols, controls):
    unseen, crossed = protocols["unseen speakers"], protocols["unseen speakers and sentences"]
    copies, inside, fewer = controls.values()
    n = len(unseen.rows)
    for (learn, test), (more, same) in zip(unseen.turns, copies.turns, strict=True):
        np.testing.assert_array_equal(test, same)
        assert sorted(more) == sorted([*learn, *(learn + n)])
    assert shared(copies, "actor") == 0
    assert copies.rows.index[n:].tolist() == [f"{clip} (copy)" for clip in unseen.rows.index]
    for one, other in zip(inside.turns, protocols["fitted before the split"].turns, strict=True):
        assert all(map(np.array_equal, one, other))
    assert inside.table.equals(unseen.table)
    for (learn, test), (as_few, same) in zip(crossed.turns, fewer.turns, strict=True):
        np.testing.assert_array_equal(test, same)
        assert len(learn) == len(set(as_few))
    assert shared(fewer, "actor") == 0
    assert shared(fewer, "words") > 0


@given(folds=st.lists(st.integers(0, 5), min_size=2, max_size=60).filter(lambda f: len(set(f)) > 1))
def test_turns_of_folds_test_each_fold_once_and_learn_from_all_others(folds):
    turns = leak.turns_of(pd.Series(folds))
    assert len(turns) == len(set(folds))
    for learn, test in turns:
        (number,) = {folds[row] for row in test}
        assert sorted([*learn, *test]) == list(range(len(folds)))
        assert number not in {folds[row] for row in learn}


def test_two_takes_of_the_same_words_stay_together():
    clips = pd.DataFrame({"sentence": ["KIA", "KIB", "DOA", "DOB", "XYZ"]})
    groups = leak.sentence_groups(clips, 3)
    assert groups[0] == groups[1] != groups[2] == groups[3]
    assert groups.nunique() == 3
    with pytest.raises(data.DataError, match=r"4 groups of sentences .* from 2 to 3"):
        leak.sentence_groups(clips, 4)


def test_what_is_no_examination_is_refused(table, corpus):
    rows = corpus.clips
    with pytest.raises(ValueError, match="2 learn and are tested"):
        leak.Protocol("x", table, rows, ((np.arange(5), np.arange(3, 9)),))
    with pytest.raises(ValueError, match="1 rows are tested twice"):
        leak.Protocol("x", table, rows, (((np.arange(5), np.array([7, 8, 8]))),))
    with pytest.raises(ValueError, match="rows of features"):
        leak.Protocol("x", table[:-1], rows, ((np.arange(5), np.arange(5, 9)),))
    with pytest.raises(data.DataError, match="at least two folds"):
        leak.turns_of(pd.Series([0, 0, 0]))
    with pytest.raises(data.DataError, match="same rows in the same order"):
        leak.protocols(table, corpus.clips[::-1], table)


# -- examining --------------------------------------------------------------------------------


def test_rows_that_are_not_tested_are_left_out_and_the_others_keep_their_order(table, corpus):
    turns = ((np.arange(50), np.array([90, 70])), (np.arange(50), np.array([60])))
    protocol = leak.Protocol("x", table, corpus.clips, turns)
    classifier = GaussianNB()
    said = leak.answers(protocol, classifier, target="actor")
    assert said.index.tolist() == corpus.clips.index[[60, 70, 90]].tolist()
    assert not hasattr(classifier, "classes_")
    known = GaussianNB().fit(table[:50], corpus.clips.actor[:50]).predict(table)
    np.testing.assert_array_equal(said, known[[60, 70, 90]])  # GaussianNB needs no scaling
    assert leak.neighbours(protocol).index.equals(said.index)


def test_labels_seen_before_the_split_make_something_out_of_noise(corpus):
    clips = corpus.clips
    noise = np.random.default_rng(0).normal(size=(len(clips), 3000))
    noise = pd.DataFrame(noise, index=clips.index)
    early = leak.protocols(noise, clips, noise, **SIZES)["fitted before the split"]
    in_time = leak.controls(noise, clips, noise, **SIZES)["selected in each turn"]
    uars = [leak.score(protocol, GaussianNB()).value["uar"] for protocol in (early, in_time)]
    assert uars[0] > 0.5  # by chance 1/6
    assert uars[1] < 0.3


def test_the_probe_counts_neighbours_and_chance():
    rows = pd.DataFrame({"actor": [1, 1, 2, 2, 1, 2], "emotion": ["ANG"] * 6}, index=list("abcdef"))
    table = pd.DataFrame({"x": [0.0, 1.0, 10.0, 11.0, 0.2, 0.9]}, index=rows.index)
    protocol = leak.Protocol("x", table, rows, ((np.arange(4), np.array([4, 5])),))
    assert leak.neighbours(protocol).nearest.to_dict() == {"e": "a", "f": "b"}
    probed = leak.probe(protocol, columns=["actor", "emotion"])
    assert probed.loc["actor"].tolist() == [0.5, 0.5]
    assert probed.loc["emotion"].tolist() == [1, 1]


@given(seed=st.integers(0, 99))
def test_chance_is_that_of_drawing_blindly(seed):
    rng = np.random.default_rng(seed)
    rows = pd.DataFrame({"actor": rng.integers(0, 4, 30), "emotion": "ANG"})
    turns = leak.turns_of(pd.Series(rng.permutation(30) % 3))
    table = pd.DataFrame(rng.normal(size=(30, 3)))
    actor = rows.actor.to_numpy()
    pairs = [(actor[learn] == actor[i]).mean() for learn, test in turns for i in test]
    probed = leak.probe(leak.Protocol("x", table, rows, turns), columns=["actor"])
    assert probed.chance["actor"] == pytest.approx(np.mean(pairs))


# -- copies -----------------------------------------------------------------------------------


@pytest.mark.parametrize("snr_db", [0.0, 30.0])
def test_the_noise_is_as_weak_as_asked_for(snr_db):
    y = np.sin(np.arange(100_000) / 7).astype(np.float32)
    noise = leak.noisy(y, snr_db=snr_db, seed=1) - y
    assert noise.dtype == np.float32
    assert 10 * np.log10(np.mean(y**2) / np.mean(noise**2)) == pytest.approx(snr_db, abs=0.1)
    np.testing.assert_array_equal(leak.noisy(y, seed=1), leak.noisy(y, seed=1))


def test_copies_are_kept_and_made_anew_for_a_changed_clip(corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("SER_WORK", str(tmp_path / "work"))
    for path in corpus.clips.path[:3]:
        shutil.copy(path, tmp_path)
    clips = corpus.clips[:3].assign(path=[tmp_path / path.name for path in corpus.clips.path[:3]])
    first = leak.copies(clips)
    table = features.extract(clips, progress=False)
    assert first.columns.equals(table.columns)
    assert first.index.equals(clips.index)
    assert not np.allclose(first, table)
    with monkeypatch.context() as nobody_listens:
        nobody_listens.setattr(leak, "load_clip", None)
        pd.testing.assert_frame_equal(leak.copies(clips), first)
    shutil.copy(corpus.clips.path.iloc[7], clips.path.iloc[1])
    changed = (leak.copies(clips) != first).any(axis=1)
    assert changed.tolist() == [False, True, False]
    assert not np.allclose(leak.copies(clips, snr_db=10), first)
    clips.path.iloc[2].unlink()
    with pytest.raises(data.DataError, match=re.escape(clips.path.iloc[2].name)):
        leak.copies(clips)


# -- what is told -----------------------------------------------------------------------------

NOTEBOOK = ROOT / "notebooks" / "07_the_leak.ipynb"
TOLERANCE = 0.02
CORPORA = {"demo": "demo", "ravdess": os.environ.get("SER_RAVDESS")}
TOLD = {name: results(f"leak_{name}") for name in CORPORA}


@pytest.fixture(scope="module")
def cells():
    return nbformat.read(NOTEBOOK, as_version=4).cells


@pytest.fixture(scope="module")
def prose():
    return prose_of(NOTEBOOK)


@pytest.mark.remeasures
@pytest.mark.parametrize("name", CORPORA)
def test_the_results_are_what_the_benchmark_measures(name):
    if CORPORA[name] is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to repeat its scores")
    benchmark = load_script(ROOT / "benchmarks" / "measure_leak.py")
    told = TOLD[name]
    clips, table, copied, sizes = benchmark.prepare(data.open_corpus(CORPORA[name]))
    assert (len(clips), sizes) == (told["n_clips"], told["folds"])
    protocols = leak.protocols(table, clips, copied, **sizes)
    quick = {"nearest neighbour": NEAREST}
    measured = benchmark.measure_protocols(protocols, quick)
    some = {n: protocols[n] for n in ("random rows", *NAMES[3:])}
    slow = benchmark.measure_protocols(some, {"SVM, C=1": SVC()})
    for scores in (measured, slow):
        for protocol, of_classifiers in scores.items():
            for what, score in of_classifiers.items():
                assert score == pytest.approx(told["scores"][protocol][what], abs=TOLERANCE)
    for protocol, shares in benchmark.measure_neighbours(protocols).items():
        for column, share in shares.items():
            assert share == pytest.approx(told["neighbours"][protocol][column], abs=TOLERANCE)
    ratios = benchmark.measure_distances(protocols)
    assert ratios == pytest.approx(told["distance_ratio"], abs=TOLERANCE)
    if name == "ravdess":  # there, fewer clips: what is slow on the demo voices is quick
        centred = benchmark.measure_centred(table, clips, protocols, sizes)
        actor = benchmark.measure_actors(table, clips, sizes) | centred["actor"]
        assert actor == pytest.approx(told["actor"], abs=TOLERANCE)
        for what, gaps in centred["gaps"].items():
            for gap, measured in gaps.items():
                assert measured == pytest.approx(told["known voice"][what][gap], abs=TOLERANCE)
        usual = benchmark.measure_usual_program(table, clips, copied)
        assert usual == pytest.approx(told["usual_program_accuracy"], abs=TOLERANCE)
        known = benchmark.measure_known_voice(protocols["random rows"])
        assert known == pytest.approx(told["emotion_right_if_same_actor"], abs=TOLERANCE)
        boldest = {"random rows, copies": protocols["random rows, copies"]}
        bold = benchmark.measure_protocols(boldest, {"SVM, C=10": SVC(C=10)})
        theirs = told["scores"]["random rows, copies"]["SVM, C=10"]
        assert bold["random rows, copies"]["SVM, C=10"] == pytest.approx(theirs, abs=TOLERANCE)


def test_the_notebooks_numbers_of_real_actors_are_what_was_measured(prose):
    told = TOLD["ravdess"]
    steps = list(told["ladder"].values())
    assert " → ".join(f"{100 * step:.0f}" for step in steps[:-1]) + " %" in prose
    assert f"with unseen speakers that classifier has {100 * steps[-1]:.0f} %" in prose
    strangers = told["scores"]["unseen speakers"]["SVM, C=10"]["accuracy"]
    assert f"the same classifier has an accuracy of {100 * strangers:.0f} %" in prose
    usual = f"{100 * told['usual_program_accuracy']:.0f} %"
    assert f"an accuracy of {usual} on RAVDESS" in prose and f"it prints {usual}" in prose
    emotion = told["scores"]["unseen speakers"]["SVM, C=1"]["value"]
    right = [(told["actor"][f"unseen {what}"], 1 / 24) for what in ("sentences", "emotion")]
    possible = [(share - luck) / (1 - luck) for share, luck in (*right, (emotion, 1 / 6))]
    assert (
        "On RAVDESS the actor is found in {:.0f} % of the clips with unseen sentences and in "
        "{:.0f} % with an unseen emotion: {:.0f} and {:.0f} % of what is possible. For emotions it "
        "is {:.0f} %."
    ).format(*(100 * share for share in (right[0][0], right[1][0], *possible))) in prose
    assert f"RAVDESS gives {told['distance_ratio']['unseen speakers']:.2f}" in prose
    same, other = told["emotion_right_if_same_actor"].values()
    assert f"{100 * other:.0f} % (other words) and {100 * same:.0f} % (same words)" in prose
    nearest = {key: 100 * row["nearest"] for key, row in told["neighbours"]["random rows"].items()}
    assert f"RAVDESS: {nearest['actor']:.0f} %), where luck" in prose
    assert f"RAVDESS's in {nearest['emotion']:.0f} %" in prose
    demo = TOLD["demo"]["neighbours"]["random rows"]["emotion"]["nearest"]
    assert f"right emotion in {100 * demo:.0f} % of the cases" in prose


def test_what_the_notebook_says_of_suspects_is_so():
    def tells(corpus: str, *way: str) -> bool:
        found = TOLD[corpus]
        for key in way:
            found = found[key]
        return found["low"] > 0 or found["high"] < 0

    for corpus in CORPORA:
        for guilty in ("known voices", "copies on both sides"):
            assert tells(corpus, "trials", guilty)
            assert TOLD[corpus]["trials"][guilty]["low"] > 0.09
        assert not tells(corpus, "trials", "copies in training only")
        for c in (1, 10):
            assert tells(corpus, "known voice", f"SVM, C={c}", "unseen speakers, centred or not")
    for small in ("fitted before the split", "known sentences"):
        assert tells("demo", "trials", small) and not tells("ravdess", "trials", small)
    assert tells("ravdess", "trials", "more clips to learn from")
    shrinks = {
        (n, c): ("known voice", f"SVM, C={c}", "shrinks by") for n in CORPORA for c in (1, 10)
    }
    told = {(n, c): tells(n, *way) for (n, c), way in shrinks.items()}
    assert told == {
        ("demo", 1): True,
        ("demo", 10): True,
        ("ravdess", 1): False,
        ("ravdess", 10): True,
    }
    order = [TOLD["ravdess"]["SVM minus nearest neighbour"][n] for n in ("random rows", NAMES[3])]
    assert order[0]["high"] < 0 < order[1]["low"]


@pytest.mark.parametrize("name", CORPORA)
def test_the_published_differences_are_measured_again(name):
    if CORPORA[name] is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to repeat its scores")
    benchmark = load_script(ROOT / "benchmarks" / "measure_leak.py")
    clips, table, copied, sizes = benchmark.prepare(data.open_corpus(CORPORA[name]))
    protocols = leak.protocols(table, clips, copied, **sizes)
    order = benchmark.measure_order(protocols)
    for protocol, difference in order.items():
        told = TOLD[name]["SVM minus nearest neighbour"][protocol]
        assert difference == pytest.approx(told, abs=TOLERANCE)


def test_the_notebooks_own_scores_are_those_of_the_benchmark(cells):
    texts = [o.text for c in cells for o in c.get("outputs", []) if "text" in o]
    (shown,) = (text for text in texts if text.startswith("known voices"))
    for suspect in leak.TRIALS:
        line = re.search(rf"^{suspect}\n    here: .*UAR (\S+) points", shown, re.MULTILINE)
        value = float(line[1].replace("−", "-")) / 100
        assert value == pytest.approx(TOLD["demo"]["trials"][suspect]["value"], abs=TOLERANCE)


# -- subtracting the person -----------------------------------------------------------------------


def test_centring_takes_each_speakers_mean_and_nothing_else():
    names = pd.Index(list("abcde"))
    table = pd.DataFrame({"x": [1.0, 3, 10, 20, 30], "y": [0.0, 2, 5, 5, 8]}, names)
    speakers = pd.Series([1, 1, 2, 2, 2], names)
    centred = leak.centre(table, speakers.sample(frac=1, random_state=0))  # joined by name
    assert centred.x.tolist() == [-1, 1, -10, 0, 10]
    assert centred.y.tolist() == [-1, 1, -1, -1, 2]


def test_shrinkage_is_the_difference_of_two_differences():
    rng = np.random.default_rng(0)
    clips = [f"clip {i}" for i in range(120)]
    truth, *said = (pd.Series(rng.choice(["ANG", "SAD", "HAP"], 120), clips) for _ in range(5))
    speakers = pd.Series(np.arange(120) % 8, clips)
    one = evaluate.difference(truth, said[0], said[1], speakers)
    other = evaluate.difference(truth, said[2], said[3], speakers)
    both = leak.shrinkage(truth, said[:2], said[2:], speakers)
    assert both.value == pytest.approx(one.value - other.value)
    # Against a pair that does not differ at all, it is the difference itself.
    alone = leak.shrinkage(truth, said[:2], (said[2], said[2]), speakers)
    assert (alone.value, alone.low, alone.high, alone.spread) == pytest.approx(
        (one.value, one.low, one.high, one.spread)
    )


def test_what_stands_on_both_sides_is_counted(protocols):
    counted = leak.shared(protocols)
    assert counted.loc["unseen speakers", "actors"] == 0
    assert counted.loc["random rows", "actors"] > 0
    assert counted.loc["random rows, copies", "recordings"] > 0
    strict = counted.loc["unseen speakers and sentences"]
    assert strict[["actors", "sentences", "recordings"]].tolist() == [0, 0, 0]


def test_folds_of_two_kinds_are_crossed_by_the_rows_names():
    rows = pd.Index([f"clip {i}" for i in range(8)])
    one, two = pd.Series(np.arange(8) % 2, rows), pd.Series(np.arange(8) // 4, rows)
    shuffled = two.sample(frac=1, random_state=0)
    for ours, theirs in zip(leak.turns_of(one, shuffled), leak.turns_of(one, two), strict=True):
        np.testing.assert_array_equal(np.concatenate(ours), np.concatenate(theirs))
    with pytest.raises(data.DataError, match="fold, first clip 0"):
        leak.turns_of(one, two.iloc[1:])
