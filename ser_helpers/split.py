"""Step 3: who trains, who validates, who tests; by speaker, so that nobody is on two sides."""

from importlib import resources

import numpy as np
import pandas as pd

from ser_helpers.align import to_clips
from ser_helpers.errors import DataError
from ser_helpers.recognise import recognise

PARTS = ("train", "validation", "test")
#: Splits that never change, so that results can be compared: ``splits/<name>.csv``.
FROZEN = {"cremad": "cremad-v1", "demo": "demo-v2"}


def by_rows(
    clips: pd.DataFrame,
    *,
    test_size: float = 0.2,
    validation_size: float = 0.1,
    seed: int = 42,
) -> pd.Series:
    """Split the rows at random, as most tutorials do. It leaks: shown to be avoided.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the column ``emotion``; rows are stratified by it.
    test_size, validation_size : float
        Shares of all rows, between 0 and 1.
    seed : int

    Returns
    -------
    pandas.Series of str, shape (n_clips,)
        "train", "validation" or "test", indexed like ``clips``; its name is the protocol.

    Raises
    ------
    DataError
        If there are too few clips to have each emotion in each part.
    """
    from sklearn.model_selection import train_test_split  # when needed: loading it takes 0.7 s

    _check_sizes(test_size, validation_size)
    try:
        # As a NumPy array: scikit-learn cannot index the strings that pandas keeps in pyarrow.
        rest, test = train_test_split(
            clips.index.to_numpy(), test_size=test_size, random_state=seed, stratify=clips.emotion
        )
        _, validation = train_test_split(
            rest,
            test_size=validation_size / (1 - test_size),
            random_state=seed,
            stratify=clips.emotion[rest],
        )
    except ValueError as error:
        rarest = clips.emotion.value_counts().tail(1)
        raise DataError(
            f"{len(clips)} clips, {rarest.iloc[0]} of them {rarest.index[0]}, are too few to have "
            f"each emotion in each part ({error})"
        ) from None
    parts = pd.Series("train", index=clips.index, name=f"random rows, seed {seed}")
    parts[test] = "test"
    parts[validation] = "validation"
    return parts


def by_speaker(
    clips: pd.DataFrame,
    *,
    test_size: float | None = None,
    validation_size: float | None = None,
    seed: int | None = None,
    frozen: bool = True,
) -> pd.Series:
    """Split the speakers, so that no speaker of the test part was heard in training.

    The demo voices and CREMA-D have a frozen split (``demo-v2``, ``cremad-v1``), so that results
    can be compared; they are recognised by their clips. For any other corpus, or if sizes or a
    seed are asked for, the speakers are drawn, stratified by sex where it is known.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the columns ``actor``, ``sex`` and ``duration``.
    test_size, validation_size : float, optional
        Shares of all speakers, between 0 and 1; each part gets at least one speaker. Left out,
        0.2 and 0.1.
    seed : int, optional
        Left out, 42.
    frozen : bool
        Use the corpus's frozen split where there is one.

    Returns
    -------
    pandas.Series of str, shape (n_clips,)
        "train", "validation" or "test", indexed like ``clips``; its name is the protocol. It says
        so if only a part of the corpus is here.

    Raises
    ------
    DataError
        With fewer than three speakers, who cannot fill three parts.
    """
    if frozen and test_size is None and validation_size is None and seed is None:
        parts = _frozen(clips)
        if parts is not None:
            return parts
    test_size = 0.2 if test_size is None else test_size
    validation_size = 0.1 if validation_size is None else validation_size
    seed = 42 if seed is None else seed
    _check_sizes(test_size, validation_size)
    sexes = _sexes(clips)
    n = len(sexes)
    if n < 3:
        raise DataError(
            f"{n} speaker(s) cannot be split into train, validation and test: three different "
            "people are needed at least; record more speakers, or train on another corpus"
        )
    # At least one speaker remains for each other part.
    n_test = min(max(1, round(test_size * n)), n - 2)
    n_validation = min(max(1, int(np.ceil(validation_size * n))), n - n_test - 1)
    rest, test = _draw(sexes, n_test, seed=seed)
    _, validation = _draw(sexes[rest], n_validation, seed=seed)
    part_of = pd.Series("train", index=sexes.index)
    part_of[test] = "test"
    part_of[validation] = "validation"
    return clips.actor.map(part_of).rename(f"by speaker, seed {seed}")


