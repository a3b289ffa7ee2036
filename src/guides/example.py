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

from ..analysis.registration import GreyImage, match_constellation
from ..analysis.registration.plane import place_on_slice
from ..analysis.segmentation import find_blobs, suggest_thresholds
from ..errors import DecisionNeeded
from ..io.example import ExamplePaths, build_example
from ..widgets import LandmarkPicker, SegmentationSliders, TargetPicker
from ..workspace import Workspace
from ..workspace.surface import SURFACE_TAG
from .decisions import choose_instrument, choose_map
from .walkthrough import begin

MAP, ZOOM, FIB, EDS = "xrm_survey_t0", "xrm_zoom", "fibsem", "eds_map"
MG = 0  # of the map's lines: every phase has its own count of it
EDS_REACH_UM = 3.0  # of the map about the middle of its slice
TARGET = "cluster"
_LAST = "survey metal"  # what is decided last but one
Say = Callable[[str], None]

BEAD_UM, TUNGSTEN_UM, MARKER_UM = 28.0, 11.0, 2.6
_RING_UM = (6.5, 9.5)  # of the satellites around the target
_SNR, FAINT, _MOST = 6.0, 5.0, 150
# of a bead's radius, and of its contrast: beads of a survey miss 0.6 to 0.8 there, the rest lies
# above the surface; spheres of two thirds of their size miss more than all
_RIM, _MISSING = 0.85, 0.9
CONSIDERED, _FEWEST = 100, 6


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
    on_top = beads(ws, MAP)
    for moving in ("light_mosaic", "sem_view", "xrm_survey_t1", "xrm_survey_t2"):
        found = beads(ws, moving)
        _pick(ws, moving, MAP, found, on_top, tolerance_um=6.0, say=say)
    # barely two voxels wide there: their constellation tells them from noise, not their brightness
    inside = _marks(ws, MAP, diameter_um=TUNGSTEN_UM, min_snr=FAINT).head(CONSIDERED)
    found = fiducials(ws, ZOOM, diameter_um=TUNGSTEN_UM)
    # light and SEM agree that the survey's voxel size is off, so its scale is left free here too
    _pick(ws, ZOOM, MAP, found, inside, tolerance_um=4.0, model="similarity", say=say)
    found, ours = (fiducials(ws, name, diameter_um=MARKER_UM) for name in (FIB, ZOOM))
    _pick(ws, FIB, ZOOM, found, ours, tolerance_um=0.8, say=say)
    _place_map(ws, say=say)
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


def beads(ws: Workspace, image: str) -> pd.DataFrame:
    """Find the beads on the specimen's surface, as `fiducials` gives them.

    A ball is round in a picture from any side: one whose rows were corrected for a tilt shows it
    drawn out, so it is looked for in the picture as it was taken.
    """
    handle = ws.images[image]
    tilt = (handle.source.get("answers") or {}).get("tilt_correction") or 0.0
    return beads_of(
        handle.array(), handle.spacing_um, origin_um=handle.origin_um, tilt_deg=float(tilt)
    )


