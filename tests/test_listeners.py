"""Votes: what is counted, what is published, learning from shares, and notebook 08 with CREMA-D.

Votes that are made up stand in this file and in ``test_game.py`` only; no part of the course has
any. Set ``SER_CREMAD_TABLES`` to a folder with CREMA-D's ``tabulatedVotes.csv`` to count again
what the course prints.
"""

import hashlib
import os
import re
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, load_script, publish, results
from hypothesis import given, settings
from hypothesis import strategies as st
from notebook_code import prose_of

from ser_helpers import data, evaluate, names, split, train
from ser_helpers.checksums import TABLES
from ser_helpers.files import find_table
from ser_helpers.further import listeners

CHANNELS = ("voice", "face", "both")
TOLD, DEMO, RAVDESS = (results(f"listeners_{name}") for name in ("cremad", "demo", "ravdess"))
NOTEBOOK = ROOT / "notebooks" / "08_what_listeners_hear.ipynb"
TABLE = "processedResults/tabulatedVotes.csv"
rows_of_votes = st.lists(
    st.lists(st.integers(0, 5), min_size=6, max_size=6).filter(lambda n: sum(n) > 0), min_size=1
)


def counts_of(rows) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=data.EMOTIONS, index=[f"clip {i}" for i in range(len(rows))])


# -- what is published ----------------------------------------------------------------------------


@pytest.mark.parametrize("channel", CHANNELS)
def test_what_the_package_says_is_what_was_measured(channel):
    told = TOLD[channel]
    assert evaluate.listeners(channel).to_numpy().tolist() == told["sums"]
    assert evaluate.listeners(channel).to_numpy().sum() == told["votes"]
    assert listeners.published_spread(channel).to_numpy().tolist() == told["spread"]
    assert listeners.published_spread(channel).to_numpy().sum() == TOLD["clips"] == 7442
    assert listeners.published_spread(channel).nobody.sum() == told["nobody_clips"]
    agreement = {e: row["agreement"] for e, row in told["by_emotion"].items()}
    assert listeners.published_agreement().loc[channel].to_dict() == pytest.approx(
        agreement, abs=6e-4
    )
    assert listeners.KAPPA[channel] == pytest.approx(told["fleiss_kappa"], abs=6e-4)
    recalls = np.diag(evaluate.listeners(channel, normalise=True))
    assert recalls == pytest.approx(list(told["recall"].values()), abs=6e-5)


def test_the_paper_found_about_the_same():
    """Cao et al. 2014 state 40.9, 58.2 and 63.6 % of single votes as intended."""
    for channel, percent in zip(CHANNELS, (40.9, 58.2, 63.6), strict=True):
        assert 100 * TOLD[channel]["single_vote"]["accuracy"] == pytest.approx(percent, abs=1)


@pytest.mark.skipif("SER_CREMAD_TABLES" not in os.environ, reason="set SER_CREMAD_TABLES")
def test_counting_cremads_table_again_gives_what_is_published():
    script = load_script(ROOT / "benchmarks" / "measure_listeners.py")
    folder = Path(os.environ["SER_CREMAD_TABLES"])
    votes = script.read(find_table(TABLE, folder))
    assert script.rounded(script.measure_all(votes)) == TOLD
    for clip, counts in listeners.EXAMPLES.items():
        assert tuple(votes.voice.loc[clip]) == counts


@pytest.mark.remeasures
@pytest.mark.parametrize("told", [DEMO, RAVDESS], ids=["demo", "ravdess"])
def test_the_network_beside_the_listeners_is_what_the_benchmark_measures(told):
    source = "demo" if told is DEMO else os.environ.get("SER_RAVDESS")
    if source is None:
        pytest.skip("set SER_RAVDESS to a folder of RAVDESS's clips to repeat its scores")
    script = load_script(ROOT / "benchmarks" / "measure_listeners.py")
    now = script.beside_published(data.open_corpus(source))
    assert (now["n_clips"], now["protocol"]) == (told["n_clips"], told["protocol"])
    for name, answer in told["answers"].items():
        assert now["answers"][name] == pytest.approx(answer, abs=0.05)
    assert now["recall"] == pytest.approx(told["recall"], abs=0.1)
    for keep, found in told["surest"].items():
        assert now["surest"][keep]["clips"] == found["clips"]
        assert now["surest"][keep]["uar"] == pytest.approx(found["uar"], abs=0.06)
    measured, before = (x["correlation_with_listeners"] for x in (now, told))
    assert measured == pytest.approx(before, abs=0.15)


