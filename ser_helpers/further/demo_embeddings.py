"""What Whisper makes of the demo voices, as it comes with the course: to use without the weights.

Layers 2 and 3, mean and standard deviation over time, as float16; ``tools/make_embeddings.py``
makes the file. The halves of each number are kept apart, since the first halves of one feature
resemble each other and take little room when compressed.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd

from ser_helpers import clipwise
from ser_helpers.checksums import published
from ser_helpers.errors import DataError
from ser_helpers.features import content_key
from ser_helpers.files import replace_file

DEMO = Path(__file__).parent / "checkpoints" / "whisper-demo.npz"
LAYERS = (2, 3)


def rows(paths: pd.Series, *, file: Path = DEMO, n_jobs: int = -1) -> tuple[dict, list[str]] | None:
    """Look up the rows of demo voices.

    Parameters
    ----------
    paths : pandas.Series of Path
        Indexed by clip.
    file : Path
    n_jobs : int
        Number of threads that hash the clips.

    Returns
    -------
    results : dict of numpy.ndarray of float32, shape (1536,)
        Row of each clip, in the order of ``paths``: layer by layer, mean and standard deviation.
    keys : list of str
        SHA-256 of each clip.
    None, in place of both, if a clip is not one of the demo voices, byte for byte.

    Raises
    ------
    DataError
        If the file is damaged, or of other demo voices.
    """
    place = {known.sha256: i for i, known in enumerate(published("demo").values())}
    keys = clipwise.hash_files(paths, n_jobs=n_jobs)
    if not len(keys) or not place.keys() >= set(keys):
        return None
    table = read(file)
    return {clip: table[place[key]] for clip, key in zip(paths.index, keys, strict=True)}, keys


def read(file: Path = DEMO) -> np.ndarray:
    """Read all rows, in the order of ``checksums/demo.csv``.

    Returns
    -------
    numpy.ndarray of float32, shape (n_clips, 1536)

    Raises
    ------
    DataError
        If the file is missing, damaged, or of other demo voices.
    """
    try:
        with np.load(file, allow_pickle=False) as saved:
            first, second, content = saved["first"], saved["second"], str(saved["content"])
        if content != _content() or first.shape[1] != len(published("demo")):
            raise ValueError("it is of other demo voices")
        halves = np.stack([second, first], axis=-1)  # little-endian
        return halves.view("<f2")[..., 0].T.astype(np.float32)
    except Exception as error:  # a damaged zip file raises nearly anything
        raise unusable(file, error) from None


def unusable(file: Path, error: Exception) -> DataError:
    """Say what to do about a file that ``tools/make_embeddings.py`` made and that is not whole."""
    return DataError(
        f"{file} cannot be used ({error}): get this file of the course again, or make it "
        "with tools/make_embeddings.py"
    )


def write(table: np.ndarray, *, file: Path = DEMO) -> None:
    """Write the rows of all demo voices, in the order of ``checksums/demo.csv``.

    Parameters
    ----------
    table : numpy.ndarray of float, shape (n_clips, 1536)
    file : Path
    """
    halves = np.ascontiguousarray(table.T, dtype="<f2")[..., np.newaxis].view(np.uint8)
    content = io.BytesIO()
    np.savez_compressed(
        content, first=halves[..., 1], second=halves[..., 0], content=np.array(_content())
    )
    replace_file(file, content.getvalue())


def _content() -> str:
    return content_key(known.sha256 for known in published("demo").values())
