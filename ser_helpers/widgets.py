"""Things to play with: hear and see a clip, browse the mistakes.

A widget holds its sound and picture in itself, so that a saved notebook still shows its first
state without a kernel; where widgets cannot be shown at all, the same state appears as HTML.
"""

import base64
import functools
import html
import io
import re
import warnings
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import ipywidgets
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import soundfile
from IPython.display import HTML

from ser_helpers.audio import as_samples, load_clip
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings, mel_power
from ser_helpers.names import EMOTIONS, LEVELS, SENTENCES
from ser_helpers.plot import (
    COLOURS,
    emotion_name,
    emotions_in,
    mel_spectrogram,
    subplots,
    waveform,
)

PEAK = 0.5  # of full scale: loud enough for headphones, never startling
LONG = 600  # seconds; a longer sound makes a page of 8 MB and more
RATES = (1_000, 192_000)  # Hz; what Vorbis can be asked for
#: libvorbis puts what it is given at once on the stack: 40 s overflow the 2 MB of Windows, and
#: the interpreter is gone.
BLOCK = 8_192  # samples

Scale = tuple[float, float] | None  # highest sample and power to be shown; None: the clip's own


def compress(y: np.ndarray, sr: int, *, loudest: float | None = None) -> bytes:
    """Compress samples to a file that browsers play, at a safe level: some 10 kB per second.

    It is OGG Vorbis; or WAV, where all of the sound would lie on one page of OGG (a tone of a
    second, a click): Chrome cannot say when such a page begins, and may refuse to play it.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        Of any length; whole numbers (int16) and several channels are taken, too.
    sr : int
        Sampling rate, Hz.
    loudest : float, optional
        Sample value that is played at half of full scale. Left out, the highest of this sound, so
        that every sound is equally loud; to hear which of several is louder, the highest of all.

    Returns
    -------
    bytes

    Raises
    ------
    DataError
        If there are no samples, some are not numbers, one is beyond ``loudest``, or ``sr`` is no
        sampling rate.
    """
    y, sr = as_samples(y), _check_rate(sr)
    if not y.size:
        raise DataError("there is nothing to play: the sound has no samples")
    peak = _peak(y)
    if loudest is not None and not (np.isfinite(loudest) and peak <= loudest * 1.001):
        raise DataError(
            f"loudest={loudest} is below this sound's own highest sample, {peak:.4f}: give the "
            "highest of all sounds that are compared"
        )
    y = y * (PEAK / (loudest or peak or 1.0))
    file = io.BytesIO()
    with soundfile.SoundFile(
        file, "w", samplerate=sr, channels=1, format="OGG", subtype="VORBIS"
    ) as sound:
        for start in range(0, len(y), BLOCK):
            sound.write(y[start : start + BLOCK])
    if _pages_of_sound(file.getvalue()) > 1:
        return file.getvalue()
    plain = io.BytesIO()
    soundfile.write(plain, y, sr, format="WAV", subtype="PCM_16")
    return plain.getvalue()


def container(sound: bytes) -> str:
    """Tell what :func:`compress` made: "ogg" or "wav"."""
    return "ogg" if bytes(sound[:4]) == b"OggS" else "wav"  # a widget holds a view


def put(player: ipywidgets.Audio, sound: bytes) -> None:
    """Give a player what :func:`compress` made."""
    player.format = container(sound)
    player.value = sound


def _pages_of_sound(ogg: bytes) -> int:
    """Count the pages of an OGG file (RFC 3533) at whose end some sound has passed."""
    start = n_pages = 0
    while start < len(ogg):
        n_segments = ogg[start + 26]
        n_pages += int.from_bytes(ogg[start + 6 : start + 14], "little", signed=True) > 0
        first = start + 27
        start = first + n_segments + sum(ogg[first : first + n_segments])
    return n_pages


def listen(y: np.ndarray, sr: int, *, label: str = "", loudest: float | None = None) -> HTML:
    """Make a player for a notebook: the sound is in the page, compressed.

    Parameters
    ----------
    y : numpy.ndarray, shape (n_samples,)
        With more than ten minutes comes a warning: the page holds them all.
    sr : int
        Sampling rate, Hz.
    label : str
        Shown before the player; may hold HTML such as ``<b>A</b>``.
    loudest : float, optional
        As in :func:`compress`: left out, every player is equally loud.

    Returns
    -------
    IPython.display.HTML
        Show it as a cell's last value, or with ``display``.

    Raises
    ------
    DataError
        As :func:`compress`.
    """
    sound = compress(y, sr, loudest=loudest)
    seconds = len(y) / sr
    if seconds > LONG:
        warnings.warn(
            f"this sound lasts {seconds / 60:.0f} minutes, and the notebook now holds all of it, "
            f"{len(sound) * 4 / 3e6:.0f} MB: to listen to a part, cut it before, for instance "
            "y[: 60 * sr]",
            stacklevel=2,
        )
    return HTML(_player(sound, label))


