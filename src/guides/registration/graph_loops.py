"""The accepted transforms taken together: loops that do not close, and stale ones."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pandas as pd

from ...analysis.registration import Edge
from ...analysis.registration.adjustment import OPEN
from ...analysis.registration.graph import FrameGraph
from ...columns import significant
from ...workspace import Workspace
from ...workspace.staleness import stale_transforms, stale_words

_WORDS = {True: "closes", False: "does not close"}


def graph_with(ws: Workspace, proposed: Iterable[Edge] = ()) -> FrameGraph:
    """Join the frames by the accepted transforms and by proposed ones.

    Parameters
    ----------
    ws : Workspace
    proposed : iterable of Edge
        In place of an accepted one of the same name.
    """
    graph, more = ws.graph(), {edge.name: edge for edge in proposed}
    kept = [edge for edge in graph.edges if edge.name not in more]
    return FrameGraph([*kept, *more.values()], frames=graph.frames)


def loops_table(graph: FrameGraph) -> pd.DataFrame:
    """One row an independent loop: by how much it misses, and what its errors allow.

    Parameters
    ----------
    graph : FrameGraph

    Returns
    -------
    DataFrame
        Empty where no transforms form a loop.

    Examples
    --------
    >>> from scalebridge.analysis.registration import AffineTransform
    >>> def edge(name, one, other, x):
    ...     return Edge(name, one, other, AffineTransform.exact(offset_um=[0, 0, x]))
    >>> there, back = edge("there", "a", "b", 1.0), edge("back", "b", "a", -1.5)
    >>> found = loops_table(FrameGraph([there, back]))
    >>> float(found.loc[0, "misses by [µm]"]), found.loc[0, "verdict"]
    (0.5, 'does not close')
    """
    loops = graph.loops
    return pd.DataFrame(
        {
            "loop": loops["loop"].astype(str),
            "transforms": [", ".join(names) for names in loops["edges"]],
            "misses by [µm]": significant(loops["misclosure_um"].astype(float)),
            "chi-squared": significant(loops["chi2"].astype(float)),
            "degrees of freedom": loops["dof"].astype(int),
            "chance": significant(loops["p"].astype(float)),
            "verdict": [_WORDS[bool(closes)] for closes in loops["closes"]],
        }
    )


def open_loops(graph: FrameGraph, *, through: str | None = None) -> list[str]:
    """Say which loops do not close, of all or of those through one transform.

    Examples
    --------
    >>> open_loops(FrameGraph([]))
    []
    """
    return graph.open_loops(through=through)


def note_level(note: str) -> Literal["information", "refused"]:
    """Tell how a note of a located place is shown: in red where a loop is open or an edge stale.

    Examples
    --------
    >>> note_level("LOOP DOES NOT CLOSE: a → b → a misses by 4 µm"), note_level("regions rest on 9")
    ('refused', 'information')
    """
    return "refused" if OPEN in note or " is stale: " in note else "information"


def stale_statements(ws: Workspace) -> list[str]:
    """Say which accepted transforms rest on landmarks that have changed since."""
    marks = list(ws.landmarks)
    return [str(stale_words(record, marks)) for record in stale_transforms(ws.transforms, marks)]
