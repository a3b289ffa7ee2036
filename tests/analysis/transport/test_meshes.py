"""Meshes are closed, share their faces, keep volumes, and come back from files."""

from __future__ import annotations

import math
import sys

import meshio
import numpy as np
import pytest

from scalebridge.analysis.transport import open_edges, surface_mesh, tetrahedra
from scalebridge.errors import MissingPackage


def ball(n: int = 34, radius: float = 13.0) -> np.ndarray:
    z, y, x = np.meshgrid(*[np.arange(n) - (n - 1) / 2] * 3, indexing="ij", sparse=True)
    return (z**2 + y**2 + x**2 <= radius**2).astype(np.uint8)


def halves() -> np.ndarray:
    labels = ball()
    labels[:, :, 17:] *= 2
    return labels


def test_a_smoothed_ball_is_closed_and_keeps_its_volume():
    mesh = surface_mesh(ball(), spacing_um=(2.0, 1.0, 0.5))
    assert all(check.passed for check in mesh.checks)
    assert mesh.volumes_um3[1] == pytest.approx(4 / 3 * math.pi * 13**3, rel=0.02)
    assert mesh.points_um.mean(axis=0) == pytest.approx([33.0, 16.5, 8.25], abs=0.05)


def test_smoothing_brings_the_area_of_a_ball_near_its_own():
    def area(mesh):
        a, b, c = (mesh.points_um[mesh.triangles[:, i]] for i in range(3))
        return np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2

    true = 4 * math.pi * 13**2
    rough = area(surface_mesh(ball(), spacing_um=(1, 1, 1), smoothing=0)) / true
    smooth = area(surface_mesh(ball(), spacing_um=(1, 1, 1))) / true
    assert smooth == pytest.approx(1, abs=0.04)
    assert rough > 1.05


def test_two_halves_share_the_triangles_between_them():
    mesh = surface_mesh(halves(), spacing_um=(1, 1, 1))
    assert all(check.passed for check in mesh.checks)
    between = np.sort(mesh.sides, axis=1)
    shared = (between == [1, 2]).all(axis=1)
    assert shared.sum() > 200
    assert len(mesh.of(1)) + len(mesh.of(2)) == len(mesh.triangles) + shared.sum()
    assert open_edges(mesh.of(1)) == open_edges(mesh.of(2)) == 0


def test_what_touches_the_border_is_closed_there():
    mesh = surface_mesh(np.ones((4, 5, 6), np.uint8), spacing_um=(1, 1, 1), smoothing=0)
    assert open_edges(mesh.of(1)) == 0


def test_triangles_turn_outwards():
    mesh = surface_mesh(ball(), spacing_um=(1, 1, 1))
    a, b, c = (mesh.points_um[mesh.of(1)[:, i]][:, ::-1] - 16.5 for i in range(3))
    assert (np.einsum("ij,ij->i", np.cross(b - a, c - a), a + b + c) > 0).mean() > 0.99


def test_fewer_triangles_keep_the_surface_closed():
    mesh = surface_mesh(ball(), spacing_um=(1, 1, 1))
    fewer = surface_mesh(ball(), spacing_um=(1, 1, 1), keep_fraction=0.4)
    assert len(fewer.triangles) < 0.5 * len(mesh.triangles)
    assert all(check.passed for check in fewer.checks)


def test_tetrahedra_fill_their_surface(tmp_path):
    mesh = tetrahedra(surface_mesh(halves(), spacing_um=(1, 1, 1)), label=2)
    assert all(check.passed for check in mesh.checks)
    for ending in (".vtu", ".inp", ".msh"):
        read = meshio.read(mesh.write(tmp_path / f"half{ending}"))
        x, cells = read.points, read.cells_dict["tetra"]
        a, b, c, d = (x[cells[:, i]] for i in range(4))
        volumes = np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6
        assert volumes.sum() == pytest.approx(mesh.volume_um3, rel=1e-4)
        assert (volumes > 0).all()


@pytest.mark.parametrize("ending", [".stl", ".ply", ".vtu", ".inp", ".msh", ".obj"])
def test_surfaces_come_back_from_files_in_x_y_z(tmp_path, ending):
    mesh = surface_mesh(ball(), spacing_um=(2.0, 1.0, 0.5))
    read = meshio.read(mesh.write(tmp_path / f"ball{ending}", label=1))
    assert np.ptp(read.points, axis=0) == pytest.approx(
        np.ptp(mesh.points_um, axis=0)[::-1], rel=1e-4
    )
    assert len(read.cells_dict["triangle"]) == len(mesh.triangles)


def test_without_its_packages_the_command_is_named(monkeypatch, tmp_path):
    mesh = surface_mesh(ball(10, 3), spacing_um=(1, 1, 1))
    monkeypatch.setitem(sys.modules, "meshio", None)
    monkeypatch.setitem(sys.modules, "tetgen", None)
    with pytest.raises(MissingPackage, match=r"scalebridge\[mesh\]"):
        mesh.write(tmp_path / "ball.stl")
    with pytest.raises(MissingPackage, match=r"scalebridge\[mesh\]"):
        tetrahedra(mesh, label=1)


def test_what_cannot_be_meshed_is_refused():
    with pytest.raises(ValueError, match="needs a voxel above 0"):
        surface_mesh(np.zeros((4, 4, 4), np.uint8), spacing_um=(1, 1, 1))
    with pytest.raises(ValueError, match="more than one label"):
        surface_mesh(halves(), spacing_um=(1, 1, 1), keep_fraction=0.5)
    with pytest.raises(ValueError, match="one of the endings"):
        surface_mesh(ball(10, 3), spacing_um=(1, 1, 1)).write("ball.xyz")
