# %% [markdown]
# # Class 05 · Train: batches, steps, and when to stop
#
# Five tasks · 55 minutes · 20 points · after [notebook 05](https://github.com/ser-course/ser-course/blob/main/notebooks/05_train.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like.

# %%
import numpy as np

from ser_helpers import data, exercises, features, plot, split, train

corpus = data.open_corpus()
print(corpus)
clips = split.development(corpus.clips)
table = features.extract(clips, progress=False)
parts = split.by_speaker(corpus.clips)[clips.index]

# %% [markdown]
# ## Task 05.1 · 4 points
#
# Run and change one value: make the learning rate ten times as large. In the title, say which epoch was kept, and one thing that looks different.

# %%
# Figure 05.1
lr, title = 0.001, "lr = 0.001: both curves fall"
# solution
lr, title = 0.01, "lr = 0.01: both curves jump from epoch to epoch"

settings = train.TrainSettings(lr=lr, max_epochs=30)
result = train.fit(table, clips.emotion, parts, settings=settings, progress=False)
figure = plot.history(result.history, best_epoch=result.best_epoch)
figure.suptitle(f"{title} (epoch {result.best_epoch} kept)", y=1.08)
plot.show(figure, alt="Two pictures over the epochs: the loss and the UAR of both parts.")

# %% [markdown]
# ## Task 05.2 · 4 points
#
# Deal the places 0 to n − 1 into batches of `size`, in random order by `rng`. Each place comes exactly once an epoch; the last batch holds what is left.


# %%
def deal_batches(n, size, rng):
    """Deal the places 0 to n - 1 into batches, shuffled; each place comes once an epoch."""
    # solution
    return np.split(rng.permutation(n), range(size, n, size))


exercises.check("deal_batches", deal_batches)

# %% [markdown]
# ## Task 05.3 · 5 points
#
# Walk downhill with momentum. The speed begins at 0. At each step it becomes `momentum` times itself, plus the slope at the present place; then the place moves by minus `lr` times the speed. Return the list of all places, `start` first. (`slope` is a function of the place.)


# %%
def walk_with_momentum(slope, start, lr, momentum, n_steps):
    """Return the places visited, `start` first, when walking downhill with momentum."""
    # solution
    places, speed = [start], 0.0
    for _ in range(n_steps):
        speed = momentum * speed + slope(places[-1])
        places.append(places[-1] - lr * speed)
    return places


exercises.check("walk_with_momentum", walk_with_momentum)

# %% [markdown]
# ## Task 05.4 · 3 points
#
# When does training stop? Given the validation losses of all epochs, which epoch is kept, and after which does training end? Epochs count from 1; if patience does not run out, the last epoch is the end. (You know this one from the course. Write it without looking back.)


# %%
def stop_early(losses, patience):
    """Return the epoch that is kept and the epoch after which training stops, from 1."""
    # solution
    best, kept = float("inf"), 0
    for epoch, loss in enumerate(losses, start=1):
        if loss < best:
            best, kept = loss, epoch
        elif epoch - kept >= patience:
            return kept, epoch
    return kept, len(losses)


exercises.check("stop_early", stop_early)

# %% [markdown]
# ## Task 05.5 · 4 points
#
# Two students train the same network with two different seeds and get a UAR of 48 % and 51 % on six validation speakers. The second writes: "My seed is better." Answer in three sentences. What could they do together to compare two *learning rates* fairly?

# %% [markdown]
# **Answer 05.5**
# <!-- solution -->
#
# A seed is no recipe: with other speakers the order may be the reverse, and a difference of three points over six speakers is well within luck. Whoever picks the best seed picks luck. To compare two learning rates, train each with the same several seeds in the same folds over all development speakers, and look at the paired difference with its interval over speakers.
