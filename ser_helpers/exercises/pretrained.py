"""Exercises of notebook 13: heads of attention, layers mixed, what is frozen, few speakers."""

import copy
from collections.abc import Callable, Iterator

import numpy as np
import pandas as pd
from torch import nn

from ser_helpers.exercises.checking import Exercise, Mistake


def multi_head(q: np.ndarray, k: np.ndarray, v: np.ndarray, n_heads: int) -> np.ndarray:
    """Return what the frames take; each head has an equal share of the columns to itself."""
    taken = []
    for part in np.split(np.arange(q.shape[1]), n_heads):
        scores = q[:, part] @ k[:, part].T / np.sqrt(len(part))
        power = np.exp(scores - scores.max(axis=1, keepdims=True))
        taken.append(power / power.sum(axis=1, keepdims=True) @ v[:, part])
    return np.concatenate(taken, axis=1)


def mix_layers(layers: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Return one row per clip: the layers' weighted sum, then mean and spread over time."""
    power = np.exp(scores - np.max(scores))
    mixed = np.tensordot(power / power.sum(), layers, axes=1)
    return np.concatenate([mixed.mean(axis=0), mixed.std(axis=0)])


def freeze_all_but(model: nn.Module, part: str) -> nn.Module:
    """Freeze a network in place, except the part of this name; return it."""
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.startswith(f"{part}."))
    return model


def few_speakers(clips: pd.DataFrame, parts: pd.Series, n: int, seed: int) -> pd.Series:
    """Return the parts with only n training speakers left; the other parts stay whole."""
    speakers = clips.actor[parts == "train"].unique()
    drawn = np.random.default_rng(seed).permutation(speakers)[:n]
    return parts[(parts != "train") | clips.actor.isin(drawn)]


# ---- inputs and what is looked at


def _frames(rng: np.random.Generator) -> Iterator[tuple]:
    for n_frames, width, n_heads, large in (
        (5, 6, 2, 1),
        (4, 4, 1, 1),
        (3, 6, 3, 60),
        (1, 4, 2, 1),
    ):
        q, k, v = rng.normal(size=(3, n_frames, width)).round(2)
        yield large * q, large * k, v, n_heads


def _layers(rng: np.random.Generator) -> Iterator[tuple]:
    yield rng.normal(size=(3, 6, 4)).round(2), np.array([0.0, 1.0, -2.0])
    yield rng.normal(size=(4, 5, 2)).round(2), np.zeros(4)
    yield rng.normal(size=(2, 7, 3)).round(2), np.array([900.0, 901.0])
    yield rng.normal(size=(1, 4, 3)).round(2), np.array([0.5])


def _network() -> nn.Module:
    def block() -> nn.Module:
        return nn.ModuleDict({"attention": nn.Linear(3, 3), "norm": nn.LayerNorm(3)})

    parts = {f"block{i}": block() for i in (1, 2, 11)}
    return nn.ModuleDict(parts | {"head": nn.Linear(3, 2)})


def _parts(rng: np.random.Generator) -> Iterator[tuple]:
    del rng
    for part in ("block1", "head", "block11"):
        yield _network(), part


def _what_can_learn(function: Callable, model: nn.Module, part: str) -> dict:
    model = copy.deepcopy(model).requires_grad_(True)
    made = function(model, part)
    if not isinstance(made, nn.Module):
        return {"returns": type(made).__name__}
    return {
        "returns": "a network",
        "it is the same network": made is model,
    } | {
        f"weights of {name} that can learn": sum(w.requires_grad for w in own.parameters())
        for name, own in made.named_children()
    }


def _corpora(rng: np.random.Generator) -> Iterator[tuple]:
    for n_speakers, n_clips, n in ((9, 4, 3), (7, 3, 1), (6, 5, 4)):
        actor = np.repeat(1001 + np.arange(n_speakers), n_clips)
        index = pd.Index([f"clip{i:02d}" for i in range(len(actor))], name="clip")
        clips = pd.DataFrame({"actor": actor}, index).sample(
            frac=1, random_state=int(rng.integers(99))
        )
        which = np.where(
            clips.actor == 1001, "test", np.where(clips.actor == 1002, "validation", "train")
        )
        yield clips, pd.Series(which, clips.index), n, int(rng.integers(1000))


