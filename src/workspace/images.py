"""The images of a workspace: written once, in one pass, and listed when they are safe."""

from __future__ import annotations

import errno
import math
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ReadOnly, WorkspaceError
from ..locks import locked
from .checking import checked_fields, checked_id, refuse_taken_name
from .cleaning import today, why_gone
from .collection import Collection
from .conflicts import same_or_conflict
from .group import group_bytes, with_fingerprint, write_group
from .image import Image
from .linked_image import LinkedImage
from .links import Links
from .naming import checked_name
from .ome import check_axes
from .pixels import Block, Grid, plan_grid, write_levels
from .progress import OnProgress, Reporter, reporting
from .publish import Published, publish
from .record import Record
from .records import Records
from .room import disk_full, refuse_full_disk
from .rows import rows
from .tables import images_table

if TYPE_CHECKING:
    import pandas as pd


class Images(Collection):
    """The images of a workspace.

    Parameters
    ----------
    records : Records
    folder : Path
        ``images/`` of the workspace.

    Attributes
    ----------
    links : Links
        How long images that lie elsewhere are waited for, and what is kept of them.
    """

    def __init__(self, records: Records, *, folder: Path) -> None:
        super().__init__(records, "images")
        self.folder = folder
        self.links = Links()

    def present(self, record: Record) -> Image:
        """Give the image of a record."""
        if record.link:
            return LinkedImage(
                record,
                links=self.links,
                versions=lambda: today(self.records).select(rows.c.id == record.id),
            )
        return Image(
            record,
            folder=self.folder_of(record.id),
            gone=lambda: why_gone(self.records, record),
            versions=lambda: today(self.records).select(rows.c.id == record.id),
        )

    def folder_of(self, identity: str) -> Path:
        """Give the OME-Zarr folder of an image's id."""
        return self.folder / f"{checked_id(identity)}.ome.zarr"

    def write(
        self,
        name: str,
        *,
        shape: Sequence[int],
        dtype: Any,
        axes: str,
        blocks: Iterable[Block],
        spacing_um: Sequence[float] | None,
        spacing_source: str | None,
        origin_um: Sequence[float] | None = None,
        frame: str | None = None,
        modality: str | None = None,
        channel_names: Sequence[str] = (),
        time: str | float | None = None,
        metadata: dict[str, Any] | None = None,
        source: Callable[[], dict[str, Any]] | None = None,
        labels: bool = False,
        tags: Iterable[str] = (),
        note: str = "",
        id: str | None = None,
        memory_mb: int = 1024,
        progress: OnProgress | bool | None = None,
    ) -> Image:
        """Write an image as a checksummed OME-Zarr 0.5 pyramid, in one pass.

        Parameters
        ----------
        name : str
            Unique among the images.
        shape, dtype, axes
            ``axes`` is an ordered part of ``tczyx`` ending in ``yx``.
        blocks : iterable of (tuple of slice, ndarray)
            One slice an axis, in the order of the first spatial axis, covering the image once.
        spacing_um : sequence of float or None
            Voxel size per spatial axis [µm]; None makes an uncalibrated image.
        spacing_source : str or None
            Where the voxel size came from.
        origin_um : sequence of float, optional
            Centre of the first voxel in the frame, per spatial axis [µm].
        frame : str, optional
            The image's own name by default; made when it does not exist.
        source : callable, optional
            Gives provenance, asked for when the pixels are safe (a hash of the file, say).
        labels : bool
            Levels take the most frequent label instead of the mean.
        memory_mb : int
            What a slab of blocks may take; flatter chunks are the price of less.
        progress : callable or bool, optional
            Told after every block; True draws a bar.

        Raises
        ------
        ValueError
            For a name that is taken and for blocks that do not fit.
        WorkspaceError
            When another process imports the same name.
        DiskFull
            Before anything is written, if it might not fit.
        Conflict
            The id stands for another image, or for another kind of record.
        """
        name = checked_name(self.kind, name)
        frame = checked_name("frames", frame or name)
        check_axes(axes, shape)
        grid = plan_grid(
            shape,
            axes=axes,
            dtype=dtype,
            spacing_um=spacing_um,
            labels=labels,
            memory_bytes=memory_mb * 2**20,
        )
        fields = {
            "frame": frame,
            "axes": axes,
            "shape": shape,
            "dtype": grid.dtype.name,
            "modality": modality,
            "nominal_spacing_um": spacing_um,
            "nominal_spacing_source": spacing_source,
            "spacing_um": spacing_um,
            "spacing_source": spacing_source,
            "origin_um": origin_um,
            "channel_names": list(channel_names),
            "time": time,
            "labels": labels,
            "factors": [level.factors for level in grid.levels],
            "metadata": metadata or {},
            "note": note,
        }
        checked = checked_fields("images", fields)
        identity = checked_id(id)
        if id is not None and (sent := self.sent_before(identity)) is not None:
            grid_of = {field: checked[field] for field in ("axes", "shape", "dtype")}
            sent = same_or_conflict(self.kind, [sent], name, sent.fields | grid_of)
            return self.present(sent)
        with self._claimed(name, identity):
            refuse_taken_name(self, name, checked, identity)
            refuse_full_disk(self.folder, name=name, needed_bytes=grid.bytes)
            total = math.prod(grid.shape)
            with reporting(
                progress, title=name, total=total, disk_needed_bytes=grid.bytes
            ) as reporter:
                published = self._write_folder(identity, name, grid, checked, blocks, reporter)
            checked["source"] = source() if source is not None else {}
            return self._list(identity, name, checked, published, tags)

    def link(
        self,
        address: str | os.PathLike[str],
        *,
        name: str | None = None,
        frame: str | None = None,
        modality: str | None = None,
        anonymous: bool = False,
        labels: bool = False,
        note: str = "",
    ) -> Image:
        """Record an OME-Zarr image (0.4 or 0.5) that stays where it is, and is only read.

        What is seen of it is fetched chunk by chunk. Its metadata are compared with those of now
        whenever it is opened; its pixels carry no sums of ours.

        Parameters
        ----------
        address : str or path
            A folder, ``http(s)://...`` or ``s3://bucket/...``; logins are refused. Keys of a
            bucket come from the environment.
        name : str, optional
            The address's last part without its endings by default.
        frame : str, optional
            The image's own name by default; made when it does not exist.
        modality : str, optional
        anonymous : bool
            Ask a bucket without keys, as one that everybody may read.
        labels : bool
            Values are labels and have nothing between them.
        note : str

        Raises
        ------
        Unreachable
            When there is no answer, or a refusal.
        ReadError, ReadLimit
            When what lies there is no OME-Zarr image that can be shown without a copy.
        ValueError
            For an address that is none, and a name that is taken.
        """
        from .linking import link_image

        return link_image(
            self,
            address,
            name=name,
            frame=frame,
            modality=modality,
            anonymous=anonymous,
            labels=labels,
            note=note,
        )

    def table(self) -> pd.DataFrame:
        """List the images, one column an axis for what lies in micrometres.

        Where some are linked, ``linked_to`` says where they lie, and ``problem`` why one could not
        be read when it was asked for last; nobody is asked for the table.
        """
        return images_table(super().table(), problems=self.links.problems)

    def has_pixels(self, record: Record) -> bool:
        """Whether the pixels of a record were not cleaned away; those of links never are."""
        return bool(record.link) or self.folder_of(record.id).is_dir()

    def restore(self, key: str) -> Any:
        """Bring a removed image back, as long as its pixels are there.

        Raises
        ------
        NotFound
            ``gc`` has deleted them.
        """
        record = self.find(key, removed=True)
        if not self.has_pixels(record):
            raise why_gone(self.records, record)
        return super().restore(key)

    def publish_metadata(self, image: Image | str) -> None:
        """Bring the folder's OME metadata, which other tools read, up to the newest version.

        Needed only where another program has changed it: every edit does so by itself.
        """
        record = self.find(image if isinstance(image, str) else image.id)
        if record.link:
            raise ReadOnly(
                f"expected an image of the workspace, {record.label} is linked to "
                f"{record.link['address']} and only read there"
            )
        if with_fingerprint(record) is not record:
            self._write(record.id, "edit", lambda standing: standing, version=record.version)
        else:
            self.records.after_commit(lambda: self._publish_group(record.id))

    def append(self, record: Record) -> Record:
        """Write a version, with its metadata for other tools."""
        if record.link:
            return super().append(record)
        written = super().append(record if record.removed else with_fingerprint(record))
        self.records.after_commit(lambda: self._publish_group(record.id))
        return written

    def _publish_group(self, identity: str) -> None:
        """Write the group's metadata of the newest version, whichever edit it was called for."""
        if self.records.read_only:
            raise ReadOnly(self.records.read_only)
        written, newest = None, self.by_id(identity)
        # looked at again afterwards: another process may have edited and published meanwhile
        while newest is not None and newest != written:
            if not newest.removed and self.folder_of(identity).is_dir():
                self._write_group(newest)
            written, newest = newest, self.by_id(identity)

    def _write_group(self, image: Record) -> None:
        try:
            write_group(self.folder_of(image.id), group_bytes(image.name or image.id, image.fields))
        except OSError as error:
            raise WorkspaceError(
                f"{image.label} stands at version {image.version} as it was asked for, but its "
                f"metadata for other programs could not be written ({error.strerror}): "
                f"ws.images.publish_metadata({image.name!r}) writes them once they can be"
            ) from error

    def refuse_writing(self) -> None:
        """Refuse before any work is done for an image that could not be listed."""
        if self.records.read_only:
            raise ReadOnly(self.records.read_only)

    @contextmanager
    def _claimed(self, name: str, identity: str) -> Iterator[None]:
        self.refuse_writing()
        digest = sha256(name.encode()).hexdigest()[:32]
        busy = f"another process is importing {name!r} just now: wait, or choose another name"
        with (
            locked(self.folder / f".name-{digest}.lock", busy=busy),
            locked(self.folder / f".{identity}.lock", busy=busy),
        ):
            yield

    def _write_folder(
        self,
        identity: str,
        name: str,
        grid: Grid,
        fields: dict[str, Any],
        blocks: Iterable[Block],
        reporter: Reporter,
    ) -> Published:
        partial = self.folder / f".partial-{identity}"
        partial.mkdir(parents=True)
        try:
            write_levels(partial, grid, blocks, count=reporter.wrote)
            write_group(partial, group_bytes(name, fields))
            final = self.folder_of(identity)
            return publish(partial, final, levels=len(grid.levels), each=reporter.checked)
        except BaseException as error:
            shutil.rmtree(partial, ignore_errors=True)
            if isinstance(error, OSError) and error.errno == errno.ENOSPC:
                raise disk_full(
                    self.folder,
                    name=name,
                    needed_bytes=grid.bytes,
                    free_bytes=shutil.disk_usage(self.folder).free,
                    after="what was written of it was taken away again",
                ) from error
            raise

    def _list(
        self,
        identity: str,
        name: str,
        fields: dict[str, Any],
        published: Published,
        tags: Iterable[str],
    ) -> Image:
        frames = Collection(self.records, "frames")
        with self.records.transaction():
            if fields["frame"] not in frames:
                frames.add(name=fields["frame"])
            return self.add(
                id=identity,
                name=name,
                tags=tags,
                **{
                    **fields,
                    "fingerprints": published.fingerprints,
                    "bytes_stored": published.bytes_stored,
                },
            )
