"""Transforms of other programs become proposals, with the error that was stated."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform, ThinPlateSpline
from scalebridge.cli import main
from scalebridge.guides import export_transform, import_transform
from scalebridge.io import read_bigwarp, read_itk, write_itk
from scalebridge.io.itk_transform import Grid

MOVE = AffineTransform.exact(np.diag([1.1, 0.9, 1.0]), offset_um=[1, 2, 3])
POINTS = np.array([[10.0, 20, 30], [0, -5, 100]])


@pytest.fixture
def ws(tmp_path):
    with Workspace.create(tmp_path / "specimen") as made:
        for name in ("zoom", "survey"):
            made.frames.add(name=name)
        yield made


@pytest.mark.parametrize(
    ("kind", "file"),
    [("itk", "a.h5"), ("slicer", "a.tfm"), ("ngff", "a.zarr"), ("bigwarp", "a.csv")],
)
def test_what_goes_out_comes_back(ws, tmp_path, kind, file):
    ws.transforms.add(
        name="there", from_frame="zoom", to_frame="survey", transform=MOVE.to_dict(),
        status="accepted",
    )  # fmt: skip
    export_transform(ws, "there", tmp_path / file, kind=kind)
    record = import_transform(
        ws, tmp_path / file, moving="zoom", fixed="survey", kind=kind, sigma_um=0.5
    )
    assert record.fields["status"] == "proposed"
    back = AffineTransform.from_dict(record.fields["transform"])
    np.testing.assert_allclose(back.apply(POINTS), MOVE.apply(POINTS), atol=1e-6)
    np.testing.assert_allclose(back.inverse_apply(POINTS), MOVE.inverse_apply(POINTS), atol=1e-6)
    if kind != "bigwarp":
        np.testing.assert_allclose(back.covariance_at(POINTS), [0.25 * np.eye(3)] * 2)


def test_bigwarp_gets_landmarks_where_the_image_lies(ws, tmp_path):
    values = np.zeros((40, 50), np.uint8)
    ws.images.write(
        "fine", shape=values.shape, dtype=values.dtype, axes="yx", spacing_um=(0.1, 0.1),
        blocks=[((slice(None),) * 2, values)], spacing_source="made for a test",
    )  # fmt: skip
    flat = AffineTransform("rigid", np.eye(3), [0] * 3, [0, 3, 4], 2, 2)
    ws.transforms.add(name="flat", from_frame="fine", to_frame="survey", transform=flat.to_dict())
    export_transform(ws, "flat", tmp_path / "a.csv", kind="bigwarp")
    moving = read_bigwarp(tmp_path / "a.csv")[["moving_x_um", "moving_y_um"]]
    assert moving.max().tolist() == pytest.approx([5.0, 4.0])


def test_an_error_has_to_be_stated_and_the_map_has_to_be_possible(ws, tmp_path):
    write_itk(MOVE, tmp_path / "a.tfm")
    given = {"moving": "zoom", "fixed": "survey", "kind": "itk"}
    with pytest.raises(ValueError, match="does not say how well"):
        import_transform(ws, tmp_path / "a.tfm", **given)
    with pytest.raises(ValueError, match="itk, slicer, ngff, bigwarp"):
        import_transform(ws, tmp_path / "a.tfm", **{**given, "kind": "elastix"}, sigma_um=1)
    flip = AffineTransform.exact(np.diag([1, 1, -1]), allow_mirror=True)
    write_itk(flip, tmp_path / "b.tfm")
    with pytest.raises(Exception, match="mirrors the specimen"):
        import_transform(ws, tmp_path / "b.tfm", **given, sigma_um=1)
    assert not len(ws.transforms)


def test_the_command_proposes_and_writes(ws, tmp_path, capsys):
    folder = str(tmp_path / "specimen")
    write_itk(MOVE, tmp_path / "a.tfm")
    words = ["transform", "import", folder, str(tmp_path / "a.tfm"), "--moving", "zoom"]
    with pytest.raises(SystemExit) as ended:
        main([*words, "--fixed", "survey", "--kind", "itk", "--sigma-um", "0.5"])
    assert ended.value.code == 0
    assert "proposed zoom_to_survey" in capsys.readouterr().out
    out = tmp_path / "b.tfm"
    with pytest.raises(SystemExit) as ended:
        main(["transform", "export", folder, "zoom_to_survey", str(out), "--kind", "slicer"])
    assert ended.value.code == 0
    np.testing.assert_allclose(read_itk(out).apply(POINTS), MOVE.apply(POINTS), atol=1e-6)


def bow():
    """A map that another program may have found, from survey to zoom and back."""
    marks = np.stack(np.meshgrid([0.0, 40], [0, 40, 80.0], [0, 50, 100.0], indexing="ij"), axis=-1)
    marks = marks.reshape(-1, 3)
    moved = marks + 2 * np.sin(marks[:, [1, 2, 0]] / 40)
    return ThinPlateSpline(marks, moved)


def with_volume(ws):
    values = np.zeros((20, 40, 50), np.uint8)
    ws.images.write(
        "block", shape=values.shape, dtype=values.dtype, axes="zyx", spacing_um=(2, 2, 2),
        blocks=[((slice(None),) * 3, values)], spacing_source="made for a test",
    )  # fmt: skip


def test_a_bend_comes_in_over_the_image_with_the_error_that_is_stated(ws, tmp_path):
    with_volume(ws)
    bend, grid = bow(), Grid((-10, -10, -10), (4, 4, 4), (17, 27, 32))
    write_itk(bend, tmp_path / "bend.h5", unit="um", grid=grid)
    given = {"moving": "block", "fixed": "survey", "kind": "itk", "unit": "um"}
    with pytest.raises(ValueError, match="sigma_um needs a length above 0, got None"):
        import_transform(ws, tmp_path / "bend.h5", **given)
    record = import_transform(ws, tmp_path / "bend.h5", **given, sigma_um=0.3)
    assert (record.status, record.note.startswith("a bend")) == ("proposed", True)
    ws.transforms.edit(record.id, version=record.version, status="accepted")
    place = {"z_um": 20.0, "y_um": 41.0, "x_um": 53.0}
    told = ws.locate(place, from_="block", to="survey")
    assert told.points_um[0] == pytest.approx(bend.apply([[20, 41, 53]])[0], abs=0.1)
    sigma = np.sqrt(np.diag(told.covariance_um2[0]))
    assert (sigma >= 0.3).all()
    assert (sigma < 0.35).all()
    back = dict(zip(("z_um", "y_um", "x_um"), told.points_um[0].tolist(), strict=True))
    assert ws.locate(back, from_="survey", to="block").points_um[0] == pytest.approx(
        [20, 41, 53], abs=1e-6
    )
    export_transform(ws, str(record.name), tmp_path / "again.h5", kind="itk", unit="um")
    again = read_itk(tmp_path / "again.h5", unit="um")
    there = again.apply([[20, 41, 53]])[0]
    assert there == pytest.approx(told.points_um[0], abs=0.1)


def test_a_bend_needs_an_image_to_be_sampled_over(ws, tmp_path):
    grid = Grid((-10, -10, -10), (10, 10, 10), (7, 11, 13))
    write_itk(bow(), tmp_path / "bend.h5", unit="um", grid=grid)
    with pytest.raises(ValueError, match="zoom has none: import the image first"):
        import_transform(
            ws, tmp_path / "bend.h5", moving="zoom", fixed="survey", kind="itk", unit="um",
            sigma_um=0.3,
        )  # fmt: skip
