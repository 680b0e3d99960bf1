"""The table of actors that may lie beside a corpus, as people and spreadsheets write it."""

import csv
import io
import re
import warnings
from collections.abc import Collection
from pathlib import Path

import numpy as np
import pandas as pd

from ser_helpers.errors import DataError
from ser_helpers.recognise import Identity

TABLES = ("actors.csv", "VideoDemographics.csv")
#: Headings that are understood, whatever their case, spaces, hyphens and underscores.
HEADINGS = {
    "actor": {"actorid", "actor", "actors", "actornumber", "actorno", "speaker", "speakerid"},
    "age": {"age", "years", "ageyears", "ageinyears"},
    "sex": {"sex", "gender"},
}
CALLED = {"actor": "ActorID", "age": "Age", "sex": "Sex"}
SEXES = {
    **dict.fromkeys(("female", "f", "w", "woman", "women"), "female"),
    **dict.fromkeys(("male", "m", "man", "men"), "male"),
    **dict.fromkeys(("", "unknown", "nan", "na", "n/a", "?", "-", "none"), "unknown"),
    # Neither of the two, which is all that splits and figures here can tell apart:
    **dict.fromkeys(("other", "diverse", "d", "nonbinary", "non-binary"), "unknown"),
}
OLDEST = 120  # years
_NUMBER = re.compile(r"(\d+)(?:[.,]0{1,2})?")  # 01001, 1001.0; not 1.000
_AGE = re.compile(r"(\d+(?:[.,]\d+)?)\s*(?:y|yrs?|years?)?\.?", re.IGNORECASE)


def read(path: Path) -> pd.DataFrame:
    """Read a table of actors.

    Parameters
    ----------
    path : Path
        CSV with a line of headings, separated by commas, semicolons, tabs or bars; UTF-8, UTF-16
        or, as a last resort, Windows' cp1252.

    Returns
    -------
    pandas.DataFrame
        Index ``actor`` (int); columns ``sex`` ("female", "male" or "unknown") and ``age`` (years,
        NaN where unknown).

    Raises
    ------
    DataError
        If a column is missing, a line cannot be read, or two lines contradict each other; the
        message names the table, the line and the remedy.

    Warns
    -----
    UserWarning
        If a sex or an age is not understood; it is then taken to be unknown.
    """
    lines = _lines(path)
    if not lines:
        raise DataError(f"{path} is empty: it needs ActorID, Age and Sex, or delete it")
    (_, headings), *rest = lines
    places = _places(path, headings)
    found: dict[int, tuple[str, float]] = {}
    where: dict[int, int] = {}
    odd = []
    for number, cells in rest:
        if any(cells[len(headings) :]):
            raise DataError(
                f"{path}, line {number}: it has {len(cells)} cells where the headings have "
                f"{len(headings)}: remove the separator that is too many, or put the cell that "
                "holds it into quotation marks"
            )
        cells += [""] * (len(headings) - len(cells))
        given = {name: cells[place] for name, place in places.items()}
        match = _NUMBER.fullmatch(given["actor"])
        if match is None:
            raise DataError(
                f"{path}, line {number}: {given['actor']!r} is no actor's number: write it as in "
                "the clips' names, e.g. 5001"
            )
        actor = int(match[1])
        sex, age = SEXES.get(given["sex"].lower()), _age(given["age"])
        if sex is None:
            odd.append(f"line {number}: the sex {given['sex']!r}")
        if age is None:
            odd.append(f"line {number}: the age {given['age']!r}")
        sex, age = sex or "unknown", np.nan if age is None else age
        sex_before, age_before = found.get(actor, ("unknown", np.nan))
        if {sex, sex_before} == {"female", "male"} or abs(age - age_before) > 0:
            raise DataError(
                f"{path}: lines {where[actor]} and {number} contradict each other on actor "
                f"{actor}: keep the right one"
            )
        found[actor] = (
            sex_before if sex == "unknown" else sex,
            age_before if np.isnan(age) else age,
        )
        where.setdefault(actor, number)
    if odd:
        more = f" and {len(odd) - 3} more" if len(odd) > 3 else ""
        warnings.warn(
            f"{path}: not understood and taken as unknown: {'; '.join(odd[:3])}{more}. Write "
            "female or male, and ages in years",
            stacklevel=2,
        )
    table = pd.DataFrame.from_dict(found, orient="index", columns=["sex", "age"])
    return table.rename_axis("actor")


