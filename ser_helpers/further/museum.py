"""The museum of broken programs: ``museum.check("copies", copies)`` measures a repair.

Each piece is a short program with an error that is found in public code on speech emotions. A
program is a function; it is run on the demo voices of the development speakers, and one number of
what it does is measured, such as the UAR of the answers. The broken program gives one number, a
repaired one another, and both are stated here. A test repeats all of them.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import torch
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.neighbors import KNeighborsClassifier
from torch import nn

from ser_helpers import data, features, split
from ser_helpers.errors import DataError
from ser_helpers.exercises import Verdict
from ser_helpers.learning import one_thread
from ser_helpers.model import EmotionNet

Program = Callable[..., Any]
FEW = 16  # speakers whose sounds are read, where a program begins with sound


@dataclass(frozen=True)
class Material:
    """What the programs are run on: clips of development speakers, of the demo voices.

    Attributes
    ----------
    clips : pandas.DataFrame
        As :func:`ser_helpers.data.open_corpus` gives them.
    table : pandas.DataFrame, shape (n_clips, 271)
        Their features, as they were extracted.
    x : numpy.ndarray, shape (n_clips, 271)
        The same, each column standardised over all clips.
    emotion, actor : numpy.ndarray, shape (n_clips,)
    """

    clips: pd.DataFrame
    table: pd.DataFrame
    x: np.ndarray
    emotion: np.ndarray
    actor: np.ndarray


@dataclass(frozen=True)
class Piece:
    """One broken program: what is measured, and which numbers are right.

    Attributes
    ----------
    measure : callable
        Runs a program and returns the number.
    what : str
        What the number is.
    low, high : float
        Between these a repaired program's number lies.
    hint : str
        What to think about.
    percent : bool
        Whether the number is a share, to be shown in per cent.
    """

    measure: Callable[[Program], float]
    what: str
    low: float
    high: float
    hint: str
    percent: bool = True

    @property
    def wanted(self) -> str:
        """The numbers that a repaired program may give, in words."""
        low, high = self.show(self.low), self.show(self.high)
        return low if low == high else f"{low} to {high}"

    def show(self, number: float) -> str:
        """Write a number of this kind."""
        return f"{number:.1%}" if self.percent else f"{number:.3g}"


@cache
def material() -> Material:
    """Open the demo voices and describe the clips of the development speakers.

    Returns
    -------
    Material
    """
    clips = split.development(data.open_corpus("demo").clips)
    table = features.extract(clips, progress=False)
    x = ((table - table.mean()) / table.std()).to_numpy(dtype=float)
    return Material(clips, table, x, clips.emotion.to_numpy(), clips.actor.to_numpy())


def measure(name: str, program: Program) -> float:
    """Run a program and measure what it does.

    Parameters
    ----------
    name : str
        The piece, e.g. "copies".
    program : callable

    Returns
    -------
    float

    Raises
    ------
    DataError
        If there is no such piece.
    """
    return _find(name).measure(program)


def show(name: str, program: Program) -> str:
    """Run a program and say in one line what was measured.

    Parameters
    ----------
    name : str
    program : callable

    Returns
    -------
    str

    Raises
    ------
    DataError
        If there is no such piece.
    """
    piece = _find(name)
    return f"{piece.what}: {piece.show(piece.measure(program))}"


def check(name: str, program: Program) -> Verdict:
    """Check a repair: the number that is measured has to change as it is stated.

    Parameters
    ----------
    name : str
        The piece, e.g. "copies".
    program : callable
        The repaired program.

    Returns
    -------
    ser_helpers.exercises.Verdict

    Raises
    ------
    DataError
        If there is no such piece.
    """
    piece = _find(name)
    try:
        number = piece.measure(program)
    except NotImplementedError:
        return Verdict(name, "not written", "Copy the program here, repair it, and run this cell.")
    except Exception as error:  # whatever a learner's code does
        return Verdict(name, "wrong", f"It stops with {type(error).__name__}: {error}", piece.hint)
    told = f"{piece.what[0].upper()}{piece.what[1:]}: {piece.show(number)}"
    if piece.low <= number <= piece.high:
        return Verdict(name, "right", f"{told}.")
    return Verdict(name, "wrong", f"{told}. Repaired, it is {piece.wanted}.", piece.hint)


def _find(name: str) -> Piece:
    if name not in PIECES:
        raise DataError(f"there is no piece {name!r}: choose from {', '.join(PIECES)}")
    return PIECES[name]


def uar(true: Any, said: Any) -> float:
    """Compute the mean recall over the emotions that truly occur.

    Parameters
    ----------
    true, said : array_like of str

    Returns
    -------
    float
    """
    true, said = np.asarray(true), np.asarray(said)
    return float(np.mean([np.mean(said[true == emotion] == emotion) for emotion in set(true)]))


def _by_speaker(rows: np.ndarray, emotion: np.ndarray, actor: np.ndarray) -> float:
    """Score rows by a linear classifier, on speakers whom it has not heard."""
    rows = np.nan_to_num((rows - rows.mean(axis=0)) / np.maximum(rows.std(axis=0), 1e-9))
    said = np.empty(len(rows), dtype=object)
    for part in np.array_split(np.unique(actor), 4):
        test = np.isin(actor, part)
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        said[test] = model.fit(rows[~test], emotion[~test]).predict(rows[test])
    return uar(emotion, said)


@cache
def _few() -> pd.DataFrame:
    """Take some speakers, three clips of each emotion."""
    clips = material().clips
    clips = clips[clips.actor.isin(clips.actor.unique()[:FEW])]
    return clips.groupby(["actor", "emotion"], sort=False).head(3)


@cache
def _sounds() -> tuple[np.ndarray, ...]:
    return tuple(data.load_clip(path) for path in _few().path)


@cache
def _mfccs() -> tuple[np.ndarray, ...]:
    return tuple(features.mfcc(y) for y in _sounds())


def _rows(program: Program, inputs: tuple[np.ndarray, ...]) -> float:
    rows = np.array([np.asarray(program(one.copy()), dtype=float) for one in inputs])
    return _by_speaker(rows, _few().emotion.to_numpy(), _few().actor.to_numpy())


# --- what is measured ----------------------------------------------------------------------------


def _of_copies(program: Program) -> float:
    m = material()
    learn_x, learn_y, test_x, test_y = program(
        m.x.copy(), m.emotion.copy(), m.actor.copy(), np.random.default_rng(0)
    )
    if len(learn_x) < 1.5 * len(m.x) * 0.7:
        raise ValueError("the training rows have no copies any more: keep the augmentation")
    said = KNeighborsClassifier(1).fit(learn_x, learn_y).predict(test_x)
    return uar(test_y, said)


def _of_dealt(program: Program) -> float:
    m = material()
    folds = np.asarray(program(m.actor.copy(), np.random.default_rng(0)))
    if not 4 <= len(np.unique(folds)) <= 10:
        raise ValueError("six folds were asked for")
    said = np.empty(len(folds), dtype=object)
    for fold in np.unique(folds):
        test = folds == fold
        said[test] = KNeighborsClassifier(1).fit(m.x[~test], m.emotion[~test]).predict(m.x[test])
    return uar(m.emotion, said)


def _of_axis(program: Program) -> float:
    return _rows(program, _mfccs())


def _of_silence(program: Program) -> float:
    """Measure how far a row moves, on average per number, if a second of silence is appended."""
    moved = []
    for y in _sounds()[::12]:
        longer = np.concatenate([y, np.zeros(data.SAMPLE_RATE, dtype=y.dtype)])
        rows = [np.asarray(program(one.copy()), dtype=float) for one in (y, longer)]
        moved.append(np.abs(rows[0] - rows[1]).mean())
    return float(np.mean(moved))


def _of_rate(program: Program) -> float:
    """Measure how far clips land from their own rows, in standard deviations."""
    m = material()
    places = np.arange(0, len(m.clips), 60)
    rows = np.array([features.describe(np.asarray(program(p))) for p in m.clips.path.iloc[places]])
    mean, sd = m.table.mean().to_numpy(), m.table.std().to_numpy()
    return float(np.median(np.linalg.norm((rows - mean) / sd - m.x[places], axis=1)))


def _of_softmax(program: Program) -> float:
    """Train a network of this class for ten epochs and return its loss on the training clips."""
    m = material()
    x = torch.tensor(m.x, dtype=torch.float32)
    y = torch.tensor([data.EMOTIONS.index(e) for e in m.emotion])
    with one_thread(), torch.random.fork_rng():
        torch.manual_seed(0)
        net: nn.Module = program(x.shape[1], len(data.EMOTIONS))
        optimizer = torch.optim.Adam(net.parameters(), lr=0.001)
        for _ in range(10):
            for batch in torch.randperm(len(x)).split(64):
                optimizer.zero_grad()
                nn.functional.cross_entropy(net(x[batch]), y[batch]).backward()
                optimizer.step()
        net.eval()
        with torch.no_grad():
            return float(nn.functional.cross_entropy(net(x), y))


def _of_eval(program: Program) -> float:
    """Measure on which share of the clips a network says something else when asked again."""
    x = torch.tensor(material().x, dtype=torch.float32)
    with one_thread(), torch.random.fork_rng():
        torch.manual_seed(0)
        net = EmotionNet(x.shape[1], 6)
        net.train()
        with torch.no_grad():
            first, second = (np.asarray(program(net, x)) for _ in range(2))
    return float((first != second).mean())


@cache
def _fitted() -> tuple[LinearDiscriminantAnalysis, np.ndarray]:
    """Fit a linear classifier on most speakers; return it, and where the others' clips are."""
    m = material()
    test = np.isin(m.actor, np.unique(m.actor)[::4])
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    return model.fit(m.x[~test], m.emotion[~test]), test


