"""One classifier, five examinations: which of them leak, how much, and how to see it.

A :class:`Protocol` says which rows learn and which are tested, turn by turn. :func:`protocols`
makes the five that notebook 07 compares, :func:`controls` those that differ from one of the five
in a single thing; :func:`score` examines a classifier, :func:`probe` asks the nearest neighbours.
"""

import hashlib
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, clone
from sklearn.feature_selection import SelectKBest
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestNeighbors
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_helpers import clipwise, evaluate, features, split
from ser_helpers.align import refuse_duplicates, to_clips
from ser_helpers.audio import load_clip
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings
from ser_helpers.files import work_folder
from ser_helpers.names import SENTENCES
from ser_helpers.paired import Difference, from_draws
from ser_helpers.scoring import confusions, draw_people, join
from ser_helpers.scoring import score as score_matrices

Turn = tuple[np.ndarray, np.ndarray]
THREADS = 2  # scikit-learn's SVM lets other threads work beside it
#: A suspect, the examination with it, and the one that differs from it in this one thing.
TRIALS = {
    "known voices": ("random rows", "unseen speakers"),
    "copies on both sides": ("random rows, copies", "random rows"),
    "copies in training only": ("copies in training only", "unseen speakers"),
    "fitted before the split": ("fitted before the split", "selected in each turn"),
    "known sentences": ("unseen speakers, fewer clips", "unseen speakers and sentences"),
    "more clips to learn from": ("unseen speakers", "unseen speakers, fewer clips"),
}
RECIPE = 1  # raise it whenever `noisy` makes something else: old caches are then not read


@dataclass(frozen=True, eq=False)  # tables cannot be compared by ==
class Protocol:
    """How train and test are separated.

    Attributes
    ----------
    name : str
    table : pandas.DataFrame, shape (n_rows, n_features)
        Features.
    rows : pandas.DataFrame, shape (n_rows, n_columns)
        What each row of ``table`` is: the columns of the clips table; ``source``, the clip that it
        is, or is a copy of; ``words``, what is said.
    turns : tuple of (learn, test)
        Positions of the rows that learn and of those that are tested; no row is tested twice.
    prepare : scikit-learn transformer, or "passthrough"
        Fitted anew in each turn, on the rows that learn.

    Raises
    ------
    ValueError
        If features and rows are not of the same clips, or a row learns and is tested in one turn,
        or is tested twice.
    """

    name: str
    table: pd.DataFrame
    rows: pd.DataFrame
    turns: tuple[Turn, ...]
    prepare: BaseEstimator | str = field(default_factory=StandardScaler)

    def __post_init__(self) -> None:
        if not self.table.index.equals(self.rows.index):
            raise ValueError(
                f"{self.name}: {len(self.table)} rows of features and {len(self.rows)} rows are "
                "not the same clips in the same order"
            )
        tested = np.concatenate([test for _, test in self.turns])
        twice = len(tested) - len(np.unique(tested))
        both = sum(len(np.intersect1d(learn, test)) for learn, test in self.turns)
        if twice or both:
            raise ValueError(
                f"{self.name}: {twice} rows are tested twice, and {both} learn and are tested in "
                "the same turn; that would be no examination"
            )


def noisy(y: np.ndarray, *, snr_db: float = 30.0, seed: int = 0) -> np.ndarray:
    """Add white noise to a sound, as tutorials do to have more clips.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
    snr_db : float
        How much weaker than the sound the noise is, dB.
    seed : int

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)
    """
    scale = np.sqrt(np.mean(np.square(y, dtype=np.float64)) / 10 ** (snr_db / 10))
    noise = np.random.default_rng(seed).normal(scale=scale, size=len(y))
    return (y + noise).astype(np.float32)


