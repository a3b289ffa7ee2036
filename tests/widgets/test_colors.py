"""The tables of colours that ship are Matplotlib's."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib import colormaps

from scalebridge.widgets.colors import CONTINUOUS, DIFFERENCE, table


@pytest.mark.parametrize("name", [*CONTINUOUS[1:], DIFFERENCE])
def test_a_stored_table_is_that_of_matplotlib(name: str) -> None:
    theirs = {DIFFERENCE: "RdBu_r"}.get(name, name)
    np.testing.assert_array_equal(table(name), colormaps[theirs](np.arange(256), bytes=True)[:, :3])


def test_tables_are_read_only() -> None:
    for name in ("grey", "viridis", "orange"):
        with pytest.raises(ValueError, match="read-only"):
            table(name)[0] = 0
