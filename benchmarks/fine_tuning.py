"""Fine-tune the last block that the notebook uses, beside the same head on the frozen network.

Layers 1 and 2 stay as they are, and what layer 2 makes of each clip is computed once. Block 3 and a
linear head learn together, from where the frozen network and its logistic regression stand; the
epoch is chosen on the validation speakers, and may be the 0th: nothing changed. Settings were fixed
beforehand and not tuned.
"""

import copy
import time
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn.functional import cross_entropy

from ser_helpers import data, evaluate, split
from ser_helpers.further import heads, pretrained

INPUT, TRAINED = 2, 3  # layers


@dataclass(frozen=True)
class Settings:
    """How block and head are trained: one clip at a time, so that nothing needs padding."""

    epochs: int = 5
    lr: float = 1e-4
    weight_decay: float = 0.01
    clips_a_step: int = 16


class Tuned(nn.Module):
    """Block 3 of the encoder, and a linear head on mean and spread of its frames and layer 2's."""

    def __init__(self, block: nn.Module, x: np.ndarray, y: pd.Series, strength: float) -> None:
        super().__init__()
        self.block = copy.deepcopy(block).requires_grad_(True)
        scaler = StandardScaler().fit(x)
        regression = heads.regression(strength).fit(scaler.transform(x), y)
        self.classes = list(regression.classes_)
        self.register_buffer("mean", torch.tensor(scaler.mean_, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scaler.scale_, dtype=torch.float32))
        self.head = nn.Linear(x.shape[1], len(self.classes))
        with torch.no_grad():
            self.head.weight.copy_(torch.tensor(regression.coef_))
            self.head.bias.copy_(torch.tensor(regression.intercept_))

    def forward(self, frames: torch.Tensor) -> torch.Tensor:
        """Map one clip's frames of layer 2, (n_frames, width), to logits, (n_classes,)."""
        parts = (frames, self.block(frames[None])[0])
        row = torch.cat([f for x in parts for f in (x.mean(0), x.std(0, correction=0))])
        return self.head((row - self.mean) / self.scale)


def frames_of(clips: pd.DataFrame, encoder: pretrained.Encoder) -> dict[str, np.ndarray]:
    """Return what layer 2 makes of each clip, (n_frames, width) as float16."""
    return {
        clip: pretrained.listen(data.load_clip(path), encoder)[INPUT].astype(np.float16)
        for clip, path in clips.path.items()
    }


def run_fold(
    frames: dict[str, np.ndarray],
    table: pd.DataFrame,
    labels: pd.Series,
    parts: pd.Series,
    settings: Settings,
) -> tuple[dict, pd.DataFrame]:
    """Train one fold; return a summary, and what the test clips are said to be, before and after.

    ``table`` holds layers 2 and 3, in this order.
    """
    torch.manual_seed(0)
    start = time.process_time()
    rows = {part: parts.index[parts == part] for part in split.PARTS}
    _, _, _, strength = heads.validated(table, labels, parts[parts != "test"])
    block = pretrained.load().blocks[TRAINED - 1]
    net = Tuned(block, table.loc[rows["train"]].to_numpy(), labels[rows["train"]], strength)
    optimizer = torch.optim.AdamW(
        net.parameters(), lr=settings.lr, weight_decay=settings.weight_decay
    )
    steps = -(-len(rows["train"]) // settings.clips_a_step) * settings.epochs
    falling = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    answer = {clip: net.classes.index(label) for clip, label in labels.items()}

    def said(part: str) -> pd.Series:
        with torch.no_grad():
            found = [net(tensor(frames[c])).argmax() for c in rows[part]]
        return pd.Series([net.classes[i] for i in found], rows[part])

    def uar(part: str) -> float:
        return evaluate.scores(labels[rows[part]], said(part))["uar"]

    history, best, before = [uar("validation")], copy.deepcopy(net.state_dict()), said("test")
    losses, seconds = [], []
    for _ in range(settings.epochs):
        begin, total = time.process_time(), 0.0
        for own in torch.randperm(len(rows["train"])).split(settings.clips_a_step):
            for clip in rows["train"][own.numpy()]:
                loss = cross_entropy(net(tensor(frames[clip])), torch.tensor(answer[clip]))
                (loss / len(own)).backward()
                total += loss.item()
            optimizer.step()
            optimizer.zero_grad()
            falling.step()
        seconds.append(time.process_time() - begin)
        losses.append(total / len(rows["train"]))
        history.append(uar("validation"))
        print(
            parts.name, f"loss {losses[-1]:.3f}, {history[-1]:.3f}, {seconds[-1]:.0f} s", flush=True
        )
        if history[-1] > max(history[:-1]):
            best = copy.deepcopy(net.state_dict())
    net.load_state_dict(best)
    after = said("test")
    row = {
        "fold": parts.name,
        "strength": strength,
        "best_epoch": int(np.argmax(history)),
        "validation_uar": [round(float(value), 4) for value in history],
        "train_loss": [round(value, 4) for value in losses],
        "processor_seconds_an_epoch": round(float(np.mean(seconds)), 1),
        "processor_seconds": round(time.process_time() - start, 1),
        "weights": sum(weight.numel() for weight in net.parameters()),
    }
    return row, pd.DataFrame({"frozen": before, "fine-tuned": after})


def tensor(frames: np.ndarray) -> torch.Tensor:
    """Take float16 frames to what a network computes with."""
    return torch.from_numpy(frames).float()
