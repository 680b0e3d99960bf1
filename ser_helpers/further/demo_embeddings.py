"""What Whisper makes of the demo voices, as it comes with the course: to use without the weights.

Layers 2 and 3, mean and standard deviation over time, rounded to float16, of which the last two of
ten binary places are zeros (a relative error of 0.1 % at most). ``tools/make_embeddings.py`` made
the file.
"""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ser_helpers import clipwise
from ser_helpers.files import replace_file

DEMO = Path(__file__).parent / "checkpoints" / "whisper-demo.npz"
LAYERS = (2, 3)


def rows(paths: pd.Series) -> tuple[dict, list[str]] | None:
    return None
