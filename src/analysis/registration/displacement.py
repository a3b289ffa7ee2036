"""A map given by how far each place of a grid is displaced."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable, Degenerate
from .inversion import invert
from .points import lift
from .trilinear import Cells, cells_of

_MOST = 20_000  # numbers that a record holds; larger fields are images


@dataclass(frozen=True, eq=False)
class DisplacementField:
    """A map ``T(x) = x + u(x)``, with u linear between the places of a grid.

    Parameters
    ----------
    field_um : (z, y, x, 3) array
        Displacement u in z, y, x [um]; one layer for two pictures.
    spacing_um, origin_um : (3,) array
        Grid step, and the place of the first value, in the moving frame [um].
    sigma_um : float or (z, y, x) array, optional
        Error of the displacement, per axis [um].
    covariance_um2 : (3, 3) or (z, y, x, 3, 3) array, optional
        Covariance of the displacement instead [um2].
    nu : float, optional
        Degrees of freedom behind it; None where it is known independently.
    correlation_um : float, optional
        Distance over which errors are alike (their correlation is ``exp(-r²/2L²)``) [um]; needed
        to draw several points together.

    Raises
    ------
    ValueError
        For other shapes, or values that are not finite.

    Examples
    --------
    >>> field = DisplacementField(np.full((2, 2, 2, 3), 0.5), spacing_um=[4, 4, 4])
    >>> field.apply([[1.0, 2.0, 3.0]])
    array([[1.5, 2.5, 3.5]])
    >>> field.folds()
    0.0
    """

    field_um: np.ndarray
    spacing_um: np.ndarray
    origin_um: np.ndarray = (0.0, 0.0, 0.0)  # type: ignore[assignment]
    sigma_um: float | np.ndarray | None = None
    covariance_um2: np.ndarray | None = None
    nu: float | None = None
    correlation_um: float | None = None

    model = "displacement field"
    covariance = None  # it has no parameters that could have one
    sigma_source = "stated"

    def __post_init__(self) -> None:
        field = np.asarray(self.field_um)
        if field.ndim != 4 or field.shape[3] != 3 or max(field.shape[:3]) < 2:
            raise ValueError(f"field_um needs shape (z, y, x, 3), got {field.shape}")
        self._freeze("field_um", field.shape, np.result_type(field.dtype, np.float32))
        self._freeze("spacing_um", (3,))
        self._freeze("origin_um", (3,))
        if (self.spacing_um <= 0).any():
            raise ValueError(f"spacing_um needs values above 0, got {self.spacing_um.tolist()}")
        if self.sigma_um is not None and self.covariance_um2 is not None:
            raise ValueError("sigma_um and covariance_um2 were both given: give one of them")
        grid = field.shape[:3]
        if self.sigma_um is not None:
            self._freeze("sigma_um", () if np.ndim(self.sigma_um) == 0 else grid)
            if (np.asarray(self.sigma_um) < 0).any():
                raise ValueError("sigma_um needs values of 0 or more [um], got negative ones")
        if self.covariance_um2 is not None:
            one = np.ndim(self.covariance_um2) == 2
            self._freeze("covariance_um2", (3, 3) if one else (*grid, 3, 3))

    def _freeze(self, name: str, shape: tuple[int, ...], dtype: Any = float) -> None:
        value = np.array(getattr(self, name), dtype=dtype)
        if value.shape != shape or not np.isfinite(value).all():
            got = f"shape {value.shape}" if value.shape != shape else "NaN or infinity"
            raise ValueError(f"{name} needs shape {shape} of finite numbers, got {got}")
        value.flags.writeable = False
        object.__setattr__(self, name, value)

    @property
    def ndim_moving(self) -> int:
        """2 for one layer, else 3."""
        return 2 if self.field_um.shape[0] == 1 else 3

    @property
    def ndim_fixed(self) -> int:
        """As `ndim_moving`."""
        return self.ndim_moving

    def apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the moving to the fixed frame: (n, 3) [um].

        Raises
        ------
        ValueError
            Outside the grid, where nothing is known.
        """
        points = lift(points_um)
        return points + self._cells(points).values(self.field_um)

    def gradient(self, points_um: ArrayLike) -> np.ndarray:
        """Differentiate mapped points by the points: (n, 3, 3), within a point's cell."""
        return np.eye(3) + self._cells(lift(points_um)).slopes(self.field_um, self.spacing_um)

    def determinant(self, points_um: ArrayLike) -> np.ndarray:
        """Tell by how much volume grows: (n,); 0 or less where the map folds."""
        return np.linalg.det(self.gradient(points_um))

    def jacobian_determinant(self) -> np.ndarray:
        """Smallest growth of volume in each cell of the grid: (z - 1, y - 1, x - 1).

        Of the corners of the cell, where a map that is linear along each axis has its extremes
        but for those between opposite corners.
        """
        wide = [axis for axis in range(3) if self.field_um.shape[axis] > 1]
        steps = {axis: np.diff(self.field_um, axis=axis) / self.spacing_um[axis] for axis in wide}
        least = np.full([max(1, length - 1) for length in self.field_um.shape[:3]], np.inf)
        for corner in product((0, 1), repeat=len(wide)):
            at = dict(zip(wide, corner, strict=True))
            slope = np.broadcast_to(np.eye(3), (*least.shape, 3, 3)).copy()
            for axis in wide:
                slope[..., axis] += _cut(steps[axis], at, axis)
            least = np.minimum(least, np.linalg.det(slope))
        return least

    def folds(self) -> float:
        """Share of the grid's cells in which the map folds."""
        return float(np.mean(self.jacobian_determinant() <= 0))

    def inverse_apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the fixed back to the moving frame: (n, 3) [um].

        Raises
        ------
        Degenerate
            Where the map folds, or where no point of the grid is mapped to.
        """
        points = lift(points_um)
        self._refuse_folded(points)
        places = self._places()
        return invert(
            _Held(self),
            points,
            start=2 * points - _Held(self).apply(points),
            knots=(places, places + self._coarse()),
            size_um=float(np.max(self.spacing_um * (np.array(self.field_um.shape[:3]) - 1))),
        )

    def covariance_at(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> np.ndarray:
        """Predict the covariance of mapped points: (n, 3, 3) in the fixed frame [um2].

        ``localisation_um2`` is the covariance of the points themselves, in the moving frame.

        Raises
        ------
        CovarianceUnavailable
            If the field came without an error.
        """
        points = lift(points_um)
        if self.covariance_um2 is not None:
            total = self._interpolated(self.covariance_um2, 2, points)
        elif self.sigma_um is not None:
            sigma = self._interpolated(np.asarray(self.sigma_um), 0, points)
            axes = np.ones(3) if self.ndim_fixed == 3 else np.array([0.0, 1.0, 1.0])
            total = sigma[:, None, None] ** 2 * np.diag(axes)
        else:
            raise CovarianceUnavailable(
                "the displacement field came without an error: state sigma_um or covariance_um2"
            )
        if localisation_um2 is not None:
            slope = self.gradient(points)
            total = total + slope @ np.asarray(localisation_um2, float) @ slope.transpose(0, 2, 1)
        return total

    def inverse_covariance_at(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> np.ndarray:
        """As `covariance_at`, for points mapped back: (n, 3, 3) in the moving frame [um2]."""
        places = self.inverse_apply(points_um)
        back = np.linalg.inv(self.gradient(places))
        total = self.covariance_at(places)
        if localisation_um2 is not None:
            total = total + np.asarray(localisation_um2, dtype=float)
        return back @ total @ back.transpose(0, 2, 1)

    def joint_covariance(self, points_um: ArrayLike) -> np.ndarray:
        """Joint covariance of mapped points: (n, 3, n, 3) [um2].

        Without ``correlation_um`` the errors of different points are taken as independent.

        Raises
        ------
        CovarianceUnavailable
            If the field came without an error.
        """
        points = lift(points_um)
        sizes, axes = np.linalg.eigh(self.covariance_at(points))
        roots = axes * np.sqrt(np.clip(sizes, 0, None))[:, None] @ axes.transpose(0, 2, 1)
        return np.einsum("ij,iac,jbc->iajb", self._alike(points), roots, roots)

    def _alike(self, points: np.ndarray) -> np.ndarray:
        """Correlation of the errors of points: (n, n)."""
        if self.correlation_um is None:
            return np.eye(len(points))
        apart = np.sum((points[:, None] - points[None]) ** 2, axis=2)
        return np.asarray(np.exp(-0.5 * apart / self.correlation_um**2))

    def draw(self, points_um: ArrayLike, count: int, rng: np.random.Generator) -> np.ndarray:
        """Map points by fields as likely as this one: (count, n, 3) [um].

        Parameters
        ----------
        points_um : (n, 3) or (count, n, 3) array
            Positions in the moving frame, the same or other ones for each draw [um].
        count : int
        rng : numpy.random.Generator

        Raises
        ------
        CovarianceUnavailable
            Without an error, and of several points without ``correlation_um``.
        """
        points = np.asarray(points_um, dtype=float)
        several = points.ndim == 3
        middle = lift(points.mean(axis=0) if several else points)
        if self.correlation_um is None and len(middle) > 1:
            raise CovarianceUnavailable(
                "points of a displacement field can be drawn together only where correlation_um, "
                "the distance over which its errors are alike, is stated"
            )
        values, vectors = np.linalg.eigh(self._alike(middle))
        moves = (vectors * np.sqrt(np.clip(values, 0, None))) @ rng.standard_normal(
            (count, len(middle), 3)
        )
        sizes, axes = np.linalg.eigh(self.covariance_at(middle))
        moves = np.einsum("nij,cnj->cni", axes * np.sqrt(np.clip(sizes, 0, None))[:, None], moves)
        if self.nu is not None and np.isfinite(self.nu):
            moves *= np.sqrt(self.nu / rng.chisquare(self.nu, size=(count, 1, 1)))
        if not several:
            return self.apply(middle) + moves
        return self.apply(points.reshape(-1, 3)).reshape(points.shape) + moves

    def to_dict(self) -> dict[str, Any]:
        """Write the field as plain JSON types, lossless.

        Raises
        ------
        ValueError
            Above 20,000 numbers, which belong into an image.
        """
        grids = [self.field_um, self.sigma_um, self.covariance_um2]
        numbers = sum(np.size(grid) for grid in grids if grid is not None)
        if numbers > _MOST:
            raise ValueError(
                f"a record holds displacement fields of up to {_MOST:,} numbers, got {numbers:,}: "
                "keep the field as an image, or on a coarser grid"
            )
        named: dict[str, Any] = {"field_um": self.field_um, "spacing_um": self.spacing_um}
        named |= {"origin_um": self.origin_um, "sigma_um": self.sigma_um}
        named |= {"covariance_um2": self.covariance_um2}
        return {
            "kind": "displacement field",
            **{key: None if a is None else np.asarray(a).tolist() for key, a in named.items()},
            "nu": self.nu,
            "correlation_um": self.correlation_um,
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> DisplacementField:
        """Read what `to_dict` wrote."""
        return cls(**{key: value for key, value in data.items() if key != "kind"})

    @cached_property
    def _folded(self) -> tuple[np.ndarray, np.ndarray]:
        """Boxes around the images of the cells that fold: two (k, 3) [um]."""
        cells = np.argwhere(self.jacobian_determinant() <= 0)
        wide = np.array(self.field_um.shape[:3]) > 1
        corners = cells[:, None] + np.array(list(product((0, 1), repeat=3)))[None] * wide
        seen = self.origin_um + self.spacing_um * corners
        seen = seen + self.field_um[tuple(np.moveaxis(corners, -1, 0))]
        return seen.min(axis=1), seen.max(axis=1)

    def _refuse_folded(self, points: np.ndarray) -> None:
        low, high = self._folded
        for point in points if len(low) else ():
            if ((low <= point) & (point <= high)).all(axis=1).any():
                raise Degenerate(
                    f"the map folds at z, y, x = {np.round(point, 3).tolist()} um: a point there "
                    "has several origins; smooth the field, or cut it to where it is good"
                )

    def _cells(self, points: np.ndarray) -> Cells:
        return cells_of(points, self.field_um.shape[:3], self.spacing_um, self.origin_um)

    def _interpolated(self, values: np.ndarray, ndim: int, points: np.ndarray) -> np.ndarray:
        if values.ndim == ndim:
            return np.broadcast_to(values, (len(points), *values.shape))
        return self._cells(points).values(values)

    def _held(self, points: np.ndarray) -> np.ndarray:
        """Bring points into the grid."""
        end = self.origin_um + self.spacing_um * (np.array(self.field_um.shape[:3]) - 1)
        return np.clip(points, self.origin_um, end)

    def _every(self) -> tuple[slice, ...]:
        return tuple(slice(None, None, max(1, length // 12)) for length in self.field_um.shape[:3])

    def _places(self) -> np.ndarray:
        """Some places of the grid: (k, 3) [um]."""
        grid = [
            np.arange(n)[cut] for n, cut in zip(self.field_um.shape, self._every(), strict=False)
        ]
        index = np.stack(np.meshgrid(*grid, indexing="ij"), axis=-1).reshape(-1, 3)
        return self.origin_um + self.spacing_um * index

    def _coarse(self) -> np.ndarray:
        return self.field_um[self._every()].reshape(-1, 3).astype(float)


@dataclass(frozen=True, eq=False)
class _Held:
    """The field continued beyond its rim by the displacement there, while an inverse is sought."""

    field: DisplacementField

    def apply(self, points_um: np.ndarray) -> np.ndarray:
        held = self.field._held(points_um)
        return self.field.apply(held) + (points_um - held)

    def gradient(self, points_um: np.ndarray) -> np.ndarray:
        return self.field.gradient(self.field._held(points_um))

    def determinant(self, points_um: np.ndarray) -> np.ndarray:
        inside = np.abs(self.field._held(points_um) - points_um) <= 1e-9 * self.field.spacing_um
        found = self.field.determinant(self.field._held(points_um))
        return np.where(inside.all(axis=1), found, -1.0)


def _cut(steps: np.ndarray, corner: dict[int, int], along: int) -> np.ndarray:
    """Take the steps along an axis at one corner of every cell."""
    cut = [slice(None)] * 3
    for axis, side in corner.items():
        if axis != along:
            cut[axis] = slice(1, None) if side else slice(None, -1)
    return steps[tuple(cut)]
