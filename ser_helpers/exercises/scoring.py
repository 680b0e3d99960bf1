"""Exercises of the notebook on scoring."""

from ser_helpers.exercises.checking import Exercise

EXERCISES: tuple[Exercise, ...] = ()
