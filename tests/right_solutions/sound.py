"""Right solutions of the exercises of notebook 01; `exercise__how`."""

import itertools

import librosa
import numpy as np
import pandas as pd
import scipy.signal


def aliased__by_remainder(frequency, sr):
    rest = frequency % sr
    return min(rest, sr - rest)


def aliased__going_back(frequency, sr):
    while frequency > sr / 2:
        frequency = abs(frequency - sr)
    return frequency


def aliased__measured(frequency, sr):
    wave = np.cos(2 * np.pi * frequency * np.arange(sr) / sr)
    return np.argmax(np.abs(np.fft.rfft(wave)))


def rms__as_one_line(y):
    return np.sqrt(np.mean(np.square(y)))


def rms__with_a_loop(y):
    total = 0
    for sample in y:
        total += sample * sample
    return (total / len(y)) ** 0.5


def rms__by_the_norm(y):
    return np.linalg.norm(y) / len(y) ** 0.5


def own_semitones__with_map(measured):
    own = measured[measured.emotion == "NEU"].groupby("actor").pitch.median()
    return 12 * np.log2(measured.pitch / measured.actor.map(own))


def own_semitones__with_a_loop(measured):
    result = {}
    for clip, row in measured.iterrows():
        own = measured.pitch[(measured.actor == row.actor) & (measured.emotion == "NEU")]
        result[clip] = 12 * (np.log2(row.pitch) - np.log2(own.median()))
    return result


def own_semitones__with_where(measured):
    neutral = measured.pitch.where(measured.emotion == "NEU")
    own = neutral.groupby(measured.actor).transform("median")
    return 12 * np.log(measured.pitch / own) / np.log(2)


def own_semitones__with_merge(measured):
    own = measured[measured.emotion == "NEU"].groupby("actor", as_index=False).pitch.median()
    both = measured.merge(own, on="actor", suffixes=("", "_own"))
    return 12 * np.log2(both.pitch / both.pitch_own).to_numpy()


def halve_rate__with_librosa(y):
    return librosa.resample(y, orig_sr=16_000, target_sr=8_000)


def halve_rate__with_decimate(y):
    return scipy.signal.decimate(y, 2)


def halve_rate__with_resample_poly(y):
    return scipy.signal.resample_poly(y, 1, 2)


def halve_rate__filter_by_hand(y):
    taps = scipy.signal.firwin(127, 3800, fs=16_000)
    return np.convolve(y, taps, mode="same")[::2]


def missing_pairs__with_crosstab(clips, first, second):
    counts = pd.crosstab(clips[first], clips[second]).stack()
    return sorted(counts[counts == 0].index)


def missing_pairs__with_product(clips, first, second):
    there = set(zip(clips[first], clips[second], strict=True))
    return sorted(set(itertools.product(clips[first], clips[second])) - there)


def missing_pairs__with_loops(clips, first, second):
    missing = []
    for a in sorted(clips[first].unique()):
        for b in sorted(clips[second].unique()):
            if not ((clips[first] == a) & (clips[second] == b)).any():
                missing.append((a, b))
    return missing
