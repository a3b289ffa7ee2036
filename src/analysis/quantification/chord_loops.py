"""Compiled loops over the chords of a phase."""

# mypy: disable-error-code="misc"

from __future__ import annotations

from typing import Any

from ..compiling import compiled

#: States of a voxel: not measured, outside the phase, in the phase.
OUT, WALL, PHASE = 0, 1, 2


@compiled
def count_chords(states: Any, p0: int, p1: int, ends: Any, run: Any, open_: Any) -> None:
    """Count the chords along the first axis by their length and the number of their cut ends.

    Parameters
    ----------
    states : ndarray of uint8, (length, lines)
    p0, p1 : int
        Range of lines.
    ends : ndarray of int64, (3, length + 1)
        Chords with none, one and two cut ends, by length; is added to.
    run, open_ : ndarray of int64 and uint8, (p1 - p0,)
        Length of the present chord of each line, and whether its beginning is cut; scratch.
    """
    run[:] = 0
    open_[:] = 1
    for a in range(states.shape[0]):
        row = states[a, p0:p1]
        for i in range(len(row)):
            if row[i] == 2:
                run[i] += 1
            else:
                cut = row[i] == 0
                if run[i]:
                    ends[open_[i] + cut, run[i]] += 1
                    run[i] = 0
                open_[i] = cut
    for i in range(p1 - p0):
        if run[i]:
            ends[open_[i] + 1, run[i]] += 1


@compiled
def count_chords_of_rows(states: Any, r0: int, r1: int, ends: Any) -> None:
    """Do the same along contiguous rows, shape (lines, length)."""
    for r in range(r0, r1):
        run, open_ = 0, 1
        row = states[r]
        for i in range(len(row)):
            if row[i] == 2:
                run += 1
            else:
                cut = 1 if row[i] == 0 else 0
                if run:
                    ends[open_ + cut, run] += 1
                    run = 0
                open_ = cut
        if run:
            ends[open_ + 1, run] += 1
