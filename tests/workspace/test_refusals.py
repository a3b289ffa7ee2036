"""What is wrong is refused when it is written, in words, and what stood before still stands."""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import sqlalchemy as sa

from scalebridge.analysis.registration import AffineTransform, ThinPlateSpline, fit_landmarks
from scalebridge.errors import RefusedRecord, Uncalibrated, UnusableRecord

POINT = {"z_um": 1.0, "y_um": 2.0, "x_um": 3.0}
EYE = np.eye(3).tolist()
SOUND = AffineTransform.exact(offset_um=[0.0, 0.0, 5.0]).to_dict()
CUBE = np.zeros((4, 4, 4), "u1")


def changed(**changes):
    return {**SOUND, **changes}


def crooked():
    covariance = np.eye(12)
    covariance[0, 1] = 0.5
    return covariance.tolist()


BAD = {
    "empty": ({}, "needs what transform.to_dict"),
    "an unknown kind": (changed(kind="warp"), "kind needs one of 'affine', 'thin-plate"),
    "an unknown field": (changed(colour="red"), "needs what transform.to_dict.*colour"),
    "an unknown model": (changed(model="projective"), "model needs one of"),
    "no numbers": (changed(matrix="identity"), "transforms.transform"),
    "words for NaN": (changed(offset_um=["NaN", 0, 0]), "offset_um needs .* finite"),
    "NaN": (changed(offset_um=[math.nan, 0, 0]), "finite number, got nan"),
    "infinity": (changed(matrix=[[math.inf, 0, 0], *EYE[1:]]), "finite number, got inf"),
    "two dimensions": (changed(matrix=[[1, 0], [0, 1]]), "matrix needs"),
    "singular": (changed(matrix=[[0, 0, 0], *EYE[1:]]), "invertible"),
    "nearly singular": (changed(matrix=[[1e-9, 0, 0], *EYE[1:]]), "invertible"),
    "mirrored": (changed(matrix=[[-1, 0, 0], *EYE[1:]]), "positive determinant, got -1"),
    "a covariance of a rigid map": (changed(covariance=np.eye(6).tolist()), r"covariance needs"),
    "a crooked covariance": (changed(covariance=crooked()), "symmetric"),
    "a negative covariance": (changed(covariance=(-np.eye(12)).tolist()), "variances of 0 or more"),
    "a flat spline": (
        {"kind": "thin-plate spline", "moving_um": EYE, "fixed_um": EYE},
        "needs 5 landmarks",
    ),
    "a spline of nothing": ({"kind": "thin-plate spline"}, "needs what transform.to_dict"),
}


@pytest.mark.usefixtures("frames")
@pytest.mark.parametrize("what", BAD)
def test_a_transform_that_is_no_map_is_refused_when_added_and_when_edited(ws, what):
    transform, words = BAD[what]
    fields = {"from_frame": "sem", "to_frame": "survey", "status": "accepted"}
    state = ws.state
    with pytest.raises(RefusedRecord, match=f"{words}.*; nothing was written"):
        ws.transforms.add(name="t", transform=transform, **fields)
    assert (len(ws.transforms), ws.state) == (0, state)
    ws.transforms.add(name="t", transform=SOUND, **fields)
    with pytest.raises(RefusedRecord, match=f"{words}.*; transforms 't' stays at version 1"):
        ws.transforms.edit("t", version=1, transform=transform)
    assert ws.transforms["t"].transform == SOUND
    located = ws.locate(POINT, from_="sem", to="survey")
    assert located.points_um.tolist() == [[1.0, 2.0, 8.0]]