def development(clips: pd.DataFrame, parts: pd.Series | None = None) -> pd.DataFrame:
    """Return the clips of the development speakers; the test speakers stay in the envelope.

    What is tried, compared or chosen is measured on these clips, by :func:`folds_by_speaker`.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the column ``actor``.
    parts : pandas.Series of str, optional
        Part of each clip, joined by its name. Left out, those of :func:`by_speaker`.

    Returns
    -------
    pandas.DataFrame
        The rows of the train and validation parts, in their order.

    Raises
    ------
    DataError
        If a part is unknown, or nothing is left, or a speaker is in the test part as well.

    Examples
    --------
    >>> people = {"actor": [1, 2, 3, 4], "sex": "unknown", "duration": 2.0}
    >>> clips = pd.DataFrame(people, index=["a", "b", "c", "d"])
    >>> parts = pd.Series(["test", "train", "train", "validation"], index=clips.index)
    >>> development(clips, parts).actor.tolist()
    [2, 3, 4]
    """
    parts = by_speaker(clips) if parts is None else to_clips(clips.index, parts, what="part")
    if foreign := sorted(set(parts) - set(PARTS), key=str):
        raise DataError(f"unknown part(s) {foreign}: known are {', '.join(PARTS)}")
    rest, sealed = clips[(parts != "test").to_numpy()], clips[(parts == "test").to_numpy()]
    if rest.empty:
        raise DataError("all clips are in the test part: there is no development speaker")
    if both := sorted(set(rest.actor) & set(sealed.actor)):
        raise DataError(
            f"{len(both)} speakers are in the test part and outside it, first {both[0]}: split by "
            "speaker, so that nobody is on two sides"
        )
    return rest


def folds_by_speaker(clips: pd.DataFrame, n_folds: int = 6, *, seed: int = 42) -> pd.Series:
    """Deal the speakers into folds like cards, women and men evenly.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the columns ``actor`` and ``sex``.
    n_folds : int
        At least 3: one for the test, one for validation, one to train on.
    seed : int

    Returns
    -------
    pandas.Series of int, shape (n_clips,)
        Number of the fold, from 0, indexed like ``clips``.

    Raises
    ------
    DataError
        If there are fewer speakers than folds, or fewer than three folds.
    """
    sexes = _sexes(clips)
    if not 3 <= n_folds <= len(sexes):
        raise DataError(
            f"{n_folds} folds by speaker cannot be made: from 3 to {len(sexes)} (the number of "
            "speakers) are possible"
        )
    shuffled = sexes.sample(frac=1, random_state=seed).sort_values(kind="stable")
    fold_of = pd.Series(np.arange(len(shuffled)) % n_folds, index=shuffled.index)
    return clips.actor.map(fold_of).rename(f"{n_folds} folds by speaker, seed {seed}")


def folds_by_rows(clips: pd.DataFrame, n_folds: int = 6, *, seed: int = 42) -> pd.Series:
    """Deal the rows into folds at random, stratified by emotion. It leaks: see :func:`by_rows`.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the column ``emotion``.
    n_folds : int
        At least 3.
    seed : int

    Returns
    -------
    pandas.Series of int, shape (n_clips,)
        Number of the fold, from 0, indexed like ``clips``.

    Raises
    ------
    DataError
        If an emotion has fewer clips than there are folds, or there are fewer than three folds.
    """
    from sklearn.model_selection import StratifiedKFold

    rarest = clips.emotion.value_counts().min()
    if not 3 <= n_folds <= rarest:
        raise DataError(
            f"{n_folds} folds cannot be made: from 3 to {rarest} (the clips of the rarest emotion) "
            "are possible"
        )
    fold = pd.Series(0, index=clips.index, name=f"{n_folds} folds of random rows, seed {seed}")
    dealer = StratifiedKFold(n_splits=n_folds, shuffle=True, random_state=seed)
    for number, (_, rows) in enumerate(dealer.split(clips, clips.emotion)):
        fold.iloc[rows] = number
    return fold