def look_up(folder: Path, actors: Collection[int]) -> pd.DataFrame:
    """Read the table of actors that comes with some clips.

    Parameters
    ----------
    folder : Path
        Where the clips are. A table in the folder above, as CREMA-D has it, is read only if it
        names all of the actors: what lies there may belong to something else.
    actors : collection of int

    Returns
    -------
    pandas.DataFrame
        As of :func:`read`; empty if there is no table.

    Raises
    ------
    DataError
        As of :func:`read`.

    Warns
    -----
    UserWarning
        If the table lacks an actor.
    """
    for place in dict.fromkeys((folder, folder.parent)):
        try:
            here = {path.name.lower(): path for path in sorted(place.iterdir())}
        except OSError:  # the folder above may be closed
            continue
        for name in TABLES:
            path = here.get(name.lower())
            if path is None or not path.is_file():
                continue
            if place != folder and not _names_all(path, actors):
                continue
            table = read(path)
            if missing := sorted(set(actors) - set(table.index)):
                warnings.warn(
                    f"{path} has no line for actor {missing[0]}"
                    + f" and {len(missing) - 1} more" * (len(missing) > 1)
                    + ": their sex and age are unknown",
                    stacklevel=5,
                )
            return table
    return pd.DataFrame({"sex": [], "age": []})


def _names_all(path: Path, actors: Collection[int]) -> bool:
    """Tell whether a file has the number of each actor somewhere in its text."""
    try:
        cells = [cell for _, cells in _lines(path) for cell in cells]
    except DataError:
        return False
    numbers = {int(n) for cell in cells for n in re.findall(r"\b[0-9]{1,9}\b", cell)}
    return set(actors) <= numbers


def add(clips: pd.DataFrame, folder: Path, identity: Identity) -> pd.DataFrame:
    """Add ``sex`` and ``age`` to a clips table.

    Parameters
    ----------
    clips : pandas.DataFrame
        Clips table with the column ``actor``.
    folder : Path
        Of the clips. The table of actors lies there, or, if it names all of them, one above.
    identity : Identity
        What the clips were recognised as: RAVDESS says the sexes by its actors' numbers.

    Returns
    -------
    pandas.DataFrame
        The clips table, its columns in the order of :class:`ser_helpers.data.Corpus`.

    Raises
    ------
    DataError
        As :func:`read`.
    """
    table = look_up(folder, set(clips.actor))
    sex = clips.actor.map(lambda actor: table.sex.get(actor, "unknown")).astype(object)
    if identity.corpus == "ravdess":  # odd numbers are men (Livingstone & Russo 2018)
        blank = clips.actor.map(identity.actor) & (sex == "unknown")
        sex[blank] = np.where(clips.actor[blank] % 2, "male", "female")
    age = clips.actor.map(lambda actor: float(table.age.get(actor, np.nan)))
    clips = clips.assign(sex=sex.astype(str), age=age)
    return clips[["path", "actor", "sentence", "emotion", "level", "sex", "age", "duration"]]


def _lines(path: Path) -> list[tuple[int, list[str]]]:
    """Split a table into numbered lines of stripped cells; empty lines are left out."""
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error.strerror or error}") from None
    utf_16 = content.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ("utf-16",) if utf_16 else ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeDecodeError:
            continue
    else:
        raise DataError(f"{path} is no text: save it as CSV (UTF-8)")
    if "\0" in text:
        raise DataError(f"{path} is no text, but perhaps a spreadsheet: save it as CSV (UTF-8)")
    if text.lower().startswith("sep="):  # Excel's own first line
        text = "\n" + text.partition("\n")[2]
    first = next((line for line in text.splitlines() if line.strip()), "")
    separator = max(",;\t|", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        rows = []
        for row in reader:
            if len(row) == 1 and separator in row[0]:  # the whole line was put into quotes
                row = next(csv.reader(row, delimiter=separator))
            rows.append((reader.line_num, [cell.strip() for cell in row]))
    except csv.Error as error:
        raise DataError(f"{path}, line {reader.line_num}: {error}; save it as CSV again") from None
    return [(number, cells) for number, cells in rows if any(cells)]


def _places(path: Path, headings: list[str]) -> dict[str, int]:
    """Find the columns by their headings."""
    plain = [re.sub(r"[(\[].*?[)\]]|[\s_\-.]", "", heading).lower() for heading in headings]
    places = {}
    for name, known in HEADINGS.items():
        columns = [place for place, heading in enumerate(plain) if heading in known]
        if len(columns) > 1:
            raise DataError(f"{path} has the column {CALLED[name]} more than once: keep one")
        if columns:
            places[name] = columns[0]
    if missing := [CALLED[name] for name in HEADINGS if name not in places]:
        raise DataError(
            f"{path} lacks the column(s) {', '.join(missing)}: it needs ActorID, Age and Sex, as "
            f"CREMA-D's VideoDemographics.csv has them; its headings are {', '.join(headings)}"
        )
    return places


def _age(text: str) -> float | None:
    """Read an age in years; NaN if it is not given, None if it is not understood."""
    if SEXES.get(text.lower()) == "unknown":
        return np.nan
    match = _AGE.fullmatch(text)
    age = float(match[1].replace(",", ".")) if match else None
    return age if age is not None and 0 < age <= OLDEST else None
