"""A listening game: hear eight clips, vote, and compare yourself with a network.

Beside both stands what listeners reached: those of these very clips where their votes are open, and
otherwise the published matrix of CREMA-D, which is of other voices and says so.

The game itself is a frozen :class:`Game`; :func:`vote` makes the next one of it, and :func:`play`
puts buttons in front.
"""

import html
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import ipywidgets
import numpy as np
import pandas as pd

from ser_helpers.audio import SAMPLE_RATE, load_clip
from ser_helpers.errors import DataError
from ser_helpers.evaluate import listeners
from ser_helpers.names import EMOTION_NAMES, EMOTIONS, SENTENCES
from ser_helpers.plot import COLOURS
from ser_helpers.widgets import compress, listen, put

N_CLIPS = 8
TOO_SOON = 0.5  # seconds; nobody has heard the new clip by then, so it was a double click
STYLE = (
    "<style>.ser-game :is(td, th) {padding: 0 6px; line-height: 1.2} "
    ".ser-game audio {height: 28px; width: 200px}</style>"
)


@dataclass(frozen=True)
class Turn:
    """One clip of a game, and what the others say.

    Attributes
    ----------
    clip, sentence, intended, network : str
        Its name, its sentence, the emotion that the actor was asked for, the network's answer.
    path : Path
    crowd : str
        What people said, in words.
    crowd_right : float
        Share of their votes that were as intended, 0 to 1.
    """

    clip: str
    path: Path
    sentence: str
    intended: str
    network: str
    crowd: str
    crowd_right: float


@dataclass(frozen=True)
class Game:
    """The state of a game: its clips, and the votes so far.

    Attributes
    ----------
    turns : tuple of Turn
    votes : tuple of str
        One emotion for each clip that was heard, in order.
    own_crowd : bool
        True if the crowd heard these very clips; False if only CREMA-D's published sums are known.
    """

    turns: tuple[Turn, ...]
    votes: tuple[str, ...] = ()
    own_crowd: bool = False

    @property
    def over(self) -> bool:
        """Whether every clip has been voted on."""
        return len(self.votes) == len(self.turns)


def draw(
    clips: pd.DataFrame,
    answers: pd.Series,
    *,
    votes: pd.DataFrame | None = None,
    n_clips: int = N_CLIPS,
    seed: int = 0,
) -> Game:
    """Draw the clips of a game: one of each emotion first, then any others, in random order.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table to draw from; clips that the network did not train on make it fair.
    answers : pandas.Series of str
        The network's answer to each clip, indexed by clip.
    votes : pandas.DataFrame of int, optional
        What people voted on these clips by their voice alone; clips without votes are not drawn.
        Left out, the published share of each emotion stands in, and says so.
    n_clips : int
        Fewer are drawn where there are fewer.
    seed : int

    Returns
    -------
    Game

    Raises
    ------
    DataError
        If there is no clip with an answer (and votes).
    """
    known = clips.index.isin(answers.index)
    if votes is not None:
        known &= clips.index.isin(votes.index)
    clips = clips[known & clips.emotion.isin(EMOTIONS)]
    if clips.empty:
        raise DataError("there is no clip to play with: give clips that `answers` knows")
    rng = np.random.default_rng(seed)
    shuffled = clips.iloc[rng.permutation(len(clips))]
    first = ~shuffled.emotion.duplicated()
    drawn = pd.concat([shuffled[first], shuffled[~first]]).head(n_clips)
    drawn = drawn.iloc[rng.permutation(len(drawn))]
    turns = []
    for row in drawn.itertuples():
        crowd = _crowd(row.emotion, None if votes is None else votes.loc[row.Index])
        sentence = SENTENCES.get(row.sentence, row.sentence)
        turns.append(
            Turn(row.Index, Path(row.path), sentence, row.emotion, answers[row.Index], *crowd)
        )
    return Game(tuple(turns), own_crowd=votes is not None)


