"""Surface and volume meshes of labelled images, for finite elements and flow solvers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingPackage
from ..quantification.measurement import Check
from ..spacing import checked_spacing

SURFACE_FORMATS = (".stl", ".ply", ".vtu", ".inp", ".msh", ".obj")
VOLUME_FORMATS = (".vtu", ".inp", ".msh")
_VOLUME_TOLERANCE = 0.01
_PASS = 0.1  # of the sinc filter: surfaces of a few voxels keep their volume
_GMSH = "gmsh22"  # what most programs still read


@dataclass(frozen=True, eq=False)
class SurfaceMesh:
    """Triangles between labels, without gaps where three of them meet.

    Attributes
    ----------
    points_um : ndarray of float, (n, 3)
        Corners, z, y, x [µm], from the centre of the first voxel.
    triangles : ndarray of int, (m, 3)
        Seen from the first label of `sides`, corners run anticlockwise in x, y, z.
    sides : ndarray of int, (m, 2)
        The label on either side; 0 is outside.
    volumes_um3 : dict of int to float
        What the surface of each label encloses [µm³].
    voxel_volumes_um3 : dict of int to float
        The same by counting voxels [µm³].
    """

    points_um: NDArray[np.float64]
    triangles: NDArray[np.int64]
    sides: NDArray[np.int64]
    volumes_um3: dict[int, float]
    voxel_volumes_um3: dict[int, float]

    @property
    def checks(self) -> tuple[Check, ...]:
        """Whether each label's surface is closed, and has the volume of its voxels to 1 %."""
        found = []
        for label, voxels in self.voxel_volumes_um3.items():
            open_ = open_edges(self.of(label))
            found.append(
                Check(f"label {label} closed", open_ == 0, f"{open_} edges without a partner")
            )
            change = self.volumes_um3[label] / voxels - 1
            found.append(
                Check(
                    f"label {label} volume",
                    abs(change) <= _VOLUME_TOLERANCE,
                    f"{100 * change:+.2f} % against {voxels:.6g} um3 of voxels",
                )
            )
        return tuple(found)

    def of(self, label: int) -> NDArray[np.int64]:
        """Return the triangles around one label, all turned outwards.

        Raises
        ------
        ValueError
            No such label.
        """
        if label not in self.voxel_volumes_um3:
            raise ValueError(f"label needs one of {list(self.voxel_volumes_um3)}, got {label}")
        inner, outer = (self.triangles[self.sides[:, side] == label] for side in (0, 1))
        return np.concatenate([inner, outer[:, ::-1]])

    def write(self, path: str | Path, *, label: int | None = None) -> Path:
        """Write the surface of one label, or all of them, in x, y, z [µm].

        Parameters
        ----------
        path : path
            ``.stl``, ``.ply``, ``.obj``, ``.vtu``, ``.inp`` (Abaqus, CalculiX) or ``.msh`` (Gmsh).
            An ``.stl`` of one label is what OpenFOAM's snappyHexMesh takes.

        Raises
        ------
        MissingPackage
            meshio is not installed.
        """
        triangles = self.triangles if label is None else self.of(label)
        data = {} if label is not None else {
            "inside": self.sides[:, 0].copy(), "outside": self.sides[:, 1].copy()
        }  # fmt: skip
        return _write(Path(path), self.points_um, "triangle", triangles, data, SURFACE_FORMATS)


@dataclass(frozen=True, eq=False)
class VolumeMesh:
    """Tetrahedra of one label.

    Attributes
    ----------
    points_um : ndarray of float, (n, 3)
        Corners, z, y, x [µm].
    tetrahedra : ndarray of int, (m, 4)
    volume_um3 : float
        Sum of theirs [µm³].
    surface_volume_um3 : float
        Of the surface that they fill [µm³].
    """

    points_um: NDArray[np.float64]
    tetrahedra: NDArray[np.int64]
    volume_um3: float
    surface_volume_um3: float

    @property
    def checks(self) -> tuple[Check, ...]:
        """Whether the tetrahedra fill their surface, and none is turned over."""
        volumes = tetrahedron_volumes(self.points_um, self.tetrahedra)
        ratio = self.volume_um3 / self.surface_volume_um3
        return (
            Check("fills its surface", abs(ratio - 1) < 1e-6, f"{ratio:.9f} of its volume"),
            Check(
                "no flat element", bool((volumes > 0).all()), f"smallest {volumes.min():.3g} um3"
            ),
        )

    def write(self, path: str | Path) -> Path:
        """Write ``.vtu``, ``.inp`` (Abaqus, CalculiX) or ``.msh`` (Gmsh), in x, y, z [µm]."""
        turned = self.tetrahedra[:, [0, 2, 1, 3]]  # z, y, x to x, y, z is a mirror
        return _write(Path(path), self.points_um, "tetra", turned, {}, VOLUME_FORMATS)


