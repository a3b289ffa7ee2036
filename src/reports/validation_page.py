"""The table of `scalebridge.reports.validation`: do the intervals cover, and are they too wide?"""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from .provenance import versions

LEAST_COVERAGE, LARGEST_RATIO = 0.85, 3.0


@dataclass(frozen=True)
class Comparison:
    """One key number of one seed beside its truth.

    Attributes
    ----------
    seed : int
    key, unit : str
    value, lower, upper : float
        As measured, with the 95 % interval.
    truth : float
    parts : dict of str to float
        What the interval is made of.
    """

    seed: int
    key: str
    unit: str
    value: float
    lower: float
    upper: float
    truth: float
    parts: dict[str, float] = field(default_factory=dict)

    @property
    def covered(self) -> bool:
        """Whether the interval holds the truth."""
        return self.lower <= self.truth <= self.upper

    @property
    def half_width(self) -> float:
        """Half of the interval."""
        return (self.upper - self.lower) / 2

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)


def coverage_table(comparisons: Sequence[Comparison]) -> pd.DataFrame:
    """Summarise the seeds of every key number.

    Parameters
    ----------
    comparisons : sequence of Comparison

    Returns
    -------
    DataFrame
        ``key``, ``unit``, ``seeds``, ``coverage``, ``half_width`` and ``error`` (medians),
        ``ratio``, ``bias`` (median signed error in median half-widths) and ``met``: coverage of at
        least 85 % and a half-width of at most 3 times the error.
    """
    by_key: dict[str, list[Comparison]] = {}
    for one in comparisons:
        by_key.setdefault(one.key, []).append(one)
    return pd.DataFrame([_row(key, rows) for key, rows in by_key.items()])


def _row(key: str, rows: Sequence[Comparison]) -> dict[str, Any]:
    errors = np.array([one.value - one.truth for one in rows])
    half_width = float(np.median([one.half_width for one in rows]))
    coverage = float(np.mean([one.covered for one in rows]))
    error = float(np.median(np.abs(errors)))
    ratio = half_width / error if error else float("inf")
    return {
        "key": key,
        "unit": rows[0].unit,
        "seeds": len(rows),
        "coverage": coverage,
        "half_width": half_width,
        "error": error,
        "ratio": ratio,
        "bias": float(np.median(errors)) / half_width if half_width else float("nan"),
        "met": coverage >= LEAST_COVERAGE and ratio <= LARGEST_RATIO,
    }


def validation_page(comparisons: Sequence[Comparison], *, scale: str) -> str:
    """Write the table and what has to be known to read it, as Markdown.

    Parameters
    ----------
    comparisons : sequence of Comparison
    scale : str
        Of the examples.
    """
    table = coverage_table(comparisons)
    lines = [
        "# Are the stated uncertainties honest?",
        "",
        _opening(comparisons, table, scale),
        "",
        "| key number | seeds | coverage | median half-width | median error | ratio | bias | met |",
        "|---|---:|---:|---:|---:|---:|---:|---|",
        *(_line(row) for row in table.to_dict("records")),
        "",
        _reading(),
    ]
    return "\n".join(lines) + "\n"


def _line(row: dict[str, Any]) -> str:
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    return (
        f"| `{row['key']}` | {row['seeds']} | {row['coverage']:.0%} "
        f"| {row['half_width']:.2g}{unit} "
        f"| {row['error']:.2g}{unit} | {row['ratio']:.1f} | {row['bias']:+.2f} "
        f"| {'yes' if row['met'] else '**no**'} |"
    )


def _opening(comparisons: Sequence[Comparison], table: pd.DataFrame, scale: str) -> str:
    seeds = sorted({one.seed for one in comparisons})
    covered = sum(one.covered for one in comparisons)
    interval = binomtest(covered, len(comparisons)).proportion_ci(method="wilson")
    known = ", ".join(f"{name} {version}" for name, version in versions().items())
    return f"""\
Seeds {seeds[0]} to {seeds[-1]} of the example specimen (`scale={scale}`): each a new specimen, \
seen by eight instruments, imported, decided and measured by the functions of the four templates, \
which never see the truth. Criterion for each key number: the 95 % interval covers the truth in \
85 to 100 % of the seeds, and its median half-width is at most 3 times the median actual error.

**{int(table["met"].sum())} of {len(table)} key numbers meet it.** Over all of them, \
{covered} of {len(comparisons)} intervals cover the truth: {covered / len(comparisons):.1%} \
({interval.low:.1%} to {interval.high:.1%}).

Made by `make validate` on {datetime.now(UTC).date().isoformat()}, on {os.cpu_count()} cores \
({platform.machine()}, {platform.system()}): {known}."""


def _reading() -> str:
    return ""
