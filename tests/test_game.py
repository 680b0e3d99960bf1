"""The listening game: nothing is told before the vote, and the counting is right."""

import base64
import io
import re

import numpy as np
import pandas as pd
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st

from ser_helpers import data, evaluate
from ser_helpers.further import game, listeners
from ser_helpers.further.game import Game, Turn


@pytest.fixture(scope="module")
def answers(corpus) -> pd.Series:
    """Take sadness for neutral, and know everything else."""
    return corpus.clips.emotion.replace("SAD", "NEU")


@pytest.fixture(scope="module")
def votes(corpus) -> pd.DataFrame:
    """Six of nine for the intention, three for disgust (made up, for this test)."""
    counts = pd.get_dummies(corpus.clips.emotion, dtype=int)[list(data.EMOTIONS)] * 6
    counts["DIS"] += 3
    return counts


def samples(ogg: bytes) -> np.ndarray:
    return soundfile.read(io.BytesIO(ogg))[0]


class Clock:
    """A clock that a test sets forward, and that moves between clicks."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Screen:
    """The parts of the widget by name."""

    def __init__(self, box, clock: Clock) -> None:
        self.box, self.clock = box, clock
        self.text, self.bar, self.sound, buttons, self.again, self.table = box.children
        self.buttons = {button.description: button for button in buttons.children}
        self.choices = buttons

    def click(self, emotion: str, *, after: float = 1.0) -> None:
        self.clock.now += after
        self.buttons[data.EMOTION_NAMES[emotion]].click()

    def html(self) -> str:
        return self.box._repr_mimebundle_().get("text/html", "")


@pytest.fixture
def screen(corpus, answers) -> Screen:
    clock = Clock()
    return Screen(game.play(corpus.clips, answers, clock=clock), clock)


# -- the game itself ------------------------------------------------------------------------------


@given(seed=st.integers(0, 1000), n_clips=st.integers(6, 20))
def test_each_emotion_is_drawn_and_no_clip_twice(corpus, answers, seed, n_clips):
    drawn = game.draw(corpus.clips, answers, n_clips=n_clips, seed=seed)
    assert len({turn.clip for turn in drawn.turns}) == n_clips
    assert {turn.intended for turn in drawn.turns} == set(data.EMOTIONS)
    for turn in drawn.turns:
        assert turn.intended == corpus.clips.emotion[turn.clip]
        assert turn.network == answers[turn.clip]
        assert turn.path == corpus.clips.path[turn.clip]


def test_the_draw_follows_its_seed_and_not_the_order_of_emotions(corpus, answers):
    games = [game.draw(corpus.clips, answers, seed=seed) for seed in range(20)]
    assert game.draw(corpus.clips, answers, seed=3) == games[3]
    assert len({g.turns for g in games}) == 20
    first = {g.turns[0].intended for g in games}
    assert len(first) > 3  # the first one gives nothing away
    # The two additional clips may stand anywhere, too.
    assert len({tuple(t.intended for t in g.turns[:6]) for g in games}) > 10


def test_only_clips_that_the_network_answered_and_people_voted_on_are_drawn(corpus, answers, votes):
    few = answers.index[:40:2]
    drawn = game.draw(corpus.clips, answers[few], n_clips=99)
    assert {turn.clip for turn in drawn.turns} == set(few)
    drawn = game.draw(corpus.clips, answers[few], votes=votes.loc[few[:5]], n_clips=99)
    assert {turn.clip for turn in drawn.turns} == set(few[:5])
    with pytest.raises(data.DataError, match="no clip to play with"):
        game.draw(corpus.clips, answers[few], votes=votes.loc[answers.index[1:40:2]])


def test_a_vote_makes_a_new_game_and_leaves_the_old_one(corpus, answers):
    start = game.draw(corpus.clips, answers)
    after = game.vote(start, "HAP")
    assert (start.votes, after.votes) == ((), ("HAP",))
    assert after.turns is start.turns
    for _ in range(7):
        assert not after.over
        after = game.vote(after, "SAD")
    assert after.over
    with pytest.raises(ValueError, match="the game is over"):
        game.vote(after, "SAD")
    with pytest.raises(ValueError, match="no emotion 'JOY'"):
        game.vote(start, "JOY")


def test_the_table_tells_what_was_voted_on_and_no_more(corpus, answers):
    now = game.draw(corpus.clips, answers)
    assert game.table(now).empty
    assert game.scores(now).tolist() == [0, 0, 0]
    now = game.vote(game.vote(now, "ANG"), "DIS")
    told = game.table(now)
    assert told.index.tolist() == [turn.clip for turn in now.turns[:2]]
    assert told["you heard"].tolist() == ["anger", "disgust"]
    assert told["intended"].tolist() == [data.EMOTION_NAMES[t.intended] for t in now.turns[:2]]


def test_scores_count_what_is_as_intended():
    def turn(intended, network, share):
        return Turn("x", None, "TIE", intended, network, "", share)

    turns = (turn("ANG", "ANG", 0.5), turn("SAD", "NEU", 0.25), turn("HAP", "HAP", 1.0))
    counted = game.scores(Game(turns, votes=("ANG", "SAD", "FEA")))
    assert counted.to_dict() == {"you": 2, "network": 2, "crowd": 1.75}


def test_the_crowd_is_the_clips_own_or_is_said_to_be_another(corpus, answers, votes):
    published = evaluate.listeners(normalise=True)
    for turn in game.draw(corpus.clips, answers).turns:
        share = published.loc[turn.intended, turn.intended]
        assert turn.crowd_right == pytest.approx(share)
        assert turn.crowd == f"{share:.0%} right, on CREMA-D's {data.EMOTION_NAMES[turn.intended]}"
    own = game.draw(corpus.clips, answers, votes=votes)
    assert own.own_crowd
    for turn in own.turns:
        name, disgust = data.EMOTION_NAMES[turn.intended], turn.intended == "DIS"
        assert turn.crowd == (f"{name} (9 of 9 votes)" if disgust else f"{name} (6 of 9 votes)")
        assert turn.crowd_right == pytest.approx(1 if disgust else 2 / 3)
    tied = votes.assign(**dict.fromkeys(data.EMOTIONS, 0)).assign(FEA=4, NEU=4)
    assert game.draw(corpus.clips, answers, votes=tied).turns[0].crowd == (
        "fear or neutral (4 of 8 votes)"
    )


# -- the widget -----------------------------------------------------------------------------------


def everything_shown(screen: Screen) -> str:
    return f"{screen.text.value} {screen.table.value} {screen.html()} {screen.bar.description}"


def test_nothing_is_told_before_the_last_vote(screen):
    turns = screen.box.game.turns
    for number, turn in enumerate(turns):
        shown = everything_shown(screen)
        assert f"Clip {number + 1} of 8" in shown
        assert not any(other.clip in shown for other in turns)
        assert "intended" not in shown
        assert screen.bar.value == number
        assert screen.again.layout.display == "none"
        assert len(samples(screen.sound.value)) == pytest.approx(
            len(data.load_clip(turn.path)), abs=1
        )
        screen.click("NEU")
    assert all(turn.clip in screen.table.value for turn in turns)


def test_a_whole_game_ends_with_the_score_and_another_can_be_played(screen):
    first = screen.box.game
    for turn in first.turns:
        screen.click(turn.intended)
    n_sad = sum(turn.intended == "SAD" for turn in first.turns)
    assert "<b>You 8 of 8</b>" in screen.text.value
    assert f"the network {8 - n_sad} of 8" in screen.text.value
    assert "one of CREMA-D's listeners, on CREMA-D's voices" in screen.text.value
    assert screen.table.value.count("<audio") == 8
    assert screen.table.value.count("✓") == 16 - n_sad
    assert screen.choices.layout.display == screen.sound.layout.display == "none"
    assert game.scores(screen.box.game)["you"] == 8
    assert "Run the notebook" not in screen.html()
    screen.click("ANG")  # the buttons are hidden; a late click does nothing
    assert screen.box.game.over
    screen.again.click()
    assert screen.box.game.votes == ()
    assert screen.box.game.turns != first.turns
    assert screen.choices.layout.display is None
    assert "Clip 1 of 8" in screen.text.value
    assert screen.table.value == ""


def test_a_double_click_is_one_vote(screen):
    screen.click("ANG")
    screen.click("ANG", after=0.2)
    assert screen.box.game.votes == ("ANG",)
    screen.click("SAD", after=0.4)  # 0.6 s after the clip appeared
    assert screen.box.game.votes == ("ANG", "SAD")


def test_the_buttons_have_names_in_the_order_of_the_course(screen):
    assert list(screen.buttons) == list(data.EMOTION_NAMES.values())


def test_on_the_web_the_first_clip_can_be_heard_and_the_emotions_read(screen):
    bundle = screen.box._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    page = bundle["text/html"]
    assert all(name in page for name in data.EMOTION_NAMES.values())
    assert "Run the notebook to vote" in page
    (sound,) = re.findall(r'src="data:audio/wav;base64,([^"]+)"', page)
    ours, theirs = (samples(part) for part in (base64.b64decode(sound), screen.sound.value))
    np.testing.assert_array_equal(ours, theirs)


def test_a_clip_that_cannot_be_heard_says_so_and_the_game_goes_on(corpus, answers, tmp_path):
    path = tmp_path / "silent.wav"
    soundfile.write(path, np.zeros(16_000), 16_000)
    clock = Clock()
    screen = Screen(game.play(corpus.clips.assign(path=path), answers, clock=clock), clock)
    for _ in range(8):
        assert "is silent" in screen.text.value
        screen.click("NEU")
    assert screen.table.value.count("is silent") == 8


def test_with_votes_the_crowd_is_called_the_crowd(corpus, answers, votes):
    clock = Clock()
    screen = Screen(game.play(corpus.clips, answers, votes=votes, clock=clock), clock)
    for turn in screen.box.game.turns:
        screen.click(turn.intended)
    assert "one listener of these clips" in screen.text.value
    assert "CREMA-D" not in screen.text.value + screen.table.value
    share = listeners.as_meant(votes, corpus.clips.emotion)
    expected = share[[turn.clip for turn in screen.box.game.turns]].sum()
    assert f"{expected:.1f} of 8" in screen.text.value
