"""What to do next: which action raises the probability of success most, for its time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...errors import CovarianceUnavailable
from ...quantities import format_length
from .containment import check_probability
from .cut import DRAWS, Containment, box_containment
from .instrument import InstrumentError
from .milling_volume import MillingVolume, volume_containment
from .path import FramePath
from .points import lift
from .step import Edge, Step
from .transform import AffineTransform

if TYPE_CHECKING:
    import pandas as pd

ActionKind = Literal["landmark", "fiducial", "face check", "rescan"]


@dataclass(frozen=True)
class Action:
    """Something that could be done before the cut, or during it.

    Attributes
    ----------
    name : str
    kind : {"landmark", "fiducial", "face check", "rescan"}
        One more pair of landmarks; a new mark that both images will show; the exposed face found in
        the survey, which tells the position along one direction; a new scan with finer voxels.
    minutes : float
        How long it takes, of instrument and person [min].
    places_um : tuple of tuple of float
        Where, (z, y, x) in the moving frame of the transform [µm]; not for a new scan.
    sigma_um : float or None
        Localisation error of each place, per axis, in the fixed frame [µm]; that of the transform's
        landmarks unless told.
    direction : tuple of float, optional
        Of a face check, (z, y, x) in the fixed frame: across the face.
    voxel_ratio : float
        Of a new scan: its voxel over the present one. All landmarks are taken to be picked again,
        with an error that shrinks alike.
    """

    name: str
    kind: ActionKind
    minutes: float
    places_um: tuple[tuple[float, ...], ...] = ()
    sigma_um: float | None = None
    direction: tuple[float, float, float] | None = None
    voxel_ratio: float = 1.0

    def __post_init__(self) -> None:
        if self.kind not in get_args(ActionKind):
            known = ", ".join(get_args(ActionKind))
            raise ValueError(f"kind needs one of {known}, got {self.kind!r}")
        if not (np.isfinite(self.minutes) and self.minutes > 0):
            raise ValueError(f"minutes needs a value above 0, got {self.minutes!r}")
        if self.kind == "rescan":
            if not 0 < self.voxel_ratio < 1:
                raise ValueError(
                    "voxel_ratio needs a value between 0 and 1 for a rescan, "
                    f"got {self.voxel_ratio!r}: the new voxel over the old one"
                )
        elif not self.places_um:
            raise ValueError(f"places_um needs at least one place for a {self.kind}, got none")
        if (self.kind == "face check") != (self.direction is not None):
            raise ValueError(
                f"direction belongs to a face check and to nothing else, got {self.direction!r} "
                f"for a {self.kind}"
            )


USUAL_MINUTES: dict[ActionKind, float] = {
    "landmark": 3.0, "fiducial": 90.0, "face check": 20.0, "rescan": 240.0,
}  # fmt: skip
"""Minutes to begin with when nobody knows better: guesses, to be replaced by one's own."""


def rank_actions(
    way: AffineTransform | FramePath,
    target_um: ArrayLike,
    half_size_um: ArrayLike,
    *,
    margin_um: ArrayLike,
    actions: Sequence[Action],
    edge: str | None = None,
    volume: MillingVolume | None = None,
    instrument: InstrumentError | None = None,
    draws: int = DRAWS,
    seed: int = 0,
) -> pd.DataFrame:
    """Rank actions by what they add to the probability that the cut holds the volume, per minute.

    Parameters
    ----------
    way : AffineTransform or FramePath
        From the frame of the volume of interest to that of the cut.
    target_um : (3,) array
        Middle of the volume of interest in the first frame, z, y, x [µm].
    half_size_um : float or (3,) array
        Half its size [µm].
    margin_um : float or (3,) array
        What the cut is larger by: it stays as it is [µm].
    actions : sequence of Action
    edge : str, optional
        Name of the transform on the way that the actions improve; needed when there are several.
    volume : MillingVolume, optional
        What is cut, in the last frame, instead of the volume of interest with its margin.
    instrument : InstrumentError, optional
        What stage, drift and scale add, whatever is done; counts with `volume` [µm].
    draws, seed : int
        For the probabilities; all actions are judged by the same draws.

    Returns
    -------
    DataFrame
        Best first: `action`, `kind`, `minutes`, `probability_now`, `probability_after`,
        `standard_error` (of the latter), `gain_per_minute`, `error_now_um`, `error_after_um` (RMS
        at the target), `why`.

    Raises
    ------
    CovarianceUnavailable
        The transform has no covariance, or no localisation error for a new place.

    Notes
    -----
    A place that is measured with covariance R adds ``Jᵀ R⁻¹ J`` to the information of the
    transform, to first order. The localisation error is held; with an error from residuals each
    new coordinate adds a degree of freedom. Actions are judged one by one: two of them together
    gain less than the sum. What an action finds out about a wrong model is not counted, nor that
    edges which were adjusted together share their errors.

    Examples
    --------
    >>> from scalebridge.analysis.registration import fit_landmarks
    >>> corners = np.array([[0, y, x] for y in (-75, 75) for x in (-100, 100)] + [[0, 0, 0]])
    >>> fit = fit_landmarks(corners, corners, model="rigid", sigma_um=1.0)
    >>> deep = Action("deep fiducial", "fiducial", 90, places_um=((60, 75, 100),))
    >>> near = Action("one more corner", "landmark", 3, places_um=((0, 75, 100),))
    >>> table = rank_actions(fit.transform, (60, 0, 0), (10, 10, 10), margin_um=1.5,
    ...     actions=[deep, near], draws=20_000)
    >>> table["action"].tolist()
    ['one more corner', 'deep fiducial']
    """
    import pandas as pd

    path, name = _on_the_way(way, edge)
    path = replace(path, joint=None)  # what an action tells of one edge is not spread to others
    step = next(step for step in path.steps if step.edge.name == name)
    transform = step.linear()
    if transform.covariance is None:
        raise CovarianceUnavailable(
            f"{name} has no covariance, so that nothing tells what an action would improve: "
            "add landmarks or state sigma_um"
        )
    target = lift(target_um, name="target_um")
    half = np.broadcast_to(np.asarray(half_size_um, dtype=float), (3,))

    def contained(path: FramePath) -> Containment:
        if volume is not None:
            return volume_containment(
                path, target[0], half, volume, instrument=instrument, draws=draws, seed=seed
            )
        return box_containment(path, target, half, margin_um=margin_um, draws=draws, seed=seed)

    now = contained(path)
    error_now = _error(path, target)
    rows = []
    for action in actions:
        better = _with(path, name, after_action(transform, action))
        after = contained(better)
        error = _error(better, target)
        rows.append(
            {
                "action": action.name,
                "kind": action.kind,
                "minutes": action.minutes,
                "probability_now": now.probability,
                "probability_after": after.probability,
                "standard_error": after.standard_error,
                "gain_per_minute": (after.probability - now.probability) / action.minutes,
                "error_now_um": error_now,
                "error_after_um": error,
                "why": _why(action, error_now, error),
            }
        )
    columns = [
        "action", "kind", "minutes", "probability_now", "probability_after", "standard_error",
        "gain_per_minute", "error_now_um", "error_after_um", "why",
    ]  # fmt: skip
    table = pd.DataFrame(rows, columns=columns)
    return table.sort_values("gain_per_minute", ascending=False, kind="stable", ignore_index=True)


