"""Train the network that sees time on the demo voices: ``python tools/make_checkpoint.py``.

A maintainer runs this whenever the demo voices, the frames or the network change; it takes a few
minutes on one processor. It trains on the train part of the frozen split ``demo-v2``, keeps the
epoch with the lowest loss on its validation part, and writes
``ser_helpers/further/checkpoints/temporal-demo.npz``, which notebook 09 uses. The test part is
used only once, at the end.
"""

import torch

from ser_helpers import data, evaluate, split
from ser_helpers.further import checkpoint, frames, temporal


def main() -> None:
    torch.set_num_threads(1)  # the number of threads changes the last digits of the result
    corpus = data.open_corpus("demo")
    table = frames.extract(corpus.clips)
    clips = corpus.clips.loc[table.index]
    parts = split.by_speaker(clips)
    result = temporal.fit(table, clips.emotion, parts, corpus=corpus)
    path = checkpoint.save(result.recogniser, checkpoint.DEMO)
    print(f"{path}: {path.stat().st_size / 1000:.0f} kB, epoch {result.recogniser.best_epoch}")
    print(evaluate.report(result, clips))


if __name__ == "__main__":
    main()
