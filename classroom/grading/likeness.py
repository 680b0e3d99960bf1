"""Find notebooks that nearly coincide: code and text, without what was handed out to all."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

_WORD = re.compile(r"\w+|[^\w\s]")
_LENGTH = 6  # words in a row
_FEWEST = 60  # such rows; two short right answers are alike by themselves
_ALIKE = 0.8
_COMMON = 0.4  # what so many of the class wrote is no sign
_SHOWN = 3  # passages of a pair
_LONGEST = 1500  # characters of a passage that are shown


@dataclass(frozen=True)
class Pair:
    """Two students whose notebooks nearly coincide.

    Attributes
    ----------
    one, other : str
        Their keys.
    share : float
        How much of what either wrote both wrote, from 0 to 1.
    passages : tuple of (str, str)
        The cells that coincide most, of the one and of the other.
    """

    one: str
    other: str
    share: float
    passages: tuple[tuple[str, str], ...] = ()


def alike(texts: Mapping[str, Sequence[str]], given: Sequence[str] = ()) -> list[Pair]:
    """Compare the notebooks of a class.

    Parameters
    ----------
    texts : mapping
        Of each student's key, the cells.
    given : sequence of str
        The cells that were handed out, and those of the solution.

    Returns
    -------
    list of Pair
        The most alike first. It is a reason to ask, not a proof: what is renamed or turned around
        is not found, and two who learnt together write alike.
    """
    known = set(_rows(given))
    rows = {key: set(_rows(cells)) - known for key, cells in texts.items()}
    counts = Counter(row for own in rows.values() for row in own)
    most = max(3, _COMMON * len(rows))
    rows = {key: {row for row in own if counts[row] <= most} for key, own in rows.items()}
    pairs = []
    for one, other in combinations(rows, 2):
        either, both = rows[one] | rows[other], rows[one] & rows[other]
        if min(len(rows[one]), len(rows[other])) >= _FEWEST and len(both) >= _ALIKE * len(either):
            passages = _passages(texts[one], texts[other], both)
            pairs.append(Pair(one, other, len(both) / len(either), passages))
    return sorted(pairs, key=lambda pair: -pair.share)


def _passages(
    one: Sequence[str], other: Sequence[str], both: set[tuple[str, ...]]
) -> tuple[tuple[str, str], ...]:
    """Pair each cell of the one with that of the other which has most of the same rows."""
    place = {row: i for i, cell in enumerate(other) for row in both.intersection(_rows([cell]))}
    found: Counter[tuple[str, str]] = Counter()
    for cell in one:
        shared = Counter(place[row] for row in both.intersection(_rows([cell])))
        for partner, n_rows in shared.most_common(1):
            found[_shortened(cell), _shortened(other[partner])] += n_rows
    return tuple(cells for cells, _ in found.most_common(_SHOWN))


def _shortened(cell: str) -> str:
    return cell if len(cell) <= _LONGEST else f"{cell[:_LONGEST]} …"


def _rows(cells: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for cell in cells:
        words = _WORD.findall(cell)
        yield from (tuple(words[i : i + _LENGTH]) for i in range(max(1, len(words) - _LENGTH + 1)))
