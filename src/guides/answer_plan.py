"""The steps that answer the questions about one segmentation, and what they cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from .central_block import central_block
from .quantification import PhaseResults
from .questions import OF_PORES, SHARED, SOLVED

LARGEST = 512  # voxels along an axis, for what is measured on the whole image where it can be
# Of a voxel, beside that of the other parts: for the time left, no more.
_COST = {
    "diffusion": 20.0, "flow": 200.0, "local_thickness": 10.0, "porosimetry": 30.0,
    "bodies": 45.0, "paths": 80.0, "curvature": 10.0, "correlation": 5.0, "skeleton": 40.0,
    "drainage": 20.0, "network_sizes": 4.0, "pore_network": 45.0, "relative_permeability": 20.0,
}  # fmt: skip


@dataclass(frozen=True)
class Step:
    """One part of the answers: of a phase, or of all of them, along an axis or not."""

    part: str
    phase: str
    axis: str = ""

    @property
    def name(self) -> str:
        """What is measured, and along which axis."""
        return f"{self.part} along {self.axis}" if self.axis else self.part

    @property
    def title(self) -> str:
        """The same with its phase, for people."""
        words = self.name.replace("_", " ")
        return f"{self.phase}: {words}" if self.phase else words


def plan_of(result: PhaseResults, parts: Iterable[str]) -> list[Step]:
    """Return the steps for one result: of all phases together first, then phase by phase.

    The pore network comes last: it stands beside what the voxels' solvers found.
    """
    axes = "xyz"[: result.found.labels.ndim]
    parts = sorted(parts, key=lambda part: part in OF_PORES)
    shared = [Step(part, "") for part in parts if part in SHARED and _possible(part, result)]
    own = []
    for phase in result.diameters:
        for part in parts:
            if part in SOLVED:
                own += [Step(part, phase, axis) for axis in axes]
            elif part not in SHARED:
                own.append(Step(part, phase))
    return shared + own


def cost_of(step: Step, result: PhaseResults, block_voxels: int) -> float:
    """Return the relative cost of a step: voxels times what the part costs a voxel."""
    most = block_voxels if step.part in (*SOLVED, *OF_PORES) else LARGEST
    voxels = np.prod(central_block(result.found.labels.shape, most=most).size)
    return _COST.get(step.part, 1.0) * float(voxels)


def _possible(part: str, result: PhaseResults) -> bool:
    labels = result.found.labels
    return part != "triple_lines" or (labels.ndim == 3 and len(result.settings.phases) > 2)