def figures() -> list[str]:
    """Sentences of notebook 08 with numbers in them, written from what was measured."""
    voice, face, both = (TOLD[channel] for channel in CHANNELS)
    crowd = voice["crowd_ties_shared"]
    lowest, highest = (100 * voice["as_meant_by_actor"][end] for end in ("lowest", "highest"))
    quarters = [100 * x for x in voice["crowd_right_by_agreement_quarter"]]
    recall = {e: 100 * x for e, x in voice["recall"].items()}
    return [
        f"{recall['SAD']:.0f} % of the votes on sad voices are for sadness",
        f"the mean is {voice['all_clips']['entropy_bits']:.2f} bits by voice, "
        f"{face['all_clips']['entropy_bits']:.2f} by face and "
        f"{both['all_clips']['entropy_bits']:.2f} by both",
        f"in {100 * voice['all_clips']['nobody']:.1f} % of the clips, {voice['nobody_clips']:,} of "
        f"{TOLD['clips']:,}",
        f"Only {100 * voice['unanimous']:.0f} % of the voices",
        f"{voice['unanimous_and_not_as_meant']} clips are heard alike by all of them and *not*",
        f"from {lowest:.0f} to {highest:.0f} % of the votes on their voices",
        f"agrees with it in {100 * voice['single_vote']['accuracy']:.0f} % of the cases",
        f"(the answer with most votes; a tie counts in part) in {100 * crowd['accuracy']:.0f} %",
        f"{100 * crowd['share_of_votes_for_it']:.0f} % of a clip's voters are in its majority",
        f"is right in {100 * crowd['foresees_another_listener']:.0f} % of the cases",
        f"in {quarters[0]:.0f} % of the clips on the quarter of CREMA-D's voices that divides its "
        f"listeners most, and in {quarters[3]:.0f} %",
        f"the row of the table: {recall['ANG']:.0f} % anger, 21 % disgust",
        f"{voice['fleiss_kappa']:.2f} for voices, {face['fleiss_kappa']:.2f} for faces, "
        f"{both['fleiss_kappa']:.2f} for both",
        f"in {100 * voice['single_vote']['accuracy']:.0f} % of the voices, and in "
        f"{100 * voice['all_clips']['nobody']:.0f} % of the voices nobody does",
        *told_of_networks(),
    ]


def told_of_networks() -> list[str]:
    surest = [100 * found["uar"] for found in RAVDESS["surest"].values()]
    kept = [100 * share for share in RAVDESS["surest"]["25%"]["kept"].values()]
    return [
        f"(On RAVDESS, from {surest[0]:.0f} to {surest[-1]:.0f} %; of its emotions, between "
        f"{min(kept):.0f} and {max(kept):.0f} % of the clips are left.)",
    ]


def test_what_the_notebook_says_of_soft_labels_is_so():
    for told in (DEMO, RAVDESS):
        hard, soft, times, undone = told["answers"].values()
        assert soft["neutral"] > 0.6 and times["neutral"] > 0.6 > hard["neutral"]
        assert told["the same answer"] > 0.9
        assert all(d["high"] < 0 for d in told["minus hard labels"].values())
        assert undone["value"] > soft["value"] + 0.1
        assert (
            min(soft["a_vote_is_the_same"], times["a_vote_is_the_same"])
            > 1.3 * (hard["a_vote_is_the_same"])
        )

    here, real = (told["correlation_with_listeners"] for told in (DEMO, RAVDESS))
    assert here["r"] > 0.8 and here["orders_as_strong"] < 0.05
    assert abs(real["r"]) < 0.3 and real["orders_as_strong"] > 0.5


