"""What real listeners voted: the published sums of CREMA-D."""

from ser_helpers.errors import DataError

#: What CREMA-D's listeners voted, by what they had before them (rows: intended emotion, columns:
#: vote, both in the order of EMOTIONS). Counted by us with ``benchmarks/measure_listeners.py`` from
#: its ``processedResults/tabulatedVotes.csv`` (7,442 clips; ODbL 1.0; Cao et al. 2014,
#: doi:10.1109/TAFFC.2014.2336244); on the voice alone 68,568 votes, 9.2 per clip.
LISTENER_VOTES = {
    "voice": (
        (6289, 2496, 602, 225, 2080, 130),
        (1403, 3319, 1065, 319, 4369, 1117),
        (745, 736, 3726, 345, 4446, 1611),
        (809, 869, 942, 3341, 5198, 381),
        (396, 602, 514, 207, 7807, 714),
        (221, 829, 1363, 153, 6252, 2947),
    ),
    "face": (
        (6933, 2341, 555, 344, 1729, 301),
        (984, 6641, 1253, 155, 717, 2463),
        (1100, 1249, 5329, 186, 2628, 1682),
        (106, 165, 113, 10829, 1058, 83),
        (466, 811, 427, 444, 7500, 839),
        (416, 1221, 1472, 194, 4996, 3924),
    ),
    "both": (
        (8001, 2476, 509, 100, 1044, 116),
        (924, 7382, 1553, 78, 1003, 1245),
        (562, 712, 6971, 135, 2260, 1613),
        (87, 157, 193, 10564, 1310, 46),
        (399, 551, 515, 193, 8257, 567),
        (247, 919, 2108, 69, 4814, 4098),
    ),
}


def check_channel(channel: str) -> None:
    """Raise a DataError if there is no such channel."""
    if channel not in LISTENER_VOTES:
        known = ", ".join(LISTENER_VOTES)
        raise DataError(f"there is no channel {channel!r}: choose from {known}")