def surface_mesh(
    labels: NDArray,
    *,
    spacing_um: Sequence[float],
    smoothing: int = 20,
    keep_fraction: float = 1.0,
) -> SurfaceMesh:
    """Mesh the surfaces of all labels at once: neighbours share their triangles.

    Parameters
    ----------
    labels : ndarray of bool or integer, (z, y, x)
        0 is outside. The border of the image closes what touches it.
    spacing_um : sequence of float
        Voxel size along each axis [µm].
    smoothing : int
        Steps of a windowed sinc filter, which keeps volumes; 0 leaves the stairs.
    keep_fraction : float
        Share of triangles that is kept, for a single label.

    Returns
    -------
    SurfaceMesh
        Its `checks` say whether it is closed and how volumes changed.

    References
    ----------
    Frisken 2022, SurfaceNets for multi-label segmentations, JCGT 11; Taubin, Zhang & Golub 1996
    (windowed sinc).

    Examples
    --------
    >>> import numpy as np
    >>> box = np.zeros((6, 6, 6), np.uint8); box[1:3, 1:5, 1:5] = 1; box[3:5, 1:5, 1:5] = 2
    >>> mesh = surface_mesh(box, spacing_um=(1, 1, 1), smoothing=0)
    >>> [check.passed for check in mesh.checks if "closed" in check.name]
    [True, True]
    """
    import pyvista
    from vtkmodules.vtkFiltersCore import vtkSurfaceNets3D

    labels = np.asarray(labels)
    if labels.ndim != 3 or labels.dtype.kind not in "bui":
        raise ValueError(
            f"labels needs whole numbers (z, y, x), got {labels.dtype} {labels.shape}: "
            "segment the image first"
        )
    names = [int(n) for n in np.unique(labels) if n > 0]
    if not names:
        raise ValueError("labels needs a voxel above 0, got none: nothing to mesh")
    if not 0 < keep_fraction <= 1 or (keep_fraction < 1 and len(names) > 1):
        raise ValueError(
            f"keep_fraction needs 0 to 1, and 1 for more than one label, got {keep_fraction} for "
            f"{len(names)}: surfaces that are thinned apart would part"
        )
    spacing = checked_spacing(spacing_um, 3)
    grid = pyvista.ImageData(
        dimensions=tuple(n + 2 for n in labels.shape[::-1]), spacing=spacing[::-1],
        origin=tuple(-h for h in spacing[::-1]),
    )  # fmt: skip
    padded = np.pad(labels.astype(np.int32), 1)
    grid.point_data["labels"] = padded.ravel()
    nets = vtkSurfaceNets3D()
    nets.SetInputData(grid)
    nets.SetInputArrayToProcess(0, 0, 0, 0, "labels")
    for i, name in enumerate(names):
        nets.SetValue(i, name)
    nets.SetBackgroundLabel(0)
    nets.SetOutputMeshTypeToTriangles()
    nets.SmoothingOff()
    nets.Update()
    surface: Any = pyvista.wrap(nets.GetOutput())
    sides = np.asarray(surface.cell_data["BoundaryLabels"]).astype(np.int64)
    if smoothing:
        surface = surface.smooth_taubin(
            n_iter=smoothing, pass_band=_PASS, non_manifold_smoothing=True,
            normalize_coordinates=True,
        )  # fmt: skip
    if keep_fraction < 1:
        surface = surface.decimate_pro(1 - keep_fraction, preserve_topology=True)
        sides = np.tile([names[0], 0], (surface.n_cells, 1))
    sides = np.where((sides < 0) | ~np.isin(sides, names), 0, sides)
    points = np.asarray(surface.points, float)[:, ::-1]
    triangles = np.asarray(surface.faces).reshape(-1, 4)[:, 1:].astype(np.int64)
    return _measured(SurfaceMesh(points, triangles, sides, {}, {}), labels, names, spacing)


