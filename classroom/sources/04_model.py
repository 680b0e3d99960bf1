# %% [markdown]
# # Class 04 · Build the model: neurons that answer, and those that do not
#
# Five tasks · 50 minutes · 20 points · after [notebook 04](https://github.com/ser-course/ser-course/blob/main/notebooks/04_build_the_model.ipynb). Keep the names of the functions and the first line of each answer (`**Answer …**`, `# Figure …`): your work is found by them. A check may be run as often as you like.

# %%
import numpy as np
import torch

from ser_helpers import data, exercises, features, plot, split
from ser_helpers.model import EmotionNet, count_parameters

corpus = data.open_corpus()
print(corpus)
clips = split.development(corpus.clips)
table = features.extract(clips, progress=False)
x = torch.tensor(((table - table.mean()) / table.std()).to_numpy(dtype=np.float32))

# %% [markdown]
# ## Task 04.1 · 3 points
#
# Run and change one value: choose the size of the hidden layer so that the network has between 30,000 and 40,000 numbers to train. The title must tell how many there are.

# %%
# Figure 04.1
hidden = 256
# solution
hidden = 128

n = count_parameters(EmotionNet(x.shape[1], 6, hidden=(hidden,)))
names = ("features", "hidden neurons", "emotions")
title = f"{hidden} hidden neurons: {n:,} numbers to train"
ax = plot.network((x.shape[1], hidden, 6), names=names, outputs=data.EMOTIONS, title=title)
plot.show(ax, alt="Three columns of circles, joined by lines: features, hidden neurons, emotions.")

# %% [markdown]
# ## Task 04.2 · 5 points
#
# A hidden neuron that answers 0 to every clip is *dead*: it can never help. `x` has a row per clip, `weights` a row per neuron (as in `nn.Linear`), `bias` a number per neuron. Return the places of the dead neurons, in order.


# %%
def dead_neurons(x, weights, bias):
    """Return, in order, the neurons whose ReLU is 0 for every clip."""
    # solution
    return np.flatnonzero((x @ weights.T + bias <= 0).all(axis=0))


exercises.check("dead_neurons", dead_neurons)

# %% [markdown]
# ## Task 04.3 · 5 points
#
# Sometimes the true emotion is only the second choice. Return the share of clips whose label is among the `k` most probable classes. `probabilities` has a row per clip; `labels` holds the number of each clip's class.


# %%
def share_in_top(probabilities, labels, k):
    """Return the share of clips whose label is among the `k` most probable classes."""
    # solution
    best = np.argsort(probabilities, axis=1)[:, -k:]
    return (best == labels[:, np.newaxis]).any(axis=1).mean()


exercises.check("share_in_top", share_in_top)

# %% [markdown]
# ## Task 04.4 · 3 points
#
# The cell below asks an untrained network for the same three clips, twice. Explain in two or three sentences why the answers differ, and which single line is missing.

# %%
torch.manual_seed(0)
net = EmotionNet(x.shape[1], 6)
with torch.no_grad():
    for _ in range(2):
        print(torch.softmax(net(x[:3]), dim=1)[:, 0].numpy().round(3))

# %% [markdown]
# **Answer 04.4**
# <!-- solution -->
#
# The network is in training mode, in which dropout switches off another half of the hidden neurons at each call (and noise is added, if there is any). The missing line is `net.eval()`.

# %% [markdown]
# ## Task 04.5 · 4 points
#
# Somebody doubles the hidden layer, and the loss on the *training* clips becomes smaller. Explain in three sentences why this says nothing about strangers, and what you would measure, on whom.

# %% [markdown]
# **Answer 04.5**
# <!-- solution -->
#
# A larger network has more numbers, with which it can also learn the training clips by heart, even with shuffled labels. So a smaller training loss may mean memory rather than knowledge. I would train both sizes in the same folds by speaker, with several seeds, and look at the paired difference of their UAR on speakers who were not in training, with its interval.
