"""Relative permeabilities of two fluids in a pore network, while one drives out the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .network import extracted, flow_rate, quiet, unit_phase

if TYPE_CHECKING:
    import pandas as pd

_CLOSED = 1e-6  # what openpnm leaves of a conduit that the other fluid holds
_NOTHING = 1e-4


@dataclass(frozen=True, eq=False)
class RelativePermeability:
    """How well two fluids flow beside each other during drainage.

    Attributes
    ----------
    table : DataFrame
        `wetting_saturation`, falling from 1; `wetting` and `non_wetting`, permeability over that of
        one fluid alone.
    axis : str
    trapping : bool
    convention : str
        Which network, which conduits count as closed.
    """

    table: pd.DataFrame
    axis: str
    trapping: bool
    convention: str


def relative_permeability(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    points: int = 12,
    trapping: bool = True,
) -> RelativePermeability:
    """Drain the pore network of an image and let both fluids flow at several saturations.

    Needs the extra ``pores`` (porespy and openpnm). It is the network's answer: a conduit belongs
    to the fluid that holds both its pores and its throat, films and corners carry nothing, and the
    fluids do not drag each other. Fluids that rest in the corners of a real pore conduct at
    saturations at which these curves are 0.

    Parameters
    ----------
    pore : ndarray of bool, (z, y, x)
    spacing_um : sequence of float
        Voxel size [µm]; cubes only.
    axis : {"z", "y", "x"}
        Of the flow; the non-wetting fluid enters at its beginning.
    points : int
        Saturations, at least 2.
    trapping : bool
        Whether wetting fluid that is cut off from the other end stays.

    Returns
    -------
    RelativePermeability

    Raises
    ------
    MissingPackage
        porespy or openpnm are not installed.
    ValueError
        Voxels are no cubes, there is no pore, or nothing leads through.
    """
    if points < 2:
        raise ValueError(f"points needs 2 or more saturations, got {points}")
    network, openpnm, made_by = extracted(pore, spacing_um=spacing_um, axis=axis)
    phase = unit_phase(openpnm, network)
    phase["throat.entry_pressure"] = 4.0 / np.asarray(network["throat.diameter"])
    alone = flow_rate(openpnm, network, phase)
    if alone <= 0:
        raise ValueError(
            f"pore needs a path from end to end along {axis}, got none: choose another"
        )
    pores, throats = _drained(openpnm, network, phase, trapping)
    volumes = np.asarray(network["pore.region_volume"], dtype=float)
    rows = []
    for last in _steps(pores, volumes, points):
        held = {
            "pore": (pores >= 0) & (pores <= last),
            "throat": (throats >= 0) & (throats <= last),
        }
        _open_ends(network, held)
        row = {"wetting_saturation": 1 - float(volumes[held["pore"]].sum() / volumes.sum())}
        for fluid, turned in (("wetting", True), ("non_wetting", False)):
            rate = _with(openpnm, network, phase, held, turned) / alone
            row[fluid] = rate if rate > _NOTHING else 0.0
        rows.append(row)
    import pandas as pd

    said = f"{made_by}; a conduit is a fluid's where it holds both pores and the throat"
    return RelativePermeability(pd.DataFrame(rows), axis, trapping, said)


def _drained(
    openpnm: Any, network: Any, phase: Any, trapping: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when each pore and throat was invaded, -1 where it never was."""
    drainage = openpnm.algorithms.InvasionPercolation(network=network, phase=phase)
    drainage.set_inlet_BC(pores=network.pores("xmin"))
    if trapping:
        drainage.set_outlet_BC(pores=network.pores("xmax"))
    with quiet():
        drainage.run()
        if trapping:
            drainage.apply_trapping()
    found = []
    for kind in ("pore", "throat"):
        order = np.array(drainage[f"{kind}.invasion_sequence"], dtype=float)
        if trapping:
            order[np.asarray(drainage[f"{kind}.trapped"], dtype=bool)] = -1
        found.append(np.where(np.isfinite(order), order, -1).astype(np.int64))
    return found[0], found[1]


def _steps(order: NDArray[np.int64], volumes: NDArray[np.float64], points: int) -> list[int]:
    """Return after which invasions to stop: none at first, then equal shares of the volume."""
    invaded = np.flatnonzero(order >= 0)
    invaded = invaded[np.argsort(order[invaded], kind="stable")]
    filled = np.cumsum(volumes[invaded])
    wanted = np.linspace(0, filled[-1], points)[1:]
    at = np.minimum(np.searchsorted(filled, wanted * (1 - 1e-12)), len(filled) - 1)
    return [-1, *dict.fromkeys(int(order[invaded[k]]) for k in at)]


def _open_ends(network: Any, held: dict[str, NDArray[np.bool_]]) -> None:
    """Give each conduit to the outside to the fluid of its inner pore: both reservoirs are there.

    Else the first pore that is invaded would shut the wetting fluid out.
    """
    outside = np.zeros(network.Np, bool)
    for end in ("xmin", "xmax"):
        outside[network.pores(end)] = True
    ends = np.asarray(network["throat.conns"])
    leads_out = outside[ends].sum(axis=1) == 1
    outer = np.where(outside[ends[:, 0]], ends[:, 0], ends[:, 1])[leads_out]
    inner = ends.sum(axis=1)[leads_out] - outer
    held["pore"][outer] = held["throat"][leads_out] = held["pore"][inner]


def _with(openpnm: Any, network: Any, phase: Any, held: dict[str, Any], turned: bool) -> float:
    """Let one fluid flow where it is: the wetting one, `turned`, where the other is not."""
    one = openpnm.phase.Phase(network=network)
    for kind, own in held.items():
        one[f"{kind}.occupancy"] = (~own if turned else own).astype(float)
    one["throat.single"] = phase["throat.hydraulic_conductance"]
    one["throat.hydraulic_conductance"] = openpnm.models.physics.multiphase.conduit_conductance(
        one, throat_conductance="throat.single", mode="strict", factor=_CLOSED
    )
    return flow_rate(openpnm, network, one)
