"""A network and what belongs to it as one file, and what is known about its training.

The file is a NumPy ``.npz`` of numbers and text only. Loading one never runs code from it, and
takes no more memory than the file has bytes.
"""

import hashlib
import io
import json
import math
import platform
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from torch import nn

from ser_helpers import __version__
from ser_helpers.align import to_clips
from ser_helpers.data import Corpus
from ser_helpers.errors import DataError
from ser_helpers.features import AudioSettings, recipe_key
from ser_helpers.files import replace_file
from ser_helpers.names import EMOTIONS
from ser_helpers.origin import speakers_of
from ser_helpers.split import PARTS

LARGEST = 500_000_000  # bytes; the course's networks have one million at most
KINDS = ("<f4", "<i8")  # what the numbers of a network are stored as
PACKAGES = ("numpy", "librosa", "torch")
#: What a header that was forged, or does not fit its arrays, may raise where they are put together.
FORGED = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
Model = TypeVar("Model", bound=nn.Module)


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
    clips : str
        Key of the clips' names, parts and labels.
    changed : str
        How the features were changed after they were extracted; empty if they were not.
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
    clips: str = ""
    changed: str = ""
    seed: int | None = None
    versions: Mapping[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        if not self.n_clips:
            return "Nothing is known about what this network was trained on."
        corpus = self.corpus or "a corpus that is not named"
        lines = [f"Trained on {corpus}; protocol: {self.protocol or 'not named'}"]
        for part in (part for part in PARTS if part in self.n_clips):
            who = self.speakers.get(part, ())
            names = ", ".join(map(str, who))
            of = f" of {len(who)} speakers ({names})" if self.speakers else ", speakers not noted"
            lines.append(f"  {part}: {self.n_clips[part]:,} clips{of}")
        if self.changed:
            lines.append(f"  features that were changed: {self.changed}")
        used = ", ".join(f"{name} {number}" for name, number in self.versions.items())
        return "\n".join([*lines, f"  seed {self.seed}; {used or 'versions not noted'}"])

    def parts_of(self, speaker: object) -> tuple[str, ...]:
        """Return the parts in which a speaker was, e.g. ``("train",)``; 1001 and "1001" are one."""
        name = _name(speaker)
        return tuple(part for part in PARTS if name in map(_name, self.speakers.get(part, ())))

    @classmethod
    def from_header(cls, header: dict[str, Any]) -> "Provenance":
        """Make one of what JSON has kept of it."""
        speakers = {part: tuple(who) for part, who in header["speakers"].items()}
        made = cls(**header | {"speakers": speakers})
        for each in fields(cls):
            value, empty = getattr(made, each.name), getattr(cls(), each.name)
            if not isinstance(value, (int, type(None)) if each.name == "seed" else type(empty)):
                raise ValueError(f"its provenance says {each.name}={value!r}")
        return made

    def same_training(self, other: "Provenance") -> bool:
        """Compare all but seed and versions: the same clips, labels and speakers in each part."""
        known = bool(self.content) and bool(self.clips) and not self.changed
        return known and self == replace(other, seed=self.seed, versions=self.versions)


def provenance(
    origin: Mapping[str, Any],
    labels: pd.Series,
    parts: pd.Series,
    *,
    corpus: Corpus | None = None,
    seed: int | None = None,
) -> Provenance:
    """Note what a network was trained on.

    Parameters
    ----------
    origin : dict
        Of :func:`ser_helpers.origin.origin_of`.
    labels, parts : pandas.Series of str, shape (n_clips,)
        Emotion and part of each clip, indexed by clip; the name of ``parts`` is the protocol.
    corpus : Corpus, optional
        Left out, ``origin`` says whose clips they are, if that was noted.
    seed : int, optional

    Returns
    -------
    Provenance

    Raises
    ------
    DataError
        If a clip of ``parts`` has no label, or is not in the corpus.
    """
    labels = to_clips(parts.index, labels, what="label")
    n_clips = {part: int((parts == part).sum()) for part in sorted(set(parts))}
    speakers, who = speakers_of(origin, parts.index), {}
    if corpus is not None:
        speakers = to_clips(parts.index, corpus.clips.actor, what="speaker")
    if speakers is not None:
        who = {part: tuple(sorted(set(speakers[parts == part].tolist()))) for part in n_clips}
    lines = sorted(map("{}\t{}\t{}".format, parts, parts.index, labels))
    key = hashlib.sha256("\n".join(lines).encode("utf-8", "surrogateescape")).hexdigest()
    settings = origin.get("settings")
    return Provenance(
        corpus=origin.get("corpus", "") if corpus is None else corpus.name,
        protocol=str(parts.name or ""),
        content=origin.get("content", ""),
        recipe=recipe_key(AudioSettings(**settings)) if settings else "",
        speakers=who,
        n_clips=n_clips,
        clips=key,
        changed=origin.get("changed", ""),
        seed=seed,
        versions=versions_here(),
    )


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
    stored: dict[str, Any] = {"header": np.array(json.dumps(header)), **arrays}
    np.savez(content, **stored)  # NumPy before 2.2 would take `allow_pickle` for one more array
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
        # Reading from a pipe or a device may never end.
        if (path.exists() and not path.is_file()) or path.stat().st_size > LARGEST:
            raise DataError(
                f"{path} cannot be read: it is no file, or larger than any that the course writes"
            )
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    try:
        arrays = _arrays(content)
        header = json.loads(str(arrays.pop("header")))
        if header["format"] != kind:
            raise ValueError("it holds something else")
        found = tuple(header["version"]) if isinstance(header["version"], list) else ()
    except Exception as error:  # a damaged zip file raises nearly anything
        raise DataError(
            f"{path.name} is not a whole recogniser file ({error}): copy it again, or {remedy}"
        ) from None
    if found != version:
        shown, here = (".".join(map(str, v)) or "1" for v in (found, version))
        newer = all(isinstance(n, int) for n in found) and found > version
        raise DataError(
            f"{path.name} was saved by another version of the course (file {shown}, here {here}), "
            f"and its features would not match: {'update the course, or ' * newer}{remedy}"
        )
    for name, array in arrays.items():
        if not np.isfinite(array).all():
            raise DataError(f"{path.name}: {name} holds what is not a number: {remedy}")
    return header, arrays


def audio_settings(header: dict[str, Any]) -> AudioSettings:
    """Read the audio settings from a header; forged ones may not ask for all memory or time.

    Raises
    ------
    TypeError, ValueError
        If they cannot be.
    """
    settings = AudioSettings(**header["audio_settings"])
    if settings.n_mels > 1_000 or max(asdict(settings).values()) > 400_000:
        raise ValueError(f"no sound needs {settings}")
    return settings


def classes_of(header: dict[str, Any]) -> tuple[str, ...]:
    """Read the classes from a header: some of the emotions, each once.

    Raises
    ------
    TypeError, ValueError
        If they are anything else.
    """
    classes = tuple(header["classes"])
    if not set(classes) <= set(EMOTIONS) or len(set(classes)) != len(classes):
        raise ValueError(f"the classes are {classes}")
    return classes


def of_model(model: nn.Module) -> dict[str, np.ndarray]:
    """Return a network's weights as arrays, named ``weights/...``."""
    return {f"weights/{name}": tensor.numpy() for name, tensor in model.state_dict().items()}


def into_model(build: Callable[[], Model], arrays: Mapping[str, np.ndarray]) -> Model:
    """Build a network with the weights among some arrays, in evaluation mode.

    Parameters
    ----------
    build : callable
        Returns the network. It is called where networks take no memory, so that a forged size
        asks for none, and no random number is drawn.
    arrays : mapping of str to numpy.ndarray

    Returns
    -------
    torch.nn.Module

    Raises
    ------
    RuntimeError, ValueError
        If a weight is missing, superfluous, of another shape or kind.
    """
    found = {n.removeprefix("weights/"): a for n, a in arrays.items() if n.startswith("weights/")}
    with torch.device("meta"):
        model = build()
    state = {name: torch.from_numpy(array) for name, array in found.items()}
    for name, wanted in model.state_dict().items():
        if name in state and state[name].dtype != wanted.dtype:
            raise ValueError(f"{name} is of {state[name].dtype}, not {wanted.dtype}")
    model.load_state_dict(state, assign=True)
    return model.eval()


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    """Read all arrays of an ``.npz``, without NumPy's way to objects and its advice on them."""
    if not content.startswith(b"PK"):  # a pickle, for instance
        raise ValueError(f"it begins with {content[:16]!r}")
    arrays: dict[str, np.ndarray] = {}
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = archive.infolist()
        if sum(member.file_size for member in members) > len(content):
            raise ValueError("it would unpack to more than it holds")
        for member in members:
            name = member.filename.removesuffix(".npy")
            if name in arrays:
                raise ValueError(f"it holds {name} twice")
            arrays[name] = _array(name, archive.read(member))
    return arrays


def _array(name: str, data: bytes) -> np.ndarray:
    file = io.BytesIO(data)
    if np.lib.format.read_magic(file) != (1, 0):
        raise ValueError(f"{name} is no plain array")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(file)
    if dtype.hasobject:
        raise ValueError(f"{name} holds Python objects, which could run any code")
    text = name == "header" and dtype.kind == "U" and shape == ()
    if dtype.str not in KINDS and not text:
        raise ValueError(f"{name} is of the kind {dtype}, not float32 or int64")
    if min(shape, default=1) < 0 or math.prod(shape) * dtype.itemsize != len(data) - file.tell():
        raise ValueError(f"{name} has not as many numbers as it says")
    array = np.frombuffer(data, dtype, offset=file.tell())
    return array.reshape(shape, order="F" if fortran else "C").copy()


def _name(speaker: object) -> str:
    return str(getattr(speaker, "item", lambda: speaker)()).strip().removesuffix(".0")
