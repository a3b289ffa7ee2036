"""A core in its holder: what is measured is inside the region, and says so."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import TrainableSegmentation, Workspace
from scalebridge.analysis.quantification import largest_box_inside
from scalebridge.guides import answer_questions, phase_results, segmentations_to_measure

sys.path.insert(0, str(Path(__file__).parents[1] / "widgets"))
from specimens import write

SHAPE, SPACING = (40, 60, 60), (1.0, 1.0, 1.0)


@pytest.fixture(scope="module")
def pores():
    field = gaussian_filter(np.random.default_rng(7).normal(size=SHAPE), 3, mode="wrap")
    return field < -0.3 * field.std()


@pytest.fixture(scope="module")
def core():
    y, x = np.indices(SHAPE[1:])
    return np.broadcast_to(np.hypot(y - 29.5, x - 29.5) < 26, SHAPE)


@pytest.fixture(scope="module")
def ws(pores, core, tmp_path_factory):
    """Pores in a core, around it air, which is as dark. The region keeps off the blurred rim."""
    y, x = np.indices(SHAPE[1:])
    grey = np.where((np.hypot(y - 29.5, x - 29.5) < 29) & ~pores, 150.0, 30.0)
    grey = gaussian_filter(grey, 0.7) + np.random.default_rng(1).normal(scale=4, size=SHAPE)
    with Workspace.create(tmp_path_factory.mktemp("core") / "w") as ws:
        write(ws, "scan", grey.astype(np.float32), spacing_um=SPACING)
        write(ws, "core", core.astype(np.uint8), spacing_um=SPACING, labels=True, frame="scan")
        write(
            ws,
            "small",
            core[:, :30].astype(np.uint8),
            spacing_um=SPACING,
            labels=True,
            frame="scan",
        )
        yield ws


@pytest.fixture(scope="module")
def settings(ws):
    (one,) = segmentations_to_measure(
        ws, image="scan", thresholds=[90.0], threshold_uncertainty=[1.0], phases=["pore", "rock"]
    )
    return one


def fraction_of(result, phase="pore"):
    (found,) = (m for m in result.measurements if m.key.endswith(f"{phase}.volume_fraction"))
    return found


def test_porosity_is_that_of_the_core_and_not_of_the_air_around(ws, settings, pores, core):
    inside = fraction_of(phase_results(ws, settings, measured=["pore"], region="core"))
    low, high = inside.interval95
    assert low <= pores[core].mean() <= high
    assert inside.convention.endswith("; inside core")
    everywhere = fraction_of(phase_results(ws, settings, measured=["pore"]))
    assert everywhere.value > inside.value + 0.1


def test_answers_are_of_the_largest_box_inside(ws, settings, core):
    result = phase_results(ws, settings, measured=["pore"], region="core")
    (answer,) = answer_questions(
        ws, [result], questions=["thickness", "transport", "how much"], block_voxels=24
    )
    box = largest_box_inside(core)
    sides = [part.stop - part.start for part in box]
    by_key = {m.key.rsplit(".", 1)[1]: m for m in answer.measurements}
    size = " × ".join(map(str, reversed(sides)))
    thickness = by_key["local_thickness_mean"]
    assert f"on the largest box inside core, {size} voxels" in thickness.convention
    assert thickness.parts["threshold"] > 0
    assert "of it the central block of 24 × 24 × 24" in by_key["tortuosity_factor_z"].convention
    cropped = phase_results(ws, settings, measured=["pore"])
    inside = cropped.found.labels[box] == 0
    from scalebridge.analysis.quantification import measure

    alone = measure(inside.astype(np.uint8), spacing_um=SPACING, what=("local_thickness",),
                    names=("rest", "pore"), phase="pore")  # fmt: skip
    assert thickness.value == next(m.value for m in alone if m.key.endswith("thickness_mean"))


def test_learned_classes_are_measured_in_the_region_too(ws, pores, core):
    trainer = TrainableSegmentation(ws, "scan", trees=10, scales_um=(1.0,))
    trainer.name_classes("pore", "rock")
    rng = np.random.default_rng(0)
    for label, where in ((0, pores & core), (1, ~pores & core)):
        places = np.argwhere(where)
        for z, y, x in places[rng.choice(len(places), 12)].tolist():
            at = {"z_um": float(z), "y_um": float(y), "x_um": float(x)}
            trainer.add_stroke("pen", [at], label=label, radius_um=0.1)
    trainer.save("learned")
    (learned,) = segmentations_to_measure(ws, segmentation="learned")
    found = fraction_of(phase_results(ws, learned, measured=["pore"], region="core"))
    low, high = found.interval95
    assert low <= pores[core].mean() <= high
    assert found.convention.endswith("; inside core")


def test_labels_on_another_grid_and_grey_values_are_no_region(ws, settings):
    with pytest.raises(ValueError, match="needs labels on the grid of scan"):
        phase_results(ws, settings, region="small")
    with pytest.raises(ValueError, match="needs an image of labels, got scan"):
        phase_results(ws, settings, region="scan")
