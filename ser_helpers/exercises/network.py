"""Exercises of the notebook on network."""

from ser_helpers.exercises.checking import Exercise

EXERCISES: tuple[Exercise, ...] = ()
