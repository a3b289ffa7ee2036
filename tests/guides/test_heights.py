"""An instrument's own map of heights is found again in a stack drawn of it, and proposed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import map_coordinates
from scipy.spatial.transform import Rotation

from scalebridge import Workspace
from scalebridge.analysis.registration import AffineTransform, GreyImage, height_map_volume
from scalebridge.errors import DecisionNeeded
from scalebridge.guides import (
    error_at_places,
    proposal_overlay,
    record_proposal,
    register_heights,
    search_transform,
    settle_proposal,
)
from scalebridge.guides.registration.heights import heights_um

from .textures import put, texture

VOXEL_UM = np.array([0.008, 0.005, 0.005])
TURN = Rotation.from_euler("xyz", [4.0, -1.2, 0.8], degrees=True).as_matrix()


@pytest.fixture(scope="module")
def made(data: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, AffineTransform]:
    """A map of 0.5 um from an instrument's file, and a turned, noisy stack of its surface."""
    folder = tmp_path_factory.mktemp("afm") / "ws"
    with Workspace.create(folder) as ws:
        file = data / "afm_instrument_files" / "sample_0.jpk-qi-image"
        image = ws.import_file(file, name="afm")
        heights = heights_um(image)
        like = GreyImage(np.zeros((5, 5, 5)), VOXEL_UM)
        drawn = height_map_volume(heights, image.spacing_um, like=like, up=1, blur_um=0.012)
        middle = drawn.centre_um
        pose = AffineTransform("rigid", TURN, middle, [0.4, 0.3, 0.3], 3, 3)
        shape = (110, 120, 120)
        places = np.stack(np.indices(shape), axis=-1).reshape(-1, 3) * VOXEL_UM
        there = (pose.inverse_apply(places) - drawn.origin_um) / drawn.spacing_um
        grey = 200 * map_coordinates(drawn.values, there.T, order=1).reshape(shape)
        grey += np.random.default_rng(0).normal(20, 6, shape)
        put(ws, "stack", grey.clip(0, 255).astype("u1"), spacing_um=VOXEL_UM.tolist(), axes="zyx")
        put(ws, "picture", texture(0, 60).clip(1, 254).astype("u1"))
    return folder, pose


@pytest.fixture
def ws(made: tuple[Path, AffineTransform]) -> Iterator[Workspace]:
    with Workspace.open(made[0]) as opened:
        yield opened


def test_a_real_map_is_found_in_a_stack_of_its_surface_with_its_error(ws, made):
    found = search_transform(ws, method="heights", moving="afm", fixed="stack")
    assert found.fields["engine"]["up"] == 1  # nobody said where the stack's z points to
    assert "points out of the specimen" in found.fields["note"]
    rows = np.arange(5, 100, 18)
    y, x = np.meshgrid(rows, rows, indexing="ij")
    heights = heights_um(ws.images["afm"])[y, x]
    curves = np.stack([heights, 0.005 * y, 0.005 * x], axis=-1).reshape(-1, 3)
    off = found.transform.apply(curves) - made[1].apply(curves)
    assert np.abs(off).max() < 0.3 * VOXEL_UM[1]
    spread = found.transform.covariance_at(curves)
    squares = np.einsum("ni,nij,nj->n", off, np.linalg.inv(spread), off)
    assert (squares < 60).all()
    assert error_at_places(ws, found, None)["error_um"].max() < 0.002
    assert proposal_overlay(ws, found)[0].size[0] > 100
    assert len(ws.transforms) == 0
    settle_proposal(ws, found, accept=True)
    record = record_proposal(ws, found, accept=True)
    assert (record.method, record.status) == ("heights, rigid", "accepted")
    place = dict(zip(("z_um", "y_um", "x_um"), curves[7].tolist(), strict=True))
    told = ws.locate(place, from_="afm", to="stack")
    assert told.points_um[0] == pytest.approx(made[1].apply(curves[7:8])[0], abs=0.002)
    assert 0 < told.table()["sz_um"][0] < 0.002
    again = search_transform(ws, method="heights", moving="afm", fixed="stack")
    assert settle_proposal(ws, again, accept=None)["decision"].tolist() == ["accepted"]


def test_what_is_no_map_of_heights_is_refused_in_words(ws):
    with pytest.raises(DecisionNeeded, match="need a unit of length to be heights, got none"):
        register_heights(ws, moving="picture", fixed="stack")
    with pytest.raises(DecisionNeeded, match="axes yx to be a map of heights, got zyx"):
        register_heights(ws, moving="stack", fixed="stack")
    with pytest.raises(ValueError, match="placed as it is, got model 'affine'"):
        search_transform(ws, method="heights", moving="afm", fixed="stack", model="affine")
    with pytest.raises(DecisionNeeded, match="give the parameter moving and the parameter fixed"):
        search_transform(ws, method="heights", moving="afm")
