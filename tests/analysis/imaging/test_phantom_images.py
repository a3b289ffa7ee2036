"""The pictures against the specimen that they were taken of."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from scalebridge.analysis.imaging.phantom import (
    IMAGE_NAMES,
    PHASES,
    Picture,
    Session,
    session_truth,
)
from scalebridge.analysis.imaging.phantom.ellipsoids import Ellipsoids
from scalebridge.analysis.imaging.phantom.painting import Grid, paint

Take = Callable[[str], Picture]


@pytest.fixture(scope="module")
def session() -> Session:
    return Session.begin(seed=1, scale="small")


@pytest.fixture(scope="module")
def truth(session: Session) -> dict:
    return session_truth(session)


@pytest.fixture(scope="module")
def take(session: Session) -> Take:
    shelf: dict[str, Picture] = {}
    return lambda name: shelf.setdefault(name, session.take(name))


def centroid_errors_px(
    session: Session, picture: Picture, kind: str, *, level: float, top: float
) -> np.ndarray:
    """Centroid of each whole fiducial of a kind, grey above a level, less where truth puts it."""
    view, alloy = picture.view, session.specimen
    image = picture.pixels.astype(float)
    errors = []
    for (name, centre), radius in zip(
        alloy.fiducials().items(), alloy.dense.bounding_radii_um, strict=True
    ):
        if not name.startswith(kind) or not view.contains(centre[None], inset_um=1.6 * radius)[0]:
            continue
        place = view.to_nominal(centre[None])[0] / view.spacing_um
        reach = radius / np.array(view.spacing_um) + 2
        place, reach = place[3 - image.ndim :], reach[3 - image.ndim :]
        low = np.maximum(np.rint(place - reach).astype(int), 0)
        high = np.rint(place + reach).astype(int) + 1
        window = image[tuple(map(slice, low, high))]
        weight = np.clip(window - level, 0, top - level)
        grid = np.indices(window.shape).reshape(image.ndim, -1)
        errors.append((grid * weight.ravel()).sum(axis=1) / weight.sum() + low - place)
    return np.array(errors)


@pytest.mark.parametrize(
    ("name", "kind", "level", "top", "least"),
    [
        ("light_mosaic", "bead", 190, 240, 9),
        ("sem_view", "bead", 150, 190, 9),
        ("xrm_survey_t0", "bead", 4500, 6000, 9),
        ("xrm_survey_t2", "bead", 4500, 6000, 9),
        ("xrm_survey_t1", "tungsten_8", 4700, 6000, 1),
        ("xrm_zoom", "tungsten", 4700, 6000, 7),
        ("fibsem", "marker", 195, 230, 10),
    ],
)
def test_fiducials_are_where_truth_says_within_0_3_voxel(
    session: Session, take: Take, name: str, kind: str, level: float, top: float, least: int
) -> None:
    errors = centroid_errors_px(session, take(name), kind, level=level, top=top)
    assert len(errors) >= least
    # uneven slices bend a marker's own centroid: along the cut 0.3 holds on the average
    worst = np.abs(errors).max(axis=0)
    if name == "fibsem":
        assert np.sqrt((errors[:, 0] ** 2).mean()) < 0.3
        worst = worst[1:]
    assert worst.max() < 0.3


def test_markers_of_a_voxel_or_so_are_found_in_the_zoom(session: Session, take: Take) -> None:
    errors = centroid_errors_px(session, take("xrm_zoom"), "marker", level=4350, top=6000)
    assert len(errors) >= 20
    assert np.sqrt((errors**2).mean()) < 0.2
    assert np.abs(errors.mean(axis=0)).max() < 0.1


@pytest.mark.parametrize(
    ("name", "phase", "pore_level", "particle_level"),
    [("xrm_zoom", "pore", 3450, 4195), ("fibsem", "pore", 73, 137)],
)
def test_half_way_thresholds_give_the_true_volume_fractions(
    take: Take, truth: dict, name: str, phase: str, pore_level: float, particle_level: float
) -> None:
    # a little smoothing keeps noise below the threshold; blur shrinks small spheres by per cents
    image = ndimage.gaussian_filter(take(name).pixels.astype(float), 0.5)
    start = f"quantification.{name}"
    pores = truth[f"{start}.pore.volume_fraction"]["value"]
    bright = sum(
        truth[f"{start}.{kind}.volume_fraction"]["value"] for kind in ("particle", "dense")
    )
    assert np.mean(image < pore_level) == pytest.approx(pores, rel=0.06)
    assert np.mean(image > particle_level) == pytest.approx(bright, rel=0.06)


def test_noise_leaves_a_contrast_of_5_to_10(take: Take) -> None:
    zoom = take("xrm_zoom").pixels.astype(float)
    matrix = zoom[np.abs(zoom - 3900) < 250]
    sigma = 1.4826 * np.median(np.abs(matrix - np.median(matrix)))
    assert 5 < 0.65 * 900 / sigma < 10
    face = take("fibsem").pixels.astype(float)
    matrix = face[np.abs(face - 108) < 30]
    assert 4 < (166 - 108) / matrix.std() < 10


def test_surveys_show_the_metal_loss(take: Take, truth: dict) -> None:
    def solid_um3(time: int) -> float:
        image = ndimage.gaussian_filter(take(f"xrm_survey_t{time}").pixels.astype(float), 0.6)
        return float(np.sum(image > 3450) * 5.05**3)

    first = solid_um3(0)
    for time in (1, 2):
        lost = truth[f"quantification.xrm_survey_t{time}.metal_loss_um3"]["value"]
        assert first - solid_um3(time) == pytest.approx(lost, rel=0.2)
    whole = truth["quantification.xrm_survey_t0.solid.volume_um3"]["value"]
    assert first == pytest.approx(whole, rel=0.01)


def test_the_map_shows_aluminium_at_the_target_and_oxygen_around_pores(
    session: Session, take: Take
) -> None:
    picture, alloy = take("eds_map"), session.specimen
    magnesium, aluminium, oxygen = picture.pixels.astype(float)
    row, column = np.rint(
        picture.view.to_nominal(alloy.target_um[None])[0, 1:] / picture.view.spacing_um[1:]
    ).astype(int)
    spot = (slice(row - 2, row + 3), slice(column - 2, column + 3))
    assert aluminium[spot].mean() > 30
    assert magnesium[spot].mean() < 65
    y, x = (
        np.arange(n) * d for n, d in zip(oxygen.shape, picture.view.spacing_um[1:], strict=True)
    )
    plane = np.stack(np.meshgrid([0.0], y, x, indexing="ij"), axis=-1).reshape(-1, 3)
    phase = alloy.phase_at(picture.view.to_specimen(plane), time=2).reshape(oxygen.shape)
    matrix = ndimage.binary_erosion(phase == PHASES.index("matrix"), iterations=5)
    assert magnesium[matrix].mean() == pytest.approx(92, rel=0.02)
    assert aluminium[matrix].mean() == pytest.approx(6, rel=0.1)
    pores = phase == PHASES.index("pore")
    rims = ndimage.binary_dilation(pores) & ~pores
    assert oxygen[rims].mean() > 3 * oxygen[matrix].mean()


def test_no_image_is_made_from_another(session: Session, take: Take) -> None:
    first, again = take("xrm_survey_t0"), session.take("xrm_survey_t0")
    assert np.array_equal(first.pixels, again.pixels)
    corner = (slice(0, 8), slice(0, 30), slice(0, 30))  # air: nothing but noise
    noises = [take(f"xrm_survey_t{time}").pixels[corner].ravel() for time in range(3)]
    assert np.abs(np.corrcoef(noises) - np.eye(3)).max() < 0.05


@pytest.mark.parametrize("name", IMAGE_NAMES)
def test_every_picture_fills_its_view_with_integers(take: Take, name: str) -> None:
    picture = take(name)
    spatial = picture.view.shape[1:] if picture.view.is_picture else picture.view.shape
    assert picture.pixels.shape[-len(spatial) :] == spatial
    assert picture.pixels.dtype.kind == "u"
    assert np.mean(picture.pixels == picture.pixels.max()) < 0.03


@pytest.mark.parametrize("radius", [1.5, 4.0])
def test_a_painted_ball_holds_its_volume(radius: float) -> None:
    places = np.random.default_rng(1).uniform(9, 11, (12, 3))
    volumes = []
    for place in places:
        image = np.zeros((40, 40, 40), np.float32)
        grid = Grid.finer((20, 20, 20), (1.0, 1.0, 1.0), factors=(2, 2, 2))
        paint(image, grid, Ellipsoids.spheres(place[None], np.array([radius])), 1, softness_um=0.5)
        volumes.append(image.sum() / 8)
    assert np.mean(volumes) == pytest.approx(4 / 3 * np.pi * radius**3, rel=2e-3 / radius)