def copies(
    clips: pd.DataFrame,
    *,
    snr_db: float = 30.0,
    settings: AudioSettings = AudioSettings(),
    n_jobs: int = -1,
) -> pd.DataFrame:
    """Describe a noisy copy of each clip; a second call reads it from ``work/leak``.

    Kept under the SHA-256 of the clips' own bytes and of all settings, so that nothing stale is
    read.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table: index ``clip``, column ``path``.
    snr_db : float
        As in :func:`noisy`; the noise differs from clip to clip, and is the same in each run.
    settings : AudioSettings
    n_jobs : int
        Number of workers, as in :func:`ser_helpers.features.extract`.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_features)
        Indexed like ``clips``.

    Raises
    ------
    DataError
        If a clip cannot be read.
    """
    recipe = json.dumps([RECIPE, snr_db, features.recipe_key(settings)])
    name = hashlib.sha256(recipe.encode()).hexdigest()[:16]
    columns = features.feature_names(settings)
    rows, _ = clipwise.run_stored(
        _describe_noisy,
        clips.path,
        snr_db,
        settings,
        store=work_folder() / "leak" / f"{name}.npz",
        width=len(columns),
        n_jobs=features.processes(n_jobs) if len(clips) > features.POOL_FROM else 1,
    )
    if reasons := [row for row in rows.values() if isinstance(row, str)]:
        raise DataError(reasons[0])
    return pd.DataFrame(np.stack(list(rows.values())), index=clips.index, columns=columns)


def protocols(
    table: pd.DataFrame,
    clips: pd.DataFrame,
    copied: pd.DataFrame,
    *,
    n_folds: int = 6,
    n_groups: int = 3,
    n_best: int = 100,
) -> dict[str, Protocol]:
    """Make five examinations of the same features.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_clips, n_features)
    clips : pandas.DataFrame
        Clips table, indexed like ``table``.
    copied : pandas.DataFrame, shape (n_clips, n_features)
        Of :func:`copies`.
    n_folds, n_groups : int
        Folds, of rows or of speakers, and groups of sentences.
    n_best : int
        Columns that are selected where a selection is made (largest F over the emotions).

    Returns
    -------
    dict of Protocol
        ``random rows``; ``random rows, copies``: each clip and its copy are dealt like different
        clips; ``fitted before the split``: unseen speakers, but scaler and selection have seen all
        rows and their labels; ``unseen speakers``; ``unseen speakers and sentences``.

    Raises
    ------
    DataError
        If tables do not have the same rows, or there are too few speakers, clips or sentences.
    """
    rows, doubled, both = _check(table, clips, copied)
    scaled = StandardScaler().fit_transform(table)
    best = SelectKBest(k=min(n_best, table.shape[1])).set_output(transform="pandas")
    before = best.fit_transform(pd.DataFrame(scaled, table.index, table.columns), clips.emotion)
    by_speaker = split.folds_by_speaker(clips, n_folds)
    groups = sentence_groups(clips, n_groups)
    made = (
        Protocol("random rows", table, rows, turns_of(split.folds_by_rows(clips, n_folds))),
        Protocol(
            "random rows, copies", both, doubled, turns_of(split.folds_by_rows(doubled, n_folds))
        ),
        Protocol("fitted before the split", before, rows, turns_of(by_speaker), "passthrough"),
        Protocol("unseen speakers", table, rows, turns_of(by_speaker)),
        Protocol("unseen speakers and sentences", table, rows, turns_of(by_speaker, groups)),
    )
    return {protocol.name: protocol for protocol in made}


def controls(
    table: pd.DataFrame,
    clips: pd.DataFrame,
    copied: pd.DataFrame,
    *,
    n_folds: int = 6,
    n_groups: int = 3,
    n_best: int = 100,
) -> dict[str, Protocol]:
    """Make examinations that differ from one of :func:`protocols` in one thing.

    Parameters
    ----------
    table, clips, copied, n_folds, n_groups, n_best
        As in :func:`protocols`.

    Returns
    -------
    dict of Protocol
        ``copies in training only``: unseen speakers, tested on original clips; ``selected in
        each turn``: as ``fitted before the split``, but fitted on the rows that learn; ``unseen
        speakers, fewer clips``: no more clips learn than with unseen speakers and sentences.

    Raises
    ------
    DataError
        As :func:`protocols`.
    """
    rows, doubled, both = _check(table, clips, copied)
    by_speaker = split.folds_by_speaker(clips, n_folds)
    turns = turns_of(by_speaker)
    n = len(clips)
    with_copies = tuple((np.concatenate([learn, learn + n]), test) for learn, test in turns)
    select = make_pipeline(StandardScaler(), SelectKBest(k=min(n_best, table.shape[1])))
    rng = np.random.default_rng(0)
    fold = by_speaker.to_numpy()
    fewer = tuple(
        (np.sort(rng.choice(np.flatnonzero(fold != fold[test[0]]), len(learn), False)), test)
        for learn, test in turns_of(by_speaker, sentence_groups(clips, n_groups))
    )
    made = (
        Protocol("copies in training only", both, doubled, with_copies),
        Protocol("selected in each turn", table, rows, turns, select),
        Protocol("unseen speakers, fewer clips", table, rows, fewer),
    )
    return {protocol.name: protocol for protocol in made}


