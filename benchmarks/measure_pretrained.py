"""Measure what a network that has heard years of speech is worth: ``[--data FOLDER]``.

A logistic regression on what the layers of Whisper's encoder make of the clips (frozen; mean and
standard deviation over time), in six folds by speaker as in ``measure.py``: each is the test fold
once, the next one chooses the strength of the regularisation, and the others train. Beside it: the
same for MFCCs, random rows, few training speakers, what else the layers know, encoders with random
weights, and the course's networks on the same folds, for paired differences. Writes
``results/pretrained_<corpus>.json``; ``pretrained_trials.py`` adds the trials, and part ``chosen``
scores what they chose. Needs the weights (``requirements-pretrained.txt``).
"""

import argparse
import os
import platform
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial

import fine_tuning
import measure_temporal
import numpy as np
import pandas as pd
import pretrained_random
import pretrained_recipes
import pretrained_trials
import record
import torch
from sklearn.metrics import balanced_accuracy_score
from threadpoolctl import threadpool_limits

from ser_helpers import data, evaluate, features, split, train
from ser_helpers.further import adapt, frames, heads, pretrained, temporal, whisper_weights
from ser_helpers.paired import Difference

N_FOLDS = 6
PACKAGES = ("librosa", "numpy", "scikit-learn", "torch")
#: What is measured by the name that the notebook calls it.
SETS = {
    "convolutions": (0,),
    "layer 1": (1,),
    "layer 2": (2,),
    "layer 3": (3,),
    "layer 4": (4,),
    "after the last norm": (5,),
    "layers 2 and 3": (2, 3),
    "layers 2 to 4": (2, 3, 4),
    "layers 1 to 4": (1, 2, 3, 4),
}
SINGLE = [name for name, layers in SETS.items() if len(layers) == 1]
MAIN = "layers 2 to 4"
BEST = "layer 2"  # of the single ones
FEW = (2, 4, 8)  # training speakers
DRAWS = range(3)
PROBE = 3e-3  # C of all probes
EVERYBODY = "all training speakers"
#: How the control's weights are drawn: as PyTorch begins, or the trained ones in random order.
DRAWN = {"as PyTorch begins": pretrained_random.begin, "shuffled": pretrained_random.shuffle}


def scores(clips: pd.DataFrame, said: pd.Series) -> dict:
    """Score predictions, with intervals over speakers."""
    return evaluate.intervals(clips.emotion, said, clips.actor).round(4).to_dict("index")


def paired(clips: pd.DataFrame, a: pd.Series, b: pd.Series) -> dict:
    """Subtract the UAR of ``b`` from that of ``a``, over the speakers whom both heard."""
    return told(evaluate.difference(clips.emotion, a, b, clips.actor))


def repeated(values: pd.Series, n: int) -> pd.Series:
    """Put the clips of several draws one after another, each clip named by its draw as well."""
    return pd.concat([values] * n, keys=range(n)).pipe(renamed)


def renamed(values: pd.Series) -> pd.Series:
    return values.set_axis([f"{draw} {clip}" for draw, clip in values.index])


def scores_of_draws(clips: pd.DataFrame, said: list[pd.Series]) -> dict:
    """Score the answers of several draws: the mean of their UARs, people drawn with all draws."""
    n = len(said)
    uar = evaluate.intervals(
        repeated(clips.emotion, n), joined(clips, said), repeated(clips.actor, n)
    ).loc["uar"]
    each = [evaluate.scores(clips.emotion, own)["uar"] for own in said]
    of_each_draw = [round(float(value), 4) for value in each]
    return uar.round(4).to_dict() | {"of_each_draw": of_each_draw}


def joined(clips: pd.DataFrame, said: list[pd.Series]) -> pd.Series:
    return renamed(pd.concat([own[clips.index] for own in said], keys=range(len(said))))


def paired_draws(clips: pd.DataFrame, a: list[pd.Series], b: list[pd.Series]) -> dict:
    """Subtract mean UARs over several draws; a single answer meets each draw of the other."""
    n = max(len(a), len(b))
    both = (joined(clips, own * (n if len(own) == 1 else 1)) for own in (a, b))
    return told(evaluate.difference(repeated(clips.emotion, n), *both, repeated(clips.actor, n)))


def told(found: Difference) -> dict:
    """Return a difference as the results keep it, and whether it tells."""
    return record.bounds(found) | {"spread": round(found.spread, 4), "tells": found.tells}


