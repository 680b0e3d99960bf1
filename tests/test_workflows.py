"""CI's files are valid, name what exists, and cover what the course promises."""

import os
import re
import shutil
import subprocess
import tomllib

import pytest
import yaml
from conftest import ROOT, load_script
from packaging.specifiers import SpecifierSet

PATHS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
SYSTEMS = ["ubuntu-latest", "macos-latest", "windows-latest"]
MADE_THERE = {"oldest.txt"}  # by a step before
#: The first versions for Node.js 24: GitHub's machines have no Node.js 20 since 16 September 2026.
NODE_24 = {
    "checkout": 5,
    "setup-python": 6,
    "upload-artifact": 6,
    "upload-pages-artifact": 5,
    "deploy-pages": 5,
}
FILE = re.compile(r"(?<![\w/.:-])(?:[\w-]+|\.ci|\.github)(?:/[\w.-]+)*\.(?:py|txt|lock|toml)\b")


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def workflow(request) -> dict:
    return yaml.safe_load(request.param.read_text(encoding="utf-8"))


def jobs(name: str) -> dict:
    path = ROOT / ".github" / "workflows" / f"{name}.yml"
    return yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"]


def steps(workflow: dict) -> list[dict]:
    return [step for job in workflow["jobs"].values() for step in job["steps"]]


def files_in(command: str) -> set[str]:
    """List the files of the repository that a command names."""
    return set(FILE.findall(command)) - MADE_THERE


def pythons() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = SpecifierSet(project["requires-python"])
    return [version for version in (f"3.{minor}" for minor in range(6, 30)) if version in wanted]


def test_it_is_a_workflow_whose_jobs_end_and_may_change_nothing(workflow):
    assert {"name", True, "permissions", "jobs"} <= set(workflow)  # YAML reads `on` as True
    assert workflow["permissions"]["contents"] == "read"
    for name, job in workflow["jobs"].items():
        assert job["timeout-minutes"] <= 60, name


def test_actions_are_pinned_to_a_version_that_githubs_machines_can_run(workflow):
    for step in steps(workflow):
        assert ("uses" in step) != ("run" in step)
        if "uses" in step:
            name, version = re.fullmatch(r"actions/([\w-]+)@v(\d+)", step["uses"]).groups()
            assert int(version) >= NODE_24[name], step["uses"]


def test_its_commands_name_files_that_exist(workflow):
    for step in steps(workflow):
        for name in files_in(step.get("run", "")):
            assert (ROOT / name).exists(), f"{step['run']}: there is no {name}"


def test_files_are_found_in_commands():
    assert files_in("python .ci/colab.py -r requirements.txt > oldest.txt") == {
        ".ci/colab.py",
        "requirements.txt",
    }
    assert files_in("pip install --index-url https://download.pytorch.org/whl/cpu.txt x") == set()


def test_every_system_has_every_python_with_the_lock_and_weekly_with_the_newest():
    for job in (jobs("tests")["tests"], jobs("weekly")["newest"]):
        matrix = job["strategy"]["matrix"]
        assert (matrix["os"], matrix["python"]) == (SYSTEMS, pythons())
    assert any("course.py test" in step.get("run", "") for step in jobs("tests")["tests"]["steps"])
    newest = " ".join(step.get("run", "") for step in jobs("weekly")["newest"]["steps"])
    assert "-r requirements.txt" in newest and "lock" not in newest


def test_jupyterlab_is_looked_at_and_its_screenshots_are_kept():
    browser = jobs("tests")["browser"]["steps"]
    assert "course.py test --browser -k test_lab" in " ".join(
        step.get("run", "") for step in browser
    )
    kept = next(step for step in browser if "upload-artifact" in step.get("uses", ""))
    code = (ROOT / "tests" / "browser" / "test_lab.py").read_text(encoding="utf-8")
    assert kept["with"]["path"] == "work/browser" and 'ROOT / "work" / "browser"' in code


def test_the_oldest_versions_have_the_oldest_python():
    (setup,) = [step for step in jobs("tests")["oldest"]["steps"] if "with" in step]
    assert setup["with"]["python-version"] == pythons()[0]


def test_oldest_takes_every_lower_bound():
    oldest = load_script(ROOT / "tools" / "oldest.py").oldest
    assert oldest("# a\nnumpy>=2,<3  # why\n\ndask>=2025.1\n") == ["numpy==2", "dask==2025.1"]
    with pytest.raises(ValueError, match="'numpy<3' in requirements.txt has no lower bound"):
        oldest("numpy<3\n")
    lines = oldest((ROOT / "requirements.txt").read_text(encoding="utf-8"))
    assert "pandas==2.2.2" in lines  # 2.2.0 does not go with NumPy 2


def test_actionlint_finds_nothing(tmp_path):
    program = os.environ.get("SER_ACTIONLINT") or shutil.which("actionlint")
    if not program:
        pytest.skip("needs actionlint; SER_ACTIONLINT may name it")
    done = subprocess.run([program, *map(str, PATHS)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