def turns_of(*folds: pd.Series) -> tuple[Turn, ...]:
    """Turn folds into turns: one fold is tested, rows that are in no tested fold learn.

    Parameters
    ----------
    *folds : pandas.Series, shape (n_rows,)
        Number of each row's fold. Given two kinds, for instance folds of speakers and groups of
        sentences, they are crossed: a turn tests the rows that are in one fold of each kind, and
        learns from those that are in none of the two.

    Returns
    -------
    tuple of (learn, test)
        Positions of rows; each row is tested once. scikit-learn takes it as ``cv``.

    Raises
    ------
    DataError
        If there is nothing left to learn from, or the folds are not of the same rows.
    """
    numbers = np.column_stack([to_clips(folds[0].index, fold, what="fold") for fold in folds])
    turns = []
    for place in np.unique(numbers, axis=0):  # pairs without a row do not occur
        same = numbers == place
        turns.append((np.flatnonzero(~same.any(axis=1)), np.flatnonzero(same.all(axis=1))))
    if not all(len(learn) for learn, _ in turns):
        raise DataError("nothing is left to learn from: at least two folds of each kind are needed")
    return tuple(turns)


def sentence_groups(clips: pd.DataFrame, n_groups: int = 3) -> pd.Series:
    """Deal the sentences into groups; two takes of the same words stay together.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the column ``sentence``.
    n_groups : int
        At least 2.

    Returns
    -------
    pandas.Series of int, shape (n_clips,)
        Number of the group, from 0, indexed like ``clips``.

    Raises
    ------
    DataError
        If there are fewer different sentences than groups.
    """
    words = _words(clips)
    texts = sorted(words.unique())
    if not 2 <= n_groups <= len(texts):
        raise DataError(
            f"{n_groups} groups of sentences cannot be made: from 2 to {len(texts)} (the number "
            "of different sentences) are possible"
        )
    group_of = {text: place % n_groups for place, text in enumerate(texts)}
    return words.map(group_of).rename(f"{n_groups} groups of sentences")


def answers(protocol: Protocol, classifier: BaseEstimator, *, target: str = "emotion") -> pd.Series:
    """Examine a classifier: what it says to each row that is tested.

    Parameters
    ----------
    protocol : Protocol
    classifier : scikit-learn classifier
        Not fitted, and left so.
    target : str
        Column of ``protocol.rows`` that is to be recognised.

    Returns
    -------
    pandas.Series
        Indexed like ``protocol.rows``; rows that are never tested are left out.
    """
    X, y = protocol.table.to_numpy(), protocol.rows[target].to_numpy()
    model = make_pipeline(protocol.prepare, classifier)

    def one_turn(learn: np.ndarray, test: np.ndarray) -> np.ndarray:
        return clone(model).fit(X[learn], y[learn]).predict(X[test])

    said = _in_turns(one_turn, protocol.turns)
    tested = np.concatenate([test for _, test in protocol.turns])
    return pd.Series(np.concatenate(said), index=protocol.rows.index[tested]).loc[
        protocol.rows.index[np.sort(tested)]
    ]


def score(protocol: Protocol, classifier: BaseEstimator) -> pd.DataFrame:
    """Examine a classifier, and score it with intervals over speakers.

    Parameters
    ----------
    protocol : Protocol
    classifier : scikit-learn classifier

    Returns
    -------
    pandas.DataFrame
        Of :func:`ser_helpers.evaluate.intervals`.
    """
    said = answers(protocol, classifier)
    rows = protocol.rows.loc[said.index]
    return evaluate.intervals(rows.emotion, said, rows.actor)


