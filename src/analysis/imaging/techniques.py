"""Techniques and the lengths they reach: from resolution to field of view."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd


_TYPICAL = "editable, typical"
_ASCENT = (
    "Merkle & Gelb 2013, The Ascent of 3D X-ray Microscopy in the Laboratory, "
    "doi:10.1017/S1551929513000060"
)
_CORRELATIVE = "Burnett & Withers, correlative tomography"


@dataclass(frozen=True)
class Technique:
    """One technique.

    Attributes
    ----------
    name : str
    lower_um : float
        Smallest length it tells apart: its resolution [µm].
    upper_um : float
        Largest length it covers in practice: field of view, or volume edge in 3D [µm].
    is_3d, destructive : bool
        Whether it gives a volume, and whether the specimen is gone afterwards.
    source : str
        Where the two lengths are from, lower and upper.
    """

    name: str
    lower_um: float
    upper_um: float
    is_3d: bool
    destructive: bool
    source: str


TECHNIQUES = (
    Technique("light microscopy", 0.25, 50_000, False, False, f"{_TYPICAL} (stitched mosaic)"),
    Technique("X-ray microCT", 10.0, 50_000, True, False, f"{_CORRELATIVE} (>10 mm); {_TYPICAL}"),
    Technique("XRM", 0.7, 5_000, True, False, f"{_ASCENT}: < 700 nm on samples of several mm"),
    Technique("nano-XRM", 0.05, 65, True, False, f"{_ASCENT}: 50 nm, fields up to 65 µm"),
    Technique(
        "FIB-SEM", 0.005, 50, True, True, f"{_TYPICAL}; {_CORRELATIVE}: volumes from 50 µm"
    ),
    Technique("PFIB-SEM", 0.01, 200, True, True, f"{_TYPICAL}; {_CORRELATIVE}: volumes to 200 µm"),
    Technique(
        "laser serial sectioning", 0.5, 1_000, True, True,
        f"{_TYPICAL}; {_CORRELATIVE}: volumes to 1 mm",
    ),
    Technique("SEM", 0.002, 5_000, False, False, _TYPICAL),
    Technique("EDS", 0.5, 5_000, False, False, f"{_TYPICAL} (bulk, 10-20 kV)"),
    Technique("TEM", 0.0001, 20, False, True, f"{_TYPICAL} (thin foil)"),
    Technique("AFM", 0.005, 100, False, False, _TYPICAL),
    Technique("Raman", 0.5, 10_000, False, False, _TYPICAL),
    Technique("confocal", 0.2, 2_000, True, False, _TYPICAL),
    Technique("STED", 0.05, 100, True, False, _TYPICAL),
)  # fmt: skip

_ALIASES = {
    "light": "light microscopy",
    "lm": "light microscopy",
    "optical": "light microscopy",
    "fluorescence": "light microscopy",
    "xray": "XRM",
    "ct": "X-ray microCT",
    "microct": "X-ray microCT",
    "pfib": "PFIB-SEM",
    "edx": "EDS",
    "laser": "laser serial sectioning",
    "sbem": "SEM",
}


def techniques() -> pd.DataFrame:
    """Return the techniques with their length scales, to be edited for one's own instruments.

    The lower bound is the resolution, the upper bound what is practicable.

    Returns
    -------
    DataFrame
        `name`, `lower_um`, `upper_um`, `is_3d`, `destructive`, `source`; by upper bound, largest
        first.

    Examples
    --------
    >>> table = techniques().set_index("name")
    >>> float(table.loc["nano-XRM", "lower_um"])
    0.05
    """
    import pandas as pd

    table = pd.DataFrame([asdict(technique) for technique in TECHNIQUES])
    return table.sort_values(["upper_um", "lower_um"], ascending=False, ignore_index=True)


def technique_for(modality: str) -> Technique | None:
    """Return the technique that a modality's name stands for, None when there is none.

    Examples
    --------
    >>> technique_for("fibsem").name, technique_for("sonar")
    ('FIB-SEM', None)
    """
    wanted = _plain(modality)
    for technique in TECHNIQUES:
        if wanted in (_plain(technique.name), _plain(technique.name).removesuffix("microscopy")):
            return technique
    name = _ALIASES.get(wanted)
    return next((t for t in TECHNIQUES if t.name == name), None)


def _plain(name: str) -> str:
    return "".join(c for c in name.lower() if c.isalnum())
