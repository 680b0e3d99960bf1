"""A network and what belongs to it as one file, and what is known about its training.

The file is a NumPy ``.npz`` read with ``allow_pickle=False``: it holds numbers and text only, so
that loading one never runs code from it.
"""

import io
import json
import platform
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from ser_helpers import __version__
from ser_helpers.align import to_clips
from ser_helpers.errors import DataError
from ser_helpers.files import replace_file

LARGEST = 500_000_000  # bytes unpacked; the course's networks have one million at most
PACKAGES = ("numpy", "librosa", "torch")


@dataclass(frozen=True)
class Provenance:
    """What a network was trained on; ``print`` it.

    Attributes
    ----------
    corpus : str
        Name of the corpus; empty if it is not known.
    protocol : str
        How the parts were separated.
    content : str
        Key of the files that the features came from.
    recipe : str
        Key of the audio settings and of how the features were computed.
    speakers : mapping of str to tuple
        The speakers of each part.
    n_clips : mapping of str to int
        The number of clips in each part.
    seed : int or None
    versions : mapping of str to str
        Of Python and of the libraries that took part.
    """

    corpus: str = ""
    protocol: str = ""
    content: str = ""
    recipe: str = ""
    speakers: Mapping[str, tuple] = field(default_factory=dict)
    n_clips: Mapping[str, int] = field(default_factory=dict)
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.corpus:
            return "Nothing is known about what this network was trained on."
        lines = [f"Trained on {self.corpus}; protocol: {self.protocol or 'not named'}"]
        for part in ("train", "validation", "test"):
            if part in self.n_clips:
                who = ", ".join(map(str, self.speakers.get(part, ())))
                n = len(self.speakers.get(part, ()))
                lines.append(f"  {part}: {self.n_clips[part]:,} clips of {n} speakers ({who})")
        used = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return "\n".join([*lines, f"  seed {self.seed}; {used or 'versions not noted'}"])

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "Provenance":
        """Make one of what JSON has kept of it."""
        speakers = {part: tuple(who) for part, who in header["speakers"].items()}
        return cls(**header | {"speakers": speakers})

    def same_training(self, other: "Provenance") -> bool:
        """Compare all but seed and versions: the same clips in the same parts."""
        mine, theirs = (
            (p.corpus, p.protocol, p.content, p.recipe, dict(p.speakers), dict(p.n_clips))
            for p in (self, other)
        )
        return bool(self.corpus) and mine == theirs


def provenance(
    parts: pd.Series,
    clips: pd.DataFrame,
    *,
    corpus: str,
    content: str,
    recipe: str,
    seed: int | None = None,
) -> Provenance:
    """Note what a network was trained on.

    Parameters
    ----------
    parts : pandas.Series of str, shape (n_clips,)
        Part of each clip, indexed by clip; its name is the protocol.
    clips : pandas.DataFrame
        Clips table with the column ``actor``.
    corpus, content, recipe : str
        As in :class:`Provenance`.
    seed : int, optional

    Returns
    -------
    Provenance

    Raises
    ------
    DataError
        If a clip of ``parts`` is not in the clips table.
    """
    actors = to_clips(parts.index, clips.actor, what="speaker")
    speakers = {p: tuple(sorted(set(actors[parts == p].tolist()))) for p in sorted(set(parts))}
    n_clips = {part: int((parts == part).sum()) for part in speakers}
    protocol = str(parts.name or "")
    return Provenance(corpus, protocol, content, recipe, speakers, n_clips, seed, versions_here())


def versions_here() -> dict[str, str]:
    """Return the versions of Python, this package and the libraries that features depend on."""
    found = {"python": platform.python_version(), "ser_helpers": __version__}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def write(path: str | Path, header: dict[str, Any], arrays: Mapping[str, np.ndarray]) -> Path:
    """Write a header and arrays into one file; an older one is replaced only by a whole one.

    Parameters
    ----------
    path : str or Path
    header : dict
        What JSON can hold.
    arrays : mapping of str to numpy.ndarray

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If it cannot be written; what was there before is still there.
    """
    path = Path(path)
    content = io.BytesIO()
    np.savez(content, allow_pickle=False, header=np.array(json.dumps(header)), **arrays)
    try:
        replace_file(path, content.getvalue())
    except OSError as error:
        raise DataError(
            f"{path} cannot be written ({error.strerror or error}): choose another folder"
        ) from error
    return path


def read(
    path: str | Path, *, kind: str, version: tuple[int, ...], remedy: str
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Read a file of :func:`write`; no code from it is run.

    Parameters
    ----------
    path : str or Path
    kind : str
        What ``header["format"]`` must be.
    version : tuple of int
        What ``header["version"]`` must be.
    remedy : str
        What to do if it is another file, or of another version.

    Returns
    -------
    header : dict
    arrays : dict of str to numpy.ndarray
        All finite.

    Raises
    ------
    DataError
        If the file is missing, cut short, of another kind or version, too large, or holds anything
        but numbers.
    """
    path = Path(path)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        if not content.startswith(b"PK"):  # else numpy would speak of pickles, and how to open them
            raise ValueError(f"it begins with {content[:16]!r}")
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(member.file_size for member in archive.infolist()) > LARGEST:
                raise ValueError("it would unpack to more than 500 MB")
        with np.load(io.BytesIO(content), allow_pickle=False) as saved:
            arrays = {name: saved[name] for name in saved.files}
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != kind:
            raise ValueError("it holds something else")
        found = tuple(header["version"]) if isinstance(header["version"], list) else ()
    except Exception as error:  # a damaged zip file raises nearly anything
        # NumPy's advice on pickles would switch its safety off.
        reason = "it holds Python objects" if "pickle" in str(error) else str(error)
        raise DataError(
            f"{path.name} is not a whole recogniser file ({reason}): copy it again, or {remedy}"
        ) from None
    if found != version:
        shown, here = (".".join(map(str, v)) or "1" for v in (found, version))
        raise DataError(
            f"{path.name} was saved by another version of the course (file {shown}, here {here}), "
            f"and its features would not match: {remedy}"
        )
    for name, array in arrays.items():
        if array.dtype.kind not in "fiu" or not np.isfinite(array).all():
            raise DataError(f"{path.name}: {name} holds what is not a number: {remedy}")
    return header, arrays


def of_model(model: nn.Module) -> dict[str, np.ndarray]:
    """Return a network's weights as arrays, named ``weights/...``."""
    return {f"weights/{name}": tensor.numpy() for name, tensor in model.state_dict().items()}


def into_model(model: nn.Module, arrays: Mapping[str, np.ndarray]) -> None:
    """Give a network the weights among some arrays, and put it into evaluation mode.

    Raises
    ------
    RuntimeError
        If one is missing, superfluous or of another shape.
    """
    found = {n.removeprefix("weights/"): a for n, a in arrays.items() if n.startswith("weights/")}
    model.load_state_dict({name: torch.from_numpy(array) for name, array in found.items()})
    model.eval()
