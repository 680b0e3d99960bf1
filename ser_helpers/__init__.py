"""Helpers of the course on speech emotion recognition: one module a step.

``data`` → ``features`` → ``split`` → ``model`` → ``train`` → ``evaluate`` → ``predict``,
with ``plot`` and ``widgets`` to look at any of them. Import the modules you need::

    from ser_helpers import data, features
"""

__version__ = "0.1.0"