def listen_together(sounds: Mapping[str, np.ndarray], sr: int) -> HTML:
    """Make one player per sound, all scaled by the same factor: what is softer is heard as softer.

    Parameters
    ----------
    sounds : mapping of str to numpy.ndarray, each of shape (n_samples,)
        Label → samples.
    sr : int
        Sampling rate of all of them, Hz.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    DataError
        If there is no sound, or one cannot be played; the message names it.
    """
    if not sounds:
        raise DataError("there is nothing to play: no sound was given")
    samples = {}
    for label, y in sounds.items():
        try:
            samples[label] = as_samples(y)
        except DataError as error:
            raise DataError(f"{label}: {error}") from None
        if not samples[label].size:
            raise DataError(f"{label}: there is nothing to play: the sound has no samples")
    loudest = max(_peak(y) for y in samples.values())
    players = [listen(y, sr, label=label, loudest=loudest) for label, y in samples.items()]
    return HTML("".join(player.data for player in players))


def fold(summary: str, *contents: object) -> HTML:
    """Hide something under a line that opens with a click, for those who were to guess first.

    Parameters
    ----------
    summary : str
        The line that is seen.
    *contents : object
        What is hidden: tables, sounds of :func:`listen`, or anything that can be printed.

    Returns
    -------
    IPython.display.HTML

    Examples
    --------
    >>> fold("The answer", "six").data
    '<details><summary>The answer</summary><pre>six</pre></details>'
    """
    pages = []
    for content in contents:
        page = content._repr_html_() if hasattr(content, "_repr_html_") else None
        pages.append(page or f"<pre>{html.escape(str(content))}</pre>")
    return HTML(f"<details><summary>{html.escape(summary)}</summary>{''.join(pages)}</details>")


def hear_and_see(
    clips: pd.DataFrame, *, settings: AudioSettings = AudioSettings()
) -> ipywidgets.VBox:
    """Choose an actor, a sentence and an emotion: hear it, see waveform and mel spectrogram.

    The clips of one sentence by one actor are played and drawn on the same scale, so that a soft
    one sounds and looks soft beside a loud one.

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
        If the table is empty, or holds an emotion that is not known.
    """
    _check_clips(clips)
    first = clips.iloc[0]
    actors = clips.drop_duplicates("actor").to_dict("records")
    choose = {
        "actor": [(_actor(row), row["actor"]) for row in actors],
        "sentence": _options(clips.sentence, sorted(set(clips.sentence), key=str), SENTENCES.get),
        "emotion": _options(clips.emotion, COLOURS, emotion_name),
        "level": _options(clips.level, LEVELS, LEVELS.get),
    }
    menus = {
        name: ipywidgets.Dropdown(options=options, value=first[name], description=f"{name}:")
        for name, options in choose.items()
    }

    @functools.cache
    def scale_of(actor: int, sentence: str) -> Scale:
        rows = clips[(clips.actor == actor) & (clips.sentence == sentence)]
        return _common_scale(rows.path, settings)

    def find() -> pd.Series | str:
        wanted = {name: menu.value for name, menu in menus.items()}
        rows = clips
        for name in ("actor", "sentence", "emotion"):
            rows = rows[rows[name] == wanted[name]]
        if rows.empty:
            return "This actor did not record this sentence with this emotion."
        exact = rows[rows.level == wanted["level"]]
        row = (rows if exact.empty else exact).iloc[0]
        note = "" if len(exact) else f" (there is no level {menus['level'].label} of it)"
        return row.rename(row.name + note)

    return _explorer(
        list(menus.values()), find, settings, lambda row: scale_of(row.actor, row.sentence)
    )


def browse_mistakes(
    clips: pd.DataFrame,
    y_true: pd.Series,
    y_pred: pd.Series,
    *,
    settings: AudioSettings = AudioSettings(),
) -> ipywidgets.VBox:
    """Choose a true and a predicted emotion, and hear the clips that were confused in this way.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table, indexed by clip.
    y_true, y_pred : pandas.Series of str
        Indexed by clip; of all clips or of some, in any order.
    settings : AudioSettings

    Returns
    -------
    ipywidgets.VBox

    Raises
    ------
    DataError
        If a clip is there twice, has no true or no predicted emotion, or is not in the clips
        table.
    """
    _check_clips(clips)
    wrong = _mistakes(clips, y_true, y_pred)
    emotions = emotions_in([*y_true, *y_pred])
    options = [(emotion_name(e), e) for e in emotions]
    commonest = wrong.value_counts().index[0] if len(wrong) else EMOTIONS[:2]
    true = ipywidgets.Dropdown(options=options, value=commonest[0], description="true:")
    said = ipywidgets.Dropdown(options=options, value=commonest[1], description="predicted:")
    number = ipywidgets.BoundedIntText(value=1, min=1, max=max(1, len(wrong)), description="clip:")

    def find() -> pd.Series | str:
        chosen = wrong[(wrong.true == true.value) & (wrong.predicted == said.value)]
        if chosen.empty:
            return "No clip was confused in this way."
        i = min(number.value, len(chosen)) - 1
        row = clips.loc[chosen.index[i]]
        return row.rename(f"{row.name} ({i + 1} of {len(chosen)} such clips)")

    return _explorer([true, said, number], find, settings, lambda row: None)


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
    menus: list[ipywidgets.Widget],
    find: Callable[[], pd.Series | str],
    settings: AudioSettings,
    scale_of: Callable[[pd.Series], Scale],
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
        text.value = html.escape(
            f"{row.name}: “{sentence}”, {emotion_name(row.emotion)}", quote=False
        )
        scale = scale_of(row)
        put(sound, compress(y, settings.sr, loudest=scale and scale[0]))
        picture.value = _portrait(y, row.emotion, settings, scale)

    for menu in menus:
        menu.observe(update, names="value")
    update()
    row = ipywidgets.HBox(menus, layout={"flex_flow": "row wrap"})
    return _Explorer([row, text, sound, picture])


