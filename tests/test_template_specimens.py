"""The quantification template by plain choices, on real material: what comes out, and when it asks.

Parts of the volumes here; whole ones, with every question, where `SCALEBRIDGE_FULL` is set.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scalebridge import Workspace
from scalebridge.guides import QUESTIONS
from scalebridge.reports import run_template
from scalebridge.reports.items import Check, Item, KeyNumber, Table

from .finney import RADIUS_UM, packed, scanned
from .test_templates import run_cells

SEGMENTED = "one grey value a phase"
#: What rightly fails where everything is asked: the central block is another part of the rock, an
#: image of few fibres or pores is none that represents them, and fibres are hardly above noise.
OF_EVERY_QUESTION = {
    "block like the image", "variance falls as 1 / volume", "Rose criterion", "resolution"
}  # fmt: skip


@dataclass(frozen=True)
class Specimen:
    """One volume, what is asked of it, and what is known of it."""

    name: str
    path: str
    spacing_um: tuple[float, float, float]
    thresholds: list[float]
    phases: list[str]
    measured: str
    fraction: float  # of the whole volume, as segmented
    part: int  # voxels an axis in the gate
    questions: tuple[str, ...] = ()
    failing: tuple[str, ...] = ()  # checks that fail, and rightly
    segmented: bool = False
    blur_is_taken_off: bool = False  # so that the value is not that of the segmentation
    more: dict[str, Any] = field(default_factory=dict)


SPECIMENS = [
    Specimen(
        "fiberform", "puma_fiberform/100_fiberform.tif", (1.3, 1.3, 1.3), [89.5],
        ["pore", "fibre"], "fibre", 0.16714, 64,
        failing=("threshold 1 half-way", "variance falls as 1 / volume"),
        more={"threshold_uncertainty": [2.0]},
    ),
    Specimen(
        "ketton", "ketton_imperial/ketton_256.tif", (15.2, 15.2, 15.2), [127.5],
        ["pore", "grain"], "pore", 0.12686, 96, ("pore sizes", "surface"), segmented=True,
    ),
    Specimen(
        "bentheimer", "bentheimer_microct/bentheimer.npz", (3.0, 3.0, 3.0), [0.5],
        ["grain", "pore"], "pore", 0.19969, 80, ("connected", "pore network"), segmented=True,
    ),
    Specimen(
        "snow", "spam_snow_microct/snow.tif", (5.0, 5.0, 5.0), [22299.0],
        ["air", "ice"], "ice", 0.597235, 64, ("surface", "image quality"),
        blur_is_taken_off=True, more={"threshold_uncertainty": [45.0]},
    ),
    Specimen(
        "cell", "battery_cell_xct/cell_vol.tif", (150.0, 25.0, 25.0), [16.6, 52.44],
        ["air", "inside", "metal"], "metal", 0.0763, 64, ("thickness",),
        failing=("resolution", "threshold 1 half-way", "threshold 2 half-way"),
        more={"threshold_uncertainty": [0.9, 0.7]},
    ),
]  # fmt: skip


def volume(data: Path, path: str) -> NDArray:
    import tifffile

    if path.endswith(".npz"):
        return np.load(data / path)["arr_0"].astype(np.uint8)
    return np.asarray(tifffile.imread(data / path))


def middle(grey: NDArray, side: int) -> NDArray:
    starts = [max(0, (n - side) // 2) for n in grey.shape]
    return np.ascontiguousarray(grey[tuple(slice(a, a + side) for a in starts)])


def stored(folder: Path, name: str, grey: NDArray, spacing_um: Any) -> Path:
    """Write a volume into a workspace of its own."""
    with Workspace.create(folder) as ws:
        ws.images.write(
            name, shape=grey.shape, dtype=str(grey.dtype), axes="zyx", spacing_um=spacing_um,
            spacing_source="the authors" if spacing_um else None,
            blocks=[(tuple(slice(0, n) for n in grey.shape), grey)],
        )  # fmt: skip
    return folder


def reported(
    specimen: Specimen, grey: NDArray, folder: Path, *, questions: tuple[str, ...], phantoms: int
) -> list[Item]:
    stored(folder / "specimen", specimen.name, grey, specimen.spacing_um)
    return run_cells(
        "40_quantification", folder / "specimen", scratch=folder, image=specimen.name,
        thresholds=specimen.thresholds, phases=specimen.phases, measured=[specimen.measured],
        questions=list(questions), audit_phantoms=phantoms, **specimen.more,
    )  # fmt: skip


def numbers(items: list[Item]) -> dict[str, KeyNumber]:
    return {item.key.split(".", 3)[3]: item for item in items if isinstance(item, KeyNumber)}


def failing(items: list[Item]) -> set[str]:
    found = {item.name for item in items if isinstance(item, Check) and item.passed is False}
    return {name.rsplit(": ", 1)[1] for name in found}


def judged(
    specimen: Specimen,
    items: list[Item],
    fraction: float,
    *,
    rel: float,
    failed: set[str] | None = None,
) -> None:
    found = numbers(items)
    share = found["volume_fraction"]
    assert share.value == pytest.approx(fraction, rel=rel)
    assert share.uncertainty is not None
    assert share.uncertainty > 0
    if not specimen.blur_is_taken_off:
        assert abs(share.value - fraction) <= share.uncertainty
    said = " ".join(item.detail for item in items if isinstance(item, Check))
    assert (SEGMENTED in said) == specimen.segmented
    assert failing(items) <= {*specimen.failing, "audit", *(failed or ())}
    if specimen.segmented:  # one piece that crosses: the sizes of the rest are no key numbers
        assert "mean_diameter_by_volume" not in found


@pytest.mark.parametrize("specimen", SPECIMENS, ids=lambda one: one.name)
def test_a_part_of_real_material_is_measured_by_plain_choices(
    data: Path, tmp_path: Path, specimen: Specimen
) -> None:
    grey = middle(volume(data, specimen.path), specimen.part)
    bounds = (-np.inf, *specimen.thresholds, np.inf)
    label = specimen.phases.index(specimen.measured)
    counted = float(np.mean((grey >= bounds[label]) & (grey < bounds[label + 1])))
    items = reported(specimen, grey, tmp_path, questions=specimen.questions, phantoms=0)
    judged(specimen, items, counted, rel=0.02)
    answered = [item for item in items if isinstance(item, Table) and item.name.startswith("answ")]
    assert bool(answered) == bool(specimen.questions)


@pytest.mark.full
@pytest.mark.parametrize("specimen", SPECIMENS[:4], ids=lambda one: one.name)
def test_whole_volumes_have_their_known_fraction_and_every_answer(
    data: Path, tmp_path: Path, specimen: Specimen, reference: Callable[..., None]
) -> None:
    items = reported(
        specimen, volume(data, specimen.path), tmp_path, questions=tuple(QUESTIONS), phantoms=3
    )
    judged(specimen, items, specimen.fraction, rel=0.01, failed=OF_EVERY_QUESTION)
    found = numbers(items)
    what = f"share of {specimen.measured} in {specimen.name}, by the template"
    share = found["volume_fraction"].value
    reference(what, share, specimen.fraction, rel=0.01, source="the authors' segmentation")
    for axis in "xyz":
        assert 0 <= found[f"effective_diffusivity_{axis}"].value < found["volume_fraction"].value
        assert found[f"permeability_{axis}"].unit == "µm²"


@pytest.fixture(scope="module")
def uncalibrated(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The battery cell as its file gives it: no voxel size, longer voxels along z."""
    folder = tmp_path_factory.mktemp("asked")
    return stored(folder / "specimen", "cell", middle(volume(data, SPECIMENS[4].path), 64), None)