def test_nats_in_the_notebook_are_those_counted():
    text = NOTEBOOK.read_text(encoding="utf-8")
    bits = TOLD["voice"]["all_clips"]["entropy_bits"]
    assert f"{bits * np.log(2):.2f} nats (counted clip by clip: {bits:.2f} bits" in text


def test_the_figures_in_the_notebooks_prose_are_those_measured():
    plain = re.sub(r"\s+", " ", prose_of(NOTEBOOK).replace("**", ""))
    missing = [figure for figure in figures() if figure not in plain]
    assert not missing


# -- counting -------------------------------------------------------------------------------------


def test_kappa_of_fleiss_as_in_the_textbooks():
    """Ten subjects, fourteen raters, five answers: kappa is 0.210."""
    rows = [
        [0, 0, 0, 0, 14], [0, 2, 6, 4, 2], [0, 0, 3, 5, 6], [0, 3, 9, 2, 0], [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0], [3, 2, 6, 3, 0], [2, 5, 3, 2, 2], [6, 5, 2, 1, 0], [0, 2, 2, 3, 7],
    ]  # fmt: skip
    counts = pd.DataFrame(rows)
    assert listeners.agreement(counts).round(3).tolist() == [
        1.0, 0.253, 0.308, 0.440, 0.330, 0.462, 0.242, 0.176, 0.286, 0.286
    ]  # fmt: skip
    assert listeners.fleiss_kappa(counts) == pytest.approx(0.210, abs=5e-4)


@given(rows=rows_of_votes)
def test_agreement_is_that_of_drawing_two_listeners(rows):
    counts = counts_of(rows)
    for votes, agreement in zip(rows, listeners.agreement(counts), strict=True):
        ballots = np.repeat(np.arange(6), votes)
        same = ballots[:, None] == ballots[None, :]
        n = len(ballots)
        if n == 1:
            assert np.isnan(agreement)  # nobody to agree with
        else:
            assert agreement == pytest.approx((same.sum() - n) / (n * (n - 1)))


@given(rows=rows_of_votes)
def test_shares_entropy_and_favourites(rows):
    counts = counts_of(rows)
    shares, first = listeners.shares(counts), listeners.favourite(counts)
    np.testing.assert_allclose(shares.sum(axis=1), 1)
    np.testing.assert_allclose(first.sum(axis=1), 1)
    entropy = listeners.entropy(counts)
    assert ((entropy >= 0) & (entropy <= np.log2(6) + 1e-9)).all()
    for row, ours in zip(rows, first.to_numpy(), strict=True):
        winners = [n == max(row) for n in row]
        np.testing.assert_allclose(ours, np.array(winners) / sum(winners))