@pytest.mark.usefixtures("frames")
def test_every_kind_of_transform_that_a_fit_gives_is_taken(ws):
    rng = np.random.default_rng(4)
    moving = rng.uniform(0, 80, (9, 3))
    fixed = moving * [1, 1, -1] + rng.normal(0, 0.2, (9, 3))
    given: dict[str, AffineTransform | ThinPlateSpline] = {
        model: fit_landmarks(moving, fixed, model=model, allow_mirror=True).transform
        for model in ("rigid", "similarity", "affine")
    }
    given["exactly as many"] = fit_landmarks(moving[:4], 2 * moving[:4], model="affine").transform
    given["spline"] = ThinPlateSpline(moving, fixed, allow_mirror=True)
    for name, transform in given.items():
        ws.transforms.add(
            name=name, from_frame="sem", to_frame="survey", transform=transform.to_dict(),
            status="accepted",
        )  # fmt: skip
    assert {edge.name for edge in ws.graph().edges} == set(given)


@pytest.mark.usefixtures("frames")
def test_an_old_record_that_is_no_map_is_named_with_its_frames_and_can_be_refused(ws):
    fields = {"from_frame": "sem", "to_frame": "survey", "status": "accepted"}
    for name in ("good", "bad", "worse"):
        ws.transforms.add(name=name, transform=SOUND, **fields)
    overwrite(ws, "transforms", "bad", transform=changed(matrix=[[0, 0, 0], *EYE[1:]]))
    overwrite(ws, "transforms", "worse", transform={}, to_frame="sem")
    with pytest.raises(UnusableRecord) as caught:
        ws.locate(POINT, from_="sem", to="survey")
    assert caught.value.names == ("bad", "worse")
    for words in ("'bad' from 'sem' to 'survey'", "invertible", "'worse' from 'sem' to 'sem'"):
        assert words in str(caught.value)
    assert "ws.transforms.edit('bad', version=2, status='refused')" in str(caught.value)
    ws.transforms.edit("bad", version=2, status="refused")
    ws.transforms.remove("worse")
    assert [edge.name for edge in ws.graph().edges] == ["good"]
    with pytest.raises(RefusedRecord, match="invertible"):
        ws.transforms.edit("bad", version=3, status="accepted")
    with pytest.raises(RefusedRecord, match="transforms 'worse' stays removed"):
        ws.transforms.restore("worse")


def overwrite(ws, kind, name, **fields):
    """Write a record as a program without these checks would have."""
    record = getattr(ws, kind).find(name)
    with ws.records.transaction():
        ws.records.append(
            replace(
                record,
                fields={**record.fields, **fields},
                version=record.version + 1,
                action="edit",
                edit_id=f"{record.id}:old",
            )
        )


def writers(ws, frame, *, other="survey"):
    """Everything that says where something is in a frame."""
    pair = {"moving": POINT, "fixed": POINT}
    return {
        "landmark from": lambda: ws.landmarks.add(moving_frame=frame, fixed_frame=other, **pair),
        "landmark to": lambda: ws.landmarks.add(moving_frame=other, fixed_frame=frame, **pair),
        "target": lambda: ws.targets.add(name="pit", frame=frame, position=POINT),
        "note": lambda: ws.notes.add(text="dark", frame=frame, position=POINT),
        "transform from": lambda: ws.transforms.add(
            name="out", from_frame=frame, to_frame=other, transform=SOUND
        ),
        "transform to": lambda: ws.transforms.add(
            name="in", from_frame=other, to_frame=frame, transform=SOUND
        ),
    }


@pytest.mark.usefixtures("frames")
def test_nothing_stands_in_a_frame_that_does_not_exist_or_was_removed(ws):
    state = ws.state
    for write in writers(ws, "lab").values():
        with pytest.raises(RefusedRecord, match="got 'lab': choose one of sem, survey, zoom, or"):
            write()
    assert ws.state == state
    ws.frames.add(name="lab")
    ws.frames.remove("lab")
    for write in writers(ws, "lab").values():
        with pytest.raises(RefusedRecord, match=r"it was removed, ws\.frames\.restore\('lab'\)"):
            write()
    ws.frames.restore("lab")
    for write in writers(ws, "lab").values():
        write()
    assert len(ws.landmarks) == len(ws.transforms) == 2


