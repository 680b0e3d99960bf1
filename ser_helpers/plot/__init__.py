"""Every figure of the course: one palette, axes with units, alt text.

Each function draws on the axes it is given, or on new ones, and returns them; :func:`show` puts a
figure into a notebook together with its description for those who cannot see it.
:func:`subplots` makes empty ones in the same style.

==============  ======================================================================
Module          What it draws
==============  ======================================================================
``base``        in the style that all figures share: palette, empty axes, alt text
``costs``       what work costs: time, helpers, memory
``frames``      pictures over time, and what a network looks at in them
``layers``      what the layers of a pretrained network know
``mfccs``       how a clip becomes MFCCs, step by step
``networks``    networks, and how they learn
``people``      who is in which part, and what listeners heard
``scores``      scores, intervals and differences
``sound``       sound: waveforms, spectrograms, melodies
``tables``      tables of clips and features
==============  ======================================================================
"""

from ser_helpers.plot.base import (
    COLOURS,
    OTHER_COLOUR,
    PART_COLOURS,
    STYLE,
    emotion_name,
    emotions_in,
    show,
    subplots,
)
from ser_helpers.plot.costs import memory_held, step_costs, time_lines
from ser_helpers.plot.frames import changed_pictures, occlusion, occlusion_maps, stacked_pictures
from ser_helpers.plot.layers import attention_maps, by_layer, over_speakers
from ser_helpers.plot.mfccs import (
    frames_on_wave,
    mfccs_over_time,
    percentiles_over_time,
    power_and_decibels,
    rebuilt_from_mfccs,
    window_and_spectrum,
)
from ser_helpers.plot.networks import (
    LINES,
    distributions,
    each_network,
    history,
    lines,
    losses,
    network,
    one_neuron,
)
from ser_helpers.plot.people import agreement, heard_by, votes, who_learns
from ser_helpers.plot.scores import (
    accuracy_over_coverage,
    confusion,
    differences,
    dots,
    dots_in_groups,
    dots_in_panels,
    intervals,
    paired,
    probabilities_over_time,
    reliability,
    right_and_sure,
    slices,
    slopes,
    two_by_speaker,
)
from ser_helpers.plot.sound import (
    clip_grid,
    laid_over,
    mel_position,
    mel_spectrogram,
    melody,
    spectrograms_together,
    speech_ends,
    speech_grid,
    waveform,
)
from ser_helpers.plot.tables import (
    MOST_BARS,
    SEX_COLOURS,
    boxes,
    boxes_by_emotion,
    by_actor,
    by_emotion,
    changes,
    counts,
    dips,
    groups_in_plane,
    matrix,
    own_means,
    parts,
    scatter,
)

__all__ = [
    "COLOURS",
    "LINES",
    "MOST_BARS",
    "OTHER_COLOUR",
    "PART_COLOURS",
    "SEX_COLOURS",
    "STYLE",
    "accuracy_over_coverage",
    "agreement",
    "attention_maps",
    "boxes",
    "boxes_by_emotion",
    "by_actor",
    "by_emotion",
    "by_layer",
    "changed_pictures",
    "changes",
    "clip_grid",
    "confusion",
    "counts",
    "differences",
    "dips",
    "distributions",
    "dots",
    "dots_in_groups",
    "dots_in_panels",
    "each_network",
    "emotion_name",
    "emotions_in",
    "frames_on_wave",
    "groups_in_plane",
    "heard_by",
    "history",
    "intervals",
    "laid_over",
    "lines",
    "losses",
    "matrix",
    "mel_position",
    "mel_spectrogram",
    "melody",
    "memory_held",
    "mfccs_over_time",
    "network",
    "occlusion",
    "occlusion_maps",
    "one_neuron",
    "over_speakers",
    "own_means",
    "paired",
    "parts",
    "percentiles_over_time",
    "power_and_decibels",
    "probabilities_over_time",
    "rebuilt_from_mfccs",
    "reliability",
    "right_and_sure",
    "scatter",
    "show",
    "slices",
    "slopes",
    "spectrograms_together",
    "speech_ends",
    "speech_grid",
    "stacked_pictures",
    "step_costs",
    "subplots",
    "time_lines",
    "two_by_speaker",
    "votes",
    "waveform",
    "who_learns",
    "window_and_spectrum",
]
