"""What the page of validation says of regions, landmarks, pairings, sections and surfaces."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest


def region_section(regions: pd.DataFrame) -> list[str]:
    """Write how often regions of points cover that were carried along chains of transforms."""
    rows = regions.to_dict("records")
    good = sum(0.93 <= row["coverage"] <= 0.97 for row in rows)
    return [
        "## Points carried along transforms",
        "",
        f"**{good} of {len(rows)} cases cover in 93 to 97 %.** Landmarks of known places get "
        "noise, transforms are fitted to them, and a target is carried along: how often its 95 % "
        "region holds the true place. *Square* is the mean square of the error in units of its "
        "covariance over what it should be. A *false alarm* is a loop of good transforms of which "
        "is said that it does not close (chance below 1 %).",
        "",
        "| case | repeats | coverage (95 %) | degrees of freedom | square | false alarms |",
        "|---|---:|---:|---:|---:|---:|",
        *(_region_line(row) for row in rows),
    ]


def _region_line(row: dict[str, Any]) -> str:
    covered = round(row["coverage"] * row["repeats"])
    nu, alarm = row["nu"], row["false_alarm"]
    known = nu is None or not np.isfinite(nu)
    quiet = alarm is None or not np.isfinite(alarm)
    return (
        f"| {row['case']} | {row['repeats']} | {row['coverage']:.1%}"
        f"{_share(covered, row['repeats'])} | {'known' if known else f'{nu:.0f}'} "
        f"| {row['square']:.2f} | {'' if quiet else f'{alarm:.1%}'} |"
    )


def calibration_section(table: pd.DataFrame, *, figure: str) -> list[str]:
    """Write how often regions of measured landmarks cover those that took no part."""
    affine = table[table["model"] == "affine"]
    low, high = affine["coverage"].min(), affine["coverage"].max()
    return [
        "## Measured landmarks that took no part",
        "",
        f"**Affine maps through 6 to 30 landmarks: regions of 95 % hold {low:.0%} to {high:.0%}.** "
        "People picked the landmarks on histological sections (BIRL, in pixels) and in a fly's "
        "brain by light and by electrons (FAFB, in µm). A few are drawn at random and fitted, the "
        "others are predicted; nobody knows true positions, so each counts with its own picking "
        "error. These specimens bend, so that a straight model is right on average only. "
        "*Error taken for known* is what regions would cover that forgot how few landmarks told "
        "the error.",
        "",
        f"![Stated probability and coverage for 6, 10 and 30 fitted landmarks]({figure})",
        "",
        "| landmarks | model | fitted | draws | coverage (95 % of draws' mean) "
        "| error taken for known | median error |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(_calibration_line(row) for row in table.to_dict("records")),
    ]


def _calibration_line(row: dict[str, Any]) -> str:
    return (
        f"| {row['landmarks']} | {row['model']} | {row['fitted']} | {row['draws']} "
        f"| {row['coverage']:.1%} ({row['low']:.1%} to {row['high']:.1%}) "
        f"| {row['chi_squared']:.1%} | {row['median_error']:.3g} |"
    )


def left_out_section(table: pd.DataFrame) -> list[str]:
    """Write how often each landmark lies in the region that all others predict."""
    return [
        "## Each measured landmark predicted by all others",
        "",
        "| landmarks | model | inside | coverage (95 %) | RMS error |",
        "|---|---|---:|---:|---:|",
        *(
            f"| {row['landmarks']} | {row['model']} | {row['covered']} of {row['count']} "
            f"| {row['coverage']:.1%} ({row['low']:.1%} to {row['high']:.1%}) "
            f"| {row['loo_rms']:.3g} |"
            for row in table.to_dict("records")
        ),
    ]


def no_landmarks_section() -> list[str]:
    """Say that measured landmarks were not at hand."""
    return [
        "## Measured landmarks that took no part",
        "",
        "Not counted: the folder of measured landmark sets was not given (`SCALEBRIDGE_DATA`).",
    ]


def pairing_section(table: pd.DataFrame) -> list[str]:
    """Write how often fiducials are paired of which each image misses half."""
    wrong = int(table["wrong"].sum())
    return [
        "## Fiducials paired without a start",
        "",
        f"**{wrong} of {int(table['seeds'].sum())} scenes end in a wrong pose.** Each image holds "
        "20 fiducials and 4 spurious ones, in random places, picked with errors of 0.35 % of the "
        "field; *in common* is how many of the 20 both images show. What chance could do as well "
        "is refused; with none in common everything should be.",
        "",
        "| images | size of one over the other | in common | scenes | found | refused | wrong |",
        "|---|---|---:|---:|---:|---:|---:|",
        *(
            f"| {row['dimensions']} | {_size(row)} | {row['shared']} | {row['seeds']} "
            f"| {row['found']} | {row['refused']} | {row['wrong']} |"
            for row in table.to_dict("records")
        ),
    ]


def _size(row: dict[str, Any]) -> str:
    return f"{row['scale']:g}, {'not known' if row['any_scale'] else 'known to 3 %'}"


def slice_section(table: pd.DataFrame) -> list[str]:
    """Write how often sections are found in their volumes."""
    return [
        "## Oblique sections found in a volume",
        "",
        "Pictures of 96 × 96 pixels, cut at random from volumes of 128³ voxels, re-contrasted, "
        "with noise of a fifth of the contrast in both. *Found* is within 0.5 voxels in the plane, "
        "1 across it and 0.2° of turn. The search looks through 20 voxels along and 10° about each "
        "axis unless told otherwise; starts that lie further off show how far it reaches.",
        "",
        "| start off by | searches | found (95 %) | refused | wrong | median error in the plane, "
        "across it [voxel] | turn [°] | median time [s] |",
        "|---|---:|---:|---:|---:|---:|---:|---:|",
        *(_slice_line(row) for row in table.to_dict("records")),
    ]


def _slice_line(row: dict[str, Any]) -> str:
    none = not row["found"]
    errors = "" if none else f"{row['aside_um']:.2g}, {row['along_um']:.2g}"
    turn, time = ("", "") if none else (f"{row['turn_deg']:.2g}", f"{row['seconds']:.2g}")
    return (
        f"| {row['start']} | {row['searches']} | {row['found']}"
        f"{_share(row['found'], row['searches'])} | {row['refused']} | {row['wrong']} "
        f"| {errors} | {turn} | {time} |"
    )


def face_section(table: pd.DataFrame) -> list[str]:
    """Write how often `update_cut` holds the distance of a face to the feature."""
    return [
        "## Faces of a cut, and how far they are from the feature",
        "",
        "The small example is cut from 33 µm before the hidden feature into it; every face is "
        "looked for in the zoom scan (1 µm voxels) from a start that is off by 1 µm and 1° along "
        "and about each axis. *Inside* is how often the 95 % interval of `update_cut` holds the "
        "true distance.",
        "",
        "| distance to | faces | found | inside (95 %) | median error | median half-width |",
        "|---|---:|---:|---:|---:|---:|",
        *(
            f"| {row['feature']} | {row['faces']} | {row['found']} | {row['inside']}"
            f"{_share(row['inside'], row['found']) if row['found'] else ''} "
            f"| {row['error_um']:.2g} µm | {row['half95_um']:.2g} µm |"
            for row in table.to_dict("records")
        ),
    ]


def surface_section(table: pd.DataFrame) -> list[str]:
    """Write how often regions of a fitted surface pose cover."""
    shares = table[["in_picture", "in_survey"]].to_numpy(float)
    shares = shares[np.isfinite(shares)]
    good = int(((shares >= 0.93) & (shares <= 0.97)).sum())
    return [
        "## Tilted pictures of a surface",
        "",
        f"**{good} of {len(shares)} shares lie in 93 to 97 %.** Eight marks, picked with 0.5 µm in "
        "a picture at 52° and 0.4 µm in the survey, of a mount that is off by a few degrees. How "
        "often the 95 % region holds the true place: of a survey's place seen in the picture, and "
        "of a pixel in the survey.",
        "",
        "| case | seeds | in the picture | in the survey |",
        "|---|---:|---:|---:|",
        *(_surface_line(row) for row in table.to_dict("records")),
    ]


def _surface_line(row: dict[str, Any]) -> str:
    cells = [
        "" if share is None or not np.isfinite(share)
        else f"{share:.1%}{_share(round(share * row['seeds']), row['seeds'])}"
        for share in (row["in_picture"], row["in_survey"])
    ]  # fmt: skip
    return f"| {row['case']} | {row['seeds']} | {' | '.join(cells)} |"


def _share(covered: int, count: int) -> str:
    interval = binomtest(int(covered), int(count)).proportion_ci(method="wilson")
    return f" ({interval.low:.1%} to {interval.high:.1%})"
