"""The form of every notebook. That their cells run is nbval's to test (`course.py test`)."""

import re
import statistics
from pathlib import Path

import nbformat
import pytest
from conftest import REPOSITORY, ROOT, load_script
from notebook_code import prose

from ser_helpers import exercises, quiz

#: What runs the folded solutions knows where they stand, and which exercises are checked.
SOLUTIONS = load_script(ROOT / "notebooks" / "conftest.py")
PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
OPTIONAL = "Going deeper"
SECTIONS = (
    "Your turn", "What goes wrong here", OPTIONAL, "Key points", "Quiz", "Words", "Read more"
)  # fmt: skip
EXERCISE = re.compile(r"^\*\*Exercise (\d\d\.\d) · (\w+)\.\*\*", re.MULTILINE)
KINDS = {"predict", "write", "repair", "design", "explore", "judge"}
REPAIR = "# Repair"
MOST_LINES, MEDIAN_LINES, MOST_WORDS = 20, 5, 2800
MOST_BYTES = 2_000_000
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def cells(path) -> list:
    return nbformat.read(path, as_version=4).cells


def code(cells) -> list:
    return [cell for cell in cells if cell.cell_type == "code"]


def n_lines(cell) -> int:
    """Count the lines of a cell that are not empty."""
    return sum(bool(line.strip()) for line in cell.source.splitlines())


def outputs(cells) -> list:
    return [output for cell in code(cells) for output in cell.outputs]


def test_the_notebooks_of_the_main_road_are_there():
    assert [path.name[:2] for path in PATHS[:7]] == [f"0{i}" for i in range(7)]


def test_it_begins_with_title_links_setup_and_box(path, cells):
    number = path.stem[:2]
    assert re.match(rf"# {number} · \S", cells[0].source)
    name = REPOSITORY.removeprefix("https://github.com/")
    file = f"notebooks/{path.name}"
    assert f"(https://colab.research.google.com/github/{name}/blob/main/{file})" in cells[0].source
    assert f"(https://mybinder.org/v2/gh/{name}/main?urlpath=lab/tree/{file})" in cells[0].source
    assert "![" not in prose(cells), "a picture would be missing on Colab, or offline"
    assert cells[1].cell_type == "code"
    box = cells[2].source
    objectives = re.findall(r"^> - \w", box, re.MULTILINE)
    assert box.startswith("> **You will learn** to")
    assert 3 <= len(objectives) <= 5
    assert re.search(r"^> \*\*Time\*\* \d+ minutes · \*\*You need\*\* .+ · \*\*Corpus", box, re.M)
    assert "print(corpus)" in cells[3].source


def test_the_cell_for_colab_is_the_same_everywhere_and_leaves_numpy_and_torch_alone(path, cells):
    first = nbformat.read(PATHS[0], as_version=4).cells[1].source
    assert cells[1].source == first
    assert f"git+{REPOSITORY}" in first
    assert "--no-deps" in first
    assert cells[1].metadata["jupyter"]["source_hidden"] and cells[1].metadata["cellView"] == "form"


def test_it_ends_with_exercises_a_trap_key_points_quiz_words_and_sources(path, cells):
    text = prose(cells)
    found = [h for h in re.findall(r"^## (.+)$", text, re.MULTILINE) if h in SECTIONS]
    assert found == [s for s in SECTIONS if s != OPTIONAL or s in found]
    part = dict(
        zip(found, re.split(f"^## (?:{'|'.join(found)})$", text, flags=re.M)[1:], strict=True)
    )
    assert 3 <= len(re.findall(r"^- ", part["Key points"], re.MULTILINE)) <= 5
    assert len(re.findall(r"\*\*[^*]+\*\*", part["Words"])) >= 3
    assert 2 <= len(re.findall(r"^- .*https://", part["Read more"], re.MULTILINE)) <= 5
    if path != PATHS[-1]:
        following = PATHS[PATHS.index(path) + 1].name
        assert re.search(rf"\*\*Next:\*\* \[[^\]]+\]\({following}\)", part["Read more"])


def test_the_learner_writes_in_the_flow_and_at_the_end(path, cells):
    text = prose(cells)
    flow, end = text.split("\n## Your turn\n")
    end = end.split("\n## What goes wrong here\n")[0]
    tasks = EXERCISE.findall(text)
    assert [number for number, _ in tasks] == [
        f"{path.stem[:2]}.{i + 1}" for i in range(len(tasks))
    ]
    assert {kind for _, kind in tasks} <= KINDS
    assert len(EXERCISE.findall(flow)) in ((1, 2) if path.stem.startswith("00") else (2, 3))
    assert len(EXERCISE.findall(end)) >= 3
    assert {"repair", "judge"} <= {kind for _, kind in tasks}
    assert text.count("<details>") == text.count("</details>")
    # Each has something to compare with: a solution in code, or a rubric for what is written.
    assert len(re.findall(r"<summary>(?:Solution|Rubric)</summary>", text)) == len(tasks)


def test_each_stub_says_not_written_yet_and_each_check_has_a_solution(path, cells):
    solutions = "\n".join(SOLUTIONS.solutions_in(cells))
    for cell in code(cells):
        for name in SOLUTIONS.CHECK.findall(cell.source):
            assert "raise NotImplementedError" in cell.source or REPAIR in cell.source, name
            assert f"def {name}(" in solutions or f"class {name}(" in solutions, name
            page = "".join(
                o.data["text/html"] for o in cell.outputs if "text/html" in o.get("data", {})
            )
            assert ("not yet" in page) if REPAIR in cell.source else ("not written yet" in page)


