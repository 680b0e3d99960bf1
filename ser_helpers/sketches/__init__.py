"""The ideas of the course as drawings: one function each, one line in a notebook.

Every drawing is a :class:`Sketch`: as the last line of a cell, ``sketches.road(3)`` shows itself
with its alt text. All numbers in a drawing are computed from what the function is given; every
sound and score in them is made up.

==============  ===============================================================================
Module          What it draws
==============  ===============================================================================
``way``         the road of the course
``sound``       sampling, matching waves, frames, mel filters, MFCCs
``people``      one row per clip; who trains, validates and tests; the scaler
``network``     a neuron, a layer, ReLU, softmax, dropout; backpropagation, a step, stopping
``scores``      the confusion matrix, recall and precision, the bootstrap, paired differences
``beyond``      a filter over a spectrogram, masks, attention, workers; a frozen network
==============  ===============================================================================
"""

from ser_helpers.sketches.beyond import (
    attention,
    frozen,
    masks,
    sliding_filter,
    taking,
    workers,
)
from ser_helpers.sketches.drawing import Sketch
from ser_helpers.sketches.network import (
    backpropagation,
    dropout,
    early_stopping,
    layer,
    neuron,
    relu,
    softmax,
    step_down,
)
from ser_helpers.sketches.people import (
    clip_row,
    envelope,
    folds,
    peeking_scaler,
    rows_or_speakers,
)
from ser_helpers.sketches.scores import bootstrap, confusion_by_row, paired, recall_and_precision
from ser_helpers.sketches.sound import framing, matching, mel_filters, mfcc, sampling
from ser_helpers.sketches.way import road

__all__ = [
    "Sketch",
    "attention",
    "backpropagation",
    "bootstrap",
    "clip_row",
    "confusion_by_row",
    "dropout",
    "early_stopping",
    "envelope",
    "folds",
    "framing",
    "frozen",
    "layer",
    "masks",
    "matching",
    "mel_filters",
    "mfcc",
    "neuron",
    "paired",
    "peeking_scaler",
    "recall_and_precision",
    "relu",
    "road",
    "rows_or_speakers",
    "sampling",
    "sliding_filter",
    "softmax",
    "step_down",
    "taking",
    "workers",
]
