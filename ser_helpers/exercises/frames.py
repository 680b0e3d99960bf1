"""Exercises of the notebook on frames."""

from ser_helpers.exercises.checking import Exercise

EXERCISES: tuple[Exercise, ...] = ()