def test_it_asks_three_questions_and_draws_two_ideas(path, cells):
    source = "\n".join(cell.source for cell in code(cells))
    (topic,) = re.findall(r'quiz\.questions\("(\w+)"\)', source)
    asked = [question for question in quiz.load(topic) if not question.name]
    assert len(asked) == 3
    assert len({list(q.choices).index(q.right) for q in asked}) >= 2
    drawn = set(re.findall(r"sketches\.(\w+)\(", source)) - {"road"}
    assert len(drawn) >= 2, drawn
    assert f"sketches.road({int(path.stem[:2])})" in cells[3].source


def test_there_is_enough_to_do():
    every = [nbformat.read(path, as_version=4).cells for path in PATHS]
    checked = set().union(*map(SOLUTIONS.checked_in, every))
    assert sum(len(EXERCISE.findall(prose(cells))) for cells in every) >= 70
    assert len(checked) >= 50
    topics = [topic for topic in exercises.TOPICS if not topic.startswith("classroom_")]
    known = {exercise.name for topic in topics for exercise in exercises.of_topic(topic)}
    assert checked == known, checked ^ known


def test_the_right_answers_of_all_quizzes_stand_in_every_place():
    places = [0, 0, 0]
    for file in (ROOT / "ser_helpers" / "questions").iterdir():
        for question in quiz.load(file.stem):
            places[list(question.choices).index(question.right) % 3] += 1
    assert min(places) >= sum(places) / 4, places


def test_it_is_short_and_honest_about_time(path, cells):
    text = re.sub(r"<details>.*?</details>", "", prose(cells), flags=re.DOTALL)
    before, _, _ = text.partition(f"\n## {OPTIONAL}\n")
    words = len(re.sub(r"[|>#*`]|\]\([^)]*\)", " ", before).split())
    assert words <= MOST_WORDS
    lengths = [n_lines(cell) for cell in code(cells)]
    assert statistics.median(lengths) <= MEDIAN_LINES, sorted(lengths)
    minutes = words / 180 + sum(lengths) / 10 + 8 * len(EXERCISE.findall(text))
    (said,) = re.findall(r"\*\*Time\*\* (\d+) minutes", text)
    assert abs(int(said) - minutes) <= 5, f"by the formula {minutes:.0f} minutes"


def test_paragraphs_are_short(cells):
    text = re.sub(r"```.*?```", "", prose(cells), flags=re.DOTALL)
    for paragraph in re.split(r"\n\s*\n|\n(?=- |\d\. |\| |> )|</?details>", text):
        if "·" in paragraph and paragraph.startswith("**"):  # the words, a list in one line
            continue
        n_words = len(paragraph.split())
        assert n_words <= 60, f"{n_words} words: {paragraph}"


def test_cells_are_short_and_each_has_a_sentence_before_and_after(cells):
    for i, cell in enumerate(cells):
        if cell.cell_type != "code" or i == 1:
            continue
        assert n_lines(cell) <= MOST_LINES, cell.source
        assert cells[i - 1].cell_type == "markdown", f"nothing is said before:\n{cell.source}"
        assert cells[i + 1].cell_type == "markdown", f"nothing is said after:\n{cell.source}"
        assert re.search(r"[.:?!)*|>]\s*$", cells[i - 1].source), cells[i - 1].source[-80:]


def test_it_was_run_in_order_without_errors_or_warnings(path, cells):
    counts = [cell.execution_count for cell in code(cells)]
    assert counts == list(range(1, len(counts) + 1))
    for output in outputs(cells):
        assert output.output_type != "error"
        assert output.get("name") != "stderr", output.text
    assert path.stat().st_size < MOST_BYTES


def test_each_figure_says_what_is_to_be_seen_for_those_who_cannot_see_it(cells):
    for output in outputs(cells):
        if "image/png" in output.get("data", {}):
            alt = output.metadata.get("image/png", {}).get("alt", "")
            assert len(alt) > 40, "show figures with plot.show(..., alt=...)"


def test_sound_is_compressed(cells):
    """WAV is for what Chrome refuses as OGG: a second or two of a tone, a click."""
    for output in outputs(cells):
        for sound in re.findall(r"data:audio/wav;base64,([\w+/=]+)", str(output.get("data", ""))):
            assert len(sound) < 100_000, "use widgets.listen"


def test_it_is_self_contained(path, cells):
    for cell in code(cells):
        assert "sys.path" not in cell.source
        assert "shared/" not in cell.source
    assert any("nbval-check-output" in cell.metadata.get("tags", []) for cell in code(cells))
    assert "NBVAL" not in str(cells), "use the tag nbval-check-output"


def test_links_lead_somewhere(path, cells):
    for target in LINK.findall(prose(cells)):
        if target.startswith(("https://", "attachment:")):
            continue
        assert not target.startswith("http:"), target
        assert (path.parent / target.split("#")[0]).exists(), f"{path.name} links to {target}"


def test_each_has_solutions_in_python_and_what_is_folded_compiles(path, cells):
    notebook = nbformat.read(path, as_version=4)
    assert SOLUTIONS.solutions(notebook), "a task without a solution in code"
    for block in SOLUTIONS.BLOCK.findall(prose(cells)):
        compile(block, "solution", "exec")
