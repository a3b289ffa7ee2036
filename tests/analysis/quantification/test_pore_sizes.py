"""Pore sizes and thresholds: on shapes whose throats are known, and against sizes one by one."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt, gaussian_filter, label
from scipy.spatial.transform import Rotation

from scalebridge.analysis.quantification import (
    critical_diameter_um,
    measure,
    percolation_threshold,
    pore_bodies,
    pore_sizes,
    porosimetry,
)


def blobs(shape: tuple[int, ...], seed: int) -> np.ndarray:
    return gaussian_filter(np.random.default_rng(seed).standard_normal(shape), 2.0) > -0.02


def intruded_size_by_size(
    phase: np.ndarray, spacing: tuple[float, ...], face: tuple[int, int]
) -> np.ndarray:
    """Open the space at each distance that occurs, keep what hangs on the face, grow it back."""
    scale = np.array(spacing) ** 2
    depth = distance_transform_edt(phase, sampling=spacing) * phase
    found = np.zeros(phase.shape)
    every = np.stack(np.indices(phase.shape), axis=-1).reshape(-1, phase.ndim)
    for radius in np.unique(depth[depth > 0]):
        open_ = depth >= radius * (1 - 1e-9)
        names, _ = label(open_, structure=np.ones((3,) * phase.ndim))
        kept = np.setdiff1d(np.unique(names.take(face[1], face[0])), [0])
        centres = np.argwhere(np.isin(names, kept))
        if not len(centres):
            continue
        apart = (((every[:, None] - centres[None]) ** 2) * scale).sum(-1).min(1)
        found[(apart < radius**2 * (1 - 1e-9)).reshape(phase.shape)] = 2 * radius
    return found


@pytest.mark.parametrize("spacing", [(1, 1, 1), (2, 1, 1), (1.234, 0.777, 0.9)])
@pytest.mark.parametrize(("shape", "seed"), [((12, 13, 14), 1), ((34, 30), 2)])
def test_porosimetry_is_that_of_every_size_one_by_one(shape, seed, spacing) -> None:
    phase = blobs(shape, seed)
    spacing = spacing[-len(shape) :]
    found = porosimetry(phase, spacing_um=spacing, faces=("y-",))
    truth = intruded_size_by_size(phase, spacing, (len(shape) - 2, 0))
    np.testing.assert_allclose(found.diameter_um, truth, rtol=3e-6)
    assert found.accessible_fraction == pytest.approx(np.mean(truth[phase] > 0))


def ink_bottle() -> np.ndarray:
    z, y, x = np.ogrid[-16:17, -16:17, 0:60]
    throat = (z**2 + y**2 <= 5**2) & (x < 30)
    return throat | (z**2 + y**2 + (x - 40) ** 2 <= 14**2)


def test_a_bottle_opens_at_its_throat_and_is_as_thick_as_its_belly() -> None:
    bottle = ink_bottle()
    thick = pore_sizes(bottle, spacing_um=(1, 1, 1), meaning="local_thickness")
    entered = pore_sizes(bottle, spacing_um=(1, 1, 1), meaning="porosimetry", faces=("x-",))
    assert thick.table["diameter_um"].max() == pytest.approx(28, abs=1)
    assert entered.table["diameter_um"].max() == pytest.approx(10, abs=1)
    assert entered.median_um < thick.median_um
    crossing = critical_diameter_um(bottle, spacing_um=(1, 1, 1))
    assert crossing == {"x": 0, "y": 0, "z": 0}


def test_what_the_faces_do_not_reach_is_not_intruded() -> None:
    found = porosimetry(ink_bottle(), spacing_um=(1, 1, 1), faces=("z-", "z+"))
    assert found.accessible_fraction == 0
    assert not found.diameter_um.any()


def test_a_dead_end_is_no_body_of_its_own_and_touching_spheres_are_one_each() -> None:
    assert pore_bodies(ink_bottle(), spacing_um=(1, 1, 1)).max() == 1
    z, y, x = np.ogrid[-14:15, -14:15, 0:110]
    row = np.zeros((29, 29, 110), bool)
    for middle in (15, 38, 61, 84):
        row |= z**2 + y**2 + (x - middle) ** 2 <= 12.6**2
    bodies = pore_bodies(row, spacing_um=(1, 1, 1))
    assert bodies.max() == 4
    sizes = pore_sizes(row, spacing_um=(1, 1, 1), meaning="bodies")
    assert sizes.mean_um == pytest.approx(2 * 12.6, rel=0.02)


def test_the_four_meanings_of_spheres_apart_are_those_of_the_textbook() -> None:
    z, y, x = np.ogrid[-20:21, -20:21, -20:21]
    ball = np.tile(z**2 + y**2 + x**2 <= 16**2, (1, 1, 2))
    means = {
        meaning: pore_sizes(ball, spacing_um=(0.5, 0.5, 0.5), meaning=meaning).mean_um
        for meaning in ("local_thickness", "bodies", "chords")
    }
    assert means["local_thickness"] == pytest.approx(16, abs=0.5)
    assert means["bodies"] == pytest.approx(16, rel=0.01)
    assert means["chords"] == pytest.approx(16 * 2 / 3, rel=0.03)
    nothing = pore_sizes(ball, spacing_um=(1, 1, 1), meaning="porosimetry")
    assert np.isnan(nothing.mean_um)
    with pytest.raises(ValueError, match="meaning needs one of"):
        pore_sizes(ball, spacing_um=(1, 1, 1), meaning="diameter")


@pytest.mark.parametrize(
    ("shape", "connectivity", "constant", "tolerance"),
    [((64,) * 3, 6, 0.3116077, 0.003), ((256,) * 2, 4, 0.592746, 0.004)],
)
def test_random_voxels_percolate_at_the_known_share(
    shape, connectivity, constant, tolerance, reference
) -> None:
    """Along whichever axis comes first; along a given one small cubes need 0.315."""
    rng = np.random.default_rng(0)
    axes = ("z", "y", "x")[-len(shape) :]
    found = []
    for _ in range(24):
        values = rng.random(shape, dtype=np.float32)
        found.append(
            min(percolation_threshold(values, axis=a, connectivity=connectivity) for a in axes)
        )
    size = " × ".join(str(n) for n in shape)
    reference(
        f"site percolation of {size} voxels, the axis that comes first, mean of 24",
        np.mean(found), constant, abs=tolerance, source="Xu et al. 2014; Newman & Ziff 2000",
    )  # fmt: skip


def test_the_threshold_is_where_the_field_begins_to_cross() -> None:
    field = gaussian_filter(np.random.default_rng(3).standard_normal((20, 22, 24)), 1)
    for axis, name in enumerate("zyx"):
        at = percolation_threshold(field, axis=name, connectivity=6)
        for level, crosses in ((at, True), (np.nextafter(at, -np.inf), False)):
            names, _ = label(field <= level)
            both = np.intersect1d(names.take(0, axis), names.take(-1, axis))
            assert bool(both.any()) == crosses


def test_the_largest_ball_that_crosses_is_that_of_the_narrowest_place() -> None:
    tube = np.zeros((31, 31, 40), bool)
    z, y, x = np.ogrid[-15:16, -15:16, 0:40]
    tube |= z**2 + y**2 <= np.where((x > 15) & (x < 25), 6, 11) ** 2
    found = critical_diameter_um(tube, spacing_um=(1, 1, 1))
    assert found["x"] == pytest.approx(12, abs=1)
    assert found["y"] == found["z"] == 0


@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 1.0, 1.0)])
@pytest.mark.parametrize("kind", ["sphere", "plate", "cylinder"])
def test_the_interval_of_a_size_by_balls_holds_that_of_bodies_turned_at_random(kind, spacing):
    rng = np.random.default_rng(len(kind))
    for _ in range(4):
        wide = rng.uniform(5, 12)
        room = wide + 12 if kind == "sphere" else 40
        axes = [(np.arange(int(room / step)) - room / step / 2) * step for step in spacing]
        places = np.stack(np.meshgrid(*axes, indexing="ij"), -1) + rng.uniform(-1, 1, 3)
        z, y, x = np.moveaxis(places @ Rotation.random(random_state=rng).as_matrix().T, -1, 0)
        away = {"sphere": np.hypot(np.hypot(x, y), z), "cylinder": np.hypot(x, y), "plate": abs(x)}
        body = (away[kind] < wide / 2).astype(np.uint8)
        meanings = ("local_thickness",) if kind == "sphere" else ("local_thickness", "porosimetry")
        found = measure(body, spacing_um=spacing, what=meanings, phase=1)
        for m in found:
            assert m.interval95[0] <= wide <= m.interval95[1], m.key
            assert m.parts["voxels"] == m.uncertainty == 1.5 * max(spacing)
