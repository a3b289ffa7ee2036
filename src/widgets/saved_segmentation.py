"""A segmentation as it is decided in a widget: saved as a record, applied to the whole image."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import ReadOnly
from .background import Background
from .history import History, RecordStep
from .seen import Seen


class SavedSegmentation:
    """Write what a widget shows as a record, and label the whole image as the record says.

    Attributes
    ----------
    ws : Workspace
    explorer : SliceExplorer
    """

    ws: Any
    explorer: Any
    history: History
    name: Any
    saved: Any
    set_trait: Callable[[str, Any], None]
    _seen: Seen

    def apply(
        self,
        name: str | None = None,
        *,
        progress: Callable[[int, int], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Any:
        """Segment the whole image as saved, block by block, and write an image of labels.

        Parameters
        ----------
        name : str, optional
            Of the label image; by default ``<image>_<record>``.
        progress : callable, optional
            Called with the voxels done and to do, over all passes.
        cancelled : callable, optional
            Asked after every block.

        Returns
        -------
        Image
            To the bit what the headless run segments.

        Raises
        ------
        ValueError
            The settings are not saved, or the name is taken.
        SegmentationCancelled
            Nothing is left of it.
        """
        from .applied import apply_record

        return apply_record(
            self.ws.images, self._saved_record(), name=name, progress=progress, cancelled=cancelled
        )

    def begin_apply(self, name: str | None = None) -> Background[Any]:
        """Do what `apply` does in the background.

        Returns
        -------
        Background
            With ``fraction``, ``words()``, ``cancel()`` and ``result()``.

        Raises
        ------
        ReadOnly
            The workspace is open read-only.
        ValueError
            The settings are not saved.
        """
        from ..workspace.running_import import own_connection
        from .applied import applied_name, apply_record

        if self.ws.images.records.read_only:
            raise ReadOnly(self.ws.images.records.read_only)
        record = self._saved_record()
        title = name or applied_name(record)

        def work(progress: Any, cancelled: Any) -> Any:
            own = own_connection(self.ws.images)
            try:
                made = apply_record(own, record, name=name, progress=progress, cancelled=cancelled)
                return self.ws.images.present(made.record)
            finally:
                own.records.engine.dispose()

        return Background(f"labels {title}", work).start()

    def _saved_record(self) -> Any:
        if not self.saved:
            raise ValueError(
                "apply needs a record of what is seen: save first, so that it can be done again"
            )
        return self.ws.segmentations[self.name]

    def _write(self, title: str, fields: Mapping[str, Any]) -> Any:
        """Add or edit the record of this name, as one step for undo."""
        collection = self.ws.segmentations
        before = next((record for record in collection if record.name == title), None)
        if before is None:
            written = collection.add(name=title, **fields)
        else:
            seen = self._seen.version(before)
            written = collection.edit(before.id, version=seen, **fields)
        self.history.did(RecordStep(f"save {title}", collection, before, written))
        self.set_trait("name", title)
        self.set_trait("saved", True)
        return written
