# %% [markdown]
# # Class 01 · Sound: how loud, how high, how often
#
# Five tasks · 45 minutes · 20 points · after [notebook 01](https://github.com/ser-course/ser-course/blob/main/notebooks/01_explore_audio.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like.

# %%
import numpy as np
import pandas as pd

from ser_helpers import data, exercises, plot, split, widgets

corpus = data.open_corpus()
print(corpus)
clips = split.development(corpus.clips)
six = data.one_of_each(clips)

# %% [markdown]
# `six` holds one clip of each emotion, all by the same speaker. Listen to two of them. They are made louder *together*, so that the softer one stays softer.

# %%
sounds = {data.EMOTION_NAMES[e]: data.load_clip(p) for e, p in zip(six.emotion, six.path)}
widgets.listen_together({name: sounds[name] for name in ("anger", "sadness")}, data.SAMPLE_RATE)

# %% [markdown]
# ## Task 01.1 · 3 points
#
# Run and change one value: draw the wave of another emotion, and give the figure a title that states what you see (not only the emotion's name).

# %%
# Figure 01.1
emotion, title = "neutral", "A neutral sentence"
# solution
emotion, title = "anger", "Anger: loud syllables with short pauses between them"

ax = plot.waveform(sounds[emotion], data.SAMPLE_RATE)
ax.set_title(title)
plot.show(ax, alt="The wave of one sentence over time; its syllables are humps of different size.")

# %% [markdown]
# ## Task 01.2 · 4 points
#
# How many decibels is one sound louder than another? Take the mean of the squares of each: the two may differ in length. Negative if `y` is the softer one.


# %%
def level_difference(y, other):
    """Return how many decibels `y` is louder than `other`, by their RMS."""
    # solution
    return 10 * np.log10(np.mean(y**2) / np.mean(other**2))


exercises.check("level_difference", level_difference)

# %% [markdown]
# ## Task 01.3 · 5 points
#
# A voiced sound repeats itself: shifted by one period, it is most like itself. Try all whole shifts from `round(sr / highest)` to `round(sr / lowest)` samples, both included. For each, multiply the sound with its shifted self, sample by sample, and add up. Return the pitch in Hz that belongs to the shift with the largest sum.


# %%
def pitch_by_shifts(y, sr, lowest, highest):
    """Return the pitch (Hz): the shift at which the sound is most like itself."""
    # solution
    shifts = range(round(sr / highest), round(sr / lowest) + 1)
    sums = [np.sum(y[: len(y) - shift] * y[shift:]) for shift in shifts]
    return sr / shifts[int(np.argmax(sums))]


exercises.check("pitch_by_shifts", pitch_by_shifts)

# %% [markdown]
# ## Task 01.4 · 4 points
#
# Which pairs does a corpus lack? Return the sorted list of all pairs of a value of column `first` and a value of column `second` that occur in the table, but never together. (You know this one from the course. Write it without looking back.)


# %%
def missing_pairs(clips, first, second):
    """List the pairs of values of two columns that no clip has, sorted."""
    # solution
    there = set(zip(clips[first], clips[second]))
    pairs = [(a, b) for a in clips[first].unique() for b in clips[second].unique()]
    return sorted(pair for pair in pairs if pair not in there)


exercises.check("missing_pairs", missing_pairs)

# %% [markdown]
# ## Task 01.5 · 4 points
#
# Here are the mean levels of the anger of eight speakers. Somebody concludes: "Speaker A is angrier than speaker B, for the clip is louder." Answer in three sentences: name two other causes of a difference in level, and say what you would measure instead.

# %%
some = clips[clips.emotion == "ANG"].groupby("actor").head(1).head(8)
level = [10 * np.log10(np.mean(data.load_clip(path) ** 2)) for path in some.path]
print(pd.Series(level, some.actor, dtype=float).round(1).to_string())

# %% [markdown]
# **Answer 01.5**
# <!-- solution -->
#
# The level of a recording also depends on how far away the microphone was and on how it was set. Some people speak more loudly than others in every mood. So compare each speaker with the same speaker's neutral clips: how many decibels is this person's anger above this person's neutral?
