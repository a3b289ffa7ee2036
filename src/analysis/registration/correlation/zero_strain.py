"""The zero-strain test: the image against itself, moved by a known amount."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

SHIFT_PX = (0.3, -0.4, 0.5)
_RIM_PX = 12  # faded out, so that the periodic shift has no edge to ring at
_ROOM_PX = 3  # for the outermost windows to move into


@dataclass(frozen=True, eq=False)
class ZeroStrain:
    """What image correlation finds where nothing has deformed.

    Attributes
    ----------
    shift_px : ndarray, shape (d,)
        By which a copy of the image was moved.
    bias_px, sd_px : ndarray, shape (d,)
        Mean error of the windows, and their scatter; NaN where fewer than two were followed.
    theory_px : ndarray, shape (d,)
        Median standard uncertainty that the windows state themselves.
    noise : float
        Standard deviation of the noise that was added to both copies, in grey values.
    windows, followed : int
        How many were tried and followed.
    """

    shift_px: np.ndarray
    bias_px: np.ndarray
    sd_px: np.ndarray
    theory_px: np.ndarray
    noise: float
    windows: int
    followed: int

    @property
    def statement(self) -> str:
        """The test in one sentence."""
        if self.followed < 2:
            return (
                f"Zero-strain test: {self.followed} of {self.windows} windows were followed in a "
                "shifted copy of the image itself: it has too little texture for this window."
            )
        names = "zyx"[-len(self.shift_px) :]
        parts = ", ".join(
            f"{n} {b:+.4f} ± {s:.4f} px (stated {t:.4f})"
            for n, b, s, t in zip(names, self.bias_px, self.sd_px, self.theory_px, strict=True)
        )
        return (
            f"Zero-strain test (the image itself, shifted by {self.shift_px.tolist()} px, with its "
            f"own noise of {self.noise:.3g} added again; {self.followed} of {self.windows} windows "
            f"followed): bias and scatter {parts}."
        )


def zero_strain_test(
    image: ArrayLike,
    *,
    window_px: int = 21,
    model: Literal["translation", "affine"] = "affine",
    mask: ArrayLike | None = None,
    noise: float | None = None,
    most_windows: int = 64,
    seed: int = 0,
) -> ZeroStrain:
    """Follow windows of an image in a copy of it that was shifted by a known amount.

    The middle of the image is shifted by Fourier's theorem, exact between voxels, and new noise of
    the image's own size is added to both copies, since one noise seen twice would flatter.

    Parameters
    ----------
    image : array, shape (z, y, x) or (y, x)
    window_px : int
        Odd.
    model : {"affine", "translation"}
    mask : array of bool, optional
        Voxels that count.
    noise : float, optional
        Standard deviation of the noise; by default estimated from the image.
    most_windows : int
        About how many, side by side.
    seed : int

    Returns
    -------
    ZeroStrain

    Raises
    ------
    ValueError
        The image is not 2-D or 3-D, or not two windows and the rim of the shift fit into it.

    Notes
    -----
    It shows what noise, texture and interpolation do. It does not show what a second scan does
    (drift of the source, warming up): scan twice without load as well, see `repeat_scan`.

    Examples
    --------
    >>> grains = np.random.default_rng(0).normal(size=(96, 96))
    >>> from scipy.ndimage import gaussian_filter
    >>> test = zero_strain_test(gaussian_filter(grains, 2), window_px=15, noise=0.002)
    >>> bool(abs(test.bias_px).max() < 0.01), test.followed == test.windows
    (True, True)
    """
    from ...imaging import noise_sigma
    from .displacement import displacement_field

    values = np.asarray(image)
    if values.ndim not in (2, 3):
        raise ValueError(f"image needs axes (z, y, x) or (y, x), got shape {values.shape}")
    middle = _middle(values.shape, window_px, most_windows)
    part = np.asarray(values[middle], float)
    size = float(noise_sigma(part)) if noise is None else float(noise)
    shift = np.array(SHIFT_PX[-values.ndim :])
    rng = np.random.default_rng(seed)
    copies = [
        faded + size * rng.standard_normal(part.shape)
        for faded in (_faded(part), _shifted(_faded(part), shift))
    ]
    inner = tuple(slice(_RIM_PX - _ROOM_PX, _ROOM_PX - _RIM_PX) for _ in shift)
    found = displacement_field(
        copies[0][inner], copies[1][inner], spacing_um=np.ones(values.ndim), window_px=window_px,
        step_px=window_px, model=model, start_um=np.zeros(values.ndim), zero_strain=False,
        mask=None if mask is None else np.asarray(mask, bool)[middle][inner],
    )  # fmt: skip
    off = (found.u_um - shift)[found.converged]
    enough = len(off) > 1
    unknown = np.full(values.ndim, np.nan)
    return ZeroStrain(
        shift_px=shift,
        bias_px=off.mean(axis=0) if enough else unknown,
        sd_px=off.std(axis=0, ddof=1) if enough else unknown,
        theory_px=np.median(found.sigma_um[found.converged], axis=0) if enough else unknown,
        noise=size,
        windows=len(found.end),
        followed=len(off),
    )


def _middle(shape: tuple[int, ...], window_px: int, most: int) -> tuple[slice, ...]:
    """A box in the middle that holds whole windows, a rim, and room for the shift."""
    a_side = max(2, round(most ** (1 / len(shape))))
    box = [min(n, a_side * window_px + 2 * _RIM_PX) for n in shape]
    if min(box) < window_px + 2 * _RIM_PX:
        raise ValueError(
            f"the zero-strain test needs {window_px + 2 * _RIM_PX} voxels a side for windows "
            f"of {window_px}, got an image of {shape}: smaller windows, or zero_strain=False"
        )
    return tuple(slice((n - b) // 2, (n - b) // 2 + b) for n, b in zip(shape, box, strict=True))


def _faded(part: np.ndarray) -> np.ndarray:
    """Grey values that go smoothly to their mean in the outer half of the rim."""
    mean = part.mean()
    out = part - mean
    ramp = 0.5 - 0.5 * np.cos(np.pi * (np.arange(_RIM_PX // 2) + 0.5) / (_RIM_PX // 2))
    for axis, size in enumerate(part.shape):
        weights = np.ones(size)
        weights[: len(ramp)], weights[-len(ramp) :] = ramp, ramp[::-1]
        out *= weights.reshape([-1 if k == axis else 1 for k in range(part.ndim)])
    return out + mean


def _shifted(part: np.ndarray, shift: np.ndarray) -> np.ndarray:
    from scipy.fft import fftn, ifftn
    from scipy.ndimage import fourier_shift

    return np.asarray(ifftn(fourier_shift(fftn(part), shift)).real)
