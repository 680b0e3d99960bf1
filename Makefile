# Short names for those who have make; `python course.py lab` and `test` need nothing.
PYTHON ?= python3

.PHONY: lab test check lint format clean
lab test:
	$(PYTHON) course.py $@
check: ; .venv/bin/python -m ser_helpers.check
lint: ; .venv/bin/ruff check . && .venv/bin/ruff format --check . && .venv/bin/mypy
format: ; .venv/bin/ruff check --fix . && .venv/bin/ruff format .
clean: ; rm -rf .venv .pytest_cache .ruff_cache .hypothesis ./*.egg-info
