"""Widgets: menus lead to sound, picture and words; without widgets there is still something."""

import base64
import io
import re
import subprocess
import sys
import warnings

import ipywidgets
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
    assert sound.startswith(b"RIFF")  # a short tone
    assert picture.startswith(b"\x89PNG")
    assert explorer.sound.format == "wav"
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
        r'<audio controls [^>]*src="data:audio/wav;base64,([^"]+)"', bundle["text/html"]
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


@pytest.mark.parametrize("seconds", [0.01, 0.3, 1.0, 2.0])
def test_a_sound_that_is_one_page_of_ogg_becomes_wav(seconds):
    """Chrome refuses to play such a page ("PTS is not defined")."""
    at = np.arange(int(seconds * SR)) / SR
    for y in (np.sin(2 * np.pi * 440 * at), np.zeros(len(at)), np.eye(1, len(at))[0]):
        sound = widgets.compress(y, SR)
        assert widgets.container(sound) == "wav"
        assert f"audio/wav;base64,{base64.b64encode(sound).decode()}" in widgets.listen(y, SR).data
        heard, rate = samples(sound)
        assert (len(heard), rate) == (len(y), SR)
        np.testing.assert_allclose(heard, y / (np.abs(y).max() or 1) * widgets.PEAK, atol=1e-4)
    player = ipywidgets.Audio(format="ogg")
    widgets.put(player, sound)
    assert (player.format, player.value) == ("wav", sound)
    speech = np.random.default_rng(0).normal(size=3 * SR)
    widgets.put(player, widgets.compress(speech, SR))
    assert (player.format, player.value[:4]) == ("ogg", b"OggS")


@pytest.mark.parametrize("level", [1e-4, 0.02, 1.0, 30_000.0])
def test_every_sound_plays_at_the_same_safe_level(level):
    y = tone(5001, "ANG", seconds=2.0)
    heard, sr = samples(widgets.compress(level * y / np.abs(y).max(), SR))
    assert sr == SR
    assert len(heard) == len(y)
    assert np.abs(heard).max() == pytest.approx(widgets.PEAK, abs=0.06)


def test_silence_can_be_played():
    heard, _ = samples(widgets.compress(np.zeros(SR, np.float32), SR))
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
    assert browser.state() == ("No clip was confused in this way.", b"", b"")


def test_mistakes_are_matched_by_name_not_by_place(clips, said):
    turned = widgets.browse_mistakes(clips.iloc[::-1], clips.emotion, said.iloc[::-1])
    assert Shown(turned).menus["clip"].max == (said != clips.emotion).sum()


def test_no_mistakes_at_all_is_no_error(clips):
    browser = Shown(widgets.browse_mistakes(clips, clips.emotion, clips.emotion))
    assert browser.text.value == "No clip was confused in this way."
    assert browser.html() is None


def test_nothing_warns(clips):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        widgets.hear_and_see(clips.iloc[:3])


# -- whatever is handed over ---------------------------------------------------------------------


