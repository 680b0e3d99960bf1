"""Let Whisper listen to the demo voices once for all: ``python tools/make_embeddings.py``.

A maintainer runs this whenever the demo voices or ``pretrained.RECIPE`` change; it needs the
weights (``requirements-pretrained.txt``) and two minutes of one processor. It writes
``ser_helpers/further/checkpoints/whisper-demo.npz``, which is used where the weights are not, and
beside it ``whisper-heads.npz``, two heads to compute by hand.
"""

from ser_helpers import data
from ser_helpers.checksums import published
from ser_helpers.further import attention, demo_embeddings, pretrained, whisper_weights


def main() -> None:
    weights = whisper_weights.find()
    if weights is None:
        raise SystemExit(f"the weights are needed: {whisper_weights.FETCH}")
    clips = data.open_corpus("demo").clips
    table = pretrained.embed(clips, demo_embeddings.LAYERS, weights=weights)
    demo_embeddings.write(table.loc[list(published("demo"))].to_numpy())
    y = data.load_clip(clips.path[attention.CLIP])
    attention.write(*attention.take(y, pretrained.load(weights)))
    print(f"{attention.FILE}: {attention.FILE.stat().st_size / 1e6:.1f} MB")
    print(f"{demo_embeddings.DEMO}: {demo_embeddings.DEMO.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
