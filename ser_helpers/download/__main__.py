"""The command: ``python -m ser_helpers.download --help``."""

import argparse
import sys
from collections.abc import Sequence

from ser_helpers import download, terminal
from ser_helpers.download.corpora import JOBS
from ser_helpers.errors import DataError
from ser_helpers.names import CORPUS_FOLDERS


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; ``sys.argv`` if left out.

    Returns
    -------
    int
        0: all that was asked for is here and verified; 1: it is not, and the last lines say why;
        2: wrong arguments; 130: stopped by Ctrl-C.
    """
    parser = _parser()
    options = vars(parser.parse_args(arguments))
    corpus = options.pop("corpus")
    if corpus != "cremad" and options.pop("actors"):
        parser.error("--actors is for cremad; RAVDESS comes in one zip")
    try:
        report = getattr(download, corpus)(**options)
    except (DataError, OSError) as error:
        print(f"ser_helpers.download: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(
            "ser_helpers.download: stopped; what has arrived is kept, the same command goes on",
            file=sys.stderr,
        )
        return 130
    print(report)
    return 0 if report.ok else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ser_helpers.download",
        description="Download a real corpus to this machine, and verify each clip. Stopped or cut "
        "off, the same command goes on where it ended.",
    )
    parser.add_argument("corpus", choices=tuple(CORPUS_FOLDERS), help="which corpus")
    parser.add_argument(
        "--to", metavar="FOLDER", help="to this folder (default: data/CREMA-D or data/RAVDESS)"
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="FOLDER_OR_ZIP",
        help="take what is on this machine already (a clone with Git LFS, Kaggle's zip, a USB "
        "stick); only the rest is downloaded",
    )
    parser.add_argument(
        "--actors", metavar="LIST", help="cremad: only these, for example 1001-1010 (75 MB)"
    )
    parser.add_argument(
        "--verify",
        action="store_true",
        help="verify the clips of the actors who are in the folder, and repair only those",
    )
    parser.add_argument(
        "--base",
        dest="bases",
        action="append",
        default=[],
        metavar="URL",
        help="ask this address instead of the published ones, for instance a school's own copy; "
        "may be given more than once",
    )
    parser.add_argument("--offline", action="store_true", help="ask no address at all")
    parser.add_argument(
        "--jobs",
        type=int,
        choices=range(1, 33),
        default=JOBS,
        metavar="N",
        help="files at a time, 1 to 32 (default: %(default)s)",
    )
    return parser


if __name__ == "__main__":
    sys.exit(terminal.run(main, name="ser_helpers.download"))
