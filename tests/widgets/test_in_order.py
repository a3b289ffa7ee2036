"""Controls of one view are heard in one thread, whatever spoke to the browser last."""

from __future__ import annotations

import ipywidgets as ipw
from comm.base_comm import BaseComm

from scalebridge.widgets.in_order import in_order


class Routed(BaseComm):
    """A comm that hears in the cells' thread, as ipykernel 7.4 gives one that a cell spoke on.

    The kernel's own comms are tried in `tests/browser/test_order.py`: importing them here would
    give a kernel to every test after this one.
    """

    def publish_msg(self, *_, **__):
        pass

    def _reply_subshell_for(self, _, __):
        return None


def routed():
    return Routed(target_name="jupyter.widget")


def heard_by(part):
    return part.comm._reply_subshell_for({}, "the browser's")


def test_controls_and_those_that_come_later_are_heard_where_the_browser_says():
    old, new = (ipw.Button(comm=routed()) for _ in range(2))
    inner = ipw.VBox([old], comm=routed())
    view = ipw.HBox([inner], comm=routed())
    assert heard_by(old) is None
    assert in_order(view) is view
    assert [heard_by(part) for part in (view, inner, old)] == ["the browser's"] * 3
    inner.children = [old, new]
    assert heard_by(new) == "the browser's"


def test_a_view_without_a_browser_is_left_alone():
    button = ipw.Button(comm=routed())
    view = ipw.VBox([button], comm=routed())
    button.close()
    assert button.comm is None
    assert in_order(view).children == (button,)
