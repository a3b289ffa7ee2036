"""Accepted or refused: what was decided about registrations, and by whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from ...columns import significant
from ...errors import DecisionNeeded
from .pair import PairResult
from .standing import model_words


def settle(results: Sequence[PairResult], *, accept: bool | None) -> pd.DataFrame:
    """Tell what was decided about each registration.

    Parameters
    ----------
    accept : bool or None
        The template's parameter: accept or refuse whatever nobody has decided yet.

    Raises
    ------
    DecisionNeeded
        A registration is neither accepted nor refused nor covered by the parameter, or the
        parameter accepts a straight map where a bend is offered.
    """
    undecided = [r.name for r in results if r.accepted is None and r.refused is None]
    if undecided and accept is None:
        raise DecisionNeeded(
            f"nobody has accepted {', '.join(undecided)}. To decide: look at the leave-one-out "
            "errors and the overlay, then press accept in the picker, call picker.accept(), or "
            "give the parameter accept (true or false)"
        )
    if accept:
        _refuse_offered(results)
    table = pd.DataFrame([_verdict(result, accept) for result in results])
    for column in ("leave-one-out [µm]", "error_at_target_um"):
        table[column] = significant(table[column])
    return table


def _refuse_offered(results: Sequence[PairResult]) -> None:
    """Accept no straight map unseen where the landmarks ask for a bend."""
    said = [f"{result.name}: {result.bend.statement()}" for result in results if result.bend]
    if said:
        raise DecisionNeeded(
            f"{'; '.join(said)}. To decide: look at the errors and the overlay, then give the "
            "parameter model ('thin-plate', or 'affine' to keep it straight), or choose in the "
            "picker and press accept"
        )


def _verdict(result: PairResult, accept: bool | None) -> dict[str, Any]:
    standing = result.accepted or (result.refused if accept is None else None)
    accepted = standing.status == "accepted" if standing else accept
    return {
        "registration": result.title,
        "model": result.fit.transform.model,
        "landmarks": len(result.fit.residuals_um),
        "leave-one-out [µm]": result.fit.loo_rms_um,
        "error_at_target_um": result.picker.error_at_target(),
        "decision": _decision(result, accepted),
        "by": standing.who if standing else "the parameter accept",
    }


def _decision(result: PairResult, accepted: bool | None) -> str:
    if result.differs:
        return f"accepted as {model_words(result.accepted)}"
    return "accepted" if accepted else "refused"


def record_verdicts(results: Iterable[PairResult], *, accept: bool | None) -> None:
    """Write what the parameter decided; what a person accepted stands already."""
    for result in results:
        if accept is None or result.accepted is not None or result.picker.ws.read_only:
            continue
        if accept:
            result.picker.accept(note="by the parameter accept")
        elif result.refused is None:
            result.picker.refuse("by the parameter accept")