def by_layers(table: pd.DataFrame, clips: pd.DataFrame, folds: pd.Series) -> tuple[dict, dict]:
    """Cross-validate each set of layers; return the predictions, and each fold's row."""
    said, rows = {}, {}
    for name, layers in SETS.items():
        own = table[pretrained.feature_names(layers)]
        probabilities, rows[name] = heads.cross_validated(own, clips.emotion, folds)
        said[name] = probabilities.idxmax(axis=1)
        print(name, folds.name, evaluate.scores(clips.emotion, said[name])["uar"], flush=True)
    # Which layers are best is chosen anew in each fold, by its own validation speakers.
    chosen = [max(rows, key=lambda name: rows[name][i]["validation_uar"]) for i in range(N_FOLDS)]
    pieces = [said[name][folds == i] for i, name in enumerate(chosen)]
    said["chosen in each fold"] = pd.concat(pieces).loc[clips.index]
    rows["chosen in each fold"] = [
        rows[name][i] | {"chosen": name} for i, name in enumerate(chosen)
    ]
    return said, rows


def with_few(
    table: pd.DataFrame, clips: pd.DataFrame, folds: pd.Series, n_speakers: int
) -> list[pd.Series]:
    """Train on a few of the training speakers only; return the answers of each draw."""
    of_draws = []
    for draw in DRAWS:
        unseen = []
        for fold in range(N_FOLDS):
            parts = split.parts_of_fold(folds, fold)
            speakers = clips.actor[parts == "train"].unique()
            drawn = np.random.default_rng([draw, fold]).permutation(speakers)[:n_speakers]
            kept = (parts != "train") | clips.actor.isin(drawn)
            unseen.append(heads.validated(table, clips.emotion, parts[kept])[1])
        of_draws.append(pd.concat(unseen).loc[clips.index].idxmax(axis=1))
    return of_draws


def probe(table: pd.DataFrame, target: pd.Series, folds: pd.Series) -> float:
    """Tell how well a layer knows something else: balanced accuracy over all folds."""
    said = []
    for fold in sorted(set(folds)):
        rows, others = (table.index[mask] for mask in (folds != fold, folds == fold))
        x, other = table.loc[rows].to_numpy(), table.loc[others].to_numpy()
        ((probabilities,),) = heads.path_of(x, target[rows].to_numpy(), other, strengths=[PROBE])
        said.append(probabilities.set_index(others).idxmax(axis=1))
    return round(float(balanced_accuracy_score(target, pd.concat(said).loc[table.index])), 4)


def probes(table: pd.DataFrame, mfccs: pd.DataFrame, clips: pd.DataFrame, folds: pd.Series) -> dict:
    """Ask each layer for the speaker (in other words), the words and the emotion (of others)."""
    text = clips.sentence.str[:2]  # in RAVDESS, KIA and KIB are the same sentence, said twice
    text_fold = text.map({name: i for i, name in enumerate(sorted(set(text)))}) % N_FOLDS
    asked = {
        "speaker, in other sentences": (clips.actor, text_fold),
        "sentence, of unseen speakers": (text, folds),
        "emotion, of unseen speakers": (clips.emotion, folds),
    }
    single = {name: layers for name, layers in SETS.items() if len(layers) == 1}
    tables = {name: table[pretrained.feature_names(layers)] for name, layers in single.items()}
    return {
        what: {"chance": round(1 / target.nunique(), 4)}
        | {name: probe(own, target, by) for name, own in ({"MFCCs": mfccs} | tables).items()}
        for what, (target, by) in asked.items()
    }


