"""Where a table came from: notes that travel in its ``attrs``, and whether its values still fit.

``attrs`` alone cannot be believed, for they travel along with arithmetic: the values decide.
"""

import json
import zlib
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd

HASH = 8  # characters of a row's hash


def notes(table: pd.DataFrame | pd.Series, clips: pd.DataFrame) -> dict[str, str]:
    """Note what is known of a table that was just extracted, for its ``attrs``.

    Parameters
    ----------
    table : pandas.DataFrame or Series of numpy.ndarray
        Features, or frames.
    clips : pandas.DataFrame
        Clips table that it was extracted from.

    Returns
    -------
    dict of str
        ``rows`` and ``columns``: hashes; ``corpus``: its name; ``actors``: who speaks in each clip,
        as JSON. All are text, because pandas copies ``attrs`` again and again.
    """
    actors = clips.actor.tolist() if "actor" in clips else []
    by_clip = dict(zip(map(str, clips.index), actors, strict=False))
    return {
        "rows": "".join(row_hashes(table.to_numpy())),
        "columns": _columns(table),
        "corpus": clips.attrs.get("corpus", ""),
        "actors": json.dumps(by_clip),
    }


def origin_of(table: pd.DataFrame | pd.Series) -> dict[str, Any]:
    """Report where a table came from, and whether it still holds what was extracted.

    Parameters
    ----------
    table : pandas.DataFrame or Series of numpy.ndarray
        Features or frames as ``extract`` returned them, or made from such a table.

    Returns
    -------
    dict
        ``settings`` (a dict), ``content`` (the key of the files), ``corpus`` and ``actors`` as they
        were noted, empty if they were not; ``changed``: what is different from an extracted table,
        in words, or "" if each row is one that was extracted. Rows may be left out or reordered.
    """
    noted = table.attrs
    origin = {name: noted.get(name, "") for name in ("content", "corpus", "actors")}
    origin |= {"settings": noted.get("settings") or {}, "changed": ""}
    if noted.get("adapted"):
        return origin | {"changed": f"it was adapted ({noted['adapted']})"}
    if not origin["settings"]:
        return origin | {"changed": "it does not say its audio settings (attrs['settings'])"}
    if noted.get("columns") != _columns(table):
        return origin | {"changed": "its columns were chosen, renamed or reordered"}
    known = noted.get("rows", "")
    known = {known[i : i + HASH] for i in range(0, len(known), HASH)}
    if not known.issuperset(row_hashes(table.to_numpy())):
        return origin | {"changed": "its values were changed after they had been extracted"}
    return origin


def speakers_of(origin: Mapping[str, Any], clips: pd.Index) -> pd.Series | None:
    """Return who speaks in each clip, as it was noted; None if a clip was not."""
    noted = json.loads(origin.get("actors") or "{}")  # clips are text to JSON
    if not all(str(clip) in noted for clip in clips):
        return None
    return pd.Series([noted[str(clip)] for clip in clips], clips)


def row_hashes(rows: Iterable[np.ndarray]) -> list[str]:
    """Hash the float32 values of each row (CRC-32, eight hexadecimal digits)."""
    values = (np.asarray(row, dtype=np.float32).tobytes() for row in rows)
    return [f"{zlib.crc32(row):0{HASH}x}" for row in values]


def _columns(table: pd.DataFrame | pd.Series) -> str:
    names = "\n".join(map(str, getattr(table, "columns", ())))
    return f"{zlib.crc32(names.encode('utf-8', 'surrogateescape')):0{HASH}x}"
