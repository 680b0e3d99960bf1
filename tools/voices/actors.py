"""The virtual actors: who they are, and how differently they act."""

from dataclasses import dataclass, field

import numpy as np
from cues import SHAPES

from ser_helpers.names import EMOTIONS

SEED = 2014  # the year of CREMA-D's paper
N_ACTORS = 48
#: How far each cue goes along with two ways to act (Scherer's hot and cold anger are the poles of
#: the first): "loud" raises pitch, level and attacks; "broad" is slow, wide and full of pauses.
WAYS = {
    "f0": (0.6, 0.0), "f0_sd": (0.2, 0.6), "level": (0.8, 0.0), "int_sd": (0.4, 0.3),
    "dur": (0.0, 0.7), "pause": (0.0, 0.6), "jit": (0.3, 0.2), "trem": (0.2, 0.4),
    "shim": (-0.3, 0.2), "onset": (0.6, 0.0), "bright": (0.6, -0.3),
}  # fmt: skip


@dataclass(frozen=True)
class Actor:
    """What stays the same in all clips of one virtual actor."""

    number: int
    sex: str
    age: int
    voices: dict[str, float]  # Kokoro's voices, and the share of each
    f0: float  # Hz
    tract: float  # multiplies the formants
    tempo: float  # multiplies durations
    tilt: float  # dB/octave
    noise: float  # dB below full scale
    loudness: float  # dB, of neutral speech
    strength: float  # how strongly this actor acts, times
    own_way: dict[str, dict[str, float]] = field(repr=False)  # emotion → cue → deviations
    own_curves: dict[str, dict[str, np.ndarray]] = field(repr=False, compare=False)


def draw_actors(voices: list[str]) -> list[Actor]:
    """Draw 48 actors, men and women in turn: the plain voices first, then blends of one sex."""
    rng = np.random.default_rng(SEED)
    of_sex = {
        "Male": [v for v in voices if v[1] == "m"],
        "Female": [v for v in voices if v[1] == "f"],
    }
    return [_draw(rng, i, of_sex) for i in range(N_ACTORS)]


def _draw(rng: np.random.Generator, i: int, of_sex: dict[str, list[str]]) -> Actor:
    sex = "Female" if i % 2 else "Male"
    names, place = of_sex[sex], i // 2
    if place < len(names):
        shares = {names[place]: 1.0}
    else:
        chosen = rng.choice(names, size=int(rng.integers(2, 4)), replace=False)
        weights = rng.dirichlet(np.full(len(chosen), 3.0))
        shares = {str(n): float(w) for n, w in zip(chosen, weights, strict=True)}
    man = sex == "Male"
    return Actor(
        number=2001 + i,
        sex=sex,
        age=int(np.clip(20 + rng.gamma(2.5, 7), 20, 74)),
        voices=shares,
        f0=float(np.clip(rng.normal(112, 13) if man else rng.normal(198, 18), 82, 240)),
        tract=float(rng.normal(0.98 if man else 1.01, 0.035)),
        tempo=float(np.exp(rng.normal(0, 0.08))),
        tilt=float(rng.normal(0, 0.8)),
        noise=float(rng.normal(-76, 3)),
        loudness=float(rng.normal(-37, 2.5)),
        strength=float(np.exp(rng.normal(0, 0.15))),
        own_way={e: own_way(rng) for e in EMOTIONS},
        own_curves={
            e: smooth_curves(np.random.default_rng([SEED, i, k])) for k, e in enumerate(EMOTIONS)
        },
    )


def smooth_curves(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Draw how one way to act bends each curve: smooth deviations of standard deviation 1.

    The spectrum bends alike where there is a voice and where there is none.
    """
    drawn = {}
    for name, size in SHAPES.items():
        width = 0.15 * size  # of the hills: a sixth of the curve, a guess
        window = np.exp(-0.5 * (np.arange(-size, size + 1) / width) ** 2)
        curve = np.convolve(rng.normal(size=3 * size), window, mode="valid")
        drawn[name] = curve / np.sqrt(np.sum(window**2))
    return drawn | {"uv": drawn["ltas"]}


def own_way(rng: np.random.Generator) -> dict[str, float]:
    """Draw correlated standard normal deviations, one for each cue."""
    ways = rng.normal(0, 1, 2)
    drawn = {}
    for cue, loadings in WAYS.items():
        rest = np.sqrt(1 - np.dot(loadings, loadings))
        drawn[cue] = float(np.dot(loadings, ways) + rest * rng.normal())
    return drawn
