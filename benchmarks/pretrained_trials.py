"""Try what may be better than a regression on means: ``pretrained_trials.py [--data FOLDER]``.

Only the *validation* parts of the first three folds are scored, as in ``measure_temporal.py``; the
test parts are not even passed on, so that the speakers of the other three folds (0, 4 and 5) are
never scored while something is chosen. Every trial is added to ``results/pretrained_<corpus>.json``
under ``trials``; ``--only WORD …`` runs those whose name holds one of the words. What was chosen is
scored on all folds by ``measure_pretrained.py --only chosen``.
"""

import argparse
import time
from functools import partial

import numpy as np
import pandas as pd
import pretrained_recipes as recipes
import record
import torch
from pretrained_recipes import Ears, Recipe
from sklearn.linear_model import LogisticRegression
from threadpoolctl import threadpool_limits

from ser_helpers import data, split
from ser_helpers.further import pretrained

N_FOLDS = 6
TRIAL_FOLDS = (0, 1, 2)
SEVERAL = ((2,), (2, 3), (2, 3, 4), (1, 2, 3, 4))
SEEDS = (0, 1, 2)


def of(table: pd.DataFrame, *layers: int) -> pd.DataFrame:
    return table[pretrained.feature_names(layers)]


def trials(ears: Ears, *, refit: bool = False) -> dict[str, Recipe]:
    """Name each recipe; nothing is trained before a recipe is asked.

    ``refit``: those that choose a strength train once more with it, on the validation part as
    well, before they answer for the test part.
    """
    labels, whole, own = ears.labels, ears.whole, ears.own(ears.whole)
    regress = partial(recipes.regression, labels=labels, refit=refit)
    found: dict[str, Recipe] = {}
    for layers in ((0,), (1,), (2,), (3,), (4,), (5,), (2, 3), (1, 2, 3), (2, 3, 4), (1, 2, 3, 4)):
        found[f"layers {layers}"] = regress(of(whole, *layers))
    for layers in SEVERAL:
        found[f"layers {layers}, by speaker"] = regress(of(own, *layers))
    for layers in SEVERAL[1:]:
        for gamma in (0.3, 1.0):
            machine = recipes.vectors(gamma)
            found[f"layers {layers}, support vectors, gamma {gamma}"] = machine(
                of(whole, *layers), labels
            )
    found["layers 1 to 4, one head each, averaged"] = recipes.averaged(
        *(found[f"layers ({i},)"] for i in (1, 2, 3, 4))
    )
    found["layers 2 and 3, one head each, averaged"] = recipes.averaged(
        *(found[f"layers ({i},)"] for i in (2, 3))
    )
    found["MFCCs"] = regress(ears.mfccs)
    found["layers 2 to 4 and MFCCs"] = regress(of(whole, 2, 3, 4).join(ears.mfccs))
    found["layers 2 to 4, averaged with MFCCs"] = recipes.averaged(
        found["layers (2, 3, 4)"], found["MFCCs"]
    )
    found |= other_heads(ears, own, refit=refit) | other_rows(ears) | over_time(ears)
    return found | together(found)


def other_heads(ears: Ears, own: pd.DataFrame, *, refit: bool) -> dict[str, Recipe]:
    """Put other heads on the same rows, and the same head on clips at several speeds."""
    found: dict[str, Recipe] = {}
    fit = partial(recipes.fitted, labels=ears.labels)
    for way, table in (("", ears.whole), (", by speaker", own)):
        for layers in SEVERAL[1:]:
            name = f"layers {layers}"
            found[f"{name}, shrunken discriminants{way}"] = fit(
                recipes.discriminant, of(table, *layers)
            )

            for number, speeds in (("three", recipes.SPEEDS), ("five", recipes.MORE_SPEEDS)):

                def at_speeds(layers=layers, adapted=table is own, speeds=speeds):
                    tables = [of(each, *layers) for each in ears.at_all_speeds(speeds)]
                    return [ears.own(each) for each in tables] if adapted else tables

                for asked in (False, True):
                    told = "trained and asked" if asked else "trained"
                    found[f"{name}, {told} at {number} speeds{way}"] = recipes.spoken_faster(
                        at_speeds, ears.labels, asked=asked, refit=refit
                    )
        found[f"layers (1, 2, 3, 4), 100 principal components{way}"] = fit(
            partial(LogisticRegression, C=0.01, max_iter=1000),
            of(table, 1, 2, 3, 4),
            n_axes=100,
        )
    return found


