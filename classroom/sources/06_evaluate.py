# %% [markdown]
# # Class 06 · Evaluate: a number, its interval, and the people behind it
#
# Five tasks · 55 minutes · 20 points · after [notebook 06](https://github.com/ser-course/ser-course/blob/main/notebooks/06_evaluate_and_visualize.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like.

# %%
import numpy as np
import pandas as pd
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis

from ser_helpers import data, evaluate, exercises, features, plot, split

corpus = data.open_corpus()
print(corpus)
clips = split.development(corpus.clips)
table = features.extract(clips, progress=False)

# %% [markdown]
# A linear classifier answers each clip in folds by speaker, so that no voice was heard before. (The envelope with the test speakers stays shut.)

# %%
folds, said = split.folds_by_speaker(clips), pd.Series("", clips.index)
for fold in folds.unique():
    learn = folds != fold
    model = LinearDiscriminantAnalysis(solver="lsqr", shrinkage="auto")
    said[~learn] = model.fit(table[learn], clips.emotion[learn]).predict(table[~learn])

# %% [markdown]
# ## Task 06.1 · 3 points
#
# Run and change one value: draw the confusion matrix in per cent of each row (`normalise=True`). In the title, name the pair of emotions that is confused most often.

# %%
# Figure 06.1
normalise, title = False, "Counts"
# solution
normalise, title = True, "Neutral taken for sadness: the most frequent mistake"

matrix = evaluate.confusion(clips.emotion, said, normalise=normalise)
plot.show(plot.confusion(matrix, title=title), alt="Six true emotions by six answers.")

# %% [markdown]
# ## Task 06.2 · 5 points
#
# Compute UAR from a confusion matrix of counts, rows true. Mind that an emotion may not occur at all: leave it out.


# %%
def uar_of(matrix):
    """Return the UAR of a confusion matrix of counts; rows are true."""
    # solution
    clips = matrix.sum(axis=1)
    there = clips > 0
    return (np.diag(matrix)[there] / clips[there]).mean()


exercises.check("uar_of", uar_of)

# %% [markdown]
# ## Task 06.3 · 5 points
#
# Whom does the program understand least? Return the speaker of whom the smallest *share* of clips is right, and that share. All three are Series indexed by clip, and not always in the same order. Of equals, the speaker with the lowest number.


# %%
def hardest_speaker(true, said, speakers):
    """Return the speaker of whom the smallest share of clips is right, and that share."""
    # solution
    right = (true == said[true.index]).groupby(speakers[true.index]).mean()
    return right.idxmin(), right.min()


exercises.check("hardest_speaker", hardest_speaker)

# %% [markdown]
# ## Task 06.4 · 3 points
#
# Here is the UAR with its interval over speakers. Write the sentence for a report: number, interval, whose voices, how tested.

# %%
evaluate.intervals(clips.emotion, said, clips.actor).loc[["uar", "accuracy"]].round(3)

# %% [markdown]
# **Answer 06.4**
# <!-- solution -->
#
# On the course's synthetic demo voices (38 development speakers, six folds by speaker, so that nobody who was tested had been heard in training) a linear classifier reaches the UAR printed above, with a 95 % interval by bootstrap over speakers; guessing gives 16.7 %.

# %% [markdown]
# ## Task 06.5 · 4 points
#
# Recipe A has a UAR of 47 % [43, 51], recipe B 50 % [46, 54], on the same speakers. A colleague says: "The intervals overlap, so there is no difference." Another says: "B is better by three points." Answer both in at most four sentences.

# %% [markdown]
# **Answer 06.5**
# <!-- solution -->
#
# To the first: the same speakers were easy or hard for both, so that overlap of two intervals is the wrong test; what counts is the interval of the *paired* difference. To the second: without that interval three points may be luck. If the interval of B − A holds zero, we cannot tell; if not, B is better for speakers like these, under these conditions.
