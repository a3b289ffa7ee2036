"""Drainage, pore network and two fluids of one phase: the network is extracted once for all."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from ..analysis.quantification.measurement import Measurement
from ..analysis.transport import ExtractedNetwork, extract_network
from .drainage_answers import Found, drainage
from .fluids import Fluids
from .network_answers import network, network_sizes, two_fluids
from .transport_answers import Porous


class PoreAnswers:
    """Answers what is of the pores of one phase.

    Parameters
    ----------
    fluids : Fluids
    solved : sequence of Measurement
        Of the same phase, as it grows: what the network is put beside.
    """

    def __init__(self, fluids: Fluids, solved: Sequence[Measurement]) -> None:
        self._fluids, self._solved = fluids, solved
        self._extracted: ExtractedNetwork | None = None

    def of(self, part: str, phase: Porous, *, rough: bool) -> Found:
        """Answer one of `OF_PORES`; `rough` is of another block, and only for its values."""
        if part == "drainage":
            return drainage(phase, self._fluids, rough=rough)
        extract = partial(self._extract, phase, rough)
        if part == "network_sizes":
            return network_sizes(phase, extract, rough=rough)
        if part == "relative_permeability":
            return two_fluids(phase, self._fluids, extract)
        solved = {m.key.rsplit(".", 1)[1]: m for m in self._solved}
        return network(phase, self._fluids, extract, solved=solved, rough=rough)

    def _extract(self, phase: Porous, rough: bool) -> ExtractedNetwork:
        if rough or self._extracted is None:
            found = extract_network(phase.inside, spacing_um=phase.spacing, threads=phase.threads)
            if rough:
                return found
            self._extracted = found
        return self._extracted
