"""The pairs of two images as records: every change is written at once and can be taken back."""

from __future__ import annotations

from typing import Any

from traitlets import Int, Unicode

from ..workspace.places import refuse_one_frame
from .history import History, RecordStep
from .seen import Seen
from .state import Widget, by_name, named_point

SIDES = ("moving", "fixed")
PERSON = "person"
PREDICTION = "prediction"
PREDICTED = {side: f"{PREDICTION} ({side})" for side in SIDES}
CONFIRMED = "person, confirmed a prediction"


def predicted_side(record: Any) -> str:
    """Side on which a pair stands where the fit expects it and nobody has said more; or empty."""
    placed_by = str(record.fields.get("placed_by", PERSON))
    return next((side for side, words in PREDICTED.items() if placed_by == words), "")


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
    revision = Int(
        0, read_only=True, help="Grows with every change of a record that is shown here."
    )

    def __init__(self, ws: Any, *, moving: str, fixed: str, **traits: Any) -> None:
        self.ws = ws
        self.history = History()
        self.seen_transforms = Seen(ws.transforms)
        self._pickers: dict[tuple[str, int], str] = {}
        self._read: tuple[Any, list[Any]] | None = None
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
        if self.ws.records.writing:
            return self._standing()
        state = self.ws.state  # a picture asks dozens of times; whoever writes counts it up
        if self._read is None or self._read[0] != state:
            self._read = (state, self._standing())
        return list(self._read[1])

    def shown_records(self) -> list[Any]:
        """Every record that is seen here: pairs, and the transforms that stand."""
        return [*self.records(), *self.ws.transforms]

    def _standing(self) -> list[Any]:
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
        placed_by: str = PERSON,
        note: str = "",
        id: str | None = None,
    ) -> Any:
        """Write a pair.

        A pair with a predicted place is written, but it does not count: it lies on the fit by
        construction, adds no information, and its residual of 0 would make every error that is
        taken from the residuals too small.

        Parameters
        ----------
        moving, fixed : dict or table row
            ``x_um``, ``y_um``, ``z_um`` in either image's frame; 2-D images may omit ``z_um``.
        name : str, optional
            By default the next free number.
        moving_sigma_um, fixed_sigma_um : float, optional
            Localisation error per axis, if it is known [µm].
        placed_by : str
            ``"person"``, the method that found it, or ``PREDICTED[side]`` for a pair whose place
            on that side is where the fit expects it.
        note : str
        id : str, optional
            Made by the caller, so that a retry writes no second pair.

        Returns
        -------
        Record
        """
        if placed_by.startswith(PREDICTION) and placed_by not in PREDICTED.values():
            raise ValueError(
                f"placed_by needs the side that is predicted, {' or '.join(PREDICTED.values())}, "
                f"got {placed_by!r}"
            )
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
            active=not placed_by.startswith(PREDICTION),
            note=note,
        )
        return self._did(f"add pair {written.name}", None, written)

    def move_pair(self, name: str, *, moving: Any = None, fixed: Any = None) -> Any:
        """Place one or both sides of a pair anew, by hand."""
        if moving is None and fixed is None:
            raise ValueError("move_pair needs moving= or fixed=, got neither")
        given = {"moving": moving, "fixed": fixed}
        return self._move(name, {side: at for side, at in given.items() if at is not None})

    def move_point(
        self,
        name: str,
        side: str,
        position: Any,
        *,
        placed_by: str = PERSON,
        version: int | None = None,
    ) -> Any:
        """Place one side of a pair anew.

        A pair whose place was only predicted counts from then on, if it is that place which a
        person puts where the feature is seen.

        Parameters
        ----------
        name : str
            Of the pair.
        side : {"moving", "fixed"}
        position : dict or table row
            ``x_um``, ``y_um``, ``z_um`` in that image's frame; 2-D images may omit ``z_um``.
        placed_by : str
            ``"person"``, or the method that found it.
        version : int, optional
            Of the pair as it was seen; the one that stands by default.

        Raises
        ------
        Conflict
            Somebody has changed the pair since it was seen.
        """
        if side not in SIDES:
            raise ValueError(f"side needs one of {', '.join(SIDES)}, got {side!r}")
        return self._move(name, {side: position}, placed_by=placed_by, version=version)

    def confirm_pair(self, name: str) -> Any:
        """State that a predicted place was looked at and that the feature is there: it counts.

        The pair is then like any other, but it stands exactly where the fit expected it: it moves
        nothing and only makes the error look smaller. The picker warns by how much at most.
        """
        pair = self.pair(name)
        if not predicted_side(pair):
            raise ValueError(
                f"pair {pair.name} was placed by {pair.placed_by} and needs no confirmation"
            )
        return self._edit(f"confirm pair {name}", name, active=True, placed_by=CONFIRMED)

    def exclude(self, name: str) -> Any:
        """Keep a pair, but fit without it."""
        return self._edit(f"exclude pair {name}", name, active=False)

    def include(self, name: str) -> Any:
        """Fit with a pair again.

        Raises
        ------
        ValueError
            One of its places is only a prediction, which tells nothing new.
        """
        pair = self.pair(name)
        if side := predicted_side(pair):
            raise ValueError(
                f"pair {pair.name} stands in the {side} image where the fit expects it, which "
                "tells the fit nothing new: move it to what you see there, or confirm that it is "
                "right"
            )
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

    def picked_by(self, record: Any) -> str:
        """Who put a pair where it is; excluding it or writing a note makes nobody its picker."""
        key = (record.id, record.version)
        if key not in self._pickers:
            places = [record.fields[side] for side in SIDES]
            versions = self.ws.landmarks.versions(record.id)
            first = next(v for v in versions if [v.fields[side] for side in SIDES] == places)
            self._pickers[key] = first.who
        return self._pickers[key]

    def undo(self) -> str:
        """Take the last change back, as a new edit; returns what it was, in words."""
        return self._changed(self.history.undo())

    def redo(self) -> str:
        """Make the last undone change again."""
        return self._changed(self.history.redo())

    def _planar(self, side: str) -> bool:
        return bool(self.images[side].ndim == 2)

    def _move(
        self,
        name: str,
        places: dict[str, Any],
        *,
        placed_by: str = PERSON,
        version: int | None = None,
    ) -> Any:
        pair = self.pair(name)
        changes: dict[str, Any] = {
            side: by_name(named_point(value, planar=self._planar(side)))
            for side, value in places.items()
        }
        guessed = predicted_side(pair)
        if guessed in places:
            changes["active"] = True
        if not guessed or guessed in places:
            changes["placed_by"] = placed_by
        return self._edit(f"move pair {name}", name, version=version, **changes)

    def _edit(self, title: str, name: str, *, version: int | None = None, **changes: Any) -> Any:
        before = self.pair(name)
        seen = before.version if version is None else version
        written = self.ws.landmarks.edit(before.id, version=seen, **changes)
        return self._did(title, before, written)

    def _did(self, title: str, before: Any, after: Any, *, collection: Any = None) -> Any:
        target = self.ws.landmarks if collection is None else collection
        self.history.did(RecordStep(title, target, before, after))
        return self._changed(after)

    def _changed(self, result: Any) -> Any:
        self.set_trait("revision", self.revision + 1)
        return result
