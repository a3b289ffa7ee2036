"""A choice comes from a parameter or from a record; else the run stops and says what to decide."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

from ...errors import DecisionNeeded

Choice = TypeVar("Choice")


def decided(what: str, *, parameter: Choice | None, recorded: Sequence[Choice], how: str) -> Choice:
    """Return the one choice that somebody made.

    Parameters
    ----------
    what : str
        What is chosen, e.g. ``"the target"``.
    parameter : optional
        The template's parameter, which goes before records.
    recorded : sequence
        The choices that stand in the workspace.
    how : str
        How a person decides it: the widget, the method, the parameter.

    Returns
    -------
    The parameter if it is given, else the only recorded choice.

    Raises
    ------
    DecisionNeeded
        Nobody has chosen, or several records could be meant.

    Examples
    --------
    >>> decided("the target", parameter=None, recorded=["pit"], how="place one")
    'pit'
    """
    if parameter is not None:
        return parameter
    if len(recorded) == 1:
        return recorded[0]
    if recorded:
        listed = ", ".join(map(str, recorded))
        raise DecisionNeeded(f"{what} is not decided: there are {listed}. To decide: {how}")
    raise DecisionNeeded(f"{what} is not decided: the workspace holds none. To decide: {how}")
