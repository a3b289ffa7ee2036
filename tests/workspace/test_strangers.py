"""A workspace from somebody else runs nothing and leads nowhere else."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing

import numpy as np
import pytest

from scalebridge.errors import DamagedImage, ReadError, UnsafeWorkspace, WorkspaceError
from scalebridge.workspace import Workspace
from scalebridge.workspace.guard import fingerprint
from scalebridge.workspace.strangers import refuse_strange

PIXELS = np.arange(40**3, dtype=np.uint16).reshape(40, 40, 40)
ROWS = "scalebridge_records"
TRICKS = {
    "a trigger": f"CREATE TRIGGER t AFTER INSERT ON {ROWS} BEGIN DELETE FROM {ROWS}; END",
    "a view": f"CREATE VIEW more AS SELECT * FROM {ROWS}",
    "a virtual table": "CREATE VIRTUAL TABLE notes USING fts5(text)",
    "an index on an expression": f"CREATE INDEX i ON {ROWS} (abs(version))",
    "an index on a part": f"CREATE INDEX i ON {ROWS} (version) WHERE abs(version) > 1",
    "a computed column": f"ALTER TABLE {ROWS} ADD COLUMN x AS (abs(version))",
    "a computed default": "CREATE TABLE more (id TEXT DEFAULT (abs(-1)))",
    "a check": "CREATE TABLE more (id TEXT CHECK (abs(id)))",
}


def change(folder, *statements):
    with closing(sqlite3.connect(folder / "records.db")) as connection:
        for statement in statements:
            connection.execute(statement)
        connection.commit()


@pytest.mark.parametrize("trick", TRICKS)
def test_sql_of_a_stranger_is_refused_before_anything_is_read(folder, ws, trick):
    ws.notes.add(text="mine")
    ws.close()
    change(folder, TRICKS[trick])
    with pytest.raises(UnsafeWorkspace, match=r"expected plain tables .* nothing was read"):
        Workspace.open(folder)


def test_a_view_in_the_place_of_the_table_is_refused(folder, ws):
    ws.close()
    change(folder, f"ALTER TABLE {ROWS} RENAME TO t", f"CREATE VIEW {ROWS} AS SELECT * FROM t")
    with pytest.raises(UnsafeWorkspace, match="plain tables"):
        Workspace.open(folder)


def test_a_schema_that_was_written_by_hand_is_refused(folder, ws):
    ws.close()
    with closing(sqlite3.connect(folder / "records.db")) as connection:
        connection.execute("PRAGMA writable_schema=ON")
        connection.execute(
            "UPDATE sqlite_master SET sql = replace(sql, 'who TEXT', 'who TEXT DEFAULT (load(1))')"
        )
        connection.commit()
    with pytest.raises(WorkspaceError, match=r"plain tables|cannot be read"):
        Workspace.open(folder)


def test_records_in_a_file_elsewhere_are_looked_at_too(folder, tmp_path):
    url = f"sqlite:///{tmp_path / 'records.db'}"
    Workspace.create(folder, records=url).close()
    Workspace.open(folder, records=url).close()
    change(tmp_path, TRICKS["a trigger"])
    with pytest.raises(UnsafeWorkspace, match="the trigger 't'"):
        Workspace.open(folder, records=url)


def test_statistics_of_sqlite_itself_are_no_stranger(folder, ws):
    ws.notes.add(text="mine")
    ws.close()
    change(folder, "ANALYZE")
    assert len(Workspace.open(folder).notes) == 1


@pytest.mark.parametrize(
    "name",
    ["workspace.toml", "records.db", "records.db-journal", "images", "runs", "lost+found"],
)
def test_a_symbolic_link_in_the_place_of_a_part_is_refused(folder, ws, tmp_path, name):
    ws.close()
    place, elsewhere = folder / name, tmp_path / "elsewhere"
    if place.exists():
        place.rename(elsewhere)
    place.symlink_to(elsewhere)
    with pytest.raises(UnsafeWorkspace, match=f"symbolic link to .*{elsewhere}"):
        Workspace.open(folder)


@pytest.mark.parametrize("where", ["images", "runs"])
def test_links_and_pipes_among_images_and_runs_are_refused(folder, ws, where):
    link = folder / where / "x.ipynb"
    link.symlink_to("/etc/passwd")
    with pytest.raises(UnsafeWorkspace, match="symbolic link to '/etc/passwd'"):
        Workspace.open(folder)
    link.unlink()
    os.mkfifo(folder / where / "pipe")
    with pytest.raises(UnsafeWorkspace, match="a pipe"):
        Workspace.open(folder)


def test_a_journal_that_names_another_file_is_refused_and_that_file_stays(folder, ws, tmp_path):
    ws.close()
    thesis = tmp_path / "thesis.txt"
    thesis.write_text("years of work")
    journal = folder / "records.db-journal"
    name = str(thesis).encode()
    sums = sum(name).to_bytes(4, "big")
    magic = bytes.fromhex("d9d505f920a163d7")
    journal.write_bytes(magic + bytes(504) + name + len(name).to_bytes(4, "big") + sums + magic)
    with pytest.raises(UnsafeWorkspace, match="names another file"):
        Workspace.open(folder)
    assert thesis.read_text() == "years of work"


@pytest.mark.parametrize("part", ["", "zarr.json", "0", "0/zarr.json", "0/c", "0/c/0/0/0"])
def test_a_link_inside_of_an_image_is_refused_though_its_bytes_are_right(ws, add_image, part):
    image = add_image("v", PIXELS)
    place = image.folder / part if part else image.folder
    elsewhere = ws.path.parent / "elsewhere"
    place.rename(elsewhere)
    place.symlink_to(elsewhere)
    with pytest.raises((UnsafeWorkspace, DamagedImage), match="symbolic link"):
        ws.images["v"].array()
    if part not in ("", "0"):
        assert part == "zarr.json" or ws.images["v"].verify()["damaged"].sum() > 0


def rewritten(ws, image, change_metadata):
    """Change a level's metadata and the sum in the record with it, as a stranger could."""
    path = image.folder / "0" / "zarr.json"
    document = json.loads(path.read_text())
    change_metadata(document)
    path.write_text(json.dumps(document))
    prints = {**image.fingerprints, "0/zarr.json": fingerprint(path.read_bytes())}
    ws.images.edit(image.name, version=image.version, fingerprints=prints)
    return ws.images[image.name]


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("codecs", [{"name": "numcodecs.pickle"}], "numcodecs.pickle"),
        ("codecs", [{"name": "bytes"}, {"name": "os.system"}], "os.system"),
        ("data_type", "python_object", "python_object"),
        ("data_type", "int16", "uint16"),
        ("shape", [10**9, 10**9, 10**9], "as its record has them"),
    ],
)
def test_metadata_that_ask_for_code_or_other_pixels_are_refused_before_zarr_sees_them(
    ws, add_image, monkeypatch, key, value, words
):
    import zarr

    image = rewritten(ws, add_image("v", PIXELS), lambda document: document.update({key: value}))
    monkeypatch.setattr(zarr, "open_array", lambda *a, **k: pytest.fail("zarr was asked"))
    with pytest.raises((UnsafeWorkspace, DamagedImage), match=words):
        image.array()


