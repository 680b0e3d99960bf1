"""Exercises of the notebook on sound."""

from ser_helpers.exercises.checking import Exercise

EXERCISES: tuple[Exercise, ...] = ()
