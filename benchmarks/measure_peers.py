"""Score what others do beside ours, one protocol: ``python benchmarks/measure_peers.py --data F``.

Six folds as in ``measure.py``, of unseen speakers (plain, and with each speaker's features
standardised by all of that speaker's clips, without labels) and of random rows, which leak. In each
fold the fold tests, the next one chooses what there is to choose, and the others train; a recipe
that chooses nothing trains on the next fold as well, so that any doubt is decided for the others.
One seed, one core; what a fold took is measured in seconds of the processor. Nothing was tuned
here: the recipes are those of their authors (``peers.py``), ours those of the notebooks.

Writes ``results/peers_<corpus>.json``. What is done is kept in ``work/``, so that an interrupted
run goes on; ``--only NAME …`` measures some (with "ours of 05" and "ours of 13", to be compared
with them). Needs ``benchmarks/requirements.txt``.
"""

import hashlib
import inspect
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import joblib
import measure_temporal
import numpy as np
import pandas as pd
import peers
import record
import speed
import torch
from protocol import N_FOLDS, scores
from record import OWN, PLAIN, RANDOM
from threadpoolctl import threadpool_limits

from ser_helpers import data, evaluate, features, split, train
from ser_helpers.further import adapt, frames, heads, pretrained, temporal

TIMED = 100  # clips whose features are timed
LAYERS = (2, 3, 4)  # of notebook 13
PACKAGES = ("librosa", "numpy", "opensmile", "scikit-learn", "torch")
Table = pd.DataFrame
Head = Callable[[Table, pd.Series, pd.Series], pd.Series]  # table, labels, parts -> answers


def our_network(table: Table, labels: pd.Series, parts: pd.Series) -> pd.Series:
    """Answer by the network of 05, whose epoch the validation part chooses."""
    result = train.fit(table, labels, parts, progress=False)
    return result.predictions[parts == "test"]


def regression(table: Table, labels: pd.Series, parts: pd.Series) -> pd.Series:
    """Answer by the regression of 13, whose strength the validation part chooses."""
    said = heads.validated(table, labels, parts)[1]
    assert said is not None
    return said.idxmax(axis=1)


def theirs(fit: Callable, table: Table, labels: pd.Series, parts: pd.Series) -> pd.Series:
    """Answer by a recipe that chooses nothing: it trains on the validation part as well."""
    known = (parts != "test").to_numpy()
    x, asked = table.to_numpy()[known], table.to_numpy()[~known]
    return pd.Series(fit(x, labels.to_numpy()[known], asked), table.index[~known])


@dataclass(frozen=True)
class System:
    """What makes a row of numbers of a clip, and what answers by it."""

    features: str
    head: Head
    ways: tuple[str, ...] = (PLAIN, RANDOM, OWN)


SYSTEMS = {
    "Kaggle's 162 and network": System("kaggle", partial(theirs, peers.fit_kaggle)),
    "Kaggle's 162 and our network": System("kaggle", our_network),
    "DataFlair's 180 and MLP": System("dataflair", partial(theirs, peers.fit_dataflair)),
    "eGeMAPS and SVM": System("egemaps", peers.fit_machine),
    "eGeMAPS and our network": System("egemaps", our_network),
    "40 MFCC means and our network": System("tutorial", our_network),
    "ours of 05": System("ours", our_network),
    "ours of 09": System("frames", our_network),  # its own training, see `answer_frames`
    "ours of 13": System("whisper", regression),
}


def row(name: str) -> Callable:
    """Return what computes the row of a clip."""
    if name == "whisper":
        encoder = pretrained.load()
        return lambda path: pretrained.describe(data.load_clip(path), encoder)
    if name == "frames":
        return lambda path: frames.log_mel(data.load_clip(path))
    return getattr(peers, name)


def rows_of(name: str, paths: list) -> np.ndarray:
    of = row(name)
    return np.stack([np.ravel(of(path)) for path in paths]).astype(np.float32)


def table_of(name: str, clips: pd.DataFrame, memory: joblib.Memory) -> Table | pd.Series:
    """Compute the feature table of a corpus, or read it from the cache."""
    if name == "frames":
        return frames.extract(clips, progress=False).loc[clips.index]
    if name == "whisper":
        return pretrained.embed(clips, LAYERS, n_jobs=1, progress=False)
    if name == "ours":
        return features.extract(clips, n_jobs=1, progress=False)
    values = memory.cache(rows_of)(name, [str(path) for path in clips.path])
    names = [f"{name} {i:03d}" for i in range(values.shape[1])]
    return pd.DataFrame(values, clips.index, names)


def frames_by_speaker(table: pd.Series, actors: pd.Series) -> pd.Series:
    """Give each speaker's mel bands the mean and spread that all speakers have together.

    In dB, so that what is done to training clips (noise, levels) still means the same.
    """

    def moments(pictures: pd.Series) -> tuple[np.ndarray, np.ndarray]:
        whole = np.concatenate(list(pictures), axis=1)
        return whole.mean(axis=1, keepdims=True), whole.std(axis=1, keepdims=True)

    mean, sd = moments(table)
    made = {}
    for actor in actors.unique():
        own = table[(actors == actor).to_numpy()]
        own_mean, own_sd = moments(own)
        for clip, picture in own.items():
            made[clip] = ((picture - own_mean) / own_sd * sd + mean).astype(np.float32)
    found = pd.Series(made, name=table.name).loc[table.index]
    found.attrs = table.attrs
    return found


def answer_fold(
    system: str, table: Table, labels: pd.Series, parts: pd.Series, code: str
) -> tuple[pd.Series, float]:
    """Train and answer one fold; return the answers, and seconds of the processor."""
    torch.set_num_threads(1)
    start = time.process_time()
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # MLPClassifier says that 500 epochs were not enough
        said = SYSTEMS[system].head(table, labels, parts)
    return said, time.process_time() - start