def tetrahedra(mesh: SurfaceMesh, *, label: int, quality: float = 1.8) -> VolumeMesh:
    """Fill the surface of one label with tetrahedra, by TetGen (extra ``mesh``).

    Parameters
    ----------
    quality : float
        Largest ratio of circumscribed radius to shortest edge.

    Returns
    -------
    VolumeMesh

    Raises
    ------
    MissingPackage
        tetgen is not installed.
    ValueError
        The surface is not closed.

    References
    ----------
    Si 2015, TetGen, doi:10.1145/2629697 (AGPL: it is only called where it is installed).
    """
    try:
        import tetgen
    except ImportError as error:
        raise MissingPackage("tetgen", extra="mesh", purpose="a volume mesh") from error
    triangles = mesh.of(label)
    if open_ := open_edges(triangles):
        raise ValueError(f"a volume mesh needs a closed surface, got {open_} open edges")
    used, compact = np.unique(triangles, return_inverse=True)
    corners = np.ascontiguousarray(mesh.points_um[used][:, ::-1])
    generator = tetgen.TetGen(corners, compact.reshape(-1, 3).astype(np.int32))
    found = generator.tetrahedralize(order=1, mindihedral=10, minratio=quality)
    points = np.asarray(found[0], float)[:, ::-1]
    cells = np.asarray(found[1]).astype(np.int64)
    volumes = tetrahedron_volumes(points, cells)
    cells[volumes < 0] = cells[volumes < 0][:, [0, 2, 1, 3]]
    total = float(np.abs(volumes).sum())
    return VolumeMesh(points, cells, total, mesh.volumes_um3[label])


def open_edges(triangles: NDArray) -> int:
    """Count edges that are not crossed as often one way as the other: 0 for a closed surface.

    Examples
    --------
    >>> import numpy as np
    >>> open_edges(np.array([[0, 1, 2]])), open_edges(np.array([[0, 1, 2], [2, 1, 0]]))
    (3, 0)
    """
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    ways = np.where(edges[:, 0] < edges[:, 1], 1, -1)
    _, which = np.unique(np.sort(edges, axis=1), axis=0, return_inverse=True)
    return int(np.count_nonzero(np.bincount(which.ravel(), weights=ways)))


def tetrahedron_volumes(points_um: NDArray, cells: NDArray) -> NDArray[np.float64]:
    """Return the signed volumes of tetrahedra [µm³]."""
    a, b, c, d = (points_um[cells[:, i]] for i in range(4))
    return np.einsum("ij,ij->i", np.cross(b - a, c - a), d - a) / 6


def _measured(
    mesh: SurfaceMesh, labels: NDArray, names: list[int], spacing: tuple[float, ...]
) -> SurfaceMesh:
    """Turn the triangles, and add the volumes of surfaces and voxels."""
    counts = {n: float(np.count_nonzero(labels == n) * np.prod(spacing)) for n in names}
    mesh = replace(mesh, voxel_volumes_um3=counts)
    signed = {n: _enclosed(mesh.points_um, mesh.of(n)) for n in names}
    if sum(signed.values()) < 0:
        mesh = replace(mesh, triangles=mesh.triangles[:, ::-1])
    return replace(mesh, volumes_um3={n: abs(v) for n, v in signed.items()})


def _enclosed(points_um: NDArray, triangles: NDArray) -> float:
    """Return the volume that a closed surface encloses, positive where x, y, z turn outwards."""
    a, b, c = (points_um[triangles[:, i]][:, ::-1] for i in range(3))
    return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)


def _write(
    path: Path,
    points_um: NDArray,
    kind: str,
    cells: NDArray,
    data: dict[str, NDArray],
    formats: tuple[str, ...],
) -> Path:
    if path.suffix not in formats:
        raise ValueError(f"path needs one of the endings {formats}, got {path.name!r}")
    try:
        import meshio
    except ImportError as error:
        raise MissingPackage("meshio", extra="mesh", purpose="writing a mesh") from error
    used, compact = np.unique(cells, return_inverse=True)
    carries = path.suffix in (".vtu", ".msh")
    mesh = meshio.Mesh(
        np.ascontiguousarray(points_um[used][:, ::-1]), [(kind, compact.reshape(cells.shape))],
        cell_data={name: [values] for name, values in data.items()} if carries else {},
    )  # fmt: skip
    mesh.write(path, file_format=_GMSH) if path.suffix == ".msh" else mesh.write(path)
    return path
