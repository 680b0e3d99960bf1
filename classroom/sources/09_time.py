# %% [markdown]
# # Class 09 · A network that sees time: frames and their neighbours
#
# Five tasks · 50 minutes · 20 points · after [notebook 09](https://github.com/ser-course/ser-course/blob/main/notebooks/09_a_network_that_sees_time.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like.

# %%
import numpy as np

from ser_helpers import data, exercises, plot, split
from ser_helpers.further import frames

corpus = data.open_corpus()
print(corpus)
clips = split.development(corpus.clips)
six = data.one_of_each(clips)
pictures = {e: frames.log_mel(data.load_clip(p)) for e, p in zip(six.emotion, six.path)}

# %% [markdown]
# ## Task 09.1 · 3 points
#
# Run and change one value: draw the clip *backwards* (time runs to the right, `[:, ::-1]` turns the frames round). In the title, name one thing that a row of means and standard deviations would not notice.

# %%
# Figure 09.1
picture, title = pictures["ANG"], "Forwards"
# solution
picture, title = pictures["ANG"][:, ::-1], "Backwards: means and deviations are the same as before"

block = picture[np.newaxis]
figure = plot.stacked_pictures(block, ["anger"], title=title, label="dB")
plot.show(figure, alt="A mel spectrogram of one sentence, its syllables as bright stripes.")

# %% [markdown]
# ## Task 09.2 · 5 points
#
# The oldest way to let a simple network see time: give it each frame together with its neighbours. Put the `k` frames before it, the frame, and the `k` after it on top of each other, the earliest on top. Beyond the ends, repeat the first and the last frame. `picture` has bands as rows and frames as columns; what comes back has as many columns.


# %%
def with_neighbours(picture, k):
    """Put `k` frames before and `k` after each frame on top of each other."""
    # solution
    n_frames = picture.shape[1]
    padded = np.pad(picture, ((0, 0), (k, k)), mode="edge")
    return np.concatenate([padded[:, i : i + n_frames] for i in range(2 * k + 1)])


exercises.check("with_neighbours", with_neighbours)

# %% [markdown]
# ## Task 09.3 · 5 points
#
# Pauses are silent, and silence says little. Keep `share` of the frames, the loudest (by the mean of their column), in their *old order*. Round their number, and keep one at least.


# %%
def loudest_frames(picture, share):
    """Return the picture with this share of its frames, the loudest, in their old order."""
    # solution
    n = max(1, round(share * picture.shape[1]))
    kept = np.sort(np.argsort(picture.mean(axis=0))[-n:])
    return picture[:, kept]


exercises.check("loudest_frames", loudest_frames)

# %% [markdown]
# ## Task 09.4 · 3 points
#
# The first clip padded with zeros to three seconds, and the mean of all its numbers before and after. Explain in two or three sentences what went wrong, and two ways out of it. (The numbers are decibels.)

# %%
first = pictures["ANG"]
padded = np.pad(first, ((0, 0), (0, max(0, 300 - first.shape[1]))))
print(f"{first.shape[1]} frames: mean {first.mean():.1f} dB")
print(f"{padded.shape[1]} frames: mean {padded.mean():.1f} dB")

# %% [markdown]
# **Answer 09.4**
# <!-- solution -->
#
# 0 dB is not silence: it is louder than nearly everything in this clip, so the padding looks like a roar, and the mean rises with every padded frame. Either pad with the lowest level, or standardise each clip first, so that 0 is its mean; in both cases leave the padding out of every mean by a mask.

# %% [markdown]
# ## Task 09.5 · 4 points
#
# A convolutional network reaches 55 %, a row of means 49 %, on the same speakers. "So the *order* of the sounds matters." Say in at most four sentences why this does not follow, and describe the one experiment that would show it.

# %% [markdown]
# **Answer 09.5**
# <!-- solution -->
#
# The two differ in more than the order: in features, depth, training and augmentation, and each may bring the six points. To isolate the order, train the very same network once more on clips whose frames were shuffled, and test it on shuffled clips of the same speakers. The paired difference between the two, with its interval over speakers, is what the order is worth.