def answer_frames(
    table: pd.Series, clips: pd.DataFrame, parts: pd.Series
) -> tuple[pd.Series, float]:
    """As :func:`answer_fold`, with the network that sees time and its own cache."""
    settings = temporal.TemporalSettings()
    ((found, probabilities),) = measure_temporal.run_folds(
        table, clips, [parts], settings, n_jobs=1
    )
    return probabilities[parts == "test"].idxmax(axis=1), found["processor_seconds"]


def code_of(head: Head) -> str:
    """Hash the functions that a head is made of, so that a changed one is measured anew."""
    parts = [head.func, *head.args] if isinstance(head, partial) else [head]
    return hashlib.sha256("".join(map(inspect.getsource, parts)).encode()).hexdigest()


def cross_validate(
    system: str,
    table: Table | pd.Series,
    clips: pd.DataFrame,
    folds: pd.Series,
    memory: joblib.Memory,
) -> tuple[pd.Series, float]:
    """Answer each clip by what had not heard its fold; return seconds of all folds as well."""
    code = code_of(SYSTEMS[system].head)
    said, seconds = [], 0.0
    for fold in range(folds.max() + 1):
        parts = split.parts_of_fold(folds, fold)
        if system == "ours of 09":
            answers, took = answer_frames(table, clips, parts)
        else:
            cached = memory.cache(answer_fold)
            answers, took = cached(system, table, clips.emotion, parts, code)
        said.append(answers)
        seconds += took
        print(f"{system:40} {folds.name}, {fold}: {took:.1f} s", flush=True)
    return pd.concat(said).loc[clips.index].rename("said"), seconds


def milliseconds(name: str, clips: pd.DataFrame) -> float:
    """Measure what the features of a clip take of the processor; some clips, evenly spaced."""
    of = row(name)
    paths = list(clips.path.iloc[:: max(1, len(clips) // TIMED)])
    of(paths[0])
    return speed.milliseconds(of, paths)


def measure_all(
    corpus: data.Corpus, *, only: Sequence[str] = tuple(SYSTEMS), n_folds: int = N_FOLDS
) -> dict:
    """Measure systems, each in all of its ways, with the differences to ours of 05 and 13."""
    memory = record.memory()
    # Only clips that every system can hear.
    clips = corpus.clips.loc[features.extract(corpus.clips, n_jobs=1, progress=False).index]
    by = {
        PLAIN: split.folds_by_speaker(clips, n_folds),
        RANDOM: split.folds_by_rows(clips, n_folds),
    }
    by[OWN] = by[PLAIN]
    said: dict[tuple[str, str], pd.Series] = {}
    result: dict = {"scores": {}, "paired difference": {}, "cost": {}}
    for name in only:
        system = SYSTEMS[name]
        plain = table_of(system.features, clips, memory)
        cost = {"ms_per_clip": round(milliseconds(system.features, clips), 2)}
        for way in system.ways:
            table = plain
            if way == OWN:
                by_speaker = frames_by_speaker if name == "ours of 09" else own_of
                table = by_speaker(plain, clips.actor)
            said[name, way], seconds = cross_validate(name, table, clips, by[way], memory)
            cost[f"training_seconds, {way}"] = round(seconds, 1)
            found = result["scores"][f"{name}, {way}"] = scores(clips, said[name, way])
            print(f"{name}, {way}: UAR {found['uar']['value']:.1%}", flush=True)
        minutes = len(clips) * cost["ms_per_clip"] / 1000 + cost[f"training_seconds, {PLAIN}"]
        result["cost"][name] = cost | {"processor_minutes": round(minutes / 60, 2)}
    for (name, way), answers in said.items():
        for other in ("ours of 05", "ours of 13"):
            if name != other and (other, way) in said:
                apart = evaluate.difference(clips.emotion, answers, said[other, way], clips.actor)
                result["paired difference"][f"{name} minus {other}, {way}"] = record.compared(apart)
    return {
        **record.about(corpus, clips),
        "interval": "95 %, bootstrap over speakers",
        "measure": "UAR",
        "protocols": {way: folds.name for way, folds in by.items()},
        "seed": 0,
        **result,
        "chance": round(1 / clips.emotion.nunique(), 4),
        "machine": record.machine(),
        "versions": record.versions(*PACKAGES),
    }


def in_order(found: dict) -> list[str]:
    """Sort names by the system that they begin with, in the order of ``SYSTEMS``."""
    place = {name: i for i, name in enumerate(SYSTEMS)}
    return sorted(found, key=lambda name: next(place[s] for s in place if name.startswith(s)))


def own_of(table: Table, actors: pd.Series) -> Table:
    """Standardise each speaker's features by all of that speaker's clips."""
    own = adapt.standardise_by_speaker(table, actors)
    own.attrs = {}
    return own


def main() -> None:
    parser = record.parser(__doc__)
    parser.add_argument(
        "--only", nargs="+", choices=SYSTEMS, help="these; keep the others' figures"
    )
    options = parser.parse_args()
    corpus = data.open_corpus(options.data)
    print(corpus)
    with threadpool_limits(1):
        torch.set_num_threads(1)
        result = measure_all(corpus, only=options.only or tuple(SYSTEMS))
    file = f"peers_{record.name_of(corpus)}"
    if options.only:
        stored = record.read(file)
        for part in ("scores", "paired difference", "cost"):
            merged = stored.get(part, {}) | result[part]
            result[part] = {name: merged[name] for name in in_order(merged)}
        result["versions"] = stored.get("versions", {}) | result["versions"]
    record.write(file, result)


if __name__ == "__main__":
    main()
