"""The boundary to SimpleITK, which counts x, y, z.

Nothing is ever composed there: SimpleITK's CompositeTransform applies the last-added transform
first. Compose with `FrameGraph` and hand over the result.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .transform import AffineTransform


def to_sitk(transform: AffineTransform) -> Any:
    """Return a ``SimpleITK.AffineTransform`` that maps moving to fixed points (x, y, z in um).

    For ``SimpleITK.Resample``, which maps the points of the output grid to the input, pass the
    transform from the output's frame to the input's.
    """
    import SimpleITK as sitk

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
            f"{transform.GetDimension()}-D"
        )
    origin = np.array(transform.TransformPoint((0.0, 0.0, 0.0)))
    columns = [np.array(transform.TransformPoint(tuple(axis))) - origin for axis in np.eye(3)]
    matrix = np.column_stack(columns)[::-1, ::-1]
    return AffineTransform.exact(matrix, offset_um=origin[::-1])
