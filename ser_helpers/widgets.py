"""Things to play with: hear and see a clip, browse the mistakes.

A widget holds its sound and picture in itself, so that a saved notebook still shows its first
state without a kernel; where widgets cannot be shown at all, the same state appears as HTML.
"""

import base64
import html
import io
import re
from collections.abc import Callable

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
from IPython.display import HTML

from ser_helpers.audio import load_clip
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings
from ser_helpers.names import EMOTION_NAMES, EMOTIONS, LEVELS, SENTENCES
from ser_helpers.plot import COLOURS, mel_spectrogram, subplots, waveform

PEAK = 0.5  # of full scale: loud enough for headphones, never startling


def ogg(y: np.ndarray, sr: int) -> bytes:
    """Compress samples to OGG Vorbis at a safe level, some 10 kB a second.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
    sr : int
        Sampling rate, Hz.

    Returns
    -------
    bytes
    """
    file = io.BytesIO()
    loudest = float(np.abs(y).max()) or 1.0
    soundfile.write(file, y / loudest * PEAK, sr, format="OGG", subtype="VORBIS")
    return file.getvalue()


def listen(y: np.ndarray, sr: int, *, label: str = "") -> HTML:
    """Make a player for a notebook: the sound is in the page, compressed.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
    sr : int
        Sampling rate, Hz.
    label : str
        Shown before the player; may hold HTML such as ``<b>A</b>``.

    Returns
    -------
    IPython.display.HTML
        Show it as a cell's last value, or with ``display``.
    """
    return HTML(_player(ogg(y, sr), label))


def hear_and_see(
    clips: pd.DataFrame, *, settings: AudioSettings = AudioSettings()
) -> ipywidgets.VBox:
    """Choose an actor, a sentence and an emotion: hear it, see waveform and mel spectrogram.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table.
    settings : AudioSettings
        For the spectrogram.

    Returns
    -------
    ipywidgets.VBox

    Raises
    ------
    DataError
        If the table is empty.
    """
    if clips.empty:
        raise DataError("the clips table is empty: there is nothing to hear")
    first = clips.iloc[0]
    choose = {
        "actor": [(_actor(row), row.actor) for row in clips.drop_duplicates("actor").itertuples()],
        "sentence": [(SENTENCES.get(s, s), s) for s in sorted(clips.sentence.unique())],
        "emotion": [(EMOTION_NAMES[e], e) for e in EMOTIONS if e in set(clips.emotion)],
        "level": [(LEVELS[x], x) for x in LEVELS if x in set(clips.level)],
    }
    menus = {
        name: ipywidgets.Dropdown(options=options, value=first[name], description=f"{name}:")
        for name, options in choose.items()
    }

    def find() -> pd.Series | str:
        wanted = {name: menu.value for name, menu in menus.items()}
        rows = clips
        for name in ("actor", "sentence", "emotion"):
            rows = rows[rows[name] == wanted[name]]
        if rows.empty:
            return "This actor did not record this sentence with this emotion."
        exact = rows[rows.level == wanted["level"]]
        row = (rows if exact.empty else exact).iloc[0]
        note = "" if len(exact) else f" (there is no level {LEVELS[wanted['level']]} of it)"
        return row.rename(row.name + note)

    return _explorer(list(menus.values()), find, settings)


def browse_mistakes(
    clips: pd.DataFrame,
    y_true: pd.Series,
    y_pred: pd.Series,
    *,
    settings: AudioSettings = AudioSettings(),
) -> ipywidgets.VBox:
    """Choose a true and a predicted emotion, and hear the clips that were taken so.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table, indexed by clip.
    y_true, y_pred : pandas.Series of str
        Indexed by clip.
    settings : AudioSettings

    Returns
    -------
    ipywidgets.VBox
    """
    wrong = pd.DataFrame({"true": y_true, "predicted": y_pred}).query("true != predicted")
    options = [(EMOTION_NAMES[e], e) for e in EMOTIONS]
    commonest = wrong.value_counts().index[0] if len(wrong) else EMOTIONS[:2]
    true = ipywidgets.Dropdown(options=options, value=commonest[0], description="true:")
    said = ipywidgets.Dropdown(options=options, value=commonest[1], description="predicted:")
    number = ipywidgets.BoundedIntText(value=1, min=1, max=max(1, len(wrong)), description="clip:")

    def find() -> pd.Series | str:
        chosen = wrong[(wrong.true == true.value) & (wrong.predicted == said.value)]
        if chosen.empty:
            return "No clip was taken so."
        i = min(number.value, len(chosen)) - 1
        row = clips.loc[chosen.index[i]]
        return row.rename(f"{row.name} ({i + 1} of {len(chosen)} such clips)")

    return _explorer([true, said, number], find, settings)


class _Explorer(ipywidgets.VBox):
    """A VBox that also knows how to show itself as HTML where widgets cannot run."""

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        *_, text, sound, picture = self.children
        if bundle is not None and picture.value:
            image = base64.b64encode(picture.value).decode()
            bundle["text/html"] = (
                _player(sound.value, text.value)
                + f'<img alt="{html.escape(text.value)}" src="data:image/png;base64,{image}">'
            )
        return bundle


def _explorer(
    menus: list[ipywidgets.Widget], find: Callable[[], pd.Series | str], settings: AudioSettings
) -> ipywidgets.VBox:
    """Put menus above a text, a player and a picture that follow them."""
    text = ipywidgets.HTML()
    sound = ipywidgets.Audio(autoplay=False, loop=False, format="ogg")
    picture = ipywidgets.Image(format="png", layout={"max_width": "600px"})

    def update(_change: object = None) -> None:
        row = find()
        if isinstance(row, str):
            text.value, sound.value, picture.value = row, b"", b""
            return
        try:
            y = load_clip(row.path, sr=settings.sr)
        except DataError as error:  # an error in a menu's callback would be seen by nobody
            text.value, sound.value, picture.value = html.escape(str(error)), b"", b""
            return
        sentence = SENTENCES.get(row.sentence, row.sentence)
        text.value = f"{row.name}: “{sentence}”, {EMOTION_NAMES[row.emotion]}"
        sound.value, picture.value = ogg(y, settings.sr), _portrait(y, row.emotion, settings)

    for menu in menus:
        menu.observe(update, names="value")
    update()
    row = ipywidgets.HBox(menus, layout={"flex_flow": "row wrap"})
    return _Explorer([row, text, sound, picture])


def _portrait(y: np.ndarray, emotion: str, settings: AudioSettings) -> bytes:
    figure, (top, bottom) = subplots(2, figsize=(7.5, 4), sharex=True, height_ratios=[1, 2])
    waveform(y, settings.sr, ax=top, colour=COLOURS[emotion])
    mel_spectrogram(y, settings, ax=bottom)
    top.set(xlabel="", ylabel="amplitude\n(full scale = 1)", title="")
    bottom.set(ylabel="frequency\n(Hz, mel scale)", title="")
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=80)
    plt.close(figure)
    return file.getvalue()


def _player(sound: bytes, label: str) -> str:
    data = base64.b64encode(sound).decode()
    plain = html.escape(re.sub("<[^>]*>", "", label)) or "sound"
    return (
        f'<div>{label} <audio controls preload="auto" aria-label="{plain}" '
        f'src="data:audio/ogg;base64,{data}"></audio></div>'
    )


def _actor(row: tuple) -> str:
    years = "" if np.isnan(row.age) else f", {row.age:.0f}"
    return f"{row.actor}" + (f" ({row.sex}{years})" if row.sex != "unknown" else "")