def _of_order(program: Program) -> float:
    m = material()
    model, test = _fitted()
    return uar(m.emotion[test], program(model, m.x[test].copy()))


def _of_scaler(program: Program) -> float:
    """Measure the largest mean of a column over the training rows; standardised, it is 0."""
    m = material()
    in_train = ~_fitted()[1]
    scaled = np.asarray(program(m.table.to_numpy(dtype=float), in_train.copy()))
    return float(np.abs(scaled[in_train].mean(axis=0)).max())


@cache
def _scores_of_recipes() -> np.ndarray:
    """Score 20 recipes of blindly chosen features on two groups of speakers, 12 times."""
    m = material()
    scores = np.empty((12, 20, 2))
    for repetition in range(len(scores)):
        rng = np.random.default_rng(repetition)
        groups = np.array_split(rng.permutation(np.unique(m.actor)), 5)[:2]
        parts = [np.isin(m.actor, group) for group in groups]
        learn = ~(parts[0] | parts[1])
        for recipe in range(scores.shape[1]):
            columns = rng.choice(m.x.shape[1], size=20, replace=False)
            model = KNeighborsClassifier(1).fit(m.x[learn][:, columns], m.emotion[learn])
            scores[repetition, recipe] = [
                uar(m.emotion[part], model.predict(m.x[part][:, columns])) for part in parts
            ]
    return scores


