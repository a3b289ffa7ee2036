from __future__ import annotations

import numpy as np
import pytest

from scalebridge.columns import significant


@pytest.mark.parametrize(
    ("values", "written"),
    [
        ([305.2, 512.7, 0.0123], [305.2, 512.7, 0.01]),  # a 16-bit image beside one from 0 to 1
        ([40.123, 38.456, 0.0312], [40.12, 38.46, 0.03]),  # one model fits, two do not
        ([0.48363, 12.341, 1.0671], [0.48, 12.34, 1.07]),
        ([1e-15, 0.51234, 0.41234], [0.0, 0.512, 0.412]),
        ([np.nan, 2.3456, np.inf], [np.nan, 2.35, np.inf]),
        ([0.0, np.nan], [0.0, np.nan]),
    ],
)
def test_an_error_that_is_small_beside_others_is_not_written_as_none(values, written):
    np.testing.assert_array_equal(significant(values), written)
