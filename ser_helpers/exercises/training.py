"""Exercises of the notebook on training."""

from ser_helpers.exercises.checking import Exercise

EXERCISES: tuple[Exercise, ...] = ()
