"""What the transforms taken together say of one pair of frames: loops that do not close."""

from __future__ import annotations

from typing import Any

from ..errors import ScalebridgeError
from .pairs import SPLINE
from .verdict import standing
from .views import notice, notices

_HAND = "localisation error typed by hand"


def typed_words(source: str) -> str:
    """Say which localisation errors behind a ± were typed by hand; empty where none was.

    Parameters
    ----------
    source : str
        `Located.error_source`.

    Examples
    --------
    >>> typed_words("localisation error typed by hand: sem_to_survey (0.5 µm); from residuals: a")
    ', localisation error typed by hand: sem_to_survey (0.5 µm)'
    >>> typed_words("from residuals: a")
    ''
    """
    said = [part for part in source.split("; ") if part.startswith(_HAND)]
    return f", {said[0]}" if said else ""


def opens_loop(note: str) -> bool:
    """Whether a note of a located place tells of a loop that does not close."""
    from ..analysis.registration.adjustment import OPEN

    return OPEN in note


def typed_in(picker: Any) -> str:
    """The same of a picker's fit, whose errors its pairs may state."""
    fit = picker.state().fit
    typed = fit is not None and getattr(fit.transform, "sigma_source", "") == "stated"
    return f", {_HAND}" if typed else ""


def graph_with_fit(picker: Any) -> Any:
    """The accepted transforms, with a picker's present fit where it would stand."""
    from ..analysis.registration import Edge
    from ..analysis.registration.graph import FrameGraph

    graph, fit, record = picker.ws.graph(), picker.state().fit, standing(picker)
    if fit is None or fit.transform.model == SPLINE or fit.transform.covariance is None:
        return graph
    start, end = (picker.images[side].frame for side in ("moving", "fixed"))
    own = Edge("the fit shown here", start, end, fit.transform)
    taken = record.name if record is not None and record.status == "accepted" else None
    kept = [edge for edge in graph.edges if edge.name != taken]
    return FrameGraph([*kept, own], frames=graph.frames)


def loops_html(picker: Any) -> str:
    """Loops through a picker's frames that do not close, in red; escaped."""
    try:
        graph = graph_with_fit(picker)
    except ScalebridgeError as error:  # another record is no map
        return notice(str(error), "refused")
    frames = {picker.images[side].frame for side in ("moving", "fixed")}
    own = [edge.name for edge in graph.edges if {edge.from_frame, edge.to_frame} == frames]
    said = dict.fromkeys(words for name in own for words in graph.open_loops(through=name))
    return notices(said, "refused")
