"""How much a bundle may bring, asked before anything of it is written."""

from __future__ import annotations

from dataclasses import dataclass

from ...errors import BundleLimit
from ..progress import size_words


@dataclass(frozen=True)
class BundleLimits:
    """What is accepted of a bundle that somebody else wrote.

    Attributes
    ----------
    files : int
        Entries.
    bytes : int
        Of all files together, unpacked.
    ratio : float
        Unpacked over packed, of each file; Scalebridge itself packs nothing twice.
    """

    files: int = 1_000_000
    bytes: int = 2**40
    ratio: float = 1000.0

    def refuse_count(self, count: int) -> None:
        """Refuse more entries than allowed."""
        if count > self.files:
            raise BundleLimit(
                f"expected at most {self.files:,} files in a bundle, got more: if you trust "
                "whoever sent it, allow more with --max-files (BundleLimits(files=...))"
            )

    def refuse_bytes(self, count: int) -> None:
        """Refuse more bytes than allowed."""
        if count > self.bytes:
            raise BundleLimit(
                f"expected at most {size_words(self.bytes)} in a bundle, it states "
                f"{size_words(count)}: if you trust whoever sent it, allow more with --max-gb "
                "(BundleLimits(bytes=...))"
            )

    def refuse_ratio(self, name: str, *, packed: int, unpacked: int) -> None:
        """Refuse a file that unpacks to more than its packed size could honestly hold."""
        if unpacked > self.ratio * max(packed, 1):
            raise BundleLimit(
                f"expected {name} to unpack to at most {self.ratio:g} times its {packed:,} bytes, "
                f"it states {unpacked:,}: if you trust whoever sent it, allow more with "
                "--max-ratio (BundleLimits(ratio=...))"
            )