def _of_looking(program: Program) -> float:
    """Measure how much higher the reported test score is than the recipes' mean, in points."""
    leads = []
    for scores in _scores_of_recipes():

        def score(recipe: int, part: str, scores: np.ndarray = scores) -> float:
            return float(scores[recipe, ("validation", "test").index(part)])

        leads.append(program(range(len(scores)), score) - scores[:, 1].mean())
    return 100 * float(np.mean(leads))


def _of_accuracy(program: Program) -> float:
    """Score a program that always says neutral, on a corpus of calls."""
    true = np.array(["NEU"] * 850 + [e for e in data.EMOTIONS if e != "NEU"] * 30)
    return float(program(true, np.full(len(true), "NEU")))


def _of_positions(program: Program) -> float:
    """Score a cautious program, which says neutral if it is not sure."""
    m = material()
    model, test = _fitted()
    p = model.predict_proba(m.x[test])
    said = np.where(p.max(axis=1) > 0.9, model.classes_[p.argmax(axis=1)], "NEU")
    return float(program(m.emotion[test], said))


PIECES = {
    "copies": Piece(
        _of_copies,
        "UAR on the test rows",
        0.2,
        0.45,
        "Where does the twin of a tested row stand? Hold speakers out first; then copy what is "
        "left.",
    ),
    "deal": Piece(
        _of_dealt,
        "UAR in six folds",
        0.2,
        0.42,
        "Who speaks on both sides? Deal the actors, and give each clip its actor's fold.",
    ),
    "row": Piece(
        _of_axis,
        "UAR on unseen speakers",
        0.30,
        0.7,
        "Time runs to the right. Which axis has to disappear, so that 30 coefficients remain?",
    ),
    "quiet_row": Piece(
        _of_silence,
        "how far the row moves if silence is appended",
        0.0,
        0.3,
        "Is the silence described, too? `features.trim` cuts it off.",
        percent=False,
    ),
    "load": Piece(
        _of_rate,
        "distance of a clip from its own row, in standard deviations",
        0.0,
        2.0,
        "How many samples a second does the file have, and how many did you get?",
        percent=False,
    ),
    "Network": Piece(
        _of_softmax,
        "training loss after ten epochs",
        0.0,
        0.9,
        "`cross_entropy` takes logits and makes the softmax itself. How often is it made here?",
        percent=False,
    ),
    "ask": Piece(
        _of_eval,
        "share of clips that are answered differently when asked again",
        0.0,
        0.0,
        "Dropout is for training. Which mode is the network in?",
    ),
    "names": Piece(
        _of_order,
        "UAR on unseen speakers",
        0.35,
        0.7,
        "In which order do the columns of `predict_proba` stand? The model knows.",
    ),
    "scale": Piece(
        _of_scaler,
        "largest mean of a column over the training rows",
        0.0,
        1e-6,
        "Whose mean was subtracted? Strangers are not known yet when the scaler is fitted.",
        percent=False,
    ),
    "report": Piece(
        _of_looking,
        "reported test score above the mean of all recipes, in points",
        -2.0,
        4.0,
        "The part that chooses cannot also measure. Which part is there for choosing?",
        percent=False,
    ),
    "score": Piece(
        _of_accuracy,
        "score of a program that always says neutral",
        0.16,
        0.17,
        "Let each emotion count the same, however many clips it has.",
    ),
    "recall": Piece(
        _of_positions,
        "mean recall of a cautious program",
        0.15,
        0.4,
        "Which argument comes first: what is true, or what was said?",
    ),
}
