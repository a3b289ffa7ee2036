"""ZEISS/Xradia ``.xrm``, ``.txrm`` and ``.txm``: an OLE file of little streams.

``PixelSize`` is the size at the sample [µm], binning included. A ``.txm`` is a reconstruction
with cubic voxels; a ``.txrm`` holds one projection an angle, which are no slices. Distances to
the axis are often placeholders of 1: nothing is computed from those. By the streams that
`dxchange <https://github.com/data-exchange/dxchange>`_ and
`txrm2tiff <https://github.com/DiamondLightSource/txrm2tiff>`_ describe.
"""

from __future__ import annotations

import struct
from typing import Any

import numpy as np

from ..errors import ReadError
from .answers import Answers
from .flat_pixels import refuse_empty
from .reading import Reading, inspect_lengths

SUFFIXES = (".txrm", ".txm", ".xrm")
_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_CODES = {2: "i1", 3: "u1", 4: "<i2", 5: "<u2", 6: "<i4", 7: "<u4", 10: "<f4", 11: "<f8"}
_TYPES = {code: np.dtype(name) for code, name in _CODES.items()}
_A_FOLDER = 100
_LARGEST_STREAM = 2**26


def recognises(path: str, head: bytes) -> bool:
    """Say whether it is an OLE file by one of Xradia's names."""
    return head.startswith(_MAGIC) and path.lower().endswith(SUFFIXES)


