from __future__ import annotations

import nbformat
import pytest

from scalebridge.errors import ParameterError
from scalebridge.reports.parameters import (
    FromText,
    checked_values,
    read_parameters,
    split_assignment,
)
from scalebridge.reports.template import load_template


def notebook(source: str):
    cell = nbformat.v4.new_code_cell(source, metadata={"tags": ["parameters"]})
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("# A template"), cell])


SOURCE = '''
"""What this template can be told."""
workspace: str  # folder of the specimen
sigma_um: float | None = None  # localisation error [µm]
phases: list[str] = ["µ", "#"]  # names # of phases
count: int = 3
accept: bool = False  # take the fit
model: Literal["rigid", "affine"] = "rigid"  # kind of fit
corners: list[list[float]] = [[0, 1.5], [2, 3]]  # box [µm]
limit: float = -1.5e-3
'''


def test_every_line_of_the_parameters_cell_is_read_with_type_default_meaning_and_unit():
    read = {p.name: p for p in read_parameters(notebook(SOURCE))}
    assert list(read) == [
        "workspace", "sigma_um", "phases", "count", "accept", "model", "corners", "limit",
    ]  # fmt: skip
    assert read["workspace"].required
    assert str(read["sigma_um"]) == "sigma_um: float | None = None"
    assert (read["sigma_um"].meaning, read["sigma_um"].unit) == ("localisation error", "µm")
    assert (read["phases"].default, read["phases"].meaning) == (["µ", "#"], "names # of phases")
    assert read["corners"].default == [[0.0, 1.5], [2.0, 3.0]]
    assert read["limit"].default == -0.0015
    assert str(read["model"].annotation) == "'rigid' | 'affine'"


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("x = 3", r"line 1 of the parameters cell needs `name: type = default"),
        ("import os", r"got `import os`"),
        ("x: float = open('/etc/passwd').read()", r"x: the default needs to be a plain value"),
        ("x: Path = None", r"x: a parameter's type is str, int, float, .* got Path"),
        ("x: int = 1.5", r"x: needs int, got float: 1.5"),
        ("x: int = True", r"x: needs int, got bool: True"),
        ("x: int = 1\nx: int = 2", r"declared once, got twice: x"),
        ("x: int = (", r"line 1 of the parameters cell is no Python"),
        ("x.y: int = 1", r"needs `name: type = default"),
    ],
)
def test_a_line_that_is_no_declaration_is_refused_and_nothing_of_it_is_run(line, message):
    with pytest.raises(ParameterError, match=message):
        read_parameters(notebook(line), name="survey")


def test_a_template_without_a_parameters_cell_is_refused():
    plain = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("x = 1")])
    with pytest.raises(ParameterError, match="one code cell tagged 'parameters', got 0"):
        read_parameters(plain)


def given(**values):
    return checked_values(read_parameters(notebook(SOURCE)), {"workspace": "w", **values})


LIMITED = """
from typing import Literal

share: float | None = None  # of the volume; None: the target's own [0 < value < 1]
cuts: list[float] | None = None  # between phases [grey value, 0 <= value <= 255, ascending]
"""


def test_limits_stand_in_the_bracket_beside_the_unit():
    share, cuts = read_parameters(notebook(LIMITED))
    assert (share.unit, cuts.unit) == ("", "grey value")
    within = {"share": 0.95, "cuts": [0, 80, 255]}
    assert checked_values((share, cuts), within) == within
    assert checked_values((share, cuts), {"share": None}) == {"share": None}


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"share": 0.0}, "'share' needs 0 < value < 1, got 0.0"),
        ({"share": FromText("95")}, "'share' needs 0 < value < 1, got 95.0"),
        ({"cuts": FromText("80,40")}, r"'cuts' \[grey value\] needs ascending numbers"),
        ({"cuts": [40.0, 40.0]}, "needs ascending numbers"),
        ({"cuts": [-1.0]}, "needs 0 <= value <= 255"),
    ],
)
def test_a_value_beyond_its_limits_is_refused(given, message):
    with pytest.raises(ParameterError, match=message):
        checked_values(read_parameters(notebook(LIMITED)), given)


