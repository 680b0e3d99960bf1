"""The whole road without a notebook: ``python -m ser_helpers --help``."""

import argparse
import io
import json
import os
import sys
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np

from ser_helpers import data, evaluate, features, predict, split, terminal, train
from ser_helpers.files import replace_file, why_not_writable

MOST_REASONS = 10  # printed


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the road from clips to report.

    Parameters
    ----------
    arguments : sequence of str, optional
        Command line; ``sys.argv`` if left out.

    Returns
    -------
    int
        0: done; 1: it could not be done, and a line on stderr says why; 2: wrong arguments.
    """
    options = _parser().parse_args(arguments)
    try:
        run(options.data, options.out, split_by=options.split, n_folds=options.folds)
    except data.DataError as error:
        print(f"ser_helpers: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        reason = f"{error.filename or options.out}: {error.strerror}" if error.errno else error
        print(f"ser_helpers: {reason}; try another --out", file=sys.stderr)
        return 1
    return 0


def run(
    source: str | None,
    out: str | Path,
    *,
    split_by: str = "speaker",
    n_folds: int | None = None,
    settings: train.TrainSettings = train.TrainSettings(),
) -> dict:
    """Walk from clips to report, and write the report to ``out``.

    Parameters
    ----------
    source : str, optional
        As in :func:`ser_helpers.data.open_corpus`.
    out : str or Path
        Folder for ``report.json``, ``confusion.png``, ``recogniser.npz`` and the feature cache.
    split_by : {"speaker", "random"}
        "random" shows what the leak would have given.
    n_folds : int, optional
        Test each speaker once, in so many folds, instead of one test part.
    settings : TrainSettings

    Returns
    -------
    dict
        What is in ``report.json``.

    Raises
    ------
    DataError
        If the corpus cannot be opened, read or split.
    """
    out = Path(out)
    corpus = data.open_corpus(source)
    print(corpus)
    _say_set_aside(
        f"{files.iloc[0]}{f' and {len(files) - 1} more' if len(files) > 1 else ''}: {reason}"
        for reason, files in corpus.set_aside.groupby("reason", sort=False).file
    )
    if reason := why_not_writable(out):  # said now, and not when all is computed
        raise OSError(f"{out} cannot be written to ({reason})")
    with warnings.catch_warnings():  # said below, in our own words
        warnings.filterwarnings("ignore", message=".*clips set aside", category=UserWarning)
        table = features.extract(corpus.clips, cache=out / "cache")
    _say_set_aside(table.attrs["set_aside"].values())
    clips = corpus.clips.loc[table.index]

    if n_folds is not None:
        deal = split.folds_by_speaker if split_by == "speaker" else split.folds_by_rows
        folds = deal(clips, n_folds)
        unseen = train.cross_validate(table, clips.emotion, folds, settings=settings)
        report = evaluate.report_on(
            clips.emotion, unseen.idxmax(axis=1), clips.actor, protocol=folds.name
        )
    else:
        parts = split.by_speaker(clips) if split_by == "speaker" else split.by_rows(clips)
        result = train.fit(table, clips.emotion, parts, settings=settings)
        report = evaluate.report(result, clips)
    print(report)  # before anything is written, which may fail

    summary = {
        "corpus": corpus.name,
        "synthetic": corpus.synthetic,
        "n_clips": len(clips),
        "n_actors": int(clips.actor.nunique()),
        "n_set_aside": len(corpus.set_aside) + len(table.attrs["set_aside"]),
        "protocol": report.protocol,
        "n_clips_scored": report.n_clips,
        "n_actors_scored": report.n_actors,
        **{
            # One speaker has no interval: null, since JSON knows no NaN.
            metric: {k: None if np.isnan(v) else round(float(v), 4) for k, v in row.items()}
            for metric, row in report.scores.iterrows()
        },
        "baselines": report.baselines.round(4).to_dict("index"),
        "confusion": report.confusion.to_numpy().tolist(),
        "classes": list(data.EMOTIONS),
    }
    report_file, picture_file = out / "report.json", out / "confusion.png"
    if n_folds is None:
        predict.save(predict.from_result(result, corpus=corpus), out / "recogniser.npz")
    replace_file(report_file, (json.dumps(summary, indent=2) + "\n").encode())
    title = f"{corpus.name}\n{report.protocol}: UAR {report.scores.value.uar:.1%}"
    replace_file(picture_file, _picture(report, title))
    print(f"Written: {report_file}, {picture_file}")
    return summary


def _say_set_aside(reasons: Iterable[str]) -> None:
    """Print why clips are left out, the first ten reasons."""
    reasons = list(reasons)
    for reason in reasons[:MOST_REASONS]:
        print(f"  set aside: {reason}")
    if len(reasons) > MOST_REASONS:
        print(f"  set aside: {len(reasons) - MOST_REASONS} more")


def _picture(report: evaluate.Report, title: str) -> bytes:
    """Draw the confusion matrix as a PNG."""
    import matplotlib.pyplot as plt  # not needed for --help

    from ser_helpers import plot

    figure = plot.confusion(report.confusion, title=title).figure
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=120)
    plt.close(figure)
    return picture.getvalue()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ser_helpers",
        description="Clips → MFCCs → split → network → report, all at once.",
    )
    parser.add_argument(
        "--data",
        metavar="FOLDER",
        help="folder of clips, 'demo' or 'auto' (default: SER_DATA, else CREMA-D if it is here, "
        "else the demo voices)",
    )
    parser.add_argument(
        "--out",
        metavar="FOLDER",
        default="ser_report",
        help="where everything is written, and nothing elsewhere (default: %(default)s)",
    )
    parser.add_argument(
        "--split",
        choices=("speaker", "random"),
        default="speaker",
        help="random rows show what the leak would have given (default: %(default)s)",
    )
    parser.add_argument(
        "--folds", type=int, metavar="N", help="test every speaker once, in N folds (3 or more)"
    )
    return parser


if __name__ == "__main__":
    os.environ["MPLBACKEND"] = "agg"  # no window, no display needed, whatever a profile says
    sys.exit(terminal.run(main, name="ser_helpers"))