def _who_is_left(
    function: Callable, clips: pd.DataFrame, parts: pd.Series, n: int, seed: int
) -> dict:
    left = pd.Series(function(clips.copy(), parts.copy(), n, seed))
    own = clips.actor[left.index]
    training = own[left == "train"]
    drawn = {tuple(sorted(_drawn(function, clips, parts, n, s))) for s in range(seed, seed + 8)}
    return {
        "clips of the other parts": int((left != "train").sum()),
        "training speakers": training.nunique(),
        "training clips": len(training),
        "each in its own part": bool((left == parts[left.index]).all()),
        "the same seed draws the same speakers": set(training)
        == _drawn(function, clips, parts, n, seed),
        "another seed draws others": len(drawn) > 1,
    }


def _drawn(function: Callable, clips: pd.DataFrame, parts: pd.Series, n: int, seed: int) -> set:
    left = function(clips.copy(), parts.copy(), n, seed)
    return set(clips.actor[left.index[left == "train"]])


# ---- typical mistakes


def _one_large_head(q: np.ndarray, k: np.ndarray, v: np.ndarray, n_heads: int) -> np.ndarray:
    del n_heads
    return multi_head(q, k, v, 1)


def _root_of_the_whole(q: np.ndarray, k: np.ndarray, v: np.ndarray, n_heads: int) -> np.ndarray:
    return multi_head(q / np.sqrt(n_heads), k, v, n_heads)


def _no_root(q: np.ndarray, k: np.ndarray, v: np.ndarray, n_heads: int) -> np.ndarray:
    return multi_head(q * np.sqrt(q.shape[1] / n_heads), k, v, n_heads)


def _softmax_over_the_askers(
    q: np.ndarray, k: np.ndarray, v: np.ndarray, n_heads: int
) -> np.ndarray:
    taken = []
    for part in np.split(np.arange(q.shape[1]), n_heads):
        scores = q[:, part] @ k[:, part].T / np.sqrt(len(part))
        power = np.exp(scores - scores.max(axis=0))
        taken.append(power / power.sum(axis=0) @ v[:, part])
    return np.concatenate(taken, axis=1)


def _every_nth_column(q: np.ndarray, k: np.ndarray, v: np.ndarray, n_heads: int) -> np.ndarray:
    order = np.arange(q.shape[1]).reshape(-1, n_heads).T.ravel()
    return multi_head(q[:, order], k[:, order], v[:, order], n_heads)


def _heads_averaged(q: np.ndarray, k: np.ndarray, v: np.ndarray, n_heads: int) -> np.ndarray:
    return np.mean(np.split(multi_head(q, k, v, n_heads), n_heads, axis=1), axis=0)


def _scores_as_weights(layers: np.ndarray, scores: np.ndarray) -> np.ndarray:
    mixed = np.tensordot(scores, layers, axes=1)
    return np.concatenate([mixed.mean(axis=0), mixed.std(axis=0)])


def _plain_mean(layers: np.ndarray, scores: np.ndarray) -> np.ndarray:
    return mix_layers(layers, 0 * scores)


def _spread_too_early(layers: np.ndarray, scores: np.ndarray) -> np.ndarray:
    power = np.exp(scores - scores.max())
    share = power / power.sum()
    return np.concatenate([share @ layers.mean(axis=1), share @ layers.std(axis=1)])


def _over_the_numbers(layers: np.ndarray, scores: np.ndarray) -> np.ndarray:
    power = np.exp(scores - scores.max())
    mixed = np.tensordot(power / power.sum(), layers, axes=1)
    return np.concatenate([mixed.mean(axis=1), mixed.std(axis=1)])


