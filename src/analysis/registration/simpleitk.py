"""The boundary to SimpleITK, which counts x, y, z.

Nothing is ever composed there: SimpleITK's CompositeTransform applies the last-added transform
first. Compose with `FrameGraph` and hand over the result.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .displacement import DisplacementField
from .transform import AffineTransform


def to_sitk(transform: AffineTransform | DisplacementField) -> Any:
    """Return a SimpleITK transform that maps moving to fixed points (x, y, z in um).

    An ``AffineTransform``, or a ``DisplacementFieldTransform`` (which leaves points outside its
    grid where they are). For ``SimpleITK.Resample``, which maps the points of the output grid to
    the input, pass the transform from the output's frame to the input's.
    """
    import SimpleITK as sitk

    if isinstance(transform, DisplacementField):
        return _field_to_sitk(transform)
    out = sitk.AffineTransform(3)
    out.SetMatrix(transform.matrix[::-1, ::-1].ravel().tolist())
    out.SetCenter(transform.centre_um[::-1].tolist())
    out.SetTranslation((transform.offset_um - transform.centre_um)[::-1].tolist())
    return out


def from_sitk(transform: Any) -> AffineTransform:
    """Read a linear 3-D SimpleITK transform (x, y, z in um) as one that is known exactly.

    Raises
    ------
    ValueError
        If the transform is not linear or not 3-D.
    """
    if not transform.IsLinear() or transform.GetDimension() != 3:
        raise ValueError(
            f"a linear 3-D transform is needed, got {transform.GetName()} in "
            f"{transform.GetDimension()}-D: read one that bends with field_from_sitk"
        )
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(transform.TransformPoint(tuple(axis))) - origin for axis in np.eye(3)]
    matrix = np.column_stack(columns)[::-1, ::-1]
    return AffineTransform.exact(matrix, offset_um=origin[::-1])


def field_from_sitk(
    transform: Any,
    *,
    shape: Sequence[int] | None = None,
    spacing_um: Sequence[float] | None = None,
    origin_um: Sequence[float] = (0.0, 0.0, 0.0),
    **error: Any,
) -> DisplacementField:
    """Read a SimpleITK transform that bends (x, y, z in um) as a displacement field.

    Parameters
    ----------
    transform : SimpleITK.Transform
        A displacement field, which keeps its own grid, or any other (a B-spline), which is sampled.
    shape, spacing_um, origin_um : (3,) sequence, optional
        Grid to sample on, z, y, x; shape (1, y, x) of a 2-D transform.
    **error
        ``sigma_um``, ``covariance_um2``, ``nu``, ``correlation_um`` of `DisplacementField`.

    Raises
    ------
    ValueError
        If a transform other than a displacement field comes without a grid, or a field's grid is
        turned.
    """
    import SimpleITK as sitk

    if transform.GetDimension() not in (2, 3):
        raise ValueError(f"a 2-D or 3-D transform is needed, got {transform.GetDimension()}-D")
    if shape is not None and spacing_um is not None:
        d = transform.GetDimension()
        image = sitk.TransformToDisplacementField(
            transform,
            sitk.sitkVectorFloat64,
            [int(n) for n in shape][::-1][:d],
            [float(value) for value in origin_um][::-1][:d],
            [float(value) for value in spacing_um][::-1][:d],
        )
    elif transform.GetName() == "DisplacementFieldTransform":
        image = sitk.DisplacementFieldTransform(transform).GetDisplacementField()
    else:
        raise ValueError(
            f"{transform.GetName()} has no grid of its own: give shape and spacing_um to sample it"
        )
    return _field_of(image, error)


def _field_of(image: Any, error: dict[str, Any]) -> DisplacementField:
    import SimpleITK as sitk

    d = image.GetDimension()
    if not np.allclose(np.reshape(image.GetDirection(), (d, d)), np.eye(d)):
        raise ValueError(
            f"a displacement field along its own axes is needed, got the direction "
            f"{image.GetDirection()}: give shape and spacing_um to sample it along the axes"
        )
    values = sitk.GetArrayFromImage(image)[..., ::-1]
    spacing, origin = (np.array(part)[::-1] for part in (image.GetSpacing(), image.GetOrigin()))
    if d == 2:
        values = np.concatenate([np.zeros((*values.shape[:2], 1)), values], axis=-1)[None]
        spacing, origin = np.r_[1.0, spacing], np.r_[0.0, origin]
    return DisplacementField(values, spacing_um=spacing, origin_um=origin, **error)


def _field_to_sitk(field: DisplacementField) -> Any:
    import SimpleITK as sitk

    values = field.field_um.astype(float)
    spacing, origin = field.spacing_um, field.origin_um
    if field.ndim_moving == 2:
        values, spacing, origin = values[0, ..., 1:], spacing[1:], origin[1:]
    image = sitk.GetImageFromArray(np.ascontiguousarray(values[..., ::-1]), isVector=True)
    image.SetSpacing(spacing[::-1].tolist())
    image.SetOrigin(origin[::-1].tolist())
    return sitk.DisplacementFieldTransform(image)
