"""Right solutions of a class's exercises on notebook 03; `exercise__how`."""

import numpy as np


def hold_out__with_a_permutation(actors, share, rng):
    people = rng.permutation(np.unique(actors))
    n = max(1, round(share * len(people)))
    return np.isin(actors, people[:n])


def hold_out__with_a_set(actors, share, rng):
    people = sorted(set(actors))
    rng.shuffle(people)
    chosen = set(people[: max(1, round(share * len(people)))])
    return np.array([actor in chosen for actor in actors])


def hold_out__with_random_numbers(actors, share, rng):
    people, places = np.unique(actors, return_inverse=True)
    rank = rng.random(len(people)).argsort().argsort()
    return (rank < max(1, round(share * len(people))))[places]


def gift_of_luck__step_by_step(looked_at, fresh):
    winner = looked_at.argmax()
    lead_looked_at = looked_at[winner] - np.mean(looked_at)
    lead_fresh = fresh[winner] - np.mean(fresh)
    return lead_looked_at - lead_fresh


def gift_of_luck__of_centred(looked_at, fresh):
    one, other = looked_at - looked_at.mean(), fresh - fresh.mean()
    return (one - other)[one.argmax()]


def gift_of_luck__with_a_loop(looked_at, fresh):
    winner = max(range(len(looked_at)), key=lambda i: looked_at[i])
    total = sum(looked_at) - sum(fresh)
    return looked_at[winner] - fresh[winner] - total / len(fresh)
