"""Exercises accept what is right, however it is written, and know the typical mistakes."""

import importlib.util
import inspect
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

from ser_helpers import exercises
from ser_helpers.errors import DataError
from ser_helpers.exercises.checking import Exercise, Mistake
from ser_helpers.exercises.comparing import difference

FOLDER = Path(__file__).parent / "right_solutions"
ALL = [(topic, e) for topic in exercises.TOPICS for e in exercises.of_topic(topic)]
each = pytest.mark.parametrize(("topic", "exercise"), ALL, ids=[e.name for _, e in ALL])


def solutions(topic: str) -> dict[str, object]:
    spec = importlib.util.spec_from_file_location(f"right_{topic}", FOLDER / f"{topic}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # where inspect looks for the source of a class
    spec.loader.exec_module(module)
    return {name: value for name, value in vars(module).items() if "__" in name.strip("_")}


def test_no_two_exercises_share_a_name():
    names = [exercise.name for _, exercise in ALL]
    assert len(set(names)) == len(names)


@each
def test_three_different_right_solutions_are_accepted(topic, exercise):
    right = {n: f for n, f in solutions(topic).items() if n.split("__")[0] == exercise.name}
    assert len({inspect.getsource(f).partition("\n")[2] for f in right.values()}) >= 3
    for function in (exercise.reference, *right.values()):
        for seed in (0, 1):
            verdict = exercises.check(exercise.name, function, seed=seed)
            assert verdict.right, f"{function.__name__}: {verdict}"


def test_every_right_solution_belongs_to_an_exercise():
    for topic in exercises.TOPICS:
        names = {exercise.name for exercise in exercises.of_topic(topic)}
        assert {name.split("__")[0] for name in solutions(topic)} == names, topic


@each
def test_an_empty_answer_and_a_constant_one_are_not_accepted(topic, exercise):
    first = next(iter(exercise.inputs(np.random.default_rng(0))))
    answers = [None, 0, 1, [], "", np.zeros(3), pd.Series(dtype=float)]
    if not inspect.isclass(exercise.reference):
        answers.append(exercise.reference(*first))
    for answer in answers:
        verdict = exercises.check(exercise.name, lambda *_args, answer=answer, **_k: answer)
        assert verdict.state == "wrong", answer


@each
def test_each_typical_mistake_is_met_by_its_own_hint(topic, exercise):
    assert exercise.mistakes, "which mistakes are typical?"
    for mistake in exercise.mistakes:
        for seed in (0, 1):
            verdict = exercises.check(exercise.name, mistake.does, seed=seed)
            assert verdict.state == "wrong"
            assert verdict.hint == mistake.hint, f"{mistake.does.__name__}: {verdict}"


@each
def test_what_is_not_written_yet_says_so(topic, exercise):
    def stub(*arguments, **options):
        raise NotImplementedError

    verdict = exercises.check(exercise.name, stub)
    assert verdict.state == "not written" and "not written yet" in str(verdict)


# --- the checking itself -------------------------------------------------------------------------


def double(x):
    return 2 * x


DOUBLE = Exercise(
    double,
    lambda rng: [(rng.normal(size=3),), (rng.normal(size=(2, 2)),)],
    (Mistake(lambda x: x**2, "That is the square."),),
)


def told(function) -> str:
    return str(exercises.judge(DOUBLE, function))


def test_a_verdict_says_what_was_expected_what_came_and_what_to_think_about():
    assert told(double) == "double: right. It was tried on 2 inputs."
    assert "That is the square." in told(lambda x: x * x)
    wrong = told(lambda x: x[:2] * 2)
    assert (
        "not yet. With x = [0.1257, -0.1321, 0.6404]: expected the shape (3,), yours is (2,)"
        in wrong
    )
    assert "Hint" not in wrong
    assert "does it end with `return`?" in told(lambda x: None)


def test_an_error_names_its_line():
    def divide(x):
        return x / len(x.shape[5])

    assert "IndexError: tuple index out of range (at `return x / len(x.shape[5])`)" in told(divide)


def test_changing_the_input_is_not_right():
    def in_place(x):
        x *= 2
        return x

    assert "`x` is changed on the way" in told(in_place)


def test_what_a_learner_returns_cannot_run_in_the_page():
    verdict = exercises.judge(DOUBLE, lambda x: "<script>")
    assert "<script>" in str(verdict) and "<script>" not in verdict._repr_html_()


def test_code_and_stressed_words_of_a_hint_are_shown_as_such():
    hint = Mistake(lambda x: x**2, "Not `x**2`, but *twice* x: 2 * x * 1.")
    exercise = Exercise(double, DOUBLE.inputs, (hint,))
    page = exercises.judge(exercise, lambda x: x * x)._repr_html_()
    assert "Not <code>x**2</code>, but <em>twice</em> x: 2 * x * 1." in page


def test_a_name_that_is_not_known_is_answered_with_those_like_it():
    with pytest.raises(DataError, match="did you mean share_right"):
        exercises.check("share_rigth", double)
    with pytest.raises(DataError, match="without brackets"):
        exercises.check("share_right", 0.5)


@pytest.mark.parametrize(
    ("expected", "got"),
    [
        (np.array([1.0, 2.0]), [1, 2]),
        (np.array([1.0, np.nan]), torch.tensor([1.0, np.nan])),
        (2, np.float32(2)),
        (pd.Series([1, 2], ["a", "b"]), pd.Series([2.0, 1.0], ["b", "a"])),
        (pd.Series([1, 2], ["a", "b"]), {"a": 1, "b": 2}),
        ((1, "a"), [1, "a"]),
        ({1, 2}, [2, 1]),
        (["a", "b"], np.array(["a", "b"])),
        ({"n": np.ones(2)}, {"n": [1, 1]}),
        (True, np.True_),
        (None, None),
    ],
)
def test_what_a_reader_would_call_the_same_is_the_same(expected, got):
    assert difference(expected, got) is None


@pytest.mark.parametrize(
    ("expected", "got", "why"),
    [
        (np.ones(2), [1, 2], r"at \[1\] expected 1, yours is 2"),
        (np.ones(2), "ab", "expected an array"),
        (np.ones((2, 2)), [[1, 1], [1]], "different lengths"),
        (2, "2", "expected the number 2"),
        (1, True, "expected the number 1"),
        (True, 1, "expected True"),
        ("a", "b", "expected 'a'"),
        (pd.Series([1], ["a"]), pd.Series([1], ["b"]), "expected the index"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"b": [1]}), "expected the columns"),
        (pd.DataFrame({"a": [1]}), pd.DataFrame({"a": [2]}), "column 'a': at"),
        ({"n": 1}, {"n": 2}, "n: expected 1"),
        ({"n": 1}, {}, "expected the keys"),
        ({"n": 1, "m": 2}, {"n": 3}, "n: expected 1"),
        (1, np.random.default_rng(0), r"yours is Generator\(PCG64\)$"),
        ((1, "a"), (1,), "expected 2 things, yours are 1"),
        ({1}, {2}, "expected {1}"),
        (np.array([1.0]), np.array(["x"]), "expected numbers"),
        (1.0, np.nan, "yours is nan"),
    ],
)
def test_a_difference_is_told_in_words(expected, got, why):
    import re

    assert re.search(why, difference(expected, got))
