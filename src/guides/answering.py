"""What one wants to know of the measured phases, answered part by part."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..analysis.quantification import FieldScatter, Measurement, mean_chord_um, measure
from ..analysis.quantification.already_segmented import ALREADY
from ..analysis.quantification.measurement import Check
from ..errors import MissingPackage
from ..workspace import Workspace
from .agreeing import agreement_table
from .answer_plan import LARGEST, Step, cost_of, plan_of
from .block_scatter import block_shares, solved_scatter
from .central_block import Block, central_block, likeness
from .class_shares import Varied
from .fluids import Fluids
from .imaged_chords import DIRECTION, chords_by_surface
from .phase_answers import NOT_REPEATED, PhaseAnswers
from .pore_answers import PoreAnswers
from .quality_answers import quality_of
from .quantification import PhaseResults
from .questions import OF_PORES, SOLVED, checked_questions, parts_of
from .saturation_answers import saturation_answers
from .steps import StepProgress, Steps
from .threshold_shares import Moved, moved_thresholds, with_share
from .transport_answers import Ask, Porous, diffusion, flow

BLOCK_VOXELS = 128
BLOCK = "block"  # the part of a half-width by which a block may differ from its image
_SOLVERS = {"diffusion": diffusion, "flow": flow}
# What does not move with a threshold in a way that a small block could tell.
MEETING = ("interfaces", "triple_lines")
_UNMOVED = ("representative_volume", "objects", "profiles", "relative_permeability")
_NO_AVERAGE = ("breakthrough_pressure", "trapped_share")
_ISOTROPIC = ("S2'(0)", "mean chord")


def answer_questions(
    ws: Workspace,
    results: Sequence[PhaseResults],
    *,
    questions: Sequence[str] | None,
    block_voxels: int = BLOCK_VOXELS,
    halves: Sequence[str] | None = None,
    fluids: Fluids | None = None,
    threads: int | None = None,
    progress: Callable[[StepProgress], None] | None = None,
    cancel: Callable[[], bool] | None = None,
) -> list[PhaseAnswers]:
    """Answer the questions for each measured phase of each result.

    Geometry is measured on the image, of one beyond 512 voxels along an axis on the central
    block of that size; diffusion, flow and the pore network are solved in a central block of
    `block_voxels` along each axis. Every answer on a block says so in its convention, and a check
    tells whether the block has the image's volume fraction. Of a region, the largest
    box inside is taken for the image. Blocks of up to 64 voxels all over the
    image tell how much one differs from the next: the part ``"block"``. The thresholds' part of
    the half-width comes from segmenting a central block of 64 voxels with each threshold moved by
    its uncertainty.

    Parameters
    ----------
    ws : Workspace
    results : sequence of PhaseResults
    questions : sequence of str or None
        Keys of `QUESTIONS`; None asks nothing.
    block_voxels : int
        At least 8.
    halves : sequence of 2 str, optional
        Images with independent noise on one grid, for the resolution.
    fluids : Fluids, optional
        For the capillary pressure of the pore network; water and air along z unless told.
    threads : int, optional
        All processors unless told; the answers do not depend on it.
    progress : callable, optional
        Gets a `StepProgress` before each step.
    cancel : callable, optional
        True stops, as the notebook's own interrupt does: what is done is kept, and what is not is
        said.

    Returns
    -------
    list of PhaseAnswers
        One for each phase; before them one for the interfaces of an image, where they are asked.

    Raises
    ------
    ValueError
        A question is not in the list, or the block is too small.
    """
    parts = parts_of(checked_questions(questions))
    if block_voxels < 8:
        raise ValueError(f"block_voxels needs 8 or more, got {block_voxels}: a block needs pores")
    plans = [plan_of(result, parts) for result in results]
    costs = [
        cost_of(step, result, block_voxels)
        for result, plan in zip(results, plans, strict=True)
        for step in plan
    ]
    steps = Steps(costs, progress, cancel)
    found: list[PhaseAnswers] = []
    for result, plan in zip(results, plans, strict=True):
        work = _Work(ws, result, steps, block_voxels, halves, fluids or Fluids(), threads)
        for phase in dict.fromkeys(step.phase for step in plan):
            found.append(work.answers(phase, [step for step in plan if step.phase == phase]))
    return found


def _sampling(m: Measurement, scatter: FieldScatter, voxels: float) -> float | None:
    """What a solved block says about the material; a bottleneck is no average."""
    no_average = m.key.rsplit(".", 1)[1].startswith(_NO_AVERAGE)
    return None if no_average else scatter.half_width(m.key, voxels)


RIM = Check(
    "rim of the middle phase",
    None,
    "blurred edges between the darkest and the brightest phase pass through the grey values of the "
    "one between them: their interface is counted as two of its own, and triple lines move; how "
    "much is not known; classes that are learned by edges, too, don't have it",
)


class _Work:
    """Answers the steps of one result."""

    def __init__(
        self,
        ws: Workspace,
        result: PhaseResults,
        steps: Steps,
        block_voxels: int,
        halves: Sequence[str] | None,
        fluids: Fluids,
        threads: int | None,
    ) -> None:
        self._ws, self._result, self._steps, self._threads = ws, result, steps, threads
        self._fluids = fluids
        self._quality = partial(quality_of, ws, result, halves=halves)
        self._image = ws.images[result.image]
        self._spacing = tuple(self._image.spacing_um)
        self._box = None if result.region is None else result.region.box
        self._labels = result.found.labels
        if self._box is not None:
            self._labels = self._labels[self._box]
        shape = self._labels.shape
        # an interval without a part for the thresholds says so wherever it goes
        first = result.measurements[0].checks
        self._unstated = tuple(check for check in first if check.name in NOT_REPEATED)
        self._large = central_block(shape, most=LARGEST)
        self._small = central_block(shape, most=block_voxels)

    def answers(self, phase: str, plan: Sequence[Step]) -> PhaseAnswers:
        """Take the steps of one phase, or of all phases together."""
        measurements: list[Measurement] = []
        tables: dict[str, pd.DataFrame] = {}
        missing: dict[str, str] = {}
        moved = self._moved(phase)
        self._pores = PoreAnswers(self._fluids, measurements)
        for step in plan:
            try:
                done = self._steps.run(step.title, partial(self._step, step, moved))
            except (ValueError, MissingPackage) as error:  # too small, without wall: said in words
                missing[step.name] = str(error)
                continue
            if done is None:
                missing[step.name] = "not measured: stopped before"
                continue
            measurements += done[0]
            tables |= done[1]
        kept = tuple(self._named(m) for m in measurements)
        ndim = self._labels.ndim
        return PhaseAnswers(
            self._result.image, self._result.name, phase, kept, tables, missing, ndim
        )

    def _moved(self, phase: str) -> Moved | Varied | None:
        if (varied := self._result.varied) is not None:
            return varied if varied.variants else None
        label = self._label(phase) if phase else None
        return moved_thresholds(
            self._image, self._result.settings, self._result.found.labels, label, within=self._box
        )

    def _label(self, phase: str) -> int:
        return self._result.settings.phases.index(phase)

    def _step(
        self, step: Step, moved: Moved | Varied | None
    ) -> tuple[list[Measurement], dict[str, pd.DataFrame]]:
        if step.part == "image_quality":
            seen = self._quality()
            return seen.measurements, seen.tables
        if step.part == "agreement":
            return [], {step.part: agreement_table(self._ws, self._result)}
        if step.part == "saturation":
            return saturation_answers(self._ws, self._result), {}
        solved = step.part in (*SOLVED, *OF_PORES)
        block = self._small if solved else self._large
        found, tables = self._measured(self._labels[block.slices], step, ask=self._steps.ask)
        found = [self._rimmed(m, step) for m in found]
        found = chords_by_surface(found, self._result.measurements, step.phase)
        checks = self._block_checks(step, block)
        shares = self._shares(step, moved)
        scatter = self._scatter(step) if solved and found else None
        blocks = {} if scatter is None else self._block_shares(scatter, block, found)
        voxels = float(np.prod(block.shape))
        return [
            replace(
                with_share(
                    with_share(
                        m,
                        moved.part if moved is not None else "threshold",
                        shares.get(m.key),
                        needed=solved and moved is not None,
                    ),
                    BLOCK,
                    blocks.get(m.key),
                    needed=solved and not block.whole,
                ),
                convention=m.convention + self._where(block),
                checks=(*(self._eased(c, step) for c in m.checks), *checks, *self._unstated),
                sampling=m.sampling if scatter is None else _sampling(m, scatter, voxels),
            )
            for m in found
        ], tables

    def _measured(
        self, labels: NDArray, step: Step, *, ask: Ask | None = None, rough: bool = False
    ) -> tuple[list[Measurement], dict[str, pd.DataFrame]]:
        if step.part in (*SOLVED, *OF_PORES):
            phase = Porous(
                step.phase, labels == self._label(step.phase), self._spacing, self._threads
            )
            if step.part in OF_PORES:
                return self._pores.of(step.part, phase, rough=rough)
            return list(_SOLVERS[step.part](phase, step.axis, ask=ask, rough=rough)), {}
        found = measure(
            labels,
            spacing_um=self._spacing,
            what=(step.part,),
            names=self._result.settings.phases,
            phase=step.phase or None,
            threads=self._threads,
            sampling=not rough,
        )
        return list(found), found.tables

    def _shares(self, step: Step, moved: Moved | Varied | None) -> dict[str, float]:
        if moved is None or step.part in _UNMOVED:
            return {}

        def values(labels: NDArray[np.uint8]) -> dict[str, float]:
            found, _ = self._measured(labels, step, ask=self._steps.ask, rough=True)
            return {m.key: m.value for m in found}

        try:
            return dict(moved.shares(values))
        except ValueError:  # the small block has nothing of the phase
            return {}

    def _scatter(self, step: Step) -> FieldScatter | None:
        def values(labels: NDArray[np.uint8]) -> dict[str, float]:
            found, _ = self._measured(labels, step, ask=self._steps.ask, rough=True)
            return {m.key: m.value for m in found}

        try:
            return solved_scatter(self._labels, values)
        except ValueError:  # one of the blocks has nothing of the phase
            return None

    @staticmethod
    def _block_shares(
        scatter: FieldScatter, block: Block, found: Sequence[Measurement]
    ) -> dict[str, float]:
        solved = {m.key: m.value if m.as_segmented is None else m.as_segmented for m in found}
        return block_shares(scatter, block, solved)

    def _rimmed(self, m: Measurement, step: Step) -> Measurement:
        """Where grey values decide, the middle phase wraps the edges between its neighbours."""
        settings = self._result.settings
        seen = settings.trained or any(check.name == ALREADY for check in self._unstated)
        if step.part not in MEETING or seen or len(settings.phases) < 3:
            return m
        return replace(m.without_interval(), checks=(*m.checks, RIM))

    def _eased(self, check: Check, step: Step) -> Check:
        """Identities of isotropic media say nothing of others."""
        if check.passed is not False or not check.name.startswith(_ISOTROPIC):
            return check
        phase = self._labels[self._large.slices] == self._label(step.phase)
        per_um = 1 / np.array(list(mean_chord_um(phase, spacing_um=self._spacing).values()))
        if np.ptp(per_um) <= DIRECTION * per_um.mean():
            return check
        said = "; not applicable: anisotropic, chords differ between the axes"
        return replace(check, passed=None, detail=check.detail + said)

    def _where(self, block: Block) -> str:
        """Say of what part of the image a number is."""
        region = self._result.region
        if region is None:
            return "" if block.whole else f"; on {block.words}"
        inside = f"; on {region.words}"
        return inside if block.whole else f"{inside}: of it {block.words}"

    def _block_checks(self, step: Step, block: Block) -> tuple[Check, ...]:
        if not step.phase:
            return ()
        return likeness(self._labels == self._label(step.phase), block)

    def _named(self, m: Measurement) -> Measurement:
        return replace(m, key=f"quantification.{self._result.image}.{m.key}")