def other_rows(ears: Ears) -> dict[str, Recipe]:
    """Make other rows of the frames of layers 2 to 4."""

    def later(make, *, by_speaker: bool = False) -> Recipe:  # the frames are 0.8 GB
        def answers(parts: pd.Series) -> recipes.Answers:
            table = pd.DataFrame(make(), ears.whole.index)
            table = ears.own(table) if by_speaker else table
            return recipes.regression(table, ears.labels)(parts)

        return recipes.once(answers)

    def pool(**how: object):
        return lambda: recipes.pooled(ears.frames(), (2, 3, 4), **how)

    def with_movement() -> np.ndarray:
        frames = ears.frames()
        return np.hstack([recipes.pooled(frames, (2, 3, 4)), recipes.moved(frames, (2, 3, 4))])

    found = {
        f"layers 2 to 4, frames above {above} dB": later(pool(above=above))
        for above in (-25, -35, -45)
    }
    found["layers 2 to 4, with quantiles"] = later(pool(quantiles=(0.1, 0.5, 0.9)))
    found["layers 2 to 4, with movement"] = later(with_movement)
    found["layers 2 to 4, with movement, by speaker"] = later(with_movement, by_speaker=True)
    for layers in SEVERAL[1:]:

        def with_thirds(layers=layers) -> np.ndarray:
            thirds = recipes.in_thirds(ears.frames(), layers)
            return np.hstack([recipes.pooled(ears.frames(), layers), thirds])

        found[f"layers {layers}, and thirds"] = later(with_thirds)
        found[f"layers {layers}, and thirds, by speaker"] = later(with_thirds, by_speaker=True)
    for layers in SEVERAL[1:]:
        found[f"layers {layers}, filled up to 30 s"] = later(
            lambda layers=layers: of(ears.padded(), *layers).to_numpy()
        )
    return found


def over_time(ears: Ears) -> dict[str, Recipe]:
    """Train small networks on the frames."""
    return {
        "learnt sum of layers 1 to 4": recipes.attentive(ears, (1, 2, 3, 4), n_views=0),
        "learnt sum of layers 2 to 4": recipes.attentive(ears, (2, 3, 4), n_views=0),
        "attention over time, layers 2 to 4": recipes.attentive(ears, (2, 3, 4)),
        "attention over time, layers 2 to 4, dropout 0.5": recipes.attentive(
            ears, (2, 3, 4), dropout=0.5
        ),
        "attention over time, layers 2 to 4, three seeds averaged": recipes.attentive(
            ears, (2, 3, 4), seeds=SEEDS
        ),
        "attention over time, layers 2 to 4, three seeds averaged, by speaker": recipes.attentive(
            ears, (2, 3, 4), seeds=SEEDS, by_speaker=True
        ),
        "the network of notebook 09": ears.network_over_time(),
    }


def together(found: dict[str, Recipe]) -> dict[str, Recipe]:
    """Average the probabilities of several recipes."""
    network = found["the network of notebook 09"]
    plain, own = {}, {}
    for of_way, way in ((plain, ""), (own, ", by speaker")):
        of_way["regression"] = found[f"layers (1, 2, 3, 4){way}"]
        of_way["speeds"] = found[f"layers (1, 2, 3, 4), trained and asked at three speeds{way}"]
        of_way["discriminants"] = found[f"layers (1, 2, 3, 4), shrunken discriminants{way}"]
        of_way["attention"] = found[
            f"attention over time, layers 2 to 4, three seeds averaged{way}"
        ]
    made = {}
    for way, members in (("", plain), (", by speaker", own)):
        for names in (
            ("regression", "attention"),
            ("speeds", "attention"),
            ("speeds", "discriminants"),
            ("speeds", "discriminants", "attention"),
        ):
            made[f"average of {', '.join(names)}{way}"] = recipes.averaged(
                *(members[name] for name in names)
            )
        for names in (("regression",), ("speeds",), ("speeds", "attention")):
            made[f"average of {', '.join(names)} and the network of 09{way}"] = recipes.averaged(
                *(members[name] for name in names), network
            )
    return made


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", help="like SER_DATA; default: demo voices", default="demo")
    parser.add_argument("--only", nargs="+", help="trials whose name holds one of these")
    parser.add_argument("--new", action="store_true", help="only those not yet in the results")
    options = parser.parse_args()
    corpus = data.open_corpus(options.data)
    file = f"pretrained_{record.name_of(corpus)}"
    torch.set_num_threads(1)
    with threadpool_limits(1):
        folds = split.folds_by_speaker(corpus.clips, N_FOLDS)
        of_folds = (split.parts_of_fold(folds, fold) for fold in TRIAL_FOLDS)
        visible = [parts[parts != "test"] for parts in of_folds]
        ears = Ears(corpus)
        for name, recipe in trials(ears).items():
            if options.only and not any(word in name for word in options.only):
                continue
            if options.new and name in record.read(file).get("trials", {}):
                continue
            start = time.process_time()
            uars = [recipes.uar_of(ears.labels, recipe(parts)[0]) for parts in visible]
            outcome = {
                "validation_uar": round(float(np.mean(uars)), 4),
                "of_each_fold": [round(uar, 4) for uar in uars],
            }
            print(f"{name:60} {outcome} {time.process_time() - start:.0f} s", flush=True)
            stored = record.read(file)
            trials_so_far = stored.get("trials", {}) | {name: outcome}
            record.write(
                file, record.about(corpus, corpus.clips) | stored | {"trials": trials_so_far}
            )


if __name__ == "__main__":
    main()
