"""What the fields of records are made of: points, sizes, stages, words, plain JSON."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PositiveFloat, PositiveInt

from .canonical import plain

Plain = Annotated[dict[str, Any], BeforeValidator(lambda value: plain(value, name="the field"))]
Untouched = Annotated[dict[str, Any], BeforeValidator(lambda v: plain(v, words_for_nan=True))]
Probability = Annotated[float, Field(gt=0, lt=1)]
Text = Annotated[str, Field(min_length=1)]


class Position(BaseModel):
    """A point of a frame, by name [µm]."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)
    z_um: float
    y_um: float
    x_um: float


class Corner(Position):
    """One of several points."""


class HalfSize(BaseModel):
    """Half the edges of a box [µm]."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)
    z_um: PositiveFloat
    y_um: PositiveFloat
    x_um: PositiveFloat


class PlanStage(BaseModel):
    """One step of a planned milling: laser, plasma, polish."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False, frozen=True)
    step: PositiveInt
    method: Text
    stops_um: float
    stand_off_um: float | None = None
    median_h: Annotated[float, Field(ge=0)] | None = None
    probability_safe: Annotated[float, Field(ge=0, le=1)] | None = None
    then: str | None = None
