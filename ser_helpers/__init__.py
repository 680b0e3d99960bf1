"""Helpers of the course on speech emotion recognition.

The road, one module per step; each builds only on those before it:

============  ==================================================================  =========
Module        What it does                                                        Notebooks
============  ==================================================================  =========
``names``     emotions, sentences, levels; how the files of a corpus are named    00, 01
``audio``     one clip: check the file, load it, resample it                      01
``data``      open a corpus: a table with one row per clip                        00, 01
``features``  MFCCs, one row of numbers per clip, the table of a corpus           02
``split``     who trains, who validates, who tests, by speaker                    03
``model``     the network                                                         04
``train``     the training loop                                                   05
``evaluate``  scores, intervals over speakers, the report                         06
``predict``   a trained recogniser as one file; listen to a recording             05, 10
============  ==================================================================  =========

What several of these share stands in small modules under them: how files and folders are read
(``containers``, ``places``, ``people``, ``recognise``), how clips are joined (``align``), computed
(``spectrum``, ``clipwise``), learnt from (``learning``, ``weights``) and scored (``scoring``,
``paired``, ``published``).

``plot`` draws any of them, ``sketches`` draws the ideas, ``widgets`` plays them, ``exercises``
checks what a learner wrote, ``quiz`` asks, ``check`` tells whether this machine is ready, and
``python -m ser_helpers`` walks the whole road at once.

``ser_helpers.download`` downloads the real corpora, and ``ser_helpers.further`` serves the
notebooks after the road (07 to 13).

Nothing is imported before it is used::

    from ser_helpers import data, features
"""

import sys
from importlib import import_module
from types import ModuleType

from ser_helpers.shadows import explain, explain_uncaught

__version__ = "0.1.0"

_ROAD = ("names", "audio", "data", "features", "split", "model", "train", "evaluate", "predict")
_BESIDE = ("plot", "sketches", "widgets", "exercises", "quiz", "check", "download", "further")


def __getattr__(name: str) -> ModuleType:
    """Import a module when it is first asked for: ``import ser_helpers`` itself stays fast."""
    if name in (*_ROAD, *_BESIDE):
        try:
            return import_module(f"{__name__}.{name}")
        except Exception as error:
            if reason := explain():  # a learner's own random.py, say
                raise ImportError(f"{reason} ({error})") from error
            raise
    further = import_module(f"{__name__}.further")
    if name in further.MODULES:  # `from ser_helpers import frames` works as well
        return import_module(f"{__name__}.further.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*_ROAD, *_BESIDE, "__version__"]


if sys.argv[:1] == ["-m"]:  # so it is while Python looks for one of the commands
    explain_uncaught()
