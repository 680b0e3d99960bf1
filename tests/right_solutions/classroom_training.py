"""Right solutions of a class's exercises on notebook 05; `exercise__how`."""

import numpy as np
import torch


def deal_batches__with_torch(n, size, rng):
    return torch.from_numpy(rng.permutation(n)).split(size)


def deal_batches__with_array_split(n, size, rng):
    return np.array_split(rng.permutation(n), np.arange(size, n, size))


def deal_batches__with_a_list(n, size, rng):
    left = list(range(n))
    rng.shuffle(left)
    batches = []
    while left:
        batches.append(left[:size])
        left = left[size:]
    return batches


def walk_with_momentum__step_by_step(slope, start, lr, momentum, n_steps):
    place, speed = start, 0
    places = [place]
    for _ in range(n_steps):
        speed = momentum * speed + slope(place)
        place = place - lr * speed
        places.append(place)
    return places


def walk_with_momentum__in_an_array(slope, start, lr, momentum, n_steps):
    places, speeds = np.zeros(n_steps + 1), np.zeros(n_steps + 1)
    places[0] = start
    for i in range(n_steps):
        speeds[i + 1] = momentum * speeds[i] + slope(places[i])
        places[i + 1] = places[i] - lr * speeds[i + 1]
    return places


def walk_with_momentum__with_torch(slope, start, lr, momentum, n_steps):
    place = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([place], lr=lr, momentum=momentum)
    places = [place.item()]
    for _ in range(n_steps):
        place.grad = torch.tensor(slope(place.item()), dtype=torch.float64)
        optimizer.step()
        places.append(place.item())
    return places
