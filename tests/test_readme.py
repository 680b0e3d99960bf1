"""The README shows what was measured, and its links lead somewhere."""

import re

import pytest
from conftest import REPOSITORY, ROOT, load_script

LINK = re.compile(r"\]\(([^)\s]+)\)")
PAGES = (
    "README.md",
    "CONTRIBUTING.md",
    "benchmarks/README.md",
    "LICENSES/README.md",
    "ser_helpers/demo_voices/README.md",
    "docs/glossary.md",
    "docs/faq.md",
    "classroom/README.md",
    "classroom/GRADING.md",
    "classroom/DISCUSSION.md",
)


def test_its_table_is_that_of_the_results():
    tool = load_script(ROOT / "tools" / "readme.py")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = readme.split(tool.BEGIN)[1].split(tool.END)[0].strip()
    assert shown == tool.table()
    assert re.search(r"unseen speakers\*\* \| \d\d\.\d \[\d\d–\d\d\]", shown)


def test_the_glossary_has_the_words_of_all_notebooks():
    tool = load_script(ROOT / "tools" / "glossary.py")
    assert tool.PAGE.read_text(encoding="utf-8") == tool.page(), "run tools/glossary.py"


def test_it_lists_every_notebook_with_its_minutes():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for path in sorted((ROOT / "notebooks").glob("*.ipynb")):
        minutes = re.search(r"\*\*Time\*\* (\d+) minutes", path.read_text(encoding="utf-8"))[1]
        assert re.search(rf"\(notebooks/{path.name}\) \| .+ \| {minutes} \|", readme), path.name


def test_its_links_to_colab_and_binder_carry_the_repositorys_address():
    name = REPOSITORY.removeprefix("https://github.com/")
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert f"colab.research.google.com/github/{name}/blob" in readme
    assert f"mybinder.org/v2/gh/{name}/main" in readme
    assert re.findall(r"github\.com/([\w.-]+/[\w.-]+)", readme) == []


def test_its_first_screen_tells_what_is_reached_and_links_to_what_sounds():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    first = readme.partition("\n## ")[0]
    assert len(first.split()) < 200
    rows = [line.split(" | ") for line in readme.splitlines() if line.startswith("| ")]
    real = [re.match(r"[\d.]+", row[-1]) for row in rows if "unseen speakers**" in row[0]]
    chance = next(row[-1] for row in rows if row[0] == "| chance").rstrip(" |")
    told = [int(number) for number in re.findall(r"(\d\d) %", first)]
    assert told == [round(float(number)) for number in (*(found[0] for found in real), chance)]
    home = load_script(ROOT / "tools" / "home.py")
    assert f"[Press play: one sentence, three emotions]({home.pages(home.home(ROOT))})" in first
    assert "<!-- voices -->" in (ROOT / "site" / "pages" / "index.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    path = ROOT / page
    for target in LINK.findall(path.read_text(encoding="utf-8")):
        if not target.startswith(("https://", "#", "mailto:")):
            assert (path.parent / target.split("#")[0]).exists(), f"{page} links to {target}"


@pytest.mark.parametrize("page", PAGES)
def test_no_picture_is_brought_from_the_net(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    assert not re.search(r"!\[[^\]]*\]\(https?:|<img[^>]* src=.https?:", text)


def test_it_has_the_sections_that_the_web_pages_take_from_it():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    pages = [path.read_text(encoding="utf-8") for path in (ROOT / "site" / "pages").glob("*.md")]
    wanted = re.findall(r"<!-- readme: (.+) -->", "\n".join(pages))
    assert wanted
    assert set(wanted) <= set(re.findall(r"^## (.+)$", readme, re.MULTILINE))
