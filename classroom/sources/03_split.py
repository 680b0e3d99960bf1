# %% [markdown]
# # Class 03 · Split: who may sit the test?
#
# Five tasks · 50 minutes · 20 points · after [notebook 03](https://github.com/ser-course/ser-course/blob/main/notebooks/03_split.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like.

# %%
import numpy as np
import pandas as pd
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from ser_helpers import data, evaluate, exercises, features, plot, split

corpus = data.open_corpus()
print(corpus)
clips = split.development(corpus.clips)
table = features.extract(clips, progress=False)

# %% [markdown]
# ## Task 03.1 · 3 points
#
# Run and change one value: replace the split below by one in which no actor has two colours. The title must say what the picture shows.

# %%
# Figure 03.1
parts, title = split.by_rows(clips), "Clips were dealt"
# solution
parts, title = split.by_speaker(clips, frozen=False), "Actors were dealt: one colour each"

figure = plot.parts(clips, {title: parts})
plot.show(figure, alt="A bar per actor, coloured by the part in which the actor's clips are.")

# %% [markdown]
# ## Task 03.2 · 5 points
#
# Hold people out. Draw `share` of the actors at random with `rng`, rounded, and one at least. Return an array with True for each *clip* of an actor who was drawn. Actors have different numbers of clips.


# %%
def hold_out(actors, share, rng):
    """Draw this share of the actors, one at least; return True for each of their clips."""
    # solution
    people = np.unique(actors)
    drawn = rng.choice(people, size=max(1, round(share * len(people))), replace=False)
    return np.isin(actors, drawn)


exercises.check("hold_out", hold_out)

# %% [markdown]
# ## Task 03.3 · 4 points
#
# Many recipes were scored on speakers that were *looked at*, and on *fresh* ones; the arrays have a score per recipe, in the same order. Choose the winner on those looked at. Return its lead over the mean of all recipes there, minus its lead over their mean on the fresh speakers: the gift of luck.


# %%
def gift_of_luck(looked_at, fresh):
    """Return what luck gave to the recipe that was best on the speakers that were looked at."""
    # solution
    winner = np.argmax(looked_at)
    lead_there = looked_at[winner] - looked_at.mean()
    return lead_there - (fresh[winner] - fresh.mean())


exercises.check("gift_of_luck", gift_of_luck)

# %% [markdown]
# ## Task 03.4 · 4 points
#
# The cell below scores the nearest neighbour in six folds: once the clips are dealt, once the speakers. Explain the difference in three sentences. Which of the two numbers would you put on a website, and why?

# %%
nearest = make_pipeline(StandardScaler(), KNeighborsClassifier(1))
for name, folds in {
    "clips dealt": split.folds_by_rows(clips),
    "speakers dealt": split.folds_by_speaker(clips),
}.items():
    said = pd.Series("", clips.index)
    for fold in folds.unique():
        learn = folds != fold
        said[~learn] = nearest.fit(table[learn], clips.emotion[learn]).predict(table[~learn])
    print(f"{name:15} UAR {evaluate.scores(clips.emotion, said)['uar']:.1%}")

# %% [markdown]
# **Answer 03.4**
# <!-- solution -->
#
# If clips are dealt, each tested speaker has other clips in training, and the nearest row is often one of that speaker's own; the classifier recognises the voice and looks up the emotion. If speakers are dealt, nobody in the test was heard before, and the score falls. The second number belongs on the website, because users will be strangers to the program.

# %% [markdown]
# ## Task 03.5 · 4 points
#
# A paper has 40 speakers, splits them fairly into train, validation and test, tries 60 settings, and reports the best *test* score. Say in at most four sentences what is wrong, what the authors could have done with the same data, and whether more speakers in the test part would have helped.

# %% [markdown]
# **Answer 03.5**
# <!-- solution -->
#
# The test part chose among 60 settings, so its best score contains a gift of luck and is no measurement any more. They could have chosen by the validation part, or by folds of the speakers outside the test, and opened the test once for the winner. More test speakers make the gift smaller, for a mean over more people is less lucky, but they do not make it zero.
