"""Place a target and its volume of interest, and see where it is in another image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from traitlets import Dict, Enum, Float, Int, TraitError, Unicode, observe, validate

from ..workspace.instrument_cut import localisation_of
from .explorer import SliceExplorer
from .frame_images import images_of
from .half_sizes import half_sizes
from .history import History, RecordStep
from .state import by_name, named_point
from .target_cut import Cuts, TargetCut
from .target_depth import DepthLine
from .target_files import TargetFiles

if TYPE_CHECKING:
    import pandas as pd


class TargetPicker(TargetFiles):
    """Targets in one frame.

    Every method that changes a target writes to the workspace at once.

    Parameters
    ----------
    ws : Workspace
    frame : str
        The frame in which targets are placed, mostly that of the survey.
    images : sequence of str, optional
        What is shown of it; by default the calibrated images that stand in this frame.
    **traits
        Any trait below.

    Attributes
    ----------
    explorer : SliceExplorer
        How the frame is shown.

    Examples
    --------
    >>> picker = TargetPicker(ws, "xrm_survey_t0")  # doctest: +SKIP
    >>> picker.place_target({"x_um": 20, "y_um": 30, "z_um": 12}, half_size=5)  # doctest: +SKIP
    >>> picker.where(to="sem_view")  # doctest: +SKIP
    """

    frame = Unicode(read_only=True, help="The frame in which targets are placed.")
    selected = Unicode("", help="Name of the target that is looked at; empty for none.")
    into = Unicode(
        "", help="Another frame in which the target, first the newest, is shown; empty for none."
    )
    theme = Enum(("light", "dark"), "light", help="Ground of the page around the pictures.")
    minutes = Float(
        None,
        allow_none=True,
        help="Between the last look at a fiducial and the cut, for a recorded drift; None: nobody "
        "has said [min].",
    )
    draft = Dict(help="What is dragged and not written yet: name, and position or half [µm].")
    revision = Int(
        0, read_only=True, help="Grows with every change of a record that is shown here."
    )

    def __init__(self, ws: Any, frame: str, *, images: Any = None, **traits: Any) -> None:
        self.ws = ws
        self.history, self._cuts = History(), Cuts(ws)
        names = list(images) if images is not None else images_of(ws, frame)
        for name in names:
            _ = ws.images[name].spacing_um  # Uncalibrated: pixels must not pass for micrometres
        self.explorer = SliceExplorer(ws, names, frame=frame)
        self.set_trait("frame", frame)
        super().__init__(**traits)
        if self.into and "selected" not in traits and (known := self.records()):
            self.selected = known[-1].name  # else the other frame has nothing to show

    def __repr__(self) -> str:
        return f"TargetPicker({self.frame}, {len(self.records())} targets)"

    @validate("selected")
    def _check_selected(self, proposal: Any) -> str:
        name = str(proposal["value"])
        if name:
            known = [record.name for record in self.records()]
            if name not in known:
                raise TraitError(
                    f"no target {name!r} here; there are: {', '.join(known) or 'none'}"
                )
        return name

    @validate("into")
    def _check_into(self, proposal: Any) -> str:
        name = str(proposal["value"])
        if name and name != self.frame:
            self.ws.graph().path(self.frame, name)
        return name

    @validate("minutes")
    def _check_minutes(self, proposal: Any) -> float | None:
        value = proposal["value"]
        if value is not None and not 0 <= value < np.inf:
            raise TraitError(f"minutes needs 0 or more [min], or None, got {value:g}")
        return None if value is None else float(value)

    @observe("selected")
    def _look_at_selected(self, change: Any) -> None:
        if change["new"]:
            self.explorer.look_at(dict(self.target().position))

    def records(self) -> list[Any]:
        """The targets of this frame, oldest first."""
        return [record for record in self.ws.targets if record.frame == self.frame]

    def shown_records(self) -> list[Any]:
        """Every record that is seen here: targets, and the transforms that place them elsewhere."""
        return [*self.records(), *self.ws.transforms]

    def target(self, name: str | None = None) -> Any:
        """The target of that name, by default the selected one."""
        wanted = name or self.selected
        for record in self.records():
            if wanted in (record.name, record.id):
                return record
        known = ", ".join(record.name for record in self.records()) or "none"
        raise KeyError(f"no target {wanted!r} in {self.frame}; there are: {known}")

    # -- decisions ---------------------------------------------------------------

    def place_target(
        self,
        position: Any = None,
        half_size: Any = None,
        *,
        probability: float = 0.95,
        sigma: Any = None,
        name: str | None = None,
        note: str = "",
        id: str | None = None,
    ) -> Any:
        """Write a target.

        Parameters
        ----------
        position : dict or table row, optional
            ``x_um``, ``y_um``, ``z_um`` in this frame; by default the explorer's cursor.
        half_size : float or dict, optional
            Half the edges of the volume of interest [µm], one for all or by name.
        probability : float
            With which it has to lie inside the cut.
        sigma : float or dict, optional
            Standard uncertainty of the place itself [µm], one for all axes or by name, as
            `scalebridge.analysis.segmentation.find_blobs` states it; None takes the place as given.
        name : str, optional
            By default the next free number.
        note : str
        id : str, optional
            Made by the caller, so that a retry writes no second target.

        Returns
        -------
        Record
        """
        where = self.explorer.cursor_um if position is None else position
        written = self.ws.targets.add(
            name=name or self._free_name(),
            id=id,
            frame=self.frame,
            position=by_name(named_point(where, planar=self.explorer.planar)),
            half_size=half_sizes(half_size),
            probability=probability,
            sigma=half_sizes(sigma, name="sigma"),
            note=note,
        )
        self._did(f"place {written.name}", None, written)
        self.selected = written.name
        return written

    def move_target(
        self, name: str, position: Any, *, look: bool = True, version: int | None = None
    ) -> Any:
        """Place a target anew, and look there unless told; its place is then taken as given.

        With the `version` that was seen, what somebody changed since is a ``Conflict``.
        """
        point = by_name(named_point(position, planar=self.explorer.planar))
        return self._edit(
            f"move {name}", name, look=look, version=version, position=point, sigma=None
        )

    def resize_target(
        self, name: str, half_size: Any, *, look: bool = True, version: int | None = None
    ) -> Any:
        """Give a target another volume of interest; None for a point. `version` as in a move."""
        half = half_sizes(half_size)
        return self._edit(f"resize {name}", name, look=look, version=version, half_size=half)

    def remove_target(self, name: str) -> None:
        """Take a target away; undo and ``as_of`` still reach it."""
        before = self.target(name)
        written = self.ws.targets.remove(before.id, version=before.version)
        if self.selected == before.name:
            self.selected = ""
        self._did(f"remove {name}", before, written)

    def undo(self) -> str:
        """Take the last change back, as a new edit; returns what it was, in words."""
        return self._after(self.history.undo())

    def redo(self) -> str:
        """Make the last undone change again."""
        return self._after(self.history.redo())

    # -- where it is ---------------------------------------------------------------

    def table(self) -> pd.DataFrame:
        """One row a target, positions and half sizes by name [µm]."""
        import pandas as pd

        rows = [_row(record) for record in self.records()]
        return pd.DataFrame(rows, columns=list(_COLUMNS))

    def locate(self, name: str | None = None, *, to: str | None = None) -> Any:
        """Look a target up in another frame.

        Parameters
        ----------
        name : str, optional
            By default the selected target.
        to : str, optional
            The frame, by default the trait ``into``.

        Returns
        -------
        Located

        Raises
        ------
        NoPath, CovarianceUnavailable
        """
        frame = to or self.into
        if not frame:
            raise ValueError("locate needs to=, the frame in which the target is wanted; got none")
        record = self.target(name)
        own = localisation_of(record)
        return self.ws.locate(
            dict(record.position), from_=self.frame, to=frame, localisation_um2=own
        )

    def drawn_target(
        self, name: str | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Where a target and half its edges are drawn: while it is dragged, where it is dragged.

        Returns
        -------
        place_um : ndarray, shape (3,)
            z, y, x [µm].
        half_um : ndarray, shape (3,), or None for a point
        """
        record = self.target(name)
        names = ("z_um", "y_um", "x_um")
        place = np.array([record.position[key] for key in names])
        half = None if record.half_size is None else np.array([record.half_size[k] for k in names])
        if self.draft.get("name") == record.name:
            place, half = self.draft.get("position", place), self.draft.get("half", half)
        return place, half

    def cut(self, name: str | None = None, *, to: str | None = None) -> TargetCut:
        """The cut in another frame with which the volume lies in it as probably as is wanted.

        Parameters as of `locate`. While the target is dragged its margin is good to about 1 %,
        else it is the one that `plans` gives.

        Raises
        ------
        NoPath
        """
        frame = to or self.into
        if not frame:
            raise ValueError("cut needs to=, the frame of the instrument that cuts; got none")
        record = self.target(name)
        place, half = self.drawn_target(record.name)
        probability = record.probability
        dragged = self.draft if self.draft.get("name") == record.name else {}
        return self._cuts.around(
            place,
            half,
            frame=self.frame,
            to=frame,
            probability=probability,
            quick=self.draft.get("name") == record.name,
            minutes=self.minutes,
            localisation_um2=None if "position" in dragged else localisation_of(record),
        )

    def depth_line(self, name: str | None = None, *, to: str | None = None) -> DepthLine | None:
        """From a target, where it is drawn, to the surface; None where nothing tells.

        Parameters as of `locate`.
        """
        record = self.target(name)
        place, _ = self.drawn_target(record.name)
        dragged = self.draft if self.draft.get("name") == record.name else {}
        return self._cuts.depths.line(
            np.asarray(place, float),
            frame=self.frame,
            to=to or self.into or self.frame,
            localisation_um2=None if "position" in dragged else localisation_of(record),
        )

    def where(self, name: str | None = None, *, to: str | None = None) -> pd.DataFrame:
        """Position of a target in another frame with its uncertainty.

        Returns
        -------
        DataFrame
            One row: target, frame, x_um, y_um, z_um, their standard uncertainties sx_um, sy_um,
            sz_um, the semi-axes of the 95 % ellipsoid r1_um, r2_um, r3_um (NaN where there are
            too few pairs to say), and the statement in words.
        """
        from ..analysis.registration import confidence_region

        located = self.locate(name, to=to)
        region = confidence_region(located.covariance_um2[0], nu=located.nu)
        table = located.table()
        table.insert(0, "target", self.target(name).name)
        table.insert(1, "frame", to or self.into)
        for number, radius in enumerate(region.radii_um, start=1):
            table[f"r{number}_um"] = radius
        table["statement"] = "; ".join([region.statement, *located.notes])
        return table

    def snapshot(self, width_px: int = 900) -> Image.Image:
        """The target with its volume, here and in the other frame with its 95 % ellipse."""
        from .target_picture import target_picture

        return target_picture(self, width_px=width_px)

    def _build_view(self) -> Any:
        from .target_view import target_view

        return target_view(self)

    # -- steps ---------------------------------------------------------------------

    def _edit(
        self,
        title: str,
        name: str,
        *,
        look: bool = True,
        version: int | None = None,
        **changes: Any,
    ) -> Any:
        before = self.target(name)
        seen = before.version if version is None else version
        written = self.ws.targets.edit(before.id, version=seen, **changes)
        self._did(title, before, written)
        if look and written.name == self.selected:
            self.explorer.look_at(dict(written.position))
        return written

    def _did(self, title: str, before: Any, after: Any) -> None:
        self.history.did(RecordStep(title, self.ws.targets, before, after))
        self.set_trait("revision", self.revision + 1)

    def _after(self, title: str) -> str:
        if self.selected not in [record.name for record in self.records()]:
            self.selected = ""
        self.set_trait("revision", self.revision + 1)
        return title

    def _free_name(self) -> str:
        taken = {record.name for record in self.ws.targets}
        return next(f"T{n}" for n in range(1, len(taken) + 2) if f"T{n}" not in taken)


_COLUMNS = ("name", "x_um", "y_um", "z_um", "half_x_um", "half_y_um", "half_z_um", "probability")


def _row(record: Any) -> dict[str, Any]:
    half = record.half_size or dict.fromkeys(("x_um", "y_um", "z_um"), np.nan)
    return {
        "name": record.name,
        **{f"{axis}_um": record.position[f"{axis}_um"] for axis in "xyz"},
        **{f"half_{axis}_um": half[f"{axis}_um"] for axis in "xyz"},
        "probability": record.probability,
    }
