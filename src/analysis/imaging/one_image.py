"""What one reconstruction says about its resolution: estimates, each with when it lies."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...quantities import format_length
from ..segmentation.smoothing import as_volume
from ..spacing import checked_image_ndim, checked_spacing
from .decorrelation import cut_off
from .frequency_shells import FrequencyShells, frequency_shells
from .half_spectra import spectrum
from .quality import image_quality
from .soft_windows import soft_edges

if TYPE_CHECKING:
    import pandas as pd

_FEWEST = 32  # voxels along every axis
_FLAT = 0.5  # least flatness of noise that is taken for white
_PAST, _END = (0.45, 0.65), 0.9  # of the way from the cut-off to Nyquist, and of Nyquist
_SOFT = 0.125
_EDGE_LIES = (
    "lies where edges of the specimen are not sharp themselves, after sharpening or denoising, and "
    "about faint detail: it is told by the strongest edges"
)
_CUT_LIES = (
    "lies where noise is correlated (smoothed, interpolated, denoised, rings) or the specimen has "
    "no fine structure: it tells where noise begins to rule, not what is true"
)


@dataclass(frozen=True)
class OneImageResolution:
    """Two estimates of the resolution from one image; neither is a half-bit resolution.

    Attributes
    ----------
    edge_width_um, edge_width_error_um : float
        10-90 % width of edges and its standard uncertainty [µm]; NaN where no edge is clear or
        it differs between the axes.
    decorrelation_um : float
        Period of the cut-off frequency by decorrelation analysis [µm]; NaN where there is none, or
        it lies at the Nyquist frequency.
    flatness : float
        Power near the Nyquist frequency over that half-way from the cut-off: 1 for white noise,
        less where noise is correlated or structure goes on; NaN where there is no room.
    notes : tuple of str
        Why an estimate is missing or not to be trusted here.
    """

    edge_width_um: float
    edge_width_error_um: float
    decorrelation_um: float
    flatness: float
    notes: tuple[str, ...]

    def table(self) -> pd.DataFrame:
        """Return one row an estimate: value, what it is, and when it lies."""
        import pandas as pd

        rows = [
            ("edge response, 10-90 %", self.edge_width_um, self.edge_width_error_um, _EDGE_LIES),
            ("decorrelation analysis", self.decorrelation_um, float("nan"), _CUT_LIES),
        ]
        columns = ["estimate", "value_um", "error_um", "when_it_lies"]
        return pd.DataFrame(rows, columns=columns).assign(kind="estimate from one image")


def one_image_resolution(image: NDArray, *, spacing_um: Sequence[float]) -> OneImageResolution:
    """Estimate the resolution from a single image, by its edges and by its spectrum.

    Where there are two scans or the projections, use `shell_correlation`: this is what is left
    without them. On blurred fields with white noise the decorrelation analysis gave 1.0 to 1.7
    times the half-bit period.

    Parameters
    ----------
    image : ndarray, (z, y, x) or (y, x)
        Grey values, 32 voxels or more along every axis.
    spacing_um : sequence of float
        Voxel size along each axis [µm].

    Returns
    -------
    OneImageResolution

    Raises
    ------
    ValueError
        The image is constant, has values that are no numbers, or is too small.

    References
    ----------
    Descloux, Grußmayer & Radenovic 2019, doi:10.1038/s41592-019-0515-7.

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter
    >>> rng = np.random.default_rng(0)
    >>> image = gaussian_filter(rng.normal(size=(128, 128)), 2) + rng.normal(0, 0.01, (128, 128))
    >>> found = one_image_resolution(image, spacing_um=(1, 1))
    >>> 4 < found.decorrelation_um < 8, bool(np.isnan(found.edge_width_um))
    (True, True)
    """
    image = np.asarray(image)
    ndim = checked_image_ndim(image.shape)
    spacing = checked_spacing(spacing_um, ndim)
    grey = np.ascontiguousarray(as_volume(image), np.float32)
    if min(image.shape) < _FEWEST:
        raise ValueError(f"image needs {_FEWEST} voxels or more an axis, got {image.shape}")
    if not np.isfinite(grey).all() or grey.min() == grey.max():
        raise ValueError("image needs numbers that differ, got a constant, NaN or inf")
    shells = frequency_shells(image.shape, spacing)
    period, flatness, notes = _by_spectrum(grey, shells)
    quality = image_quality(image, spacing_um=spacing)
    width = quality.edge_width_um
    if np.isnan(width):
        notes.append("no width: no edge is clear, or the width differs between the axes")
    elif width == 0:
        width = float("nan")
        notes.append("no width: edges are steeper than a blurred edge can be (sharpened)")
    error = quality.edge_width_error_px * float(np.mean(spacing))
    return OneImageResolution(
        edge_width_um=width,
        edge_width_error_um=float("nan") if np.isnan(width) else error,
        decorrelation_um=period,
        flatness=flatness,
        notes=tuple(notes),
    )


def _by_spectrum(
    grey: NDArray[np.float32], shells: FrequencyShells
) -> tuple[float, float, list[str]]:
    """Period of the cut-off, flatness of what is beyond it, and notes."""
    found = np.abs(spectrum(grey, soft_edges(grey.shape, _SOFT)))
    sizes, squares = np.zeros((2, len(shells.frequency_per_um)))
    for plane in range(shells.shape[0]):
        index = shells.index(plane)
        sizes += shells.sums(found[plane], plane, index)
        squares += shells.sums(found[plane].astype(float) ** 2, plane, index)
    cut, nan = cut_off(sizes, squares, shells), float("nan")
    nyquist = min(shells.nyquist_per_um)
    if np.isnan(cut):
        return nan, nan, ["no cut-off: the spectrum shows no structure above noise"]
    if cut >= _END * nyquist:
        return nan, nan, [
            f"no cut-off below the Nyquist frequency ({format_length(1 / nyquist)}): structure or "
            "correlated noise reaches it"
        ]  # fmt: skip
    flatness = _flatness(squares, cut, shells)
    if flatness < _FLAT:
        return 1 / cut, flatness, [
            f"beyond the cut-off the power falls on, to {flatness:.2g} of what it was: noise is "
            "correlated or structure goes on, and the decorrelation analysis lies"
        ]  # fmt: skip
    return 1 / cut, flatness, []


def _flatness(squares: NDArray, cut: float, shells: FrequencyShells) -> float:
    frequency, nyquist = shells.frequency_per_um, min(shells.nyquist_per_um)
    last = shells.full & (frequency > _END * nyquist)
    way = (frequency - cut) / (nyquist - cut)
    past = (way > _PAST[0]) & (way < _PAST[1])
    if not past.any():
        return float("nan")
    power = [float(squares[band].sum() / shells.voxels[band].sum()) for band in (last, past)]
    return power[0] / power[1]
