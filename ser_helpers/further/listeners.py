"""What people heard: the votes of CREMA-D's listeners, on voice, face and both.

The votes themselves come with CREMA-D (:func:`open_votes`). What is printed here are sums, counted
by us from its ``processedResults/tabulatedVotes.csv`` (7,442 clips; CREMA-D, ODbL 1.0; Cao et al.
2014, doi:10.1109/TAFFC.2014.2336244) with ``benchmarks/measure_listeners.py``.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from ser_helpers import data, evaluate, train
from ser_helpers.align import refuse_duplicates, to_clips
from ser_helpers.checksums import TABLES
from ser_helpers.data import Corpus
from ser_helpers.errors import DataError
from ser_helpers.files import find_table, is_table
from ser_helpers.names import CHANNELS, EMOTIONS
from ser_helpers.paired import Difference
from ser_helpers.published import tree_of
from ser_helpers.recognise import recognise
from ser_helpers.split import parts_of_fold
from ser_helpers.votes import check_channel

_VOTE_COLUMNS = {emotion[0]: emotion for emotion in EMOTIONS} | {"fileName": "clip"}
#: How many of a clip's listeners heard what was intended: the classes of :func:`spread`.
HEARD_BY = ("nobody", "under 1/4", "1/4 to 1/2", "1/2 to 3/4", "3/4 or more", "everybody")
#: Clips by channel (rows: intended emotion; columns: HEARD_BY).
CLIPS = {
    "voice": (
        (91, 204, 238, 345, 306, 87),
        (204, 435, 355, 230, 45, 2),
        (265, 364, 275, 217, 127, 23),
        (301, 369, 301, 192, 91, 17),
        (5, 7, 67, 337, 532, 139),
        (233, 497, 354, 159, 22, 6),
    ),
    "face": (
        (103, 155, 232, 310, 323, 148),
        (77, 197, 241, 344, 320, 92),
        (143, 258, 288, 335, 206, 41),
        (9, 23, 29, 103, 566, 541),
        (1, 29, 110, 378, 475, 94),
        (222, 383, 303, 256, 92, 15),
    ),
    "both": (
        (29, 127, 179, 340, 422, 174),
        (44, 123, 216, 402, 366, 120),
        (67, 184, 231, 330, 336, 123),
        (10, 18, 45, 146, 584, 468),
        (0, 7, 58, 285, 564, 173),
        (174, 401, 326, 259, 93, 18),
    ),
}
#: Chance that two listeners of the same clip agree, a mean over the clips of each emotion.
AGREEMENT = {
    "voice": (0.492, 0.373, 0.437, 0.448, 0.621, 0.444),
    "face": (0.533, 0.513, 0.446, 0.810, 0.571, 0.449),
    "both": (0.580, 0.524, 0.528, 0.782, 0.656, 0.452),
}
#: Fleiss' kappa over all clips.
KAPPA = {"voice": 0.278, "face": 0.456, "both": 0.494}
#: Six single clips' votes on the voice alone, as they stand in the published table.
EXAMPLES = {
    "1004_IEO_ANG_HI": (10, 0, 0, 0, 0, 0),
    "1072_ITH_DIS_XX": (1, 1, 1, 1, 2, 1),
    "1024_ITH_FEA_XX": (0, 0, 4, 0, 4, 0),
    "1014_WSI_HAP_XX": (10, 0, 0, 0, 0, 0),
    "1001_IEO_NEU_XX": (0, 0, 0, 1, 10, 0),
    "1034_IOM_SAD_XX": (0, 0, 0, 0, 11, 0),
}


def votes(source: str | Path | None = None) -> pd.DataFrame:
    """Count what CREMA-D's listeners voted: one row per clip.

    Parameters
    ----------
    source : str or Path, optional
        Where CREMA-D is, as in :func:`open_corpus`.

    Returns
    -------
    pandas.DataFrame of int, shape (7442, 18)
        Index ``clip``; columns in two levels, so that ``votes().voice`` has one column an
        emotion: ``voice``, ``face`` and ``both`` tell what the voters had before them.

    Raises
    ------
    DataError
        If the table is not there, or is not the published one.

    Examples
    --------
    >>> heard = votes().voice  # doctest: +SKIP
    >>> heard.groupby(corpus.clips.emotion).sum()  # doctest: +SKIP
    """
    path = _cremad_table("processedResults/tabulatedVotes.csv", source)
    table = pd.read_csv(path, index_col=0).rename(columns=_VOTE_COLUMNS)
    channel = table.index // 100_000
    return pd.concat(
        {
            name: table[channel == digit].set_index("clip")[list(EMOTIONS)].sort_index()
            for digit, name in CHANNELS.items()
        },
        axis=1,
    )


def actors(source: str | Path | None = None) -> pd.DataFrame:
    """Read CREMA-D's table of actors.

    Parameters
    ----------
    source : str or Path, optional
        Where CREMA-D is, as in :func:`open_corpus`.

    Returns
    -------
    pandas.DataFrame, shape (91, 4)
        Index ``actor``; columns ``age`` (years), ``sex``, ``race``, ``ethnicity``, as published.

    Raises
    ------
    DataError
        If the table is not there, or is not the published one.
    """
    table = pd.read_csv(_cremad_table("VideoDemographics.csv", source))
    return table.rename(columns=str.lower).set_index("actorid").rename_axis("actor")


def _cremad_table(name: str, source: str | Path | None) -> Path:
    """Find one of CREMA-D's tables, and make sure that it is the published one."""
    folder = data.folder_of(source)
    get_it = "get it by `python -m ser_helpers.download cremad`"
    path = find_table(name, folder)
    if path is None:
        raise DataError(f"{Path(name).name} comes with CREMA-D and is not in {folder}: {get_it}")
    if not is_table(path, TABLES[name]):
        raise DataError(f"{path} is not the table that CREMA-D published (SHA-256): {get_it}")
    return path


