"""How good the image is that was segmented: resolution, noise, rings and cupping, as answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..analysis.imaging import (
    cupping,
    image_quality,
    one_image_resolution,
    ring_strength,
    shell_correlation,
)
from ..analysis.imaging.shell_crossing import Resolution
from ..analysis.quantification.already_segmented import ALREADY
from ..analysis.quantification.measurement import Check, Measurement, measurement_from_parts
from ..workspace import Workspace
from .central_block import Block, central_block
from .quantification import BACKGROUND, PhaseResults, grey_values

_MOST = {2: 2048, 3: 256}  # voxels along an axis of the block that is looked at
_TO_95 = 1.96
_ROSE = 5.0  # contrast over noise from which single voxels can be told apart (Rose criterion)
_FINE = 2.0  # voxels of a 10-90 % edge width, at least: fewer cannot hold the image's sharpness
_OUTSIDE = 0.02  # of the sides' voxels that may be specimen where it is said to be whole
_ESTIMATE = "estimate from one image, no resolution by two halves"


@dataclass
class Quality:
    """Measurements of an image itself, a table, and what could not be measured and why."""

    measurements: list[Measurement] = field(default_factory=list)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)


def quality_of(
    ws: Workspace, result: PhaseResults, *, halves: Sequence[str] | None = None
) -> Quality:
    """Measure how good the image of a segmentation is.

    The resolution is that of two halves where they are given; from the one image there are the
    edge response and the decorrelation analysis, marked as estimates. Of a large image the central
    block is looked at: 256 voxels along each axis, 2048 of a picture.

    Parameters
    ----------
    ws : Workspace
    result : PhaseResults
    halves : sequence of 2 str, optional
        Names of two images with independent noise on one grid, such as scans one after the other.

    Returns
    -------
    Quality

    Raises
    ------
    ValueError
        Not two halves, or they cannot be compared.
    NotFound
        There is no image of that name.
    """
    grey = grey_values(ws.images[result.image], result.settings)
    spacing = tuple(ws.images[result.image].spacing_um)
    block = central_block(grey.shape, most=_MOST[grey.ndim])
    part = np.asarray(grey[block.slices])
    found = Quality()
    if halves is not None:
        _by_halves(ws, halves, found)
    if any(check.name == ALREADY for check in result.measurements[0].checks):
        why = "the image was segmented before it came here: give the grey values"
        found.measurements.append(_none("edge_width", "edge width, 10-90 %", "µm", why, block))
        return found
    steps: tuple[Callable[[], list[Measurement]], ...] = (
        lambda: _one_image(part, spacing, block),
        lambda: _noise(part, result, block),
        lambda: _rings(grey, central_block(grey.shape, most=max(grey.shape))),
        lambda: _cupping(part, result, spacing, block),
    )
    for step in steps:
        found.measurements += step()
    return found


def _by_halves(ws: Workspace, halves: Sequence[str], found: Quality) -> None:
    if isinstance(halves, str) or len(halves) != 2:
        raise ValueError(f"halves needs the names of two images, got {halves!r}")
    images = [ws.images.get(name) for name in halves]
    arrays = [np.asarray(image.array()) for image in images]
    block = central_block(arrays[0].shape, most=_MOST[arrays[0].ndim])
    shells = shell_correlation(
        *(array[block.slices] if array.shape == arrays[0].shape else array for array in arrays),
        spacing_um=images[0].spacing_um,
        second_spacing_um=images[1].spacing_um,
    )
    words = f"period where the correlation of {halves[0]} and {halves[1]} falls below the "
    notes = tuple(Check("halves", None, note) for note in shells.notes)
    for crossing in (shells.half_bit, shells.one_bit):
        found.measurements.append(_resolution(crossing, words, block, notes))
    found.measurements.append(
        _known("signal_to_noise", "signal over noise of one half", shells.signal_to_noise, "1",
               "variance that the halves share over that of the rest, all frequencies", block)
    )  # fmt: skip
    found.tables["shell_correlation"] = shells.curve
    found.tables["shell_resolution"] = shells.table()


def _resolution(
    found: Resolution, words: str, block: Block, checks: tuple[Check, ...]
) -> Measurement:
    key = f"resolution_{found.criterion.replace('-', '_')}"
    name = f"resolution, {found.criterion}"
    convention = f"{words}{found.criterion} curve: {found.said}"
    half = (found.upper_um - found.lower_um) / 2
    return _known(key, name, found.resolution_um, "µm", convention, block, half, checks)


def _one_image(part: NDArray, spacing: tuple[float, ...], block: Block) -> list[Measurement]:
    try:
        found = one_image_resolution(part, spacing_um=spacing)
    except ValueError as error:
        return [_none("edge_width", "edge width, 10-90 %", "µm", str(error), block)]
    quality = image_quality(part)
    width = quality.edge_width_px
    check: tuple[Check, ...] = ()
    if math.isfinite(width) and width > 0:
        fine = bool(width >= _FINE)
        said = f"the edge width is {width:.2g} voxels"
        advice = "" if fine else ": the voxels, not the optics, limit what can be seen"
        check = (Check("voxels fine enough", fine or None, said + advice),)
    rows = found.table()
    keys = ("edge_width", "decorrelation_period")
    names = ("edge width, 10-90 %", "period by decorrelation analysis")
    measured = []
    for key, name, row in zip(keys, names, rows.itertuples(), strict=True):
        own = [note for note in found.notes if ("width" in note) == (key == "edge_width")]
        words = "; ".join((f"{_ESTIMATE}; it {row.when_it_lies}", *own))
        half = _TO_95 * row.error_um
        measured.append(_known(key, name, row.value_um, "µm", words, block, half, check))
    return measured


def _noise(part: NDArray, result: PhaseResults, block: Block) -> list[Measurement]:
    """Contrast over noise between neighbouring phases, from the inside of each."""
    imaging = result.found.imaging
    if imaging is None:
        why = "noise is not known: the phases have no inside or a single grey value"
        return [_none("contrast_to_noise", "contrast over noise", "1", why, block)]
    phases, found = result.settings.phases, []
    for k, sigma in enumerate(imaging.noises):
        name = f"noise in {phases[k]}"
        words = "standard deviation of the grey values inside the phase"
        found.append(_known(f"noise_{k}", name, sigma, "grey value", words, block))
        words = "mean grey value inside over its noise; it says nothing where grey 0 is not nothing"
        ratio = imaging.greys[k] / sigma if sigma > 0 else math.inf
        name = f"signal over noise in {phases[k]}"
        found.append(_known(f"signal_to_noise_{k}", name, ratio, "1", words, block))
    for k in range(len(phases) - 1):
        step = imaging.greys[k + 1] - imaging.greys[k]
        noise = math.hypot(imaging.noises[k], imaging.noises[k + 1]) / math.sqrt(2)
        ratio = step / noise if noise > 0 else math.inf
        seen = bool(ratio >= _ROSE)
        advice = "" if seen else ": single voxels cannot be told apart, smooth before thresholds"
        check = Check("Rose criterion", seen, f"{ratio:.3g}, at least {_ROSE:g}{advice}")
        name = f"contrast over noise, {phases[k]} and {phases[k + 1]}"
        words = "difference of the mean grey values over the root mean square of both noises"
        found.append(
            _known(f"contrast_to_noise_{k}", name, ratio, "1", words, block, None, (check,))
        )
    return found


def _rings(part: NDArray, block: Block) -> list[Measurement]:
    name = "rings around the middle of the slices"
    try:
        found = ring_strength(part)
    except ValueError as error:
        return [_none("rings", name, "grey value", str(error), block)]
    said = "rings" if found.told else "no rings beyond noise and specimen"
    words = (
        f"root mean square of rings finer than 7 px: {said}. The axis is taken to be in the middle "
        "of the slices: of a volume that was cropped give it to ring_strength"
    )
    check = Check("rings", not found.told, f"{said}, significance {found.significance:.2g}")
    half = _TO_95 * found.error
    return [_known("rings", name, found.amplitude, "grey value", words, block, half, (check,))]


def _cupping(
    part: NDArray, result: PhaseResults, spacing: tuple[float, ...], block: Block
) -> list[Measurement]:
    """Of the brightest phase, where the darkest is the air around a specimen that is all there."""
    phases, imaging = result.settings.phases, result.found.imaging
    name = f"cupping of {phases[-1]}"
    around = phases[0].lower() in BACKGROUND
    specimen = np.asarray(result.found.labels[block.slices] > 0)
    sides = [specimen.take(end, axis).mean() for axis in range(-2, 0) for end in (0, -1)]
    if not around or imaging is None or not block.whole or max(sides) > _OUTSIDE:
        why = (
            "needs a specimen that lies whole in the image with air around it, and a dark phase "
            f"that is called {', '.join(BACKGROUND[1:])}"
        )
        return [_none("cupping", name, "1", why, block)]
    material = np.asarray(result.found.labels[block.slices] == len(phases) - 1)
    try:
        found = cupping(part, material=material, air=imaging.greys[0], spacing_um=spacing)
    except ValueError as error:
        return [_none("cupping", name, "1", str(error), block)]
    said = found.table()["said"][0]
    words = f"(rim - middle) / (rim - air), by depth below the surface: {said}"
    check = Check("cupping", not found.told, f"{found.share:.2g} ± {_TO_95 * found.error:.2g}")
    half = _TO_95 * found.error
    return [_known("cupping", name, found.share, "1", words, block, half, (check,))]


def _known(
    key: str,
    name: str,
    value: float,
    unit: str,
    words: str,
    block: Block,
    half: float | None = None,
    checks: tuple[Check, ...] = (),
) -> Measurement:
    where = "" if block.whole else f"; on {block.words}"
    m = measurement_from_parts(
        key=f"image_quality.{key}", name=f"image: {name}", value=float(value), unit=unit,
        convention=words + where, parts={} if half is None else {"scatter": half},
        checks=checks,
    )  # fmt: skip
    certain = half is not None and math.isfinite(half) and math.isfinite(value)
    return m if certain else replace(m.without_interval(), parts={})


def _none(key: str, name: str, unit: str, why: str, block: Block) -> Measurement:
    return _known(key, name, math.nan, unit, why, block)
