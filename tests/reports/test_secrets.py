"""Passwords and tokens go into the kernel and into nothing that is kept."""

from __future__ import annotations

import ast

import pytest
from nbformat.v4 import new_code_cell, new_notebook
from sqlalchemy import make_url

from scalebridge import Workspace
from scalebridge.errors import ParameterError
from scalebridge.reports import run_workspaces
from scalebridge.reports.executed import without_secrets
from scalebridge.reports.parameters import split_assignment
from scalebridge.reports.redaction import Secrets, is_secret, redacted

PARAMETERS = """\
workspace: str  # folder of the specimen
as_of: int | None = None  # state to replay
records: str = "postgresql://ada:in-the-source@db/scale"  # the group's database
password: str | None = None  # of the microscope's computer
api_token: str | None = None
pin_key: int | None = None
"""
SECRETS = {"records": "pass word", "password": 'it\'s "quoted"', "api_token": "tok-123456"}
GIVEN = {**SECRETS, "records": "postgresql+psycopg://ada:pass%20word@db/scale", "pin_key": 4711234}


@pytest.fixture(params=["1 / 0", "raise ValueError(f'cannot reach {records} with {password}')"])
def batch(request, workspace, write_template, tmp_path):
    path = write_template(
        "10_fetch",
        "print(records, password)\ndisplay(Text(f'{api_token} {pin_key}'))\nrecords",
        "from sqlalchemy import create_engine\n"
        "assert password.startswith('it')\n"
        "ws.notes.add(text='reached')",
        request.param,
        parameters=PARAMETERS,
    )
    return run_workspaces([workspace], output=tmp_path / "out", templates=[path], parameters=GIVEN)


def test_no_secret_stands_in_anything_that_a_run_leaves(batch, workspace, tmp_path):
    assert batch.specimens[0].results[0].failure.name in ("ZeroDivisionError", "ValueError")
    with Workspace.open(workspace) as ws:
        (run,) = ws.runs
    assert run.parameters == {
        "records": "postgresql+psycopg://•••@db/scale",
        **dict.fromkeys(("password", "api_token", "pin_key"), "•••"),
    }
    kept = [p for p in (*tmp_path.rglob("*"), *workspace.rglob("*")) if p.is_file()]
    assert {".html", ".ipynb", ".csv", ".db"} <= {path.suffix for path in kept}
    for path in kept:
        if path.name == "10_fetch.ipynb" and path.parent == tmp_path:
            continue  # the template itself
        told = path.read_bytes().decode("utf-8", "replace")
        for secret in (*Secrets.among(GIVEN).texts, "in-the-source"):
            assert secret not in told, f"{secret} in {path}"


def test_names_and_numbers_that_only_look_like_secrets_stay(batch):
    notebook = batch.specimens[0].results[0].notebook
    code = "\n".join(cell.source for cell in notebook.cells)
    assert "password.startswith('it')" in code
    assert "password = '•••'" in code
    assert "create_engine" in code


@pytest.mark.parametrize(
    ("password", "address"),
    [
        ("lovelace", "postgresql://ada:lovelace@db/scale"),
        ("love/lace", "postgresql+psycopg://ada:love/lace@db/scale"),
        ("it's love", "postgresql://ada:it's love@db/scale"),
        ("l@ve", "postgresql://ada:l@ve@db/scale"),
    ],
)
def test_a_password_that_a_database_takes_is_hidden_whatever_letters_it_has(password, address):
    if "@" not in password:
        assert make_url(address).password == password
    secrets = Secrets.among({"records": address})
    for text in (f"cannot reach {address}", f"with {password!r}"):
        assert password not in secrets.hide(text)
    assert secrets.told({"records": address})["records"].endswith("•••@db/scale")


@pytest.mark.parametrize(
    "line",
    [
        'password: str = "hunter2"  # of the microscope',
        'password: str = (\n    "hunter2"  # broken by a formatter\n)',
        'place: str = "a\u2028b"\npassword: str = "hunter2"',
        'place: str = "a"  # or\x0cb\npassword: str = "hunter2"',
        'place: str = "a"; password: str = "hunter2"',
    ],
)
def test_a_secret_is_blanked_wherever_its_line_stands_and_the_cell_stays_code(line):
    tags = {"metadata": {"tags": ["parameters"]}}
    source = f"{line}\ncuts: int = 3"
    book = without_secrets(new_notebook(cells=[new_code_cell(source, **tags)]), Secrets())
    code = book.cells[0].source
    assert "hunter2" not in code
    kept, wanted = (dict(assigned(text)) for text in (code, source))
    assert kept == {**wanted, "password": "•••"}


def assigned(source):
    for node in ast.parse(source).body:
        yield node.target.id, ast.literal_eval(node.value)


@pytest.mark.parametrize("text", ["http://localhost:8888/a@b.png", "https://x.org/@ada", "a:b@c"])
def test_an_address_without_a_login_stays(text):
    assert redacted(text) == text


@pytest.mark.parametrize(
    "text",
    [
        "Authorization: Bearer s3cr.et-1",
        "{'Authorization': 'Basic s3cr.et-1'}",
        'headers={"authorization": "s3cr.et-1"}',
        "client_secret=s3cr.et-1",
        "passphrase: s3cr.et-1",
        "secretKey='s3cr.et-1'",
    ],
)
def test_what_opens_a_door_is_hidden(text):
    assert "s3cr.et-1" not in redacted(text)


@pytest.mark.parametrize("text", ["secretion_rate=3.1", "secretory: 4", "the authors: Ada"])
def test_what_cells_secrete_stays(text):
    assert redacted(text) == text
    assert not is_secret(text.partition("=")[0])


def test_a_refusal_does_not_tell_the_secret_either(workspace, write_template, tmp_path):
    path = write_template("10_fetch", parameters=PARAMETERS)
    name, text = split_assignment("pin_key=hunter2hunter2")
    with pytest.raises(ParameterError, match="'pin_key' needs int") as refused:
        run_workspaces([workspace], output=tmp_path, templates=[path], parameters={name: text})
    assert "hunter2" not in str(refused.value)
