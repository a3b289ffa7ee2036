"""Compiled steps between a row of cells and the row of coarse cells that hold them.

A coarse cell holds one or two cells along the row. Pairs are taken as rows of two, which the
vector units add and write at once.
"""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

from ..compiling import compiled_summed


@compiled_summed
def spread_row(source: Any, factor: int, cells: int, line: Any) -> None:
    """Write to each cell of a line, without rim, what its coarse cell holds; `source` has a rim."""
    if factor == 2:
        values, pairs = source[1:-1], line[: 2 * (source.size - 2)].reshape(-1, 2)
        for i in range(values.size):
            pairs[i, 0] = values[i]
            pairs[i, 1] = values[i]
    else:
        line[:cells] = source[1 : cells + 1]


@compiled_summed
def add_row(line: Any, factor: int, cells: int, target: Any) -> None:
    """Add the cells of a line to the coarse cells that hold them; neither has a rim."""
    if factor == 2:
        pairs = line[: 2 * target.size].reshape(-1, 2)
        for i in range(target.size):
            target[i] += pairs[i, 0] + pairs[i, 1]
    else:
        for i in range(cells):
            target[i] += line[i]
