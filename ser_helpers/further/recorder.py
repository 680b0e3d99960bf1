"""A recorder in the notebook: speak into the browser, or choose a file; Python gets the samples.

The browser's side is ``recorder.js``. The sound comes as one message, and stays in the memory of
the Python that runs the notebook: not in the widget's state, not on disk, unless
:meth:`Recorder.save` is called.
"""

import html
import io
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

import ipywidgets
import numpy as np
import pandas as pd
import soundfile

from ser_helpers.audio import LONGEST, SAMPLE_RATE, SHORTEST, load_clip
from ser_helpers.errors import DataError
from ser_helpers.files import replace_file
from ser_helpers.names import EMOTION_NAMES
from ser_helpers.plot import COLOURS, OTHER_COLOUR

WITHOUT_WIDGETS = (
    "<p><i>While the notebook runs, a recorder stands here: a Record button, a level meter, and a "
    "button to choose a file. Until you use it, the cells below take a clip of the corpus.</i></p>"
)
NO_MICROPHONE = (
    "Without the package anywidget there is no microphone here (to have it: <code>pip install "
    "anywidget</code>, then restart). Record with your phone or computer, and choose the file: "
    "WAV, FLAC or OGG."
)
SOFT, CUT = -35.0, 0.999  # a loudest sample below (dB), and samples from here on (full scale 1)


def decode(content: bytes, *, name: str = "recording.wav", sr: int = SAMPLE_RATE) -> np.ndarray:
    """Turn the bytes of a sound file into samples.

    Parameters
    ----------
    content : bytes
        WAV, FLAC or OGG, of any rate and number of channels.
    name : str
        What to call it in an error.
    sr : int
        Sampling rate wanted, Hz.

    Returns
    -------
    numpy.ndarray of float32, shape (n_samples,)

    Raises
    ------
    DataError
        If it is no sound, damaged, silent, or not from 0.2 to 60 seconds long.
    """
    called = Path(name.replace("\\", "/")).name or "recording.wav"
    try:
        with TemporaryDirectory() as folder:  # gone at once; the checks are those of any other clip
            path = Path(folder) / "sound"
            path.write_bytes(content)
            y = load_clip(path, sr=sr)
    except DataError as error:
        raise DataError(str(error).replace(path.name, called, 1)) from None
    except OSError as error:
        raise DataError(
            f"{called} has arrived, but the folder for temporary files cannot be used "
            f"({error.strerror or error}: {error.filename}): set TMPDIR to a folder that you may "
            "write to, and start JupyterLab again"
        ) from None
    if not SHORTEST <= len(y) / sr <= LONGEST:
        raise DataError(
            f"{called} is {len(y) / sr:.1f} s long: one sentence of some 3 s is best; from "
            f"{SHORTEST} to {LONGEST:.0f} s are taken"
        )
    return y


def describe(y: np.ndarray, sr: int) -> str:
    """Say how long and how loud a recording is, and what would be better.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (n_samples,)
        Full scale ±1.
    sr : int
        Sampling rate, Hz.

    Returns
    -------
    str
    """
    peak = 20 * np.log10(np.abs(y).max() + 1e-9)
    text = f"{len(y) / sr:.1f} s; loudest sample {peak:.0f} dB of full scale."
    if np.mean(np.abs(y) >= CUT) > 1e-3:
        text += " Too loud: the tops are cut off. Go back a little, or turn the microphone down."
    elif peak < SOFT:
        text += " Very soft: go nearer, or turn the microphone up."
    return text


def bars(probabilities: pd.Series) -> str:
    """Draw probabilities as HTML, one bar an emotion, the most probable first.

    Parameters
    ----------
    probabilities : pandas.Series, shape (n_classes,)
        Indexed by emotion.

    Returns
    -------
    str
    """
    rows = [
        f'<tr><td style="text-align:left">{EMOTION_NAMES.get(emotion, emotion)}</td>'
        f'<td style="width:20em;text-align:left"><div style="background:'
        f'{COLOURS.get(emotion, OTHER_COLOUR)};width:{100 * p:.0f}%;height:1em"></div></td>'
        f"<td>{p:.0%}</td></tr>"
        for emotion, p in probabilities.sort_values(ascending=False).items()
    ]
    return f"<table>{''.join(rows)}</table>"


