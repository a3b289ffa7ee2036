"""Rigid, similarity and affine transforms that know how well they are known."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...errors import CovarianceUnavailable, Degenerate
from . import tangent
from .joint import carried, draw_changes
from .points import lift
from .tangent import LINEAR, Model

SIGMA_SOURCES = (
    "residuals",
    "stated",
    "stated and residuals",
    "repeated picks",
    "blocks",
    "exact",
)


@dataclass(frozen=True, eq=False)
class AffineTransform:
    """A linear map between two frames, ``T(x) = matrix @ (x - centre) + offset``.

    Frames are three-dimensional, in z, y, x; a 2-D image lies in the plane z = 0 of its frame.

    Parameters
    ----------
    model : {"translation", "rigid", "similarity", "affine"}
        The matrix of a translation is given, and known without error.
        Which parameters were free.
    matrix : (3, 3) array
        Linear part.
    centre_um : (3,) array
        A point of the moving frame, for fits the centroid of the landmarks [um].
    offset_um : (3,) array
        Where the centre goes in the fixed frame [um].
    ndim_moving, ndim_fixed : int
        Dimensions of the two images, 2 or 3.
    covariance : (p, p) array or None
        Covariance of the parameters listed in `scalebridge.analysis.registration.tangent`;
        None where it cannot be told (the landmarks determine the map exactly).
    nu : float or None
        Degrees of freedom behind the localisation error; None where it is known independently.
    sigma_um : float or None
        Localisation error of a landmark, per axis, in the fixed frame [um].
    sigma_source : str
        Where that error comes from: ``residuals``, ``stated``, ``stated and residuals``,
        ``repeated picks``, ``blocks`` (of images) or ``exact``.
    allow_mirror : bool
        Whether it may turn a left hand into a right one; workspaces refuse it otherwise.

    Examples
    --------
    >>> move = AffineTransform.exact(offset_um=[0, 0, 5])
    >>> move.apply([[1.0, 2.0, 3.0]])
    array([[1., 2., 8.]])
    >>> move.inverse_apply(move.apply([[1.0, 2.0, 3.0]]))
    array([[1., 2., 3.]])
    """

    model: Model
    matrix: np.ndarray
    centre_um: np.ndarray
    offset_um: np.ndarray
    ndim_moving: int = 3
    ndim_fixed: int = 3
    covariance: np.ndarray | None = None
    nu: float | None = None
    sigma_um: float | None = None
    sigma_source: str = "stated"
    allow_mirror: bool = False

    def __post_init__(self) -> None:
        _check_choice("model", self.model, LINEAR)
        _check_choice("sigma_source", self.sigma_source, SIGMA_SOURCES)
        if (self.ndim_moving, self.ndim_fixed) not in {(2, 2), (2, 3), (3, 3)}:
            raise ValueError(
                "ndim_moving and ndim_fixed need 2 and 2, 2 and 3, or 3 and 3, "
                f"got {self.ndim_moving!r} and {self.ndim_fixed!r}"
            )
        self._freeze("matrix", (3, 3))
        self._freeze("centre_um", (3,))
        self._freeze("offset_um", (3,))
        if self.covariance is not None:
            self._freeze("covariance", (self.parameter_count, self.parameter_count))
        if np.linalg.matrix_rank(self.matrix) < 3:
            values = np.linalg.svd(self.matrix, compute_uv=False).round(6).tolist()
            raise Degenerate(
                "a transform needs an invertible matrix, got a singular one "
                f"(singular values {values}): the landmarks do not span the space, "
                "choose a simpler model"
            )

    def _freeze(self, name: str, shape: tuple[int, ...]) -> None:
        value = np.array(getattr(self, name), dtype=float)
        if value.shape != shape or not np.isfinite(value).all():
            got = f"shape {value.shape}" if value.shape != shape else value.tolist()
            raise ValueError(f"{name} needs {shape} finite numbers, got {got}")
        value.flags.writeable = False
        object.__setattr__(self, name, value)

    @classmethod
    def exact(
        cls,
        matrix: ArrayLike = ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
        *,
        offset_um: ArrayLike = (0, 0, 0),
        centre_um: ArrayLike = (0, 0, 0),
        allow_mirror: bool = False,
    ) -> AffineTransform:
        """Make a 3-D transform that is known without error (a crop, a definition).

        A flip needs ``allow_mirror=True`` before a workspace takes it.
        """
        return cls(
            model="affine",
            matrix=np.asarray(matrix, dtype=float),
            centre_um=np.asarray(centre_um, dtype=float),
            offset_um=np.asarray(offset_um, dtype=float),
            covariance=np.zeros((12, 12)),
            sigma_um=0.0,
            sigma_source="exact",
            allow_mirror=allow_mirror,
        )

    @property
    def parameter_count(self) -> int:
        """Number of free parameters p."""
        return tangent.parameter_count(self.model, self.ndim_moving, self.ndim_fixed)

    @property
    def scale(self) -> float:
        """Mean linear magnification, the cube root of the determinant's size."""
        return float(abs(np.linalg.det(self.matrix)) ** (1 / 3))

    @property
    def scale_sigma(self) -> float:
        """Relative standard uncertainty of `scale`; NaN without a covariance.

        0 for a rigid transform, whose scale is not in question.
        """
        if self.covariance is None:
            return float("nan")
        jac = self.jacobian(self.centre_um + np.vstack([np.zeros(3), np.eye(3)]))
        columns = jac[1:] - jac[0]  # how column k of the matrix moves with each parameter
        slope = np.einsum("ki,kip->p", np.linalg.inv(self.matrix), columns) / 3
        return float(np.sqrt(max(slope @ self.covariance @ slope, 0.0)))

    @property
    def rotation_sigma_deg(self) -> float:
        """Largest standard deviation of the turn [degree]; NaN without a covariance."""
        if self.covariance is None:
            return float("nan")
        if self.model == "translation":
            return 0.0
        first = self.ndim_fixed
        if self.model == "affine":
            return float(np.degrees(np.sqrt(np.diag(self.covariance)[first:].max())))
        turns = 1 if self.ndim_fixed == 2 else 3
        block = self.covariance[first : first + turns, first : first + turns]
        return float(np.degrees(np.sqrt(max(np.linalg.eigvalsh(block)[-1], 0.0))))

    @property
    def homogeneous(self) -> np.ndarray:
        """The map as one (4, 4) matrix on z, y, x, 1 [um]."""
        out = np.eye(4)
        out[:3, :3] = self.matrix
        out[:3, 3] = self.offset_um - self.matrix @ self.centre_um
        return out

    def apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the moving frame to the fixed frame.

        Parameters
        ----------
        points_um : (n, 3) array, or (n, 2) of a 2-D image
            Positions in the moving frame [um].

        Returns
        -------
        (n, 3) array
            Positions in the fixed frame [um].
        """
        return (lift(points_um) - self.centre_um) @ self.matrix.T + self.offset_um

    def inverse_apply(self, points_um: ArrayLike) -> np.ndarray:
        """Map points of the fixed frame back to the moving frame: (n, 3) [um].

        In a 2-D moving image, z is the height of the point over its plane.
        """
        arms = np.linalg.solve(self.matrix, (lift(points_um) - self.offset_um).T).T
        return arms + self.centre_um

    def jacobian(self, points_um: ArrayLike) -> np.ndarray:
        """Differentiate mapped points by the parameters: (n, 3, p)."""
        arms = lift(points_um) - self.centre_um
        return tangent.jacobian(self.model, self.ndim_moving, self.ndim_fixed, self.matrix, arms)

    def covariance_at(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> np.ndarray:
        """Predict the covariance of mapped points (target registration error), to first order.

        Parameters
        ----------
        points_um : (n, 3) array
            Positions in the moving frame [um].
        localisation_um2 : (3, 3) or (n, 3, 3) array, optional
            Covariance of the positions themselves, in the moving frame [um2].

        Returns
        -------
        (n, 3, 3) array
            Covariance in the fixed frame [um2].

        Raises
        ------
        CovarianceUnavailable
            If no landmark is left over to tell the localisation error from.

        References
        ----------
        Danilchenko & Fitzpatrick 2011, doi:10.1109/TMI.2010.2091513. First order: with a rotation
        known to worse than 1 degree, sample instead (`draw`).
        """
        out = carried(self.jacobian(points_um), self._known_covariance())
        if localisation_um2 is not None:
            out = out + self.matrix @ np.asarray(localisation_um2, dtype=float) @ self.matrix.T
        return out

    def inverse_covariance_at(
        self, points_um: ArrayLike, localisation_um2: ArrayLike | None = None
    ) -> np.ndarray:
        """Predict the covariance of points mapped back: (n, 3, 3) in the moving frame [um2].

        ``points_um`` and ``localisation_um2`` are in the fixed frame.
        """
        jac = self.jacobian(self.inverse_apply(points_um))
        total = carried(jac, self._known_covariance())
        if localisation_um2 is not None:
            total = total + np.asarray(localisation_um2, dtype=float)
        back = np.linalg.inv(self.matrix)
        return back @ total @ back.T

    def draw(self, count: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Draw transforms that are as likely as this one is uncertain.

        Multivariate normal, or multivariate t with `nu` degrees of freedom.

        Returns
        -------
        matrices : (count, 3, 3) array
        offsets_um : (count, 3) array
            Where the centre goes [um].
        """
        return self.changed(self.draw_changes(count, rng))

    def draw_changes(self, count: int, rng: np.random.Generator) -> np.ndarray:
        """Draw changes of the parameters, as `draw` does: (count, p)."""
        return draw_changes(self._known_covariance(), self.nu, count, rng)

    def changed(self, changes: ArrayLike) -> tuple[np.ndarray, np.ndarray]:
        """Apply changes of the parameters, (m, p): matrices (m, 3, 3), offsets (m, 3) [um]."""
        return tangent.perturb(
            self.model,
            self.ndim_moving,
            self.ndim_fixed,
            self.matrix,
            self.offset_um,
            np.asarray(changes, dtype=float),
        )

    def with_covariance(self, covariance: ArrayLike | None, **changes: Any) -> AffineTransform:
        """Return the same map with another covariance (and ``nu``, ``sigma_um`` ...)."""
        value = None if covariance is None else np.asarray(covariance, dtype=float)
        return replace(self, covariance=value, **changes)

    def _known_covariance(self) -> np.ndarray:
        if self.covariance is None:
            if self.sigma_um == 0.0:
                raise CovarianceUnavailable(
                    f"the residuals of the {self.model} transform are zero: its landmarks were "
                    "copied or generated, not measured independently, and do not tell the "
                    "localisation error; state sigma_um"
                )
            if self.sigma_source != "residuals":
                raise CovarianceUnavailable(
                    f"the {self.model} transform came without an error: state one, "
                    "with_covariance(...), or register with one"
                )
            raise CovarianceUnavailable(
                f"the {self.model} transform has as many parameters ({self.parameter_count}) as "
                "its landmarks have coordinates, so nothing is left to tell the localisation error "
                "from: add landmarks, choose a simpler model, or state sigma_um"
            )
        return self.covariance

    def to_dict(self) -> dict[str, Any]:
        """Write the transform as plain JSON types, lossless."""
        nu = None if self.nu is None or not np.isfinite(self.nu) else float(self.nu)
        return {
            "kind": "affine",
            "model": self.model,
            "matrix": self.matrix.tolist(),
            "centre_um": self.centre_um.tolist(),
            "offset_um": self.offset_um.tolist(),
            "ndim_moving": int(self.ndim_moving),
            "ndim_fixed": int(self.ndim_fixed),
            "covariance": None if self.covariance is None else self.covariance.tolist(),
            "nu": nu,
            "sigma_um": None if self.sigma_um is None else float(self.sigma_um),
            "sigma_source": self.sigma_source,
            **({"allow_mirror": True} if self.allow_mirror else {}),
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> AffineTransform:
        """Read what `to_dict` wrote."""
        fields = {key: value for key, value in data.items() if key != "kind"}
        if data.get("kind", "affine") != "affine":
            raise ValueError(f"kind needs 'affine', got {data['kind']!r}: use transform_from_dict")
        return cls(**fields)


def _check_choice(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} needs one of {', '.join(allowed)}, got {value!r}")
