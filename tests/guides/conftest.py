from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scalebridge import Workspace

from . import coupons


@pytest.fixture
def coupon(tmp_path: Path) -> Iterator[Workspace]:
    """A small analytic specimen on which nobody has decided anything."""
    with Workspace.open(coupons.coupon(tmp_path / "coupon")) as ws:
        yield ws
