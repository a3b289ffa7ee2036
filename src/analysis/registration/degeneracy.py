"""Refusals: landmarks that do not determine the model that was asked for."""

from __future__ import annotations

import numpy as np

from ...errors import Degenerate
from .points import Pairs
from .spread import spread_of
from .tangent import Model

FEWEST = {
    ("rigid", 2, 2): 2,
    ("similarity", 2, 2): 2,
    ("affine", 2, 2): 3,
    ("rigid", 2, 3): 3,
    ("similarity", 2, 3): 3,
    ("affine", 2, 3): 3,
    ("rigid", 3, 3): 3,
    ("similarity", 3, 3): 3,
    ("affine", 3, 3): 4,
}
FLAT_WORDS = {0: "in one point", 1: "on a line", 2: "in a plane"}

_SAME = 1e-6  # of the spread: closer than anybody picks the same place twice


class TooFew(Degenerate):
    """There are fewer landmarks than the model needs."""


def refuse_repeated(pairs: Pairs) -> None:
    """Refuse a pair that is given twice: it would count as measured independently."""
    if len(pairs) < 2:
        return
    alike = np.ones((len(pairs), len(pairs)), dtype=bool)
    for points in (pairs.moving_um, pairs.fixed_um):
        near = _SAME * np.ptp(points, axis=0).max()
        alike &= np.linalg.norm(points[:, None] - points[None], axis=2) <= near
    twice = np.argwhere(np.triu(alike, k=1))
    if len(twice):
        first, second = twice[0]
        raise Degenerate(
            f"landmarks {first} and {second} are the same pair: a repeated pick is no second "
            "landmark; remove one of them"
        )


def refuse_too_few(pairs: Pairs, model: Model) -> None:
    """Refuse a model that has more parameters than the landmarks have coordinates."""
    fewest = FEWEST[model, pairs.ndim_moving, pairs.ndim_fixed]
    if len(pairs) < fewest:
        raise TooFew(
            f"{model_words(model, pairs)} needs {fewest} landmark pairs or more, got {len(pairs)}:"
            " add landmarks"
        )


def refuse_flat(pairs: Pairs, model: Model) -> None:
    """Refuse landmarks on a line or in a plane where the model needs more."""
    clouds = (
        ("moving", pairs.moving_um, pairs.ndim_moving),
        ("fixed", pairs.fixed_um, pairs.ndim_fixed),
    )
    for name, points, ndim in clouds:
        spans, needs = spread_of(points, ndim).dimension, _needed_dimensions(pairs, model)
        if spans >= needs:
            continue
        hint = ""
        if spans == 2 and model == "affine":
            hint = " (if both images are 2-D, give positions as (n, 2) in y, x)"
        simpler = "" if model == "rigid" else ", or choose a simpler model"
        raise Degenerate(
            f"{model_words(model, pairs)} needs landmarks that are not {FLAT_WORDS[needs - 1]}, "
            f"got {len(pairs)} {name} landmarks {FLAT_WORDS[spans]}{hint}: add a landmark off it"
            f"{simpler}"
        )


def _needed_dimensions(pairs: Pairs, model: Model) -> int:
    if model == "affine":
        return pairs.ndim_moving
    return 1 if pairs.ndim_fixed == 2 else 2


def model_words(model: Model, pairs: Pairs) -> str:
    """Name a model and the dimensions that it joins."""
    dims = f"{pairs.ndim_moving}-D" + ("" if pairs.ndim_moving == pairs.ndim_fixed else " in 3-D")
    article = "an" if model == "affine" else "a"
    return f"{article} {model} fit ({dims})"
