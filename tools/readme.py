"""Copy the measured results into the README: ``python tools/readme.py``.

Writes the table between the two marks in ``README.md`` from ``ser_helpers/results/*.json``, and
the picture ``docs/six_emotions.png`` from the demo voices.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from ser_helpers import data, plot
from ser_helpers.files import replace_file

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "ser_helpers" / "results"
PICTURE = ROOT / "docs" / "six_emotions.png"
BEGIN, END = "<!-- results: made by tools/readme.py -->", "<!-- end of results -->"
CORPORA = {"demo": "demo voices (synthetic)", "ravdess": "RAVDESS (real actors)"}
TRIALS = "chosen by the trials"
#: For each row of the table: prefix of the results file (before the corpus's name), where in the
#: file the scores are, label.
ROWS = (
    ("", ("scores", "course, unseen speakers"), "**this course's network, unseen speakers**"),
    (
        "temporal_",
        ("scores", "frames, unseen speakers"),
        "**its network that sees time (09), unseen speakers**",
    ),
    (
        "pretrained_",
        ("scores", "layers 2 and 3, unseen speakers"),
        "**a small head on Whisper's frozen layers (13), unseen speakers**",
    ),
    (
        "pretrained_",
        (TRIALS, "unseen speakers", "all"),
        "the same, every clip at three speeds: chosen on validation speakers",
    ),
    (
        "pretrained_",
        ("scores", "layers 2 and 3, standardised by speaker"),
        "a small head on Whisper's frozen layers, standardised by speaker",
    ),
    (
        "pretrained_",
        (TRIALS, "standardised by speaker", "all"),
        "the same, layers 1 to 4 at three speeds: chosen on validation speakers",
    ),
    (
        "",
        ("scores", "tutorials' features, unseen speakers"),
        "the tutorials' features, unseen speakers",
    ),
    (
        "peers_",
        ("scores", "eGeMAPS and SVM, unseen speakers"),
        "openSMILE's eGeMAPS with an SVM, unseen speakers",
    ),
    (
        "",
        ("scores", "course, random rows (leaks)"),
        "this course's network, random rows: *leaks*",
    ),
    (
        "",
        ("scores", "tutorials' features, random rows (leaks)"),
        "the tutorials' features, random rows: *leaks*",
    ),
)


def table() -> str:
    """Write the table of results in Markdown, with UAR in per cent and its interval."""
    lines = [
        "| UAR in % [95 % interval over speakers] | " + " | ".join(CORPORA.values()) + " |",
        "|---" * (len(CORPORA) + 1) + "|",
    ]
    for file, where, label in ROWS:
        found = (_under(results(f"{file}{name}"), where) for name in CORPORA)
        cells = (in_percent(**own["uar"]) if own else "not measured" for own in found)
        lines.append(f"| {label} | " + " | ".join(cells) + " |")
    chance = (results(name)["baselines"]["chance"]["uar"] * 100 for name in CORPORA)
    lines.append("| chance | " + " | ".join(f"{value:.1f}" for value in chance) + " |")
    return "\n".join(lines)


def results(name: str) -> dict:
    """Read the results of a benchmark, e.g. ``temporal_demo``; none if it was not measured."""
    path = RESULTS / f"{name}.json"
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def _under(tree: dict, where: Sequence[str]) -> dict:
    """Follow keys down into results; return what is there, {} if that was not measured."""
    for key in where:
        tree = tree.get(key, {})
    return tree


def in_percent(*, value: float, low: float, high: float, **_: object) -> str:
    """Write a score and its interval, e.g. ``52.4 [48–57]``."""
    return f"{value * 100:.1f} [{low * 100:.0f}–{high * 100:.0f}]"


def main() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    replace_file(readme, f"{before}{BEGIN}\n{table()}\n{END}{after}".encode())
    PICTURE.parent.mkdir(exist_ok=True)
    figure = plot.clip_grid(data.one_of_each(data.open_corpus("demo").clips))
    figure.savefig(PICTURE, dpi=100)


if __name__ == "__main__":
    main()
