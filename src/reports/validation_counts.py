"""The counts of ``make validate`` beside the examples; the work folder keeps what is done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd

from . import constellation_finds, edge_coverage, edge_sightings, landmark_coverage, region_coverage
from . import face_finds as faces_cut
from . import slice_finds as sections
from . import surface_coverage as surfaces
from . import validation_sections as page
from .calibration_figure import calibration_figure
from .edge_figure import edge_figure
from .edge_page import box_section, edge_section
from .work_folder import kept, kept_table, written

FIGURE, BOXES = "calibration.svg", "boxes.svg"
Say = Callable[[str], None]
#: Fiducials in both images, size of one over the other, whether that is unknown, dimensions.
_SCENES: tuple[dict[str, Any], ...] = (
    {"shared": 10, "scale": 1.02, "any_scale": False, "dimensions": ((3, 3), (2, 3), (2, 2))},
    {"shared": 10, "scale": 0.2, "any_scale": True, "dimensions": ((3, 3),)},
    {"shared": 10, "scale": 4.7, "any_scale": True, "dimensions": ((3, 3),)},
    {"shared": 0, "scale": 1.02, "any_scale": False, "dimensions": ((3, 3), (2, 3), (2, 2))},
    {"shared": 0, "scale": 1.02, "any_scale": True, "dimensions": ((3, 3),)},
)


@dataclass(frozen=True)
class Counts:
    """How often everything is repeated; the defaults are the full counts.

    Attributes
    ----------
    repeats : int
        Of every chain of transforms.
    draws : int
        Of landmarks from each measured set.
    pairings : int
        Scenes of fiducials of each kind.
    starts, captures : int
        Searches of a section near its place, and of each kind further off.
    poses : int
        Surface poses of each kind.
    edges : int
        Example specimens whose transforms and planned boxes are compared with the truth.
    faces : int
        Example specimens that are cut in faces.
    """

    repeats: int = region_coverage.REPEATS
    draws: int = landmark_coverage.DRAWS
    pairings: int = constellation_finds.SEEDS
    starts: int = sections.STARTS
    captures: int = sections.CAPTURE
    poses: int = surfaces.SEEDS
    edges: int = edge_coverage.SEEDS
    faces: int = faces_cut.SEEDS


def count_all(
    counts: Counts, *, work: Path, data: Path | None, figures: Path, say: Say
) -> list[list[str]]:
    """Count everything that the work folder does not know, and write the sections of the page.

    Parameters
    ----------
    counts : Counts
    work : pathlib.Path
        Gets a file a count; remove one to repeat it.
    data : pathlib.Path or None
        Holds the measured landmark sets; without it they are said not to be counted.
    figures : pathlib.Path
        Folder of the page; gets the calibration figures.
    say : callable
        Is told what is done.
    """
    return [
        page.region_section(count_regions(counts.repeats, work=work, say=say)),
        *_landmarks(counts.draws, work=work, data=data, figures=figures, say=say),
        page.pairing_section(count_pairings(counts.pairings, work=work, say=say)),
        page.slice_section(
            count_sections(counts.starts, captures=counts.captures, work=work, say=say)
        ),
        page.face_section(count_faces(counts.faces, work=work, say=say)),
        page.surface_section(count_surfaces(counts.poses, work=work, say=say)),
        *_edges(counts.edges, work=work, figures=figures, say=say),
    ]


def count_regions(repeats: int, *, work: Path, say: Say) -> pd.DataFrame:
    """Count regions of chains and loops: ``regions-<repeats>.json``."""
    return kept_table(
        work / f"regions-{repeats}.json",
        lambda: region_coverage.region_coverage(repeats=repeats, say=say),
    )


def count_pairings(scenes: int, *, work: Path, say: Say) -> pd.DataFrame:
    """Pair scenes of fiducials: ``pairings-<scenes>-<kind>.json``."""
    tables = []
    for kind, options in enumerate(_SCENES):
        table = kept_table(
            work / f"pairings-{scenes}-{kind}.json",
            partial(constellation_finds.pairing_table, range(scenes), **options),
        )
        say(f"fiducials, {options['shared']} in common: {table['found'].sum()} found")
        tables.append(table.assign(scale=options["scale"]))
    return pd.concat(tables, ignore_index=True)


def count_sections(starts: int, *, captures: int, work: Path, say: Say) -> pd.DataFrame:
    """Search sections: ``section-<kind>-<seed>.json``, one a search."""
    rows = []
    for kind, distance, seed in _searches(starts, captures):
        row = kept(
            work / f"section-{kind}-{seed:03d}.json",
            partial(sections.find_section, seed, distance),
        )
        say(f"section {seed}, {distance}: {row['end']}")
        rows.append(row)
    return sections.slice_table(rows)


def _searches(starts: int, captures: int) -> Iterator[tuple[int, str, int]]:
    for kind, distance in enumerate(sections.slice_distances()):
        for seed in range(captures if kind else starts):
            yield kind, distance, seed


def count_faces(seeds: int, *, work: Path, say: Say) -> pd.DataFrame:
    """Cut specimens face by face: ``faces-<seed>.json``, one a specimen."""
    rows: list[dict[str, Any]] = []
    for seed in range(seeds):
        found = kept(work / f"faces-{seed:03d}.json", partial(faces_cut.find_faces, seed))
        say(f"faces of specimen {seed}: {sum(row['found'] for row in found)} of {len(found)} found")
        rows += found
    return faces_cut.face_table(rows)


def count_surfaces(poses: int, *, work: Path, say: Say) -> pd.DataFrame:
    """Count regions of surface poses: ``surfaces-<poses>-<kind>.json``."""
    tables = [
        kept_table(
            work / f"surfaces-{poses}-{kind}.json",
            partial(surfaces.surface_coverage, seeds=poses, cases=[case], say=say),
        )
        for kind, case in enumerate(surfaces.surface_cases())
    ]
    return pd.concat(tables, ignore_index=True)


def count_edges(
    seeds: int, *, work: Path, say: Say
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Judge edges and boxes of specimens: ``edges-<seed>.json`` holds what was found of one.

    Returns
    -------
    edges, ways : list of dict
        Of `scalebridge.reports.edge_coverage.judge_edges` and `judge_ways`.
    """
    edges: list[dict[str, Any]] = []
    ways: list[dict[str, Any]] = []
    for seed in range(seeds):
        found = kept(work / f"edges-{seed:03d}.json", partial(edge_sightings.sight, seed))
        judged = edge_coverage.judge_edges(found)
        edges += judged
        ways += edge_coverage.judge_ways(found)
        say(f"specimen {seed}: {sum(row['inside'] for row in judged):.0f} of {len(judged)} inside")
    return edges, ways