def minutes_to(table: pd.DataFrame, *, probability: float) -> pd.DataFrame:
    """Keep the actions that reach a wanted probability by themselves, the quickest first.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"action": ["a", "b"], "minutes": [9.0, 3.0],
    ...     "probability_after": [0.97, 0.8]})
    >>> minutes_to(table, probability=0.95)["action"].tolist()
    ['a']
    """
    check_probability(probability)
    enough = table[table["probability_after"] >= probability]
    return enough.sort_values("minutes", kind="stable", ignore_index=True)


def after_action(transform: AffineTransform, action: Action) -> AffineTransform:
    """Predict how well a transform will be known after an action; the map itself stays.

    Raises
    ------
    CovarianceUnavailable
        A new place needs a localisation error above 0.
    """
    covariance = np.asarray(transform.covariance)
    if action.kind == "rescan":
        scaled = None if transform.sigma_um is None else transform.sigma_um * action.voxel_ratio
        return transform.with_covariance(covariance * action.voxel_ratio**2, sigma_um=scaled)
    sigma = transform.sigma_um if action.sigma_um is None else action.sigma_um
    if not sigma:
        raise CovarianceUnavailable(
            f"{action.name} needs a localisation error above 0, got {sigma or 'none'}: "
            "state sigma_um"
        )
    rows = _rows(transform, action)
    shared = covariance @ rows.T
    own = rows @ shared + sigma**2 * np.eye(len(rows))
    updated = covariance - shared @ np.linalg.solve(own, shared.T)
    nu = transform.nu
    if nu is not None and action.sigma_um is None:
        nu = nu + len(rows)
    return transform.with_covariance((updated + updated.T) / 2, nu=nu)


def _rows(transform: AffineTransform, action: Action) -> NDArray[np.float64]:
    """How what is measured moves with the parameters: (measured numbers, p)."""
    slopes = transform.jacobian(np.asarray(action.places_um, float))
    if action.direction is not None:
        way = np.asarray(action.direction, float)
        return np.asarray(np.einsum("d,ndp->np", way / np.linalg.norm(way), slopes))
    axes = slice(3 - transform.ndim_fixed, 3)
    return slopes[:, axes].reshape(-1, transform.parameter_count)


def _on_the_way(way: AffineTransform | FramePath, edge: str | None) -> tuple[FramePath, str]:
    if isinstance(way, AffineTransform):
        way = FramePath("moving", (Step(Edge("transform", "moving", "fixed", way)),))
    if edge is None and len(way.edges) == 1:
        edge = way.edges[0]
    if edge not in way.edges:
        listed = ", ".join(way.edges) or "none"
        raise ValueError(f"edge needs one of the transforms on the way ({listed}), got {edge!r}")
    return way, edge


def _with(path: FramePath, name: str, transform: AffineTransform) -> FramePath:
    steps = tuple(
        replace(step, edge=replace(step.edge, transform=transform))
        if step.edge.name == name
        else step
        for step in path.steps
    )
    return replace(path, steps=steps)


def _error(path: FramePath, target: NDArray[np.float64]) -> float:
    return float(np.sqrt(np.trace(path.covariance_at(target)[0])))


def _why(action: Action, now: float, after: float) -> str:
    change = f"error at the target {format_length(now)} → {format_length(after)}"
    if action.kind == "rescan":
        return f"{change}, if every landmark is picked again on the finer voxels"
    if action.kind == "face check":
        return f"{change}, along one direction only"
    return change