def beads_of(
    pixels: np.ndarray,
    spacing_um: Sequence[float],
    *,
    tilt_deg: float = 0.0,
    most: int = _MOST,
    origin_um: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Find beads in pixels, as `beads` does; rows are corrected for the tilt [degree]."""
    raw, low = np.array(spacing_um, float), np.zeros(len(spacing_um))
    low[:] = 0.0 if origin_um is None else origin_um
    raw[-2] *= np.cos(np.radians(tilt_deg))
    found = marks_of(pixels, raw.tolist(), diameter_um=BEAD_UM, most=most)
    if pixels.ndim == 3:
        found = found[_filled(pixels, raw, found)]
    for axis, step, raw_step, start in zip("zyx"[-len(raw) :], spacing_um, raw, low, strict=True):
        found[f"{axis}_um"] = found[f"{axis}_um"] * step / raw_step + start
        found[f"sigma_{axis}_um"] *= step / raw_step
    return brightest(found, or_all=True)


def _filled(pixels: np.ndarray, spacing_um: np.ndarray, found: pd.DataFrame) -> np.ndarray:
    """Which balls are as large as a bead: bright nearly out to its radius, (n,) bool.

    The tungsten spheres inside are as bright and smaller, and are centred less well as beads.
    """
    from scipy.ndimage import map_coordinates

    rim = np.random.default_rng(0).standard_normal((200, 3))
    rim *= _RIM * BEAD_UM / 2 / np.linalg.norm(rim, axis=1)[:, None]
    places = _points(found)
    there = (places[:, None] + rim) / spacing_um
    at_rim, middle = (
        map_coordinates(pixels.astype(np.float32), at.reshape(-1, 3).T, order=1, mode="nearest")
        for at in (there, places / spacing_um)
    )
    missing = middle - np.median(at_rim.reshape(len(found), -1), axis=1)
    return np.asarray(missing < _MISSING * found["contrast"].to_numpy(float))


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
    most: int = _MOST,
    origin_um: Sequence[float] | None = None,
) -> pd.DataFrame:
    """Find bright marks of one size in pixels, as `fiducials` does before it chooses."""
    found = find_blobs(
        pixels,
        spacing_um=spacing_um,
        diameter_um=diameter_um,
        min_snr=min_snr,
        max_blobs=most,
        origin_um=origin_um,
    )
    if "z_um" not in found:
        found["z_um"] = 0.0
    return found[~found["at_border"]].reset_index(drop=True)


def brightest(found: pd.DataFrame, *, or_all: bool = False) -> pd.DataFrame:
    """Keep what stands above the widest gap between contrasts, brightest first.

    Differences, not ratios: among the faintest marks any two differ by a large ratio. With
    ``or_all``, no contrast at all counts as one more: perhaps nothing but marks was found.
    """
    contrast = np.sort(found["contrast"].to_numpy(float))[::-1][:CONSIDERED]
    if or_all:
        contrast = np.append(contrast, 0.0)
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


def _place_map(ws: Workspace, *, say: Say) -> None:
    """Find the map of one face on the slice after which it was taken, as its file notes."""
    image, stack = ws.images[EDS], ws.images[FIB]
    number = int(image.metadata["attributes"]["slice_of_the_face"])
    found = place_on_slice(
        GreyImage(image.array()[MG], image.spacing_um, image.origin_um),
        GreyImage(stack.array(), stack.spacing_um, stack.origin_um),
        number,
        reach_um=EDS_REACH_UM,
    )
    ws.transforms.add(
        name=f"{EDS}_to_{FIB}",
        from_frame=image.frame,
        to_frame=stack.frame,
        transform={**found.to_dict(), "allow_mirror": False},
        status="accepted",
        method="map placed on its slice by mutual information",
        note=f"magnesium counts on slice {number}, after which the map was taken",
    )
    sigma = np.sqrt(np.trace(found.covariance_at(found.centre_um)[0]))
    say(f"  {EDS} on slice {number} of {FIB}: known to {sigma:.2g} µm")


def _upright(ws: Workspace, image: str, points_um: np.ndarray) -> np.ndarray:
    """Take the shear out of an ion-beam stack, which its geometry tells: for matching only."""
    if image != FIB:
        return points_um
    return upright(points_um, ws.images[FIB].source["answers"]["tilt_correction"])


def upright(points_um: np.ndarray, tilt_deg: float) -> np.ndarray:
    """Take the shear out of places in a stack whose faces lie at a tilt to the picture."""
    straight = points_um.copy()
    straight[:, 1] += points_um[:, 0] * np.tan(np.radians(tilt_deg))
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
        sigma={name: float(best[f"sigma_{name}"]) for name in ("z_um", "y_um", "x_um")},
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
