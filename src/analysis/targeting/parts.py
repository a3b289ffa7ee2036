"""How much of a place's uncertainty comes from where."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from ..registration import FramePath, Region, confidence_region, effective_nu
from ..registration.instrument import InstrumentError
from ..registration.points import lift

if TYPE_CHECKING:
    import pandas as pd

LOCALISATION = "localisation"
_ORDER = (2, 1, 0)


@dataclass(frozen=True, eq=False)
class UncertaintySplit:
    """The covariance of a place in the instrument's frame, by cause.

    Attributes
    ----------
    parts : dict of str to (3, 3) array
        Covariances, z, y, x [um2]: ``registration: <edge>`` one an edge, ``localisation``,
        ``stage``, ``drift``, ``scale``.
    nu : float or None
        Effective degrees of freedom of the whole; None where every part is known.
    """

    parts: dict[str, np.ndarray]
    nu: float | None

    @property
    def covariance_um2(self) -> np.ndarray:
        """All parts together: (3, 3) [um2]."""
        return np.asarray(sum(self.parts.values(), np.zeros((3, 3))))

    def region(self, level: float = 0.95) -> Region:
        """The ellipsoid that covers the place with a probability."""
        return confidence_region(self.covariance_um2, level=level, nu=self.nu)

    def table(self) -> pd.DataFrame:
        """One row a part and one for all: standard uncertainties, share of the variance."""
        import pandas as pd

        total = float(np.trace(self.covariance_um2))
        rows = [
            {
                "part": name,
                **{f"s{'zyx'[k]}_um": float(np.sqrt(part[k, k])) for k in _ORDER},
                "share_of_variance": float(np.trace(part)) / total if total else 0.0,
            }
            for name, part in {**self.parts, "all": self.covariance_um2}.items()
        ]
        return pd.DataFrame(rows)


def split_uncertainty(
    way: FramePath,
    point_um: ArrayLike,
    *,
    localisation_um2: ArrayLike | None = None,
    instrument: InstrumentError | None = None,
) -> UncertaintySplit:
    """Split the uncertainty of a mapped place into its causes.

    Parameters
    ----------
    way : FramePath
        From the place's frame to the instrument's.
    point_um : (3,) array
        The place in the first frame, z, y, x [um].
    localisation_um2 : (3, 3) array, optional
        Covariance of the place itself, in the first frame [um2].
    instrument : InstrumentError, optional

    Returns
    -------
    UncertaintySplit

    References
    ----------
    Degrees of freedom of the sum: Nel & van der Merwe 1986, doi:10.1080/03610928608829342.

    Examples
    --------
    >>> from scalebridge.analysis.registration import FramePath
    >>> split = split_uncertainty(
    ...     FramePath("survey"), [0, 0, 0], localisation_um2=np.eye(3),
    ...     instrument=InstrumentError(stage_um=2.0),
    ... )
    >>> split.table()[["part", "sx_um", "share_of_variance"]].round(2).values.tolist()[:2]
    [['localisation', 1.0, 0.2], ['stage', 2.0, 0.8]]
    """
    point = lift(point_um)[:1]
    named = {name: part[0] for name, part in way.contributions(point).items()}
    freedom = {name: way.nu_of(name) for name in named}
    parts = {f"registration: {name}": part for name, part in named.items()}
    if localisation_um2 is not None:
        matrix = way.gradient_at(point)[0]
        parts[LOCALISATION] = matrix @ np.asarray(localisation_um2, dtype=float) @ matrix.T
    if instrument is not None:
        added = instrument.parts_at(way.apply(point))
        parts |= {name: part[0] for name, part in added.items()}
    known = sum(parts.values(), np.zeros((3, 3))) - sum(named.values(), np.zeros((3, 3)))
    nu = freedom_of_sum(known, named, freedom)
    return UncertaintySplit(parts, nu)


def freedom_of_sum(
    known_um2: np.ndarray, parts_um2: Mapping[str, np.ndarray], freedom: Mapping[str, float | None]
) -> float | None:
    """Degrees of freedom of a known covariance and estimated parts; None where all is known."""
    listed = [known_um2[None], *(part[None] for part in parts_um2.values())]
    nu = float(effective_nu(listed, [None, *(freedom[name] for name in parts_um2)])[0])
    return nu if np.isfinite(nu) else None
