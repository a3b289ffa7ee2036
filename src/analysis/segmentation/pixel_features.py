"""What a voxel looks like: grey value, edges, blobs and layers around it, at several scales."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..spacing import checked_image_ndim, checked_spacing
from ..threads import in_slabs, thread_count
from .smoothing import Part, Range, reach_px, smoothed_part

KINDS = ("gaussian", "gradient", "hessian", "structure")
_OUTER = 0.5  # of the inner scale: over which gradients are averaged, as in ilastik


@dataclass(frozen=True)
class PixelFeatures:
    """Which features, at which scales.

    Attributes
    ----------
    sigmas_um : tuple of float
        Standard deviations of the Gaussians, increasing [µm]; they are round in µm, whatever the
        shape of the voxels.
    kinds : tuple of {"gaussian", "gradient", "hessian", "structure"}
        At each scale the smoothed grey value, the gradient magnitude, the eigenvalues of the
        Hessian, and those of the structure tensor (averaged over half the scale). Derivatives are
        multiplied by the scale, so that all are grey values, or their squares.
    intensity : bool
        Whether the grey value itself is one.

    Examples
    --------
    >>> PixelFeatures((1.0, 2.0), kinds=("gaussian", "hessian")).names(2)[:3]
    ('intensity', 'gaussian 1 µm', 'hessian 1 µm, 1')
    """

    sigmas_um: tuple[float, ...]
    kinds: tuple[str, ...] = KINDS
    intensity: bool = True

    def __post_init__(self) -> None:
        sigmas = tuple(float(sigma) for sigma in self.sigmas_um)
        if not all(np.isfinite(sigma) and sigma > 0 for sigma in sigmas) or len(sigmas) > 16:
            raise ValueError(
                f"sigmas_um needs at most 16 scales of more than 0 µm, got {self.sigmas_um}"
            )
        if list(sigmas) != sorted(set(sigmas)):
            raise ValueError(f"sigmas_um needs increasing values, got {sigmas}: sort them")
        unknown = [kind for kind in self.kinds if kind not in KINDS]
        if unknown:
            raise ValueError(f"kinds needs some of {', '.join(KINDS)}, got {unknown[0]!r}")
        if not (self.intensity or (sigmas and self.kinds)):
            raise ValueError("features need the intensity or a scale and a kind, got none")
        object.__setattr__(self, "sigmas_um", sigmas)
        object.__setattr__(self, "kinds", tuple(k for k in KINDS if k in self.kinds))

    @classmethod
    def usual(cls, spacing_um: Sequence[float]) -> PixelFeatures:
        """All kinds at one, two, four and eight times the shortest side of a voxel.

        Examples
        --------
        >>> PixelFeatures.usual((2.0, 0.5, 0.5)).sigmas_um
        (0.5, 1.0, 2.0, 4.0)
        """
        shortest = min(checked_spacing(spacing_um, len(spacing_um)))
        return cls(tuple(shortest * 2**k for k in range(4)))

    def names(self, ndim: int) -> tuple[str, ...]:
        """Name the features of an image of 2 or 3 axes, in their order."""
        names = ["intensity"] if self.intensity else []
        for sigma in self.sigmas_um:
            for kind in self.kinds:
                tensor = kind in ("hessian", "structure")
                numbers = [f", {k + 1}" for k in range(ndim)] if tensor else [""]
                names += [f"{kind} {sigma:g} µm{number}" for number in numbers]
        return tuple(names)

    def reach_px(self, spacing_um: Sequence[float]) -> tuple[int, ...]:
        """How far the features look along each axis [px].

        Examples
        --------
        >>> PixelFeatures((2.0,), kinds=("gaussian",)).reach_px((2.0, 1.0))
        (4, 8)
        """
        if not self.sigmas_um:
            return (0,) * len(spacing_um)
        sigma = self.sigmas_um[-1]
        derivative = int(self.kinds != ("gaussian",))
        outer = _OUTER * sigma if "structure" in self.kinds else 0.0
        return tuple(
            reach_px(sigma / h) + derivative + (reach_px(outer / h) if outer else 0)
            for h in spacing_um
        )

    def parameters(self) -> dict[str, Any]:
        """Plain JSON, for a record."""
        return {
            "sigmas_um": list(self.sigmas_um),
            "kinds": list(self.kinds),
            "intensity": self.intensity,
        }

    @classmethod
    def from_parameters(cls, told: Mapping[str, Any]) -> PixelFeatures:
        """Read what `parameters` wrote.

        Examples
        --------
        >>> features = PixelFeatures((1.0,), intensity=False)
        >>> PixelFeatures.from_parameters(features.parameters()) == features
        True
        """
        try:
            sigmas, kinds, intensity = told["sigmas_um"], told["kinds"], told["intensity"]
            if not isinstance(intensity, bool):
                raise TypeError
            return cls(tuple(sigmas), tuple(kinds), intensity)
        except (KeyError, TypeError) as error:
            raise ValueError(
                f"features need sigmas_um, kinds and intensity, got {dict(told)}"
            ) from error


def pixel_features(
    source: Any,
    features: PixelFeatures,
    *,
    spacing_um: Sequence[float],
    box: Sequence[slice] | None = None,
    fill: float = 0.0,
    threads: int | None = None,
) -> NDArray[np.float32]:
    """Compute features of the voxels of an image, or of a box of it.

    The image is mirrored at its borders. A box has the features that the whole image has there, to
    the bit, and only its surroundings are read: one plane is quick.

    Parameters
    ----------
    source : array_like, (z, y, x) or (y, x)
        Anything with `shape` that gives a box when sliced.
    features : PixelFeatures
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    box : sequence of slice, optional
        With first voxel and end along each axis; everything unless told.
    fill : float
        In place of NaN and infinity [grey value].
    threads : int, optional
        Threads; one a core unless told. The result does not depend on them.

    Returns
    -------
    ndarray of float32, (features, z, y, x) or (features, y, x)
        In the order of `features.names`.

    Examples
    --------
    >>> ramp = np.arange(12.0).reshape(1, 12).repeat(9, axis=0)
    >>> found = pixel_features(ramp, PixelFeatures((1.0,), kinds=("gradient",)), spacing_um=(1, 1))
    >>> found[:, 4, 6].round(4).tolist()
    [6.0, 1.0]
    """
    shape = tuple(int(n) for n in source.shape)
    ndim = checked_image_ndim(shape)
    spacing = checked_spacing(spacing_um, ndim)
    wanted = _ranges(box, shape)
    reach = features.reach_px(spacing)
    read = [
        (max(0, a - r), min(n, b + r)) for (a, b), r, n in zip(wanted, reach, shape, strict=True)
    ]
    values = np.asarray(source[tuple(slice(a, b) for a, b in read)])
    if not np.issubdtype(values.dtype, np.integer):
        values = np.where(np.isfinite(values), values, fill)
    values = np.ascontiguousarray(values, np.float32)
    lead = 3 - ndim
    part = Part(
        values.reshape((1,) * lead + values.shape),
        (0,) * lead + tuple(a for a, _ in read),
        (1,) * lead + shape,
    )
    job = _Job(part, spacing, ((0, 1),) * lead + wanted, lead == 1, thread_count(threads))
    out = np.empty((len(features.names(ndim)), *(b - a for a, b in job.wanted)), np.float32)
    begin = int(features.intensity)
    if features.intensity:
        out[0] = job.middle(part.values, part.first)
    for sigma, place in _places(features, ndim, begin):
        job.fill(out, sigma, place)
    return out.reshape(len(out), *(b - a for a, b in wanted))


def _places(
    features: PixelFeatures, ndim: int, begin: int
) -> Iterator[tuple[float, dict[str, slice]]]:
    for sigma in features.sigmas_um:
        place = {}
        for kind in features.kinds:
            count = ndim if kind in ("hessian", "structure") else 1
            place[kind] = slice(begin, begin + count)
            begin += count
        yield sigma, place


@dataclass(frozen=True)
class _Job:
    """A part of an image, and the box of it for which features are wanted."""

    part: Part
    spacing: tuple[float, ...]
    wanted: tuple[Range, ...]
    picture: bool
    threads: int

    def middle(self, values: NDArray, first: Sequence[int]) -> NDArray:
        """What is wanted, of an array that begins elsewhere."""
        return values[
            tuple(slice(a - f, b - f) for (a, b), f in zip(self.wanted, first, strict=True))
        ]

    def sigmas_px(self, sigma_um: float) -> tuple[float, ...]:
        return (0.0,) * self.picture + tuple(sigma_um / h for h in self.spacing)

    def wider(self, reach: Sequence[int]) -> tuple[Range, ...]:
        """What is wanted and its surroundings, as far as the image reaches."""
        return tuple(
            (max(0, a - r), min(n, b + r))
            for (a, b), r, n in zip(self.wanted, reach, self.part.shape, strict=True)
        )

    def fill(self, out: NDArray[np.float32], sigma_um: float, place: dict[str, slice]) -> None:
        """Write the features of one scale."""
        from .derivative_loops import gradient_and_hessian

        box = self.wanted
        if "structure" in place:
            outer = self.sigmas_px(_OUTER * sigma_um)
            box = self.wider([reach_px(sigma) for sigma in outer])
        margins = (0 if self.picture else 1, 1, 1)
        around = tuple((a - m, b + m) for (a, b), m in zip(box, margins, strict=True))
        if not place.keys() - {"gaussian"}:
            around = box
        smooth = smoothed_part(self.part, self.sigmas_px(sigma_um), around, self.threads)
        first = [a for a, _ in around]
        if "gaussian" in place:
            out[place["gaussian"]] = self.middle(smooth, first)
        factors = np.array([0.0] * self.picture + [sigma_um / 2 / h for h in self.spacing])
        factors = factors.astype(np.float32)
        if "gradient" in place or "hessian" in place:
            edge = [(a - m - f, b + m - f) for (a, b), m, f in
                    zip(self.wanted, margins, first, strict=True)]  # fmt: skip
            near = np.ascontiguousarray(smooth[tuple(slice(a, b) for a, b in edge)])
            gradient = out[place["gradient"]][0] if "gradient" in place else out[0][:0]
            hessian = out[place.get("hessian", slice(0))]
            in_slabs(
                lambda a, b: gradient_and_hessian(near, factors, gradient, hessian, a, b),
                out.shape[1],
                threads=self.threads,
            )
        if "structure" in place:
            out[place["structure"]] = self._structure(smooth, factors, box, outer)

    def _structure(
        self,
        smooth: NDArray[np.float32],
        factors: NDArray[np.float32],
        box: tuple[Range, ...],
        outer: Sequence[float],
    ) -> NDArray[np.float32]:
        from .derivative_loops import gradient_products, tensor_eigenvalues

        size = tuple(b - a for a, b in box)
        products = np.empty((3 if self.picture else 6, *size), np.float32)
        in_slabs(
            lambda a, b: gradient_products(smooth, factors, products, a, b),
            size[0],
            threads=self.threads,
        )
        begin = tuple(a for a, _ in box)
        mean = np.stack([
            smoothed_part(Part(product, begin, self.part.shape), outer, self.wanted, self.threads)
            for product in products
        ])  # fmt: skip
        found = np.empty((2 if self.picture else 3, *mean.shape[1:]), np.float32)
        flat, out = mean.reshape(len(mean), -1), found.reshape(len(found), -1)
        in_slabs(
            lambda a, b: tensor_eigenvalues(flat, out, a, b), flat.shape[1], threads=self.threads
        )
        return found


def _ranges(box: Sequence[slice] | None, shape: tuple[int, ...]) -> tuple[Range, ...]:
    if box is None:
        return tuple((0, n) for n in shape)
    if len(box) != len(shape):
        raise ValueError(f"box needs {len(shape)} slices, one an axis, got {len(box)}")
    ranges = tuple(part.indices(n)[:2] for part, n in zip(box, shape, strict=True))
    if any(b <= a for a, b in ranges):
        raise ValueError(f"box needs at least one voxel of the image an axis, got {tuple(box)}")
    return ranges
