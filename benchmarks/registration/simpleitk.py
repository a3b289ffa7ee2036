"""SimpleITK's usual recipe (regular steps, 10 % samples, three levels), one process."""

from __future__ import annotations

import json
import sys
import time

import numpy as np
import SimpleITK as sitk

from .pairs import Truth


def main(path: str, model: str, starts: str = "[null]") -> None:
    """Print seconds and where the probes go, a line a start."""
    pair = np.load(path)
    fixed, moving = (sitk.GetImageFromArray(pair[name]) for name in ("fixed", "moving"))
    size = pair["fixed"].shape[0]
    for given in json.loads(starts):
        print(json.dumps(_found(fixed, moving, size, model, given)), flush=True)


def _found(fixed, moving, size: int, model: str, given: dict | None) -> dict:
    transform = sitk.Euler3DTransform() if model == "rigid" else sitk.AffineTransform(3)
    middle = np.full(3, (size - 1) / 2)
    transform.SetCenter(middle.tolist())
    if given is not None:
        matrix = np.linalg.inv(np.array(given["matrix"]))[::-1, ::-1]
        transform.SetMatrix(matrix.ravel().tolist(), 1e-6)
        transform.SetTranslation((-matrix @ (np.array(given["offset"])[::-1] - middle)).tolist())
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(50)
    method.SetMetricSamplingStrategy(method.RANDOM)
    method.SetMetricSamplingPercentage(0.1, seed=1)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, 200)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel([4, 2, 1])
    method.SetSmoothingSigmasPerLevel([2, 1, 0])
    method.SetInitialTransform(transform, inPlace=False)
    began, spent = time.perf_counter(), time.process_time()
    try:
        found = method.Execute(fixed, moving)
    except RuntimeError as problem:
        return {
            "seconds": float("nan"),
            "cpu_s": float("nan"),
            "mapped": None,
            "problem": str(problem)[-200:],
        }
    seconds, spent = time.perf_counter() - began, time.process_time() - spent
    back = found.GetInverse()
    probes = Truth(np.eye(3), np.zeros(3), size).probes()
    mapped = [back.TransformPoint(point[::-1].tolist())[::-1] for point in probes]
    return {"seconds": seconds, "cpu_s": spent, "mapped": mapped}


if __name__ == "__main__":
    main(*sys.argv[1:])