def parts_of_fold(folds: pd.Series, fold: int) -> pd.Series:
    """Turn folds into parts: this fold tests, the next one validates, the others train.

    Parameters
    ----------
    folds : pandas.Series of int
        As made by :func:`folds_by_speaker`.
    fold : int
        Which fold tests.

    Returns
    -------
    pandas.Series of str

    Raises
    ------
    ValueError
        If there is no such fold.
    """
    n_folds = folds.max() + 1
    if not 0 <= fold < n_folds:
        raise ValueError(f"there is no fold {fold}: they are numbered from 0 to {n_folds - 1}")
    parts = pd.Series("train", index=folds.index, name=f"fold {fold + 1} of {n_folds}")
    parts[folds == fold] = "test"
    parts[folds == (fold + 1) % n_folds] = "validation"
    return parts


def shared_speakers(clips: pd.DataFrame, parts: pd.Series) -> pd.Series:
    """Count, for each pair of parts, the speakers who stand on both sides.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the column ``actor``.
    parts : pandas.Series of str
        Part of each clip, indexed like ``clips``.

    Returns
    -------
    pandas.Series of int
        Indexed ``"train & test"`` and so on; all 0 in a speaker-independent split.
    """
    speakers = {part: set(clips.actor[parts == part]) for part in PARTS}
    pairs = [("train", "validation"), ("train", "test"), ("validation", "test")]
    return pd.Series(
        {f"{a} & {b}": len(speakers[a] & speakers[b]) for a, b in pairs}, name="shared speakers"
    )


def load_frozen(name: str) -> pd.Series:
    """Load a frozen split: part of each actor.

    Parameters
    ----------
    name : {"cremad-v1", "demo-v2"}

    Returns
    -------
    pandas.Series of str
        Indexed by actor.
    """
    if name not in FROZEN.values():
        raise ValueError(
            f"there is no frozen split {name!r}; choose from {', '.join(FROZEN.values())}"
        )
    file = resources.files("ser_helpers") / "splits" / f"{name}.csv"
    with file.open(encoding="utf-8") as lines:
        return pd.read_csv(lines, index_col="actor").part


def _frozen(clips: pd.DataFrame) -> pd.Series | None:
    """Return the frozen split of the corpus, or None if there is none for all of these actors."""
    identity = recognise(clips)
    name = FROZEN.get(identity.corpus)
    if name is None or not identity.pure:
        return None
    parts = clips.actor.map(load_frozen(name))
    if set(parts) != set(PARTS):  # so small a part that one of the three would be empty
        return None
    if identity.part:
        name += f", {identity.part}"
        n_test = clips.actor[parts == "test"].nunique()
        name += f", {n_test} of them test" if identity.part.endswith("actors") else ""
    if identity.odd:
        name += f", {len(identity.odd):,} clips not as published"
    return parts.rename(name)


def _sexes(clips: pd.DataFrame) -> pd.Series:
    """Return the sex of each actor, sorted by actor."""
    return clips.drop_duplicates("actor").set_index("actor").sex.sort_index()


def _check_sizes(test_size: float, validation_size: float) -> None:
    if min(test_size, validation_size) <= 0 or test_size + validation_size >= 1:
        raise ValueError(
            f"test_size={test_size} and validation_size={validation_size} must be shares above 0 "
            "that leave something to train on, for instance 0.2 and 0.1"
        )


def _draw(sexes: pd.Series, size: int, *, seed: int) -> list:
    """Draw speakers, stratified by sex where each side can have one of each."""
    from sklearn.model_selection import train_test_split

    counts = sexes.value_counts()
    enough = counts.min() >= 2 and min(size, len(sexes) - size) >= len(counts)
    return train_test_split(
        sexes.index, test_size=size, random_state=seed, stratify=sexes if enough else None
    )
