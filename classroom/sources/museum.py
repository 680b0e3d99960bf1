# %% [markdown]
# # The museum of real mistakes
#
# Twelve short programs. Each runs without an error, and each is wrong in a way that is found in public code on speech emotions again and again. **Guess, run, find, repair.** The check runs your repair on the demo voices and measures one number, which has to change as stated.
#
# Take them in any order, alone or in pairs; five minutes each.

# %%
import librosa
import numpy as np
import torch
from sklearn.metrics import recall_score
from sklearn.preprocessing import StandardScaler
from torch import nn

from ser_helpers import features, quiz, sketches
from ser_helpers.further import museum

clips = museum.material().clips
print(f"{len(clips):,} clips of {clips.actor.nunique()} development speakers (demo voices)")

# %% [markdown]
# Scores on synthetic voices say nothing about people. What to take along is that a mistake moves a score, and in which direction. By how much, only recordings of people tell (notebook 07 has them for the speaker leak).
#
# ## 1 · Twins
#
# **Claim:** *"Augmentation raises our score from below 50 % to above 90 %."* Each row gets a copy with a little noise; then all rows are dealt into training and test.


# %%
def copies_broken(x, y, actor, rng):
    x = np.concatenate([x, x + rng.normal(0, 0.3, x.shape)])  # augmentation
    y = np.concatenate([y, y])
    test = rng.random(len(y)) < 0.2
    return x[~test], y[~test], x[test], y[test]


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "copies")

# %% [markdown]
# Now run it.