@given(rows=rows_of_votes, seed=st.integers(0, 9))
@settings(max_examples=30)
def test_spread_counts_each_clip_once_whatever_the_order(rows, seed):
    counts = counts_of(rows)
    rng = np.random.default_rng(seed)
    intended = pd.Series(rng.choice(data.EMOTIONS, size=len(rows)), index=counts.index)
    table = listeners.spread(counts.iloc[::-1], intended)
    assert table.columns.tolist() == list(listeners.HEARD_BY)
    assert table.index.tolist() == list(data.EMOTIONS)
    assert table.to_numpy().dtype.kind == "i"  # also where an emotion does not occur
    assert (
        table.sum(axis=1).to_dict()
        == intended.value_counts().reindex(data.EMOTIONS, fill_value=0).to_dict()
    )
    expected = dict.fromkeys(listeners.HEARD_BY, 0)
    for clip, emotion in intended.items():
        right, n = counts.loc[clip, emotion], counts.loc[clip].sum()
        if right in (0, n):
            expected["nobody" if right == 0 else "everybody"] += 1
        else:
            expected[listeners.HEARD_BY[1 + 4 * right // n]] += 1  # whole numbers: no rounding
    assert table.sum().to_dict() == expected


def test_what_is_no_vote_is_refused_and_named():
    for wrong in ([0] * 6, [3, -1, 0, 0, 0, 0], [np.nan, 1, 0, 0, 0, 0]):
        counts = counts_of([[1, 0, 0, 0, 0, 0], wrong])
        for function in (listeners.shares, listeners.agreement, listeners.entropy):
            with pytest.raises(data.DataError, match="1 rows are no votes, first clip 1"):
                function(counts)
    with pytest.raises(data.DataError, match="no channel 'ear'"):
        evaluate.listeners("ear")


def test_network_and_crowd_beside_each_other_by_name():
    counts = counts_of([[9, 0, 0, 0, 0, 0], [0, 0, 4, 0, 4, 0], [0, 0, 0, 1, 0, 1]])
    intended = pd.Series(["ANG", "FEA", "SAD", "HAP"], index=["clip 0", "clip 1", "clip 2", "x"])
    p = pd.DataFrame(np.eye(6), columns=data.EMOTIONS, index=["clip 2", "clip 1", *"abcd"])
    pairs = listeners.beside(counts, intended, p * 0.4 + 0.1)
    assert pairs.index.tolist() == ["clip 2", "clip 1"]
    assert pairs["network"].tolist() == ["ANG", "DIS"]
    assert pairs["crowd"].tolist() == ["HAP/SAD", "FEA/NEU"]
    assert pairs["crowd right"].tolist() == [0.5, 0.5]
    assert pairs["with network"].tolist() == [0, 0]
    assert pairs["as meant"].tolist() == [0.5, 0.5]
    assert not pairs["network right"].any()
    np.testing.assert_allclose(pairs["network's entropy"], 5 * 0.1 * np.log2(10) + 0.5)
    with pytest.raises(data.DataError, match="no clip in common"):
        listeners.beside(counts, intended, p.iloc[2:])


# -- soft labels ----------------------------------------------------------------------------------

FEW = train.TrainSettings(max_epochs=12, hidden=(16,))


@pytest.fixture(scope="module")
def parts(corpus) -> pd.Series:
    return split.by_speaker(corpus.clips)


@pytest.fixture(scope="module")
def sure(corpus) -> pd.DataFrame:
    """Give each clip's label as a target: 1 for its emotion."""
    return pd.get_dummies(corpus.clips.emotion, dtype=float)


def test_targets_that_are_sure_are_the_labels(corpus, table, parts, sure):
    for some in (FEW, train.TrainSettings(max_epochs=5, label_smoothing=0.0)):
        choice = {"settings": some, "progress": False}
        hard = train.fit(table, corpus.clips.emotion, parts, **choice)
        soft = train.fit(table, corpus.clips.emotion, parts, targets=sure, **choice)
        pd.testing.assert_frame_equal(hard.history, soft.history, rtol=1e-3)
        pd.testing.assert_frame_equal(hard.probabilities, soft.probabilities, rtol=1e-3, atol=1e-4)


def test_what_is_learnt_is_the_target_and_not_the_label(corpus, table, parts, sure):
    """Whoever is taught that anger is half fear, half sadness says so of unseen angry actors."""
    taught = sure.copy()
    taught.loc[corpus.clips.emotion == "ANG"] = 0.0
    taught.loc[corpus.clips.emotion == "ANG", ["FEA", "SAD"]] = 0.5
    some = train.TrainSettings(label_smoothing=0.0, max_epochs=60, noise=0.3)
    result = train.fit(
        table, corpus.clips.emotion, parts, settings=some, progress=False, targets=taught
    )
    angry = result.probabilities[(parts == "test") & (corpus.clips.emotion == "ANG")].mean()
    assert angry.ANG < 0.1
    assert angry.FEA + angry.SAD > 0.6
    # The loss of the kept epoch is that against the targets.
    inside = parts == "validation"
    log_p = np.log(result.probabilities[inside])
    loss = -(taught[inside] * log_p).sum(axis=1).mean()
    assert loss == pytest.approx(result.history.validation_loss[result.best_epoch], rel=1e-3)


def test_targets_are_matched_by_clip_and_by_emotion(corpus, table, parts, sure):
    blurred = 0.7 * sure + 0.05
    choice = {"settings": FEW, "progress": False}
    a = train.fit(table, corpus.clips.emotion, parts, targets=blurred, **choice)
    turned = blurred.sample(frac=1, random_state=1)[list(reversed(data.EMOTIONS))]
    b = train.fit(table, corpus.clips.emotion, parts, targets=turned, **choice)
    pd.testing.assert_frame_equal(a.probabilities, b.probabilities, check_exact=True)


def test_a_test_clip_needs_no_target_and_its_target_is_not_read(corpus, table, parts, sure):
    choice = {"settings": FEW, "progress": False}
    a = train.fit(table, corpus.clips.emotion, parts, targets=sure, **choice)
    without = sure[parts != "test"]
    b = train.fit(table, corpus.clips.emotion, parts, targets=without, **choice)
    nonsense = sure.where(parts != "test", np.nan)
    c = train.fit(table, corpus.clips.emotion, parts, targets=nonsense, **choice)
    for other in (b, c):
        pd.testing.assert_frame_equal(a.probabilities, other.probabilities, check_exact=True)


def test_targets_that_do_not_fit_are_refused(corpus, table, parts, sure):
    def fit(targets):
        train.fit(table, corpus.clips.emotion, parts, targets=targets, progress=False)

    learn = sure.index[parts == "train"]
    with pytest.raises(data.DataError, match=f"1 clips have no target, first {learn[0]}"):
        fit(sure.drop(learn[0]))
    with pytest.raises(data.DataError, match="has the columns ANG, DIS, FEA, HAP, NEU, the labels"):
        fit(sure.drop(columns="SAD"))
    with pytest.raises(data.DataError, match="twice"):
        fit(pd.concat([sure, sure.iloc[:1]]))
    with pytest.raises(data.DataError, match="divide counts of votes by their sum"):
        fit(sure * 9)
    for wrong in ([-0.5, 1.5, 0, 0, 0, 0], [np.nan, 1, 0, 0, 0, 0], [np.inf, 0, 0, 0, 0, 0]):
        broken = sure.copy()
        broken.loc[learn[3]] = wrong
        with pytest.raises(
            data.DataError, match=f"1 targets are no prob.*first that of {learn[3]}"
        ):
            fit(broken)


# -- notebook 08 with CREMA-D ---------------------------------------------------------------------


def like_cremad(folder: Path, *, n_clips: int = 18) -> dict[str, str]:
    """Copy demo clips under names of CREMA-D and make votes up; return the tables' SHA-256."""
    frozen = split.load_frozen("cremad-v1")
    actors = [
        frozen.index[frozen == part][:n] for part, n in zip(split.PARTS, (4, 2, 2), strict=True)
    ]
    clips = data.open_corpus("demo").clips
    sounds = folder / "AudioWAV"
    sounds.mkdir(parents=True)
    rng = np.random.default_rng(0)
    lines = {channel: [] for channel in names.CHANNELS}
    for actor, own in zip(np.concatenate(actors), clips.groupby("actor"), strict=False):
        some = own[1].groupby("emotion").head(n_clips // 6)
        for row in some.itertuples():
            name = data.make_name(
                actor=int(actor), sentence=row.sentence, emotion=row.emotion, level=row.level
            )
            shutil.copy(row.path, sounds / f"{name}{row.path.suffix}")
            for channel, own_lines in lines.items():
                p = np.full(6, 0.1)
                p[data.EMOTIONS.index(row.emotion)] += 0.4
                if row.level == "LO":  # what nobody hears as intended
                    p = np.roll(np.eye(6)[data.EMOTIONS.index(row.emotion)], 1)
                counts = rng.multinomial(rng.integers(7, 12), p)
                number = 100_000 * channel + len(own_lines) + 1
                own_lines.append(f'"{number}",{",".join(map(str, counts))},"{name}",9')
    extra = data.make_name(actor=int(actors[2][0]), sentence="WSI", emotion="ANG", level="HI")
    shutil.copy(row.path, sounds / f"{extra}{row.path.suffix}")  # nobody voted on this one
    text = '"","A","D","F","H","N","S","fileName","numResponses"\n'
    text += "\n".join(line for own_lines in lines.values() for line in own_lines) + "\n"
    (folder / "processedResults").mkdir()
    (folder / TABLE).write_bytes(text.encode())
    return TABLES | {TABLE: hashlib.sha256(text.encode()).hexdigest()}


@pytest.fixture(scope="module")
def cremad(tmp_path_factory) -> tuple[Path, dict[str, str]]:
    folder = tmp_path_factory.mktemp("CREMA-D")
    return folder, like_cremad(folder)


def test_votes_are_opened_where_they_are_cremads(cremad, corpus, monkeypatch, tmp_path):
    folder, tables = cremad
    publish(monkeypatch, "cremad", folder)
    opened = data.open_corpus(folder)
    assert listeners.open_votes(corpus) is None
    assert listeners.open_votes(data.open_corpus("demo")) is None
    with pytest.raises(data.DataError, match="not the table that CREMA-D published"):
        listeners.open_votes(opened)
    monkeypatch.setattr(listeners, "TABLES", tables)
    heard = listeners.open_votes(opened)
    assert heard.index.equals(opened.clips.index[opened.clips.index.isin(heard.index)])
    assert len(heard) == len(opened.clips) - 1
    assert heard.columns.get_level_values(0).unique().tolist() == list(CHANNELS)
    name = heard.index[0]
    path = opened.clips.path[name]
    shutil.copy(path, tmp_path / path.name)
    assert listeners.open_votes(data.open_corpus(tmp_path)) is None  # CREMA-D without its tables
    shutil.copy(path, tmp_path / "1001_TSI_SAD_XX.ogg")  # a clip that the voters never heard
    shutil.copy(folder / TABLE, tmp_path / Path(TABLE).name)
    assert listeners.open_votes(data.open_corpus(tmp_path)).index.tolist() == [name]
    (tmp_path / path.name).unlink()
    assert listeners.open_votes(data.open_corpus(tmp_path)) is None


def test_the_whole_notebook_goes_the_other_way_where_votes_are(
    cremad, monkeypatch, tmp_path, capsys
):
    """Run in this process, since another one would not see the replaced fingerprint."""
    folder, tables = cremad
    publish(monkeypatch, "cremad", folder)
    monkeypatch.setattr(listeners, "TABLES", tables)
    monkeypatch.setenv("SER_DATA", str(folder))
    monkeypatch.setenv("SER_WORK", str(tmp_path))
    cells = nbformat.read(NOTEBOOK, as_version=4).cells
    solutions = re.findall(r"```python\n(.*?)```", prose_of(NOTEBOOK), re.DOTALL)
    shown = []
    names = {"__name__": "notebook_08", "display": shown.append}
    for i, code in enumerate([c.source for c in cells if c.cell_type == "code"] + solutions):
        exec(compile(code, f"code {i} of {NOTEBOOK.name}", "exec"), names)
    printed = capsys.readouterr().out
    assert "votes minus hard labels" in printed and "rank correlation" in printed
    clips, heard = names["clips"], names["heard"]
    assert len(heard) == len(clips) - 1
    assert names["first_game"].game.own_crowd


def test_without_votes_one_line_says_where_they_are():
    nothing = pd.DataFrame()
    line = listeners.clip_by_clip(None, nothing, nothing, pd.Series(dtype=int), nothing)
    assert "no votes on these clips are here" in line and "\n" not in line


@given(rows=rows_of_votes)
def test_the_share_of_votes_that_are_the_same_is_that_of_the_answers(rows):
    counts = counts_of(rows)
    answers = pd.Series(data.EMOTIONS[2], counts.index)
    expected = (counts[data.EMOTIONS[2]] / counts.sum(axis=1)).mean()
    same = listeners.a_vote_is_the_same(answers, listeners.shares(counts))
    assert same == pytest.approx(expected)