def vote(game: Game, emotion: str) -> Game:
    """Vote on the clip that is being played.

    Parameters
    ----------
    game : Game
    emotion : str
        One of ``EMOTIONS``.

    Returns
    -------
    Game
        The game after the vote; the one before is as it was.

    Raises
    ------
    ValueError
        If the game is over or there is no such emotion.
    """
    if game.over:
        raise ValueError("the game is over: every clip has been voted on; draw a new one")
    if emotion not in EMOTIONS:
        raise ValueError(f"there is no emotion {emotion!r}: vote for one of {', '.join(EMOTIONS)}")
    return replace(game, votes=(*game.votes, emotion))


def table(game: Game) -> pd.DataFrame:
    """Compare the votes so far with everybody else's; clips not yet voted on are left out.

    Parameters
    ----------
    game : Game

    Returns
    -------
    pandas.DataFrame
        One row a vote, index ``clip``; columns ``you heard``, ``intended``, ``network``,
        ``crowd``.
    """
    rows = [
        {
            "clip": turn.clip,
            "you heard": EMOTION_NAMES[heard],
            "intended": EMOTION_NAMES[turn.intended],
            "network": EMOTION_NAMES[turn.network],
            "crowd": turn.crowd,
        }
        for turn, heard in zip(game.turns, game.votes, strict=False)
    ]
    columns = ["clip", "you heard", "intended", "network", "crowd"]
    return pd.DataFrame(rows, columns=columns).set_index("clip")


def scores(game: Game) -> pd.Series:
    """Count the clips, of those voted on, that were heard as intended.

    Parameters
    ----------
    game : Game

    Returns
    -------
    pandas.Series of float
        ``you``, ``network`` and ``crowd``: for the crowd, how many one listener gets on average.
    """
    heard = list(zip(game.turns, game.votes, strict=False))
    return pd.Series(
        {
            "you": float(sum(turn.intended == voted for turn, voted in heard)),
            "network": float(sum(turn.intended == turn.network for turn, _ in heard)),
            "crowd": float(sum(turn.crowd_right for turn, _ in heard)),
        }
    )


def play(
    clips: pd.DataFrame,
    answers: pd.Series,
    *,
    votes: pd.DataFrame | None = None,
    n_clips: int = N_CLIPS,
    seed: int = 0,
    clock: Callable[[], float] = time.monotonic,
) -> ipywidgets.VBox:
    """Play with buttons. No answer is shown before the last vote.

    Parameters
    ----------
    clips, answers, votes, n_clips, seed
        As in :func:`draw`.
    clock : callable
        Returns the time in seconds; a click within half a second of the last one does not count.

    Returns
    -------
    ipywidgets.VBox
        Its attribute ``game`` is the :class:`Game` as it stands.
    """
    return _Play(
        lambda number: draw(clips, answers, votes=votes, n_clips=n_clips, seed=number), seed, clock
    )


