"""Names: emotions, sentences, levels, and how the files of each corpus are named.

Names follow CREMA-D's scheme ``ACTOR_SENTENCE_EMOTION_LEVEL``, e.g. ``1001_IEO_ANG_HI.wav``
(Cao et al. 2014, doi:10.1109/TAFFC.2014.2336244). RAVDESS's own names, e.g.
``03-01-05-02-01-01-12.wav`` (Livingstone & Russo 2018, doi:10.1371/journal.pone.0196391), are read
into the same columns.
"""

import re

from ser_helpers.errors import DataError

#: The six emotions in the order that every table, model and figure of the course uses.
EMOTIONS = ("ANG", "DIS", "FEA", "HAP", "NEU", "SAD")
EMOTION_NAMES = {
    "ANG": "anger",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happiness",
    "NEU": "neutral",
    "SAD": "sadness",
}
#: RAVDESS has two more. They are in a clips table only if asked for: ``open_corpus(emotions=...)``.
OTHER_EMOTIONS = {"CAL": "calm", "SUR": "surprise"}
#: How strongly the actor was asked to show the emotion; XX: not specified.
LEVELS = {"LO": "low", "MD": "medium", "HI": "high", "XX": "not specified"}
SENTENCES = {
    "IEO": "It's eleven o'clock",
    "TIE": "That is exactly what happened",
    "IOM": "I'm on my way to the meeting",
    "IWW": "I wonder what this is about",
    "TAI": "The airplane is almost full",
    "MTI": "Maybe tomorrow it will be cold",
    "IWL": "I would like a new alarm clock",
    "ITH": "I think I have a doctor's appointment",
    "DFA": "Don't forget a jacket",
    "ITS": "I think I've seen this before",
    "TSI": "The surface is slick",
    "WSI": "We'll stop in a couple of minutes",
    # RAVDESS: two sentences, two takes each.
    "KIA": "Kids are talking by the door",
    "KIB": "Kids are talking by the door",
    "DOA": "Dogs are sitting by the door",
    "DOB": "Dogs are sitting by the door",
}
SCHEME = "ACTOR_SENTENCE_EMOTION_LEVEL, for example 1001_IEO_ANG_HI.wav"
#: Folders of the real corpora, below ``data/`` in the project, as ``download`` makes them.
CORPUS_FOLDERS = {"cremad": "CREMA-D", "ravdess": "RAVDESS"}
#: What the voters of CREMA-D had before them, by the first digit of a row's number.
CHANNELS = {1: "voice", 2: "face", 3: "both"}
KNOWN_BAD = {"1076_MTI_SAD_XX": "CREMA-D's one clip without speech, left out by everybody"}

_NAME = re.compile(
    r"(?P<actor>\d{4})_(?P<sentence>[A-Z]{3})_(?P<emotion>[A-Z]{3})_(?P<level>LO|MD|HI|XX?)"
)
_RAVDESS_NAME = re.compile(
    r"(?P<modality>0[1-3])-(?P<channel>0[12])-(?P<emotion>0[1-8])-(?P<level>0[12])"
    r"-(?P<statement>0[12])-(?P<take>0[12])-(?P<actor>0[1-9]|1\d|2[0-4])"
)
_RAVDESS_EMOTIONS = ("NEU", "CAL", "HAP", "SAD", "ANG", "FEA", "DIS", "SUR")  # 01 to 08


def parse_name(name: str) -> dict:
    """Read actor, sentence, emotion and level from a clip's name.

    Parameters
    ----------
    name : str
        A name without suffix. The level ``X``, seen in copies of CREMA-D, is read as ``XX``. A
        name of RAVDESS is read, too: actor 3000 + its number, level MD (normal) or HI (strong).

    Returns
    -------
    dict
        ``actor`` (int), ``sentence``, ``emotion``, ``level`` (str).

    Raises
    ------
    DataError
        If the name does not follow the scheme.

    Examples
    --------
    >>> parse_name("1001_IEO_ANG_HI")
    {'actor': 1001, 'sentence': 'IEO', 'emotion': 'ANG', 'level': 'HI'}
    >>> parse_name("03-01-05-02-01-01-12")
    {'actor': 3012, 'sentence': 'KIA', 'emotion': 'ANG', 'level': 'HI'}
    """
    if match := _RAVDESS_NAME.fullmatch(name):
        return _ravdess_fields(match)
    match = _NAME.fullmatch(name)
    if match is None:
        raise DataError(f"the name {name!r} does not fit {SCHEME}")
    if match["emotion"] not in (*EMOTIONS, *OTHER_EMOTIONS):
        raise DataError(
            f"the name {name!r} has the emotion {match['emotion']!r}, not one of "
            f"{', '.join(EMOTIONS)}"
        )
    fields = match.groupdict()
    return fields | {
        "actor": int(match["actor"]),
        "level": match["level"].ljust(2, "X"),
    }


def make_name(*, actor: int, sentence: str, emotion: str, level: str = "XX") -> str:
    """Write a clip's name: the inverse of :func:`parse_name`.

    >>> make_name(actor=1001, sentence="IEO", emotion="ANG", level="HI")
    '1001_IEO_ANG_HI'
    """
    name = f"{actor:04d}_{sentence}_{emotion}_{level}"
    parse_name(name)
    return name


def _ravdess_fields(match: re.Match) -> dict:
    if (match["modality"], match["channel"]) != ("03", "01"):
        raise DataError(
            f"the name {match[0]!r} is RAVDESS's, but of a song or a video; speech begins 03-01"
        )
    return {
        "actor": 3000 + int(match["actor"]),
        "sentence": ("KI", "DO")[int(match["statement"]) - 1] + "AB"[int(match["take"]) - 1],
        "emotion": _RAVDESS_EMOTIONS[int(match["emotion"]) - 1],
        "level": ("MD", "HI")[int(match["level"]) - 1],
    }


def is_ravdess_name(name: str) -> bool:
    """Tell whether a clip has a name as RAVDESS publishes it."""
    return _RAVDESS_NAME.fullmatch(name) is not None
