# %% [markdown]
# # Class 02 · MFCCs: a clip in a row of numbers
#
# Five tasks · 50 minutes · 20 points · after [notebook 02](https://github.com/ser-course/ser-course/blob/main/notebooks/02_extract_mfccs.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like.

# %%
import numpy as np
import pandas as pd

from ser_helpers import data, exercises, features, plot, split

corpus = data.open_corpus()
print(corpus)
clips = split.development(corpus.clips)
six = data.one_of_each(clips)

# %% [markdown]
# ## Task 02.1 · 2 points
#
# Run and change one value: draw the MFCCs of the same clip with a `hop_length` of 640 samples in place of 160. Put into the title how many columns the picture has now.

# %%
# Figure 02.1
hop_length, title = 160, "One column every 10 ms"
# solution
hop_length, title = 640, "One column every 40 ms: a quarter as many, and syllables blur"

settings = features.AudioSettings(hop_length=hop_length)
y = data.load_clip(six.path.iloc[0])
picture = plot.mfccs_over_time(y, features.mfcc(y, settings), settings, title=title)
plot.show(picture, alt="A wave; MFCC 0 as a line; the other MFCCs as stripes of colour over time.")

# %% [markdown]
# ## Task 02.2 · 5 points
#
# Is a frame dark or bright? Its *centre of gravity* is the mean frequency, weighted by power: multiply each frequency by its power, add up, divide by the sum of the powers. `power` has a frequency per row and a frame per column. A frame of silence (no power at all) gets 0.


# %%
def centre_of_gravity(power, hertz):
    """Return the mean frequency of each frame (column), weighted by its power; 0 in silence."""
    # solution
    total = power.sum(axis=0)
    return hertz @ power / np.where(total > 0, total, 1)


exercises.check("centre_of_gravity", centre_of_gravity)

# %% [markdown]
# ## Task 02.3 · 5 points
#
# The mean over time forgets the order. Keep a little of it: return the means of all coefficients over the first third of the frames, then those over the middle third, then those over the last. If the frames cannot be divided by three, the first thirds are one frame longer, as `np.array_split` does it.


# %%
def row_of_thirds(mfccs):
    """Return the mean of each coefficient over the first, the middle and the last third."""
    # solution
    return np.concatenate([third.mean(axis=1) for third in np.array_split(mfccs, 3, axis=1)])


exercises.check("row_of_thirds", row_of_thirds)

# %% [markdown]
# ## Task 02.4 · 4 points
#
# Six clips of one speaker, one for each emotion, and the median of each clip's centre of gravity. Which emotions are bright, which dark? Say in three sentences what you would need before you may claim this of *people*.

# %%
brightness = {}
hertz = np.fft.rfftfreq(512, 1 / data.SAMPLE_RATE)
for emotion, path in zip(six.emotion, six.path):
    frames = np.lib.stride_tricks.sliding_window_view(data.load_clip(path), 512)[::160].T
    power = np.abs(np.fft.rfft(frames * np.hanning(512)[:, np.newaxis], axis=0)) ** 2
    brightness[emotion] = np.median((hertz @ power) / np.maximum(power.sum(axis=0), 1e-12))
print(pd.Series(brightness, name="Hz").round().to_string())

# %% [markdown]
# **Answer 02.4**
# <!-- solution -->
#
# The larger the number, the more of the power lies in high frequencies; here the emotions spoken with effort are the brighter ones. But this is one clip of each emotion by one synthetic voice. Before I claim it of people I need many speakers, each compared with his or her own neutral clips, and an interval over speakers, on recordings of real people.

# %% [markdown]
# ## Task 02.5 · 4 points
#
# A friend loads a clip at 22,050 Hz and asks your table, which was made at 16,000 Hz, for its nearest neighbour. No error is raised. Explain in three sentences what is wrong with the numbers, and how a program could notice.

# %% [markdown]
# **Answer 02.5**
# <!-- solution -->
#
# 512 samples are then 23 ms instead of 32, and each mel band stands at other frequencies, so that the same number means something else. All rows are shifted in the same way, and the nearest neighbour is found among clips that resemble the shift. The program should name the rate when it loads (`data.load_clip` does), keep it beside the table, and refuse a clip that has another.
