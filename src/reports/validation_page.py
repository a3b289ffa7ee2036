"""The table of `scalebridge.reports.validation`: do the intervals cover, and are they too wide?"""

from __future__ import annotations

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest

from .provenance import versions

LEAST_COVERAGE, LARGEST_RATIO = 0.85, 3.0
ALL = "all together"
_RESAMPLED = 2000


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

    def in_half_widths(self) -> Comparison:
        """Return it with lengths in units of the interval's half-width, to pool several numbers.

        Without a width there is no such unit, and it does not cover.
        """
        error = (self.value - self.truth) / (self.half_width or float("nan"))
        return Comparison(self.seed, ALL, "1", error, error - 1, error + 1, 0.0)

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
        ``ratio``, ``rms`` (of the error in units of its own half-width), ``bias`` (median signed
        error in median half-widths) and ``met``: coverage of at least 85 % and a half-width of at
        most 3 times the error. ``ratio_low`` and ``ratio_high`` are what resampling the seeds
        gives in 95 % of cases. The last row holds all numbers together, every error in units of
        its own half-width.
    """
    by_key: dict[str, list[Comparison]] = {}
    for one in comparisons:
        by_key.setdefault(one.key, []).append(one)
    together = [one.in_half_widths() for one in comparisons]
    return pd.DataFrame([*(_row(key, rows) for key, rows in by_key.items()), _row(ALL, together)])


def _row(key: str, rows: Sequence[Comparison]) -> dict[str, Any]:
    measured = [one for one in rows if np.isfinite(one.half_width)]
    errors = np.array([one.value - one.truth for one in measured])
    widths = np.array([one.half_width for one in measured])
    coverage = float(np.mean([one.covered for one in rows]))
    half_width, error = float(np.median(widths)), float(np.median(np.abs(errors)))
    ratio = half_width / error if error else float("inf")
    low, high = _resampled_ratio(errors, widths)
    return {
        "key": key,
        "unit": rows[0].unit,
        "seeds": len(rows),
        "coverage": coverage,
        "half_width": half_width,
        "error": error,
        "ratio": ratio,
        "ratio_low": low,
        "ratio_high": high,
        "rms": _rms(errors[widths > 0] / widths[widths > 0]),
        "bias": float(np.median(errors)) / half_width if half_width else float("nan"),
        "met": coverage >= LEAST_COVERAGE and ratio <= LARGEST_RATIO,
    }


def _rms(errors: np.ndarray) -> float:
    return float(np.sqrt(np.mean(errors**2))) if len(errors) else float("nan")


def _resampled_ratio(errors: np.ndarray, widths: np.ndarray) -> tuple[float, float]:
    """95 % of the ratios that other draws of as many seeds would give (bootstrap)."""
    drawn = np.random.default_rng(0).integers(len(errors), size=(_RESAMPLED, len(errors)))
    typical = np.median(np.abs(errors)[drawn], axis=1)
    ratios = np.full(_RESAMPLED, np.inf)  # of draws that are right more often than not
    np.divide(np.median(widths[drawn], axis=1), typical, out=ratios, where=typical > 0)
    low, high = np.quantile(ratios, [0.025, 0.975], method="nearest")
    return float(low), float(high)


def validation_page(
    comparisons: Mapping[str, Sequence[Comparison]], *, sections: Sequence[Sequence[str]] = ()
) -> str:
    """Write the tables and what has to be known to read them, as Markdown.

    Parameters
    ----------
    comparisons : mapping of str to sequence of Comparison
        By the scale of the examples.
    sections : sequence of sequence of str
        Lines of further sections, of `scalebridge.reports.validation_sections`.
    """
    lines = ["# Are the stated uncertainties honest?", "", _opening(comparisons), ""]
    for scale, ones in comparisons.items():
        lines += [*_section(scale, ones), ""]
    for section in sections:
        lines += [*section, ""]
    return "\n".join([*lines, _READING]) + "\n"


def _section(scale: str, comparisons: Sequence[Comparison]) -> list[str]:
    table = coverage_table(comparisons)
    seeds = sorted({one.seed for one in comparisons})
    met = int(table.loc[table["key"] != ALL, "met"].sum())
    return [
        f"## Example specimens of scale `{scale}`, seeds {seeds[0]} to {seeds[-1]}",
        "",
        f"**{met} of {len(table) - 1} key numbers meet the criterion.** Over all of them, "
        f"{_share(comparisons)}.",
        "",
        "| key number | seeds | coverage | median half-width | median error | ratio (95 %) "
        "| RMS | bias | met |",
        "|---|---:|---:|---:|---:|---:|---:|---:|---|",
        *(_line(row) for row in table.to_dict("records")),
    ]


def _share(comparisons: Sequence[Comparison]) -> str:
    covered, count = sum(one.covered for one in comparisons), len(comparisons)
    interval = binomtest(covered, count).proportion_ci(method="wilson")
    return (
        f"{covered} of {count} intervals cover the truth: {covered / count:.1%} "
        f"({interval.low:.1%} to {interval.high:.1%})"
    )


def _line(row: dict[str, Any]) -> str:
    unit = "" if row["unit"] == "1" else f" {row['unit']}"
    lengths = f"{row['half_width']:.2g}{unit} | {row['error']:.2g}{unit}"
    key = f"`{row['key']}`"
    if row["key"] == ALL:
        key, lengths = ALL, f"1 | {row['error']:.2g}"
    return (
        f"| {key} | {row['seeds']} | {row['coverage']:.0%} | {lengths} "
        f"| {row['ratio']:.1f} ({row['ratio_low']:.1f} to {row['ratio_high']:.1f}) "
        f"| {row['rms']:.2f} | {row['bias']:+.2f} | {'yes' if row['met'] else '**no**'} |"
    )


def _opening(comparisons: Mapping[str, Sequence[Comparison]]) -> str:
    every = [one for ones in comparisons.values() for one in ones]
    together = coverage_table(every).iloc[-1]
    known = ", ".join(f"{name} {version}" for name, version in versions().items())
    return f"""\
