# %% [markdown]
# # Class 07 · The leak: what a score of 90 % may be made of
#
# Five tasks · 50 minutes · 20 points · after [notebook 07](https://github.com/ser-course/ser-course/blob/main/notebooks/07_the_leak.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like.

# %%
import numpy as np
import pandas as pd
from sklearn.neighbors import KNeighborsClassifier

from ser_helpers import data, evaluate, exercises, features, plot, split

corpus = data.open_corpus()
print(corpus)
clips = split.development(corpus.clips)
table = features.extract(clips, progress=False)
rows = ((table - table.mean()) / table.std()).astype(float)

# %% [markdown]
# ## Task 07.1 · 3 points
#
# Run and change one value. Each clip gets copies with a little noise on its numbers, as "augmentation" does, and then all rows are dealt at random. Set `n_copies` to 3. The title must state what happens to the score, and why.

# %%
# Figure 07.1
n_copies, title = 1, "One copy of each clip"
# solution
n_copies, title = 3, "With three copies nearly every tested row has a twin in training"

rng, uar = np.random.default_rng(0), {}
for n in range(n_copies + 1):
    x = np.concatenate([rows] + [rows + rng.normal(0, 0.3, rows.shape) for _ in range(n)])
    y = np.tile(clips.emotion, n + 1)
    test = rng.random(len(y)) < 0.2
    answers = KNeighborsClassifier(1).fit(x[~test], y[~test]).predict(x[test])
    uar[n] = evaluate.scores(pd.Series(y[test]), pd.Series(answers))["uar"] * 100
curve = {"rows dealt at random": pd.Series(uar)}
ax = plot.lines(curve, title=title, xlabel="copies of each clip", ylabel="UAR (%)")
ax.set_xticks(range(n_copies + 1))
plot.show(ax, alt="The UAR over the number of copies: it rises steeply with the first copies.")

# %% [markdown]
# ## Task 07.2 · 5 points
#
# Find copies. Return, in order, the places of the test rows that stand among the learning rows, too. A row is the same if *all* its numbers agree to within 0.000001.


# %%
def repeated_rows(learn, test):
    """Return, in order, the places of the test rows that stand among the learning rows, too."""
    # solution
    found = []
    for place, row in enumerate(test):
        if (np.abs(learn - row) <= 1e-6).all(axis=1).any():
            found.append(place)
    return np.array(found, dtype=int)


exercises.check("repeated_rows", repeated_rows)

# %% [markdown]
# ## Task 07.3 · 5 points
#
# How much does one column of metadata (the folder, the length of the file, the source) give away? Answer each test row with the most frequent label of the learning rows that have the same value. A value that was never learned gets the most frequent label of all learning rows. Of equally frequent labels, the first in the alphabet. Return the share of test rows that is right.


# %%
def told_by(learn, learn_labels, test, test_labels):
    """Return how often one column alone foretells the label of the test rows."""

    # solution
    def most_frequent(labels):
        return labels.value_counts().sort_index().idxmax()

    answers = {v: most_frequent(own) for v, own in learn_labels.groupby(learn)}
    usual = most_frequent(learn_labels)
    said = np.array([answers.get(value, usual) for value in test])
    return (said == test_labels.to_numpy()).mean()


exercises.check("told_by", told_by)

# %% [markdown]
# ## Task 07.4 · 3 points
#
# A corpus has its angry clips from films and its neutral ones from the news. In three sentences: what would `told_by` say of the column "source", what does a recogniser learn here, and does a split by speaker help?

# %% [markdown]
# **Answer 07.4**
# <!-- solution -->
#
# `told_by` would be near 100 % for these two emotions: the source alone gives the answer. A recogniser can learn the sound of the source (music, compression, microphone) instead of the voice. A split by speaker does not help, because each source stands on both sides; one would have to test on a source that was never in training.

# %% [markdown]
# ## Task 07.5 · 4 points
#
# "We cut each recording into pieces of one second, shuffled the 20,000 pieces, and trained on 80 % of them: 96 %." Write at most four sentences to the authors: what stands on both sides, what they should measure instead, and how many *independent* things they have if there are 30 speakers.

# %% [markdown]
# **Answer 07.5**
# <!-- solution -->
#
# Pieces of the same recording, and so the same voice, sentence, room and minute, stand in training and in test. Deal the speakers, and cut the recordings afterwards. For a claim about new people there are 30 independent things, the speakers, however many pieces are cut. So report the UAR on held-out speakers with an interval over these 30.