def padded(clips: pd.DataFrame, table: pd.DataFrame, *, n: int = 20) -> dict:
    """Compare a few clips as long as they are with the same ones filled up to 30 s.

    ``table`` holds all layers of all clips: its spread from clip to clip is the unit.
    """
    encoder = pretrained.load()
    spread = table.std().to_numpy().reshape(len(SINGLE), len(pretrained.STATISTICS), -1)
    differences, times = [], np.zeros(2)
    for path in clips.path.iloc[:: len(clips) // n][:n]:
        y = data.load_clip(path)
        begin = time.process_time()
        short = pretrained.listen(y, encoder)
        middle = time.process_time()
        long = pretrained.listen(np.pad(y, (0, 30 * 16_000 - len(y))), encoder)[:, : short.shape[1]]
        times += middle - begin, time.process_time() - middle
        rows = [np.stack([x.mean(axis=1), x.std(axis=1)], axis=1) for x in (short, long)]
        differences.append((np.abs(rows[0] - rows[1]) / spread).mean(axis=(1, 2)))
    return {
        "clips": n,
        "seconds_a_clip": round(float(clips.duration.mean()), 2),
        "times_as_long": round(float(times[1] / times[0]), 1),
        "mean_difference_in_sd_over_clips": dict(
            zip(SINGLE, np.mean(differences, axis=0, dtype=float).round(3).tolist(), strict=True)
        ),
    }


class Heard:
    """A corpus, what Whisper makes of it, its MFCCs, and its folds."""

    def __init__(self, corpus: data.Corpus) -> None:
        self.corpus = corpus
        self.table = pretrained.embed(corpus.clips, range(6), n_jobs=1)
        self.clips = clips = corpus.clips.loc[self.table.index]
        self.mfccs = features.extract(clips, n_jobs=1)
        self.folds = split.folds_by_speaker(clips, N_FOLDS)
        self.by_rows = split.folds_by_rows(clips, N_FOLDS)
        self.own = adapt.standardise_by_speaker(self.table, clips.actor)
        self.own_mfccs = adapt.standardise_by_speaker(self.mfccs, clips.actor)

    def of(self, name: str) -> pd.DataFrame:
        """Return the rows of a set of layers."""
        return self.table[pretrained.feature_names(SETS[name])]

    def said(
        self, table: pd.DataFrame, *, folds: pd.Series | None = None, refit: bool = False
    ) -> pd.Series:
        """Return what a regression says of all clips, each unheard."""
        folds = self.folds if folds is None else folds
        found, _ = heads.cross_validated(table, self.clips.emotion, folds, refit=refit)
        return found.idxmax(axis=1)


def measure_layers(heard: Heard) -> dict:
    """Score each set of layers, and compare it with the course's network on the same folds."""
    clips = heard.clips
    found: dict = {"scores": {}, "paired difference to the course's network": {}, "folds": {}}
    found["the course's network, first seed"] = {}
    for how, table, mfccs in (
        ("unseen speakers", heard.table, heard.mfccs),
        ("standardised by speaker", heard.own, heard.own_mfccs),
    ):
        network = train.cross_validate(mfccs, clips.emotion, heard.folds).idxmax(axis=1)
        found["the course's network, first seed"][how] = scores(clips, network)
        said, found["folds"][how] = by_layers(table, clips, heard.folds)
        said |= {"MFCCs": heard.said(mfccs)}
        for name in ("layers 2 and 3", "layers 2 to 4", "layers 1 to 4"):
            own = table[pretrained.feature_names(SETS[name])]
            said[f"{name}, trained on the validation speakers too"] = heard.said(own, refit=True)
        for name, values in said.items():
            found["scores"][f"{name}, {how}"] = scores(clips, values)
            pairs = found["paired difference to the course's network"]
            pairs[f"{name}, {how}"] = paired(clips, values, network)
        if how == "unseen speakers":
            found["confusion"] = evaluate.confusion(clips.emotion, said[MAIN]).to_dict("split")
        others = [name for name in SINGLE if name != BEST]
        found.setdefault("paired difference, layer 2 minus another", {})[how] = {
            name: paired(clips, said[BEST], said[name]) for name in others
        }
    return found


def measure_leak(heard: Heard) -> dict:
    """Score the same heads on random rows, whose speakers were all heard in training."""
    clips, names = heard.clips, ("layer 2", "layers 2 and 3", MAIN)
    tables = {"MFCCs": heard.mfccs}
    tables |= {name: heard.of(name) for name in names}
    unseen = {name: heard.said(table) for name, table in tables.items()}
    leaky = {name: heard.said(table, folds=heard.by_rows) for name, table in tables.items()}
    return {
        "random rows (leaks)": {name: scores(clips, said) for name, said in leaky.items()},
        "paired difference, random rows minus unseen speakers": {
            name: paired(clips, leaky[name], unseen[name]) for name in tables
        },
        "paired difference to MFCCs with the same head": {
            name: paired(clips, unseen[name], unseen["MFCCs"]) for name in names
        },
    }


def measure_few(heard: Heard) -> dict:
    """Score what few training speakers suffice for, and pair embeddings with MFCCs."""
    clips, columns = heard.clips, pretrained.feature_names(SETS[MAIN])
    own = f"{MAIN}, standardised by speaker"
    tables = {"MFCCs": heard.mfccs, MAIN: heard.table[columns], own: heard.own[columns]}
    said = {
        name: {f"{n} training speakers": with_few(table, clips, heard.folds, n) for n in FEW}
        | {EVERYBODY: [heard.said(table)]}
        for name, table in tables.items()
    }
    mfccs = said["MFCCs"]
    fewest = next(iter(mfccs))
    return {
        "learning curve": {
            name: {n: scores_of_draws(clips, draws) for n, draws in few.items() if n != EVERYBODY}
            for name, few in said.items()
        },
        "learning curve, uar, paired difference": {
            f"{MAIN} minus MFCCs": {n: paired_draws(clips, said[MAIN][n], mfccs[n]) for n in mfccs},
            "standardised by speaker minus not": {
                n: paired_draws(clips, said[own][n], said[MAIN][n]) for n in mfccs
            },
            f"{MAIN} with {fewest} minus MFCCs with all": paired_draws(
                clips, said[MAIN][fewest], mfccs[EVERYBODY]
            ),
        },
    }


def measure_random(heard: Heard) -> Iterator[dict]:
    """Score the same encoder with random weights: is it the listening, or the large network?

    Yields what was found so far, after each way to draw them.
    """
    clips = heard.clips
    names = ["convolutions", BEST, "layers 2 and 3"]
    trained = {name: heard.said(heard.of(name)) for name in names}
    mfccs = heard.said(heard.mfccs)
    found: dict = {"scores": {}, "trained minus random": {}, "random minus MFCCs": {}}
    for way, draw in DRAWN.items():
        tables = [
            pretrained_recipes.described(clips, partial(pretrained.describe, encoder=draw(seed)))
            for seed in DRAWS
        ]
        for name in names:
            columns = pretrained.feature_names(SETS[name])
            said = [heard.said(table[columns]) for table in tables]
            label = f"{name}, {way}"
            found["scores"][label] = scores_of_draws(clips, said)
            found["trained minus random"][label] = paired_draws(clips, [trained[name]], said)
            found["random minus MFCCs"][label] = paired_draws(clips, said, [mfccs])
            print(label, found["scores"][label], flush=True)
        yield {"random weights, uar": found | {"seeds": len(DRAWS)}}


def measure_probes(heard: Heard) -> dict:
    """Ask the layers for other things than emotions."""
    asked = probes(heard.table, heard.mfccs, heard.clips, heard.folds)
    return {"probes, balanced accuracy": asked}


def measure_padding(heard: Heard) -> dict:
    """Compare clips as long as they are with the same ones filled up."""
    return {"filled up to 30 s": padded(heard.clips, heard.table)}


def measure_cost(heard: Heard) -> dict:
    """Take the processor time of both ways of describing a clip, in turns; the least of five."""
    encoder = pretrained.load()
    sounds = [data.load_clip(path) for path in heard.clips.path.iloc[:: len(heard.clips) // 20]]
    ways = {"MFCCs": features.describe, "Whisper": lambda y: pretrained.describe(y, encoder)}
    times = np.full((5, len(ways), len(sounds)), np.inf)
    for describe in ways.values():
        describe(sounds[0])  # loads what is loaded once
    for i, turn in enumerate(times):
        for j, y in enumerate(sounds):
            for k, describe in enumerate(ways.values()):
                start = time.process_time()
                describe(y)
                turn[k, j] = time.process_time() - start
        print("turn", i, (1000 * turn.mean(axis=1)).round(1), flush=True)
    least = 1000 * times.min(axis=0).mean(axis=1)
    return {
        "cost": {
            "processor_milliseconds_per_clip": dict(
                zip(ways, least.round(1).tolist(), strict=True)
            ),
            "seconds_of_a_clip": round(float(np.mean([len(y) for y in sounds])) / 16_000, 2),
            "weights_of_the_encoder": sum(w.numel() for w in encoder.parameters()),
            "weights_up_to_block_3": sum(
                w.numel()
                for n, w in encoder.named_parameters()
                if not n.startswith(("blocks.3", "ln_post"))
            ),
            "machine": f"{platform.machine()}, {os.cpu_count()} processors, one used",
        }
    }


def measure_frames(heard: Heard) -> dict:
    """Compare with the network of notebook 09, trained on the same folds (20 to 40 minutes)."""
    clips = heard.clips
    table = frames.extract(clips, progress=False)
    parts = [split.parts_of_fold(heard.folds, fold) for fold in range(N_FOLDS)]
    runs = measure_temporal.run_folds(table, clips, parts, temporal.TemporalSettings(), n_jobs=1)
    pieces = [p.loc[own.index[own == "test"]] for (_, p), own in zip(runs, parts, strict=True)]
    network = pd.concat(pieces).loc[clips.index].idxmax(axis=1)
    own = {name: heard.of(name) for name in ("layers 2 and 3", MAIN)}
    return {
        "the network over time of notebook 09": scores(clips, network),
        "paired difference to the network over time": {
            name: paired(clips, heard.said(table), network) for name, table in own.items()
        },
    }


def best_of(tried: dict[str, dict], *, by_speaker: bool) -> str:
    """Return the trial that did best on validation speakers, standardised by speaker or not."""
    uars = {
        name: outcome["validation_uar"]
        for name, outcome in tried.items()
        if name.endswith(", by speaker") == by_speaker
    }
    return max(uars, key=lambda name: uars[name])


def measure_chosen(heard: Heard) -> dict:
    """Score on all folds what did best in the trials, also on the speakers they never scored."""
    ears = pretrained_recipes.Ears(heard.corpus)
    known, again = (pretrained_trials.trials(ears, refit=refit) for refit in (False, True))
    tried = record.read(f"pretrained_{record.name_of(heard.corpus)}")["trials"]
    apart = ~heard.folds.isin([fold + 1 for fold in pretrained_trials.TRIAL_FOLDS])
    parts = [split.parts_of_fold(heard.folds, fold) for fold in range(N_FOLDS)]
    found: dict = {}
    for how, table in (("unseen speakers", heard.table), ("standardised by speaker", heard.own)):
        name = best_of(tried, by_speaker=table is heard.own)
        plain = heard.said(table[pretrained.feature_names(SETS["layers 2 and 3"])])
        said, refitted = (
            pd.concat([of[name](own)[1] for own in parts]).loc[heard.clips.index].idxmax(axis=1)
            for of in (known, again)
        )
        found[how] = {"recipe": name, "validation_uar": tried[name]["validation_uar"]}
        for whom, rows in (("all", heard.clips.index), ("never scored in a trial", apart)):
            clips = heard.clips.loc[rows]
            found[how][whom] = scores(clips, said[clips.index])
            found[how][f"minus layers 2 and 3, {whom}"] = paired(
                clips, said[clips.index], plain[clips.index]
            )
        if not refitted.equals(said):  # a recipe that chooses a strength
            found[how]["trained on the validation speakers too"] = scores(heard.clips, refitted)
        print(how, found[how], flush=True)
    return {"chosen by the trials": found}


def measure_tuning(heard: Heard) -> Iterator[dict]:
    """Fine-tune the last block in each fold, and compare with the same network frozen.

    Yields what was found so far, after each fold.
    """
    clips, settings = heard.clips, fine_tuning.Settings()
    known = fine_tuning.frames_of(clips, pretrained.load())
    table = heard.table[pretrained.feature_names((fine_tuning.INPUT, fine_tuning.TRAINED))]
    rows, said = [], []
    for fold in range(N_FOLDS):
        parts = split.parts_of_fold(heard.folds, fold)
        row, answers = fine_tuning.run_fold(known, table, clips.emotion, parts, settings)
        rows.append(row)
        said.append(answers)
        both = pd.concat(said)
        heard_so_far = clips.loc[both.index]
        yield {
            "fine-tuning": {
                "settings": asdict(settings),
                "n_actors": int(heard_so_far.actor.nunique()),
                "uar of layers 2 and 3": {name: scores(heard_so_far, both[name]) for name in both},
                "uar, fine-tuned minus frozen": paired(
                    heard_so_far, both["fine-tuned"], both["frozen"]
                ),
                "folds": rows,
            }
        }


PARTS: dict[str, Callable[[Heard], dict | Iterator[dict]]] = {
    "layers": measure_layers,
    "few": measure_few,
    "random": measure_random,
    "probes": measure_probes,
    "leak": measure_leak,
    "padding": measure_padding,
    "cost": measure_cost,
    "frames": measure_frames,
    "chosen": measure_chosen,
    "tuning": measure_tuning,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="like SER_DATA; default: demo voices", default="demo")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="parts to measure")
    options = parser.parse_args()
    corpus = data.open_corpus(options.data)
    print(corpus)
    file = f"pretrained_{record.name_of(corpus)}"
    torch.set_num_threads(1)
    with threadpool_limits(1):
        heard = Heard(corpus)
        about = {
            **record.about(corpus, heard.clips),
            "interval": "95 %, bootstrap over speakers",
            "protocol": f"{heard.folds.name}; the next fold chooses the strength C",
            "measure": "UAR of a logistic regression on mean and sd over time of frozen layers",
            "audio_settings": heard.table.attrs["settings"],
            "weights": whisper_weights.TINY_EN.fingerprint,
            "versions": record.versions(*PACKAGES),
        }
        for part in options.only:
            found = PARTS[part](heard)
            for result in [found] if isinstance(found, dict) else found:
                record.write(file, record.read(file) | about | result)  # what is done is kept
            print(part, "is measured", flush=True)
    for name, of_it in record.read(file).get("scores", {}).items():
        uar = of_it["uar"]
        print(f"{name:70} UAR {uar['value']:.1%} [{uar['low']:.1%}, {uar['high']:.1%}]")


if __name__ == "__main__":
    main()
