"""Relative permeabilities of two fluids in a pore network, while one drives out the other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .capillarity import young_laplace_kpa
from .conduits import flow_package, quiet
from .extraction import ExtractedNetwork
from .network import flow_rate, leads_through, network_of, unit_phase

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
    mask: NDArray | None = None,
    extracted: ExtractedNetwork | None = None,
) -> RelativePermeability:
    """Drain the pore network of an image and let both fluids flow at several saturations.

    Needs the extra ``pores`` (openpnm). It is the network's answer: a conduit belongs
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
    mask : ndarray of bool, optional
        As of `extract_network`.
    extracted : ExtractedNetwork, optional
        Of the same pore by `extract_network`; extracted here unless given.

    Returns
    -------
    RelativePermeability

    Raises
    ------
    MissingPackage
        openpnm is not installed.
    ValueError
        Voxels are no cubes, there is no pore, or nothing leads through.
    """
    if points < 2:
        raise ValueError(f"points needs 2 or more saturations, got {points}")
    found = network_of(pore, spacing_um, extracted, mask)
    openpnm = flow_package()
    network = found.along(axis)
    if not leads_through(network):
        raise ValueError(
            f"pore needs a path from end to end along {axis}, got none: choose another"
        )
    phase = unit_phase(openpnm, network)
    alone = flow_rate(openpnm, network, phase)
    pores, throats = _drained(openpnm, network, phase, trapping)
    volumes = np.asarray(network["pore.capacity"], dtype=float)
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

    said = f"{found.convention}; a conduit is a fluid's where it holds both pores and the throat"
    return RelativePermeability(pd.DataFrame(rows), axis, trapping, said)


def network_drainage(
    pore: NDArray,
    *,
    spacing_um: Sequence[float],
    axis: str = "z",
    tension_n_per_m: float,
    contact_angle_deg: float = 0.0,
    trapping: bool = False,
    mask: NDArray | None = None,
    extracted: ExtractedNetwork | None = None,
) -> pd.DataFrame:
    """Return the capillary-pressure curve of the pore network, each throat a round tube.

    Needs the extra ``pores``. A pore empties whole, at the pressure of the widest way to it; put it
    beside `drain`, which knows the shapes.

    Parameters
    ----------
    pore, spacing_um, axis, trapping, mask, extracted
        As for `relative_permeability`.
    tension_n_per_m : float
        Interfacial tension [N/m].
    contact_angle_deg : float

    Returns
    -------
    DataFrame
        `pressure_kpa`, rising, and `wetting_saturation`.

    Raises
    ------
    MissingPackage
        openpnm is not installed.
    ValueError
        Voxels are no cubes, there is no pore, or none reaches the first layer.
    """
    import pandas as pd

    found = network_of(pore, spacing_um, extracted, mask)
    openpnm = flow_package()
    network = found.along(axis)
    if not network.Nt or not len(network.pores("first")):
        raise ValueError(
            f"pore needs to reach the first layer along {axis}, got none there: choose another axis"
        )
    pores, throats = _drained(openpnm, network, unit_phase(openpnm, network), trapping)
    widths = np.asarray(network["throat.diameter"], dtype=float)
    volumes = np.asarray(network["pore.capacity"], dtype=float)
    order = np.concatenate([throats, pores])  # a pore opens with the throat before it
    held = np.flatnonzero(order >= 0)
    held = held[np.argsort(order[held], kind="stable")]
    width = np.concatenate([widths, np.full(len(pores), np.inf)])[held]
    narrowest = np.minimum.accumulate(width)
    filled = np.cumsum(np.concatenate([np.zeros(len(throats)), volumes])[held])
    last = np.append(np.flatnonzero(np.diff(narrowest)), len(held) - 1)
    last = last[np.isfinite(narrowest[last])]
    unit = young_laplace_kpa(
        1.0, tension_n_per_m=tension_n_per_m, contact_angle_deg=contact_angle_deg
    )
    return pd.DataFrame({
        "pressure_kpa": unit / (narrowest[last] / 2),
        "wetting_saturation": np.clip(1 - filled[last] / volumes.sum(), 0.0, 1.0),
    })  # fmt: skip


def _drained(
    openpnm: Any, network: Any, phase: Any, trapping: bool
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return when each pore and throat was invaded, -1 where it never was."""
    phase["throat.entry_pressure"] = 4.0 / np.asarray(network["throat.diameter"])
    drainage = openpnm.algorithms.InvasionPercolation(network=network, phase=phase)
    drainage.set_inlet_BC(pores=network.pores("first"))
    if trapping:
        drainage.set_outlet_BC(pores=network.pores("last"))
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
    for end in ("first", "last"):
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
