"""A trained network that sees time as one file: save it, load it, use the one that is shipped."""

from dataclasses import asdict
from pathlib import Path

import pandas as pd
import torch

from ser_helpers import weights
from ser_helpers.errors import DataError
from ser_helpers.further.temporal import TemporalNet, TemporalRecogniser
from ser_helpers.weights import Provenance

#: Trained on the train part of the demo voices, by ``tools/make_checkpoint.py``.
DEMO = Path(__file__).parent / "checkpoints" / "temporal-demo.npz"
FORMAT = "ser_helpers temporal recogniser"
VERSION = 2  # raise it when the file's layout, the frames or the network change


def save(recogniser: TemporalRecogniser, path: str | Path) -> Path:
    """Save a recogniser in one ``.npz``; an older one is replaced only when it is whole.

    Parameters
    ----------
    recogniser : TemporalRecogniser
    path : str or Path

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If it learnt from frames that were changed after they were extracted, or the file cannot
        be written.
    """
    if changed := recogniser.provenance.changed:
        raise DataError(
            f"the network learnt from frames that were changed ({changed}): a recording's would "
            "not be, and the answers would be wrong; train on what frames.extract returned"
        )
    header = {
        "format": FORMAT,
        "version": [VERSION],
        "classes": recogniser.classes,
        "channels": [c.out_channels for c in recogniser.model.convolutions],
        "audio_settings": asdict(recogniser.audio_settings),
        "history": recogniser.history.reset_index().to_dict("list"),
        "best_epoch": recogniser.best_epoch,
        "provenance": asdict(recogniser.provenance),
    }
    return weights.write(path, header, weights.of_model(recogniser.model))


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
    header, arrays = weights.read(
        path, kind=FORMAT, version=(VERSION,), remedy="train and save anew (notebook 09)"
    )
    try:
        audio_settings = weights.audio_settings(header)
        classes, channels = weights.classes_of(header), tuple(header["channels"])
        model = weights.into_model(
            lambda: TemporalNet(audio_settings.n_mels, len(classes), channels=channels), arrays
        )
        model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # as built
        history = pd.DataFrame(header["history"]).set_index("epoch")
        rest = int(header["best_epoch"]), Provenance.from_header(header["provenance"])
    except weights.FORGED as error:
        raise DataError(f"{Path(path).name} does not fit together ({error}): train anew") from None
    return TemporalRecogniser(model, classes, audio_settings, history, *rest)
