"""Controls of one view are heard in one thread, whatever spoke to the browser last."""

from __future__ import annotations

import ipywidgets as ipw
import pytest
from ipykernel.comm import Comm

from scalebridge.widgets.in_order import in_order


@pytest.fixture
def routed():
    """Comms of ipykernel, as a kernel gives them; the last word of one came from a cell."""

    class Silent(Comm):  # there is no browser here
        def publish_msg(self, *_, **__):
            pass

    def made(_):
        one = Silent(target_name="jupyter.widget", show_warning=False)
        one._reply_subshell_id = None
        return one

    return made


def heard_by(part):
    return part.comm._reply_subshell_for({}, "the browser's")


def test_controls_and_those_that_come_later_are_heard_where_the_browser_says(routed):
    old, new = (ipw.Button(comm=routed(0)) for _ in range(2))
    inner = ipw.VBox([old], comm=routed(0))
    view = ipw.HBox([inner], comm=routed(0))
    if not hasattr(old.comm, "_reply_subshell_for"):
        pytest.skip("this ipykernel leaves messages where the browser sends them")
    assert heard_by(old) is None  # by the cells' thread, unless it is mended
    assert in_order(view) is view
    assert [heard_by(part) for part in (view, inner, old)] == ["the browser's"] * 3
    inner.children = [old, new]
    assert heard_by(new) == "the browser's"


def test_a_view_without_a_browser_is_left_alone():
    button = ipw.Button()
    view = ipw.VBox([button])
    button.close()
    assert in_order(view).children == (button,)
