"""The parts of `measure`: each takes the job and gives measurements and tables."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ..threads import each
from .centre_lines import skeleton
from .chords import chord_lengths
from .connectivity import connectivity_of
from .correlation import two_point_correlation
from .curvature import curvature
from .euler import euler_density, euler_number
from .geometry_job import ANY, Found, GeometryJob
from .measurement import Check
from .meeting_parts import interfaces, triple_lines
from .objects import AXIS_NAMES, label_objects, object_table
from .path_length import PathLength, path_length
from .phase_checks import phase_checks
from .phase_quantities import QUANTITIES, phase_figures
from .phase_uncertainty import counting_part, radius_px_of, voxel_part, with_sampling
from .pore_sizes import BALL_PX, pore_sizes
from .profiles import axis_profile
from .representative import representative_volume
from .widest_path import critical_diameter_um

_SLOPE_TOLERANCE = 0.10
_COUNTED = "counted on the labels as they are: what is thinner than a voxel isn't seen"


def _phases(job: GeometryJob) -> Found:
    """Give what `measure_phases` gives, of labels that are taken to be right."""
    found = Found()
    for title, phase in job.phases():
        figures = phase_figures(
            phase, spacing_um=job.spacing, connectivity=job.connectivity, mask=job.inside
        )
        radius = radius_px_of(figures, job.spacing)
        checks = phase_checks(
            phase, figures, spacing_um=job.spacing, radius_px=radius, mask=job.inside,
            imaging_known=False,
        )  # fmt: skip
        own = []
        for quantity in QUANTITIES:
            value = figures.values[quantity.key]
            if not np.isfinite(value):
                continue
            parts = {"voxels": abs(value) * voxel_part(quantity.key, radius, figures, job.spacing)}
            parts |= counting_part(quantity.key, figures.sizes, value)
            m = quantity.measurement(
                title, value, parts, ndim=phase.ndim, connectivity=job.connectivity, checks=checks,
                of=figures.said_of(quantity.key),
            )  # fmt: skip
            own.append(m)
        found.measurements += with_sampling(own, phase, spacing_um=job.spacing, mask=job.inside)
    return found


def _euler(job: GeometryJob) -> Found:
    found = Found()
    words = f"bodies minus tunnels plus cavities, {job.connectivity} neighbours; {_COUNTED}"
    power = job.labels.ndim
    for title, phase in job.phases():
        value = euler_number(job.own(phase), connectivity=job.connectivity)
        found.add(f"{title}.euler_number", f"{title}: Euler number", value, "1", words)
        density = euler_density(
            phase, spacing_um=job.spacing, connectivity=job.connectivity, mask=job.inside
        )
        unit = f"1/µm{'²' if power == 2 else '³'}"
        found.add(
            f"{title}.euler_density", f"{title}: Euler number per volume", density, unit,
            words + ", free of the border's effect",
        )  # fmt: skip
    return found


def _curvature(job: GeometryJob) -> Found:
    found = Found()
    for title, phase in job.phases():
        k = curvature(phase, spacing_um=job.spacing, mask=job.inside)
        words = "from Euler numbers of sections in 13 directions over Crofton's surface"
        found.add(
            f"{title}.mean_curvature", f"{title}: mean curvature", k.mean_per_um, "1/µm", words,
            parts=_voxels(k.mean_error_per_um), bounds=ANY,
        )  # fmt: skip
        words = "4 pi times the Euler number over Crofton's surface, 26 and 6 neighbours averaged"
        found.add(
            f"{title}.gaussian_curvature", f"{title}: Gaussian curvature", k.gaussian_per_um2,
            "1/µm²", words, parts=_voxels(k.gaussian_error_per_um2), bounds=ANY,
        )  # fmt: skip
    return found


def _chords(job: GeometryJob) -> Found:
    found = Found()
    for title, phase in job.phases():
        chords = chord_lengths(phase, spacing_um=job.spacing, mask=job.inside, threads=job.threads)
        found.add_table("chords", title, chords.table)
        for axis, mean in chords.mean_um.items():
            found.add(
                f"{title}.mean_chord_{axis}", f"{title}: mean chord along {axis}", mean, "µm",
                "2 phi over crossings per length of lines along the axis",
                parts=_voxels(chords.error_um[axis]),
            )  # fmt: skip
    return found


def _correlation(job: GeometryJob) -> Found:
    found = Found()
    factor = 4 if job.labels.ndim == 3 else math.pi
    for title, phase in job.phases():
        s2 = two_point_correlation(
            phase, spacing_um=job.spacing, mask=job.inside, threads=job.threads
        )
        found.add_table("correlation", title, s2.table)
        from .surface import surface

        counted = surface(phase, spacing_um=job.spacing, mask=job.inside).specific_um2_per_um3
        slope, smooth = s2.specific_surface_per_um, s2.smooth_surface_per_um
        error = s2.surface_error_per_um(counted, spacing_um=job.spacing)
        low, high = sorted((slope, smooth))
        known = bool(counted) and np.isfinite(low + high)
        fits = (1 - _SLOPE_TOLERANCE) * low <= counted <= (1 + _SLOPE_TOLERANCE) * high
        check = Check(
            "S2'(0) = -S_V / 4" if factor == 4 else "S2'(0) = -L_A / pi",
            bool(fits) if known else None,
            f"{slope:.4g} 1/µm from the slope, {smooth:.4g} if no surfaces touch, {counted:.4g} "
            "1/µm from crossings",
        )
        found.add(
            f"{title}.specific_surface_s2", f"{title}: surface per volume from S2", slope, "1/µm",
            "slope of the two-point correlation at 0, by a parabola, which sees crevices where "
            f"grains touch; {smooth:.4g} 1/µm if there are none", (check,), _voxels(error),
        )  # fmt: skip
    return found


def _sizes(meaning: str) -> Callable[[GeometryJob], Found]:
    def part(job: GeometryJob) -> Found:
        found = Found()
        for title, phase in job.phases():
            if not phase.any() or (phase if job.inside is None else phase | ~job.inside).all():
                continue  # nothing of it, or nothing else: no size to speak of
            sizes = pore_sizes(
                phase, spacing_um=job.spacing, meaning=meaning, mask=job.inside, threads=job.threads
            )
            found.add_table(meaning, title, sizes.table)
            words = meaning.replace("_", " ")
            values = (
                (sizes.mean_um, sizes.mean_error_um),
                (sizes.median_um, sizes.median_error_um),
            )
            for kind, (value, error) in zip(("mean", "median"), values, strict=True):
                found.add(
                    f"{title}.{meaning}_{kind}", f"{title}: {kind} size ({words})", value, "µm",
                    sizes.convention, parts=_voxels(error),
                )  # fmt: skip
        return found

    return part


def _connectivity(job: GeometryJob) -> Found:
    found = Found()
    for title, phase in job.phases():
        pieces = connectivity_of(job.own(phase), connectivity=job.connectivity)
        words = f"{job.connectivity} neighbours; {_COUNTED}"
        found.add(f"{title}.pieces", f"{title}: pieces", pieces.pieces, "1", words)
        widest = critical_diameter_um(phase, spacing_um=job.spacing, mask=job.inside)
        for axis, share in pieces.percolating_fraction.items():
            found.add(
                f"{title}.percolating_{axis}", f"{title}: share that crosses along {axis}", share,
                "1", f"share of the phase in pieces that touch both ends, {words}",
            )  # fmt: skip
            found.add(
                f"{title}.critical_diameter_{axis}", f"{title}: largest crossing ball along {axis}",
                widest[axis], "µm", "widest path of the distance transform",
                parts=_voxels(BALL_PX * max(job.spacing)) if np.isfinite(widest[axis]) else None,
            )  # fmt: skip
    return found


def _paths(job: GeometryJob) -> Found:
    found = Found()
    for title, phase in job.phases():
        axes = AXIS_NAMES[phase.ndim][::-1]
        lengths = partial(_path_along, phase, job)
        for axis, path in zip(axes, each(lengths, axes, threads=job.threads), strict=True):
            found.add(
                f"{title}.path_ratio_{axis}", f"{title}: path over straight length along {axis}",
                path.mean_ratio, "1",
                "shortest paths from the first plane, pulled taut, mean over the last; no "
                "tortuosity factor", parts=_voxels(path.error), bounds=(1.0, math.inf),
            )  # fmt: skip
    return found


def _path_along(phase: NDArray[np.bool_], job: GeometryJob, axis: str) -> PathLength:
    return path_length(phase, axis=axis, spacing_um=job.spacing, mask=job.inside)


def _skeleton(job: GeometryJob) -> Found:
    found = Found()
    for title, phase in job.phases():
        lines = skeleton(job.own(phase), spacing_um=job.spacing)
        words = "centre lines by thinning, 26 (8) neighbours"
        found.add(
            f"{title}.skeleton_length", f"{title}: skeleton", lines.length_um, "µm",
            f"{words}, stairs smoothed", parts=_voxels(lines.length_error_um),
        )  # fmt: skip
        words += f"; {lines.spurs} branches are so short that bumps of voxels may have made them"
        counts = (("branches", "branch points", lines.branches), ("ends", "ends", lines.ends))
        for key, name, count in counts:
            found.add(
                f"{title}.skeleton_{key}", f"{title}: {name}", count, "1", words,
                parts=_voxels(lines.spurs),
            )  # fmt: skip
    return found


def _objects(job: GeometryJob) -> Found:
    found = Found()
    for title, phase in job.phases():
        names = label_objects(job.own(phase), connectivity=job.connectivity)
        table = object_table(
            names, spacing_um=job.spacing, connectivity=job.connectivity, surface=True, shape=True,
            threads=job.threads,
        )  # fmt: skip
        found.add_table("objects", title, table)
    return found


def _representative(job: GeometryJob) -> Found:
    found = Found()
    unit = "µm³" if job.labels.ndim == 3 else "µm²"
    for title, phase in job.phases():
        volume = representative_volume(phase, spacing_um=job.spacing, mask=job.inside)
        found.add_table("representative_volume", title, volume.table)
        check = Check(
            "variance falls as 1 / volume",
            bool(-1.5 < volume.exponent < -0.5) if np.isfinite(volume.exponent) else None,
            f"exponent {volume.exponent:.2f}; -1 for a homogeneous material",
        )
        found.add(
            f"{title}.integral_range", f"{title}: integral range", volume.integral_range_um3, unit,
            "variance of blocks times volume over phi (1 - phi)", (check,),
        )  # fmt: skip
        found.add(
            f"{title}.representative_volume", f"{title}: representative volume", volume.volume_um3,
            unit, "for the volume fraction within 5 % of itself, 19 times of 20", (check,),
        )  # fmt: skip
    return found


def _profiles(job: GeometryJob) -> Found:
    found = Found()
    for title, phase in job.phases():
        for axis in reversed(AXIS_NAMES[phase.ndim]):
            table = axis_profile(phase, axis=axis, spacing_um=job.spacing, mask=job.inside)
            table.insert(0, "axis", axis)
            found.add_table("profiles", title, table)
    return found


def _voxels(error: float) -> dict[str, float] | None:
    """What voxels do to a value, where it is known: what did not move is not exact for that."""
    return {"voxels": error} if math.isfinite(error) and error > 0 else None


PARTS: dict[str, Callable[[GeometryJob], Found]] = {
    "phases": _phases,
    "interfaces": interfaces,
    "triple_lines": triple_lines,
    "euler": _euler,
    "curvature": _curvature,
    "chords": _chords,
    "correlation": _correlation,
    "local_thickness": _sizes("local_thickness"),
    "porosimetry": _sizes("porosimetry"),
    "bodies": _sizes("bodies"),
    "connectivity": _connectivity,
    "paths": _paths,
    "skeleton": _skeleton,
    "objects": _objects,
    "representative_volume": _representative,
    "profiles": _profiles,
}
