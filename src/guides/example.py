"""What a person would decide about the example specimen, found in its images alone.

The truth file is never opened here: fiducials are detected, paired by their constellation, and
written with the same widgets that a person uses.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from ..analysis.registration import match_constellation
from ..analysis.segmentation import find_blobs, suggest_thresholds
from ..errors import DecisionNeeded
from ..io.example import ExamplePaths, build_example
from ..widgets import LandmarkPicker, SegmentationSliders, TargetPicker
from ..workspace import Workspace
from ..workspace.surface import SURFACE_TAG
from .decisions import choose_instrument, choose_map
from .walkthrough import begin

MAP, ZOOM, FIB = "xrm_survey_t0", "xrm_zoom", "fibsem"
TARGET = "cluster"
_LAST = "survey metal"  # what is decided last but one
Say = Callable[[str], None]

_BEAD_UM, _TUNGSTEN_UM, _MARKER_UM = 28.0, 11.0, 2.6
_RING_UM = (6.5, 9.5)  # of the satellites around the target
_SNR, _FAINT, _MOST = 6.0, 5.0, 150
_CONSIDERED, _FEWEST = 100, 6


def import_example(paths: ExamplePaths, folder: Path, *, say: Say = print) -> Workspace:
    """Bring the example's instrument files into a new workspace.

    Parameters
    ----------
    paths : ExamplePaths
    folder : pathlib.Path
        Of the new workspace.
    say : callable
        Told what is imported.
    """
    ws = Workspace.create(folder, name="example specimen")
    _import(ws, paths, say=say)
    return ws


def example_specimen(folder: str | None = None, *, scale: str = "small") -> Workspace:
    """Open the example specimen for a walk-through, built and decided where it is not there yet.

    Parameters
    ----------
    folder : str, optional
        Of its workspace; None takes a new temporary one.
    scale : {"small", "full"}
        Of one that is built.

    Raises
    ------
    DecisionNeeded
        The workspace holds another specimen, or an example that was never finished.
    """
    ws = begin(folder, name="example specimen")
    if not len(ws.images):
        with tempfile.TemporaryDirectory(prefix="scalebridge-") as files:
            _import(ws, build_example(files, scale=scale), say=_silent)
        decide(ws, say=_silent)
    needed = {ws.images: (MAP, ZOOM, FIB), ws.targets: (TARGET,), ws.segmentations: (_LAST,)}
    for collection, names in needed.items():
        there = [record.name for record in collection]
        if missing := [name for name in names if name not in there]:
            raise DecisionNeeded(
                f"expected the example specimen, but {ws.name} has no {', '.join(missing)} among "
                f"its {collection.kind}. To decide: give the parameter workspace an example's "
                "folder (make demo makes one), or None to have a small one built"
            )
    return ws


def _import(ws: Workspace, paths: ExamplePaths, *, say: Say) -> None:
    for name, file in paths.files.items():
        image = ws.import_file(file, name=name, answers=paths.answers.get(name))
        say(f"  {name}: {image!r}")


def _silent(_: str) -> None:
    """Say nothing."""


def decide(ws: Workspace, *, say: Say = print) -> None:
    """Make every decision that the four templates need, as records.

    Parameters
    ----------
    ws : Workspace
        With the eight images of the example.
    say : callable
        Told what is decided.
    """
    choose_map(ws, MAP)
    on_top = fiducials(ws, MAP, diameter_um=_BEAD_UM)
    for moving in ("light_mosaic", "sem_view", "xrm_survey_t1", "xrm_survey_t2"):
        found = fiducials(ws, moving, diameter_um=_BEAD_UM)
        _pick(ws, moving, MAP, found, on_top, tolerance_um=6.0, say=say)
    # barely two voxels wide there: their constellation tells them from noise, not their brightness
    inside = _marks(ws, MAP, diameter_um=_TUNGSTEN_UM, min_snr=_FAINT).head(_CONSIDERED)
    found = fiducials(ws, ZOOM, diameter_um=_TUNGSTEN_UM)
    # light and SEM agree that the survey's voxel size is off, so its scale is left free here too
    _pick(ws, ZOOM, MAP, found, inside, tolerance_um=4.0, model="similarity", say=say)
    found, ours = (fiducials(ws, name, diameter_um=_MARKER_UM) for name in (FIB, ZOOM))
    _pick(ws, FIB, ZOOM, found, ours, tolerance_um=0.8, say=say)
    _place_target(ws, say=say)
    _segment(ws, say=say)
    choose_instrument(ws, "sem_view")


def fiducials(ws: Workspace, image: str, *, diameter_um: float) -> pd.DataFrame:
    """Find the dense fiducials of one size: whole marks, far brighter than everything else.

    Parameters
    ----------
    ws : Workspace
    image : str
    diameter_um : float
        Of the fiducials [µm].

    Returns
    -------
    DataFrame
        ``x_um``, ``y_um``, ``z_um`` in the image's frame, brightest first.
    """
    return brightest(_marks(ws, image, diameter_um=diameter_um))


def _marks(ws: Workspace, image: str, *, diameter_um: float, min_snr: float = _SNR) -> pd.DataFrame:
    handle = ws.images[image]
    return marks_of(
        handle.array(),
        handle.spacing_um,
        diameter_um=diameter_um,
        min_snr=min_snr,
        origin_um=handle.origin_um,
    )


def marks_of(
    pixels: np.ndarray,
    spacing_um: Sequence[float],
    *,
    diameter_um: float,
    min_snr: float = _SNR,
    origin_um: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Find bright marks of one size in pixels, as `fiducials` does before it chooses."""
    found = find_blobs(
        pixels,
        spacing_um=spacing_um,
        diameter_um=diameter_um,
        min_snr=min_snr,
        max_blobs=_MOST,
        origin_um=origin_um,
    )
    if "z_um" not in found:
        found["z_um"] = 0.0
    return found[~found["at_border"]].reset_index(drop=True)


