"""The form of every notebook. That their cells run is nbval's to test (`course.py test`)."""

import re
import tomllib
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT, load_script

PATHS = sorted((ROOT / "notebooks").glob("*.ipynb"))
SECTIONS = ("Your turn", "What goes wrong here", "Key points", "Words", "Read more")
MOST_LINES = 25
MOST_BYTES = 2_000_000
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request) -> Path:
    return request.param


@pytest.fixture
def cells(path) -> list:
    return nbformat.read(path, as_version=4).cells


def prose(cells) -> str:
    return "\n\n".join(cell.source for cell in cells if cell.cell_type == "markdown")


def code(cells) -> list:
    return [cell for cell in cells if cell.cell_type == "code"]


def outputs(cells) -> list:
    return [output for cell in code(cells) for output in cell.outputs]


def repository() -> str:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    return project["urls"]["Repository"]


def test_the_notebooks_of_the_main_road_are_there():
    assert [path.name[:2] for path in PATHS[:7]] == [f"0{i}" for i in range(7)]


def test_it_begins_with_title_badges_setup_and_box(path, cells):
    number = path.stem[:2]
    assert re.match(rf"# {number} · \S", cells[0].source)
    name = repository().removeprefix("https://github.com/")
    file = f"notebooks/{path.name}"
    assert f"(https://colab.research.google.com/github/{name}/blob/main/{file})" in cells[0].source
    assert f"(https://mybinder.org/v2/gh/{name}/main?urlpath=lab/tree/{file})" in cells[0].source
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
    assert f"git+{repository()}" in first
    assert "--no-deps" in first


def test_it_ends_with_tasks_a_trap_key_points_words_and_sources(path, cells):
    text = prose(cells)
    found = [h for h in re.findall(r"^## (.+)$", text, re.MULTILINE) if h in SECTIONS]
    assert found == list(SECTIONS)
    part = dict(
        zip(
            SECTIONS,
            re.split("|".join(f"^## {s}$" for s in SECTIONS), text, flags=re.M)[1:],
            strict=True,
        )
    )
    assert part["Your turn"].count("<summary>Hint</summary>") >= 2
    assert part["Your turn"].count("<summary>Solution</summary>") >= 2
    assert "**Quiz" in part["Your turn"]
    assert part["Your turn"].count("<details>") == part["Your turn"].count("</details>")
    assert 3 <= len(re.findall(r"^- ", part["Key points"], re.MULTILINE)) <= 5
    assert len(re.findall(r"\*\*[^*]+\*\*", part["Words"])) >= 3
    assert 2 <= len(re.findall(r"^- .*https://", part["Read more"], re.MULTILINE)) <= 5
    if path != PATHS[-1]:
        following = PATHS[PATHS.index(path) + 1].name
        assert re.search(rf"\*\*Next:\*\* \[[^\]]+\]\({following}\)", part["Read more"])


def test_cells_are_short_and_each_has_a_sentence_before_and_after(cells):
    for i, cell in enumerate(cells):
        if cell.cell_type != "code" or i == 1:
            continue
        assert len(cell.source.splitlines()) <= MOST_LINES, cell.source
        assert cells[i - 1].cell_type == "markdown", f"nothing is said before:\n{cell.source}"
        assert cells[i + 1].cell_type == "markdown", f"nothing is said after:\n{cell.source}"
        assert re.search(r"[.:?!)*|]\s*$", cells[i - 1].source), cells[i - 1].source[-80:]


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
    for output in outputs(cells):
        assert "data:audio/wav" not in str(output.get("data", "")), "use widgets.listen"


def test_it_is_self_contained(path, cells):
    for cell in code(cells):
        assert "sys.path" not in cell.source
        assert "shared/" not in cell.source
    assert any("# NBVAL_CHECK_OUTPUT" in cell.source for cell in code(cells))


def test_links_lead_somewhere(path, cells):
    for target in LINK.findall(prose(cells)):
        if target.startswith(("https://", "attachment:")):
            continue
        assert not target.startswith("http:"), target
        assert (path.parent / target.split("#")[0]).exists(), f"{path.name} links to {target}"


def test_each_has_solutions_in_python_and_what_is_folded_compiles(path, cells):
    solutions = load_script(ROOT / "notebooks" / "conftest.py").solutions
    assert solutions(nbformat.read(path, as_version=4)), "a task without a solution in code"
    for block in re.findall(r"```python\n(.*?)```", prose(cells), re.DOTALL):
        compile(block, "solution", "exec")