def neighbours(protocol: Protocol) -> pd.DataFrame:
    """Find, for each row that is tested, the nearest of those that learn.

    Parameters
    ----------
    protocol : Protocol

    Returns
    -------
    pandas.DataFrame
        Index: the tested rows. Columns ``nearest`` (name of the row) and ``distance`` (root mean
        square over the features, in standard deviations of the rows that learn).
    """
    X, y = protocol.table.to_numpy(dtype=np.float64), protocol.rows.emotion.to_numpy()

    def one_turn(learn: np.ndarray, test: np.ndarray) -> pd.DataFrame:
        ruler = make_pipeline(protocol.prepare, "passthrough")
        ruler = clone(ruler).fit(X[learn], y[learn])
        search = NearestNeighbors(n_neighbors=1).fit(ruler.transform(X[learn]))
        distance, place = search.kneighbors(ruler.transform(X[test]))
        nearest = protocol.rows.index[learn[place[:, 0]]]
        rms = distance[:, 0] / np.sqrt(search.n_features_in_)
        return pd.DataFrame({"nearest": nearest, "distance": rms}, protocol.rows.index[test])

    found = pd.concat(_in_turns(one_turn, protocol.turns))
    return found.loc[protocol.rows.index[protocol.rows.index.isin(found.index)]]


def probe(
    protocol: Protocol, *, columns: Iterable[str] = ("source", "actor", "words", "emotion")
) -> pd.DataFrame:
    """Compare how often the nearest row is of the same actor, and so on, with blind chance.

    Parameters
    ----------
    protocol : Protocol
    columns : iterable of str
        Columns of ``protocol.rows``.

    Returns
    -------
    pandas.DataFrame
        One row a column: ``nearest``, the share of tested rows whose nearest learning row has the
        same value, and ``chance``, the share to be expected if one were drawn blindly.
    """
    columns = list(columns)
    found = neighbours(protocol)
    own = protocol.rows.loc[found.index, columns]
    theirs = protocol.rows.loc[found.nearest, columns].set_axis(found.index)
    chance = dict.fromkeys(columns, 0.0)
    for column in columns:
        codes = pd.factorize(protocol.rows[column])[0]
        for learn, test in protocol.turns:
            share = np.bincount(codes[learn], minlength=codes.max() + 1) / len(learn)
            chance[column] += share[codes[test]].sum() / len(found)
    return pd.DataFrame({"nearest": (own == theirs).mean(), "chance": chance})


def centre(table: pd.DataFrame, speakers: pd.Series) -> pd.DataFrame:
    """Subtract each speaker's own mean, column by column; no label is read.

    Parameters
    ----------
    table : pandas.DataFrame, shape (n_clips, n_features)
    speakers : pandas.Series, shape (n_clips,)
        Joined to the table by the clip's name.

    Returns
    -------
    pandas.DataFrame, shape (n_clips, n_features)
    """
    names = to_clips(table.index, speakers, what="speaker")
    return table - table.groupby(names).transform("mean")


