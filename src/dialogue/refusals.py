"""What is refused before anything is written, and the options that would do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import DecisionNeeded
from .candidate import Candidate
from .person import Person

if TYPE_CHECKING:
    from ..io import ImageDescription


def refuse_options_for_one(paths: Sequence[str], name: str | None, picture: Path | None) -> None:
    """Refuse options that only make sense for a single file."""
    for option, value in (("--name", name), ("--preview", picture)):
        if value is not None and len(paths) != 1:
            raise DecisionNeeded(
                f"{option} needs one file, got {len(paths)}: import them one by one"
            )


def refuse_names(folder: Path, named: Sequence[tuple[str, str]]) -> None:
    """Refuse what could not be listed, before the first file is opened."""
    from ..workspace.naming import checked_name

    files: dict[str, str] = {}
    for name, path in named:
        try:
            plain = checked_name("images", name)
        except ValueError as error:
            raise DecisionNeeded(f"{path}: {error}; --name gives another one") from None
        if plain in files:
            raise DecisionNeeded(
                f"{files[plain]} and {path} would both be named {plain!r}: give each file once, "
                "and import those of the same name one by one with --name"
            )
        files[plain] = path
    if not (folder / "workspace.toml").exists():
        return
    from ..workspace import Workspace

    with Workspace.open(folder) as ws:
        taken = [plain for plain in files if plain in ws.images]
    if taken:
        raise DecisionNeeded(
            f"{folder} already has {', '.join(map(repr, taken))}: give another --name, or remove "
            "what stands there first"
        )


def refusal_of(description: ImageDescription, person: Person) -> str | None:
    """A missing voxel size may be agreed to, for it shows everywhere; a mirror image may not."""
    from ..io import refusal

    agreed = person.agrees or person.ask is not None
    return refusal(description, only=("flip",) if agreed else None)


def ways_out(found: Sequence[Candidate]) -> list[str]:
    """Say which options would do."""
    ways: dict[str, Callable[[ImageDescription], str]] = {
        "voxel size": lambda said: (
            f"--voxel-um {_wanted(said)} gives the voxel size (--yes imports it as uncalibrated, "
            "which blocks physical results until `scalebridge calibrate`)"
        ),
        "flip": lambda said: (
            f"--flip {said.flip_offered} takes the mirror image back (--flip '' keeps it)"
        ),
    }
    lines = [ways[name](one.description) for one in found for name in one.description.missing]
    return list(dict.fromkeys(lines))


def _wanted(said: ImageDescription) -> str:
    pairs = zip(said.spatial_axes, said.partial_spacing_um, strict=False)
    return ",".join(axis if value is None else "-" for axis, value in pairs)
