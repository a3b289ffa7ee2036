"""itk-elastix with its default parameter map, one process."""

from __future__ import annotations

import json
import sys
import time

import itk
import numpy as np

from .pairs import Truth


def main(path: str, model: str, starts: str = "[null]") -> None:
    """Print seconds and where the probes go, a line a start."""
    pair = np.load(path)
    fixed, moving = (itk.image_from_array(pair[name]) for name in ("fixed", "moving"))
    size = pair["fixed"].shape[0]
    for given in json.loads(starts):
        print(json.dumps(_found(fixed, moving, size, model, given)), flush=True)


def _found(fixed, moving, size: int, model: str, given: dict | None) -> dict:
    maps = itk.ParameterObject.New()
    maps.AddParameterMap(maps.GetDefaultParameterMap(model))
    how = {"parameter_object": maps, "log_to_console": False}
    if given is not None:
        how["initial_transform_parameter_object"] = _initial(given, size)
    began, spent = time.perf_counter(), time.process_time()
    try:
        _, found = itk.elastix_registration_method(fixed, moving, **how)
    except RuntimeError as problem:
        return {
            "seconds": float("nan"),
            "cpu_s": float("nan"),
            "mapped": None,
            "problem": str(problem)[-200:],
        }
    seconds, spent = time.perf_counter() - began, time.process_time() - spent
    matrix, offset = np.eye(3), np.zeros(3)
    for number in range(found.GetNumberOfParameterMaps()):
        one_matrix, one_offset = _linear(found.GetParameterMap(number))
        matrix, offset = one_matrix @ matrix, one_matrix @ offset + one_offset
    # its map goes from fixed to moving: turn it round, and x, y, z to z, y, x
    probes = Truth(np.eye(3), np.zeros(3), size).probes()
    mapped = np.linalg.solve(matrix, (probes[:, ::-1] - offset).T).T[:, ::-1]
    return {"seconds": seconds, "cpu_s": spent, "mapped": mapped.tolist()}


def _linear(found) -> tuple[np.ndarray, np.ndarray]:
    """Matrix and offset of one parameter map, x, y, z."""
    numbers = np.array([float(v) for v in found["TransformParameters"]])
    centre = np.array([float(v) for v in found["CenterOfRotationPoint"]])
    if found["Transform"][0] == "EulerTransform":
        transform = itk.Euler3DTransform[itk.D].New()
        transform.SetCenter(centre.tolist())
        transform.SetRotation(*numbers[:3])
        matrix = np.array(itk.array_from_matrix(transform.GetMatrix()))
        shift = numbers[3:]
    else:
        matrix, shift = numbers[:9].reshape(3, 3), numbers[9:]
    return matrix, centre + shift - matrix @ centre


def _initial(given: dict, size: int):
    """The start, fixed to moving, as an affine parameter map."""
    middle = np.full(3, (size - 1) / 2)
    matrix = np.linalg.inv(np.array(given["matrix"]))[::-1, ::-1]
    shift = -matrix @ (np.array(given["offset"])[::-1] - middle)
    maps = itk.ParameterObject.New()
    one = maps.GetDefaultParameterMap("affine")
    one["Transform"] = ["AffineTransform"]
    one["NumberOfParameters"] = ["12"]
    one["CenterOfRotationPoint"] = [str(v) for v in middle]
    one["TransformParameters"] = [str(v) for v in [*matrix.ravel(), *shift]]
    one["InitialTransformParameterFileName"] = ["NoInitialTransform"]
    one["HowToCombineTransforms"] = ["Compose"]
    one["Size"], one["Index"] = [str(size)] * 3, ["0"] * 3
    one["Spacing"], one["Origin"] = ["1"] * 3, ["0"] * 3
    one["Direction"] = [str(v) for v in np.eye(3).ravel()]
    maps.AddParameterMap(one)
    return maps


if __name__ == "__main__":
    main(*sys.argv[1:])