def open_votes(corpus: Corpus) -> pd.DataFrame | None:
    """Open the votes on the clips of a corpus, if there are any.

    Parameters
    ----------
    corpus : Corpus

    Returns
    -------
    pandas.DataFrame of int or None
        Rows of :func:`votes`, in the order of ``corpus.clips``, without the
        clips that nobody voted on. None if it is not CREMA-D, or comes without its table of votes.

    Raises
    ------
    DataError
        If there is a table, but not the published one.
    """
    identity = recognise(corpus.clips)
    if identity.corpus != "cremad":
        return None
    if find_table("processedResults/tabulatedVotes.csv", corpus.folder) is None:
        return None
    table = votes(corpus.folder)
    clips = corpus.clips.index[identity.known]
    heard = table.loc[clips[clips.isin(table.index)]]
    return None if heard.empty else heard


def examples() -> pd.DataFrame:
    """Return the votes of six real clips on the voice alone.

    Returns
    -------
    pandas.DataFrame of int, shape (6, 6)
        Index ``clip``, columns the emotions voted for.
    """
    return pd.DataFrame.from_dict(EXAMPLES, orient="index", columns=EMOTIONS).rename_axis("clip")


def shares(counts: pd.DataFrame) -> pd.DataFrame:
    """Divide each row of votes by its sum: the soft labels of :func:`ser_helpers.train.fit`.

    Parameters
    ----------
    counts : pandas.DataFrame of int, shape (n_clips, n_emotions)
        Votes.

    Returns
    -------
    pandas.DataFrame of float, shape (n_clips, n_emotions)

    Raises
    ------
    DataError
        If a row has no votes, or a count is negative or missing.
    """
    values = counts.to_numpy(dtype=float)
    bad = ~((values >= 0).all(axis=1) & (values.sum(axis=1) > 0))
    if bad.any():
        raise DataError(
            f"{bad.sum()} rows are no votes, first {counts.index[bad][0]}: counts from 0 upwards "
            "are needed, one of them above 0 at least"
        )
    return counts.div(counts.sum(axis=1), axis=0)


