"""The pore network of one phase beside its voxels, and two fluids in it, as answers."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from ..analysis.quantification.measurement import Check, Measurement
from ..analysis.transport import (
    ExtractedNetwork,
    network_drainage,
    pore_network,
    relative_permeability,
)
from .drainage_answers import FEW, Found, estimate
from .fluids import Fluids
from .transport_answers import Porous

_LIKE = 1.5  # factor by which the network may differ from the voxels and still be called alike
_ESTIMATE = "estimate by a pore network; no error bar tells how far it is off"


def network_sizes(
    phase: Porous, extract: Callable[[], ExtractedNetwork], *, rough: bool = False
) -> Found:
    """Tell how wide pores and throats are, and how many throats a pore has.

    Parameters
    ----------
    phase : Porous
    extract : callable
        Gives the network of the phase.
    rough : bool
        Leave the table.

    Raises
    ------
    ValueError
        No volume, no cubes, or no pore.
    """
    found = extract()
    pores, throats = found.pores, found.throats
    whole = pores[~pores["at_border"]]
    whole = whole if len(whole) else pores
    voxel = found.spacing_um
    of = f"{len(pores)} pores, {len(throats)} throats; {found.convention}"
    by_number = f"median by number, largest balls inside, in steps of voxels of {voxel:.3g} µm"
    measured = [
        estimate(
            phase, "coordination_number", "coordination number", whole["throats"].mean(), "1",
            f"throats a pore, mean of {len(whole)} pores that the border does not cut; {of}",
        ),
        estimate(
            phase, "network_pore_diameter", "pore diameter of the network",
            pores["diameter_um"].median(), "µm", f"{by_number}; {of}",
        ),
        estimate(
            phase, "network_throat_diameter", "throat diameter of the network",
            throats["diameter_um"].median() if len(throats) else math.nan, "µm",
            f"{by_number}; {of}", (_narrow(throats["diameter_um"].to_numpy() / voxel),),
        ),
    ]  # fmt: skip
    return measured, {} if rough else {"network_sizes": _sizes(whole, pores, throats, voxel)}


def network(
    phase: Porous,
    fluids: Fluids,
    extract: Callable[[], ExtractedNetwork],
    *,
    solved: Mapping[str, Measurement] | None = None,
    rough: bool = False,
) -> Found:
    """Tell what the network conducts beside what the voxels do, and how it drains.

    Parameters
    ----------
    phase : Porous
    fluids : Fluids
    extract : callable
        Gives the network of the phase.
    solved : mapping of str to Measurement, optional
        What the voxels' solvers found, by ``effective_diffusivity_<axis>`` and
        ``permeability_<axis>``; nothing is solved on voxels here.
    rough : bool
        Leave the tables.

    Raises
    ------
    MissingPackage
        openpnm is not installed.
    ValueError
        No volume, no cubes, or no pore.
    """
    found, beside = extract(), dict(solved or {})
    measured: list[Measurement] = []
    rows = []
    for axis in "xyz":
        one = pore_network(phase.inside, spacing_um=phase.spacing, axis=axis, extracted=found)
        porosity = float(phase.inside.mean())
        for quantity, title, value, unit, bounds in (
            ("effective_diffusivity", "D_eff / D_0", one.diffusivity, "1",
             (_bounded(one.diffusivity, porosity),)),
            ("permeability", "permeability", one.permeability_um2, "µm²", ()),
        ):  # fmt: skip
            voxels = beside.get(f"{quantity}_{axis}")
            other = math.nan if voxels is None else voxels.value
            checks = (*bounds, _compared(value, other, unit, quantity))
            measured.append(estimate(
                phase, f"network_{quantity}_{axis}", f"{title} along {axis} by the network",
                value, unit, _ESTIMATE, () if rough else checks,
            ))  # fmt: skip
            rows.append({
                "quantity": f"{title} along {axis}" + ("" if unit == "1" else f" [{unit}]"),
                "network": value, "voxels": other,
                "network / voxels": value / other if other > 0 else math.nan,
            })  # fmt: skip
    if rough:
        return measured, {}
    return measured, {
        "pore_network": pd.DataFrame(rows),
        **_drained(phase, fluids, found),
    }


def two_fluids(phase: Porous, fluids: Fluids, extract: Callable[[], ExtractedNetwork]) -> Found:
    """Drain the network and let both fluids flow beside each other.

    Raises
    ------
    MissingPackage, ValueError
        As `network`; also where nothing leads through.
    """
    found = relative_permeability(
        phase.inside, spacing_um=phase.spacing, axis=fluids.along, extracted=extract()
    )
    return [], {"relative_permeability": found.table}


def _drained(phase: Porous, fluids: Fluids, found: ExtractedNetwork) -> dict[str, pd.DataFrame]:
    try:
        curve = network_drainage(
            phase.inside, spacing_um=phase.spacing, axis=fluids.along, extracted=found,
            tension_n_per_m=fluids.tension_n_per_m, contact_angle_deg=fluids.contact_angle_deg,
        )  # fmt: skip
    except ValueError:  # the voxels' own drainage says why
        return {}
    return {"network_drainage": curve}


def _sizes(
    whole: pd.DataFrame, pores: pd.DataFrame, throats: pd.DataFrame, voxel: float
) -> pd.DataFrame:
    rows = []
    for name, values in (
        ("pore diameter [µm]", pores["diameter_um"]),
        ("throat diameter [µm]", throats["diameter_um"]),
        ("throat length, middle to middle [µm]", throats["length_um"]),
        ("throats a pore, border left out", whole["throats"]),
    ):
        if not len(values):
            continue
        low, middle, high = np.quantile(values, (0.1, 0.5, 0.9))
        narrow = (values < FEW * voxel).mean() * 100 if "diameter" in name else math.nan
        rows.append({
            "of the network": name, "number": len(values), "mean": float(values.mean()),
            "10 %": low, "median": middle, "90 %": high,
            f"below {FEW:g} voxels [%]": narrow,
        })  # fmt: skip
    return pd.DataFrame(rows)


def _compared(value: float, voxels: float, unit: str, quantity: str) -> Check:
    """Say by how much the network and the voxels disagree."""
    name = "network beside the voxels"
    if math.isnan(voxels):
        ask = "transport" if quantity == "effective_diffusivity" else "flow"
        return Check(name, None, f"not compared: ask {ask} too")
    both = f"network {_said(value, unit)}, voxels {_said(voxels, unit)}"
    if voxels <= 0 or value <= 0:
        agree = voxels <= 0 and value <= 0
        return Check(name, agree or None, both + ("" if agree else ": only one finds a way"))
    off = (value / voxels - 1) * 100
    like = 1 / _LIKE <= value / voxels <= _LIKE
    advice = "" if like else ": take the voxels' value; its shapes are not those of these pores"
    side = "high" if off >= 0 else "low"
    return Check(name, True if like else None, f"{both}: {abs(off):.0f} % too {side}{advice}")


def _said(value: float, unit: str) -> str:
    return f"{value:.3g}" + ("" if unit == "1" else f" {unit}")


def _bounded(value: float, porosity: float) -> Check:
    held = bool(0 <= value <= porosity * (1 + 1e-6))
    advice = "" if held else ": no shape conducts so much, do not use it"
    said = f"0 <= {value:.4g} <= {porosity:.4g}{advice}"
    return Check("Wiener bounds", True if held else None, said)


def _narrow(voxels: np.ndarray) -> Check:
    """Tell how many throats are too narrow for the voxels to know their width."""
    if not len(voxels):
        return Check("throats in voxels", None, "there is no throat")
    share = float((voxels < FEW).mean())
    fine = share <= 0.5
    advice = "" if fine else ": of those no more than the order of magnitude is known, image finer"
    said = f"{100 * share:.0f} % of the throats are narrower than {FEW:g} voxels"
    return Check("throats in voxels", True if fine else None, said + advice)
