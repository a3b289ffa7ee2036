"""What the audit found, in the intervals: no number is surer than phantoms show."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from ..analysis.quantification.audit import AuditRow
from ..analysis.quantification.class_variation import LEARNED
from ..analysis.quantification.measurement import Check, Measurement
from ..analysis.quantification.model_fit import MODEL
from ..analysis.quantification.phase_quantities import QUANTITIES
from .auditing import NAMES, PhaseAudit
from .quantification import PhaseResults

AUDIT = "audit"
_LARGE = 0.1  # bias from which the report warns
_LEAST = 0.1  # of the truth that a pipeline is taken to find at least
_BOUNDS = {quantity.key: quantity.bounds for quantity in QUANTITIES}


def with_audits(
    results: Sequence[PhaseResults], audits: Sequence[PhaseAudit]
) -> list[PhaseResults]:
    """Widen the intervals of audited quantities by the bias that phantoms show.

    Values stay as they are: phantoms are like the material, not the material. A bias that is not
    told from 0 adds nothing; neither does one of an image that does not look like uniform phases,
    blurred and noisy, as the phantoms do.

    Parameters
    ----------
    results : sequence of PhaseResults
    audits : sequence of PhaseAudit
        Of these results, as `audit_phases` gives them.

    Returns
    -------
    list of PhaseResults
        The measurements have a part ``"audit"`` and a check of that name.
    """
    rows = {
        (one.image, one.phase, row.quantity): row
        for one in audits
        if one.audit is not None
        for row in one.audit
    }
    return [
        replace(
            result,
            measurements=tuple(
                _widened(m, rows.get(_place(result.image, m))) for m in result.measurements
            ),
        )
        for result in results
    ]


def _place(image: str, m: Measurement) -> tuple[str, str, str]:
    _, phase, quantity = m.key.rsplit(".", 2)
    return image, phase, quantity


def _widened(m: Measurement, row: AuditRow | None) -> Measurement:
    if row is None or not math.isfinite(row.bias):
        return m
    said = replace(row, quantity=NAMES[row.quantity]).words() + ", on phantoms like this phase"
    if not any((c.name == MODEL and c.passed) or c.name == LEARNED for c in m.checks):
        apart = "; the image does not look like them, so that it is in no interval"
        return replace(m, checks=(*m.checks, Check(AUDIT, None, said + apart)))
    told = abs(row.bias) > row.bias_uncertainty
    size = _half_width(m.value, row) if told else 0.0
    small = not told or bool(abs(row.bias) <= _LARGE)
    advice = "" if small else "; scan finer, or compare with other scans at this voxel size only"
    checks = (*m.checks, Check(AUDIT, small, said + advice))
    parts = {**m.parts, AUDIT: size} if size else dict(m.parts)
    whole = math.sqrt(sum(part**2 for part in parts.values()))
    low, high = _BOUNDS[row.quantity]
    ends = (max(low, m.value - whole), min(high, m.value + whole))
    return replace(m, parts=parts, uncertainty=whole, interval95=ends, checks=checks)


def _half_width(value: float, row: AuditRow) -> float:
    """How far the truth may be from a value found with such a bias, were it one phantom more."""
    one_more = row.bias_uncertainty * math.sqrt(len(row.ratios) + 1)
    ends = (row.bias + sign * one_more for sign in (-1, 1))
    return max(abs(value / max(1 + end, _LEAST) - value) for end in ends)
