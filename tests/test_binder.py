"""Binder builds what the course needs: Python 3.12, the locked versions, the package."""

import os
import re
import shutil
import subprocess

import pytest
from conftest import PROJECT, ROOT
from packaging.requirements import Requirement

FOLDER = ROOT / ".binder"


def lines(name: str) -> list[str]:
    text = (FOLDER / name).read_text(encoding="utf-8")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def test_it_installs_what_learners_need_in_the_tested_versions():
    options, packages = lines("requirements.txt")[:2], lines("requirements.txt")[2:]
    assert options == [
        "--extra-index-url https://download.pytorch.org/whl/cpu",
        "--constraint ../requirements.lock",
    ]
    extras = PROJECT["optional-dependencies"]
    wanted = [*PROJECT["dependencies"], *extras["notebooks"], *extras["further"]]
    assert packages == [Requirement(line).name for line in wanted]
    lock = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    locked = set(re.findall(r"^([\w.-]+)==", lock, re.MULTILINE))
    assert {name.lower() for name in packages} <= {name.lower() for name in locked}


def test_nothing_at_the_top_competes_with_it():
    assert lines("runtime.txt") == ["python-3.12"]
    # Where there is .binder/, repo2docker looks nowhere else.
    assert not any((ROOT / name).exists() for name in ("binder", "postBuild", "runtime.txt"))
    assert os.access(FOLDER / "postBuild", os.X_OK)


def test_the_link_opens_the_first_notebook():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    found = re.findall(r"mybinder\.org/v2/gh/[\w./-]+\?urlpath=lab/tree/([\w./-]+)", readme)
    (start,) = set(found)
    assert start == "notebooks/00_start_here.ipynb" and (ROOT / start).exists()


def test_repo2docker_renders_it(tmp_path):
    program = os.environ.get("SER_REPO2DOCKER") or shutil.which("jupyter-repo2docker")
    if not program:
        pytest.skip("needs jupyter-repo2docker; SER_REPO2DOCKER may name it")
    for name in (".binder", "pyproject.toml", "requirements.lock", "environment.yml"):
        source = ROOT / name
        copy = shutil.copytree if source.is_dir() else shutil.copy
        copy(source, tmp_path / name)
    command = [program, "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    told = done.stdout + done.stderr
    assert done.returncode == 0, told[-2000:]
    assert "Building conda environment for python=3.12" in told
    assert "py-2d3-2e12-2dlinux-2d64-2elock" in told  # the base environment's lock
    install = told.index('pip install --no-cache-dir -r ".binder/requirements.txt"')
    assert told.index("COPY --chown=0:0 src/ ${REPO_DIR}/") < install  # the lock is there by then
    assert install < told.index("RUN ./.binder/postBuild")
    assert "env update" not in told  # environment.yml is not used
    assert 'CMD ["jupyter"' in told