def _edges(seeds: int, *, work: Path, figures: Path, say: Say) -> Iterator[list[str]]:
    edges, ways = count_edges(seeds, work=work, say=say)
    written(figures / BOXES, edge_figure(pd.DataFrame(ways)))
    yield edge_section(edge_coverage.edge_table(edges), seeds=seeds)
    yield box_section(edge_coverage.way_table(ways), figure=BOXES)


def _landmarks(
    draws: int, *, work: Path, data: Path | None, figures: Path, say: Say
) -> Iterator[list[str]]:
    if data is None:
        yield page.no_landmarks_section()
        return
    sets = landmark_coverage.measured_landmarks(Path(data))
    tables = []
    for name, pairs in sets.items():
        table = kept_table(
            work / f"landmarks-{draws}-{name}.json",
            partial(landmark_coverage.calibration_table, {name: pairs}, draws=draws),
        )
        say(f"landmarks of {name}: {table['coverage'].min():.1%} or more")
        tables.append(table)
    curves = kept_table(
        work / f"curves-{draws}.json",
        lambda: landmark_coverage.calibration_curves(sets, draws=draws),
    )
    written(figures / FIGURE, calibration_figure(curves))
    yield page.calibration_section(pd.concat(tables, ignore_index=True), figure=FIGURE)
    left_out = kept_table(work / "left-out.json", lambda: landmark_coverage.left_out_table(sets))
    yield page.left_out_section(left_out)
