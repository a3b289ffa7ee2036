"""Loops that Numba compiles when they are first called, and keeps beside their file.

Import this only where loops are defined: Numba takes longer to import than a picture to draw.
"""

from __future__ import annotations

from typing import Any

import numba

#: Products may be fused with sums, and signs of zero are lost; nothing else is reordered, so that
#: a second run gives the same bits.
FUSED = frozenset({"contract", "arcp", "nsz"})


def compiled(function: Any) -> Any:
    """Compile a loop; it lets go of the interpreter, so that threads can run it side by side."""
    return _compiled(function, fastmath=False)


def compiled_fused(function: Any) -> Any:
    """Compile a loop whose products may be fused with sums."""
    return _compiled(function, fastmath=set(FUSED))


def _compiled(function: Any, *, fastmath: Any) -> Any:
    try:
        return numba.njit(cache=True, nogil=True, fastmath=fastmath)(function)
    except RuntimeError:  # Numba found no folder to keep it in
        return numba.njit(nogil=True, fastmath=fastmath)(function)
