"""Count votes and compare a network with them: ``python benchmarks/measure_listeners.py``.

With ``--votes FILE`` (CREMA-D's own ``processedResults/tabulatedVotes.csv``), it counts the votes
and writes ``results/listeners_cremad.json``, the source of the sums in ``ser_helpers/votes.py`` and
of the figures on people in notebook 08. Without it, a network is trained as in that notebook, on
the demo voices or on ``--data FOLDER``, and compared with the published sums; the result is written
to ``results/listeners_<corpus>.json``.
"""

import itertools
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd
import record

from ser_helpers import data, evaluate, features, split, train
from ser_helpers.checksums import TABLES
from ser_helpers.further import listeners
from ser_helpers.names import CHANNELS

NAME = "processedResults/tabulatedVotes.csv"
PACKAGES = ("librosa", "numpy", "scikit-learn", "torch")


def read(path: Path) -> pd.DataFrame:
    """Read the table from any path; ``listeners.votes`` checks that it is the published one."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / Path(NAME).name
        copy.write_bytes(path.read_bytes())
        return listeners.votes(folder)


def foreseen(counts: pd.DataFrame) -> float:
    """Compute how often one listener agrees with the majority of the *other* listeners."""
    votes, hits = counts.to_numpy(), 0.0
    for k in range(votes.shape[1]):
        others = votes.copy()
        others[:, k] -= 1  # without this listener
        best = others == others.max(axis=1, keepdims=True)
        hits += (votes[:, k] * best[:, k] / best.sum(axis=1)).sum()
    return hits / votes.sum()


def alpha(counts: pd.DataFrame) -> float:
    """Compute Krippendorff's alpha for nominal data: pairs within clips versus all pairs."""
    votes = counts.to_numpy(float)
    n, totals = votes.sum(axis=1), votes.sum(axis=0)
    apart = 1 - ((votes * (votes - 1)).sum(axis=1) / (n - 1)).sum() / n.sum()
    by_luck = 1 - (totals * (totals - 1)).sum() / (n.sum() * (n.sum() - 1))
    return 1 - apart / by_luck


def measure(counts: pd.DataFrame, clips: pd.DataFrame) -> dict:
    """Summarise the votes on one channel."""
    n, emotion = counts.sum(axis=1), clips.emotion
    table = pd.DataFrame(
        {
            "as_meant": listeners.as_meant(counts, emotion),
            "nobody": (listeners.as_meant(counts, emotion) == 0).astype(float),
            "under_a_tenth": (listeners.as_meant(counts, emotion) < 0.1).astype(float),
            "agreement": listeners.agreement(counts),
            "entropy_bits": listeners.entropy(counts),
            "crowd_right": listeners.as_meant(listeners.favourite(counts), emotion),
        }
    )
    sums = counts.groupby(emotion).sum()
    rows = listeners.shares(sums)
    own = pd.Series(np.diag(rows), rows.index)
    by_actor = table.as_meant.groupby(clips.actor).mean()
    levels = clips.level[clips.level != "XX"]  # only one sentence, and no neutral clips
    several = table.agreement.quantile([0.25, 0.5, 0.75])
    return {
        "votes": int(n.sum()),
        "votes_a_clip": {"mean": n.mean(), "least": int(n.min()), "most": int(n.max())},
        "sums": sums.to_numpy().tolist(),
        "recall": own.to_dict(),
        "single_vote": {"accuracy": np.diag(sums).sum() / n.sum(), "uar": own.mean()},
        "errors_that_are_neutral": (sums.NEU.drop("NEU").sum()) / (n.sum() - np.diag(sums).sum()),
        "crowd_ties_shared": {
            "accuracy": table.crowd_right.mean(),
            "uar": table.crowd_right.groupby(emotion).mean().mean(),
            "ties": (counts.eq(counts.max(axis=1), axis=0).sum(axis=1) > 1).mean(),
            "share_of_votes_for_it": (counts.max(axis=1) / n).mean(),
            "foresees_another_listener": foreseen(counts),
        },
        "crowd_right_by_agreement_quarter": [
            table.crowd_right[inside].mean() for inside in _quarters(table.agreement, several)
        ],
        "fleiss_kappa": listeners.fleiss_kappa(counts),
        "krippendorff_alpha": alpha(counts),
        "all_clips": table.mean().to_dict(),
        "nobody_clips": int(table.nobody.sum()),
        "unanimous": (counts.max(axis=1) == n).mean(),
        "unanimous_and_not_as_meant": int(((counts.max(axis=1) == n) & (table.nobody == 1)).sum()),
        "floor_of_agreement": rows.pow(2).sum(axis=1).to_dict(),
        "by_emotion": table.groupby(emotion).mean().to_dict("index"),
        "by_level": table.groupby(levels).mean().to_dict("index"),
        "spread": listeners.spread(counts, emotion).to_numpy().tolist(),
        "as_meant_by_actor": {"lowest": by_actor.min(), "highest": by_actor.max()},
    }


