"""Pointing at one image: the other one shows where that is expected, and features attract."""

from __future__ import annotations

from functools import partial
from typing import Any

from traitlets import Enum, TraitError, Unicode, validate

from .pair_files import PairFiles
from .pair_records import PREDICTED, SIDES
from .prediction import Prediction
from .snap_to import SnapProposal, proposal
from .state import by_name, named_point


class Pointing(PairFiles):
    """The crosshairs of both images, the ghost, and what they are used for."""

    pointed = Enum(SIDES, "moving", help="The side that was pointed at last.")
    selected = Unicode("", help="Name of the pair that is looked at; empty for none.")

    moving_view: Any
    fixed_view: Any
    _following = False

    @validate("selected")
    def _check_selected(self, proposal: Any) -> str:
        name = str(proposal["value"])
        if name and name not in {record.name for record in self.records()}:
            raise TraitError(f"selected needs the name of a pair, there is no {name!r}")
        return name

    @property
    def ghost_side(self) -> str:
        """The side that shows where the other one's crosshair is expected."""
        return "fixed" if self.pointed == "moving" else "moving"

    def crosshair_of(self, side: str) -> dict[str, float]:
        """Where a side's crosshair stands, for a pair to be made of it."""
        place: dict[str, float] = self.view_of(side).cursor_um
        return place

    def view_of(self, side: str) -> Any:
        """How one image is shown."""
        if side not in SIDES:
            raise ValueError(f"side needs one of {', '.join(SIDES)}, got {side!r}")
        return self.moving_view if side == "moving" else self.fixed_view

    def predict(self, *, moving: Any = None, fixed: Any = None, level: float = 0.95) -> Prediction:
        """Where a position of one image should be in the other."""
        raise NotImplementedError

    def _watch_pointing(self) -> None:
        for side in SIDES:
            self.view_of(side).observe(partial(self._point, side), names="cursor_um")

    def _point(self, side: str, _: Any) -> None:
        if not self._following:
            self.pointed = side

    # -- the ghost -------------------------------------------------------------

    def ghost(self) -> Prediction:
        """Where the crosshair that was moved last is expected in the other image.

        Raises
        ------
        Degenerate
            If there is no fit yet.
        """
        return self.predict(**{self.pointed: self.view_of(self.pointed).cursor_um})

    def go_to_ghost(self) -> None:
        """Have the other crosshair stand at the ghost; it was not pointed at."""
        self._look(self.ghost_side, self.ghost().position)

    def add_pair_at_ghost(self, *, name: str | None = None, note: str = "") -> Any:
        """Make a pair of the crosshair that was moved last and the ghost's place.

        The ghost's place follows from the other pairs: it lies on the fit, tells it nothing new,
        and its residual of 0 would only make the error look smaller. The pair is therefore
        written but does not count until somebody has put it where the feature is seen
        (`move_point`) or has stated that it is there already (`confirm_pair`).

        Returns
        -------
        Record
        """
        places = {
            self.pointed: self.crosshair_of(self.pointed),
            self.ghost_side: self.ghost().position,
        }
        return self.add_pair(
            moving=places["moving"],
            fixed=places["fixed"],
            name=name,
            placed_by=PREDICTED[self.ghost_side],
            note=note,
        )

    # -- looking ---------------------------------------------------------------

    def look_at_pair(self, name: str) -> None:
        """Bring a pair to the middle of both views."""
        record = self.pair(name)
        for side in SIDES:
            self._look(side, record.fields[side])
        self.selected = record.name

    def _look(self, side: str, position: Any) -> None:
        self._following = True
        try:
            self.view_of(side).look_at(position)
        finally:
            self._following = False

    # -- snapping --------------------------------------------------------------

    def snap(
        self,
        side: str | None = None,
        *,
        kind: str = "maximum",
        pair: str = "",
        reach_um: float | None = None,
    ) -> SnapProposal:
        """Propose the feature beside a point; nothing moves until `take_snap`.

        Parameters
        ----------
        side : {"moving", "fixed"}, optional
            By default the side that was pointed at last.
        kind : {"maximum", "minimum", "edge", "blob"}
            What to look for, in the pixels that the view shows.
        pair : str
            Look around the point of this pair; by default around the crosshair.
        reach_um : float, optional
            How far the feature may be away [µm]; by default 3 % of what the view shows.

        Returns
        -------
        SnapProposal
            With ``found`` False, and words why, where there is nothing.
        """
        side = side or self.pointed
        view = self.view_of(side)
        start = self.pair(pair).fields[side] if pair else view.cursor_um
        given = by_name(named_point(start, planar=self._planar(side)))
        return proposal(view, side, given, kind=kind, reach_um=reach_um, pair=pair)

    def take_snap(self, snap: SnapProposal) -> Any:
        """Move what a proposal was made for: the point of its pair (undo takes it back), or the
        crosshair.

        Returns
        -------
        Record or None
            The pair, where one was moved.

        Raises
        ------
        ValueError
            Nothing was found, or the point has moved since.
        """
        if not snap.found:
            raise ValueError(f"nothing to move to: {snap.words}")
        if not snap.pair:
            self.view_of(snap.side).cursor_um = snap.position
            return None
        if self.pair(snap.pair).fields[snap.side] != snap.start:
            raise ValueError(f"pair {snap.pair} has moved since this was proposed: snap again")
        placed_by = f"person, {snap.kind} beside it"
        return self.move_point(snap.pair, snap.side, snap.position, placed_by=placed_by)
