"""The pairs of two images as records: every change is written at once and can be taken back."""

from __future__ import annotations

from typing import Any

from traitlets import Int, Unicode

from ..workspace.places import refuse_one_frame
from .history import History, RecordStep
from .state import Widget, by_name, named_point


class PairRecords(Widget):
    """Pairs of landmarks between a moving and a fixed image, in the workspace.

    Parameters
    ----------
    ws : Workspace
    moving, fixed : str
        Names of the images; the transform maps the moving frame to the fixed frame.
    **traits
        Any trait below.
    """

    moving = Unicode(read_only=True, help="Image whose positions are mapped.")
    fixed = Unicode(read_only=True, help="Image that they are mapped into.")
    revision = Int(0, read_only=True, help="Grows with every change of a record made here.")

    def __init__(self, ws: Any, *, moving: str, fixed: str, **traits: Any) -> None:
        self.ws = ws
        self.history = History()
        self.images = {"moving": ws.images[moving], "fixed": ws.images[fixed]}
        self._refuse_images()
        self.set_trait("moving", moving)
        self.set_trait("fixed", fixed)
        super().__init__(**traits)

    def _refuse_images(self) -> None:
        moving, fixed = self.images["moving"], self.images["fixed"]
        for image in (moving, fixed):
            _ = image.spacing_um  # Uncalibrated: landmarks are in micrometres
        refuse_one_frame(moving.frame, fixed.frame)
        if moving.ndim == 3 and fixed.ndim == 2:
            raise ValueError(
                f"a volume cannot be mapped into a picture: make {fixed.name} (2-D) the moving "
                f"image and {moving.name} (3-D) the fixed one"
            )

    def records(self) -> list[Any]:
        """The pairs between these two frames, in the order of picking."""
        frames = (self.images["moving"].frame, self.images["fixed"].frame)
        return [r for r in self.ws.landmarks if (r.moving_frame, r.fixed_frame) == frames]

    def add_pair(
        self,
        *,
        moving: Any,
        fixed: Any,
        name: str | None = None,
        moving_sigma_um: float | None = None,
        fixed_sigma_um: float | None = None,
        placed_by: str = "person",
        note: str = "",
        id: str | None = None,
    ) -> Any:
        """Write a pair.

        Parameters
        ----------
        moving, fixed : dict or table row
            ``x_um``, ``y_um``, ``z_um`` in either image's frame; 2-D images may omit ``z_um``.
        name : str, optional
            By default the next free number.
        moving_sigma_um, fixed_sigma_um : float, optional
            Localisation error per axis, if it is known [µm].
        placed_by : str
            ``"person"``, or the method that found it.
        note : str
        id : str, optional
            Made by the caller, so that a retry writes no second pair.

        Returns
        -------
        Record
        """
        written = self.ws.landmarks.add(
            name=name,
            id=id,
            moving_frame=self.images["moving"].frame,
            fixed_frame=self.images["fixed"].frame,
            moving=by_name(named_point(moving, planar=self._planar("moving"))),
            fixed=by_name(named_point(fixed, planar=self._planar("fixed"))),
            moving_sigma_um=moving_sigma_um,
            fixed_sigma_um=fixed_sigma_um,
            placed_by=placed_by,
            note=note,
        )
        return self._did(f"add pair {written.name}", None, written)

    def move_pair(self, name: str, *, moving: Any = None, fixed: Any = None) -> Any:
        """Place one or both sides of a pair anew."""
        changes = {
            side: by_name(named_point(value, planar=self._planar(side)))
            for side, value in (("moving", moving), ("fixed", fixed))
            if value is not None
        }
        if not changes:
            raise ValueError("move_pair needs moving= or fixed=, got neither")
        return self._edit(f"move pair {name}", name, **changes)

    def exclude(self, name: str) -> Any:
        """Keep a pair, but fit without it."""
        return self._edit(f"exclude pair {name}", name, active=False)

    def include(self, name: str) -> Any:
        """Fit with a pair again."""
        return self._edit(f"include pair {name}", name, active=True)

    def remove_pair(self, name: str) -> None:
        """Take a pair away; undo and ``as_of`` still reach it."""
        before = self.pair(name)
        written = self.ws.landmarks.remove(before.id, version=before.version)
        self._did(f"remove pair {name}", before, written)

    def pair(self, name: str) -> Any:
        """The pair of that name or id."""
        for record in self.records():
            if name in (record.name, record.id):
                return record
        known = ", ".join(record.name for record in self.records()) or "none"
        raise KeyError(f"no pair {name!r} between these images; there are: {known}")

    def undo(self) -> str:
        """Take the last change back, as a new edit; returns what it was, in words."""
        return self._changed(self.history.undo())

    def redo(self) -> str:
        """Make the last undone change again."""
        return self._changed(self.history.redo())

    def _planar(self, side: str) -> bool:
        return bool(self.images[side].ndim == 2)

    def _edit(self, title: str, name: str, **changes: Any) -> Any:
        before = self.pair(name)
        written = self.ws.landmarks.edit(before.id, version=before.version, **changes)
        return self._did(title, before, written)

    def _did(self, title: str, before: Any, after: Any, *, collection: Any = None) -> Any:
        target = self.ws.landmarks if collection is None else collection
        self.history.did(RecordStep(title, target, before, after))
        return self._changed(after)

    def _changed(self, result: Any) -> Any:
        self.set_trait("revision", self.revision + 1)
        return result