def agreement(counts: pd.DataFrame) -> pd.Series:
    """Compute the chance that two different listeners of a clip voted for the same.

    Parameters
    ----------
    counts : pandas.DataFrame of int, shape (n_clips, n_emotions)
        Votes.

    Returns
    -------
    pandas.Series of float, shape (n_clips,)
        From 0 to 1; NaN where there was one listener only.
    """
    shares(counts)  # refuses what are no votes
    n = counts.sum(axis=1)
    pairs = (n * (n - 1)).where(n > 1)
    return ((counts * (counts - 1)).sum(axis=1) / pairs).rename("agreement")


def entropy(counts: pd.DataFrame) -> pd.Series:
    """Compute how spread the votes on each clip are (Shannon 1948).

    Parameters
    ----------
    counts : pandas.DataFrame of int, shape (n_clips, n_emotions)
        Votes.

    Returns
    -------
    pandas.Series of float, shape (n_clips,)
        In bits: 0 if all votes are equal, log2(6) = 2.58 if six emotions have the same share.
    """
    p = shares(counts)
    return (0 - (p * np.log2(p.where(p > 0, 1))).sum(axis=1)).rename("entropy")


def fleiss_kappa(counts: pd.DataFrame) -> float:
    """Compute Fleiss' kappa: agreement beyond what lucky guessers would reach.

    Parameters
    ----------
    counts : pandas.DataFrame of int, shape (n_clips, n_emotions)
        Votes; clips with a single vote are left out. Fleiss (1971, doi:10.1037/h0031619) has the
        same number of votes on each clip; where it varies, clips count alike in the agreement
        that is observed, and votes in that by luck.

    Returns
    -------
    float
        1: always agreed; 0: as often as by luck; NaN if all votes are for one emotion.
    """
    several = counts[counts.sum(axis=1) > 1]
    observed = agreement(several).mean()
    by_luck = float((several.sum() / several.to_numpy().sum()).pow(2).sum())
    return (observed - by_luck) / (1 - by_luck) if by_luck < 1 else float("nan")


def as_meant(counts: pd.DataFrame, intended: pd.Series) -> pd.Series:
    """Compute the share of each clip's votes that went to the intended emotion.

    Parameters
    ----------
    counts : pandas.DataFrame of int, shape (n_clips, 6)
        Votes.
    intended : pandas.Series of str
        Emotion of each clip; matched by the clip's name.

    Returns
    -------
    pandas.Series of float, shape (n_clips,)
    """
    intended = to_clips(counts.index, intended, what="emotion")
    place = counts.columns.get_indexer(intended)
    share = shares(counts).to_numpy()[np.arange(len(counts)), place]
    return pd.Series(np.where(place < 0, 0.0, share), index=counts.index, name="as meant")


def favourite(counts: pd.DataFrame) -> pd.DataFrame:
    """Find the crowd's answer to each clip; a tie is shared.

    Parameters
    ----------
    counts : pandas.DataFrame of int, shape (n_clips, n_emotions)
        Votes.

    Returns
    -------
    pandas.DataFrame of float, shape (n_clips, n_emotions)
        1 for the emotion with most votes; 1/2 each for two that tie, and so on.
    """
    shares(counts)
    return shares(counts.eq(counts.max(axis=1), axis=0).astype(int))


def spread(counts: pd.DataFrame, intended: pd.Series) -> pd.DataFrame:
    """Count the clips of each emotion by how many of their listeners heard what was intended.

    Parameters
    ----------
    counts : pandas.DataFrame of int, shape (n_clips, 6)
        Votes.
    intended : pandas.Series of str
        Emotion of each clip.

    Returns
    -------
    pandas.DataFrame of int, shape (6, 6)
        Rows: intended emotion; columns: ``HEARD_BY``.
    """
    # Between nobody (0) and everybody (1), a class holds its lower end.
    edges = [-np.inf, 1e-9, 0.25, 0.5, 0.75, 1 - 1e-9, np.inf]
    group = pd.cut(as_meant(counts, intended), edges, right=False, labels=list(HEARD_BY))
    intended = to_clips(counts.index, intended, what="emotion")
    table = pd.crosstab(intended, group, dropna=False)
    table = table.reindex(index=EMOTIONS, columns=HEARD_BY, fill_value=0)
    return _by_emotion(table.to_numpy(), columns=pd.Index(HEARD_BY, name="heard by"))