class _Play(ipywidgets.VBox):
    """The game on the screen; it shows its first clip as HTML where widgets cannot run."""

    def __init__(
        self, drawing: Callable[[int], Game], seed: int, clock: Callable[[], float]
    ) -> None:
        self._drawing, self._seed, self._clock = drawing, seed, clock
        self._text = ipywidgets.HTML()
        self._bar = ipywidgets.IntProgress(min=0, layout={"width": "300px"})
        self._sound = ipywidgets.Audio(autoplay=False, loop=False, format="ogg")
        buttons = [self._button(emotion) for emotion in EMOTIONS]
        self._buttons = ipywidgets.HBox(buttons, layout={"flex_flow": "row wrap"})
        self._again = ipywidgets.Button(
            description="Play with other clips", layout={"width": "200px"}
        )
        self._again.on_click(lambda _button: self._start(self._seed + 1))
        self._table = ipywidgets.HTML()
        # The button for another game comes before the long table, so that the page does not jump.
        parts = [self._text, self._bar, self._sound, self._buttons, self._again, self._table]
        super().__init__(parts)
        self._start(seed)

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None and not self.game.over:
            names = " · ".join(EMOTION_NAMES.values())
            bundle["text/html"] = (
                f"{self._text.value}{listen(*self._now, label='listen:').data}"
                f"<p>{names}</p><p>Run the notebook to vote.</p>"
            )
        return bundle

    def _button(self, emotion: str) -> ipywidgets.Button:
        button = ipywidgets.Button(description=EMOTION_NAMES[emotion], layout={"width": "110px"})
        button.layout.border_left = f"8px solid {COLOURS[emotion]}"
        button.on_click(lambda _button: self._vote(emotion))
        return button

    def _start(self, seed: int) -> None:
        self._seed, self.game = seed, self._drawing(seed)
        self._bar.max = len(self.game.turns)
        self._show()

    def _vote(self, emotion: str) -> None:
        if self.game.over or self._clock() - self._since < TOO_SOON:
            return
        self.game = vote(self.game, emotion)
        self._show()

    def _show(self) -> None:
        game, n_heard = self.game, len(self.game.votes)
        self._bar.value = n_heard
        for part in (self._bar, self._sound, self._buttons):
            part.layout.display = "none" if game.over else None
        self._again.layout.display = None if game.over else "none"
        self._table.value = _result(game) if game.over else ""
        if game.over:
            self._text.value = _score(game)
            return
        turn = game.turns[n_heard]
        self._text.value = (
            f"<b>Clip {n_heard + 1} of {len(game.turns)}</b>: “{html.escape(turn.sentence)}”. "
            "Which emotion do you hear?"
        )
        try:
            self._now = (load_clip(turn.path), SAMPLE_RATE)
        except DataError as error:  # in a button's callback it would be seen by nobody
            self._now = (np.zeros(1, np.float32), SAMPLE_RATE)
            self._text.value += f"<br>{html.escape(str(error))}. Vote for anything to go on."
        put(self._sound, compress(*self._now))
        self._since = self._clock()


def _crowd(emotion: str, counts: pd.Series | None) -> tuple[str, float]:
    """Say in words what people heard, and which share of them heard what was intended."""
    if counts is None:
        share = listeners(normalise=True).loc[emotion, emotion]
        return f"{share:.0%} right, on CREMA-D's {EMOTION_NAMES[emotion]}", float(share)
    n = int(counts.sum())
    most = [EMOTION_NAMES[e] for e in counts.index[counts == counts.max()]]
    return f"{' or '.join(most)} ({counts.max()} of {n} votes)", float(counts[emotion] / n)


def _score(game: Game) -> str:
    score, n = scores(game), len(game.turns)
    crowd = (
        "one listener of these clips"
        if game.own_crowd
        else "one of CREMA-D's listeners, on CREMA-D's voices"
    )
    return (
        f"<b>You {score['you']:.0f} of {n}</b> as intended · the network {score['network']:.0f} of "
        f"{n} · {crowd}, on average, {score['crowd']:.1f} of {n}"
    )


def _result(game: Game) -> str:
    """Write the end of a game as an HTML table: one row per clip, to be heard again."""
    rows = []
    for turn, row in zip(game.turns, table(game).itertuples(index=False), strict=True):
        try:
            sound = listen(load_clip(turn.path), SAMPLE_RATE).data
        except DataError as error:
            sound = html.escape(str(error))
        heard, intended, network, crowd = row
        marks = [f"{name}&nbsp;{'✓' if name == intended else '✗'}" for name in (heard, network)]
        cells = (turn.clip, sound, marks[0], intended, marks[1], crowd)
        rows.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
    others = "crowd" if game.own_crowd else "published matrix"
    heads = ("clip", "listen again", "you heard", "intended", "network", others)
    head = "".join(f"<th>{head}</th>" for head in heads)
    return f'{STYLE}<table class="ser-game"><tr>{head}</tr>{"".join(rows)}</table>'