def brightest(found: pd.DataFrame) -> pd.DataFrame:
    """Keep what stands above the widest gap between contrasts, brightest first.

    Differences, not ratios: among the faintest marks any two differ by a large ratio.
    """
    contrast = np.sort(found["contrast"].to_numpy(float))[::-1][:_CONSIDERED]
    steps = contrast[_FEWEST - 1 : -1] - contrast[_FEWEST:]
    least = contrast[_FEWEST - 1 + int(np.argmax(steps))]
    kept = found[found["contrast"] >= least]
    return kept.sort_values("contrast", ascending=False, ignore_index=True)


def _pick(
    ws: Workspace,
    moving: str,
    fixed: str,
    ours: pd.DataFrame,
    theirs: pd.DataFrame,
    *,
    tolerance_um: float,
    say: Say,
    model: str = "auto",
) -> None:
    """Pair fiducials by their constellation, write the pairs, accept the fit."""
    flat = ws.images[moving].ndim == 2
    a = _points(ours)
    match = match_constellation(
        _upright(ws, moving, a)[:, flat:], _points(theirs), tolerance_um=tolerance_um
    )
    picker = LandmarkPicker(ws, moving=moving, fixed=fixed, model=model)
    with ws.transaction():
        for number, (i, j) in enumerate(match.pairs):
            picker.add_pair(
                moving=_named(ours.iloc[i]),
                fixed=_named(theirs.iloc[j]),
                name=f"F{number + 1}",
                placed_by="find_blobs, match_constellation",
            )
        record = picker.accept(note=picker.reason)
    say(
        f"  {moving} to {fixed}: {len(match.pairs)} pairs, {picker.fit().transform.model}, "
        f"leave-one-out {record.loo_um:.2g} µm"
    )


def _upright(ws: Workspace, image: str, points_um: np.ndarray) -> np.ndarray:
    """Take the shear out of an ion-beam stack, which its geometry tells: for matching only."""
    if image != FIB:
        return points_um
    tilt = ws.images[FIB].source["answers"]["tilt_correction"]
    straight = points_um.copy()
    straight[:, 1] += points_um[:, 0] * np.tan(np.radians(tilt))
    return straight


def _points(table: pd.DataFrame) -> np.ndarray:
    return table[["z_um", "y_um", "x_um"]].to_numpy(float)


def _named(row: pd.Series) -> dict[str, float]:
    return {name: float(row[name]) for name in ("z_um", "y_um", "x_um")}


def _place_target(ws: Workspace, *, say: Say) -> None:
    """Choose the particle with the most satellites in a ring around it: the cluster."""
    cores, small = (_marks(ws, ZOOM, diameter_um=size) for size in (8.0, 3.6))
    best, satellites = cluster_of(cores, small)
    picker = TargetPicker(ws, ws.images[ZOOM].frame)
    picker.place_target(
        _named(best),
        10.0,
        name=TARGET,
        note=f"intermetallic particle with a ring of {satellites} satellites",
    )
    place = ", ".join(f"{axis} = {best[f'{axis}_um']:.2f}" for axis in "xyz")
    say(f"  target {TARGET}: {place} µm in {ZOOM}")


def cluster_of(cores: pd.DataFrame, small: pd.DataFrame) -> tuple[pd.Series, int]:
    """Choose the core with the most small marks in a ring around it, and count them."""
    distance = np.linalg.norm(_points(cores)[:, None] - _points(small)[None], axis=2)
    satellites = np.sum((distance > _RING_UM[0]) & (distance < _RING_UM[1]), axis=1)
    return cores.iloc[int(np.argmax(satellites))], int(satellites.max())


def _segment(ws: Workspace, *, say: Say) -> None:
    """Part the zoom scan into pore, matrix and inclusion, and the survey into air and metal."""
    sliders = SegmentationSliders(ws, ZOOM)
    estimate = suggest_thresholds(ws.images[ZOOM].array(), classes=3)
    sliders.set_threshold(*estimate.values, uncertainty=estimate.uncertainty)
    sliders.name_phases("pore", "matrix", "inclusion")
    sliders.save("zoom phases", note=estimate.method)
    say(f"  {ZOOM}: thresholds {', '.join(f'{value:.0f}' for value in estimate.values)}")
    sliders = SegmentationSliders(ws, MAP)
    estimate = suggest_thresholds(ws.images[MAP].array(), classes=2)
    sliders.set_threshold(*estimate.values, uncertainty=estimate.uncertainty)
    sliders.name_phases("air", "metal")
    record = sliders.save(_LAST, note=estimate.method)
    ws.segmentations.tag(record.name, SURFACE_TAG)
    say(f"  {MAP}: surface at {estimate.values[0]:.0f}")
