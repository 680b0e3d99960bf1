"""Four files name the packages and the Pythons; they say the same."""

import ast
import re
import sys
import tomllib
from pathlib import Path

import pytest
from conftest import PROJECT, ROOT, load_script
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

import ser_helpers
from ser_helpers import check

course = load_script(ROOT / "course.py")
#: What conda-forge calls some packages; some without the Qt, or web page, that nobody here needs.
CONDA = {
    "soundfile": "pysoundfile",
    "soxr": "soxr-python",
    "torch": "pytorch-cpu",
    "matplotlib": "matplotlib-base",
    "seaborn": "seaborn-base",
    "dask": "dask-core",
    "Jinja2": "jinja2",
}
PYTHONS = ["3.11", "3.12", "3.13"]


def requirements(name: str) -> list[Requirement]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [Requirement(text) for line in lines if (text := line.partition("#")[0].strip())]


RANGES = {r.name: r.specifier for r in requirements("requirements.txt")}
LOCK = requirements("requirements.lock")


def conda_ranges() -> dict[str, SpecifierSet]:
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    entries = re.findall(
        r"^  - ([\w-]+)([<>=]\S*)?(?:  #.*)?$", text.partition("dependencies:")[2], re.M
    )
    # conda's `=3.12` is pip's `==3.12.*`
    exact = re.compile(r"^=([\d.]+)$")
    return {name: SpecifierSet(exact.sub(r"==\1.*", wanted)) for name, wanted in entries}


@pytest.mark.parametrize("full", ["3.11.2", *(f"{python}.9" for python in PYTHONS)])  # Debian 12's
def test_the_lock_has_one_version_of_each_package_and_it_lies_in_the_range(full):
    python = full.rpartition(".")[0]
    this = {"python_version": python, "python_full_version": full}
    here = [r for r in LOCK if not r.marker or r.marker.evaluate(this)]
    pinned = {}
    for requirement in here:
        (pin,) = requirement.specifier
        assert pin.operator == "==", requirement
        assert requirement.name not in pinned, f"{requirement.name} twice on Python {full}"
        pinned[requirement.name] = pin.version
    assert not set(RANGES) - set(pinned)
    outside = {n: pinned[n] for n, r in RANGES.items() if not r.contains(pinned[n])}
    assert not outside


def test_librosa_1_is_for_the_pythons_that_it_runs_on():
    pins = {
        python: [
            str(r.specifier)
            for r in LOCK
            if r.name == "librosa" and r.marker.evaluate({"python_version": python})
        ]
        for python in PYTHONS
    }
    assert pins["3.11"] == ["==0.11.0"]
    assert pins["3.12"] == pins["3.13"] == ["==1.0.0"]


def test_the_lock_names_a_torch_that_any_index_has():
    (torch,) = [str(r.specifier) for r in LOCK if r.name == "torch"]
    assert re.fullmatch(r"==\d+\.\d+\.\d+", torch)  # no build tag such as +cpu


def test_conda_gets_the_same_packages_in_the_same_ranges():
    conda = conda_ranges()
    assert conda.pop("pip") == SpecifierSet()
    python = conda.pop("python")
    assert {CONDA.get(name, name): wanted for name, wanted in RANGES.items()} == conda
    (one,) = [version for version in PYTHONS if python.contains(f"{version}.1")]  # one minor
    assert SpecifierSet(PROJECT["requires-python"]).contains(f"{one}.1")


