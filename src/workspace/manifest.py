"""``workspace.toml``: what this folder is, and in which format."""

from __future__ import annotations

import json
import os
import tomllib
import uuid
from dataclasses import dataclass
from pathlib import Path

from ..errors import NewerFormat, NotFound, WorkspaceError

#: The format that this Scalebridge writes. Older ones are upgraded after a backup.
FORMAT = 1
FILE = "workspace.toml"


@dataclass(frozen=True)
class Manifest:
    """What ``workspace.toml`` says.

    Attributes
    ----------
    format : int
    id : str
    name : str
    created : str
        In UTC, ISO 8601.
    records : str
        ``"sqlite"`` for the file beside it, ``"database"`` where the address is given at opening
        (it may hold a password, so it is not kept).
    """

    format: int
    id: str
    name: str
    created: str
    records: str


def read_manifest(folder: Path) -> Manifest:
    """Read ``workspace.toml``.

    Raises
    ------
    NotFound
        When there is none.
    WorkspaceError
        When it is damaged.
    NewerFormat
        When a newer Scalebridge wrote it.
    """
    path = folder / FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise NotFound(
            f"expected a workspace in {folder}, got no {FILE}: check the path, or make one with "
            "Workspace.create"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(f"{path} is damaged ({error}): restore it from a backup") from error
    return _checked(table, path)


def _checked(table: dict[str, object], path: Path) -> Manifest:
    format_version = table.get("format")
    if not isinstance(format_version, int) or isinstance(format_version, bool):
        raise WorkspaceError(f"{path} needs format = <number>, got {format_version!r}")
    if format_version > FORMAT:
        raise NewerFormat(
            f"{path.parent} has format {format_version}, this Scalebridge reads up to {FORMAT}: "
            "install a newer Scalebridge; nothing was changed"
        )
    try:
        return Manifest(
            format=format_version,
            **{key: str(table[key]) for key in ("id", "name", "created", "records")},
        )
    except KeyError as error:
        raise WorkspaceError(
            f"{path} needs {error.args[0]} = ..., got none: restore it from a backup"
        ) from None


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write ``workspace.toml`` in one step, so that no reader sees half of it."""
    lines = [
        "# A Scalebridge workspace: one specimen's images and decisions.",
        f"format = {manifest.format}",
        *(
            f"{key} = {json.dumps(getattr(manifest, key), ensure_ascii=False)}"
            for key in ("id", "name", "created", "records")
        ),
    ]
    replace_text(folder / FILE, "\n".join(lines) + "\n")


def replace_text(path: Path, text: str) -> None:
    """Replace a small file by rename, flushed to the disk."""
    partial = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    with partial.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(partial, path)
