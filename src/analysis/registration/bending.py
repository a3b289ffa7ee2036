"""What a linear map leaves over, where it can be shown: a cubic B-spline of displacements.

Grey values can always be brought to agree better by bending. Here each half of the image, in small
cells, judges the map that was fitted to the other half, and a bend counts that both halves confirm.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from ...errors import Degenerate
from ...quantities import format_length
from .displacement import DisplacementField
from .grey_image import GreyImage
from .halves import Bends, Halves, clearly
from .knots import Knots
from .levels import levels_of
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

_STIFFNESS = (3e-2, 3e-3, 3e-4, 3e-5)  # nat for second differences of a voxel
_FIRST = 3  # parts between knots along the longest side, to begin with
_PARTS = {2: 24, 3: 12}  # at most, of flat images and of volumes
_VOXELS = 6  # between knots, at least
_CLEAR = 3.0  # standard errors by which the held-out halves must gain
_PLACES = 200_000  # of the grid that is returned
_RECORDED = 5_000  # of them that a record holds, four numbers each


@dataclass(frozen=True, eq=False)
class Bending:
    """How two images differ beyond a linear map.

    Attributes
    ----------
    field : DisplacementField
        From the moving to the fixed frame, the linear map included. Its error is what the two
        halves of the image disagree by, and bends of other knots and stiffness that they confirm
        about as well.
    recorded : DisplacementField
        The same on a grid that a record holds; what its cells miss is in its error.
    spacing_um : float
        Between knots [um].
    gain_nat, gain_error_nat : float
        Mutual information that each half gains by the bend fitted to the other one, and its
        standard error between blocks [nat].
    largest_um, sigma_um : float
        Largest displacement from the linear map, and its standard uncertainty per axis, root mean
        square [um].
    tried : DataFrame
        A row a bend: spacing, stiffness, gain and its error.
    statement : str
        In words.
    """

    field: DisplacementField
    recorded: DisplacementField
    spacing_um: float
    gain_nat: float
    gain_error_nat: float
    largest_um: float
    sigma_um: float
    tried: pd.DataFrame
    statement: str


def bent(
    fixed: GreyImage,
    moving: GreyImage,
    linear: AffineTransform,
    *,
    seed: int = 0,
    tell: Callable[[str, float], None] = lambda words, share: None,
) -> Bending:
    """Bend a linear map where the images show that it has to be.

    Knots lie ever closer, and bend ever more easily, as long as the held-out halves gain by it.

    Parameters
    ----------
    fixed, moving : GreyImage
        Both flat or both in space.
    linear : AffineTransform
        From the moving to the fixed frame, near enough for every part: a few knots' blur.
    seed : int
    tell : callable
        Called with words and the share that is done; may raise to stop.

    Returns
    -------
    Bending

    Raises
    ------
    Degenerate
        Where no bend is shown, or every one that is folds.

    Notes
    -----
    Bends that are finer than the knots, or than grey values tell, are not in the stated error.
    Not for parts that slide along each other or are missing in one image: mask them.

    References
    ----------
    Rueckert et al. 1999, doi:10.1109/42.796284; Eilers & Marx 1996, doi:10.1214/ss/1038425655
    (differences of knots as stiffness).

    Examples
    --------
    >>> from scipy.ndimage import gaussian_filter, map_coordinates
    >>> grey = gaussian_filter(np.random.default_rng(0).normal(size=(96, 96)), 3)
    >>> y, x = np.indices((72, 72)) + 12.0
    >>> moved = map_coordinates(grey, [y + 2 * np.sin(np.pi * (x - 12) / 71), x])
    >>> still = AffineTransform("rigid", np.eye(3), [0, 0, 0], [0, 0, 0], 2, 2)
    >>> found = bent(GreyImage(grey, [1, 1], [-12, -12]), GreyImage(-moved, [1, 1]), still)
    >>> found.field.apply([[0, 36, 36]]).round(1)
    array([[ 0., 38., 36.]])
    """
    if moving.ndim != fixed.ndim:
        raise ValueError(
            f"bending needs images of like dimensions, got {moving.ndim}-D in {fixed.ndim}-D: for "
            "a bent section in a volume use find_slice(..., bowed=True)"
        )
    halves = Halves(levels_of(moving, fixed), moving, linear, seed)
    best, tried = _straight(halves, moving), []
    spacings = list(_spacings(moving, halves.levels[-1].voxel_um))
    for number, spacing in enumerate(spacings):
        one = closest = best
        for k, stiffness in enumerate(_STIFFNESS):
            share = (number + k / len(_STIFFNESS)) / len(spacings)
            tell(f"bending, knots {format_length(spacing)} apart", share)
            one = halves.fitted(one, spacing, stiffness)
            tried.append(one)
            if k and one.gain < closest.gain:
                break
            closest = max(closest, one, key=lambda pair: pair.gain)
        if not clearly(closest, best):
            break
        best = closest
    import pandas as pd

    table = pd.DataFrame([one.row() for one in tried])
    if not best.gain > _CLEAR * best.error:
        most = table.loc[table["gain_nat"].idxmax()]
        raise Degenerate(
            f"no bend is shown: fitted to one half of the image, the best one changes the mutual "
            f"information of the other half by {most['gain_nat']:.2g} ± "
            f"{most['gain_error_nat']:.2g} nat; the linear map is kept"
        )
    tell("bending with the whole image", 0.95)
    return _result(halves, best, [one for one in tried if not clearly(best, one)], moving, table)


def _straight(halves: Halves, moving: GreyImage) -> Bends:
    knots = Knots.over(moving, float(moving.size_um.max()) / _FIRST)
    blocks = int(halves.metric(len(halves.levels) - 1, 0).samples.blocks.max()) + 1
    return Bends((knots, knots), np.inf, np.zeros(blocks))


def _spacings(moving: GreyImage, voxel_um: float) -> Iterator[float]:
    size, parts = float(moving.size_um.max()), _FIRST
    while parts <= _PARTS[moving.ndim] and size / parts >= _VOXELS * voxel_um:
        yield size / parts
        parts *= 2


def _result(
    halves: Halves, best: Bends, alike: list[Bends], moving: GreyImage, tried: pd.DataFrame
) -> Bending:
    finest, stiffness = len(halves.levels) - 1, best.stiffness
    whole = best.knots[0].mixed(best.knots[1])
    while True:
        whole = halves.climbed(finest, None, whole, stiffness)
        field = whole.field(halves.linear, moving, _PLACES)
        if not field.folds():
            break
        stiffness *= 10
        if stiffness > 10 * _STIFFNESS[0]:
            raise Degenerate(
                "every bend that was tried folds the image onto itself; the linear map is kept: "
                "mask what only one image shows, or start nearer"
            )
    sigma = _sigma(best, alike, halves.linear, moving, field)
    field = replace(field, sigma_um=sigma, correlation_um=whole.apart_um)
    recorded = _coarser(field, whole.field(halves.linear, moving, _RECORDED))
    places, _ = _grid(field)
    largest = float(
        np.max(
            np.linalg.norm(
                field.field_um.reshape(-1, 3) + places - halves.linear.apply(places), axis=1
            )
        )
    )
    rms, spacing = float(np.sqrt(np.mean(sigma**2))), whole.apart_um
    statement = (
        f"bent by up to {format_length(largest)} (± {format_length(rms)}) between knots "
        f"{format_length(spacing)} apart: each half of the image gains {best.gain:.2g} ± "
        f"{best.error:.1g} nat by the bend of the other half; it folds nowhere"
    )
    return Bending(field, recorded, spacing, best.gain, best.error, largest, rms, tried, statement)


def _sigma(
    pair: Bends,
    alike: list[Bends],
    linear: AffineTransform,
    moving: GreyImage,
    field: DisplacementField,
) -> np.ndarray:
    """Half of what the halves' bends differ by, and what bends that fit as well differ by [um].

    Averaged over the places between knots.
    """
    from scipy import ndimage

    places, shape = _grid(field)
    straight = linear.apply(places)
    ends = [one.displaced(places, straight) for one in pair.knots]
    square = np.sum((ends[0] - ends[1]) ** 2, axis=1) / 4
    others = [one for one in alike if one is not pair]
    for other in others:
        there = sum(one.displaced(places, straight) for one in other.knots) / 2
        square += np.sum((there - (ends[0] + ends[1]) / 2) ** 2, axis=1) / len(others)
    square = square.reshape(shape) / moving.ndim
    reach = np.where(np.array(shape) > 1, pair.knots[0].spacing_um / field.spacing_um, 0.0)
    return np.asarray(np.sqrt(ndimage.gaussian_filter(square, reach, mode="nearest")))


def _coarser(field: DisplacementField, coarse: DisplacementField) -> DisplacementField:
    """Give a coarser field the error of a finer one, and what its cells miss of it."""
    places, shape = _grid(field)
    apart = coarse.apply(places) - field.apply(places)
    missed = float(np.mean(np.sum(apart**2, axis=1)) / sum(n > 1 for n in shape))
    step = [
        slice(None, None, (many - 1) // max(1, few - 1) or 1)
        for many, few in zip(shape, coarse.field_um.shape, strict=False)
    ]
    sigma = np.sqrt(np.asarray(field.sigma_um)[tuple(step)] ** 2 + missed)
    return replace(coarse, sigma_um=sigma, correlation_um=field.correlation_um)


def _grid(field: DisplacementField) -> tuple[np.ndarray, tuple[int, ...]]:
    shape = field.field_um.shape[:3]
    index = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), axis=-1)
    return field.origin_um + field.spacing_um * index.reshape(-1, 3), shape
