"""How fast material goes: rates with their spread, their source, and whether it was checked."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UnknownRate

if TYPE_CHECKING:
    import pandas as pd

FARADAY = 96.485
"""Charge of a mole of single charges [kC/mol]: nC, µm³, g/mol and g/cm³ need no further factor."""

ION, LASER = 0.5, 1.0
"""Usual spread of the natural logarithm of a rate: a factor of 2.7 and of 7 either way (95 %)."""

PER_CHARGE, PER_TIME, PER_FACE = "µm³/nC", "µm³/s", "µm/min"
UNITS = (PER_CHARGE, PER_TIME, PER_FACE)

_GA = "30 keV Ga, normal incidence: globalsino.com/EM/page2454.html, table 2455"
_XE = "30 keV Xe, from memory: measure your own"
_PULSE = "most a pulse at 15 J/cm² and 5 kHz: Pietroy et al. 2012, doi:10.1364/OE.20.029900"
_NONE = "no figure is known: measure your own"
_GALLIUM = {"Al": 0.37, "Si": 0.15, "Cr": 0.28, "SiO2": 0.19, "Si3N4": 0.21, "Au": 1.8}
_LASER = {"stainless steel": 400, "PZT": 3_000, "PMMA": 10_000}  # µm³ a pulse
_PULSES_PER_S = 5_000


@dataclass(frozen=True)
class RemovalRate:
    """A rate of removal, with what is known of its spread.

    Attributes
    ----------
    method, material : str
    um3_per_s : float
        Median [µm³/s].
    sigma_ln : float
        Standard uncertainty of its natural logarithm (log-normal).
    upper_bound : bool
        Whether it is the most that has been reached: times that follow from it are the least.
    source : str
    checked : bool
        Whether the figure was read at its source.
    statement : str
        In words.
    """

    method: str
    material: str
    um3_per_s: float
    sigma_ln: float
    upper_bound: bool
    source: str
    checked: bool
    statement: str


def removal_rates() -> pd.DataFrame:
    """Return the rates that are known, to be edited for one's own instruments and materials.

    Returns
    -------
    DataFrame
        `method`, `material`, `rate`, `unit` (µm³/nC of ion beams, µm³/s of lasers, µm/min of a
        whole face that is polished), `sigma_ln`, `upper_bound`, `source`, `checked` (whether the
        figure was read at its source). A missing rate is NaN.

    Notes
    -----
    Redeposition and the definition of a rate alone move silicon from 0.27 µm³/nC (textbook yield)
    to 0.15: carry the spread. Aspect ratio, angle and gas assistance are not in the table.

    Examples
    --------
    >>> table = removal_rates()
    >>> one = table[(table["method"] == "gallium FIB") & (table["material"] == "Si")]
    >>> one[["rate", "unit", "checked"]].values.tolist()
    [[0.15, 'µm³/nC', True]]
    """
    import pandas as pd

    columns = ["method", "material", "rate", "unit", "sigma_ln", "upper_bound", "source", "checked"]
    rows: list[tuple[str, str, float, str, float, bool, str, bool]] = [
        ("gallium FIB", material, rate, PER_CHARGE, ION, False, _GA, True)
        for material, rate in _GALLIUM.items()
    ]
    rows.append(("plasma FIB", "Si", 0.4, PER_CHARGE, ION, False, _XE, False))
    rows += [
        (
            "femtosecond laser", material, float(pulse * _PULSES_PER_S), PER_TIME, LASER, True,
            _PULSE, True,
        )
        for material, pulse in _LASER.items()
    ]  # fmt: skip
    rows.append(("polishing", "any", np.nan, PER_FACE, np.nan, False, _NONE, False))
    return pd.DataFrame(rows, columns=columns)


def removal_rate(
    method: str,
    material: str,
    *,
    current_nA: float | None = None,
    face_um2: float | None = None,
    rates: pd.DataFrame | None = None,
) -> RemovalRate:
    """Look a rate up.

    Parameters
    ----------
    method, material : str
        As in the table; a row for the material ``"any"`` stands for what has no row of its own.
    current_nA : float, optional
        Current of the beam [nA]; needed where the rate is in µm³/nC.
    face_um2 : float, optional
        Area of the face [µm²]; needed where the rate is in µm/min.
    rates : DataFrame, optional
        An edited `removal_rates`.

    Raises
    ------
    UnknownRate
        The table has no row, or no figure, for it.
    ValueError
        The current or the area is missing, or is not positive.

    Examples
    --------
    >>> removal_rate("gallium FIB", "Si", current_nA=65).um3_per_s
    9.75
    """
    row = _row(removal_rates() if rates is None else rates, method, material)
    rate, unit, spread = float(row["rate"]), str(row["unit"]), float(row["sigma_ln"])
    if not (np.isfinite(rate) and rate > 0 and spread >= 0):
        raise UnknownRate(
            f"no rate is known for {method} of {material} ({row['source']}): write rate and "
            "sigma_ln into the table of removal_rates()"
        )
    if unit == PER_CHARGE:
        speed = rate * _positive("current_nA", current_nA, f"{method} has a rate in {unit}")
        said = f"{rate:g} {unit} at {current_nA:g} nA"
    elif unit == PER_FACE:
        speed = rate / 60 * _positive("face_um2", face_um2, f"{method} has a rate in {unit}")
        said = f"{rate:g} {unit}"
    elif unit == PER_TIME:
        speed, said = rate, f"{rate:g} {unit}"
    else:
        raise ValueError(f"unit needs one of {', '.join(UNITS)}, got {unit!r}")
    bound = bool(row["upper_bound"])
    doubt = "" if row["checked"] else "; not checked"
    statement = (
        f"{method} of {material}: {'at most ' if bound else ''}{said}, times or divided by "
        f"{np.exp(1.96 * spread):.2g} (95 %); {row['source']}{doubt}"
    )
    return RemovalRate(
        method, material, speed, spread, bound, str(row["source"]), bool(row["checked"]), statement
    )


def _row(rates: pd.DataFrame, method: str, material: str) -> pd.Series:
    of_method = rates[rates["method"] == method]
    for wanted in (material, "any"):
        found = of_method[of_method["material"] == wanted]
        if len(found):
            return found.iloc[-1]
    known = ", ".join(of_method["material"]) or "no material"
    raise UnknownRate(
        f"no rate is known for {method} of {material} (the table has {known}): add a row to the "
        "table of removal_rates()"
    )


def _positive(name: str, value: float | None, why: str) -> float:
    if value is None or not np.isfinite(value) or value <= 0:
        raise ValueError(f"{name} needs a value above 0, got {value!r}: {why}")
    return float(value)


def sputter_rate(yield_per_ion: float, *, molar_mass: float, density: float) -> float:
    """Turn a sputter yield into a rate.

    Parameters
    ----------
    yield_per_ion : float
        Atoms (or formula units) removed by an ion of one charge.
    molar_mass : float
        Of what the yield counts [g/mol].
    density : float
        [g/cm³].

    Returns
    -------
    float
        [µm³/nC]; an ideal that redeposition does not let one reach.

    Examples
    --------
    >>> round(sputter_rate(2.15, molar_mass=28.085, density=2.33), 3)
    0.269
    """
    return yield_per_ion * molar_mass / (FARADAY * density)


def sputter_yield(rate_um3_per_nC: float, *, molar_mass: float, density: float) -> float:
    """Turn a rate into a sputter yield: the other way round of `sputter_rate`.

    Examples
    --------
    >>> round(sputter_yield(1.8, molar_mass=196.97, density=19.3), 2)
    17.02
    """
    return rate_um3_per_nC * FARADAY * density / molar_mass
