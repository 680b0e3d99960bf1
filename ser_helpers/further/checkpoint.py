"""A trained network that sees time as one file: save it, load it, use the one that is shipped.

As in ``predict``, the file is a NumPy ``.npz`` read with ``allow_pickle=False``: it holds numbers
and text only, so that loading one never runs code from it.
"""

import io
import json
import zipfile
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pandas as pd
import torch

from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings
from ser_helpers.files import replace_file
from ser_helpers.further.temporal import TemporalNet, TemporalRecogniser

#: Trained on the train part of the demo voices, by ``tools/make_checkpoint.py``.
DEMO = Path(__file__).parent / "checkpoints" / "temporal-demo.npz"
FORMAT = "ser_helpers temporal recogniser"
VERSION = 1  # raise it when the file's layout, the frames or the network change


def save(recogniser: TemporalRecogniser, path: str | Path) -> Path:
    """Save a recogniser in one ``.npz``; an older one is replaced only when it is whole.

    Parameters
    ----------
    recogniser : TemporalRecogniser
    path : str or Path

    Returns
    -------
    Path
    """
    path = Path(path)
    header = {
        "format": FORMAT,
        "version": VERSION,
        "classes": recogniser.classes,
        "channels": [c.out_channels for c in recogniser.model.convolutions],
        "audio_settings": asdict(recogniser.audio_settings),
        "history": recogniser.history.reset_index().to_dict("list"),
        "best_epoch": recogniser.best_epoch,
        "trained_on": recogniser.trained_on,
    }
    weights = {f"weights/{k}": v.numpy() for k, v in recogniser.model.state_dict().items()}
    content = io.BytesIO()
    np.savez(content, header=np.array(json.dumps(header)), **weights)
    replace_file(path, content.getvalue())
    return path


def load(path: str | Path = DEMO) -> TemporalRecogniser:
    """Load a recogniser; no code from the file is run.

    Parameters
    ----------
    path : str or Path
        Left out, the one that comes with the course, trained on the demo voices.

    Returns
    -------
    TemporalRecogniser

    Raises
    ------
    DataError
        If the file is missing, cut short, not such a recogniser, or of another version.
    """
    path = Path(path)
    try:
        with np.load(path, allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != FORMAT:
            raise KeyError("format")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    except (zipfile.BadZipFile, EOFError, KeyError, ValueError, TypeError, AttributeError) as error:
        raise DataError(
            f"{path.name} is not a whole file of this recogniser ({error}): copy it again, or "
            "train and save anew (notebook 09)"
        ) from None
    if header["version"] != VERSION:
        raise DataError(
            f"{path.name} was saved by another version of the course (file {header['version']}, "
            f"here {VERSION}): train and save anew (notebook 09)"
        )
    try:
        audio_settings = AudioSettings(**header["audio_settings"])
        classes, channels = tuple(header["classes"]), tuple(header["channels"])
        model = TemporalNet(audio_settings.n_mels, len(classes), channels=channels)
        model.load_state_dict(
            {name.removeprefix("weights/"): torch.from_numpy(a) for name, a in arrays.items()}
        )
        history = pd.DataFrame(header["history"]).set_index("epoch")
        rest = int(header["best_epoch"]), str(header["trained_on"])
    except (KeyError, RuntimeError, TypeError, ValueError) as error:
        raise DataError(f"{path.name} does not fit together ({error}): train anew") from None
    model.eval()
    return TemporalRecogniser(model, classes, audio_settings, history, *rest)
