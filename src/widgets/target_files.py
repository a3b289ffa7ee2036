"""Targets on their way to the instrument that cuts."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import NoPath
from ..workspace.instrument_cut import instrument_cut
from ..workspace.measured_surface import counted_surfaces, surface_of
from .state import Widget

if TYPE_CHECKING:
    import pandas as pd


class TargetFiles(Widget):
    """What an instrument needs of the targets of one frame."""

    ws: Any
    frame: Any
    into: Any
    minutes: Any

    def records(self) -> list[Any]:
        """The targets of this frame, oldest first."""
        raise NotImplementedError

    def plans(self, *, to: str | None = None, minutes: float | None = None) -> pd.DataFrame:
        """What an instrument needs of every target: the same rows as the targeting guide's.

        Parameters
        ----------
        to : str, optional
            Frame of the instrument; by default the trait ``into``, or the targets' own frame.
        minutes : float, optional
            Between the last look at a fiducial and the cut, for a recorded drift; by default the
            trait ``minutes`` [min].

        Returns
        -------
        DataFrame
            One row a target: target, x_um, y_um, z_um and their 95 % half-widths, the radius of
            the 95 % ellipsoid, probability, margin_um, the size of the cut cut_x_um, cut_y_um,
            cut_z_um, the depth below the surface with its 95 % interval, and the frame. The depth
            is empty where the surface does not reach, and left out where there is none.

        Raises
        ------
        NoPath, CovarianceUnavailable
        UnusableRecord
            The surface is no segmentation by plain thresholds.
        ValueError
            There is no target, or more than one surface.
        """
        import pandas as pd

        frame, records = to or self.into or self.frame, self.records()
        if not records:
            raise ValueError("there is no target to write: place one first")
        tagged = counted_surfaces(self.ws)
        if len(tagged) > 1:
            names = ", ".join(record.name for record in tagged)
            raise ValueError(
                f"depths need one surface, got {names}: take the tag from the others with "
                f"ws.{tagged[0].kind}.tag(name, drop=['surface'])"
            )
        surface = surface_of(self.ws, tagged[0]) if tagged else None
        told = self.minutes if minutes is None else minutes
        rows = [self._planned(record, frame, surface, told) for record in records]
        return pd.concat(rows, ignore_index=True)

    def _planned(
        self, record: Any, frame: str, surface: Any, minutes: float | None
    ) -> pd.DataFrame:
        given: dict[str, Any] = {"to": frame, "minutes": minutes}
        try:
            return instrument_cut(self.ws, record, surface=surface, **given).table()
        except (NoPath, ValueError):
            if surface is None:
                raise
        return instrument_cut(self.ws, record, **given).table()

    def export_targets(
        self,
        path: str | os.PathLike[str],
        *,
        to: str | None = None,
        minutes: float | None = None,
    ) -> Path:
        """Write all targets as a CSV for the instrument.

        Parameters
        ----------
        path : path
            ``*.csv``; an earlier table of targets is replaced, another file is not.
        to, minutes
            As of `plans`.

        Returns
        -------
        Path

        Raises
        ------
        NoPath, CovarianceUnavailable, UnusableRecord
        ValueError
            The file is no table of targets, or as of `plans`.
        """
        file = Path(path).expanduser()
        if file.suffix.lower() != ".csv":
            raise ValueError(f"targets are written as .csv, got {file.name!r}")
        table = self.plans(to=to, minutes=minutes)
        if file.exists() and not file.read_bytes().startswith(b"target,x_um,"):
            raise ValueError(f"{file} is no table of targets and was kept: give another name")
        file.parent.mkdir(parents=True, exist_ok=True)
        table.round(6).to_csv(file, index=False, encoding="utf-8", lineterminator="\n")
        return file
