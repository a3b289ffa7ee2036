"""What stopped a notebook, for the run and for the report that tells of it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Literal

_UNDECIDED = ("DecisionNeeded", "ParameterError", "Uncalibrated")
Status = Literal["finished", "failed", "undecided"]


@dataclass(frozen=True)
class Failure:
    """Why a notebook stopped; secrets are taken out already.

    Attributes
    ----------
    name : str
        Class of the exception.
    message : str
    cell : int or None
        Number of the cell, counted from 1; None where the kernel itself failed.
    source : str
        The cell's text.
    """

    name: str
    message: str
    cell: int | None = None
    source: str = ""

    @property
    def status(self) -> Status:
        """``"undecided"`` where a person has to decide first, else ``"failed"``."""
        return "undecided" if self.name in _UNDECIDED else "failed"

    def __str__(self) -> str:
        return f"{self.name}: {self.message}"

    def to_dict(self) -> dict[str, Any]:
        """Return plain JSON types."""
        return asdict(self)
