"""The one trick that keeps Jupyter's widgets off the network, and its scripts where we expect."""

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
        "import scalebridge, scalebridge.app, scalebridge.cli, sys;"
        "print('panel' in sys.modules, 'ipywidgets_bokeh' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
