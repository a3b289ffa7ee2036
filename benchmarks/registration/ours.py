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


def main(path: str, model: str, start: str = "null") -> None:
    pair = np.load(path)
    fixed, moving = (GreyImage(pair[name], [1.0] * 3) for name in ("fixed", "moving"))
    probes = Truth(np.eye(3), np.zeros(3), fixed.values.shape[0]).probes()
    small = (GreyImage(image.values[:32, :32, :32], [1.0] * 3) for image in (fixed, moving))
    with contextlib.suppress(Degenerate):
        register(*small, model=model, starts=0)  # the loops are compiled
    given = json.loads(start)
    begin = None
    if given is not None:
        begin = AffineTransform("rigid", given["matrix"], moving.centre_um, given["offset"])
    began = time.perf_counter()
    found = register(fixed, moving, model=model, start=begin)
    seconds = time.perf_counter() - began
    print(json.dumps({"seconds": seconds, "mapped": found.transform.apply(probes).tolist()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