# %%
print(museum.show("copies", copies_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 20.0% to 45.0%.**


# %%
def copies(x, y, actor, rng):
    raise NotImplementedError  # delete this line and write yours


museum.check("copies", copies)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def copies(x, y, actor, rng):
#     people = np.unique(actor)
#     test = np.isin(actor, rng.choice(people, size=len(people) // 5, replace=False))
#     learn_x, learn_y = x[~test], y[~test]
#     learn_x = np.concatenate([learn_x, learn_x + rng.normal(0, 0.3, learn_x.shape)])
#     return learn_x, np.concatenate([learn_y, learn_y]), x[test], y[test]
# ```
#
# First hold people out, then copy what is left. Copies are never tested.
#
# </details>
#
# ## 2 · Random rows
#
# **Claim:** *"Six folds, no clip twice, tested on unseen data."*


# %%
def deal_broken(actor, rng):
    return rng.permutation(len(actor)) % 6  # the fold of each clip


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "deal")

# %% [markdown]
# Now run it.

# %%
print(museum.show("deal", deal_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 20.0% to 42.0%.**

# %%
sketches.rows_or_speakers()

# %% [markdown]
# Left, clips were dealt; right, people. Which of the two does the program do?


# %%
def deal(actor, rng):
    raise NotImplementedError  # delete this line and write yours


museum.check("deal", deal)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def deal(actor, rng):
#     people = rng.permutation(np.unique(actor))
#     fold_of = {person: place % 6 for place, person in enumerate(people)}
#     return np.array([fold_of[person] for person in actor])
# ```
#
# Deal people, and let the clips follow.
#
# </details>
#
# ## 3 · The wrong axis
#
# **Claim:** *"A mean over all frames gives a row of 30 numbers, whatever the clip's length."* `mfccs` has 30 rows, and a column per frame.


# %%
def row_broken(mfccs):
    return mfccs.mean(axis=0)[:30]


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "row")

# %% [markdown]
# Now run it.

# %%
print(museum.show("row", row_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 30.0% to 70.0%.**


# %%
def row(mfccs):
    raise NotImplementedError  # delete this line and write yours


museum.check("row", row)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def row(mfccs):
#     return mfccs.mean(axis=1)
# ```
#
# A shape that fits proves nothing. Ask what one number of the row means.
#
# </details>
#
# ## 4 · Features of silence
#
# **Claim:** *"Our rows describe the voice."* Recordings begin and end with silence, some with a second of it, some with two.


# %%
def quiet_row_broken(y):
    return features.mfcc(y).mean(axis=1)


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "quiet_row")

# %% [markdown]
# Now run it.

# %%
print(museum.show("quiet_row", quiet_row_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 0 to 0.3.**


# %%
def quiet_row(y):
    raise NotImplementedError  # delete this line and write yours


museum.check("quiet_row", quiet_row)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def quiet_row(y):
#     return features.mfcc(features.trim(y)).mean(axis=1)
# ```
#
# Cut the silence at both ends before you describe. `features.describe` does.
#
# </details>
#
# ## 5 · Another sampling rate
#
# **Claim:** *"We load new clips as in the tutorial."* The table was made at 16,000 samples a second. How far does a clip land from *its own* row?


# %%
def load_broken(path):
    return librosa.load(path)[0]


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "load")

# %% [markdown]
# Now run it.

# %%
print(museum.show("load", load_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 0 to 2.**


# %%
def load(path):
    raise NotImplementedError  # delete this line and write yours


museum.check("load", load)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def load(path):
#     return librosa.load(path, sr=16_000)[0]
# ```
#
# Name the rate at each loading, and keep it beside the table.
#
# </details>
#
# ## 6 · Softmax twice
#
# **Claim:** *"Our loss does not fall; the task must be hard."* The network below is trained with `cross_entropy` for ten epochs.


# %%
class BrokenNetwork(nn.Module):
    def __init__(self, n_features, n_classes):
        super().__init__()
        self.hidden, self.out = nn.Linear(n_features, 64), nn.Linear(64, n_classes)

    def forward(self, x):
        return torch.softmax(self.out(torch.relu(self.hidden(x))), dim=1)


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "Network")

# %% [markdown]
# Now run it.

# %%
print(museum.show("Network", BrokenNetwork))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 0 to 0.9.**


# %%
class Network(nn.Module):
    def __init__(self, n_features, n_classes):
        raise NotImplementedError  # delete this line and write yours


museum.check("Network", Network)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# class Network(nn.Module):
#     def __init__(self, n_features, n_classes):
#         super().__init__()
#         self.hidden, self.out = nn.Linear(n_features, 64), nn.Linear(64, n_classes)
#
#     def forward(self, x):
#         return self.out(torch.relu(self.hidden(x)))
# ```
#
# A network for `cross_entropy` ends with logits.
#
# </details>
#
# ## 7 · `eval()` forgotten
#
# **Claim:** *"The app says angry, and a second later sad, for the same recording."* (To save time, the network that is asked here has random weights. How many answers change depends on the network.)


# %%
def ask_broken(net, x):
    return net(x).argmax(dim=1)


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "ask")

# %% [markdown]
# Now run it.

# %%
print(museum.show("ask", ask_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 0.0%.**


# %%
def ask(net, x):
    raise NotImplementedError  # delete this line and write yours


museum.check("ask", ask)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def ask(net, x):
#     net.eval()
#     return net(x).argmax(dim=1)
# ```
#
# Whoever asks says `eval()`. Ask twice, and compare.
#
# </details>
#
# ## 8 · The order of labels
#
# **Claim:** *"UAR 11 %. Our classifier is worse than guessing."* It was fitted by scikit-learn on the emotions' codes.

# %%
ORDER = ["NEU", "HAP", "SAD", "ANG", "FEA", "DIS"]


def names_broken(model, x):
    return [ORDER[i] for i in model.predict_proba(x).argmax(axis=1)]


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "names")

# %% [markdown]
# Now run it.

# %%
print(museum.show("names", names_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 35.0% to 70.0%.**


# %%
def names(model, x):
    raise NotImplementedError  # delete this line and write yours


museum.check("names", names)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def names(model, x):
#     return model.classes_[model.predict_proba(x).argmax(axis=1)]
# ```
#
# Never write the order down a second time: ask the model.
#
# </details>
#
# ## 9 · The scaler has seen the test
#
# **Claim:** *"All features are standardised."* They are, by the mean of *all* clips. On the training rows alone, each mean should then be 0.


# %%
def scale_broken(table, in_train):
    return StandardScaler().fit_transform(table)


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "scale")

# %% [markdown]
# Now run it.

# %%
print(museum.show("scale", scale_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 0 to 1e-06.**


# %%
def scale(table, in_train):
    raise NotImplementedError  # delete this line and write yours


museum.check("scale", scale)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def scale(table, in_train):
#     return StandardScaler().fit(table[in_train]).transform(table)
# ```
#
# Fit on training rows, transform all.
#
# </details>
#
# ## 10 · The test as validation
#
# **Claim:** *"We tried 20 recipes; the best reaches this score on the test."* `score(recipe, part)` gives the UAR of a recipe on "validation" or "test".


# %%
def report_broken(recipes, score):
    return max(score(recipe, "test") for recipe in recipes)


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "report")

# %% [markdown]
# Now run it.

# %%
print(museum.show("report", report_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: -2 to 4.**


# %%
def report(recipes, score):
    raise NotImplementedError  # delete this line and write yours


museum.check("report", report)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def report(recipes, score):
#     best = max(recipes, key=lambda recipe: score(recipe, "validation"))
#     return score(best, "test")
# ```
#
# Choose by the validation part; open the test once.
#
# </details>
#
# ## 11 · Accuracy on imbalance
#
# **Claim:** *"85 % of the calls are classified correctly."* Of 1,000 calls 850 are neutral, and the program says neutral to each.


# %%
def score_broken(true, said):
    return (true == said).mean()


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "score")

# %% [markdown]
# Now run it.

# %%
print(museum.show("score", score_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 16.0% to 17.0%.**


# %%
def score(true, said):
    raise NotImplementedError  # delete this line and write yours


museum.check("score", score)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def score(true, said):
#     return np.mean([(said[true == emotion] == emotion).mean() for emotion in np.unique(true)])
# ```
#
# Report UAR first, and the majority class beside it.
#
# </details>
#
# ## 12 · Positional arguments
#
# **Claim:** *"Mean recall 59 %."* The program says neutral unless it is very sure.


# %%
def recall_broken(true, said):
    return recall_score(said, true, average="macro", zero_division=0)


# %% [markdown]
# What do you expect?

# %%
quiz.questions("museum", "recall")

# %% [markdown]
# Now run it.

# %%
print(museum.show("recall", recall_broken))

# %% [markdown]
# Find the mistake, and write the program anew. **Repaired: 15.0% to 40.0%.**


# %%
def recall(true, said):
    raise NotImplementedError  # delete this line and write yours


museum.check("recall", recall)

# %% [markdown]
# <details><summary>Solution</summary>
#
# ```python
# def recall(true, said):
#     return recall_score(y_true=true, y_pred=said, average="macro", zero_division=0)
# ```
#
# Name arguments that could be swapped.
#
# </details>
#
# ## What they have in common
#
# No error was raised, all shapes were right, and five of the twelve made the score *look better*. So look for a mistake when a result pleases you, as you do when it does not: ask twice, shuffle the labels, count who stands on both sides, and let a program that does nothing be scored beside yours.