def shrinkage(
    y_true: pd.Series,
    before: tuple[pd.Series, pd.Series],
    after: tuple[pd.Series, pd.Series],
    speakers: pd.Series,
    *,
    n_draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Difference:
    """Say by how much one difference in UAR is greater than another, with an interval.

    Parameters
    ----------
    y_true : pandas.Series of str, shape (n_clips,)
    before, after : tuple of two pandas.Series of str, each of shape (n_clips,)
        Predictions of two systems; the difference of the second pair is subtracted from that of
        the first. The same draw of people scores all four, as in
        :func:`ser_helpers.evaluate.difference`.
    speakers : pandas.Series, shape (n_clips,)
    n_draws : int
    seed : int
    level : float
        Coverage of the interval, between 0 and 1.

    Returns
    -------
    Difference
    """
    predictions = dict(
        zip(
            ("first_prediction", "b_prediction", "c_prediction", "d_prediction"),
            (*before, *after),
            strict=True,
        )
    )
    y_true, _, *said, speakers = join(y_true, before[0], **predictions, speaker=speakers)
    n = speakers.nunique()
    draws = np.vstack([np.ones(n, dtype=int), draw_people(n, n_draws, seed=seed)])
    a, b, c, d = (
        score_matrices(np.tensordot(draws, confusions(y_true, one, speakers), axes=1)).uar
        for one in said
    )
    return from_draws((a - b) - (c - d), n, metric="uar", level=level)


def from_noise(
    clips: pd.DataFrame,
    by_speaker: pd.Series,
    *,
    shares: Iterable[int] = (1, 6),
    columns: Iterable[int] = (100, 1000, 6373),
    n_best: int = 50,
) -> pd.DataFrame:
    """Recognise emotions from pure noise, its columns chosen too early or in time.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table.
    by_speaker : pandas.Series of int
        Folds by speaker.
    shares : iterable of int
        All clips (1), or one in so many.
    columns : iterable of int
        Columns of noise to choose from; 6,373 is the size of the feature set ComParE.
    n_best : int
        Columns that are chosen: those with the largest F over the emotions.

    Returns
    -------
    pandas.DataFrame
        Columns ``clips``, ``columns``, and the UAR of a naive Bayes classifier in per cent:
        ``before the split``, where the labels of the test have been seen, and ``in each turn``.
    """
    columns = list(columns)
    noise = np.random.default_rng(0).normal(size=(len(clips), max(columns))).astype(np.float32)
    found = []
    for share in shares:
        some = clips.sample(len(clips) // share, random_state=0)
        turns = turns_of(by_speaker[some.index])
        for n in columns:
            X = pd.DataFrame(noise[: len(some), :n], some.index)
            select = SelectKBest(k=n_best)
            early = pd.DataFrame(select.fit_transform(X, some.emotion), some.index)
            before = Protocol("before the split", early, some, turns, "passthrough")
            inside = Protocol("in each turn", X, some, turns, SelectKBest(k=n_best))
            uars = {p.name: 100 * score(p, GaussianNB()).value["uar"] for p in (before, inside)}
            found.append({"clips": len(some), "columns": n} | uars)
    return pd.DataFrame(found)


def on_people(name: str) -> Difference:
    """Return what ``benchmarks/measure_leak.py`` measured on the 24 real actors of RAVDESS.

    Parameters
    ----------
    name : str
        A difference in UAR: "trials / known voices", "known voice / SVM, C=10 / shrinks by".

    Returns
    -------
    Difference
        Its ``spread`` is NaN: it was not published.

    Raises
    ------
    DataError
        As :func:`ser_helpers.evaluate.published`.
    """
    found = evaluate.published("ravdess", f"leak / {name}")
    n = found.n_actors or 0
    return Difference(found.value, found.low, found.high, n, "uar", 0.95, float("nan"))


def shared(protocols: dict[str, Protocol]) -> pd.DataFrame:
    """Count, in the first turn of each protocol, what stands on both sides.

    Parameters
    ----------
    protocols : dict of Protocol

    Returns
    -------
    pandas.DataFrame of int
        One row a protocol: ``turns``, ``learn`` and ``test`` (rows), and how many ``actors``,
        ``sentences`` and ``recordings`` are on both sides.
    """
    counted = {}
    for name, protocol in protocols.items():
        learn, test = (protocol.rows.iloc[places] for places in protocol.turns[0])
        counted[name] = {"turns": len(protocol.turns), "learn": len(learn), "test": len(test)}
        for column, what in (("actor", "actors"), ("words", "sentences"), ("source", "recordings")):
            counted[name][what] = len(set(learn[column]) & set(test[column]))
    return pd.DataFrame(counted).T


def _check(
    table: pd.DataFrame, clips: pd.DataFrame, copied: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Return what the rows are: of the clips, of clips and copies; and the features of the two."""
    if not (table.index.equals(clips.index) and copied.index.equals(clips.index)):
        raise DataError(
            "features, clips and copies must have the same rows in the same order: take "
            "clips.loc[table.index], and make the copies of those clips"
        )
    refuse_duplicates(clips.index, what="clips")
    rows = clips.assign(source=clips.index, words=_words(clips))
    twins = rows.set_axis(clips.index + " (copy)")
    both = pd.concat([table, copied.set_axis(twins.index)])
    return rows, pd.concat([rows, twins]), both


def _words(clips: pd.DataFrame) -> pd.Series:
    """Say each sentence's words; of a sentence that the course does not know, its code."""
    return clips.sentence.map(lambda code: SENTENCES.get(code, code)).rename("words")


def _in_turns(work: Callable, turns: tuple[Turn, ...]) -> list:
    threads = joblib.Parallel(n_jobs=THREADS, prefer="threads")
    return threads(joblib.delayed(work)(learn, test) for learn, test in turns)


@clipwise.or_reason
def _describe_noisy(path: Path, snr_db: float, settings: AudioSettings) -> np.ndarray:
    """Describe a noisy copy of one clip; its noise depends on the clip's bytes alone."""
    y = load_clip(path, sr=settings.sr)
    seed = int(clipwise.hash_file(path)[:8], 16)
    return features.describe(noisy(y, snr_db=snr_db, seed=seed), settings)
