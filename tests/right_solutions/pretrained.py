"""Right solutions of the exercises of notebook 13; `exercise__how`."""

import numpy as np
import torch
from torch.nn.functional import scaled_dot_product_attention


def multi_head__with_a_loop_over_frames(q, k, v, n_heads):
    wide = q.shape[1] // n_heads
    taken = np.zeros(v.shape)
    for head in range(n_heads):
        own = slice(head * wide, (head + 1) * wide)
        for i in range(len(q)):
            scores = k[:, own] @ q[i, own] / wide**0.5
            power = np.exp(scores - scores.max())
            taken[i, own] = power @ v[:, own] / power.sum()
    return taken


def multi_head__with_torch(q, k, v, n_heads):
    def parted(x):
        return torch.tensor(x).view(len(x), n_heads, -1).transpose(0, 1)

    mixed = scaled_dot_product_attention(parted(q), parted(k), parted(v))
    return mixed.transpose(0, 1).reshape(q.shape).numpy()


def multi_head__with_einsum(q, k, v, n_heads):
    q, k, v = (x.reshape(len(x), n_heads, -1) for x in (q, k, v))
    scores = np.einsum("ihd,jhd->hij", q, k) / np.sqrt(q.shape[2])
    power = np.exp(scores - scores.max(axis=2, keepdims=True))
    share = power / power.sum(axis=2, keepdims=True)
    return np.einsum("hij,jhd->ihd", share, v).reshape(len(q), -1)


def mix_layers__layer_by_layer(layers, scores):
    power = np.exp(scores - max(scores))
    mixed = sum(p / power.sum() * layer for p, layer in zip(power, layers, strict=True))
    return np.hstack([mixed.mean(axis=0), mixed.std(axis=0)])


def mix_layers__with_einsum(layers, scores):
    share = np.exp(scores - np.logaddexp.reduce(scores))
    mixed = np.einsum("l,lfw->fw", share, layers)
    return np.append(mixed.mean(axis=0), mixed.std(axis=0))


def mix_layers__with_torch(layers, scores):
    share = torch.softmax(torch.tensor(scores), dim=0)
    mixed = (share[:, None, None] * torch.tensor(layers)).sum(dim=0)
    return torch.cat([mixed.mean(dim=0), mixed.std(dim=0, correction=0)])


def freeze_all_but__all_then_one(model, part):
    model.requires_grad_(False)
    model[part].requires_grad_(True)
    return model


def freeze_all_but__by_children(model, part):
    for name, child in model.named_children():
        child.requires_grad_(name == part)
    return model


def freeze_all_but__by_names(model, part):
    for name, weight in model.named_parameters():
        weight.requires_grad = name.split(".")[0] == part
    return model


def few_speakers__by_permutation(clips, parts, n, seed):
    speakers = np.unique(clips.actor[parts == "train"])
    kept = np.random.default_rng(seed).permutation(speakers)[:n]
    return parts[(parts != "train") | clips.actor.isin(kept)]


def few_speakers__by_sample(clips, parts, n, seed):
    speakers = clips.actor[parts == "train"].drop_duplicates().sample(n, random_state=seed)
    gone = clips.index[(parts == "train") & ~clips.actor.isin(speakers)]
    return parts.drop(gone)


def few_speakers__by_choice(clips, parts, n, seed):
    speakers = sorted(set(clips.actor[parts == "train"]))
    drawn = set(np.random.default_rng(seed).choice(speakers, n, replace=False))
    keep = [p != "train" or a in drawn for p, a in zip(parts, clips.actor, strict=True)]
    return parts[keep]