Each seed is a new specimen, seen by eight instruments, imported, decided and measured by the \
functions of the four templates, which never see the truth. Criterion for each key number: the \
95 % interval covers the truth in 85 to 100 % of the seeds, and its median half-width is at most \
3 times the median actual error.

Over all numbers and seeds, {_share(every)}; the median half-width is {together["ratio"]:.2f} \
times the median error, and the RMS error {together["rms"]:.2f} half-widths.

Made by `make validate` on {datetime.now(UTC).date().isoformat()}, on {os.cpu_count()} cores \
({platform.machine()}, {platform.system()}): {known}."""


_READING = """\
## Reading it

Small examples are smaller blocks with the voxel sizes of the full ones.

*Ratio* is the median half-width over the median error, with what resampling the seeds gives in \
95 % of cases; *RMS* is that of the error in half-widths, *bias* the median signed error in \
half-widths. A 95 % interval of a normal error that is perfectly known has the ratio 1.96 / 0.67 = \
2.9, one whose size comes from 17 degrees of freedom 3.1: intervals that are exactly right lie at \
the limit of 3. Forty seeds tell a ratio to about a third, so about half of all numbers whose \
intervals are exactly right meet the criterion. The RMS uses every error and is known to a ninth: \
it is 0.51 for an interval that is exactly right, 0.26 for one that is twice too wide and 1.02 for \
one that is twice too narrow.

## What is weak

- Volumes keep a bias of a few tenths of their half-width: pores come out about 0.2 % too small, \
inclusions 0.3 % too large. The smallest dense markers, a voxel or two wide, are taken for larger \
pieces of the lighter inclusion.
- The surface of the pores in a full example has an interval that is 1.6 times too wide: a model \
of eight blocks stands for the whole image, and their differences count.
- A target is taken as given unless its own error is stated (`sigma`, as `find_blobs` tells it of \
the example's): that of pointing at it by hand is in no interval.
- Pores of a few voxels that the scan does not resolve are missing from its volume; no interval \
knows of what was not seen.
- The corrections for blur and noise are calibrated on the same kind of image that the example \
makes: uniform phases, Gaussian blur, stationary noise, a little cupping and weak rings. Beam \
hardening, streaks and gradients of a real scan are not in this table.
- The cut of the ion beam is pulled back to its course and drifts mildly. No key number rests \
on the stack alone, so a stronger drift would not show here.
- What a single place in a FIB-SEM stack strays with its slice is taken as usual for such \
instruments, as no workspace states it: slices 15 % uneven, pictures steady to a fifth of a pixel. \
Marks alone would hold 72 of 155 regions of the stack.
- A map of elements is placed on its slice a little better than it says (its squares are 0.87 \
times what they should be), and boxes are planned a little too wide for 50 and 80 %.
- The hidden feature is no ball and has satellites around it, which are taken for a little noise: \
its place is stated about 1.1 times too uncertain."""