def test_dependencies_and_extras_together_are_the_requirements():
    extras = PROJECT["optional-dependencies"]
    assert set(extras) == {"notebooks", "further", "test"}
    named = [
        Requirement(line) for group in (PROJECT["dependencies"], *extras.values()) for line in group
    ]
    assert len({r.name for r in named}) == len(named)
    assert {r.name: r.specifier for r in named} == RANGES
    road = {Requirement(line).name for line in PROJECT["dependencies"]}
    modules = [ROOT / "ser_helpers" / f"{name}.py" for name in ser_helpers._ROAD]
    modules += (ROOT / "ser_helpers" / "plot").glob("*.py")
    modules += (ROOT / "ser_helpers" / "download").glob("*.py")
    known = set(sys.stdlib_module_names) | {"ser_helpers", "IPython"}  # plot shows in notebooks
    for path in modules:
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))) - known:
            assert {"sklearn": "scikit-learn"}.get(name, name) in road, f"{path.name}: {name}"


def test_all_files_agree_on_the_pythons():
    wanted = SpecifierSet(PROJECT["requires-python"])
    allowed = [v for v in [f"3.{minor}" for minor in range(6, 30)] if wanted.contains(v)]
    assert allowed == PYTHONS
    assert (course.OLDEST, course.NEWEST) == check.PYTHONS == ((3, 11), (3, 13))
    assert "Python 3.11 to 3.13" in course.__doc__
    assert check.USE_PYTHON.count("3.") == len(PYTHONS)


@pytest.mark.parametrize(
    ("system", "machine", "expected"),
    [
        ("linux", "x86_64", "tensorflow-cpu"),
        ("linux", "aarch64", "tensorflow"),
        ("win32", "AMD64", "tensorflow"),
        ("darwin", "arm64", "tensorflow"),
    ],
)
def test_each_system_gets_one_tensorflow_that_is_for_all_pythons(system, machine, expected):
    here = {"sys_platform": system, "platform_machine": machine}
    wanted = requirements("requirements-tensorflow.txt")
    (tensorflow,) = [r for r in wanted if r.marker.evaluate(here)]
    assert tensorflow.name == expected
    assert "2.19" not in tensorflow.specifier  # has no build for Python 3.13
    assert "2.20" in tensorflow.specifier
    assert "tensorflow" not in {r.name for r in LOCK} | set(RANGES)  # nobody need have it


def test_every_package_that_the_code_imports_is_required():
    known = set(sys.stdlib_module_names) | {"ser_helpers"}
    pip_names = {"sklearn": "scikit-learn", "IPython": "ipython"}
    for path in sorted((ROOT / "ser_helpers").rglob("*.py")):
        for name in imported(ast.parse(path.read_text(encoding="utf-8"))) - known:
            if path.name == "check.py" and name in ("jupyter_client", "jupyter_core"):
                continue  # JupyterLab cannot do without it
            assert pip_names.get(name, name) in RANGES, f"{path.name} imports {name}"


def test_course_py_needs_nothing_and_even_an_old_python_can_read_it():
    source = (ROOT / "course.py").read_text(encoding="utf-8")
    assert imported(ast.parse(source, feature_version=(3, 6))) <= set(sys.stdlib_module_names)
    with pytest.raises(SyntaxError):  # the check itself can fail
        ast.parse("if (n := 1): pass", feature_version=(3, 6))


def imported(tree: ast.Module) -> set[str]:
    names = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names.add(node.module.partition(".")[0])
    return names


def test_an_installed_package_has_every_module_and_every_file_of_this_folder():
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    assert settings["setuptools"]["packages"]["find"]["include"] == ["ser_helpers", "ser_helpers.*"]
    patterns = settings["setuptools"]["package-data"]
    package = ROOT / "ser_helpers"
    files = [p for p in package.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    for file in files:
        if file.suffix == ".py":  # what setuptools finds: folders with an `__init__.py`
            assert (file.parent / "__init__.py").exists(), file
            continue
        matching = [
            path
            for name, below in patterns.items()
            for pattern in below
            for path in [ROOT.joinpath(*name.split("."), pattern)]
            if file.match(str(path).replace("**", "*"))
            or (pattern.endswith("/**") and Path(str(path)[:-3]) in file.parents)
        ]
        assert matching, f"pip would leave out {file.relative_to(ROOT)}"
