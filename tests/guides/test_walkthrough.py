from __future__ import annotations

import pytest

from scalebridge.errors import DecisionNeeded
from scalebridge.guides import file_beside
from scalebridge.guides.walkthrough import NOTEBOOK_FOLDER

SHIPPED = "data/pairs.csv"


@pytest.fixture
def notebooks(tmp_path, monkeypatch):
    """A notebook's folder with what ships with it; the kernel works somewhere else."""
    for folder in ("notebooks/data", "report"):
        (tmp_path / folder).mkdir(parents=True)
    (tmp_path / "notebooks" / SHIPPED).touch()
    (tmp_path / "report" / "mine.csv").touch()
    monkeypatch.chdir(tmp_path / "report")
    monkeypatch.setenv(NOTEBOOK_FOLDER, str(tmp_path / "notebooks"))
    return tmp_path / "notebooks"


def test_what_ships_with_a_notebook_is_found_beside_it(notebooks, monkeypatch):
    assert file_beside(SHIPPED, given=None, parameter="pairs") == notebooks / SHIPPED
    monkeypatch.delenv(NOTEBOOK_FOLDER)
    monkeypatch.chdir(notebooks)  # as JupyterLab does
    assert file_beside(SHIPPED, given=None, parameter="pairs") == notebooks / SHIPPED


def test_a_file_that_somebody_gives_goes_before(notebooks, tmp_path):
    found = file_beside(SHIPPED, given="mine.csv", parameter="pairs")
    assert found == tmp_path / "report" / "mine.csv"


def test_a_file_that_is_nowhere_is_refused_with_what_to_pass(notebooks, monkeypatch):
    monkeypatch.delenv(NOTEBOOK_FOLDER)
    with pytest.raises(DecisionNeeded, match=r"-p pairs=/path/to/pairs\.csv"):
        file_beside(SHIPPED, given=None, parameter="pairs")
    with pytest.raises(DecisionNeeded, match=r"expected the file absent\.csv"):
        file_beside(SHIPPED, given="absent.csv", parameter="pairs")
