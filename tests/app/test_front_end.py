"""The tricks that keep Jupyter's widgets off the network, and its scripts where we expect."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib.resources import files

CODE = """
import json
from scalebridge.app.front_end import MODULE, PATTERN, SYMBOLS, WidgetPane, stay_local
stay_local()
import ipywidgets
from bokeh.document import Document
from panel.io.state import set_curdoc
document = Document()
with set_curdoc(document):
    (model,) = WidgetPane(ipywidgets.HTML("x")).get_root(document).children
print(json.dumps([model.cdn, type(model).__css__, PATTERN[0], MODULE.read_text()[-60:], SYMBOLS]))
"""


def found():
    """Asked in a process of its own: Panel rewires every later widget of the one it is in."""
    import json

    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def test_the_model_asks_for_anywidget_where_the_server_answers():
    cdn, css, pattern, end, symbols = found()
    import anywidget

    asked = f"{cdn}/anywidget@{anywidget.widget._ANYWIDGET_SEMVER_VERSION}/dist/index"
    assert re.fullmatch(pattern, asked)
    assert css == []
    assert 'define(["@jupyter-widgets/base"]' in end  # the kind of module that is understood
    local = files("panel").joinpath(*symbols.removeprefix("static/extensions/panel/").split("/"))
    assert (files("panel") / "dist").joinpath(*local.parts[-4:]).is_file()


def test_the_loader_that_is_installed_still_asks_in_this_way():
    loader = (files("ipywidgets_bokeh") / "dist" / "lib" / "loader.js").read_text()
    assert "`${cdn}/${package_name}@${moduleVersion}/dist/${file_name}`" in loader


def test_importing_scalebridge_leaves_the_widgets_of_a_notebook_alone():
    code = (
        "import scalebridge, scalebridge.app.steps, scalebridge.cli, sys;"
        "print('panel' in sys.modules, 'ipywidgets_bokeh' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]


ONE_PIECE = """
import json
from scalebridge.app.front_end import WidgetPane, in_one_piece, stay_local
stay_local()
import ipywidgets as ipw
import panel as pn
from bokeh.document import Document
from panel.io.ipywidget import _get_kernel
from panel.io.state import set_curdoc
document = Document()
with set_curdoc(document):
    place = pn.Column()
    place.get_root(document)
    told = lambda: [event.msg_data for event in _get_kernel().session._queue]
    with in_one_piece(), in_one_piece():  # a part of a page that is made
        shown, apart = ipw.HTML("shown"), ipw.HTML("apart")
        shown.value = apart.value = "newer"
        place.objects = [WidgetPane(ipw.VBox([shown]))]
        inside = [json.loads(one) for one in told()]
    after = [json.loads(one) for one in told()]
    shown.value = "newest"
    last = json.loads(told()[-1])
kinds = lambda all: [(one["header"]["msg_type"], one["content"]["comm_id"]) for one in all]
print(json.dumps([kinds(inside), kinds(after), kinds([last]), shown.model_id, apart.model_id]))
"""


def test_widgets_that_are_made_for_a_page_come_with_their_pane_alone():
    import json

    done = subprocess.run(
        [sys.executable, "-c", ONE_PIECE], capture_output=True, text=True, check=True
    )
    inside, after, last, shown, apart = json.loads(done.stdout.splitlines()[-1])
    assert inside == []
    ids = {comm for _, comm in after}
    assert shown not in ids
    kinds = [kind for kind, comm in after if comm == apart]
    assert kinds == ["comm_open", "comm_msg"]  # of what stands in no pane yet, in its order
    assert last == [["comm_msg", shown]]
