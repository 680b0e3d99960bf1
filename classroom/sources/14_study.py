# %% [markdown]
# # Class 14 · Your own study
#
# Six parts · a project of two weeks, or 3 hours on the demo voices · 40 points · after [notebook 14](https://github.com/ser-course/ser-course/blob/main/notebooks/14_your_own_study.ipynb). This is an empty study: question, protocol, result, limits. Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. Add as many cells as you need.

# %%
import numpy as np

from ser_helpers import data, evaluate, exercises, features, plot, split, train

corpus = data.open_corpus()
print(corpus)

# %% [markdown]
# ## Task 14.1 · 6 points
#
# **The question.** One comparison that changes one thing; why it matters; what would convince you that the answer is yes, no, or "we cannot tell". Write it *before* the first score. If you lack an idea: does it help to leave out MFCC 0? are 13 coefficients as good as 30? does a network that was trained on women understand men?
#
# Points: one change (2), decided beforehand (2), what would convince (2).

# %% [markdown]
# **Answer 14.1**
# <!-- solution -->
#
# Does the network need the level? I compare the full table with the same table without all features of MFCC 0, and change nothing else. It matters because the level depends on the microphone. I decide beforehand: if the 95 % interval of the paired difference in UAR (without − with) over the development speakers lies below zero, the level helps; above zero, it harms; if it holds zero, we cannot tell.

# %% [markdown]
# ## Task 14.2 · 6 points
#
# **Corpus and protocol.** How many clips and *speakers*; whose voices and what the labels mean; who trains, who chooses, who is scored; whether the envelope is opened. Then make the table and the folds in code cells of your own.
#
# Points: speakers and labels (2), nobody on two sides (2), envelope and choices (2).

# %% [markdown]
# **Answer 14.2**
# <!-- solution -->
#
# The demo voices: 38 development speakers, synthetic; a label is the emotion that was asked for. Six folds by speaker; each speaker is answered by a network that never heard that voice, and the next fold says when to stop. Nothing is chosen by the scores, and the envelope stays shut.

# %% tags=["solution"]
clips = split.development(corpus.clips)
folds = split.folds_by_speaker(clips)
table = features.extract(clips, progress=False)
without = table.drop(columns=[c for c in table if c.startswith("mfcc00")])

# %% [markdown]
# ## Task 14.3 · 8 points
#
# **The result.** One figure of your two systems: each with its interval over speakers, or the paired difference, beside chance. Its title states what may be claimed.
#
# Points: interval over speakers (3), paired difference (3), chance or majority beside it, axes and title (2).

# %%
# Figure 14.3
# solution
few = train.TrainSettings(max_epochs=10)
said = {}
for name, columns in (("with the level", table), ("without the level", without)):
    answers = train.cross_validate(columns, clips.emotion, folds, settings=few, progress=False)
    said[name] = answers.idxmax(axis=1)
pair = (said["without the level"], said["with the level"])
difference = evaluate.difference(clips.emotion, *pair, clips.actor)
print("without minus with:", difference)
scores = {n: evaluate.intervals(clips.emotion, s, clips.actor) for n, s in said.items()}
ax = plot.intervals(scores, evaluate.baselines(clips.emotion))
ax.set_title("Without the level, fewer emotions are found")
plot.show(ax, alt="The UAR of both systems with intervals over speakers, beside chance.")

# %% [markdown]
# ## Task 14.4 · 6 points
#
# **Who gains?** The mean may hide people who lose. Return, for each speaker, the share of clips that is right under `a` minus the share that is right under `b`, indexed by speaker. All four are Series indexed by clip, and not always in the same order.


# %%
def who_gains(true, a, b, speakers):
    """Return, for each speaker, the share right under `a` minus the share right under `b`."""
    # solution
    right_a = (a[true.index] == true).astype(float)
    right_b = (b[true.index] == true).astype(float)
    return (right_a - right_b).groupby(speakers[true.index]).mean()


exercises.check("who_gains", who_gains)

# %% [markdown]
# ## Task 14.5 · 6 points
#
# **Many questions.** Did you look at women and men, at six emotions, at three levels? Then some finding is due to luck. Holm's rule keeps, of m p-values, the smallest if it is at most `level / m`, the next if it is at most `level / (m - 1)`, and so on; from the first that is too large on, none. Return True for each that is kept, in the places in which they came.


# %%
def holm_keeps(p_values, level):
    """Return True for each finding that Holm's rule keeps among many."""
    # solution
    kept = np.zeros(len(p_values), dtype=bool)
    for rank, place in enumerate(np.argsort(p_values)):
        if p_values[place] > level / (len(p_values) - rank):
            break
        kept[place] = True
    return kept


exercises.check("holm_keeps", holm_keeps)

# %% [markdown]
# ## Task 14.6 · 8 points
#
# **Limits and the sentence.** Three limits of *this* study, not of every study; how many things you tried; and the one sentence that you would let others quote, with its interval.
#
# Points: each limit (2, 2, 2), the number of things tried and the sentence (2).

# %% [markdown]
# **Answer 14.6**
# <!-- solution -->
#
# (1) These synthetic voices have one microphone and one distance, so that the level is a cleaner cue here than anywhere else. (2) The network was trained for at most 10 epochs; a longer training may close or open the gap. (3) Deltas of MFCC 0 went with it, so that "level" here includes its movement. I tried two tables, once each, with one seed. The sentence: "On 38 synthetic speakers the UAR without the level differed from that with it by the paired difference printed above, with its 95 % interval over speakers."
