"""Right solutions of the exercises of notebook 10; `exercise__how`."""

import numpy as np
import pandas as pd


def noise_at_snr__powers(y, noise, snr):
    power = np.mean(np.square(y))
    gain = np.sqrt(power / np.mean(np.square(noise)) * 10 ** (-snr / 10))
    return y + gain * noise


def noise_at_snr__amplitudes(y, noise, snr):
    def rms(x):
        return np.sqrt((x**2).mean())

    return y + noise / rms(noise) * rms(y) / 10 ** (snr / 20)


def noise_at_snr__in_decibels(y, noise, snr):
    now = 10 * np.log10((y @ y) / (noise @ noise))
    return y + noise * 10 ** ((now - snr) / 20)


def without_level__column_by_column(table):
    done = table.copy()
    for name in table.columns:
        if name == "mfcc00_mean" or name.startswith("mfcc00_p"):
            done[name] = table[name] - table["mfcc00_mean"]
    return done


def without_level__with_a_mask(table):
    follows = table.columns.str.fullmatch(r"mfcc00_(mean|p\d+)")
    level = table["mfcc00_mean"].to_numpy()[:, None]
    return pd.DataFrame(table.to_numpy() - level * follows, table.index, table.columns)


def without_level__by_names(table):
    follows = [n for n in table if n.startswith("mfcc00_") and not n.endswith("sd")]
    return table.assign(**{n: table[n] - table["mfcc00_mean"] for n in follows})


def without_level__a_slice_of_columns(table):
    done, level = table.copy(), table["mfcc00_mean"]
    for name in table.loc[:, "mfcc00_p05":"mfcc00_p95"]:
        done[name] = table[name] - level
    done["mfcc00_mean"] = 0.0
    return done


def without_level__each_column_named(table):
    follows = [f"mfcc00_{name}" for name in ("mean", "p05", "p25", "p50", "p75", "p95")]
    done = table.copy()
    done[follows] = table[follows].sub(table["mfcc00_mean"], axis=0)
    return done


def threshold_for_coverage__sorted(sure, share):
    surest = sorted(sure, reverse=True)
    needed = int(np.ceil(len(sure) * share))
    return surest[needed - 1]


def threshold_for_coverage__try_each(sure, share):
    return max(t for t in sure if (sure >= t).mean() >= share)


def threshold_for_coverage__a_series(sure, share):
    ordered = pd.Series(sure).sort_values(ascending=False, ignore_index=True)
    answered = (ordered.index + 1) / len(ordered)
    return ordered[answered >= share].iloc[0]


def used_to_voice__in_place_of_zero(rows, minute):
    mean, spread = minute.mean(axis=0), minute.std(axis=0)
    spread[spread < 1e-9] = 1
    return (rows - mean) / spread


def used_to_voice__scaler(rows, minute):
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit(minute).transform(rows)


def used_to_voice__column_by_column(rows, minute):
    done = np.zeros_like(rows)
    for i in range(rows.shape[1]):
        spread = minute[:, i].std()
        done[:, i] = (rows[:, i] - minute[:, i].mean()) / (spread if spread > 1e-9 else 1)
    return done


def at_temperature__powers(probabilities, temperature):
    p = np.power(probabilities, 1 / temperature)
    return (p.T / p.sum(axis=1)).T


def at_temperature__softmax(probabilities, temperature):
    logits = np.log(probabilities) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    return np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)


def at_temperature__torch(probabilities, temperature):
    import torch

    return torch.softmax(torch.tensor(probabilities).log() / temperature, dim=1)
