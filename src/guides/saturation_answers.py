"""Saturation: of three phases, the share of the middle one that is no rim of blur."""

from __future__ import annotations

import math

import numpy as np

from ..analysis.imaging.edges import edge_blur
from ..analysis.quantification.measurement import Check, Measurement, measurement_from_parts
from ..analysis.segmentation import phase_grey, three_phases
from ..workspace import Workspace
from .central_block import central_block
from .quantification import PhaseResults, grey_values

_MOST = {2: 2048, 3: 256}  # voxels along an axis: some 60 bytes each are held
_HIDDEN = 0.02  # of what is not bright: more than this may hide in films


def saturation_answers(ws: Workspace, result: PhaseResults) -> list[Measurement]:
    """Measure the saturation of the middle one of three phases, beside that of its thresholds.

    A voxel at the edge between the dark and the bright phase is as grey as the middle one, and
    thresholds call it that. The greys of the dark and the bright phase are those of their insides;
    that of the middle one follows from the thresholds, which lie half-way.

    Parameters
    ----------
    ws : Workspace
    result : PhaseResults
        Of two thresholds on grey values.

    Returns
    -------
    list of Measurement
        ``<middle>.saturation``.

    Raises
    ------
    ValueError
        Not three phases by thresholds; no inside or no edge of the dark and the bright one.
    """
    settings = result.settings
    if settings.trained or settings.recipe.method != "thresholds" or len(settings.thresholds) != 2:
        raise ValueError(
            f"saturation needs three phases by two thresholds on grey values, got {settings.name}: "
            f"{', '.join(settings.phases)}"
        )
    image = ws.images[result.image]
    whole = grey_values(image, settings)
    within = None if result.region is None else result.region.box
    block = central_block(whole.shape, most=_MOST[whole.ndim], within=within)
    grey = np.asarray(whole[block.slices]).astype(np.float32)
    low, high = settings.thresholds
    seen = phase_grey(grey, thresholds=settings.thresholds)
    if not (seen.has_core[0] and seen.has_core[2]):
        raise ValueError(
            f"{settings.phases[0]} and {settings.phases[2]} need an inside that shows their grey "
            "values: take a finer scan"
        )
    dark, bright = seen.means[0], seen.means[2]
    by_both = (2 * low - dark, 2 * high - bright)
    middle = float(np.mean(by_both))
    spacing = tuple(map(float, image.spacing_um))
    if not dark < middle < bright:
        raise ValueError(
            f"thresholds half-way between the phases need a grey value of {settings.phases[1]} "
            f"between {dark:.4g} and {bright:.4g}, and {low:.4g} and {high:.4g} give {middle:.4g}"
        )
    # an edge with a layer of the middle phase in it looks wider than the blur
    pairs = ((dark, middle), (middle, bright), (dark, bright))
    blurs = [edge_blur(grey, low=one, high=other) for one, other in pairs]
    widths = [float(np.mean(np.multiply(blur.sigma_axes_px, spacing))) for blur in blurs]
    blur_um = min((width for width in widths if math.isfinite(width)), default=math.nan)
    if not blur_um > 0:
        raise ValueError("no edge between two of the phases tells the blur")
    known = math.hypot(*settings.uncertainty, (by_both[0] - by_both[1]) / 2)
    found = three_phases(
        grey,
        greys=(dark, middle, bright),
        blur_um=blur_um,
        spacing_um=spacing,
        grey_uncertainty=known,
    )
    plain = np.asarray(result.found.labels[block.slices])
    rest = int(np.count_nonzero(plain != 2))
    names = settings.phases
    hidden = f"{found.could_hide:.1%} of what is not {names[2]} is thinner than the blur there"
    checks = (
        Check("thin films", True if found.could_hide <= _HIDDEN else None, hidden),
        *(Check("three phases", None, words) for words in found.warnings),
    )
    where = "" if block.whole else f"; on {block.words}"
    return [
        measurement_from_parts(
            key=f"{names[1]}.saturation",
            name=f"{names[1]}: share of what is not {names[2]}",
            value=found.saturation,
            unit="1",
            convention=(
                f"{names[1]} is believed where it has an inside of grey value {middle:.4g}; by "
                f"thresholds alone {int(np.count_nonzero(plain == 1)) / max(1, rest):.3g}{where}"
            ),
            parts=found.parts,
            checks=checks,
            bounds=(0.0, 1.0),
        )
    ]
