"""Transforms go out and come back; other programs put the same points in the same places."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk

from scalebridge.analysis.registration import AffineTransform, PointMap, ThinPlateSpline, to_sitk
from scalebridge.errors import CovarianceUnavailable, Degenerate, ReadError
from scalebridge.io import (
    Grid,
    matrix_in_slicer,
    ngff_of,
    read_bigwarp_transform,
    read_itk,
    read_ngff_transform,
    read_slicer_transform,
    transform_of_ngff,
    write_bigwarp_transform,
    write_itk,
    write_ngff_transform,
    write_slicer_transform,
)

POINTS = np.array([[0.0, 0, 0], [10, -20, 30], [123, 45, 678], [-5, 900, 2]])
TURN = np.array([[0.9, 0.1, -0.3], [0.0, 1.1, 0.2], [0.25, -0.15, 1.0]])
MOVE = AffineTransform.exact(TURN, offset_um=[100, -50, 7], centre_um=[3, 2, 1])


def xyz(points):
    return np.asarray(points)[:, ::-1]


def through_sitk(transform, points_um, factor):
    return np.array(
        [np.array(transform.TransformPoint((p / factor).tolist()))[::-1] for p in xyz(points_um)]
    ) * factor  # fmt: skip


@pytest.mark.parametrize("ending", [".tfm", ".txt", ".h5"])
@pytest.mark.parametrize(("unit", "factor"), [("mm", 1e3), ("um", 1.0)])
def test_itk_resamples_with_what_was_written(tmp_path, ending, unit, factor):
    path = tmp_path / f"move{ending}"
    write_itk(MOVE, path, unit=unit)
    theirs = sitk.ReadTransform(str(path))
    np.testing.assert_allclose(
        through_sitk(theirs, MOVE.apply(POINTS), factor), POINTS, atol=1e-6
    )  # fixed to moving
    back = read_itk(path, unit=unit)
    np.testing.assert_allclose(back.apply(POINTS), MOVE.apply(POINTS), atol=1e-6)
    np.testing.assert_allclose(back.inverse_apply(POINTS), MOVE.inverse_apply(POINTS), atol=1e-6)


def test_a_bright_voxel_lands_where_the_map_says(tmp_path):
    """Through an image, so that no convention is taken on trust."""
    values = np.zeros((20, 24, 28), np.float32)
    values[5, 9, 13] = 1
    moving = sitk.GetImageFromArray(values)
    move = AffineTransform.exact(offset_um=[4, -3, 2])
    write_itk(move, tmp_path / "a.tfm", unit="um")
    there = sitk.GetArrayFromImage(sitk.Resample(moving, sitk.ReadTransform(tmp_path / "a.tfm")))
    assert np.argwhere(there > 0.5).tolist() == move.apply([[5, 9, 13]]).tolist()


def euler():
    out = sitk.Euler3DTransform()
    out.SetCenter((1.0, 2, 3))
    out.SetRotation(0.1, -0.2, 0.3)
    out.SetTranslation((5, 6, 7))
    return out


def test_every_linear_kind_of_itk_is_read(tmp_path):
    similarity = sitk.Similarity3DTransform()
    similarity.SetScale(1.3)
    both = sitk.CompositeTransform([euler(), similarity])
    for transform in (euler(), similarity, both, sitk.TranslationTransform(3, (1, 2, 3))):
        sitk.WriteTransform(transform, str(tmp_path / "a.h5"))
        ours = read_itk(tmp_path / "a.h5", unit="um", stored="moving to fixed")
        assert isinstance(ours, AffineTransform)
        np.testing.assert_allclose(
            ours.apply(POINTS), through_sitk(transform, POINTS, 1), atol=1e-6
        )
        turned = read_itk(tmp_path / "a.h5", unit="um")
        np.testing.assert_allclose(turned.inverse_apply(POINTS), ours.apply(POINTS), atol=1e-6)


def test_a_flat_transform_stays_flat(tmp_path):
    flat = sitk.Euler2DTransform((2.0, 3), 0.3, (4, 5))
    sitk.WriteTransform(flat, str(tmp_path / "a.tfm"))
    ours = read_itk(tmp_path / "a.tfm", unit="um", stored="moving to fixed")
    assert (ours.ndim_moving, ours.ndim_fixed) == (2, 2)
    expected = np.array(flat.TransformPoint((10.0, 20.0)))[::-1]
    np.testing.assert_allclose(ours.apply([[20.0, 10.0]])[0, 1:], expected, atol=1e-9)
    write_itk(ours, tmp_path / "b.tfm")
    back = read_itk(tmp_path / "b.tfm")
    np.testing.assert_allclose(back.apply([[20.0, 10.0]]), ours.apply([[20.0, 10.0]]), atol=1e-9)


def test_a_b_spline_is_inverted_by_newtons_method(tmp_path):
    spline = sitk.BSplineTransform(3, 3)
    spline.SetTransformDomainPhysicalDimensions((100.0, 100, 100))
    spline.SetTransformDomainMeshSize((4, 4, 4))
    rng = np.random.default_rng(0)
    spline.SetParameters(rng.normal(0, 2, len(spline.GetParameters())).tolist())
    sitk.WriteTransform(spline, str(tmp_path / "a.h5"))
    ours = read_itk(tmp_path / "a.h5", unit="um")
    assert isinstance(ours, PointMap)
    fixed = rng.uniform(20, 80, (30, 3))
    np.testing.assert_allclose(ours.inverse_apply(fixed), through_sitk(spline, fixed, 1), atol=1e-6)
    np.testing.assert_allclose(ours.apply(ours.inverse_apply(fixed)), fixed, atol=1e-6)
    with pytest.raises(CovarianceUnavailable, match="comes without errors"):
        ours.covariance_at(fixed)


def test_a_spline_is_sampled_on_a_grid(tmp_path):
    rng = np.random.default_rng(1)
    moving = rng.uniform(0, 100, (12, 3))
    spline = ThinPlateSpline(moving, moving + rng.normal(0, 2, moving.shape))
    grid = Grid((0, 0, 0), (4, 4, 4), (26, 26, 26))
    write_itk(spline, tmp_path / "a.h5", grid=grid, stored="moving to fixed")
    theirs = sitk.ReadTransform(str(tmp_path / "a.h5"))
    nodes = np.array([[4.0, 8, 12], [40, 44, 48], [96, 4, 52]])
    np.testing.assert_allclose(through_sitk(theirs, nodes, 1e3), spline.apply(nodes), atol=1e-6)
    with pytest.raises(ValueError, match="needs grid=Grid"):
        write_itk(spline, tmp_path / "b.h5", stored="moving to fixed")


def test_slicer_shows_the_matrix_to_the_parent(tmp_path):
    write_slicer_transform(MOVE, tmp_path / "a.tfm")
    stored = sitk.ReadTransform(str(tmp_path / "a.tfm"))  # LPS, mm, from the parent
    np.testing.assert_allclose(through_sitk(stored, MOVE.apply(POINTS), 1e3), POINTS, atol=1e-6)
    np.testing.assert_allclose(
        read_slicer_transform(tmp_path / "a.tfm").apply(POINTS), MOVE.apply(POINTS), atol=1e-6
    )
    ras = xyz(POINTS) / 1e3 * [-1, -1, 1]
    shown = matrix_in_slicer(MOVE)
    moved = (ras @ shown[:3, :3].T + shown[:3, 3]) * [-1, -1, 1] * 1e3
    np.testing.assert_allclose(moved, xyz(MOVE.apply(POINTS)), atol=1e-6)


def test_bigwarp_makes_the_same_linear_map_from_the_landmarks(tmp_path):
    write_bigwarp_transform(MOVE, tmp_path / "a.csv", size_um=[100, 200, 300])
    for model in ("affine", "thin-plate"):
        back = read_bigwarp_transform(tmp_path / "a.csv", model=model)
        np.testing.assert_allclose(back.apply(POINTS), MOVE.apply(POINTS), atol=1e-6)
        np.testing.assert_allclose(
            back.inverse_apply(POINTS), MOVE.inverse_apply(POINTS), atol=1e-6
        )


def test_the_two_ways_of_a_thin_plate_spline_meet_at_the_landmarks_only(tmp_path):
    rng = np.random.default_rng(2)
    moving = rng.uniform(0, 100, (15, 3))
    spline = ThinPlateSpline(moving, moving + rng.normal(0, 4, moving.shape))
    write_bigwarp_transform(spline, tmp_path / "a.csv")
    drawn = read_bigwarp_transform(tmp_path / "a.csv")
    other = read_bigwarp_transform(tmp_path / "a.csv", fitted="moving to fixed")
    np.testing.assert_allclose(drawn.apply(spline.moving_um), spline.fixed_um, atol=1e-6)
    inside = rng.uniform(30, 70, (20, 3))
    np.testing.assert_allclose(other.apply(inside), spline.apply(inside), atol=1e-9)
    np.testing.assert_allclose(drawn.inverse_apply(drawn.apply(inside)), inside, atol=1e-6)
    swapped = ThinPlateSpline(spline.fixed_um, spline.moving_um)
    np.testing.assert_allclose(drawn.inverse_apply(inside), swapped.apply(inside), atol=1e-9)
    assert np.abs(drawn.apply(inside) - other.apply(inside)).max() > 0.01


def test_a_spline_that_folds_is_not_inverted(tmp_path):
    moving = np.array([[0.0, 0], [0, 100], [100, 0], [100, 100], [50, 48], [50, 52]])
    fixed = moving.copy()
    fixed[[4, 5]] = [[50.0, 62], [50, 38]]  # they change sides
    spline = ThinPlateSpline(moving, fixed)
    write_bigwarp_transform(spline, tmp_path / "a.csv")
    folded = read_bigwarp_transform(tmp_path / "a.csv", fitted="moving to fixed")
    with pytest.raises(Degenerate, match="folds near"):
        folded.inverse_apply([[50.0, 50.0]])


def test_ome_zarr_is_read_by_another_program(tmp_path):
    import ngff_zarr

    write_ngff_transform(MOVE, tmp_path / "a.zarr", moving="zoom", fixed="survey")
    theirs = ngff_zarr.from_ome_zarr(str(tmp_path / "a.zarr"), kind="transformation")
    rows = np.array(theirs.affine)
    np.testing.assert_allclose(POINTS @ rows[:, :3].T + rows[:, 3], MOVE.apply(POINTS), atol=1e-6)
    assert (theirs.input.name, theirs.output.name) == ("zoom", "survey")
    back = read_ngff_transform(tmp_path / "a.zarr")
    np.testing.assert_allclose(back.apply(POINTS), MOVE.apply(POINTS), atol=1e-6)
    np.testing.assert_allclose(back.inverse_apply(POINTS), MOVE.inverse_apply(POINTS), atol=1e-6)


def test_what_another_program_writes_as_ome_zarr_is_read(tmp_path):
    import ngff_zarr

    entry = ngff_zarr.itk_transform_to_ngff_transform(to_sitk(MOVE), ["z", "y", "x"])
    axes = [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    systems = [{"name": n, "axes": axes} for n in ("a", "b")]
    plain = {**entry.to_dict(), "input": {"name": "a"}, "output": {"name": "b"}}
    ours = transform_of_ngff(plain, systems)
    np.testing.assert_allclose(ours.apply(POINTS), MOVE.apply(POINTS), atol=1e-6)


def test_units_axes_and_sequences_of_ome_zarr_are_followed():
    nm = [{"name": n, "type": "space", "unit": "nanometer"} for n in "xyz"]
    um = [{"name": n, "type": "space", "unit": "micrometer"} for n in "zyx"]
    systems = [{"name": "a", "axes": nm}, {"name": "b", "axes": um}]
    entry = {
        "type": "sequence", "input": {"name": "a"}, "output": {"name": "b"},
        "transformations": [
            {"type": "translation", "translation": [1000, 2000, 3000]},
            {"type": "mapAxis", "mapAxis": [2, 1, 0]},
            {"type": "scale", "scale": [1e-3, 1e-3, 2e-3]},
        ],
    }  # fmt: skip
    ours = transform_of_ngff(entry, systems)
    np.testing.assert_allclose(ours.apply([[0, 0, 0], [1, 1, 1]]), [[3, 2, 2], [4, 3, 4]])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"type": "displacements", "path": "x"}, "expected a linear transformation"),
        ({"affine": [[1, 2], [3, 4]]}, "expected a affine for 3 axes"),
        ({"output": {"name": "nowhere"}}, "coordinate system called 'nowhere'"),
        ({"affine": [[0, 0, 0, 0]] * 3}, "with an inverse"),
    ],
)
def test_odd_metadata_are_refused_in_words(change, words):
    document = ngff_of(MOVE, moving="a", fixed="b")
    entry = document["coordinateTransformations"][0] | change
    with pytest.raises(ReadError, match=words):
        transform_of_ngff(entry, document["coordinateSystems"])


def test_files_that_hold_no_transform_are_refused(tmp_path):
    for name in ("none.tfm", "none.zarr"):
        with pytest.raises(ReadError, match="expected a"):
            (read_itk if name.endswith("tfm") else read_ngff_transform)(tmp_path / name)
    (tmp_path / "a.tfm").write_text("landmarks")
    with pytest.raises(ReadError, match="ITK could not read it"):
        read_itk(tmp_path / "a.tfm")
    (tmp_path / "zarr.json").write_text(json.dumps({"attributes": {"ome": {}}}))
    with pytest.raises(ReadError, match="one entry"):
        read_ngff_transform(tmp_path)
    with pytest.raises(ValueError, match="already"):
        write_ngff_transform(MOVE, tmp_path, moving="a", fixed="b")
    with pytest.raises(ValueError, match=r"\.tfm"):
        write_itk(MOVE, tmp_path / "a.csv")
