"""Find out which clips of an actor are wrong, and replace them."""

import contextlib
import itertools
import math
from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

from ser_helpers.download.facts import fingerprint
from ser_helpers.download.fetcher import Fetcher, Missing, check_wav
from ser_helpers.download.run import places, sha256
from ser_helpers.download.target import put

MOST_COMBINATIONS = 4096


def repair(
    clips: dict[str, Path], wanted: str, fetcher: Fetcher, scratch: Path, pool: Executor
) -> tuple[list[str], str]:
    """Replace the wrong clips of an actor from a source that has the right ones.

    There is one checksum of all of them together. So they are brought once more from one source
    after the other, until those here and those that came can be combined to the right set.

    Parameters
    ----------
    clips : dict of str to Path
        Name of each clip, and where it is.
    wanted : str
        The fingerprint.
    fetcher : Fetcher
        Its sources are asked from the last to the first, from which most clips came.
    scratch : Path
        Folder for temporary files, empty but for the lock.
    pool : Executor

    Returns
    -------
    replaced : list of str
        Clips that were wrong; what was there is kept beside them as ``<name>.wav.old``.
    problem : str
        Why the set is still wrong; empty if it is right now.
    """
    variants = {name: {sha256(path): path} for name, path in clips.items()}

    def bring(name: str, number: int) -> Path | None:
        new, part = scratch / f"{name}.{number}", scratch / f"{name}.part"
        source = fetcher.sources[number]
        with contextlib.suppress(Missing):
            fetcher.fetch(places(name), new, part, check=check_wav, only=source)
            return new

    try:
        for number in reversed(range(len(fetcher.sources))):
            came = pool.map(bring, clips, itertools.repeat(number))
            for name, new in zip(clips, came, strict=True):
                if new:
                    variants[name].setdefault(sha256(new), new)
            for hashes in _combinations(variants):
                if fingerprint(hashes.items()) == wanted:
                    chosen = {name: variants[name][sha] for name, sha in hashes.items()}
                    replaced = [name for name, new in chosen.items() if new != clips[name]]
                    for name in replaced:
                        put(chosen[name], clips[name])
                    return replaced, ""
    finally:
        for name in clips:
            for left in scratch.glob(f"{name}.*"):
                left.unlink()
    differ = [name for name, variant in variants.items() if len(variant) > 1]
    problem = "its fingerprint is not the published one, and no source has better clips"
    return [], problem + (f"; the sources differ on {', '.join(differ)}" if differ else "")


def _combinations(variants: dict[str, dict[str, Path]]) -> Iterator[dict[str, str]]:
    """Yield ways to choose a variant of each clip: the newest of all first, then every way."""
    options = [list(variant) for variant in variants.values()]
    yield dict(zip(variants, (option[-1] for option in options), strict=True))
    if math.prod(map(len, options)) <= MOST_COMBINATIONS:
        for choice in itertools.product(*options):
            yield dict(zip(variants, choice, strict=True))