def _portrait(y: np.ndarray, emotion: str, settings: AudioSettings, scale: Scale) -> bytes:
    peak, power = scale or (None, None)
    figure, (top, bottom) = subplots(2, figsize=(7.5, 4), sharex=True, height_ratios=[1, 2])
    waveform(y, settings.sr, ax=top, colour=COLOURS[emotion])
    mel_spectrogram(y, settings, ax=bottom, loudest=power)
    top.set(xlabel="", ylabel="amplitude\n(full scale = 1)", title="")
    if peak:
        top.set(ylim=(-1.05 * peak, 1.05 * peak))
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
        f'src="data:audio/{container(sound)};base64,{data}"></audio></div>'
    )


def _check_rate(sr: float) -> int:
    """Return a sampling rate as int, whatever kind of number it is."""
    low, high = RATES
    if isinstance(sr, bool) or not isinstance(sr, (int, float, np.number)) or sr != sr // 1:
        raise DataError(f"sr={sr!r} is no sampling rate: a whole number of Hz is needed")
    if not low <= sr <= high:
        raise DataError(f"sr={sr} Hz cannot be played: from {low} to {high:,} Hz are possible")
    return int(sr)


def _check_clips(clips: pd.DataFrame) -> None:
    """Raise a DataError if a table holds no clips, or cannot be browsed."""
    if missing := {"path", "actor", "sentence", "emotion", "level"} - set(clips):
        raise DataError(f"the clips table lacks the column(s) {', '.join(sorted(missing))}")
    if clips.empty:
        raise DataError("the clips table is empty: there is nothing to hear")
    emotions_in(clips.emotion)


def _common_scale(paths: Iterable[Path], settings: AudioSettings) -> Scale:
    """Find the highest sample and the highest power of some clips; damaged ones do not count."""
    peaks, powers = [0.0], [0.0]
    for path in paths:
        try:
            y = load_clip(path, sr=settings.sr)
        except DataError:
            continue
        peaks.append(_peak(y))
        powers.append(float(mel_power(y, settings).max()))
    return max(peaks), max(powers)


def _peak(y: np.ndarray) -> float:
    return float(np.abs(y).max(initial=0))


def _mistakes(clips: pd.DataFrame, y_true: pd.Series, y_pred: pd.Series) -> pd.DataFrame:
    """Put true and predicted emotions of the same clips side by side where they differ."""
    for name, series in (("y_true", y_true), ("y_pred", y_pred)):
        if not isinstance(series, pd.Series):
            raise DataError(f"{name} must be a Series indexed by clip, as evaluate has it")
    for name, index in (("clips", clips.index), ("y_true", y_true.index), ("y_pred", y_pred.index)):
        if index.has_duplicates:
            twice = index[index.duplicated()][0]
            raise DataError(f"the clip {twice} is in {name} twice: keep one of them")
    for name, lost in (
        ("no predicted emotion (y_pred)", y_true.index.difference(y_pred.dropna().index)),
        ("no true emotion (y_true)", y_pred.index.difference(y_true.dropna().index)),
        ("no row in the clips table", y_true.index.difference(clips.index)),
    ):
        if len(lost):
            raise DataError(f"{len(lost)} of the clips have {name}, first {lost[0]}")
    pairs = pd.DataFrame({"true": y_true, "predicted": y_pred.loc[y_true.index]})
    return pairs[pairs.true != pairs.predicted]


def _options(
    values: pd.Series, known: Iterable[str], label: Callable[[str], str | None]
) -> list[tuple[str, object]]:
    """List the values of a menu with their labels: the known ones in their order, then others."""
    there = dict.fromkeys(values)
    order = [value for value in known if value in there]
    order += [value for value in there if value not in order]
    labels = [label(value) or str(value) for value in order]
    # RAVDESS has two takes of a sentence, under two codes.
    return [
        (f"{text} ({value})" if labels.count(text) > 1 else text, value)
        for text, value in zip(labels, order, strict=True)
    ]


def _actor(row: Mapping) -> str:
    """Name an actor, with sex and age where they are known."""
    sex, age = row.get("sex", "unknown"), row.get("age", np.nan)
    known = [] if pd.isna(sex) or sex == "unknown" else [str(sex)]
    known += [] if pd.isna(age) else [f"{age:.0f}"]
    return f"{row['actor']}" + f" ({', '.join(known)})" * bool(known)
