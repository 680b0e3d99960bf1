"""The house is built as its map says: arrows run one way, the road is short, imports are cheap."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ROOT

import ser_helpers

PACKAGE = ROOT / "ser_helpers"
ROAD = ser_helpers._ROAD
#: What may import what, from the ground up: a module only imports modules of earlier floors.
FLOORS = (
    {"shadows"},
    {"errors", "terminal", "speech", "__init__"},
    {"names", "files", "checksums", "containers", "votes", "align"},
    {"audio", "recognise", "check"},
    {"places", "people", "download", "colab"},
    {"data"},
    {"spectrum", "clipwise", "origin"},
    {"features"},
    {"split"},
    {"model", "scoring"},
    {"learning", "weights", "calibration", "paired", "published"},
    {"train"},
    {"evaluate"},
    {"predict"},
    {"plot", "answering"},
    {"widgets", "sketches", "quiz", "exercises"},
    {"__main__"},
    {"further"},
)
LEVEL = {name: level for level, floor in enumerate(FLOORS) for name in floor}
MOST_LINES = 2400


def modules() -> dict[str, Path]:
    """Name every module of the package, e.g. ``further.frames``."""
    paths = PACKAGE.rglob("*.py")
    return {".".join(path.relative_to(PACKAGE).with_suffix("").parts): path for path in paths}


def imported(path: Path) -> set[str]:
    """List what a module imports of the package, except for types and inside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    found = set()
    for node in tree.body:
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ser_helpers"):
            below = node.module.removeprefix("ser_helpers").lstrip(".")
            for alias in node.names:
                full = f"{below}.{alias.name}".lstrip(".")
                known = modules()
                is_module = full in known or f"{full}.__init__" in known
                found.add(full if is_module else below or "__init__")
    return found


@pytest.mark.parametrize("name", sorted(modules()))
def test_no_arrow_runs_back(name):
    wing = name.partition(".")[0]
    for other in imported(modules()[name]):
        other_wing = other.partition(".")[0]
        if other_wing == wing:
            continue
        assert LEVEL[other_wing] < LEVEL[wing], f"{name} imports {other}"


def test_there_is_no_circle():
    arrows = {name: imported(path) for name, path in modules().items()}

    def follow(name: str, way: tuple[str, ...]) -> None:
        assert name not in way, " -> ".join((*way, name))
        for other in arrows.get(name, ()):
            follow(other, (*way, name))

    for name in arrows:
        follow(name, ())


def test_download_stands_on_names_and_audio_only():
    allowed = {"__init__", "errors", "names", "files", "checksums", "audio", "terminal"}
    for name, path in modules().items():
        if name.startswith("download."):
            assert {o for o in imported(path) if not o.startswith("download")} <= allowed, name


def test_the_road_is_read_in_an_evening():
    lines = {name: len((PACKAGE / f"{name}.py").read_text("utf-8").splitlines()) for name in ROAD}
    assert sum(lines.values()) <= MOST_LINES, lines


def test_the_package_shows_the_road_and_imports_nothing_before_it_is_used():
    code = (
        "import sys, ser_helpers; assert not {'numpy', 'pandas', 'torch'} & set(sys.modules); "
        "print(dir(ser_helpers)); from ser_helpers import frames; print(frames.__name__)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    shown, frames = done.stdout.splitlines()
    assert set(ROAD) <= set(ast.literal_eval(shown))
    assert frames == "ser_helpers.further.frames"
    with pytest.raises(AttributeError, match="no attribute 'roads'"):
        _ = ser_helpers.roads
    for name in (*ROAD, *ser_helpers._BESIDE):
        assert (
            f"``{name}``" in ser_helpers.__doc__ or f"ser_helpers.{name}``" in ser_helpers.__doc__
        )
