"""Ask whether an answer may be trusted: ``python benchmarks/measure_trust.py [--data FOLDER]``.

Ours of 05, 09 and 13, in the six folds of ``measure.py``, all on speakers whom they had not heard:

- UAR of women and of men. The two are different people, so no speaker can be paired with another:
  each sex is drawn for itself. What can be paired is how the gap changes from one network to
  another, for the same people answer both.
- Sureness against accuracy, before and after a temperature fitted on the validation speakers.
- Accuracy if only the surest answers are given.

Writes ``results/trust_<corpus>.json``. Needs the weights of 13 (``requirements-pretrained.txt``);
``--only "ours of 05"`` does not.
"""

from collections.abc import Sequence

import measure_peers
import measure_temporal
import numpy as np
import pandas as pd
import protocol
import record
import torch
from protocol import N_FOLDS
from threadpoolctl import threadpool_limits

from ser_helpers import calibration, data, features, split, train
from ser_helpers.further import cures, heads, temporal
from ser_helpers.scoring import confusions, draw_people, score

N_DRAWS = 2000
SYSTEMS = {"ours of 05": "ours", "ours of 09": "frames", "ours of 13": "whisper"}
COVERAGES = tuple(round(0.1 * i, 1) for i in range(1, 11))
PACKAGES = ("librosa", "numpy", "scikit-learn", "torch")


def both_parts(
    system: str, table: pd.DataFrame | pd.Series, clips: pd.DataFrame, parts: pd.Series
) -> pd.DataFrame:
    """Train one fold; return the probabilities of its validation and its test clips."""
    if system == "ours of 09":
        settings = temporal.TemporalSettings()
        ((_, said),) = measure_temporal.run_folds(table, clips, [parts], settings, n_jobs=1)
    elif system == "ours of 13":
        validation, test, _, _ = heads.validated(table, clips.emotion, parts)
        said = pd.concat([validation, test])
    else:
        said = train.fit(table, clips.emotion, parts, progress=False).probabilities
    return said.loc[parts.index[parts != "train"]]


def by_speaker(clips: pd.DataFrame, said: pd.Series, sex: str) -> np.ndarray:
    """Count confusions of each speaker of a sex; shape (n_speakers, 6, 6)."""
    own = clips[clips.sex == sex]
    return confusions(own.emotion, said[own.index], own.actor)


def uars(matrices: np.ndarray, seed: int) -> np.ndarray:
    """Score all speakers together (first), then draws of them with replacement."""
    draws = draw_people(len(matrices), N_DRAWS, seed=seed)
    together = np.concatenate([matrices.sum(axis=0)[None], np.tensordot(draws, matrices, axes=1)])
    return score(together).uar.to_numpy()


def bounds(values: np.ndarray) -> dict[str, float]:
    """Return the first value with the interval of the others."""
    low, high = np.quantile(values[1:], [0.025, 0.975])
    return record.rounded({"value": values[0], "low": low, "high": high})


def by_sex(clips: pd.DataFrame, said: dict[str, pd.Series]) -> dict:
    """Score women and men, their gap, and how the gap changes between systems."""
    found: dict = {}
    gaps = {}
    for system, answers in said.items():
        # The same seeds for every system, so that the same people are drawn: that pairs them.
        women, men = (
            uars(by_speaker(clips, answers, sex), seed)
            for seed, sex in enumerate(("female", "male"))
        )
        gaps[system] = women - men
        found[system] = {
            "women": bounds(women),
            "men": bounds(men),
            "women minus men": bounds(gaps[system]),
        }
    first = next(iter(gaps))
    found["change of the gap, the same speakers"] = {
        f"{system} minus {first}": bounds(gap - gaps[first])
        for system, gap in gaps.items()
        if system != first
    }
    return found | {"speakers": clips.groupby("sex").actor.nunique().to_dict()}


def sureness(
    clips: pd.DataFrame, folds: pd.Series, answers: list[pd.DataFrame]
) -> tuple[dict, pd.DataFrame]:
    """Compare sureness with accuracy, before and after a temperature; return the test answers."""
    before, after, heat = [], [], []
    for fold, said in enumerate(answers):
        parts = split.parts_of_fold(folds, fold)[said.index]
        validation, test = (said[parts == part] for part in ("validation", "test"))
        heat.append(cures.find_temperature(validation, clips.emotion[validation.index]))
        before.append(test)
        after.append(cures.with_temperature(test, heat[-1]))
    found: dict = {"temperatures": [round(float(t), 3) for t in heat]}
    for name, pieces in (("before", before), ("after", after)):
        whole = pd.concat(pieces).loc[clips.index]
        table = calibration.reliability(whole, clips.emotion)
        own = whole.to_numpy()[np.arange(len(whole)), whole.columns.get_indexer(clips.emotion)]
        found[name] = {
            "expected_calibration_error": round(table.attrs["ece"], 4),
            "mean_sureness": round(float(whole.max(axis=1).mean()), 4),
            "share_right": round(float((whole.idxmax(axis=1) == clips.emotion).mean()), 4),
            "log_loss": round(float(-np.log(np.maximum(own, 1e-12)).mean()), 4),
            "bins": table.round(4).to_dict("list"),
        }
    return found, pd.concat(after).loc[clips.index]


def covered(clips: pd.DataFrame, said: pd.DataFrame) -> dict[str, float]:
    """Find how often the surest tenth, two tenths … of the answers are right."""
    curve = calibration.coverage(said, clips.emotion)
    reached = [curve[curve.coverage >= share - 1e-9].iloc[0] for share in COVERAGES]
    return {str(s): round(float(r.accuracy), 4) for s, r in zip(COVERAGES, reached, strict=True)}


def measure_all(
    corpus: data.Corpus, *, only: Sequence[str] = tuple(SYSTEMS), n_folds: int = N_FOLDS
) -> dict:
    """Measure all of it for some systems."""
    memory = record.memory()
    clips = corpus.clips.loc[features.extract(corpus.clips, n_jobs=1, progress=False).index]
    folds = split.folds_by_speaker(clips, n_folds)
    said, sure, cover, scores = {}, {}, {}, {}
    for system in only:
        table = measure_peers.table_of(SYSTEMS[system], clips, memory)
        answers = [
            both_parts(system, table, clips, split.parts_of_fold(folds, fold))
            for fold in range(n_folds)
        ]
        sure[system], whole = sureness(clips, folds, answers)
        said[system] = whole.idxmax(axis=1)
        cover[system] = covered(clips, whole)
        found = scores[f"{system}, all speakers"] = protocol.scores(clips, said[system])
        print(system, f"UAR {found['uar']['value']:.1%}", cover[system], flush=True)
    return {
        **record.about(corpus, clips),
        "interval": "95 %, bootstrap over speakers",
        "protocol": f"{folds.name}; the next fold chooses and fits the temperature",
        "seed": 0,
        "scores": scores,
        "UAR by sex": by_sex(clips, said) if clips.sex.nunique() == 2 else {},
        "sureness": sure,
        "accuracy against coverage": cover,
        "machine": record.machine(),
        "versions": record.versions(*PACKAGES),
    }


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument("--only", nargs="+", choices=SYSTEMS, default=SYSTEMS, help="systems")
    options = parser.parse_args()
    corpus = data.open_corpus(options.data)
    print(corpus)
    with threadpool_limits(1):
        torch.set_num_threads(1)
        result = measure_all(corpus, only=tuple(options.only))
    record.write(f"trust_{record.name_of(corpus)}", result)


if __name__ == "__main__":
    main()
