"""What was asked of a phase, answered: measurements, distributions, and what is not known."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from ..analysis.quantification import MEANINGS
from ..analysis.quantification.already_segmented import ALREADY
from ..analysis.quantification.class_variation import LEARNED
from ..analysis.quantification.measurement import Check, Measurement
from ..quantities import format_number, format_value
from .central_block import LIKENESS
from .half_widths import for_material
from .quantification import UNSTATED

_KEY = (
    "local_thickness_mean", "porosimetry_median", "bodies_median", "mean_chord_",
    "effective_diffusivity_", "tortuosity_factor_", "permeability_", "resolution_half_bit",
    "coordination_number", "breakthrough_pressure_", "saturation",
)  # fmt: skip
_BY_VOLUME = ("local_thickness", "porosimetry", "bodies")
_DISTRIBUTIONS = (
    *_BY_VOLUME, "chords", "correlation", "profiles", "representative_volume", "shell_correlation",
    "shell_resolution", "drainage", "network_drainage", "retention_curves",
)  # fmt: skip
_OBJECT = (
    "object", "x_um", "y_um", "z_um", "volume_um3", "area_um2", "equivalent_diameter_um",
    "surface_um2", "perimeter_um", "sphericity", "circularity",
    "long_axis_um", "short_axis_um", "at_border",
)  # fmt: skip
#: Checks of a segmentation, which its usual results say: answers rest on them, too.
NOT_REPEATED = (UNSTATED, ALREADY, LEARNED)
_TITLES = {
    "pore_network": "The pore network beside the voxels, an estimate beside an answer, of",
    "network_sizes": "Sizes of the pore network by number, diameters of the largest balls inside, "
    "of",
    "retention": "Brooks and Corey (entry pressure p_b, exponent λ) and van Genuchten (1/α, n) "
    "fitted to the drainage of",
    "relative_permeability": "Relative permeability in the pore network, what is cut off stays, of",
}
_ROWS = 50
_DARCY_UM2 = 0.9869233


@dataclass(frozen=True)
class PhaseAnswers:
    """The answers of one phase of one segmentation.

    Attributes
    ----------
    image, segmentation : str
    phase : str
        Empty for what is of all phases together.
    measurements : tuple of Measurement
        With keys ``quantification.<image>.<phase>.<quantity>``. An uncertainty of NaN is not
        known; its parts then are those that are. A value may be infinite.
    tables : dict of str to DataFrame
        By part of `measure`; units are in the column names.
    missing : dict of str to str
        Parts without an answer, and why.
    ndim : int
        Axes of the image.
    """

    image: str
    segmentation: str
    phase: str
    measurements: tuple[Measurement, ...] = ()
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)
    ndim: int = 3

    @property
    def recordable(self) -> list[Measurement]:
        """The measurements that have a finite value."""
        return [m for m in self.measurements if math.isfinite(m.value)]

    @property
    def key_measurements(self) -> list[Measurement]:
        """The numbers that the report opens with."""
        return [m for m in self.recordable if m.key.rsplit(".", 1)[1].startswith(_KEY)]

    @property
    def checks(self) -> list[Check]:
        """Every check of the answers, once; those of the phase's usual results are not repeated."""
        found: dict[str, Check] = {}
        for m in self.measurements:
            for check in m.checks:
                if check.name in NOT_REPEATED:
                    continue
                name = f"{self.image}, {m.name}: {check.name}"
                axis = end if (end := m.key.rsplit("_", 1)[-1]) in ("x", "y", "z") else ""
                if check.name == LIKENESS:  # the same for every axis
                    name, axis = f"{self.image}, {self.phase}: {check.name}", ""
                key = f"{axis} {check.name} {check.passed} {check.detail}"
                found.setdefault(key, replace(check, name=name))
        return list(found.values())

    @property
    def sizes(self) -> dict[str, pd.DataFrame]:
        """Size distributions by meaning, where at least one by volume was asked."""
        found = {name: self.tables[name] for name in _BY_VOLUME if name in self.tables}
        if found and "chords" in self.tables:
            rows = self.tables["chords"]  # each axis has the same say
            share = rows.groupby("length_um")["share_by_number"].sum() / rows["axis"].nunique()
            share = share.rename_axis("diameter_um").rename("share").reset_index()
            found["chords"] = share[share["share"] > 0]
        return found

    @property
    def size_words(self) -> str:
        """What each of the sizes is."""
        return "; ".join(f"{name.replace('_', ' ')}: {MEANINGS[name]}" for name in self.sizes)

    @property
    def mean_chords_um(self) -> dict[str, float]:
        """Mean chord along each axis [µm]."""
        return {axis: m.value for axis in "xyz" if (m := self._find(f"mean_chord_{axis}"))}

    @property
    def surface_per_um(self) -> float | None:
        """Surface per volume from the two-point correlation [1/µm]."""
        m = self._find("specific_surface_s2")
        return None if m is None else m.value

    def note(self, m: Measurement) -> str:
        """Return the convention of a key number; an uncertainty that is not known is said."""
        known = math.isfinite(m.uncertainty) and m.uncertainty > 0
        said = _convention(m)
        return said if known else f"uncertainty not known; {said}"

    def _find(self, quantity: str) -> Measurement | None:
        return next((m for m in self.measurements if m.key.rsplit(".", 1)[1] == quantity), None)

    @staticmethod
    def title(name: str) -> str:
        """What one of the lists is, before whose it is said."""
        return _TITLES.get(name, f"{name.replace('_', ' ').capitalize()} of")

    def lists(self) -> dict[str, pd.DataFrame]:
        """Tables to be read as such, the largest objects first; distributions are plotted."""
        shown = {k: t for k, t in self.tables.items() if k not in _DISTRIBUTIONS and len(t)}
        if "objects" in shown:
            by_size = "volume_um3" if "volume_um3" in shown["objects"] else "area_um2"
            largest = shown["objects"].nlargest(_ROWS, by_size)
            shown["objects"] = largest[[c for c in _OBJECT if c in largest]]
        return shown


