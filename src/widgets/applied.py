"""A segmentation done to a whole image, written to the workspace as an image of labels."""

from __future__ import annotations

import errno
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import ReadOnly, SegmentationCancelled
from ..locks import locked
from ..workspace.room import disk_full
from .layers import channel_select
from .phase_record import corrections_of, recipe_of
from .training_record import classified_image, is_trained

Progress = Callable[[int, int], None]
Cancelled = Callable[[], bool]
_SLAB_VOXELS = 2**24


@dataclass(frozen=True)
class OneVolume:
    """One channel and moment of an image, read box by box.

    Attributes
    ----------
    array : array_like
        With the spatial axes last.
    select : tuple of int
        Along the axes before them.
    """

    array: Any
    select: tuple[int, ...]

    @property
    def shape(self) -> tuple[int, ...]:
        """Of the spatial axes."""
        return tuple(self.array.shape[len(self.select) :])

    @property
    def ndim(self) -> int:
        """Number of spatial axes."""
        return len(self.shape)

    @property
    def dtype(self) -> Any:
        """Pixel type."""
        return self.array.dtype

    def __getitem__(self, box: Any) -> NDArray[Any]:
        rest = box if isinstance(box, tuple) else (box,)
        return np.asarray(self.array[(*self.select, *rest)])


def volume_of(image: Any, record: Any) -> OneVolume:
    """The channel and moment of an image that a segmentation record speaks of."""
    said = record.parameters
    select = channel_select(
        image.axes, channel=int(said.get("channel", 0)), time=int(said.get("time", 0))
    )
    return OneVolume(image.levels[0].array, select)


def segmented_source(image: Any, record: Any, *, threads: int | None = None) -> Any:
    """What the recipe of a record parts: grey values, or the classes that it has learned."""
    if is_trained(record):
        return classified_image(image, record, threads=threads)
    return volume_of(image, record)


def applied_name(record: Any) -> str:
    """The name of the label image: ``<image>_<record>``, without saying the image twice.

    Examples
    --------
    >>> from types import SimpleNamespace as Record
    >>> [applied_name(Record(image="xrm", name=name)) for name in ("pores", "xrm_pores")]
    ['xrm_pores', 'xrm_pores']
    """
    said = str(record.name)
    return said if said.startswith(f"{record.image}_") else f"{record.image}_{said}"


def apply_record(
    images: Any,
    record: Any,
    *,
    name: str | None = None,
    progress: Progress | None = None,
    cancelled: Cancelled | None = None,
) -> Any:
    """Segment a whole image as a record says, block by block, and write the labels.

    Parameters
    ----------
    images : Images
        Of the workspace.
    record : Record
        A segmentation.
    name : str, optional
        Of the label image; `applied_name` by default.
    progress : callable, optional
        Called with the voxels done and to do, over all passes.
    cancelled : callable, optional
        Asked after every block.

    Returns
    -------
    Image
        Labels of uint8 on the grid of the image; names and colours stand in its metadata.

    Raises
    ------
    SegmentationCancelled
        Nothing is left of it.
    SegmentationLimit, UnusableRecord, ReadOnly, DiskFull
    ValueError
        The name is taken.
    """
    from ..analysis.segmentation.segment_blocks import labels_in_blocks
    from ..workspace.checking import refuse_taken_name

    if images.records.read_only:
        raise ReadOnly(images.records.read_only)
    title = name or applied_name(record)
    refuse_taken_name(images, title, {}, "")
    image, recipe = images[record.image], recipe_of(record)
    source = segmented_source(image, record)
    whole = int(np.prod(source.shape, dtype=np.int64))
    total = 0

    def segmenting(done: int, of: int) -> None:
        nonlocal total
        total = of + whole
        if progress is not None:
            progress(done, total)

    def writing(now: Any) -> None:
        if progress is not None:
            progress(total - whole + now.done, total)
        _stop_if(cancelled)

    with (
        _room(images, title, needed_bytes=2 * whole) as folder,
        labels_in_blocks(
            source,
            recipe,
            spacing_um=image.spacing_um if image.calibrated else None,
            progress=segmenting,
            cancelled=cancelled,
            corrections=corrections_of(record, image),
            folder=folder,
        ) as labels,
    ):
        return images.write(
            title,
            shape=source.shape,
            dtype=np.uint8,
            blocks=_slabs(labels),
            progress=writing,
            **_fields(image, record, recipe),
        )


def _fields(image: Any, record: Any, recipe: Any) -> dict[str, Any]:
    """What the label image takes from the image, and what it says of itself."""
    said = {
        "record": record.name,
        "record_id": record.id,
        "record_version": record.version,
        "image": image.name,
        "method": record.method,
        "thresholds": list(record.thresholds),
        "connectivity": recipe.neighbours(image.ndim),
        "phases": [dict(phase) for phase in record.phases],
        "corrected_strokes": len(record.parameters.get("corrections", [])),
    }
    return {
        "axes": "zyx"[-image.ndim :],
        "spacing_um": image.spacing_um if image.calibrated else None,
        "spacing_source": image.spacing_source,
        "origin_um": image.record.fields["origin_um"],
        "frame": image.frame,
        "modality": image.modality,
        "time": image.record.fields["time"],
        "labels": True,
        "metadata": {"segmentation": said},
        "note": f"{record.name}, version {record.version}, applied to {image.name}",
    }


def _slabs(labels: Any) -> Iterator[tuple[tuple[slice, ...], NDArray[np.uint8]]]:
    thick = max(1, _SLAB_VOXELS // max(1, int(np.prod(labels.shape[1:]))))
    for start in range(0, labels.shape[0], thick):
        rows = slice(start, min(start + thick, labels.shape[0]))
        yield (rows, *(slice(0, n) for n in labels.shape[1:])), np.asarray(labels[rows])


def _stop_if(cancelled: Cancelled | None) -> None:
    if cancelled is not None and cancelled():
        raise SegmentationCancelled(
            "the segmentation was cancelled: nothing of it is left; start it again to go on"
        )


@contextmanager
def _room(images: Any, name: str, *, needed_bytes: int) -> Iterator[Path]:
    """A folder beside the images for what is needed meanwhile; ``gc`` takes it after a kill."""
    identity = uuid.uuid4().hex
    folder = images.folder / f".partial-{identity}"
    with locked(images.folder / f".{identity}.lock", busy="a folder of this name is in use"):
        folder.mkdir(parents=True)
        try:
            yield folder
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            raise disk_full(
                images.folder,
                name=name,
                needed_bytes=needed_bytes,
                free_bytes=shutil.disk_usage(images.folder).free,
                after="what was written of it was taken away again",
            ) from error
        finally:
            shutil.rmtree(folder, ignore_errors=True)
