"""Widgets: menus lead to sound, picture and words; without widgets there is still something."""

import base64
import io
import re
import warnings

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import soundfile
from conftest import SR, tone

from ser_helpers import data, widgets


@pytest.fixture(scope="module")
def clips(corpus) -> pd.DataFrame:
    clips = corpus.clips.assign(sex="female", age=33.0)
    return clips[~((clips.actor == 5002) & (clips.emotion == "SAD"))]  # 5002 is never sad


class Shown:
    """The parts of an explorer by name."""

    def __init__(self, box) -> None:
        menus, self.text, self.sound, self.picture = box.children
        self.box = box
        self.menus = {menu.description.rstrip(":"): menu for menu in menus.children}

    def state(self) -> tuple:
        return self.text.value, bytes(self.sound.value), bytes(self.picture.value)

    def html(self) -> str | None:
        return self.box._repr_mimebundle_().get("text/html")


@pytest.fixture
def explorer(clips) -> Shown:
    return Shown(widgets.hear_and_see(clips))


def samples(ogg: bytes) -> tuple[np.ndarray, int]:
    return soundfile.read(io.BytesIO(ogg))


def test_it_opens_on_the_first_clip(explorer, clips):
    first = clips.iloc[0]
    assert explorer.text.value == f"{first.name}: “Don't forget a jacket”, anger"
    _, sound, picture = explorer.state()
    assert sound.startswith(b"OggS")
    assert picture.startswith(b"\x89PNG")
    assert explorer.sound.format == "ogg"
    assert not explorer.sound.autoplay
    assert plt.get_fignums() == []  # no figure is left open


@pytest.mark.parametrize(
    ("menu", "value", "says"),
    [
        ("actor", 5003, "5003_DFA_ANG_XX"),
        ("sentence", "TIE", "“That is exactly what happened”"),
        ("emotion", "FEA", "5001_DFA_FEA_XX: “Don't forget a jacket”, fear"),
    ],
)
def test_each_menu_changes_sound_picture_and_words(explorer, clips, menu, value, says):
    before = explorer.state()
    explorer.menus[menu].value = value
    after = explorer.state()
    assert says in after[0]
    assert all(old != new for old, new in zip(before, after, strict=True))
    heard, sr = samples(explorer.sound.value)
    path = clips.path[explorer.text.value.split(":")[0]]
    assert len(heard) == pytest.approx(len(data.load_clip(path)), abs=1)
    assert sr == SR


def test_menus_speak_plainly(explorer):
    labels = {name: [label for label, _ in menu.options] for name, menu in explorer.menus.items()}
    assert labels["actor"][0] == "5001 (female, 33)"
    assert "It's eleven o'clock" in labels["sentence"]
    assert labels["emotion"] == list(data.EMOTION_NAMES.values())
    assert labels["level"] == ["not specified"]


def test_a_missing_combination_says_so_and_what_was_there_is_gone(explorer):
    explorer.menus["emotion"].value = "SAD"
    explorer.menus["actor"].value = 5002
    text = "This actor did not record this sentence with this emotion."
    assert explorer.state() == (text, b"", b"")
    assert explorer.html() is None or "audio" not in explorer.html()
    explorer.menus["actor"].value = 5003
    assert "5003_DFA_SAD" in explorer.text.value


def test_a_level_that_was_not_recorded_gives_another_and_says_so(clips):
    high = clips.iloc[[0]].assign(level="HI").rename(index=lambda name: name.replace("XX", "HI"))
    explorer = Shown(widgets.hear_and_see(pd.concat([high, clips])))
    explorer.menus["emotion"].value = "FEA"
    assert "(there is no level high of it)" in explorer.text.value
    assert explorer.sound.value
    explorer.menus["level"].value = "XX"
    assert "there is no level" not in explorer.text.value


def test_a_damaged_clip_says_what_is_wrong_with_it(clips, tmp_path):
    path = tmp_path / "5001_DFA_DIS_XX.wav"
    soundfile.write(path, np.zeros(SR), SR)
    broken = clips.assign(path=clips.path.where(clips.index != "5001_DFA_DIS_XX", path))
    explorer = Shown(widgets.hear_and_see(broken))
    explorer.menus["emotion"].value = "DIS"
    assert "is silent" in explorer.text.value
    assert explorer.sound.value == explorer.picture.value == b""


