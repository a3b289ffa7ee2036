"""What is written comes back the same from every database, or is refused in the same words."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta, timezone

import pytest

from scalebridge.errors import Conflict, NotFound, RefusedRecord
from scalebridge.workspace import Workspace

ODD_TEXTS = (
    "µm ± 3 σ — ½",
    "cafe\u0301 and caf\u00e9",  # the same letters in other code points stay as they were
    "🔬👩‍🔬 \U0010ffff",
    "nul \x00 in the middle",
    "line\nbreak\ttab\r\u2028\x7f\x1b[31m",
    "quotes ' \" \\ \\u0000 % %s :name {} ; --",
    "\ufeff\u202eright to left\ufffe\uffff",
    "x" * 200_000,
    "",
)
BIG = (2**53 + 1, -(2**53) - 1, 2**63, -(2**63) - 1, 2**64 + 1, 10**40)


@pytest.mark.parametrize("text", ODD_TEXTS, ids=range(len(ODD_TEXTS)))
def test_every_text_comes_back_letter_by_letter(ws, folder, text):
    ws.runs.add(template=text or "-", parameters={text: [text]}, status="running")
    ws.notes.add(text=text or "-", id="n", tags=[text])
    ws.notes.edit("n", version=1, text=f"{text}.")
    with Workspace.open(folder) as again:
        assert again.notes["n"].text == f"{text}."
        assert again.notes["n"].tags == (text,)
        assert next(iter(again.runs)).parameters == {text: [text]}
        assert list(again.history("n")["version"]) == [1, 2]


def test_integers_of_any_size_come_back_as_they_were(ws, folder):
    ws.runs.add(template="t", parameters={"big": list(BIG)}, status="running")
    with Workspace.open(folder) as again:
        found = next(iter(again.runs)).parameters["big"]
    assert found == list(BIG)
    assert all(type(value) is int for value in found)


@pytest.mark.parametrize(
    "value", [5e-324, 1.7976931348623157e308, -0.0, 0.1 + 0.2, 1e22, 123456789.123456789]
)
def test_numbers_come_back_to_the_last_bit(ws, folder, value):
    ws.runs.add(template="t", parameters={"x": value}, status="running")
    with Workspace.open(folder) as again:
        found = next(iter(again.runs)).parameters["x"]
    assert (found, math.copysign(1, found)) == (value, math.copysign(1, value))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_refused_and_nothing_is_written(ws, value):
    with pytest.raises(RefusedRecord, match=r"finite number.*nothing was written"):
        ws.runs.add(template="t", parameters={"x": value}, status="running")
    assert (len(ws.runs), ws.state) == (0, 0)


@pytest.mark.parametrize("where", ["text", "tags", "field", "key", "name"])
def test_half_a_letter_is_refused_in_words(ws, where):
    half = "cut \ud83d here"
    given = {
        "text": lambda: ws.notes.add(text=half),
        "tags": lambda: ws.notes.add(text="a", tags=[half]),
        "field": lambda: ws.runs.add(template="t", parameters={"x": half}, status="running"),
        "key": lambda: ws.runs.add(template="t", parameters={half: 1}, status="running"),
        "name": lambda: ws.frames.add(name=half),
    }
    with pytest.raises(RefusedRecord, match="nothing was written"):
        given[where]()
    assert ws.state == 0
    ws.notes.add(text="a", id="n")
    with pytest.raises(RefusedRecord, match="n stays at version 1"):
        ws.notes.edit("n", version=1, text=half)
    with pytest.raises(RefusedRecord, match="n stays at version 1"):
        ws.notes.tag("n", half)
    assert ws.state == 1


@pytest.mark.parametrize("key", ["a\x00b", "\ud83d", "", "x" * 5000, "' OR 1=1 --"])
def test_a_key_that_nothing_can_have_is_not_found(ws, key):
    ws.notes.add(text="a")
    with pytest.raises(NotFound, match="no record"):
        ws.notes.get(key)
    assert key not in ws.notes
    assert len(ws.history(key)) == 0


def test_a_person_whose_name_is_in_another_encoding_can_write(folder, ws, monkeypatch):
    monkeypatch.setenv("SCALEBRIDGE_USER", "J\udcf6rg")
    with Workspace.open(folder) as hers:
        hers.notes.add(text="a")
    assert next(iter(ws.notes)).who == "J?rg"


def test_long_names_ids_tags_and_edit_ids_are_kept_whole_or_refused(ws):
    identity, name, edit = "i" * 64, "ä" * 120, "e" * 128
    ws.frames.add(id=identity, name=name, tags=["t" * 5000])
    ws.frames.edit(identity, version=1, edit_id=edit, description="seen")
    found = ws.frames[name]
    assert (found.id, found.edit_id, found.tags) == (identity, edit, ("t" * 5000,))
    for wrong in ("e" * 129, "", "ä", 7):
        with pytest.raises(RefusedRecord, match="edit_id needs 1 to 128"):
            ws.frames.edit(identity, version=2, edit_id=wrong, description="again")
        with pytest.raises(RefusedRecord, match="edit_id needs 1 to 128"):
            ws.frames.add(name="other", edit_id=wrong)
    with pytest.raises(RefusedRecord, match="at most 120"):
        ws.frames.add(name="ä" * 121)
    assert ws.state == 2


def test_names_differ_by_every_letter_and_case(ws):
    names = ["a", "A", "å", "ß", "ss", "ﬁ", "fi", "a b", "a-b", "ab", "_a", "Ａ"]
    for name in names:
        ws.frames.add(name=name)
    assert [record.name for record in ws.frames] == names
    assert all(ws.frames[name].name == name for name in names)


@pytest.mark.parametrize("hours", [-12, 0, 5.75, 14])
def test_a_moment_is_the_same_in_every_time_zone(ws, folder, hours):
    ws.notes.add(text="before")
    moment = datetime.now(timezone(timedelta(hours=hours)))
    ws.notes.add(text="after")
    for given in (moment, moment.isoformat(), moment.astimezone(UTC).replace(tzinfo=None)):
        with Workspace.open(folder, as_of=given) as then:
            assert [note.text for note in then.notes] == ["before"]
    times = ws.history()["when"]
    assert all(when.utcoffset() == timedelta(0) for when in times)
    assert times.is_monotonic_increasing


def test_a_retry_of_an_add_that_others_have_edited_since_is_no_conflict(ws):
    ws.notes.add(id="n", text="mine")
    ws.notes.edit("n", version=1, text="theirs")
    assert ws.notes.add(id="n", text="mine").version == 1
    assert (ws.notes["n"].text, ws.state) == ("theirs", 2)


def test_an_edit_id_stands_for_one_edit_of_one_record(ws):
    ws.notes.add(id="a", text="one")
    ws.notes.add(id="b", text="one")
    ws.frames.add(id="f", name="f")
    ws.notes.edit("a", version=1, edit_id="e", text="two")
    for other in (
        lambda: ws.notes.edit("b", version=1, edit_id="e", text="two"),
        lambda: ws.notes.edit("a", version=2, edit_id="e", text="three"),
        lambda: ws.frames.edit("f", version=1, edit_id="e", description="two"),
    ):
        with pytest.raises(Conflict, match="edit_id 'e' stands for another edit") as caught:
            other()
        assert (caught.value.who, caught.value.theirs.get("text", "two")) == (ws.who, "two")
    assert ws.notes.edit("a", version=1, edit_id="e", text="two").version == 2
    assert ws.state == 4
