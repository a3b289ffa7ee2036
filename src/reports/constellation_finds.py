"""How often are fiducials paired of which each image misses half?

Twenty fiducials stand in each image, ten of them in both, with four spurious ones more and picking
errors of 0.35 % of the field's width; the images are turned and shifted at random. Of 40 seeds, 40
are found in space and of a picture in space, and 36 of two pictures, where chance pairs as many:
the others are refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from ..analysis.registration import match_constellation
from ..errors import Degenerate

SEEDS = 40
FIELD_UM = 200.0
NOISE_UM = 0.7
TOLERANCE_UM = 3.0
DIMENSIONS = ((3, 3), (2, 3), (2, 2))


@dataclass(frozen=True, eq=False)
class Scene:
    """Fiducials of two images, and which are the same.

    Attributes
    ----------
    a, b : (n, d) array
        Positions, in no order [um].
    truth : (k, 2) int array
        Rows of a and of b.
    """

    a: np.ndarray
    b: np.ndarray
    truth: np.ndarray


def half_missing_scene(
    seed: int,
    *,
    dimensions: tuple[int, int] = (3, 3),
    fiducials: int = 20,
    shared: int = 10,
    spurious: int = 4,
    scale: float = 1.02,
) -> Scene:
    """Throw fiducials into two images.

    Parameters
    ----------
    seed : int
    dimensions : (int, int)
        Of both images, 2 or 3.
    fiducials, shared, spurious : int
        True ones in each image, those in both, and false ones more in each.
    scale : float
        Size of b over size of a.
    """
    from scipy.spatial.transform import Rotation

    rng = np.random.default_rng(seed)
    moving, fixed = dimensions
    half = FIELD_UM / 2
    places = rng.uniform(-half, half, (2 * fiducials - shared, moving))
    turn = Rotation.random(random_state=seed).as_matrix()
    if fixed == 2:
        turn = Rotation.from_euler("z", 47.0 * seed, degrees=True).as_matrix()[:2, :2]
    seen = scale * places @ turn[:, fixed - moving :].T + rng.uniform(-500, 500, fixed)
    a, b = places[:fiducials], seen[fiducials - shared :]
    a = a + rng.normal(0, NOISE_UM, a.shape)
    b = b + scale * rng.normal(0, NOISE_UM, b.shape)
    a = np.vstack([a, rng.uniform(-half, half, (spurious, moving))])
    dirt = scale * rng.uniform(-half, half, (spurious, fixed))
    b = np.vstack([b, seen.mean(axis=0) + dirt])
    order_a, order_b = rng.permutation(len(a)), rng.permutation(len(b))
    rows = np.arange(shared)
    truth = np.column_stack(
        [np.argsort(order_a)[fiducials - shared + rows], np.argsort(order_b)[rows]]
    )
    return Scene(a[order_a], b[order_b], truth)


def pairing(scene: Scene, *, tolerance_um: float, any_scale: bool) -> str:
    """Pair one scene: ``found``, ``refused``, or ``wrong`` where the pose is another."""
    try:
        match = match_constellation(
            scene.a, scene.b, tolerance_um=tolerance_um, any_scale=any_scale
        )
    except Degenerate:
        return "refused"
    if not len(scene.truth):
        return "wrong"
    d = scene.b.shape[1]
    mapped = match.transform.apply(scene.a[scene.truth[:, 0]])[:, 3 - d :]
    off = np.linalg.norm(mapped - scene.b[scene.truth[:, 1]], axis=1)
    return "found" if np.sqrt(np.mean(off**2)) < tolerance_um else "wrong"


def pairing_table(
    seeds: Iterable[int] = range(SEEDS),
    *,
    shared: int = 10,
    scale: float = 1.02,
    any_scale: bool = False,
    dimensions: Iterable[tuple[int, int]] = DIMENSIONS,
) -> pd.DataFrame:
    """Count how often fiducials are paired.

    Parameters
    ----------
    seeds : iterable of int
    shared : int
        Fiducials in both images, of 20; with 0 every pose that is not refused is a false alarm.
    scale : float
        Size of b over size of a.
    any_scale : bool
        Whether the search is told nothing of it.
    dimensions : iterable of (int, int)

    Returns
    -------
    DataFrame
        ``dimensions``, ``any_scale``, ``shared``, ``seeds``, ``found``, ``refused``, ``wrong``.
    """
    rows = []
    numbers = list(seeds)
    for pair in dimensions:
        ends = [
            pairing(
                half_missing_scene(seed, dimensions=pair, shared=shared, scale=scale),
                tolerance_um=TOLERANCE_UM * scale,
                any_scale=any_scale,
            )
            for seed in numbers
        ]
        rows.append(
            {
                "dimensions": f"{pair[0]}-D in {pair[1]}-D",
                "any_scale": any_scale,
                "shared": shared,
                "seeds": len(numbers),
                **{end: ends.count(end) for end in ("found", "refused", "wrong")},
            }
        )
    return pd.DataFrame(rows)