class Recorder(ipywidgets.VBox):
    """A recorder to be shown as a cell's last value; make it by :func:`record`.

    Attributes
    ----------
    sound : numpy.ndarray of float32, shape (n_samples,), or None
        The last sound that was recorded or chosen; None before the first.
    name : str
        What it is called: a file's name, or ``recording.wav``.
    sr : int
        Sampling rate of ``sound``, Hz.
    """

    def __init__(
        self, on_sound: Callable[[np.ndarray], str | None] | None, sr: int, longest: float
    ) -> None:
        self.sound: np.ndarray | None = None
        self.name = ""
        self.sr = sr
        self._on_sound = on_sound
        self._says = ipywidgets.HTML()
        microphone = _microphone(longest)
        if microphone is not None:
            microphone.on_msg(self._received)
            parts = [microphone]
        else:
            upload = ipywidgets.FileUpload(accept="audio/*,.wav,.flac,.ogg", description="File…")
            upload.observe(self._uploaded, names="value")
            parts = [ipywidgets.HTML(NO_MICROPHONE), upload]
        super().__init__([*parts, self._says])

    def take(self, sound: str | Path | bytes, *, name: str = "recording.wav") -> np.ndarray:
        """Take a sound from a file or from bytes, as if it had been recorded here.

        Parameters
        ----------
        sound : str, Path or bytes
            A file, or the content of one.
        name : str
            What to call it, if bytes are given.

        Returns
        -------
        numpy.ndarray of float32, shape (n_samples,)

        Raises
        ------
        DataError
            If it cannot be used; the sound before it is then still there.
        """
        if not isinstance(sound, bytes):
            name = Path(sound).name
            try:
                sound = Path(sound).expanduser().read_bytes()
            except OSError as error:
                raise DataError(f"{name} cannot be read: {error.strerror or error}") from None
        y = decode(sound, name=name, sr=self.sr)
        self._keep(y, name)
        return y

    def save(self, path: str | Path) -> Path:
        """Save the last sound as a WAV file; nothing that is there already is overwritten.

        Parameters
        ----------
        path : str or Path
            Ends in ``.wav``.

        Returns
        -------
        Path

        Raises
        ------
        DataError
            If there is no sound yet, the name does not end in ``.wav``, a file of that name
            exists, or it cannot be written.
        """
        path = Path(path).expanduser()
        if self.sound is None:
            raise DataError("there is nothing to save yet: record something, or choose a file")
        if path.suffix.lower() != ".wav":
            raise DataError(f"{path} is to be a WAV file: choose a name that ends in .wav")
        if path.exists():
            raise DataError(f"{path} is there already and is left alone: choose another name")
        content = io.BytesIO()
        soundfile.write(content, self.sound, self.sr, format="WAV", subtype="FLOAT")
        try:
            replace_file(path, content.getvalue())
        except OSError as error:
            raise DataError(
                f"{path} cannot be written ({error.strerror or error}): choose another folder"
            ) from None
        return path

    def _keep(self, y: np.ndarray, name: str) -> None:
        """Keep a sound, say how it is, and show what ``on_sound`` answers."""
        self.sound, self.name = y, name
        said = f"<b>{html.escape(name)}</b>: {describe(y, self.sr)}"
        self._says.value = said
        if self._on_sound:
            self._says.value = said + (self._on_sound(y) or "")

    def _received(self, _widget: object, content: dict, buffers: list) -> None:
        if content.get("kind") == "sound" and buffers:
            self._try(bytes(buffers[0]), str(content.get("name") or "recording.wav"))

    def _uploaded(self, change: dict) -> None:
        files, upload = change["new"], change["owner"]
        if not files:
            return
        if isinstance(files, dict):  # ipywidgets 7, as on Colab: name to content
            ((name, file), *_) = files.items()
            empty: dict = {"data": [], "metadata": [], "value": {}}
        else:
            file = files[0]
            name, empty = file["name"], {"value": ()}
        content = bytes(file["content"])
        for trait, nothing in empty.items():  # else the file would stand in the saved state
            upload.set_trait(trait, nothing)
        self._try(content, name)

    def _try(self, content: bytes, name: str) -> None:
        """Take a sound, and say what is wrong where a traceback would be seen by nobody."""
        try:
            y = decode(content, name=name, sr=self.sr)
        except Exception as error:
            kept = f". {self.name} is still there." if self.sound is not None else ""
            text = (
                str(error)
                if isinstance(error, DataError)
                else (f"{name} has arrived, but cannot be read: {type(error).__name__}: {error}")
            )
            self._says.value = html.escape(text + kept)
            return
        try:
            self._keep(y, name)
        except Exception as error:  # of the caller's on_sound
            self._says.value += "<br>" + html.escape(
                f"The sound is there, but on_sound failed: {type(error).__name__}: {error}"
            )

    def _repr_mimebundle_(self, **kwargs: object) -> dict:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle is not None:
            bundle["text/html"] = WITHOUT_WIDGETS
        return bundle


def record(
    *,
    on_sound: Callable[[np.ndarray], str | None] | None = None,
    sr: int = SAMPLE_RATE,
    longest: float = 30.0,
) -> Recorder:
    """Make a recorder: a Record button, a level meter, and a button to choose a file.

    Where there is no microphone, the browser says why, and a file can still be chosen; with the
    microphone comes whatever the browser can decode (MP3 and M4A too), without it WAV, FLAC, OGG.

    Parameters
    ----------
    on_sound : callable, optional
        Called with the samples whenever sound has arrived; a string that it returns is shown
        below the recorder as HTML (:func:`bars` makes one).
    sr : int
        Sampling rate wanted, Hz. Whatever rate the browser records at is resampled.
    longest : float
        Seconds after which a recording stops by itself; 60 at most.

    Returns
    -------
    Recorder

    Raises
    ------
    ValueError
        If ``longest`` is not from 1 to 60 seconds.
    """
    if not 1 <= longest <= LONGEST:
        raise ValueError(f"longest={longest} must be from 1 to {LONGEST:.0f} seconds")
    return Recorder(on_sound, sr, longest)


def _microphone(longest: float) -> ipywidgets.DOMWidget | None:
    """Make the browser's side, or None where anywidget is not installed."""
    try:  # imported here, so that the course runs without it, as an older Colab must
        import anywidget
        import traitlets
    except ImportError:
        return None

    class Microphone(anywidget.AnyWidget):
        _esm = Path(__file__).with_name("recorder.js")
        longest = traitlets.Float().tag(sync=True)

    return Microphone(longest=longest)
