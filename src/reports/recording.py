"""The closing cell of a template: what was measured is recorded, all of it or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ..workspace.serving import current_run
from .item import finite
from .prose import Text

if TYPE_CHECKING:
    from ..workspace import Workspace


@contextmanager
def record_together(ws: Workspace) -> Iterator[bool]:
    """Write everything inside as one state of the workspace, or nothing if anything fails.

    Parameters
    ----------
    ws : Workspace

    Yields
    ------
    bool
        Whether there is anything to write to: a workspace opened with ``as_of=`` is a replay,
        and decisions are not written again.
    """
    if ws.read_only:
        yield False
        return
    with ws.transaction():
        yield True


def record_measurements(
    ws: Workspace,
    measurements: Iterable[Any],
    *,
    image: str | None = None,
    segmentation: str | None = None,
    note: str = "",
) -> Text:
    """Write measurements to the workspace in one transaction, tied to their run.

    Parameters
    ----------
    ws : Workspace
    measurements : iterable of Measurement
        From `scalebridge.analysis.quantification`, or anything with the same attributes.
    image, segmentation : str, optional
        Names of the records that the numbers come from.
    note : str, optional
        Written beside each.

    Returns
    -------
    Text
        To be displayed: what was recorded. A workspace opened with ``as_of=`` is a replay, and
        nothing is recorded.
    """
    measured = list(measurements)
    many = "1 measurement is" if len(measured) == 1 else f"{len(measured)} measurements are"
    if ws.read_only:
        return Text(f"Replay of state {ws.state}: {many} not recorded.")
    with ws.transaction():
        for measurement in measured:
            ws.measurements.add(
                **_fields(measurement),
                image=image,
                segmentation=segmentation,
                run=current_run(),
                note=note,
            )
    return Text(f"{many} recorded in {ws.name}.")


def _fields(measurement: Any) -> dict[str, Any]:
    lower, upper = getattr(measurement, "interval95", None) or (None, None)  # NaN: not known
    checks = getattr(measurement, "checks", ())
    return {
        "key": measurement.key,
        "value": measurement.value,
        "uncertainty": finite(measurement.uncertainty),
        "lower": finite(lower),
        "upper": finite(upper),
        "unit": measurement.unit,
        "convention": getattr(measurement, "convention", ""),
        "parts": dict(getattr(measurement, "parts", {})),
        "sampling": finite(getattr(measurement, "sampling", None)),
        "checks": [{"name": c.name, "passed": c.passed, "detail": c.detail} for c in checks],
    }
