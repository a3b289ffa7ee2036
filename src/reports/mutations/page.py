"""The table of damaged files in ``docs/formats.md``."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from typing import Any

BEGIN = "<!-- damaged files: written by python -m scalebridge.reports.mutations -->"
END = "<!-- end of damaged files -->"


def table(results: Sequence[dict[str, Any]], *, seed: int) -> str:
    """Write the table and the words above it, as Markdown."""
    total = sum(one["count"] for one in results)
    wrong = sum(len(one["failures"]) for one in results)
    images, judged = (sum(one[name] for one in results) for name in ("image", "judged"))
    slowest = max(one["slowest_s"] for one in results)
    peak = max(one["peak_mb"] for one in results)
    lines = [
        f"**{total:,} damaged files: {wrong or 'none'} ended other than promised.** "
        f"{sum(one['error'] for one in results):,} were refused with a typed error and {images:,} "
        f"opened; {judged:,} of those were compared with another parser of the header and agree "
        "in shape, pixel type and voxel size. The slowest answer took "
        f"{slowest:.1f} s, the most memory was {peak:,} MB. Written by `make validate` "
        f"(`python -m scalebridge.reports.mutations`, seed {seed}) on {platform.system()} "
        f"{platform.machine()}, Python {platform.python_version()}; 20 of each run in `make test`.",
        "",
        "| format | file | files | typed errors | images | compared | readers ended | imports "
        "| wrong | slowest [s] | memory [MB] |",
        "|---|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|",
    ]
    lines += [_row(one) for one in results]
    return "\n".join(lines) + "\n"


def _row(one: dict[str, Any]) -> str:
    origin = "an instrument's" if one["real"] else "by specification"
    cells = (
        one["format"], f"`{one['file']}`, {origin}", one["count"], one["error"], one["image"],
        one["judged"], one["stopped"], one["imported"], len(one["failures"]),
        f"{one['slowest_s']:.2f}", one["peak_mb"],
    )  # fmt: skip
    return f"| {' | '.join(map(str, cells))} |"


def with_table(page: str, made: str) -> str:
    """Put the table into a page, between its two marks.

    Raises
    ------
    ValueError
        The page has no marks.
    """
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page needs the lines {BEGIN!r} and {END!r}")
    return f"{before}{begin}\n\n{made}\n{end}{after}"
