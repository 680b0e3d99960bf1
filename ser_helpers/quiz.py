"""Ask a question with a reason for every answer: ``quiz.ask("…", {"A": "…"}, right="A")``.

The questions of the course stand in ``questions/<topic>.toml``, not in the notebooks, whose code
would give the answers away: ``quiz.questions("mfccs")``.

What is stored in a notebook is folded text, one fold per choice, which works without scripts: on
GitHub, in a reader that trusts nobody, on paper. Where scripts run, the folds become radio buttons
of plain HTML, to be used with the mouse, the keyboard or a screen reader. Nothing is loaded from
anywhere.
"""

import hashlib
import html
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources

from IPython.display import HTML

from ser_helpers.errors import DataError

RIGHT, WRONG = "Yes.", "No."
#: Folds become radio buttons; the reason is read aloud as soon as it is chosen. JupyterLab must not
#: take the keys: Down is the next choice there, and `d d` would cut the cell.
SCRIPT = """<script>
(() => {
  const quiz = document.getElementById("ID");
  if (!quiz || quiz.dataset.ready) return;
  quiz.dataset.ready = "yes";
  quiz.addEventListener("keydown", event => event.stopPropagation());
  const told = document.createElement("p");
  told.setAttribute("role", "status");
  quiz.querySelectorAll("details").forEach((fold, i) => {
    const label = document.createElement("label");
    label.style.cssText = "display:block;padding:.2em 1.6em;text-indent:-1.6em;cursor:pointer";
    const button = document.createElement("input");
    button.type = "radio";
    button.name = "ID-choice";
    button.style.marginRight = ".5em";
    const reason = fold.querySelector("p").textContent;
    button.addEventListener("change", () => { told.textContent = reason; });
    label.append(button, fold.querySelector("summary").textContent);
    fold.replaceWith(label);
  });
  quiz.append(told);
})();
</script>"""


@dataclass(frozen=True)
class Question:
    """One question of the course.

    Attributes
    ----------
    ask : str
    choices : dict of str to str
        What can be chosen, and the reason why it is right or not.
    right : str
        The choice that is right.
    name : str
        Given to a question that is asked on the way; empty for those at a notebook's end.
    """

    ask: str
    choices: dict[str, str]
    right: str
    name: str = ""


def load(topic: str) -> tuple[Question, ...]:
    """Read the questions of one notebook.

    Parameters
    ----------
    topic : str
        As in :data:`ser_helpers.exercises.TOPICS`, e.g. "mfccs".

    Returns
    -------
    tuple of Question

    Raises
    ------
    DataError
        If there are none on this topic, or one of them has not exactly one right choice.
    """
    folder = resources.files("ser_helpers") / "questions"
    known = sorted(file.name.removesuffix(".toml") for file in folder.iterdir())
    if topic not in known:
        raise DataError(f"there are no questions on {topic!r}: choose from {', '.join(known)}")
    tree = tomllib.loads((folder / f"{topic}.toml").read_text(encoding="utf-8"))
    found = []
    for question in tree["question"]:
        choices = {choice["says"]: choice["because"] for choice in question["choice"]}
        right = [choice["says"] for choice in question["choice"] if choice.get("right")]
        if len(right) != 1:
            raise DataError(f"{len(right)} choices are right, not one: {question['ask']!r}")
        found.append(Question(question["ask"], choices, right[0], question.get("name", "")))
    return tuple(found)


def questions(topic: str, name: str = "") -> HTML:
    """Ask what the course asks on a topic.

    Parameters
    ----------
    topic : str
        As in :func:`load`.
    name : str
        Of one question that is asked on the way; left out, those at the notebook's end.

    Returns
    -------
    IPython.display.HTML

    Raises
    ------
    DataError
        As :func:`load`; also if there is no question of that name.
    """
    chosen = [question for question in load(topic) if question.name == name]
    if not chosen:
        names = sorted({question.name for question in load(topic) if question.name})
        raise DataError(f"no question on {topic} is called {name!r}: there are {names}")
    pages = [ask(question.ask, question.choices, right=question.right).data for question in chosen]
    return HTML("<br>".join(pages))


def ask(question: str, choices: Mapping[str, str], *, right: str) -> HTML:
    """Ask one question.

    Parameters
    ----------
    question : str
        Plain text, like everything here: it may hold ``<``, which is shown as such.
    choices : mapping of str to str
        What can be chosen, in this order, and the reason why that is right or not.
    right : str
        The choice that is right; exactly one is.

    Returns
    -------
    IPython.display.HTML
        As the last line of a cell it shows itself.

    Raises
    ------
    DataError
        If there are fewer than two choices, ``right`` is none of them, or a text is empty.

    Examples
    --------
    >>> page = ask("2 + 2?", {"4": "Count.", "5": "One too many."}, right="4")
    >>> "Yes. Count." in page.data, "No. One too many." in page.data
    (True, True)
    """
    if len(choices) < 2:
        raise DataError(f"a question needs two choices at least, not {len(choices)}: {question!r}")
    if right not in choices:
        raise DataError(f"{right!r} is no choice of {question!r}: these are {list(choices)}")
    if empty := [t for t in (question, *choices, *choices.values()) if not t.strip()]:
        raise DataError(f"{len(empty)} texts of the question {question!r} are empty: fill them in")
    # The same question has the same name in each run; two questions have two.
    name = "quiz-" + hashlib.sha256(repr((question, dict(choices))).encode()).hexdigest()[:12]
    folds = "".join(
        f"<details><summary>{html.escape(choice)}</summary>"
        f"<p>{RIGHT if choice == right else WRONG} {html.escape(reason)}</p></details>"
        for choice, reason in choices.items()
    )
    legend = (
        f"<legend style='font-weight:bold;float:left;width:100%'>{html.escape(question)}</legend>"
    )
    style = "border:0;border-left:4px solid #0072B2;padding:.3em 1em;margin:0"
    page = f"<fieldset id='{name}' style='{style}'>{legend}{folds}</fieldset>"
    return HTML(page + SCRIPT.replace("ID", name))
