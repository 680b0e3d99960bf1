"""Frames of more clips than memory holds: one file per actor, read as a stream by PyTorch.

:func:`write` computes the files, :class:`FrameStream` reads them, one in memory at a time, for a
:class:`torch.utils.data.DataLoader`. It stands in a module because the workers of a DataLoader are
processes of their own, which must be able to import it.
"""

import io
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

import numpy as np
import pandas as pd
import torch
from torch.utils.data import IterableDataset, get_worker_info

from ser_helpers.errors import DataError
from ser_helpers.files import replace_file
from ser_helpers.further import frames
from ser_helpers.names import EMOTIONS

N_FRAMES = 254  # 2.54 s, the mean length of CREMA-D's clips
Item = TypeVar("Item")


def picture(levels: np.ndarray, *, n_frames: int = N_FRAMES) -> np.ndarray:
    """Standardise the frames of one clip, and cut or fill them to one length.

    Parameters
    ----------
    levels : numpy.ndarray, shape (n_mels, its own n_frames)
        dB, of :func:`ser_helpers.further.frames.log_mel`.
    n_frames : int

    Returns
    -------
    numpy.ndarray of float32, shape (n_mels, n_frames)
        Mean 0 and standard deviation 1 before what is too long is cut off; zeros behind the end.
    """
    x = (levels - levels.mean()) / max(float(levels.std()), 1e-3)
    x = x[:, :n_frames]
    return np.pad(x, ((0, 0), (0, n_frames - x.shape[1]))).astype(np.float32)


def write(clips: pd.DataFrame, folder: str | Path, *, n_jobs: int = -1) -> list[Path]:
    """Write the frames of a corpus, one file per actor; files that are there are kept.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table of :func:`ser_helpers.data.open_corpus`.
    folder : str or Path
        One folder per corpus; made if need be.
    n_jobs : int
        As in :func:`ser_helpers.features.extract`.

    Returns
    -------
    list of Path
        ``frames-<actor>.npz``, sorted by actor. Each holds ``x``, float32, shape (n_clips, 64,
        254), and ``y``, the place of each clip's emotion in ``EMOTIONS``.

    Raises
    ------
    DataError
        If not one clip of an actor can be used.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for actor, some in clips.groupby("actor", sort=True):
        files.append(path := folder / f"frames-{actor}.npz")
        if path.exists():
            continue
        pictures = frames.extract(some, progress=False, n_jobs=n_jobs)
        content = io.BytesIO()
        np.savez(
            content,
            x=np.stack([picture(levels) for levels in pictures]),
            y=np.array([EMOTIONS.index(e) for e in some.emotion[pictures.index]]),
        )
        replace_file(path, content.getvalue())  # whole or not there
    return files


def share(files: Sequence[Item], worker: int, n_workers: int) -> Sequence[Item]:
    """Return the files that one of several workers reads: each file has exactly one reader.

    Examples
    --------
    >>> share(["a", "b", "c"], 0, 2), share(["a", "b", "c"], 1, 2)
    (['a', 'c'], ['b'])
    """
    return files[worker::n_workers]


def shuffled(items: Iterable[Item], size: int, rng: np.random.Generator) -> Iterator[Item]:
    """Yield items in mixed order while never holding more than ``size`` of them back.

    Parameters
    ----------
    items : iterable
    size : int
        Of the buffer; 0 leaves the order as it is.
    rng : numpy.random.Generator

    Yields
    ------
    object
        Each item once: when the buffer is full, one of it goes out at random for each that comes.

    Examples
    --------
    >>> sorted(shuffled("abcdef", 3, np.random.default_rng(0)))
    ['a', 'b', 'c', 'd', 'e', 'f']
    """
    held: list[Item] = []
    for item in items:
        held.append(item)
        if len(held) > size:
            out = int(rng.integers(len(held))) if size else 0
            held[out], held[-1] = held[-1], held[out]
            yield held.pop()
    rng.shuffle(held)
    yield from held


class FrameStream(IterableDataset):
    """Clips from files of frames; one file, and the buffer, are in memory at a time.

    Parameters
    ----------
    files : sequence of Path
        Of :func:`write`. Named several times, a file is read several times.
    buffer : int
        Clips that are held back to be mixed; with workers, by each of them.
    seed : int, optional
        Mixes the order of the files, and the clips in the buffer; left out, all come in order.

    Raises
    ------
    DataError
        If there are no files, or there is a buffer but no seed.
    """

    def __init__(
        self, files: Sequence[str | Path], *, buffer: int = 0, seed: int | None = None
    ) -> None:
        if not files:
            raise DataError("a stream needs at least one file: write them with streams.write")
        if buffer and seed is None:
            raise DataError(f"a buffer of {buffer} clips mixes them at random: give a seed, too")
        self.files, self.buffer, self.seed = [str(file) for file in files], buffer, seed

    def __iter__(self) -> Iterator[tuple[torch.Tensor, int]]:
        """Yield frames, float32 of shape (64, 254), and the number of the emotion."""
        files, rng = self.files, np.random.default_rng(self.seed)
        if self.seed is not None:
            files = [files[i] for i in rng.permutation(len(files))]
        if (worker := get_worker_info()) is not None:
            files = list(share(files, worker.id, worker.num_workers))
        return shuffled(self._read(files), self.buffer, rng)

    @staticmethod
    def _read(files: Iterable[str]) -> Iterator[tuple[torch.Tensor, int]]:
        for file in files:
            with np.load(file) as content:  # no pickle
                x, y = torch.from_numpy(content["x"]), content["y"]
            yield from zip(x, y.tolist(), strict=True)