class XradiaPixels:
    """The images of an OLE file, each in a stream of its own."""

    sequential = False

    def __init__(self, ole: Any, *, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        self._ole, self.shape, self.dtype = ole, shape, dtype
        self.segment_bytes = shape[-1] * shape[-2] * dtype.itemsize

    def read(self, selection: tuple[slice, ...]) -> np.ndarray:
        """Read one box."""
        if len(self.shape) == 2:
            return self._image(0)[selection]
        numbers = range(self.shape[0])[selection[0]]
        parts = [self._image(number)[selection[1:]] for number in numbers]
        return np.stack(parts) if parts else np.empty((0, *self.shape[1:]), self.dtype)[selection]

    def _image(self, number: int) -> np.ndarray:
        data = self._ole.openstream(image_stream(number)).read(self.segment_bytes)
        if len(data) != self.segment_bytes:
            raise ReadError(f"image {number} of the Xradia file is cut short: copy it again")
        return np.frombuffer(data, self.dtype).reshape(self.shape[-2:])

    def close(self) -> None:
        """Let go of the file."""
        self._ole.close()


def image_stream(number: int) -> str:
    """Name the stream of an image; they are numbered from 1, a hundred a folder.

    Examples
    --------
    >>> image_stream(0), image_stream(100)
    ('ImageData1/Image1', 'ImageData2/Image101')
    """
    return f"ImageData{number // _A_FOLDER + 1}/Image{number + 1}"


def open_xradia(path: str, answers: Answers) -> Reading:
    """Open a radiograph, a series of projections or a reconstruction.

    Raises
    ------
    ReadError
        If the file is damaged, or `olefile` is not installed.
    """
    ole = _ole(path)
    try:
        return _reading(ole, path)
    except BaseException:
        ole.close()
        raise


def _ole(path: str) -> Any:
    try:
        import olefile
    except ImportError:
        raise ReadError(
            f"{path} is an Xradia file, which needs the package olefile: pip install olefile"
        ) from None
    try:
        return olefile.OleFileIO(path)
    except Exception as error:
        raise ReadError(f"{path} is a damaged Xradia file ({error}): copy it again") from error


def _reading(ole: Any, path: str) -> Reading:
    taken = _taken(ole, path)
    image = (_whole(ole, "ImageHeight", path), _whole(ole, "ImageWidth", path))
    code = _whole(ole, "DataType", path)
    if code not in _TYPES:
        raise ReadError(f"expected a DataType of {sorted(_TYPES)}, {path} has {code}: export it")
    refuse_empty(image, path)
    _refuse_missing(ole, taken, image[0] * image[1] * _TYPES[code].itemsize, path)
    is_volume = path.lower().endswith(".txm")
    single = taken == 1 and not is_volume
    size = _floats(ole, "ImageInfo/PixelSize", 1)
    axes = "yx" if single else ("zyx" if is_volume else "tyx")
    found = {axis: size[0] for axis in axes if axis != "t"} if size else {}
    lengths = inspect_lengths(found, source="Xradia PixelSize")
    angles = _floats(ole, "ImageInfo/Angles", taken)
    return Reading(
        format="Xradia",
        pixels=XradiaPixels(ole, shape=image if single else (taken, *image), dtype=_TYPES[code]),
        axes=axes,
        spacing_um=lengths.um,
        spacing_source="Xradia PixelSize",
        faults=lengths.faults if size else ("the Xradia file holds no PixelSize",),
        stage=_stage(ole, taken, angles if single else ()),
        modality="XRM",
        metadata={"Xradia": _settings(ole, taken, angles)},
        warnings=(*_notes(ole, taken, axes), *_distances(ole, taken)[1]),
    )


def _taken(ole: Any, path: str) -> int:
    """Images that are there: a scan that was stopped has fewer than it was to have."""
    planned = _whole(ole, "NoOfImages", path)
    done = _ints(ole, "ImageInfo/ImagesTaken")
    return min(planned, done[0]) if done and done[0] > 0 else planned


def _refuse_missing(ole: Any, count: int, nbytes: int, path: str) -> None:
    for number in sorted({0, count // 2, count - 1}):
        name = image_stream(number)
        have = ole.get_size(name) if ole.exists(name) else 0
        if have != nbytes:
            raise ReadError(
                f"expected {nbytes} bytes in {name} of {path}, it has {have}: the file is "
                "damaged or cut short, copy it again"
            )


def _stream(ole: Any, name: str) -> bytes:
    if not ole.exists(name) or ole.get_size(name) > _LARGEST_STREAM:
        return b""
    return bytes(ole.openstream(name).read())


def _ints(ole: Any, name: str) -> tuple[int, ...]:
    data = _stream(ole, name)
    return struct.unpack(f"<{len(data) // 4}i", data[: len(data) // 4 * 4])


def _floats(ole: Any, name: str, count: int) -> tuple[float, ...]:
    """The first `count` numbers of a stream that has so many, else none."""
    data = _stream(ole, name)
    if len(data) < 4 * count:
        return ()
    values = struct.unpack(f"<{count}f", data[: 4 * count])
    return values if all(np.isfinite(values)) else ()


def _whole(ole: Any, name: str, path: str) -> int:
    values = _ints(ole, f"ImageInfo/{name}")
    if not values or values[0] < 1:
        raise ReadError(
            f"expected a positive ImageInfo/{name} in {path}, got {values[:1]}: it is damaged or "
            "no Xradia file, copy it again"
        )
    return values[0]


def _stage(ole: Any, count: int, angle: tuple[float, ...]) -> dict[str, float]:
    """Median stage of the images [µm], and the angle of a single one."""
    stage = {}
    for axis in "xyz":
        values = _floats(ole, f"ImageInfo/{axis.upper()}Position", count)
        if values:
            stage[f"{axis}_um"] = float(np.median(values))
    if angle:
        stage["rotation_deg"] = angle[0]
    return stage


def _settings(ole: Any, count: int, angles: tuple[float, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {"angles_deg": angles, "distances_mm": _distances(ole, count)[0]}
    for name in ("XPosition", "YPosition", "ZPosition", "ExpTimes", "Energy"):
        found[name] = _floats(ole, f"ImageInfo/{name}", count)
    for name in ("OpticalMagnification", "Voltage", "Current"):
        found[name] = _floats(ole, f"ImageInfo/{name}", 1)
    for name in ("HorizontalBin", "VerticalalBin", "XrayGeometry", "AcquisitionMode", "MosiacMode"):
        found[name] = _ints(ole, f"ImageInfo/{name}")[:1]
    text = _stream(ole, "ImageInfo/Date")[:17].split(b"\0")[0]
    return {**found, "Date": text.decode("ascii", errors="replace")}


def _distances(ole: Any, count: int) -> tuple[dict[str, float] | None, tuple[str, ...]]:
    """Distances source to axis and detector to axis, if they are more than placeholders."""
    pair = [_floats(ole, f"ImageInfo/{name}", count) for name in ("StoRADistance", "DtoRADistance")]
    if not all(pair):
        return None, ()
    source, detector = (abs(float(np.median(values))) for values in pair)
    if source <= 0 or detector <= 0 or source == detector == 1.0:
        return None, (
            f"source and detector are said to be {source:g} and {detector:g} from the axis, "
            "which are placeholders: the magnification cannot be taken from them",
        )
    return {"source_to_axis": source, "detector_to_axis": detector}, ()


def _notes(ole: Any, count: int, axes: str) -> tuple[str, ...]:
    notes: tuple[str, ...] = ()
    if axes == "tyx":
        notes = ("t counts projections, one each angle: reconstruct them before you look for z",)
    planned = _ints(ole, "ImageInfo/NoOfImages")
    if planned and planned[0] > count:
        notes += (f"the scan was stopped: {count} of {planned[0]} images were taken",)
    mosaic = _ints(ole, "ImageInfo/MosiacMode")
    if mosaic and mosaic[0]:
        notes += ("a mosaic: its tiles are not put together, t counts them",)
    return notes