def test_a_cell_without_voxel_size_stops_headless_with_code_2_and_says_what_to_give(
    uncalibrated: Path, tmp_path: Path
) -> None:
    result = run_template(
        "40_quantification", uncalibrated, output=tmp_path,
        parameters={"image": "cell", "thresholds": [16.6], "phases": ["air", "inside"]},
    )  # fmt: skip
    assert (result.status, result.exit_code) == ("undecided", 2)
    assert "'cell' has no voxel size" in str(result.failure)
    with Workspace.open(uncalibrated) as ws:
        assert not list(ws.measurements)


def pack(data: Path, folder: Path, radius_px: int, phantoms: int) -> dict[str, KeyNumber]:
    scene = packed(data, radius_px)
    stored(folder / "specimen", "pack", scanned(scene), scene.spacing_um)
    items = run_cells(
        "40_quantification", folder / "specimen", scratch=folder, image="pack",
        thresholds=[100.0], phases=["pore", "grain"], measured=["pore"],
        questions=["surface", "chords"], threshold_uncertainty=[1.0], audit_phantoms=phantoms,
    )  # fmt: skip
    if radius_px == 4:
        assert {"resolution", "audit"} <= failing(items)
    return numbers(items)


def test_a_pack_at_four_voxels_a_radius_is_said_to_be_too_coarse_and_the_truth_is_inside(
    data: Path, tmp_path: Path
) -> None:
    found = pack(data, tmp_path, 4, 3)
    assert abs(found["volume_fraction"].value - 0.361) <= found["volume_fraction"].uncertainty
    assert found["volume_fraction"].uncertainty > 0.05
    surface_and_chords_are_inside(found)


def surface_and_chords_are_inside(found: dict[str, KeyNumber]) -> None:
    chords = {f"mean_chord_{axis}": 0.754 * RADIUS_UM for axis in "xyz"}
    for key, truth in {"specific_surface": 1.914 / RADIUS_UM, **chords}.items():
        uncertainty = found[key].uncertainty
        assert uncertainty is not None
        assert abs(found[key].value - truth) <= uncertainty, key


@pytest.mark.full
@pytest.mark.parametrize("radius_px", [8, 12])
def test_finer_packs_have_their_porosity_and_the_surface_of_their_crevices(
    data: Path, tmp_path: Path, radius_px: int, reference: Callable[..., None]
) -> None:
    found = pack(data, tmp_path, radius_px, 3)
    share, surface = found["volume_fraction"], found["specific_surface"]
    what = f"of Finney's pack, {radius_px} voxels a radius, by the template"
    reference(f"porosity {what}", share.value, 0.361, rel=0.01, source="Finney 1970")
    reference(
        f"surface x radius {what}", surface.value * RADIUS_UM, 1.914, rel=0.02, source="Finney 1970"
    )
    chord = found["mean_chord_x"].value / RADIUS_UM
    reference(f"mean chord / radius {what}", chord, 0.754, rel=0.02, source="Finney 1970")
    assert share.uncertainty is not None
    assert abs(share.value - 0.361) <= 1.2 * share.uncertainty
    surface_and_chords_are_inside(found)
