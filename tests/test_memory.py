"""Each notebook fits into Binder's memory, beside JupyterLab (benchmarks/measure_memory.py)."""

import pytest
from conftest import ROOT, results

MEASURED = results("memory")


@pytest.mark.parametrize(
    "path", sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")), ids=lambda path: path.stem
)
def test_a_notebook_takes_less_than_a_gigabyte_and_a_half(path):
    assert 200 < MEASURED["peak_mb"][path.stem] < 1500