def test_nothing_stands_in_the_frame_of_an_uncalibrated_image_until_it_is_calibrated(ws, add_image):
    add_image("bare", CUBE, spacing_um=None, spacing_source="the file says inch")
    add_image("survey", CUBE)
    state = ws.state
    for write in writers(ws, "bare").values():
        with pytest.raises(Uncalibrated, match=r"'bare' has no voxel size.*; nothing was written"):
            write()
    assert ws.state == state
    assert ws.notes.add(text="looks dark", frame="bare").frame == "bare", "words need no lengths"
    ws.calibrate("bare", spacing_um=(1, 1, 1), source="ruler")
    for write in writers(ws, "bare").values():
        assert write().version == 1


@pytest.mark.usefixtures("frames")
def test_a_frame_is_not_registered_with_itself(ws):
    for what, write in writers(ws, "sem", other=" sem ").items():
        if what.startswith(("landmark", "transform")):
            with pytest.raises(RefusedRecord, match="two different frames are needed, got 'sem'"):
                write()
    ws.landmarks.add(moving_frame="sem", fixed_frame="survey", moving=POINT, fixed=POINT)
    with pytest.raises(RefusedRecord, match="'L1' stays at version 1"):
        ws.landmarks.edit("L1", version=1, fixed_frame="sem")


def test_a_position_without_a_frame_is_refused(ws):
    with pytest.raises(RefusedRecord, match="position needs its frame, got none"):
        ws.notes.add(text="here", position=POINT)


def test_settings_and_numbers_of_an_image_that_does_not_exist_are_refused(ws, add_image):
    add_image("xrm", CUBE)
    with pytest.raises(RefusedRecord, match=r"segmentations\.image needs .*: choose one of xrm;"):
        ws.segmentations.add(name="phases", image="xmr")
    measured = {"key": "porosity", "value": 0.5, "unit": "1"}
    with pytest.raises(RefusedRecord, match=r"measurements\.segmentation needs"):
        ws.measurements.add(**measured, image="xrm", segmentation="phases")
    ws.segmentations.add(name="phases", image="xrm")
    assert ws.measurements.add(**measured, image="xrm", segmentation="phases").image == "xrm"
    with pytest.raises(RefusedRecord, match=r"images\.frame needs one of the frames that exist"):
        ws.images.edit("xrm", version=1, frame="lab")


@pytest.mark.usefixtures("frames")
def test_what_stands_in_a_removed_frame_can_still_be_switched_off_but_not_moved(ws):
    for write in writers(ws, "sem").values():
        write()
    first = ws.landmarks.all()[0]
    ws.landmarks.remove(first.id)
    ws.frames.remove("sem")
    other = ws.landmarks.all()[0]
    assert not ws.landmarks.edit(other.id, version=1, active=False).active
    with pytest.raises(RefusedRecord, match=r"ws\.frames\.restore"):
        ws.landmarks.edit(other.id, version=2, moving={**POINT, "z_um": 9.0})
    assert ws.landmarks.get(other.id).moving == POINT
    with pytest.raises(RefusedRecord, match=r"ws\.frames\.restore.*stays removed"):
        ws.landmarks.restore(first.id)
    ws.frames.restore("sem")
    assert ws.landmarks.restore(first.id).moving == POINT


@pytest.mark.usefixtures("frames")
def test_records_follow_a_frame_that_is_renamed_also_those_that_were_removed(ws, add_image):
    add_image("picture", CUBE[0], axes="yx", frame="sem")
    written = {what: write() for what, write in writers(ws, "sem").items()}
    ws.targets.remove("pit")
    ws.frames.rename("sem", "sem view")
    ws.targets.restore("pit")
    where = {
        "landmark from": ws.landmarks.get(written["landmark from"].id).moving_frame,
        "landmark to": ws.landmarks.get(written["landmark to"].id).fixed_frame,
        "target": ws.targets["pit"].frame,
        "note": ws.notes.get(written["note"].id).frame,
        "transform from": ws.transforms["out"].from_frame,
        "transform to": ws.transforms["in"].to_frame,
        "image": ws.images["picture"].frame,
    }
    assert where == dict.fromkeys(where, "sem view")
    ws.transforms.edit("out", version=ws.transforms["out"].version, status="accepted")
    assert ws.locate(POINT, from_="sem view", to="survey").points_um.tolist() == [[1, 2, 8]]