def _quarters(values: pd.Series, ends: pd.Series) -> list[pd.Series]:
    group = np.searchsorted(ends.to_numpy(), values.to_numpy(), side="left")
    return [pd.Series(group == i, values.index) for i in range(4)]


def measure_all(votes: pd.DataFrame) -> dict:
    clips = pd.DataFrame([data.parse_name(clip) for clip in votes.index], index=votes.index)
    return {
        "source": "CREMA-D, processedResults/tabulatedVotes.csv (ODbL 1.0; Cao et al. 2014)",
        "sha256": TABLES[NAME],
        "clips": len(votes),
        "actors": int(clips.actor.nunique()),
        **{channel: measure(votes[channel], clips) for channel in CHANNELS.values()},
    }


def as_strong_by_luck(ours: np.ndarray, theirs: np.ndarray) -> tuple[float, float]:
    """Correlate two short lists; also return the share of orders that correlate as strongly."""
    correlation = np.corrcoef(ours, theirs)[0, 1]
    orders = [np.corrcoef(order, theirs)[0, 1] for order in itertools.permutations(ours)]
    return correlation, float(np.mean(np.abs(orders) >= abs(correlation) - 1e-9))


def beside_published(corpus: data.Corpus) -> dict:
    """Train on labels and on the published shares; score both by intention and by vote.

    Each clip is answered by networks that had not heard its speaker.
    """
    table = features.extract(corpus.clips, progress=False)
    clips = corpus.clips.loc[table.index]
    folds = split.folds_by_speaker(clips)
    rows = evaluate.listeners("voice", normalise=True)
    targets = rows.loc[clips.emotion].set_axis(clips.index)
    hard = train.cross_validate(table, clips.emotion, folds, progress=False)[list(rows.columns)]
    soft = listeners.unseen(table, clips.emotion, folds, targets=targets)[list(rows.columns)]
    answers = {
        "hard labels": hard,
        "published shares": soft,
        "hard labels, then the matrix": hard @ rows.to_numpy(),
        "published shares, then undone": soft @ np.linalg.inv(rows),
    }
    said = {
        name: scores.set_axis(rows.columns, axis=1).idxmax(axis=1)
        for name, scores in answers.items()
    }
    truth, actors = clips.emotion, clips.actor
    recall = (said["hard labels"] == truth).groupby(truth).mean()
    correlation, by_luck = as_strong_by_luck(recall.to_numpy(), np.diag(rows))
    return {
        "corpus": corpus.name,
        "protocol": folds.name,
        "n_clips": len(truth),
        "n_actors": int(actors.nunique()),
        "interval": "of the UAR, 95 %, bootstrap over speakers",
        "recall": recall.to_dict(),
        "correlation_with_listeners": {"r": correlation, "orders_as_strong": by_luck},
        "answers": {
            name: evaluate.intervals(truth, answer, actors).loc["uar"].to_dict()
            | {
                "a_vote_is_the_same": listeners.a_vote_is_the_same(answer, targets),
                "neutral": float((answer == "NEU").mean()),
            }
            for name, answer in said.items()
        },
        "minus hard labels": {
            name: record.interval(
                evaluate.difference(truth, said[name], said["hard labels"], actors)
            )
            for name in list(said)[1:]
        },
        "the same answer": float(
            (said["published shares"] == said["hard labels, then the matrix"]).mean()
        ),
        "surest": surest(truth, said["hard labels"], hard.max(axis=1)),
        "versions": record.versions(*PACKAGES),
    }


def surest(truth: pd.Series, said: pd.Series, sure: pd.Series) -> dict:
    """Score the surest clips alone, and count how many of each emotion are left."""
    found = {}
    for keep in (1, 0.75, 0.5, 0.25):
        kept = sure.index[sure.rank(pct=True, method="first") > 1 - keep]
        left = truth[kept].value_counts() / truth.value_counts()
        found[f"{keep:.0%}"] = {
            "clips": len(kept),
            "uar": evaluate.scores(truth[kept], said[kept])["uar"],
            "kept": left.reindex(data.EMOTIONS).fillna(0).to_dict(),
        }
    return found


def rounded(value: object) -> object:
    """Round every float to five places."""
    if isinstance(value, dict):
        return {key: rounded(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [rounded(inner) for inner in value]
    return round(float(value), 5) if isinstance(value, float) else value


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument(
        "--votes", type=Path, metavar="FILE", help="count votes instead of training"
    )
    options = parser.parse_args()
    if options.votes:
        name, result = "cremad", measure_all(read(options.votes))
    else:
        corpus = data.open_corpus(options.data)
        name = record.name_of(corpus)
        name = "cremad_network" if name == "crema-d" else name
        result = beside_published(corpus)
    path = record.write(f"listeners_{name}", rounded(result))
    print(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