def published_spread(channel: str = "voice") -> pd.DataFrame:
    """Return the published :func:`spread` of all 7,442 clips on one channel."""
    check_channel(channel)
    return _by_emotion(CLIPS[channel], columns=pd.Index(HEARD_BY, name="heard by"))


def published_agreement() -> pd.DataFrame:
    """Return the published mean :func:`agreement` (rows: channel, columns: intended emotion)."""
    return pd.DataFrame.from_dict(AGREEMENT, orient="index", columns=EMOTIONS)


def beside(counts: pd.DataFrame, intended: pd.Series, probabilities: pd.DataFrame) -> pd.DataFrame:
    """Put a network's answer and the crowd's beside each other, clip by clip.

    Parameters
    ----------
    counts : pandas.DataFrame of int, shape (n_clips, 6)
        Votes.
    intended : pandas.Series of str
        Emotion of each clip.
    probabilities : pandas.DataFrame of float, shape (n_clips, n_classes)
        The network's. All three are matched by name: a row for each clip that is in all.

    Returns
    -------
    pandas.DataFrame
        Index ``clip``; columns ``intended``, ``network`` and ``crowd`` (answers; a tied crowd as
        "FEA/NEU"), ``network right`` (bool), ``crowd right`` (1 over the number of ties),
        ``with network`` (share of the votes equal to its answer), ``as meant``, ``agreement``,
        ``entropy``, and ``network's entropy`` (bits).

    Raises
    ------
    DataError
        If they have no clip in common.
    """
    for given, what in ((counts, "votes"), (intended, "emotions"), (probabilities, "answers")):
        refuse_duplicates(given.index, what=what)
    both = probabilities.index.intersection(counts.index).intersection(intended.index)
    if both.empty:
        raise DataError("votes, emotions and probabilities have no clip in common")
    counts, intended, probabilities = counts.loc[both], intended[both], probabilities.loc[both]
    answer = probabilities.idxmax(axis=1)
    first = favourite(counts)
    crowd = ["/".join(first.columns[row > 0]) for row in first.to_numpy()]
    return pd.DataFrame(
        {
            "intended": intended,
            "network": answer,
            "crowd": crowd,
            "network right": answer == intended,
            "crowd right": as_meant(first, intended),
            "with network": as_meant(counts, answer),
            "as meant": as_meant(counts, intended),
            "agreement": agreement(counts),
            "entropy": entropy(counts),
            "network's entropy": entropy(probabilities),
        }
    )


def unseen(
    table: pd.DataFrame, labels: pd.Series, folds: pd.Series, *, targets: pd.DataFrame
) -> pd.DataFrame:
    """Train on soft labels, once per fold, so that each clip is heard by a network it is new to.

    As :func:`ser_helpers.train.cross_validate` does on hard ones; without label smoothing, since
    the targets are soft enough.

    Parameters
    ----------
    table, labels, folds
        As there.
    targets : pandas.DataFrame of float, shape (n_clips, n_classes)
        Shares, as in :func:`ser_helpers.train.fit`.

    Returns
    -------
    pandas.DataFrame of float32, shape (n_clips, n_classes)
        Probabilities.
    """
    settings = train.TrainSettings(label_smoothing=0)
    heard = []
    for fold in sorted(folds.unique()):
        parts = parts_of_fold(folds, fold)
        fitted = train.fit(table, labels, parts, settings=settings, progress=False, targets=targets)
        heard.append(fitted.probabilities[fitted.parts == "test"])
    return pd.concat(heard).loc[table.index]


def a_vote_is_the_same(answers: pd.Series, shares: pd.DataFrame) -> float:
    """Compute how often a vote would be the same as an answer: the mean share of its votes.

    Parameters
    ----------
    answers : pandas.Series of str, shape (n_clips,)
    shares : pandas.DataFrame of float, shape (n_clips, n_emotions)
        Of each clip's votes, or of the votes on its emotion.

    Returns
    -------
    float
        0 to 1.
    """
    place = shares.columns.get_indexer(answers)
    return float(shares.loc[answers.index].to_numpy()[np.arange(len(answers)), place].mean())


