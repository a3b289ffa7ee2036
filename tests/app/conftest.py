"""One specimen and one running application for all tests that only look."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))
from served import make_specimen, served


@pytest.fixture(scope="module")
def specimen(tmp_path_factory):
    return make_specimen(tmp_path_factory.mktemp("app") / "specimen")


@pytest.fixture(scope="module")
def application(specimen):
    # what an administrator may have set for other Bokeh servers
    with served(specimen, BOKEH_ALLOW_WS_ORIGIN="*", BOKEH_RESOURCES="cdn") as running:
        yield running