def test_records_follow_an_image_that_is_renamed_and_its_frame_keeps_its_name(ws, add_image):
    add_image("xrm", CUBE)
    ws.segmentations.add(name="phases", image="xrm")
    ws.measurements.add(key="k", value=1.0, unit="1", image="xrm", segmentation="phases")
    ws.targets.add(name="pit", frame="xrm", position=POINT)
    ws.images.rename("xrm", "survey")
    ws.segmentations.rename("phases", "pores")
    (measured,) = ws.measurements
    assert (measured.image, measured.segmentation) == ("survey", "pores")
    assert ws.segmentations["pores"].image == "survey"
    assert (ws.images["survey"].frame, ws.targets["pit"].frame) == ("xrm", "xrm")


def test_a_reference_is_one_however_it_was_typed_and_an_id_becomes_the_name(ws, add_image):
    composed, decomposed = "K\u00f6rper", "Ko\u0308rper"
    frame = ws.frames.add(name=composed)
    ws.frames.add(name="survey")
    for key in (f" {decomposed} ", frame.id):
        pair = ws.landmarks.add(moving_frame=key, fixed_frame="survey", moving=POINT, fixed=POINT)
        assert pair.moving_frame == composed
        assert add_image(f"view of {key}", CUBE, frame=key).frame == composed
    assert len(ws.landmark_arrays(decomposed, "survey").table) == 2
    ws.transforms.add(
        name="t", from_frame=decomposed, to_frame="survey", transform=SOUND, status="accepted"
    )
    assert ws.locate(POINT, from_=decomposed, to="survey").points_um.tolist() == [[1, 2, 8]]
    assert sorted(ws.frames.table()["name"]) == [composed, "survey"]


def test_a_frame_whose_name_nobody_could_read_is_refused_before_any_pixel_is_written(ws, add_image):
    with pytest.raises(ValueError, match="a name of frames needs printable letters"):
        add_image("xrm", CUBE, frame="a\nb")
    assert list((ws.path / "images").iterdir()) == []


@contextmanager
def counted(ws):
    """Count the statements that reach the database."""
    seen = []
    note = lambda *arguments: seen.append(arguments[2])  # noqa: E731
    sa.event.listen(ws.records.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        sa.event.remove(ws.records.engine, "before_cursor_execute", note)


@pytest.mark.usefixtures("frames")
def test_frames_are_looked_up_once_a_transaction_however_many_landmarks_come(ws):
    def statements(count, start):
        with counted(ws) as seen, ws.transaction():
            for i in range(start, start + count):
                ws.landmarks.add(
                    name=f"L{i}", moving_frame="sem", fixed_frame="survey", moving=POINT,
                    fixed=POINT,
                )  # fmt: skip
        return len(seen)

    few, many = statements(5, 0), statements(25, 5)
    assert (many - few) / 20 <= 3, "is the id taken, is the name taken, write"


@pytest.mark.usefixtures("frames")
def test_a_frame_made_or_removed_inside_a_transaction_counts_at_once(ws):
    target = {"frame": "lab", "position": POINT}
    with ws.transaction():
        with pytest.raises(RefusedRecord, match="frames that exist"):
            ws.targets.add(name="too early", **target)
        ws.frames.add(name="lab")
        ws.targets.add(name="there", **target)
        ws.frames.remove("lab")
        with pytest.raises(RefusedRecord, match="it was removed"):
            ws.targets.add(name="too late", **target)
        ws.frames.restore("lab")
        ws.targets.add(name="again", **target)
    assert ws.targets.table()["name"].tolist() == ["there", "again"]