def test_no_clips_no_widget(clips):
    with pytest.raises(data.DataError, match="nothing to hear"):
        widgets.hear_and_see(clips.iloc[:0])


def test_where_widgets_cannot_run_the_same_is_there_as_html(explorer):
    bundle = explorer.box._repr_mimebundle_()
    assert "application/vnd.jupyter.widget-view+json" in bundle
    (alt,) = re.findall(r'<img alt="([^"]+)" src="data:image/png;base64,', bundle["text/html"])
    assert alt == explorer.text.value.replace("'", "&#x27;")
    (sound,) = re.findall(
        r'<audio controls [^>]*src="data:audio/ogg;base64,([^"]+)"', bundle["text/html"]
    )
    assert base64.b64decode(sound) == explorer.sound.value


def test_a_widget_is_small_enough_for_a_notebook(clips):
    """A notebook with its outputs stays under 2 MB; a few widgets must fit."""
    from ser_helpers.data import DEMO_FOLDER

    path = max(DEMO_FOLDER.rglob("*.ogg"), key=lambda p: p.stat().st_size)
    seconds = len(data.load_clip(path)) / SR
    explorer = Shown(widgets.hear_and_see(clips.iloc[[0]].assign(path=path)))
    assert len(explorer.sound.value) < 14_000 * seconds
    assert len(explorer.html()) < 250_000


@pytest.mark.parametrize("level", [1e-4, 0.02, 1.0, 30_000.0])
def test_every_sound_plays_at_the_same_safe_level(level):
    y = tone(5001, "ANG", seconds=2.0)
    heard, sr = samples(widgets.ogg(level * y / np.abs(y).max(), SR))
    assert sr == SR
    assert len(heard) == len(y)
    assert np.abs(heard).max() == pytest.approx(widgets.PEAK, abs=0.06)


def test_silence_can_be_played():
    heard, _ = samples(widgets.ogg(np.zeros(SR, np.float32), SR))
    assert np.abs(heard).max() < 1e-3


def test_a_player_holds_its_sound_and_has_a_name_for_those_who_cannot_see_it():
    page = widgets.listen(tone(5001, "ANG"), SR, label='<b>A</b> says "stop"').data
    assert '<b>A</b> says "stop" <audio controls' in page
    assert 'aria-label="A says &quot;stop&quot;" src' in page
    assert "autoplay" not in page
    (sound,) = re.findall(r"base64,([^\"]+)", page)
    assert len(samples(base64.b64decode(sound))[0]) == len(tone(5001, "ANG"))
    assert 'aria-label="sound"' in widgets.listen(tone(5001, "ANG"), SR).data


@pytest.fixture
def said(clips) -> pd.Series:
    """Sad clips are taken for neutral ones, and one happy clip for an angry one."""
    said = clips.emotion.replace("SAD", "NEU")
    said[clips.index[clips.emotion == "HAP"][0]] = "ANG"
    return said


def test_the_commonest_mistake_is_shown_first_and_each_can_be_reached(clips, said):
    clips = clips[clips.actor == 5001]
    browser = Shown(widgets.browse_mistakes(clips, clips.emotion, said[clips.index]))
    sad = clips.index[clips.emotion == "SAD"]
    assert (browser.menus["true"].value, browser.menus["predicted"].value) == ("SAD", "NEU")
    seen = []
    for i in range(1, len(sad) + 1):
        browser.menus["clip"].value = i
        assert f"({i} of {len(sad)} such clips)" in browser.text.value
        seen.append(browser.text.value.split(" ")[0])
    assert seen == sad.tolist()
    browser.menus["true"].value, browser.menus["predicted"].value = "HAP", "ANG"
    assert "(1 of 1 such clips)" in browser.text.value  # a number too high gives the last
    assert "happiness" in browser.text.value
    browser.menus["predicted"].value = "FEA"
    assert browser.state() == ("No clip was taken so.", b"", b"")


def test_mistakes_are_matched_by_name_not_by_place(clips, said):
    turned = widgets.browse_mistakes(clips.iloc[::-1], clips.emotion, said.iloc[::-1])
    assert Shown(turned).menus["clip"].max == (said != clips.emotion).sum()


def test_no_mistakes_at_all_is_no_error(clips):
    browser = Shown(widgets.browse_mistakes(clips, clips.emotion, clips.emotion))
    assert browser.text.value == "No clip was taken so."
    assert browser.html() is None


def test_nothing_warns(clips):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        widgets.hear_and_see(clips.iloc[:3])
