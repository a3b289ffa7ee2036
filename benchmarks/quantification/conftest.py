"""What `test_program.py` is told: which program, on what, where to, how often."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("quantification")
    group.addoption("--operation", help="a key of OPERATIONS")
    group.addoption("--program", help="of the operation, or 'reference'")
    group.addoption("--source", help="the volume, NPY")
    group.addoption("--target", help="what is found, NPZ")
    group.addoption("--rounds", type=int, default=3)
