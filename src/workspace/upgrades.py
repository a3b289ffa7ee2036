"""Older workspaces are brought to today's format, after a backup."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from ..errors import WorkspaceError
from .manifest import FILE, FORMAT, Manifest, read_manifest, write_manifest

DATABASE = "records.db"

#: From format n to n + 1, in place. Format 1 is the first, so there is none yet.
STEPS: Mapping[int, Callable[[Path], None]] = {}


def upgrade(
    folder: Path,
    *,
    steps: Mapping[int, Callable[[Path], None]] = STEPS,
    to: int = FORMAT,
) -> Manifest:
    """Bring a workspace to a format.

    Parameters
    ----------
    folder : Path
    steps : mapping of int to callable
        From format n to n + 1.
    to : int

    Returns
    -------
    Manifest
        The new one.

    Raises
    ------
    WorkspaceError
        When no way leads from the old format; nothing was changed then.
    """
    manifest = read_manifest(folder)
    if manifest.format >= to:
        return manifest
    if manifest.records != "sqlite":
        raise WorkspaceError(
            f"{folder} has format {manifest.format} and its records in a database, where this "
            "Scalebridge does not upgrade them: bring them to the folder with the Scalebridge that "
            "made them (scalebridge migrate), then open it; nothing was changed"
        )
    missing = [number for number in range(manifest.format, to) if number not in steps]
    if missing:
        raise WorkspaceError(
            f"{folder} has format {manifest.format}, and this Scalebridge knows no way from "
            f"format {missing[0]} to {to}: open it with an older Scalebridge; nothing was changed"
        )
    kept = back_up(folder)
    try:
        for number in range(manifest.format, to):
            steps[number](folder)
    except BaseException:
        restore(folder, kept)
        raise
    upgraded = replace(manifest, format=to)
    write_manifest(folder, upgraded)
    return upgraded


def back_up(folder: Path) -> Path:
    """Copy the records and the manifest to ``backups/``; images are never changed in place."""
    moment = datetime.now(UTC).strftime("%Y%m%dT%H%M%S.%f")
    kept = folder / "backups" / f"{moment}-format-{read_manifest(folder).format}"
    kept.mkdir(parents=True)
    shutil.copy2(folder / FILE, kept / FILE)
    if (folder / DATABASE).exists():
        _copy_database(folder / DATABASE, kept / DATABASE)
    return kept


def restore(folder: Path, kept: Path) -> None:
    """Bring a backup back."""
    shutil.copy2(kept / FILE, folder / FILE)
    if (kept / DATABASE).exists():
        _copy_database(kept / DATABASE, folder / DATABASE)


def _copy_database(source: Path, target: Path) -> None:
    """Copy through SQLite, so that a commit under way is copied whole or not at all."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