def measured(corpus: str = "ravdess") -> dict:
    """Read what ``benchmarks/measure_listeners.py`` measured with a network beside the votes.

    Parameters
    ----------
    corpus : {"demo", "ravdess"}

    Returns
    -------
    dict
        As in ``results/listeners_<corpus>.json``.
    """
    return tree_of("listeners", corpus)


def on_people(name: str) -> Difference:
    """Return how an answer differs in UAR from that of hard labels, on RAVDESS's real actors.

    Parameters
    ----------
    name : str
        As under ``minus hard labels`` of :func:`measured`.

    Returns
    -------
    Difference
        Its ``spread`` is NaN: it was not published.
    """
    told = measured("ravdess")
    interval = told["minus hard labels"][name]
    return Difference(
        **interval, n_speakers=told["n_actors"], metric="uar", level=0.95, spread=float("nan")
    )


def clip_by_clip(
    heard: pd.DataFrame | None,
    table: pd.DataFrame,
    clips: pd.DataFrame,
    folds: pd.Series,
    network: pd.DataFrame,
) -> str:
    """Compare a network with people where they heard the same clips, and teach it their votes.

    Parameters
    ----------
    heard : pandas.DataFrame or None
        Of :func:`open_votes`.
    table, clips, folds
        Features, clips table and folds by speaker, as in :func:`unseen`.
    network : pandas.DataFrame of float, shape (n_clips, n_classes)
        Probabilities of a network that was trained on hard labels, by the same folds.

    Returns
    -------
    str
        Two tables to print: by how far listeners agree, and hard labels beside each clip's own
        votes; or, without votes, one line that says where they are.
    """
    if heard is None:
        return "no votes on these clips are here; CREMA-D's come with `ser_helpers.download cremad`"
    counts = heard.voice.loc[heard.index.intersection(table.index)]
    pairs = beside(counts, clips.emotion, network)
    labels = ["least", "2", "3", "most"]
    quarter = pd.qcut(pairs.agreement.rank(method="first"), 4, labels=labels)
    columns = ["agreement", "as meant", "crowd right", "network right", "with network"]
    by_quarter = pairs[columns].groupby(quarter.rename("listeners agree"), observed=True).mean()
    undecided = pairs[["entropy", "network's entropy"]].corr(method="spearman").iloc[0, 1]
    own = shares(counts[list(network.columns)][counts[list(network.columns)].sum(axis=1) > 0])
    inside = own.index
    soft = unseen(table.loc[inside], clips.emotion, folds[inside], targets=own)
    answers, truth, actors = {}, clips.emotion[inside], clips.actor[inside]
    for name, probabilities in (("hard labels", network), ("each clip's votes", soft)):
        said = probabilities.loc[inside].idxmax(axis=1)
        log_p = np.log(probabilities.loc[inside, own.columns].clip(lower=1e-12))
        answers[name] = {
            "UAR, intended (%)": 100 * evaluate.scores(truth, said)["uar"],
            "a vote is the same (%)": 100 * a_vote_is_the_same(said, own),
            "loss against votes (nats)": float(-(own * log_p).sum(axis=1).mean()),
        }
    by_votes, by_labels = (p.loc[inside].idxmax(axis=1) for p in (soft, network))
    better = evaluate.difference(truth, by_votes, by_labels, actors)
    return "\n".join(
        [
            (100 * by_quarter).round(0).to_string(),
            f"rank correlation of how undecided people and network are: {undecided:+.2f}",
            "",
            pd.DataFrame(answers).T.round(2).to_string(),
            f"votes minus hard labels: {better}",
        ]
    )


def _by_emotion(values: object, *, columns: pd.Index) -> pd.DataFrame:
    return pd.DataFrame(values, index=pd.Index(EMOTIONS, name="intended"), columns=columns)
