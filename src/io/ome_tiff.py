"""OME-TIFF: sizes with units, and files that point at other files.

An OME-XML block may say that planes lie in other files. Following that would read whatever the
block names, inside the folder or out of it, so it is refused.
"""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

from ..errors import ReadError
from .lengths import micrometres_in
from .reading import Lengths, Reading, inspect_lengths
from .tiff import axis_letters, photometric_notes
from .tiff_pixels import TiffPixels


def claims(tif: Any) -> bool:
    """Say whether the first page carries OME-XML."""
    return bool(tif.is_ome)


def read_ome_tiff(tif: Any, series: Any, *, number: int, path: str) -> Reading:
    """Describe one image of an OME-TIFF."""
    root = parse_ome(tif.ome_metadata, path=path)
    images = [e for e in root if _name(e) == "Image"]
    image = images[number] if number < len(images) else images[0]
    pixels = _child(image, "Pixels")
    if pixels is None:
        raise ReadError(f"{path}: the OME-XML describes no pixels: export it again")
    lengths, source = _lengths(pixels)
    if fault := _of_another_size(pixels, series):
        lengths = Lengths({}, (fault,))
    return Reading(
        format="OME-TIFF",
        pixels=TiffPixels(series, path=path),
        axes=axis_letters(series),
        spacing_um=lengths.um,
        spacing_source=source,
        faults=lengths.faults,
        channel_names=_channels(pixels),
        time=_text(image, "AcquisitionDate"),
        instrument=_instrument(root),
        metadata={"OME": tif.ome_metadata},
        warnings=photometric_notes(series.keyframe),
    )


def parse_ome(text: str | None, *, path: str) -> ElementTree.Element:
    """Parse an OME-XML block, and refuse one that refers to other files.

    Raises
    ------
    ReadError
        If it is no XML, defines entities, or has planes or metadata in other files.
    """
    if not text or "<!DOCTYPE" in text or "<!ENTITY" in text:
        raise ReadError(f"{path}: OME-XML expected without a DOCTYPE: export the file again")
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ReadError(f"{path}: OME-XML cannot be parsed ({error}): export it again") from error
    _refuse_other_files(root, path)
    return root


def _refuse_other_files(root: ElementTree.Element, path: str) -> None:
    own = root.attrib.get("UUID")
    for element in root.iter():
        if _name(element) == "BinaryOnly":
            raise _elsewhere(path, element.attrib.get("MetadataFile", "another file"))
        if _name(element) != "UUID" or "FileName" not in element.attrib:
            continue
        # A renamed file still carries its old name, but the id of the whole file stays its own.
        if own is None or (element.text or "").strip() != own:
            raise _elsewhere(path, element.attrib["FileName"])


def _elsewhere(path: str, other: str) -> ReadError:
    return ReadError(
        f"{path} refers to another file, {other!r}; expected all planes in one file: "
        "references are not followed, save it as one OME-TIFF"
    )


def _lengths(pixels: ElementTree.Element) -> tuple[Lengths, str]:
    sizes: dict[str, float] = {}
    faults: list[str] = []
    for axis in "zyx":
        stated = pixels.attrib.get(f"PhysicalSize{axis.upper()}")
        if stated is None:
            continue
        unit = pixels.attrib.get(f"PhysicalSize{axis.upper()}Unit", "µm")  # the schema's default
        scale = micrometres_in(unit)
        if scale is None:
            faults.append(f"OME PhysicalSize{axis.upper()} is in {unit!r}, which is not a length")
        else:
            sizes[axis] = _number(stated) * scale
    lengths = inspect_lengths(sizes, source="OME PhysicalSize")
    absent = [
        a
        for a in "zyx"
        if int(_number(pixels.attrib.get(f"Size{a.upper()}", "1")) or 1) > 1
        and f"PhysicalSize{a.upper()}" not in pixels.attrib
    ]
    faults += [f"OME-XML has no PhysicalSize{axis.upper()}" for axis in absent]
    return Lengths(lengths.um, (*faults, *lengths.faults)), "OME-XML PhysicalSize"


def _of_another_size(pixels: ElementTree.Element, series: Any) -> str:
    """Say why sizes do not hold: somebody resized the image and kept the words."""
    stored = dict(zip(series.axes, series.shape, strict=True))
    for axis in "XYZ":
        stated = _number(pixels.attrib.get(f"Size{axis}", "nan"))
        if axis in stored and stated != stored[axis]:
            return (
                f"OME-XML is of an image with Size{axis} {stated:g}, the pages have "
                f"{stored[axis]}: it was resized or damaged since"
            )
    return ""


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return float("nan")


def _channels(pixels: ElementTree.Element) -> tuple[str, ...]:
    channels = [e for e in pixels if _name(e) == "Channel"]
    return tuple(e.attrib.get("Name") or f"channel {i}" for i, e in enumerate(channels))


def _instrument(root: ElementTree.Element) -> str | None:
    for element in root.iter():
        if _name(element) == "Microscope":
            parts = [element.attrib.get(k) for k in ("Manufacturer", "Model", "SerialNumber")]
            return " ".join(part for part in parts if part) or None
    return None


def _name(element: ElementTree.Element) -> str:
    return element.tag.rpartition("}")[2]


def _child(element: ElementTree.Element, name: str) -> ElementTree.Element | None:
    return next((e for e in element if _name(e) == name), None)


def _text(element: ElementTree.Element, name: str) -> str | None:
    found = _child(element, name)
    return (found.text or "").strip() or None if found is not None else None
