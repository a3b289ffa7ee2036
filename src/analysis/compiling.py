"""Loops that Numba compiles when they are first called, and keeps beside their file.

Import this only where loops are defined: Numba takes longer to import than a picture to draw.
"""

from __future__ import annotations

from typing import Any

import numba
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

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


@intrinsic
def prefetch(context: Any, array: Any, index: Any) -> Any:
    """Ask, in a loop, for the memory of an array's entry by flat index that is used soon.

    Where a loop jumps about in an array that is larger than the caches: the flood of a pore space
    takes 0.4 of the time.
    """

    def written(target: Any, builder: Any, signature: Any, given: Any) -> Any:
        data = target.make_array(array)(target, builder, given[0]).data
        place = builder.bitcast(builder.gep(data, [given[1]]), ir.IntType(8).as_pointer())
        number = ir.IntType(32)
        kind = ir.FunctionType(ir.VoidType(), [place.type, number, number, number])
        asked = builder.module.declare_intrinsic("llvm.prefetch", [place.type], kind)
        builder.call(asked, [place, number(0), number(3), number(1)])  # read, keep, data
        return target.get_dummy_value()

    return types.void(array, index), written
