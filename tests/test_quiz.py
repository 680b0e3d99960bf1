"""A question shows its choices everywhere, gives a reason for each, and has one right answer."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ser_helpers import quiz
from ser_helpers.errors import DataError

TEXT = st.text(min_size=1, max_size=40).filter(str.strip)


class Reader(HTMLParser):
    """Reads as a page without scripts would show it."""

    def __init__(self):
        super().__init__()
        self.inside, self.texts = [], []

    def handle_starttag(self, tag, attrs):
        self.inside.append(tag)

    def handle_endtag(self, tag):
        assert self.inside.pop() == tag

    def handle_data(self, data):
        if self.inside[-1] != "script":
            self.texts.append((self.inside[-1], data))


def read(page: str) -> list[tuple[str, str]]:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.inside == []
    return reader.texts


@given(question=TEXT, choices=st.dictionaries(TEXT, TEXT, min_size=2, max_size=5), data=st.data())
def test_without_scripts_each_choice_is_a_fold_with_its_reason(question, choices, data):
    right = data.draw(st.sampled_from(list(choices)))
    page = quiz.ask(question, choices, right=right).data
    told = "".join(f"<{tag}>{text}" for tag, text in read(page))
    expected = f"<legend>{question}" + "".join(
        f"<summary>{choice}<p>{'Yes.' if choice == right else 'No.'} {reason}"
        for choice, reason in choices.items()
    )
    assert told == expected
    assert page.count("<script") == 1


def test_two_questions_on_a_page_do_not_share_a_name_and_the_same_one_keeps_its():
    one = quiz.ask("1 + 1?", {"2": "Yes", "3": "No"}, right="2").data
    other = quiz.ask("1 + 2?", {"2": "No", "3": "Yes"}, right="3").data
    names = [page.split("id='")[1].split("'")[0] for page in (one, other)]
    assert names[0] != names[1]
    assert all(f'"{name}"' in page for name, page in zip(names, (one, other), strict=True))
    assert quiz.ask("1 + 1?", {"2": "Yes", "3": "No"}, right="2").data == one


def test_nothing_is_loaded_from_elsewhere():
    page = quiz.ask("1 + 1?", {"2": "Yes", "3": "No"}, right="2").data
    assert "http" not in page and "src=" not in page and "import" not in page


@pytest.mark.parametrize(
    ("question", "choices", "right", "why"),
    [
        ("?", {"a": "b"}, "a", "two choices at least"),
        ("?", {"a": "b", "c": "d"}, "e", "'e' is no choice"),
        ("?", {"a": "", "c": "d"}, "a", "1 texts .* are empty"),
        (" ", {"a": "b", "c": "d"}, "a", "are empty"),
    ],
)
def test_a_question_that_cannot_be_asked_says_why(question, choices, right, why):
    with pytest.raises(DataError, match=why):
        quiz.ask(question, choices, right=right)
