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
``beyond``      a filter over a spectrogram, masks, workers
==============  ===============================================================================
"""
