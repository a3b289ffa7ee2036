"""The records that a report's numbers stand on, found by following names.

A number's key names its transform, target or image, and its measurement names the image and the
segmentation. From there every record leads to those that it mentions: a transform to its frames
and landmarks, a target through the accepted transforms to the frame that it was looked up in.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..errors import ScalebridgeError
from ..workspace.schema import KINDS

if TYPE_CHECKING:
    from ..workspace import Workspace

#: In the order in which they are listed.
NAMED = ("images", "frames", "segmentations", "targets", "transforms")


def grounds(keys: Iterable[str], ws: Workspace) -> dict[str, list[Any]]:
    """Find what numbers stand on.

    Parameters
    ----------
    keys : iterable of str
        Of the key numbers, as ``"targeting.pit.sem.x_um"``.
    ws : Workspace

    Returns
    -------
    dict
        Records by kind, each kind in the workspace's order; landmarks in the versions that the
        transforms were fitted to.
    """
    named = {kind: {record.name: record for record in getattr(ws, kind)} for kind in NAMED}
    measured = {record.key: record for record in ws.measurements}
    found: set[tuple[str, str]] = set()
    waiting = []
    for key in keys:
        words = [(kind, name) for kind in NAMED for name in named[kind] if _says(key, name)]
        waiting += [*words, *_ways(words, ws, named)]
        if key in measured:
            waiting += _mentioned("measurements", measured[key])
    while waiting:
        one = waiting.pop()
        if one in found or one[1] not in named.get(one[0], ()):
            continue
        found.add(one)
        waiting += _mentioned(one[0], named[one[0]][one[1]])
        if one[0] == "frames":
            waiting += [("images", i.name) for i in named["images"].values() if i.frame == one[1]]
    used = {k: [r for name, r in named[k].items() if (k, name) in found] for k in NAMED}
    return {**used, "landmarks": _landmarks(used["transforms"], ws)}


def _says(key: str, name: str) -> bool:
    """Say whether a name stands between the chapter and the quantity of a key."""
    return f".{name}." in f".{key.partition('.')[2].rpartition('.')[0]}."


def _mentioned(kind: str, record: Any) -> Iterator[tuple[str, str]]:
    for field, target in KINDS[kind].references.items():
        if (name := getattr(record, field)) is not None:
            yield target, name


def _ways(
    words: list[tuple[str, str]], ws: Workspace, named: dict[str, dict[str, Any]]
) -> Iterator[tuple[str, str]]:
    """Follow the targets of a key to the frames that it names."""
    for target in (named["targets"][name] for kind, name in words if kind == "targets"):
        for frame in (name for kind, name in words if kind == "frames"):
            try:
                way = ws.graph().path(target.frame, frame)
            except ScalebridgeError:  # what stood there has been taken away since
                continue
            yield from (("transforms", name) for name in way.edges)


def _landmarks(transforms: list[Any], ws: Workspace) -> list[Any]:
    """Find the versions that were fitted; one that another program made up is left out."""
    newest = {record.id: record for record in ws.landmarks.all(removed=True)}
    fitted = dict.fromkeys((i, v) for t in transforms for i, v in t.landmarks if i in newest)
    found = []
    for identity, version in fitted:
        one = newest[identity]
        versions = [one] if one.version == version else ws.landmarks.versions(identity)
        found += [record for record in versions if record.version == version]
    return found