def test_chunks_that_unpack_to_more_than_a_gigabyte_are_refused(ws, add_image):
    def huge(document):
        document["chunk_grid"]["configuration"]["chunk_shape"] = [2000, 2000, 2000]

    image = rewritten(ws, add_image("v", PIXELS), huge)
    with pytest.raises(UnsafeWorkspace, match="at most 1024 MB"):
        image.array()


@pytest.mark.parametrize(
    "address", ["reference::/tmp/kerchunk.json", "file:///etc", "zip::/tmp/a.zip", "python:os"]
)
def test_an_address_that_no_link_of_ours_has_is_not_followed(ws, add_image, address):
    image = add_image("v", PIXELS)
    link = {"address": address, "anonymous": True, "documents": {"zarr.json": "0"}, "facts": {}}
    link["levels"] = [{"path": "0", "shape": [40] * 3, "factors": [1] * 3, "shift_px": [0] * 3}]
    ws.images.edit("v", version=image.version, link=link)
    with pytest.raises(UnsafeWorkspace, match="linked to what is not followed"):
        np.asarray(ws.images["v"].levels[0].array[...])


def test_a_voxel_size_in_the_record_that_is_not_the_one_in_the_file_is_damage(
    folder, ws, add_image
):
    """The bytes of the file are as recorded; the record itself says something else."""
    add_image("v", PIXELS, spacing_um=(2, 1, 1))
    change(folder, f"UPDATE {ROWS} SET body = replace(body, '[2.0,1.0,1.0]', '[2.0,1.0,3.0]')")
    with Workspace.open(folder) as damaged:
        with pytest.raises(DamagedImage, match="scales and places that its record has"):
            damaged.images["v"].array()
        assert damaged.images["v"].verify()["damaged"].sum() == 1


def test_notebooks_of_a_stranger_are_read_and_never_run(folder, ws, tmp_path):
    import nbformat

    from scalebridge.reports import render_report
    from scalebridge.reports.latest import latest_notebooks

    mark = tmp_path / "ran"
    code = f"open({str(mark)!r}, 'w')"
    cell = nbformat.v4.new_code_cell(code)
    html = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    cell.outputs = [nbformat.v4.new_output("display_data", data={"text/html": html})]
    run = ws.runs.add(template="10_survey", status="finished", report="runs/x.ipynb")
    run = ws.runs.edit(run.id, version=1, report=f"runs/{run.id}.ipynb")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), folder / "runs" / f"{run.id}.ipynb")
    with Workspace.open(folder) as opened:
        page = render_report(latest_notebooks(opened), opened)
    assert not mark.exists()
    assert "alert(1)" not in page


def test_a_whole_workspace_of_before_is_no_stranger(folder, ws, add_image):
    add_image("v", PIXELS)
    refuse_strange(folder)
    assert (Workspace.open(folder).images["v"].array() == PIXELS).all()
    assert issubclass(UnsafeWorkspace, WorkspaceError)
    assert not issubclass(UnsafeWorkspace, ReadError)
