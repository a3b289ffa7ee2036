"""NeXus: ``NXdata`` groups name their signal, its axes and the units of those.

By the rules of https://manual.nexusformat.org/datarules.html. Only axes of evenly spaced lengths
give a voxel size; energies, angles and times do not, and their axis becomes ``c`` or ``t``.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .hdf5 import Hdf5Pixels, inside
from .lengths import micrometres_in
from .reading import Reading, inspect_lengths

_LONGEST_AXIS = 1_000_000
_EVEN = 1e-3


def claims(file: Any) -> bool:
    """Say whether a NeXus entry with an image stands at the root."""
    entries = [inside(file, name) for name in file]
    return any(_class(item) == "NXentry" for item in entries) and bool(images(file))


def images(file: Any) -> dict[str, str]:
    """List the signals of two and more axes, the default one first."""
    import h5py

    found: dict[str, str] = {}

    def look(name: str, group: Any) -> None:
        if not isinstance(group, h5py.Group) or _class(group) != "NXdata":
            return
        signal = _signal(group)
        if signal is not None:
            found[name] = f"/{name}/{signal}"

    file.visititems(look)
    default = _default(file)
    return dict(sorted(found.items(), key=lambda pair: pair[0] != default))


def _default(file: Any) -> str:
    here, names = file, []
    for _ in range(8):
        name = _word(here.attrs.get("default"))
        if not name or inside(here, name) is None:
            break
        names.append(name)
        here = inside(here, name)
    return "/".join(names)


def _signal(group: Any) -> str | None:
    import h5py

    name = _word(group.attrs.get("signal"))
    for one in [name] if name else list(group):
        data = inside(group, one)
        if not isinstance(data, h5py.Dataset) or data.ndim < 2 or data.dtype.kind not in "biuf":
            continue
        if name or "signal" in data.attrs:
            return one
    return None


def read(dataset: Any, entry: str, path: str) -> Reading:
    """Describe one signal with the axes of its group."""
    group = dataset.file["/" + entry]
    letters, sizes, origin, notes = "", {}, {}, []
    for place, name in enumerate(_axis_names(group, dataset)):
        letter, step, start, note = _axis(group, name, dataset.shape[place], letters, path)
        letters += letter
        notes.extend(note)
        if step is not None:
            sizes[letter] = step
            origin[letter] = start
    letters = _completed(letters)
    lengths = inspect_lengths(sizes, source="NeXus axes")
    spatial = [letter for letter in letters if letter in "zyx"]
    return Reading(
        format="NeXus",
        pixels=Hdf5Pixels(dataset),
        axes=letters,
        spacing_um=lengths.um,
        spacing_source="NeXus axes of NXdata",
        faults=(*lengths.faults, *notes),
        origin_um=origin if set(spatial) <= set(origin) else {},
        frame="NeXus axes" if set(spatial) <= set(origin) else "",
        metadata={"path": dataset.name, "axes": list(_axis_names(group, dataset))},
    )


def _axis_names(group: Any, dataset: Any) -> list[str]:
    axes = group.attrs.get("axes", dataset.attrs.get("axes"))
    words = [_word(v) for v in np.ravel(axes)] if axes is not None else []
    if len(words) == 1 and ":" in words[0]:
        words = words[0].split(":")
    names = ["."] * dataset.ndim
    for order, word in enumerate(words):
        place = group.attrs.get(f"{word}_indices")
        spot = int(np.ravel(place)[0]) if place is not None else order
        if 0 <= spot < dataset.ndim:
            names[spot] = word
    return names


def _axis(
    group: Any, name: str, size: int, used: str, path: str
) -> tuple[str, float | None, float, list[str]]:
    """Letter, step [µm], first position [µm] and faults of one axis."""
    import h5py

    letter = _letter(name, used)
    found = inside(group, name) if name != "." else None
    if letter not in "zyx" or not isinstance(found, h5py.Dataset) or found.size > _LONGEST_AXIS:
        return letter, None, 0.0, []
    unit = _word(found.attrs.get("units"))
    scale = micrometres_in(unit)
    if scale is None:
        return letter, None, 0.0, [f"the NeXus axis {name} is in {unit!r}, which is no length"]
    values = np.ravel(found[()]).astype(float) * scale
    if len(values) != size or size < 2:
        return letter, None, 0.0, [f"the NeXus axis {name} has {len(values)} of {size} positions"]
    steps = np.diff(values)
    step = float(steps.mean())
    if not np.isfinite(values).all() or np.abs(steps - step).max() > _EVEN * abs(step):
        return letter, None, 0.0, [f"the NeXus axis {name} is not evenly spaced"]
    if step < 0:
        return letter, None, 0.0, [f"the NeXus axis {name} runs backwards"]
    return letter, step, float(values[0]), []


def _letter(name: str, used: str) -> str:
    low = name.lower()
    for letter in "xyz":
        if low == letter or low.endswith((f"_{letter}", f"stage{letter}")):
            return letter if letter not in used else "?"
    if any(word in low for word in ("time", "theta", "angle", "rotation")):
        return "t" if "t" not in used else "?"
    if any(word in low for word in ("energy", "wavelength", "shift", "channel", "spectrum")):
        return "c" if "c" not in used else "?"
    return "?"


def _completed(letters: str) -> str:
    """Name a nameless last axis behind y and x a channel; two nameless last ones y and x."""
    if "?" in letters and {"y", "x"} <= set(letters) and "c" not in letters:
        return letters.replace("?", "c", 1)
    if letters.endswith("??") and not set(letters) & {"y", "x"}:
        return letters[:-2] + "yx"
    return letters


def _class(item: Any) -> str:
    return _word(getattr(item, "attrs", {}).get("NX_class"))


def _word(value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = value.ravel()[0] if value.size else ""
    if isinstance(value, bytes):
        return value.decode(errors="replace")
    return "" if value is None else str(value)
