"""Loops that Numba compiles when they are first called, and keeps beside their file.

Import this only where loops are defined: Numba takes longer to import than a picture to draw.
"""

from __future__ import annotations

from typing import Any

import numba

#: Products may be fused with sums, and signs of zero are lost; nothing else is reordered, so that
#: a second run gives the same bits.
FUSED = frozenset({"contract", "arcp", "nsz"})


#: Sums may also be taken in another order, the same at every run on one kind of processor: without
#: that no sum over a row uses the vector units.
SUMMED = FUSED | {"reassoc"}


def compiled(function: Any) -> Any:
    """Compile a loop; it lets go of the interpreter, so that threads can run it side by side."""
    return _compiled(function, fastmath=False)


def compiled_fused(function: Any) -> Any:
    """Compile a loop whose products may be fused with sums."""
    return _compiled(function, fastmath=set(FUSED))


def compiled_summed(function: Any) -> Any:
    """Compile a loop that sums along rows, in the order that suits the vector units.

    Dividing by zero gives inf or NaN there, as in NumPy: a check would stop the vector units.
    """
    return _compiled(function, fastmath=set(SUMMED), error_model="numpy")


def _compiled(function: Any, *, fastmath: Any, error_model: str = "python") -> Any:
    options = {"nogil": True, "fastmath": fastmath, "error_model": error_model}
    try:
        return numba.njit(cache=True, **options)(function)
    except RuntimeError:  # Numba found no folder to keep it in
        return numba.njit(**options)(function)