def test_a_formatter_that_breaks_the_line_loses_no_limit():
    broken = LIMITED.replace("None  # of", "(\n    None  # of").replace(
        "value < 1]", "value < 1]\n)"
    )
    assert read_parameters(notebook(broken)) == read_parameters(notebook(LIMITED))


def test_a_default_keeps_to_its_own_limits():
    with pytest.raises(ParameterError, match="share: needs 0 < value < 1"):
        read_parameters(notebook(LIMITED.replace("= None", "= 2.0", 1)))


@pytest.mark.parametrize("limits", ["0 < value < 1e3", "value > 0", "0 < value", "value >= 0"])
def test_limits_that_cannot_be_read_are_no_unit(limits):
    with pytest.raises(ParameterError, match=r"share: limits look like \[0 < value <= 2.5\], got"):
        read_parameters(notebook(LIMITED.replace("0 < value < 1", limits)))


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("registration", {"model": "rgid"}),
        ("targeting", {"probability": 95.0}),
        ("quantification", {"image": "xrm", "thresholds": [80.0, 40.0]}),
    ],
)
def test_templates_refuse_values_that_cannot_be_meant(name, given):
    with pytest.raises(ParameterError, match="needs"):
        checked_values(load_template(name).parameters, given)


def test_an_unknown_name_is_refused_with_the_nearest_that_exists():
    with pytest.raises(ParameterError, match="no parameter 'sigma': did you mean 'sigma_um'"):
        given(sigma=1.0)


def test_a_missing_parameter_is_refused():
    with pytest.raises(ParameterError, match="needs a value for workspace: str"):
        checked_values(read_parameters(notebook(SOURCE)), {})


@pytest.mark.parametrize("name", ["x; import os; y", "sigma_um\nimport os", "__import__('os')"])
def test_a_name_that_is_code_never_reaches_the_notebook(name):
    with pytest.raises(ParameterError, match="no parameter"):
        given(**{name: 1})
    with pytest.raises(ParameterError, match="needs name=value with a Python name"):
        split_assignment(f"{name}=1")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sigma_um", "0.5"),
        ("count", 3.0),
        ("count", True),
        ("accept", 1),
        ("phases", "pore"),
        ("phases", [1]),
        ("model", "thin-plate"),
        ("limit", float("nan")),
        ("limit", None),
    ],
)
def test_a_value_of_another_type_is_refused(name, value):
    with pytest.raises(ParameterError, match=f"parameter '{name}'.* needs "):
        given(**{name: value})


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("sigma_um", "0.5", 0.5),
        ("sigma_um", "none", None),
        ("sigma_um", "7", 7.0),
        ("count", "-2", -2),
        ("accept", "yes", True),
        ("accept", "False", False),
        ("phases", "pore, matrix", ["pore", "matrix"]),
        ("phases", '["a,b"]', ["a,b"]),
        ("corners", "[[1, 2], [3, 4]]", [[1.0, 2.0], [3.0, 4.0]]),
        ("model", "affine", "affine"),
        ("limit", "1e-3", 1e-3),
        ("workspace", 'a"; import os; "', 'a"; import os; "'),
    ],
)
def test_a_text_from_the_command_line_is_read_as_the_declared_type(name, text, value):
    read = given(**{name: FromText(text)})[name]
    assert read == value
    assert type(read) is type(value)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("sigma_um", "half"),
        ("sigma_um", "nan"),
        ("count", "1.5"),
        ("count", "__import__('os')"),
        ("accept", "maybe"),
        ("corners", "[[1, 2"),
        ("model", "Rigid"),
    ],
)
def test_a_text_that_cannot_be_read_as_the_declared_type_is_refused(name, text):
    with pytest.raises(ParameterError, match=f"parameter '{name}'.* needs "):
        given(**{name: FromText(text)})


def test_an_assignment_is_split_at_its_first_equals_sign():
    assert split_assignment("url=a=b") == ("url", "a=b")
    with pytest.raises(ParameterError, match="-p needs name=value"):
        split_assignment("sigma_um")