def _mixed_overflows(layers: np.ndarray, scores: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        mixed = np.tensordot(np.exp(scores) / np.exp(scores).sum(), layers, axes=1)
    return np.concatenate([mixed.mean(axis=0), mixed.std(axis=0)])


def _an_attribute_of_modules(model: nn.Module, part: str) -> nn.Module:
    model.requires_grad = False  # type: ignore[assignment]
    model[part].requires_grad = True  # type: ignore[index]
    return model


def _begins_alike(model: nn.Module, part: str) -> nn.Module:
    for name, weight in model.named_parameters():
        weight.requires_grad_(name.startswith(part))
    return model


def _the_part_is_frozen(model: nn.Module, part: str) -> nn.Module:
    for name, weight in model.named_parameters():
        weight.requires_grad_(not name.startswith(f"{part}."))
    return model


def _all_frozen(model: nn.Module, part: str) -> nn.Module:
    del part
    return model.requires_grad_(False)


def _clips_drawn(clips: pd.DataFrame, parts: pd.Series, n: int, seed: int) -> pd.Series:
    del clips
    train = parts.index[parts == "train"]
    drawn = np.random.default_rng(seed).permutation(train)[:n]
    return parts[(parts != "train") | parts.index.isin(drawn)]


def _drawn_from_all(clips: pd.DataFrame, parts: pd.Series, n: int, seed: int) -> pd.Series:
    drawn = np.random.default_rng(seed).permutation(clips.actor.unique())[:n]
    return parts[clips.actor.isin(drawn)]


def _always_the_first(clips: pd.DataFrame, parts: pd.Series, n: int, seed: int) -> pd.Series:
    del seed
    drawn = sorted(clips.actor[parts == "train"].unique())[:n]
    return parts[(parts != "train") | clips.actor.isin(drawn)]


def _weighted_by_clips(clips: pd.DataFrame, parts: pd.Series, n: int, seed: int) -> pd.Series:
    drawn = np.random.default_rng(seed).choice(clips.actor[parts == "train"], n)
    return parts[(parts != "train") | clips.actor.isin(drawn)]


def _only_training(clips: pd.DataFrame, parts: pd.Series, n: int, seed: int) -> pd.Series:
    left = few_speakers(clips, parts, n, seed)
    return left[left == "train"]


EXERCISES = (
    Exercise(
        multi_head,
        _frames,
        (
            Mistake(
                _one_large_head,
                "This is one head over all columns. Each head has its own columns, its own scores "
                "and its own weights.",
            ),
            Mistake(
                _root_of_the_whole,
                "How many numbers does one head's score add up? The root is of that many.",
            ),
            Mistake(_no_root, "The scores are too large: what are they divided by?"),
            Mistake(
                _softmax_over_the_askers,
                "The weights add up to 1 over the wrong axis: what *one* frame takes must add up "
                "to 1.",
            ),
            Mistake(
                _every_nth_column,
                "The first head has the first columns, side by side, and not every n-th one.",
            ),
            Mistake(
                _heads_averaged,
                "What the heads took is put side by side again, so that the width is as before.",
            ),
        ),
    ),
    Exercise(
        mix_layers,
        _layers,
        (
            Mistake(_scores_as_weights, "Scores may be negative. What makes weights of them?"),
            Mistake(_plain_mean, "All layers count the same here. Where do the scores come in?"),
            Mistake(
                _spread_too_early,
                "The means are right. The spread of a sum is not the sum of the spreads: mix the "
                "frames first.",
            ),
            Mistake(
                _over_the_numbers,
                "Your row is as long as the clip. Which axis of what was mixed is time?",
            ),
            Mistake(
                _mixed_overflows,
                "The power of a large score overflows. Notebook 04 subtracts the largest first.",
            ),
        ),
    ),
    Exercise(
        freeze_all_but,
        _parts,
        (
            Mistake(
                _an_attribute_of_modules,
                "Nothing was frozen. `requires_grad` belongs to each weight; on a whole network "
                "it is only a new name that nobody reads.",
            ),
            Mistake(
                _begins_alike,
                "`block11` begins with `block1`, too. Where does the name of a part end?",
            ),
            Mistake(_the_part_is_frozen, "It is the other way round."),
            Mistake(_all_frozen, "Now nothing can learn. The part that was named should."),
        ),
        observe=_what_can_learn,
    ),
    Exercise(
        few_speakers,
        _corpora,
        (
            Mistake(
                _clips_drawn, "You draw clips. The question was about people, with all they said."
            ),
            Mistake(
                _drawn_from_all,
                "Validation and test speakers were drawn from, too. Their parts must stay whole, "
                "or the scores of the curve are of other people each time.",
            ),
            Mistake(
                _always_the_first,
                "Another seed must draw other speakers. The first ones may be unusual.",
            ),
            Mistake(
                _weighted_by_clips,
                "A speaker can come up twice in your draw: then there are fewer than n.",
            ),
            Mistake(_only_training, "The clips of the other parts are gone. Who is to be asked?"),
        ),
        observe=_who_is_left,
    ),
)
