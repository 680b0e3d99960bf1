"""Telephone, noise, room and level do what they say, to any sound."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import signal

from ser_helpers.further import channel

SR = 16_000
seeds = st.integers(0, 2**32 - 1)


def sound(seed: int, n: int = SR) -> np.ndarray:
    """Make noise that swells and fades, with pauses, so that level and spectrum vary."""
    rng = np.random.default_rng(seed)
    swell = np.abs(np.sin(np.linspace(0, 7, n))) ** 3
    return (0.3 * swell * rng.normal(size=n)).astype(np.float32)


def power(y: np.ndarray) -> float:
    return float(np.mean(np.asarray(y, dtype=float) ** 2))


def in_bands(y: np.ndarray) -> tuple[float, float, float]:
    """Measure the power below 200, within 400 to 3200 and above 3800 Hz."""
    spectrum, f = np.abs(np.fft.rfft(y)) ** 2, np.fft.rfftfreq(len(y), 1 / SR)
    return tuple(spectrum[b].sum() for b in (f < 200, (f > 400) & (f < 3200), f > 3800))


@pytest.mark.parametrize("n", [1, 2, 7, 160, 3001, SR])
@pytest.mark.parametrize("silent", [False, True])
def test_every_shift_keeps_length_and_gives_finite_float32(n, silent):
    y = np.zeros(n, np.float32) if silent else sound(1, n) + 0.01
    shifts = [
        channel.telephone(y, SR),
        channel.telephone(y, SR, mu_law=False),
        channel.room(y, channel.impulse_response(SR, rt60=0.5)),
        channel.level(y, gain=-20),
    ]
    shifts += [] if silent else [channel.add_noise(y, channel.white(n), snr=10)]
    for shifted in shifts:
        assert shifted.shape == y.shape
        assert shifted.dtype == np.float32
        assert np.isfinite(shifted).all()


@given(seeds)
@settings(max_examples=10)
def test_a_telephone_keeps_its_band_and_nothing_else(seed):
    y = sound(seed) * np.hanning(SR)  # a sound cut off in the middle has all frequencies
    low, middle, high = in_bands(y)
    low_after, middle_after, high_after = in_bands(channel.telephone(y, SR, mu_law=False))
    assert low_after < 1e-3 * low
    assert high_after < 1e-3 * high
    assert middle_after == pytest.approx(middle, rel=0.05)


def test_a_telephone_does_not_delay():
    y = sound(3)
    both = signal.correlate(channel.telephone(y, SR), y)
    assert np.argmax(both) == len(y) - 1


def test_mu_law_is_g711s_eight_bits():
    """The error stays about 38 dB below the sound over a wide range of levels (ITU-T G.711)."""
    for db in (0, -20, -30):
        y = channel.level(np.sin(np.arange(SR) * 2 * np.pi * 1000 / SR), gain=db - 1)
        line, plain = channel.telephone(y, SR), channel.telephone(y, SR, mu_law=False)
        assert 33 < 10 * np.log10(power(plain) / power(line - plain)) < 43


@given(seeds, st.floats(-20, 40), st.sampled_from(["white", "pink", "babble"]))
def test_the_signal_to_noise_ratio_is_the_one_asked_for(seed, snr, kind):
    y = sound(seed, 4000).astype(np.float64)
    noise = {
        "white": lambda: channel.white(4000, seed=seed),
        "pink": lambda: channel.pink(4000, seed=seed),
        "babble": lambda: channel.babble([sound(7), sound(8, 3000)], 4000, seed=seed),
    }[kind]()
    added = channel.add_noise(y, noise, snr=snr) - y
    assert 10 * np.log10(power(y) / power(added)) == pytest.approx(snr, abs=0.01)
    assert abs(np.corrcoef(added, noise)[0, 1]) == pytest.approx(1, abs=1e-3)


def test_noise_is_the_same_for_the_same_seed_and_another_for_another():
    voices = [sound(1), sound(2)]
    for make in (channel.white, channel.pink, lambda n, seed: channel.babble(voices, n, seed=seed)):
        np.testing.assert_array_equal(make(500, seed=1), make(500, seed=1))
        assert not np.array_equal(make(500, seed=1), make(500, seed=2))


def test_pink_noise_loses_three_decibels_an_octave():
    spectrum = np.abs(np.fft.rfft(channel.pink(2**16, seed=0))) ** 2
    octaves = [10 * np.log10(spectrum[2**k : 2 ** (k + 1)].mean()) for k in range(8, 15)]
    np.testing.assert_allclose(np.diff(octaves), -3.01, atol=0.8)


def test_babble_holds_each_voice_equally():
    low, high = (np.sin(np.arange(SR) * 2 * np.pi * f / SR) for f in (500, 3000))
    spectrum = np.abs(np.fft.rfft(channel.babble([low, 0.01 * high], SR))) ** 2
    assert spectrum[500] == pytest.approx(spectrum[3000], rel=1e-3)


@given(st.floats(0.2, 1.5), seeds)
@settings(max_examples=15)
def test_a_room_rings_as_long_as_asked(rt60, seed):
    """Schroeder 1965, doi:10.1121/1.1909343: energy still to come, in dB, falls on a line."""
    response = channel.impulse_response(SR, rt60=rt60, seed=seed)[1:].astype(float)
    left = np.cumsum(response[::-1] ** 2)[::-1]
    decay = 10 * np.log10(left / left[0])
    fit = (decay < -5) & (decay > -35)
    slope = np.polyfit(np.flatnonzero(fit) / SR, decay[fit], 1)[0]
    assert -60 / slope == pytest.approx(rt60, rel=0.1)


@given(st.floats(-10, 20))
def test_the_direct_sound_is_as_much_stronger_as_asked(direct):
    response = channel.impulse_response(SR, rt60=0.3, direct=direct).astype(float)
    ratio = response[0] ** 2 / np.sum(response[1:] ** 2)
    assert 10 * np.log10(ratio) == pytest.approx(direct, abs=0.01)


def test_a_room_keeps_the_level_and_no_room_changes_nothing():
    y = sound(5)
    wet = channel.room(y, channel.impulse_response(SR, rt60=0.8))
    assert power(wet) == pytest.approx(power(y), rel=1e-4)
    assert not np.allclose(wet, y, atol=0.01)
    np.testing.assert_allclose(channel.room(y, np.array([1.0])), y, atol=1e-6)


@given(st.floats(-60, 60))
def test_level_turns_up_and_down_and_cuts_off_what_is_too_loud(gain):
    y = sound(6)
    turned = channel.level(y, gain=gain)
    assert np.abs(turned).max() <= 1
    inside = np.abs(turned) < 1
    np.testing.assert_allclose(turned[inside], y[inside] * 10 ** (gain / 20), rtol=1e-4, atol=1e-9)


@pytest.mark.parametrize("kind", [np.int16, np.int32])
def test_whole_numbers_are_samples_too(kind):
    y = sound(3).astype(float)
    y *= 0.5 / np.abs(y).max()
    whole = np.round(y * np.iinfo(kind).max).astype(kind)
    calls = (
        lambda s: channel.telephone(s, SR, mu_law=False),
        lambda s: channel.add_noise(s, channel.white(len(s)), snr=10),
        lambda s: channel.room(s, channel.impulse_response(SR, rt60=0.3)),
        lambda s: channel.level(s, gain=-20),
        lambda s: channel.babble([s], 1000),
    )
    for call in calls:
        np.testing.assert_allclose(call(whole), call(y), atol=1e-3)


def test_what_cannot_be_done_is_refused():
    y = sound(1)
    for bad in (np.stack([y, y]), np.array([]), np.array([0.1, np.nan])):
        with pytest.raises(ValueError, match="one row of numbers"):
            channel.level(bad, gain=0)
    with pytest.raises(ValueError, match="silent"):
        channel.add_noise(y, np.zeros_like(y), snr=10)
    with pytest.raises(ValueError, match="make it as long"):
        channel.add_noise(y, y[:-1], snr=10)
    with pytest.raises(ValueError, match="cannot hold"):
        channel.telephone(y, 6000)
    with pytest.raises(ValueError, match="at least one voice"):
        channel.babble([], 10)
    with pytest.raises(ValueError, match="rt60"):
        channel.impulse_response(SR, rt60=0)
