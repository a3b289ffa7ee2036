"""Which way of removing material fits a volume and its depth, and why the others do not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...errors import UnknownRate
from ...quantities import format_length
from .duration import Duration, hours, milling_time
from .rates import removal_rate
from .trench import Trench, ramped_trench

if TYPE_CHECKING:
    import pandas as pd

ALONE, COARSE, FINISH, NO = "alone", "coarse only", "finish only", "no"

_SCALES = "depths to 50 µm (FIB), 200 µm (plasma FIB), 1 mm (laser): Burnett & Withers"
_MEMORY = "from memory, edit for your instrument"


@dataclass(frozen=True)
class MethodChoice:
    """Ways of removing material, judged for one cut.

    Attributes
    ----------
    table : DataFrame
        `method`, `role` (``"alone"``, ``"coarse only"``, ``"finish only"`` or ``"no"``),
        `volume_um3`, `median_h`, `low_h`, `high_h` (95 %, for all of it; NaN where no rate is
        known), `stand_off_um`, `why`; those that can do it alone first, then the faster.
    method : str or None
        The one to finish with; None when none comes close enough.
    coarse : str or None
        One to begin with, where the other cannot do it alone or needs more than twice the time.
    trench : Trench
        What has to be removed.
    durations : dict of str to Duration
        Of the methods whose rate is known.
    statement : str
        In words.
    """

    table: pd.DataFrame
    method: str | None
    coarse: str | None
    trench: Trench
    durations: dict[str, Duration]
    statement: str


def removal_methods() -> pd.DataFrame:
    """Return the ways of removing material, to be edited for one's own instruments.

    Returns
    -------
    DataFrame
        `method`, `reach_um` (depth that is practicable), `stand_off_low_um` and
        `stand_off_high_um` (what it leaves damaged, redeposited or rough in front of the face),
        `current_nA` (largest), `local` (whether it leaves the rest of the specimen), `source`,
        `checked` (whether every figure was read at its source). NaN where nothing is known.

    Examples
    --------
    >>> removal_methods().set_index("method").loc["plasma FIB", "reach_um"]
    np.float64(200.0)
    """
    import pandas as pd

    nan = np.nan
    rows = [
        ("polishing", nan, nan, nan, nan, False, f"no figure is known: {_MEMORY}"),
        ("femtosecond laser", 1000.0, 10.0, 20.0, nan, True, f"{_SCALES}; stand-off {_MEMORY}"),
        ("plasma FIB", 200.0, 2.0, 5.0, 1000.0, True, f"{_SCALES}; the rest {_MEMORY}"),
        ("gallium FIB", 50.0, 0.5, 1.0, 65.0, True, f"{_SCALES}; the rest {_MEMORY}"),
    ]
    columns = ["method", "reach_um", "stand_off_low_um", "stand_off_high_um", "current_nA"]
    table = pd.DataFrame(rows, columns=[*columns, "local", "source"])
    return table.assign(checked=False)


def choose_method(
    *,
    depth_um: float,
    width_um: float,
    material: str,
    angle_deg: float,
    closest_um: float = 1.0,
    clearance_um: float = 0.0,
    hours_free: float | None = None,
    only: Sequence[str] | None = None,
    methods: pd.DataFrame | None = None,
    rates: pd.DataFrame | None = None,
) -> MethodChoice:
    """Judge every way of removing material for one cut, with its time and the reason in words.

    Parameters
    ----------
    depth_um, width_um : float
        Of the face that is wanted [µm].
    material : str
        As in the table of rates.
    angle_deg : float
        Between ion and electron beam, for the ramp of the trench [degree].
    closest_um : float
        How near the finished face comes to the volume of interest: a method that leaves more than
        this in front of the face can only begin [µm].
    clearance_um : float
        Of the trench [µm].
    hours_free : float, optional
        Instrument time; a method whose median is longer is told so, and cannot do it alone.
    only : sequence of str, optional
        The instruments that there are; all methods unless told.
    methods, rates : DataFrame, optional
        Edited tables of `removal_methods` and `removal_rates`.

    Returns
    -------
    MethodChoice

    Notes
    -----
    Where a rate is not known, the time is NaN and the reason says so. Reaches are those of reviews:
    they say what is usual, not what is possible.

    Examples
    --------
    >>> chosen = choose_method(depth_um=30, width_um=30, material="Si", angle_deg=54)
    >>> chosen.method, chosen.table["role"].tolist()
    ('gallium FIB', ['alone', 'coarse only', 'coarse only', 'no'])
    """
    import pandas as pd

    table = removal_methods() if methods is None else methods
    if only is not None:
        missing = set(only) - set(table["method"])
        if missing:
            known = ", ".join(table["method"])
            raise ValueError(f"only needs names among {known}, got {sorted(missing)}")
        table = table[table["method"].isin(only)]
    trench = ramped_trench(width_um, depth_um, angle_deg=angle_deg, clearance_um=clearance_um)
    durations: dict[str, Duration] = {}
    rows = []
    for row in table.to_dict("records"):
        name = str(row["method"])
        time, unknown = _time(row, trench, material, rates)
        if time is not None:
            durations[name] = time
        role, why = _verdict(row, depth_um, closest_um, time, unknown, hours_free)
        rows.append(_row(row, role, why, trench, time))
    judged = pd.DataFrame(rows)
    order = judged["role"].map({ALONE: 0, COARSE: 1, FINISH: 2, NO: 3})
    judged = judged.assign(_order=order).sort_values(["_order", "median_h"], kind="stable")
    judged = judged.drop(columns="_order").reset_index(drop=True)
    method, coarse = _taken(judged)
    return MethodChoice(judged, method, coarse, trench, durations, _words(judged, method, coarse))


def _time(
    row: dict, trench: Trench, material: str, rates: pd.DataFrame | None
) -> tuple[Duration | None, str]:
    current = float(row["current_nA"])
    try:
        rate = removal_rate(
            str(row["method"]),
            material,
            current_nA=current if np.isfinite(current) else None,
            face_um2=trench.width_um * trench.depth_um,
            rates=rates,
        )
    except UnknownRate:
        return None, f"no rate is known for {material}"
    return milling_time(trench.volume_um3, rate=rate), ""


def _verdict(
    row: dict,
    depth: float,
    closest: float,
    time: Duration | None,
    unknown: str,
    hours_free: float | None,
) -> tuple[str, str]:
    reach, stand_off = float(row["reach_um"]), float(row["stand_off_high_um"])
    said = f"takes {time.statement}" if time else f"{unknown}, so its time is not"
    if not row["local"]:
        return NO, f"removes the whole section down to one plane and not a place; {said}"
    too_deep = depth > reach
    if too_deep:
        far = f"{format_length(depth)} is deeper than the {format_length(reach)} that are usual"
        said = f"{far}; {said}"
    if not stand_off <= closest:
        leaves = f"leaves {format_length(stand_off)} to a finer method"
        if not np.isfinite(stand_off):
            leaves = "what it leaves damaged is not known"
        return NO if too_deep else COARSE, f"{leaves} (wanted: {format_length(closest)}); {said}"
    too_long = time is not None and hours_free is not None and time.median_h > hours_free
    if too_long and hours_free is not None:
        said = f"{said}: longer than the {hours(hours_free)} that are free"
    return FINISH if too_deep or too_long or time is None else ALONE, said


def _row(row: dict, role: str, why: str, trench: Trench, time: Duration | None) -> dict:
    low, high = (np.nan, np.nan) if time is None else time.interval_h
    doubt = "" if row["checked"] else "; figures of the method are not checked"
    return {
        "method": row["method"],
        "role": role,
        "volume_um3": trench.volume_um3,
        "median_h": np.nan if time is None else time.median_h,
        "low_h": low,
        "high_h": high,
        "stand_off_um": row["stand_off_high_um"],
        "why": why + doubt,
    }


def _taken(judged: pd.DataFrame) -> tuple[str | None, str | None]:
    fine = judged[judged["role"].isin([ALONE, FINISH])]
    coarse = judged[(judged["role"] == COARSE) & judged["median_h"].notna()]
    if len(fine) and fine["role"].iloc[0] == ALONE:
        coarse = coarse[coarse["median_h"] < fine["median_h"].iloc[0] / 2]
    first = [None if some.empty else str(some["method"].iloc[0]) for some in (fine, coarse)]
    return first[0], first[1]


def _words(judged: pd.DataFrame, method: str | None, coarse: str | None) -> str:
    why = judged.set_index("method")["why"]
    if method is None:
        begin = f", although {coarse} can begin" if coarse else ""
        reasons = "; ".join(f"{name}: {reason}" for name, reason in why.items())
        return f"no method comes close enough{begin} ({reasons})"
    alone = judged.set_index("method").loc[method, "role"] == ALONE
    if alone:
        begin = f"; {coarse} would take the bulk faster" if coarse else ""
        return f"{method}: {why[method]}{begin}"
    if coarse:
        return f"begin with {coarse} ({why[coarse]}) and finish with {method} ({why[method]})"
    return (
        f"only {method} comes close enough, and no method with a known rate opens the way for it: "
        f"{why[method]}"
    )
