# Short names for those who have make; `python course.py lab` and `test` need nothing.
PYTHON ?= python3

.PHONY: lab test site check lint format clean
lab test site:
	$(PYTHON) course.py $@
check: ; .venv/bin/python -m ser_helpers.check
lint: ; .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
format: ; .venv/bin/ruff check --fix . && .venv/bin/ruff format .
clean: ; rm -rf .venv .venv-site site/_build .pytest_cache .ruff_cache .hypothesis ./*.egg-info