def answer_table(answers: Sequence[PhaseAnswers]) -> pd.DataFrame:
    """One row an answer: value ± 95 %, ± for the material, its known parts and its convention."""
    rows = []
    for one in answers:
        for m in one.measurements:
            rows.append(
                {
                    "quantity": m.name if m.unit == "1" else f"{m.name} [{m.unit}]",
                    "value ± 95 %": written(m),
                    "± for the material": for_material(m),
                    "known parts": _parts(m),
                    "convention": _convention(m),
                }
            )
        for part, why in one.missing.items():
            name = f"{one.phase}: {part}" if one.phase else part
            rows.append(
                {
                    "quantity": name.replace("_", " "),
                    "value ± 95 %": "no answer",
                    "± for the material": "–",
                    "known parts": "–",
                    "convention": why,
                }
            )
    return pd.DataFrame(rows)


def written(m: Measurement) -> str:
    """Write a value with what is known of its uncertainty, never as if it were exact.

    Examples
    --------
    >>> nan = float("nan")
    >>> written(Measurement("a.b", "b", 1.5, (nan, nan), nan, "µm", "as drawn"))
    '1.5 (±\\xa0not\\xa0known)'
    """
    if math.isinf(m.value):
        return "∞"
    if math.isnan(m.value):
        return "not known"
    if math.isfinite(m.uncertainty) and m.uncertainty > 0:
        return format_value(m.value, m.uncertainty).replace(" ", "\u00a0")
    return f"{format_number(m.value, digits=3)} (±\xa0not\xa0known)"


def _convention(m: Measurement) -> str:
    """Say what a number is of; a permeability also in the unit of the field."""
    if m.unit != "µm²" or not m.key.rsplit(".", 1)[1].startswith("permeability"):
        return m.convention
    return f"{m.value / _DARCY_UM2:.3g} D; {m.convention}"


def _parts(m: Measurement) -> str:
    shown = [f"{name} {format_number(size, digits=2)}" for name, size in m.parts.items() if size]
    shown = [one.replace(" ", "\u00a0") for one in shown]
    return ", ".join(shown) or "–"
