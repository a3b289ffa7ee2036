"""The boundary to elastix, which counts x, y, z: an engine that somebody may prefer.

Needs the package itk-elastix, which is not installed by default.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ...errors import MissingPackage
from .grey_image import GreyImage
from .tangent import Model
from .transform import AffineTransform


def aligned_by_elastix(
    sampled: GreyImage, searched: GreyImage, start: AffineTransform, *, model: Model, seed: int = 0
) -> AffineTransform:
    """Align two images by elastix with the default parameter map of a model.

    Parameters
    ----------
    sampled, searched : GreyImage
        Elastix calls them fixed and moving: places of the first are looked up in the second.
    start : AffineTransform
        From the sampled to the searched image.
    model : {"translation", "rigid", "similarity", "affine"}
    seed : int
        Of the samples that elastix draws anew at every step.

    Returns
    -------
    AffineTransform
        From the sampled to the searched image, without covariance.

    Raises
    ------
    MissingPackage
        If itk-elastix is not installed.

    References
    ----------
    Klein et al. 2010, doi:10.1109/TMI.2009.2035616. Not for a flat image in a volume.
    """
    itk = _itk()
    if sampled.ndim != searched.ndim:
        raise ValueError(
            f"elastix needs two images of the same dimension, got {sampled.ndim}-D and "
            f"{searched.ndim}-D: leave engine out, or use find_slice"
        )
    axes, dims = sampled.axes, sampled.ndim
    method = itk.ElastixRegistrationMethod.New(_image(itk, sampled), _image(itk, searched))
    for image, set_mask in ((sampled, method.SetFixedMask), (searched, method.SetMovingMask)):
        if image.mask is not None:
            set_mask(_like(itk, image, image.mask.astype(np.uint8)))
    method.SetParameterObject(_parameters(itk, model, seed))
    begin = itk.AffineTransform[itk.D, dims].New()
    begin.SetMatrix(
        itk.matrix_from_array(np.ascontiguousarray(start.matrix[axes, axes][::-1, ::-1]))
    )
    shift = (start.offset_um - start.matrix @ start.centre_um)[axes]
    begin.SetOffset(shift[::-1].tolist())
    method.SetInitialTransform(begin)
    method.SetLogToConsole(False)
    method.Update()
    found = method.ConvertToItkTransform(method.GetCombinationTransform())
    return _read(found, replace(start, model=model), dims)


def _itk() -> Any:
    try:
        import itk

        _ = itk.ElastixRegistrationMethod
    except (ImportError, AttributeError) as problem:
        raise MissingPackage(
            "itk-elastix", extra="registration", purpose="engine='elastix'"
        ) from problem
    return itk


def _image(itk: Any, image: GreyImage) -> Any:
    return _like(itk, image, image.values)


def _like(itk: Any, image: GreyImage, values: np.ndarray) -> Any:
    """An ITK image of such values where the image lies [um]."""
    axes = image.axes
    made = itk.image_from_array(np.ascontiguousarray(values if image.ndim == 3 else values[0]))
    made.SetSpacing(image.spacing_um[axes][::-1].tolist())
    made.SetOrigin(image.origin_um[axes][::-1].tolist())
    return made


def _parameters(itk: Any, model: Model, seed: int) -> Any:
    maps = itk.ParameterObject.New()
    one = maps.GetDefaultParameterMap("rigid" if model == "similarity" else model)
    if model == "similarity":
        one["Transform"] = ["SimilarityTransform"]
    one["RandomSeed"] = [str(seed + 1)]
    maps.AddParameterMap(one)
    return maps


def _read(found: Any, like: AffineTransform, dims: int) -> AffineTransform:
    """A linear ITK transform, by where it puts the centre and places beside it."""
    centre, axes = like.centre_um, slice(3 - dims, 3)
    size = float(max(1.0, np.abs(centre).max()))

    def there(place: np.ndarray) -> np.ndarray:
        return np.array(list(found.TransformPoint(place[axes][::-1].tolist())))[::-1]

    middle = there(centre)
    matrix, offset = np.eye(3), centre.copy()
    for axis in range(3 - dims, 3):
        matrix[axes, axis] = (there(centre + size * np.eye(3)[axis]) - middle) / size
    offset[axes] = middle
    return replace(like, matrix=matrix, offset_um=offset, covariance=None, nu=None)
