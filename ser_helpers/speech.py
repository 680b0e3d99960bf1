"""Is this a recording of speech at all? What a muted microphone, a hum or a click looks like."""

import warnings

import numpy as np

SENTENCE = (0.5, 15.0)  # seconds; the recognisers of the course learn from sentences of 2 to 4 s
# Set so that none of RAVDESS's 1,056 clips and none of the demo voices is suspected:
QUIET_DB = -75.0  # dB re full scale, loudest 5 % of the frames; they have -57 or more
FLAT_DB = 6.0  # between the 10th and 95th percentile of the frames; they have 20 or more
CLICK_DB = 12.0  # of one spot above everything else; they have 7.3 at most


def problems(y: np.ndarray, sr: int) -> list[str]:
    """Say in words what may make an answer about a recording worthless.

    Parameters
    ----------
    y : numpy.ndarray of float, shape (n_samples,)
        Samples, full scale ±1.
    sr : int
        Sampling rate, Hz.

    Returns
    -------
    list of str
        Empty if nothing was found. The level of 25 ms frames every 10 ms decides: speech is loud
        enough, rises and falls with its syllables, and has no spot far above everything else.
    """
    n, hop = max(1, round(0.025 * sr)), max(1, round(0.010 * sr))
    if len(y) < 4 * n:
        return []
    power = np.concatenate([[0.0], np.cumsum(np.square(y, dtype=np.float64))])
    starts = np.arange(0, len(y) - n + 1, hop)
    level = 10 * np.log10(np.maximum((power[starts + n] - power[starts]) / n, 1e-12))
    soft, loud = np.percentile(level, [10, 95])
    found = []
    if loud < QUIET_DB:
        found.append(
            f"too quiet for speech: its loudest parts reach {loud:.0f} dB of full scale; the "
            "microphone may be muted"
        )
    elif loud - soft < FLAT_DB:
        found.append(
            f"no speech: its level varies by only {loud - soft:.0f} dB, as noise or a hum does"
        )
    at = int(level.argmax())
    rest = np.delete(level, np.s_[max(0, at - 4) : at + 5])
    if len(rest) and level[at] - rest.max() > CLICK_DB:
        found.append(
            f"a click {starts[at] / sr:.2f} s after the start, {level[at] - rest.max():.0f} dB "
            "louder than everything else: soft speech beside it is taken for silence; cut it off"
        )
    return found


def warn_of_problems(y: np.ndarray, sr: int, *, name: str, stacklevel: int = 3) -> None:
    """Warn if no answer of a recogniser about this recording should be trusted.

    Parameters
    ----------
    y, sr
        As in :func:`problems`.
    name : str
        What the warning calls the recording.
    stacklevel : int
        As in :func:`warnings.warn`.

    Warns
    -----
    UserWarning
        If the recording is much shorter or longer than the one sentence that recognisers here are
        trained on, or :func:`problems` finds that it is hardly speech.
    """
    found = problems(y, sr)
    seconds = len(y) / sr
    if not SENTENCE[0] <= seconds <= SENTENCE[1]:
        found.insert(
            0,
            f"{seconds:.1f} s long, and the recogniser learnt from single sentences of some "
            "2 to 4 s",
        )
    for problem in found:
        warnings.warn(f"{name}: {problem}; do not trust this answer", stacklevel=stacklevel)
