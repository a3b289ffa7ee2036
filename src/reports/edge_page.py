"""What the page of validation says of the example's transforms, and of boxes planned by them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .edge_coverage import ALL


def edge_section(edges: pd.DataFrame, *, seeds: int) -> list[str]:
    """Write how good the transforms of the example are.

    Parameters
    ----------
    edges : DataFrame
        Of `scalebridge.reports.edge_coverage.edge_table`.
    seeds : int
        Specimens; one whose transform was refused is missing from its row.
    """
    single, together = edges.iloc[:-1], edges.iloc[-1]
    good = int(single["inside"].between(single["low"], single["high"]).sum())
    return [
        "## Every transform of the example",
        "",
        f"**{good} of {len(single)} transforms hold the hidden feature in their 95 % region as "
        "often as they should** (the band leaves out what chance does to 1.1 % of honest ones: of "
        "400 it is 367 to 389); over all, the mean squared distance is "
        f"{together['square']:.2f} ± {together['square_sigma']:.2f} times its expectation. "
        f"{seeds} small specimens were pictured, fiducials found and paired, and transforms "
        "fitted, without a workspace and without the truth. The feature lies 70 to 88 µm below "
        "the surface and takes part in none of the fits; it is carried along each transform, and "
        "along the map of one face its foot on that face.",
        "",
        "*Square* is the mean of the squared Mahalanobis distance over D ν / (ν - 2), the mean of "
        "D F(D, ν): the covariance's shape is known, its size is told by ν degrees of freedom. D "
        "is 2 on the face and 3 elsewhere. Frames of light and SEM have their plane half a nominal "
        "bead above the surface. Errors are told by axis where a picker tells them so: depth of "
        "beads is found half as well. The stack is taken to be cut and pictured as unsteadily as "
        "its instrument is known to do, and the map to lie on the slice after which it was taken.",
        "",
        "| transform | specimens | inside | honest | degrees of freedom | square "
        "| median error | stated |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        *(_edge_line(row) for row in edges.to_dict("records")),
    ]


def box_section(ways: pd.DataFrame, *, figure: str) -> list[str]:
    """Write how often boxes hold the feature that were planned for a wanted probability.

    Parameters
    ----------
    ways : DataFrame
        Of `scalebridge.reports.edge_coverage.way_table`.
    figure : str
        File of `scalebridge.reports.edge_figure.edge_figure`.
    """
    less, more = int((ways["held"] < ways["low"]).sum()), int((ways["held"] > ways["high"]).sum())
    kept = len(ways) - less - more
    return [
        "## Boxes planned about the hidden feature",
        "",
        f"**{kept} of {len(ways)} promises are kept within what chance does to all but 5 % of "
        f"honest ones;** {less} hold the feature less often than that, {more} more often. "
        "A box about the feature is planned along a whole way from image to image, "
        "with the margin that should hold all its corners with a wanted probability, and compared "
        "with where the true ones lie. It begins at the feature's true place, so that only "
        "transforms err - from the light picture, which does not show it, all four of light → "
        "survey → zoom → FIB-SEM → EDS - or at the place where it was *found* in the zoom scan, "
        "with the uncertainty that `find_blobs` states of it.",
        "",
        f"![Promised probability and share of boxes that hold the feature]({figure})",
        "",
        "| way | planned for | specimens | boxes that hold it | honest | median margin |",
        "|---|---:|---:|---:|---:|---:|",
        *(_way_line(row) for row in ways.to_dict("records")),
    ]


def _edge_line(row: dict[str, Any]) -> str:
    nu = row["nu"]
    free = "" if row["edge"] == ALL else "known" if not np.isfinite(nu) else f"{nu:.0f}"
    return (
        f"| {row['edge']} | {row['seeds']} | {row['inside']} | {row['low']} to {row['high']} "
        f"| {free} | {row['square']:.2f} ± {row['square_sigma']:.2f} "
        f"| {row['error_um']:.3f} µm | {row['sigma_um']:.3f} µm |"
    )


def _way_line(row: dict[str, Any]) -> str:
    return (
        f"| {row['way']} | {row['promised']:.0%} | {row['seeds']} | {row['held']} "
        f"| {row['low']} to {row['high']} | {row['margin_um']:.2f} µm |"
    )
