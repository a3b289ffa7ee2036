"""Sections cut from volumes, with the plane that they were cut at."""

from __future__ import annotations

import numpy as np
from scipy import ndimage
from scipy.spatial.transform import Rotation

from scalebridge.analysis.registration import AffineTransform
from scalebridge.analysis.registration.grey_image import GreyImage
from scalebridge.analysis.registration.plane import SliceInVolume


def band_limited(size: int, *, length: float, seed: int) -> np.ndarray:
    """Gaussian field of unit variance whose correlation falls to exp(-1) at a length [voxel]."""
    noise = np.random.default_rng(seed).standard_normal((size,) * 3).astype(np.float32)
    field = ndimage.gaussian_filter(noise, length / 2, mode="wrap")
    return field / field.std()


def place(
    shape: tuple[int, int], centre_um: np.ndarray, turn: np.ndarray, *, pixel_um: float = 1.0
) -> AffineTransform:
    middle = np.array([0, *(np.array(shape) - 1) / 2]) * pixel_um
    return AffineTransform("similarity", turn, middle, centre_um, 2, 3)


def cut(
    volume: GreyImage,
    at: AffineTransform,
    shape: tuple[int, int],
    *,
    pixel_um: float = 1.0,
    blur_px: float = 0.0,
    snr: float = 5.0,
    seed: int = 0,
    bow: tuple[float, float, float] = (0, 0, 0),
    contrast: float = 0.5,
) -> GreyImage:
    """Resample a plane by cubic splines, blur it, re-contrast it (exp), add noise."""
    pixels = np.indices((1, *shape)).reshape(3, -1).T * pixel_um
    y, x = (pixels - at.centre_um)[:, 1:].T
    pixels[:, 0] = bow[0] * y**2 + bow[1] * y * x + bow[2] * x**2
    points = (at.apply(pixels) - volume.origin_um) / volume.spacing_um
    grey = ndimage.map_coordinates(volume.values, points.T, order=3, mode="nearest")
    grey = ndimage.gaussian_filter(grey.reshape(shape), blur_px)
    grey = np.exp(contrast * (grey - grey.mean()) / grey.std())
    noise = np.random.default_rng(seed).standard_normal(shape) * grey.std() / snr
    return GreyImage(grey + noise, [pixel_um, pixel_um])


def moved_away(
    at: AffineTransform, *, seed: int, shift_um: float = 20.0, turn_deg: float = 10.0
) -> AffineTransform:
    rng = np.random.default_rng(seed)
    turn = Rotation.from_rotvec(np.radians(rng.uniform(-turn_deg, turn_deg, 3))).as_matrix()
    offset = at.offset_um + rng.uniform(-shift_um, shift_um, 3)
    return AffineTransform("similarity", turn @ at.matrix, at.centre_um, offset, 2, 3)


def errors(found: SliceInVolume | AffineTransform, at: AffineTransform) -> tuple[float, ...]:
    """In-plane [um], along the normal [um], tilt [degree], whole turn [degree]."""
    transform = found if isinstance(found, AffineTransform) else found.transform
    normal, seen = (np.cross(t.matrix[:, 1], t.matrix[:, 2]) / t.scale**2 for t in (at, transform))
    off = transform.apply(at.centre_um[None])[0] - at.offset_um
    along = float(off @ normal)
    tilt = np.degrees(np.arccos(np.clip(normal @ seen, -1, 1)))
    turn = Rotation.from_matrix(transform.matrix / transform.scale @ at.matrix.T / at.scale)
    aside = float(np.linalg.norm(off - along * normal))
    return aside, abs(along), float(tilt), float(np.degrees(turn.magnitude()))


def section(
    seed: int, *, size: int = 128, across: int = 96, length: float = 4.0, snr: float = 5.0
) -> tuple[GreyImage, GreyImage, AffineTransform]:
    """Row 16: an oblique section of a band-limited volume, both noisy, and where it was cut."""
    field = band_limited(size, length=length, seed=seed)
    rng = np.random.default_rng(10_000 + seed)
    turn = Rotation.random(random_state=seed).as_matrix()
    middle = (size - 1) / 2 + rng.uniform(-1, 1, 3) * size * 0.06
    at = place((across, across), middle, turn)
    picture = cut(GreyImage(field, [1, 1, 1]), at, (across, across), snr=snr, seed=seed)
    noisy = field + rng.standard_normal(field.shape).astype(np.float32) / snr
    return picture, GreyImage(noisy, [1, 1, 1]), at
