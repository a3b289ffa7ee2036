"""Scalebridge's `register`, one process: prints seconds and where the probes go."""

from __future__ import annotations

import contextlib
import json
import sys
import time

import numpy as np

from scalebridge.analysis.registration import AffineTransform, GreyImage, register
from scalebridge.errors import Degenerate

from .pairs import Truth

ALONE = {"starts": 0, "uncertainty": None}  # what the peers compute too


def main(path: str, model: str, starts: str = "[null]", how: str = "all") -> None:
    """Print seconds and where the probes go, a line a start.

    ``how``: "all" with covariance and the second-best place, "alone" without.
    """
    pair = np.load(path)
    fixed, moving = (GreyImage(pair[name], [1.0] * 3) for name in ("fixed", "moving"))
    probes = Truth(np.eye(3), np.zeros(3), fixed.values.shape[0]).probes()
    small = [GreyImage(image.values[:60, :60, :60], [1.0] * 3) for image in (fixed, moving)]
    with contextlib.suppress(Degenerate):
        register(*small, model=model, starts=0)  # the loops are compiled
    for given in json.loads(starts):
        begin = None
        if given is not None:
            begin = AffineTransform("rigid", given["matrix"], moving.centre_um, given["offset"])
        began, spent = time.perf_counter(), time.process_time()
        try:
            found = register(
                fixed, moving, model=model, start=begin, **(ALONE if how == "alone" else {})
            )
            mapped = found.transform.apply(probes).tolist()
        except Degenerate:
            mapped = None
        seconds, spent = time.perf_counter() - began, time.process_time() - spent
        print(json.dumps({"seconds": seconds, "cpu_s": spent, "mapped": mapped}), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
