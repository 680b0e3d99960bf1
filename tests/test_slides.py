"""Slides: what a notebook has stored, in one file that asks nobody for anything."""

import re

import nbformat
import pytest
import slides
from conftest import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def in_sections(deck: str) -> list[str]:
    return re.findall(r"<section.*?</section>", deck, re.DOTALL)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem[:2])
def test_a_deck_has_title_figures_and_key_points_and_loads_nothing(path):
    deck = slides.deck(path)
    pages = in_sections(deck)
    assert len(pages) >= 5
    assert pages[0].startswith('<section class="title">\n<h1>')
    assert "<h2>Key points</h2>" in pages[-1] and pages[-1].count("<li>") >= 3
    assert not re.search(r'(?:src|href)="(?!data:|https://doi|https://)', deck)
    assert not re.search(r'src="(?!data:)|<link|@import|url\(', deck)
    for name in ("Quiz", "Words", "Your turn"):
        assert f"<h2>{name}</h2>" not in deck
    images = re.findall(r"<img[^>]*>", deck)
    assert images and all(re.search(r'alt="[^"]{10,}', image) for image in images)
    assert not any(slides.ROAD in image for image in images)


def test_figures_stand_below_their_heading_and_folds_stay_closed():
    new = nbformat.v4
    picture = new.new_output("display_data", {"image/png": "AAAA\n"})
    picture.metadata = {"image/png": {"alt": 'a "wave" & its noise'}}
    fold = '<details><summary>Uncover</summary><img src="data:image/png;base64,BBBB"></details>'
    folded = new.new_output("display_data", {"text/html": fold})
    table = new.new_output("display_data", {"text/html": "<table></table>"})
    notebook = new.new_notebook(
        cells=[
            new.new_markdown_cell("# 99 · *Title*\n\nText."),
            new.new_code_cell("", outputs=[table]),
            new.new_markdown_cell("## Why?\n\nMuch text."),
            new.new_code_cell("", outputs=[picture, folded]),
            new.new_markdown_cell("## Your turn"),
            new.new_code_cell("", outputs=[picture]),
            new.new_markdown_cell("## Key points\n\n- One.\n\n## Quiz"),
            new.new_code_cell("", outputs=[picture]),
        ]
    )
    contents = [content for _, content in slides.pages(notebook)]
    assert contents[:2] == ["<h1>99 · <em>Title</em></h1>", "<h2>Why?</h2>"]
    assert contents[2].startswith("<h2>Why?</h2>") and "base64,AAAA" in contents[2]
    assert "a &quot;wave&quot; &amp; its noise" in contents[2]
    assert "<details><summary>" in contents[3]
    assert "One." in contents[4] and len(contents) == 5
