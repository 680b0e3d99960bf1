"""The wing: what the notebooks after the road need, one or more modules per notebook.

==================================  ============================================  ========
Module                              What it does                                  Notebook
==================================  ============================================  ========
``leak``                            one classifier, examined in five ways         07
``listeners``, ``game``             votes of real listeners; play against them    08
``frames``, ``temporal``,           log-mel frames, a network that sees time,     09
``checkpoint``                      and that network as one file
``channel``, ``adapt``,             telephone, noise and rooms; getting used to   10
``recorder``, ``small``,            a speaker; a recorder for the notebook; what
``cures``                           a small class still allows; what may help
``keras_twin``                      the road's network in Keras                   11
``shards``, ``streams``             a table larger than memory, in Parquet        12
                                    files; frames as a stream for PyTorch
``pretrained``,                     Whisper's encoder, what it makes of a clip,   13
``whisper_weights``,                where its weights are, what it made of the
``demo_embeddings``,                demo voices; two of its heads; a small head
``attention``, ``heads``,           of one's own; what both were worth
``measured``
``ear``                             an answer of that network to a recording      10
``museum``                          twelve broken programs, and what a repair     a class
                                    changes
``class_corpus``                    what a class says, and how its files are      a class
                                    named
==================================  ============================================  ========

They build on the road, and nothing on the road builds on them.
"""

MODULES = (
    "leak",
    "listeners",
    "game",
    "frames",
    "temporal",
    "checkpoint",
    "channel",
    "adapt",
    "recorder",
    "small",
    "cures",
    "keras_twin",
    "shards",
    "streams",
    "pretrained",
    "whisper_weights",
    "demo_embeddings",
    "attention",
    "heads",
    "measured",
    "ear",
    "museum",
    "class_corpus",
)
