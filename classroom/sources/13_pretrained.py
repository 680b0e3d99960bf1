# %% [markdown]
# # Class 13 · A pretrained network: what one head looks at
#
# Five tasks · 50 minutes · 20 points · after [notebook 13](https://github.com/ser-course/ser-course/blob/main/notebooks/13_a_network_that_has_listened.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like. No weights are needed: what Whisper makes of the demo voices comes with the course.

# %%
import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ser_helpers import data, evaluate, exercises, features, plot, split
from ser_helpers.further import pretrained

corpus = data.open_corpus("demo")
print(corpus)
clips = split.development(corpus.clips)
folds = split.folds_by_speaker(clips)

# %% [markdown]
# Two tables of the same clips: the MFCC rows of notebook 02, and what the second block of Whisper (tiny) makes of them. A linear classifier answers each clip in folds by speaker.


# %%
def answers(table):
    said = pd.Series("", clips.index)
    for fold in folds.unique():
        learn = folds != fold
        model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
        said[~learn] = model.fit(table[learn], clips.emotion[learn]).predict(table[~learn])
    return said


mfccs = features.extract(clips, progress=False)

# %% [markdown]
# ## Task 13.1 · 3 points
#
# Run and change one value: the layer is 2; ask layer 3. In the title, state what you find about the two *tables*, in words that the interval allows.

# %%
# Figure 13.1
layer, title = 2, "Layer 2 and MFCCs"
# solution
layer, title = 3, "Layer 3 of Whisper is ahead of MFCCs here, if only just"

heard = pretrained.embed(clips, (layer,), progress=False)
said = {"MFCCs": answers(mfccs), "Whisper": answers(heard)}
difference = evaluate.difference(clips.emotion, said["Whisper"], said["MFCCs"], clips.actor)
each = {
    name: evaluate.slices(clips.emotion, s, clips.actor).uar for name, s in reversed(said.items())
}
ax = plot.paired(each, difference)
ax.set_title(title)
print(difference)
plot.show(ax, alt="A line per speaker from the UAR with MFCCs to the UAR with Whisper's layer.")

# %% [markdown]
# ## Task 13.2 · 6 points
#
# How much does each frame look at each other frame, in one head? `queries` and `keys` have a row per frame. The score of two frames is the product of the one's query and the other's key, divided by the root of their length. Each row of weights is the softmax of its scores over the `real` frames; padding gets a weight of exactly 0. Scores may be in the thousands.


# %%
def head_weights(queries, keys, real):
    """Return how much each frame looks at each other frame, in one head."""
    # solution
    scores = queries @ keys.T / np.sqrt(queries.shape[1])
    scores = np.where(real, scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


exercises.check("head_weights", head_weights)

# %% [markdown]
# ## Task 13.3 · 5 points
#
# Which layer is best, and how good is it? Whoever tries all and reports the best score reports a gift of luck. `scores` has a row per layer and a column per fold of speakers. For each fold, choose the layer with the highest mean over the *other* folds, and take its score on this fold. Return the mean of these scores.


# %%
def honest_layer_score(scores):
    """Return the mean score of the best layer, where each fold is left out of the choice."""
    # solution
    kept = []
    for fold in range(scores.shape[1]):
        others = np.delete(scores, fold, axis=1).mean(axis=1)
        kept.append(scores[others.argmax(), fold])
    return np.mean(kept)


exercises.check("honest_layer_score", honest_layer_score)

# %% [markdown]
# ## Task 13.4 · 3 points
#
# Why are the scores divided by the *root* of the length? The cell draws queries and keys at random and prints how far their products spread. Explain in two or three sentences, and say what the softmax would do without it.

# %%
rng = np.random.default_rng(0)
for width in (4, 64, 1024):
    products = (rng.normal(size=(2000, width)) * rng.normal(size=(2000, width))).sum(axis=1)
    print(f"width {width:5}: sd of the products {products.std():5.1f}")

# %% [markdown]
# **Answer 13.4**
# <!-- solution -->
#
# A product of two rows is a sum of `width` random terms, whose spread grows with the root of their number. Divided by that root, scores spread by about 1, whatever the width. Without it, wide heads would have scores in the tens, and the softmax would give nearly all weight to one frame and let no slope through.

# %% [markdown]
# ## Task 13.5 · 3 points
#
# Whisper was trained to write down *words*, on hundreds of thousands of hours from the internet. Name, in three sentences, one reason why its layers may help with emotions, one why they may not, and one doubt about testing it on a well-known public corpus.

# %% [markdown]
# **Answer 13.5**
# <!-- solution -->
#
# To hear words in all kinds of voices and rooms, its layers must describe speech finely, and how something is said is part of that description. It was rewarded for the words only, so that later layers may throw away just what carries the mood. A public corpus may have been among what it was trained on, and then its speakers are not strangers.
