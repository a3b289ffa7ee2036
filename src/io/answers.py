"""What a person says about a file where the file itself is silent, and where it is kept."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from ..locks import locked
from .description import AXES, ImageDescription
from .lengths import fault_of_length, micrometres_in

_PATIENCE_S = 10.0


@dataclass(frozen=True, kw_only=True)
class Answers:
    """Answers that stand beside a file; what is None is left to the file.

    Parameters
    ----------
    spacing_um : tuple of (float or None), optional
        Voxel size [µm] along z, y, x (or y, x); ``None`` inside keeps the file's value.
    unit : str, optional
        Unit of a voxel size that the file gives as a bare number: ``"um"``, ``"nm"``, ``"mm"``.
    axes : str, optional
        One letter of ``"tczyx"`` for every axis of the stored array, in its order: ``"zyxc"``.
    flip : str, optional
        Axes to reverse, such as ``"y"`` or ``"zy"``; ``""`` says that none has to be.
    handedness : str, optional
        ``"right"`` or ``"left"``: whether the x, y, z of the stored voxels are right-handed.
    tilt_correction : float, optional
        Angle between beam and surface normal [degree] of a tilted view: the voxel size along y
        is divided by its cosine. 0 says that lengths along y are right already; None, that nobody
        knows, of which an ion-beam stack warns.
    modality : str, optional
        Such as ``"SEM"``, ``"XRM"``.
    entry : str, optional
        Which image of a file that holds several: an HDF5 path, an NPZ name, a series number.
    shape, dtype, byte_order, offset : optional
        Of a raw file without a header: C order, numpy's name, ``"little"`` or ``"big"``, bytes.
    """

    spacing_um: tuple[float | None, ...] | None = None
    unit: str | None = None
    axes: str | None = None
    flip: str | None = None
    handedness: str | None = None
    tilt_correction: float | None = None
    modality: str | None = None
    entry: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    byte_order: str | None = None
    offset: int | None = None

    def __post_init__(self) -> None:
        for check in (_check_spacing, _check_letters, _check_words, _check_tilt, _check_raw):
            check(self)

    def to_dict(self) -> dict[str, Any]:
        """Write what was answered as plain JSON types."""
        given = {f.name: getattr(self, f.name) for f in fields(self)}
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in given.items()
            if value is not None
        }

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> Answers:
        """Read what `to_dict` wrote."""
        names = {f.name for f in fields(cls)}
        unknown = sorted(set(plain) - names)
        if unknown:
            raise ValueError(f"answers know {sorted(names)}, got {unknown}: leave those out")
        return cls(
            **{k: tuple(v) if isinstance(v, list) else v for k, v in plain.items()}  # type: ignore[arg-type]
        )


def _check_spacing(answers: Answers) -> None:
    for length in answers.spacing_um or ():
        fault = None if length is None else fault_of_length(length)
        if fault:
            raise ValueError(
                f"spacing_um needs positive lengths in µm, got {answers.spacing_um}: {fault}"
            )
    if answers.unit is not None and micrometres_in(answers.unit) is None:
        raise ValueError(f"unit needs a length such as 'um', 'nm' or 'mm', got {answers.unit!r}")


def _check_letters(answers: Answers) -> None:
    for name, text, known in (("axes", answers.axes, AXES), ("flip", answers.flip, "zyx")):
        if text is not None and (set(text) - set(known) or len(set(text)) != len(text)):
            raise ValueError(f"{name} needs letters of {known!r}, each once, got {text!r}")


def _check_words(answers: Answers) -> None:
    if answers.handedness not in (None, "right", "left"):
        raise ValueError(f"handedness is 'right' or 'left', got {answers.handedness!r}")
    if answers.byte_order not in (None, "little", "big"):
        raise ValueError(f"byte_order is 'little' or 'big', got {answers.byte_order!r}")


def _check_tilt(answers: Answers) -> None:
    tilt = answers.tilt_correction
    if tilt is not None and not -85 <= tilt <= 85:
        raise ValueError(f"tilt_correction needs degrees between -85 and 85, got {tilt}")


def _check_raw(answers: Answers) -> None:
    if answers.shape is not None and (
        not answers.shape or any(not isinstance(n, int) or n < 1 for n in answers.shape)
    ):
        raise ValueError(f"shape needs positive whole numbers, got {answers.shape}")
    if answers.offset is not None and answers.offset < 0:
        raise ValueError(f"offset needs bytes from the start of the file, got {answers.offset}")


def remembered_key(description: ImageDescription) -> str:
    """Name what an answer is remembered by: the instrument, else the folder."""
    if description.instrument:
        return description.instrument
    return f"{description.format} in {Path(description.path.partition('::')[0]).parent}"


def load_answers(path: str | os.PathLike[str]) -> dict[str, Answers]:
    """Read the remembered answers, by key; an absent file is an empty memory."""
    file = Path(path)
    if not file.exists():
        return {}
    stored = json.loads(file.read_text(encoding="utf-8"))
    return {key: Answers.from_dict(value) for key, value in stored.items()}


def save_answers(path: str | os.PathLike[str], key: str, answers: Answers) -> None:
    """Remember `answers` under `key`, beside those that are there, also of imports at once."""
    file = Path(path)
    busy = f"{file}: another import has been writing its answers for {_PATIENCE_S:.0f} s"
    with locked(file.with_name(f".{file.name}.lock"), busy=busy, patience_s=_PATIENCE_S):
        kept = {name: item.to_dict() for name, item in load_answers(file).items()}
        kept[key] = answers.to_dict()
        fresh = file.with_name(file.name + ".new")
        fresh.write_text(json.dumps(kept, indent=1, ensure_ascii=False), encoding="utf-8")
        os.replace(fresh, file)