def test_minutes_of_sound_do_not_overflow_the_stack():
    """libvorbis puts on the stack what it gets at once; this thread has as little as Windows."""
    code = f"""
import threading, numpy as np
from ser_helpers import widgets
y = 0.1 * np.random.default_rng(0).normal(size=180 * {SR}).astype("f4")
threading.stack_size(512 * 1024)
got = []
thread = threading.Thread(target=lambda: got.append(widgets.compress(y, {SR})))
thread.start(), thread.join()
print(len(got[0]))
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-500:]
    assert 500_000 < int(done.stdout) < 3_000_000


def test_a_very_long_sound_is_said_to_make_a_large_page(monkeypatch):
    monkeypatch.setattr(widgets, "LONG", 1)
    with pytest.warns(UserWarning, match="holds all of it"):
        widgets.listen(tone(5001, "ANG", seconds=1.5), SR)


@pytest.mark.parametrize("n", [1, 7, widgets.BLOCK, widgets.BLOCK + 1, 3 * widgets.BLOCK - 1])
def test_blocks_lose_and_add_no_sample(n):
    y = tone(5001, "HAP", seconds=2.0)[:n]
    assert len(samples(widgets.compress(y, SR))[0]) == n


@pytest.mark.parametrize(
    "change",
    [
        lambda y: np.round(y * 32767).astype(np.int16),
        lambda y: np.stack([y, y], axis=1),
        lambda y: y.astype(np.float64).tolist(),
        lambda y: y[::-1][::-1],
    ],
    ids=["int16", "stereo", "list", "not contiguous"],
)
@pytest.mark.parametrize("sr", [SR, float(SR), np.int64(SR)])
def test_samples_of_other_programs_sound_the_same(change, sr):
    y = tone(5001, "HAP")
    heard, rate = samples(widgets.compress(change(y), sr))
    wanted, _ = samples(widgets.compress(y, SR))
    assert rate == SR
    np.testing.assert_allclose(heard, wanted, atol=0.02)


@pytest.mark.parametrize(
    ("y", "sr", "says"),
    [
        ([], SR, "no samples"),
        ([0.1, np.nan], SR, "not numbers"),
        ([0.1, 0.2], 0, "0 Hz cannot be played"),
        ([0.1, 0.2], 250_000, "250000 Hz cannot be played"),  # libvorbis ends the interpreter
        ([0.1, 0.2], 22_050.5, "no sampling rate"),
        ([0.1, 0.2], float("nan"), "no sampling rate"),
        ([0.1, 0.2], "16000", "no sampling rate"),
        (["a"], SR, "samples"),
    ],
)
def test_what_is_no_sound_is_refused_in_words(y, sr, says):
    with pytest.raises(data.DataError, match=says):
        widgets.listen(np.array(y), sr)


def peak(page: str) -> list[float]:
    return [
        np.abs(samples(base64.b64decode(sound))[0]).max()
        for sound in re.findall(r"base64,([^\"]+)", page)
    ]


def test_sounds_that_are_compared_keep_their_loudness():
    y = tone(5001, "ANG", seconds=1.0)
    page = widgets.listen_together({"loud": y, "<b>20 dB softer</b>": y / 10}, SR).data
    loud, soft = peak(page)
    assert loud == pytest.approx(widgets.PEAK, abs=0.06)
    assert loud / soft == pytest.approx(10, rel=0.1)
    assert page.index("loud ") < page.index("<b>20 dB softer</b>")
    assert peak(widgets.listen(y / 10, SR, loudest=np.abs(y).max()).data) == pytest.approx([soft])
    for sounds, says in (({}, "no sound was given"), ({"a": y, "b": y * np.nan}, "b: .* not num")):
        with pytest.raises(data.DataError, match=says):
            widgets.listen_together(sounds, SR)
    with pytest.raises(data.DataError, match="highest of all"):  # it would be startling
        widgets.listen(y, SR, loudest=np.abs(y).max() / 10)


def test_a_soft_clip_of_a_sentence_stays_softer_than_a_loud_one(explorer, clips):
    heard = {}
    for emotion in ("ANG", "HAP"):  # made two times as loud
        explorer.menus["emotion"].value = emotion
        played = np.abs(samples(explorer.sound.value)[0]).max()
        row = clips[(clips.actor == 5001) & (clips.sentence == "DFA") & (clips.emotion == emotion)]
        heard[emotion] = played / np.abs(data.load_clip(row.path.iloc[0])).max()
    assert heard["ANG"] == pytest.approx(heard["HAP"], rel=0.1)


def test_calm_can_be_heard_and_what_is_not_known_is_not_made_up(clips):
    own = clips.assign(emotion=clips.emotion.replace({"ANG": "CAL", "SAD": "SUR"}), age=np.nan)
    own["sentence"] = own.sentence.replace("TIE", "<i>")
    own["sex"] = "unknown"
    own["level"] = "LOUD"
    explorer = Shown(widgets.hear_and_see(own))
    assert "calm" in explorer.text.value
    labels = {name: [label for label, _ in menu.options] for name, menu in explorer.menus.items()}
    assert labels["actor"][0] == "5001"
    assert labels["emotion"][-2:] == ["calm", "surprise"]
    explorer.menus["sentence"].value = "<i>"
    assert "“&lt;i&gt;”" in explorer.text.value
    with pytest.raises(data.DataError, match="unknown emotion 'JOY'"):
        widgets.hear_and_see(clips.assign(emotion="JOY"))
    with pytest.raises(data.DataError, match="lacks the column.*level"):
        widgets.hear_and_see(clips.drop(columns="level"))


def test_two_takes_of_a_sentence_have_two_names(clips):
    takes = clips.assign(sentence=clips.sentence.replace({"DFA": "KIA", "TIE": "KIB"}))
    labels = [label for label, _ in Shown(widgets.hear_and_see(takes)).menus["sentence"].options]
    assert labels[1:] == [
        "Kids are talking by the door (KIA)",
        "Kids are talking by the door (KIB)",
    ]


def test_ninety_one_actors_with_one_clip_each(clips):
    one = clips.iloc[[0]]
    many = pd.concat(
        [one.assign(actor=n).rename(index=lambda c, n=n: f"{n}{c[4:]}") for n in range(91)]
    )
    assert len(Shown(widgets.hear_and_see(many)).menus["actor"].options) == 91
    assert Shown(widgets.hear_and_see(one)).sound.value


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda c, t, p: (c, t, p.iloc[1:]), "1 of the clips have no predicted emotion.*5001_DFA"),
        (lambda c, t, p: (c, t.iloc[1:], p), "no true emotion"),
        (lambda c, t, p: (c, t, p.where(c.actor > 5001)), "no predicted emotion"),
        (lambda c, t, p: (c, t.reset_index(drop=True), p.reset_index(drop=True)), "no row in the"),
        (lambda c, t, p: (c, t, pd.concat([p, p])), "y_pred twice"),
        (lambda c, t, p: (pd.concat([c, c]), t, p), "clips twice"),
        (lambda c, t, p: (c, t, p.to_numpy()), "y_pred must be a Series"),
        (lambda c, t, p: (c, t, p.replace("NEU", "JOY")), "unknown emotion 'JOY'"),
    ],
)
def test_mistakes_of_other_clips_are_refused(clips, said, change, says):
    with pytest.raises(data.DataError, match=says):
        widgets.browse_mistakes(*change(clips, clips.emotion, said))


def test_mistakes_with_calm_can_be_heard(clips, said):
    calm = clips.assign(emotion=clips.emotion.replace("SAD", "CAL"))
    browser = Shown(widgets.browse_mistakes(calm, calm.emotion, said))
    assert (browser.menus["true"].value, browser.menus["predicted"].value) == ("CAL", "NEU")
    assert "calm" in browser.text.value
