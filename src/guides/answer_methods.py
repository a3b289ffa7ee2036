"""How the questions are answered, in the words of a methods section, with sources."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .questions import parts_of


@dataclass(frozen=True)
class AnswerMethod:
    """The method behind some parts of the answers.

    Attributes
    ----------
    text : str
    sources : tuple of (str, str)
        Citation and DOI.
    """

    text: str
    sources: tuple[tuple[str, str], ...]


_THRESHOLDS = AnswerMethod(
    "Phases were separated by thresholds on grey values. Volume fractions count voxels; surfaces "
    "are Crofton estimates with direction weights for the actual voxel shape; sizes are equivalent "
    "diameters, corrected for objects cut by the border. What blur, noise and voxels do to each of "
    "them was estimated from a model of the shapes that is imaged and segmented once more, and "
    "taken off where the checks allow it; the table says what was segmented, too. Intervals are "
    "95 % and are of the imaged volume.",
    (
        (
            "Ohser & Mücklich 2000; Legland, Kiêu & Devaux 2007, Computation of Minkowski measures "
            "on 2D and 3D binary images",
            "10.5566/ias.v26.p83-92",
        ),
        (
            "Otsu 1979, A threshold selection method from gray-level histograms",
            "10.1109/TSMC.1979.4310076",
        ),
    ),
)
_TRAINED = AnswerMethod(
    "Classes were learned from scribbles by a random forest on grey value, gradient, and the "
    "eigenvalues of the Hessian and of the structure tensor at several scales; scribbles, features "
    "and seed are in the record, and give the same labels to the bit. Volume fractions count "
    "voxels; surfaces are Crofton estimates. What other scribbles of the same kind would change "
    "was found by learning from draws of them with replacement; nothing is taken off for blur. "
    "Intervals are 95 % and are of the imaged volume.",
    (
        ("Breiman 2001, Random forests", "10.1023/A:1010933404324"),
        (
            "Arganda-Carreras et al. 2017, Trainable Weka Segmentation: a machine learning tool "
            "for microscopy pixel classification",
            "10.1093/bioinformatics/btx180",
        ),
        (
            "Berg et al. 2019, ilastik: interactive machine learning for (bio)image analysis",
            "10.1038/s41592-019-0582-9",
        ),
    ),
)
_METHODS: tuple[tuple[tuple[str, ...], AnswerMethod], ...] = (
    (
        ("local_thickness", "porosimetry", "bodies"),
        AnswerMethod(
            "Local thickness is the diameter of the largest ball inside the phase that holds a "
            "voxel, from exact distances; porosimetry that of the largest ball that comes in from "
            "the border of the image (throat-controlled, MIP-equivalent); bodies are parted at "
            "constrictions below 0.9 of the smaller side.",
            (
                (
                    "Hildebrand & Rüegsegger 1997, A new method for the model-independent "
                    "assessment of thickness",
                    "10.1046/j.1365-2818.1997.1340694.x",
                ),
                ("Hilpert & Miller 2001, Pore-morphology-based simulation of drainage",
                 "10.1016/S0309-1708(00)00056-7"),
            ),
        ),
    ),
    (
        ("saturation",),
        AnswerMethod(
            "A voxel is of the middle phase where that has an inside: its grey value, neither "
            "steep nor curved, in a body larger than the blur; around it, half-way between the "
            "phases. Everywhere else voxels are parted half-way between the other two.",
            (
                (
                    "Kniss, Kindlmann & Hansen 2002, Multidimensional transfer functions for "
                    "interactive volume rendering",
                    "10.1109/TVCG.2002.1021579",
                ),
            ),
        ),
    ),
    (
        ("agreement",),
        AnswerMethod(
            "Two segmentations of one place are compared on the grid of the coarser one, the finer "
            "one averaged over its voxels through the accepted transforms; Dice is twice the "
            "shared volume over the sum of both.",
            (
                ("Dice 1945, Measures of the amount of ecologic association between species",
                 "10.2307/1932409"),
            ),
        ),
    ),
    (
        ("chords",),
        AnswerMethod(
            "Chords are the lengths of the phase on all lines of voxels along an axis; one that "
            "the border cuts counts as at least so long.",
            (
                ("Kaplan & Meier 1958, Nonparametric estimation from incomplete observations",
                 "10.1080/01621459.1958.10501452"),
            ),
        ),
    ),
    (
        ("correlation",),
        AnswerMethod(
            "The two-point correlation counts pairs inside the image by Fourier transform; its "
            "slope at 0 is −S_V / 4.",
            (("Torquato 2002, Random Heterogeneous Materials", "10.1007/978-1-4757-6355-3"),),
        ),
    ),
    (
        ("diffusion",),
        AnswerMethod(
            "D_eff / D_0 of the phase alone (everything else insulates) between fixed "
            "concentrations half a voxel outside both ends, sides sealed; the tortuosity factor is "
            "volume fraction over D_eff / D_0. Coarser grids extrapolate it to voxels of size 0.",
            (
                ("Cooper et al. 2016, TauFactor: an open-source application for calculating "
                 "tortuosity factors", "10.1016/j.softx.2016.09.002"),
            ),
        ),
    ),
    (
        ("image_quality",),
        AnswerMethod(
            "Resolution is the period at which the correlation of two halves with independent "
            "noise falls below the half-bit curve; edge widths and decorrelation analysis of one "
            "image are estimates and no such resolution.",
            (
                ("van Heel & Schatz 2005, Fourier shell correlation threshold criteria",
                 "10.1016/j.jsb.2005.05.009"),
                ("Descloux, Grußmayer & Radenovic 2019, Parameter-free image resolution estimation "
                 "based on decorrelation analysis", "10.1038/s41592-019-0515-7"),
            ),
        ),
    ),
    (
        ("flow",),
        AnswerMethod(
            "Permeability is of Stokes flow between two pressures, with walls at the sides; pores "
            "that lead nowhere are taken out.",
            (),
        ),
    ),
    (
        ("drainage",),
        AnswerMethod(
            "In drainage on the voxels a non-wetting fluid holds, at each capillary pressure, "
            "every ball of the radius of Young and Laplace whose centre it can reach from the "
            "first layer; trapped is what has no way left to the last layer. Brooks and Corey's "
            "and van Genuchten's curves are fitted with bounds, in the logarithms of scale and "
            "exponent.",
            (
                ("Hilpert & Miller 2001, Pore-morphology-based simulation of drainage",
                 "10.1016/S0309-1708(00)00056-7"),
                ("Wilkinson & Willemsen 1983, Invasion percolation: a new form of percolation "
                 "theory", "10.1088/0305-4470/16/14/028"),
                ("Masson 2016, A fast two-step algorithm for invasion percolation with trapping",
                 "10.1016/j.cageo.2016.02.003"),
                ("van Genuchten 1980, A closed-form equation for predicting the hydraulic "
                 "conductivity of unsaturated soils", "10.2136/sssaj1980.03615995004400050002x"),
            ),
        ),
    ),
    (
        ("network_sizes", "pore_network", "relative_permeability"),
        AnswerMethod(
            "The pore network is SNOW2's partition of the pore space by a watershed of its "
            "distances: peaks after a Gaussian of 0.4 voxels, the highest within 4 voxels, without "
            "saddles and without those nearer to a wider peak than to the solid. Sizes are as "
            "PoreSpy defines them. Closed pieces without a peak in which no ball of 3 voxels fits "
            "are of no pore.",
            (
                ("Gostick 2017, Versatile and efficient pore network extraction method using "
                 "marker-based watershed segmentation", "10.1103/PhysRevE.96.023307"),
                ("Khan et al. 2019, Dual network extraction algorithm to investigate multiple "
                 "transport processes in porous materials", "10.1016/j.compchemeng.2018.12.025"),
                ("Gostick et al. 2019, PoreSpy: a Python toolkit for quantitative analysis of "
                 "porous media images", "10.21105/joss.01296"),
            ),
        ),
    ),
    (
        ("pore_network", "relative_permeability"),
        AnswerMethod(
            "In the network pores are pyramids and throats cuboids between them, for which flow "
            "and diffusion are solved with openpnm. It is put beside the voxels' own answers. For "
            "relative permeability it is drained with trapping; a conduit carries the fluid that "
            "holds both its pores and its throat.",
            (
                ("Gostick et al. 2016, OpenPNM: a pore network modeling package",
                 "10.1109/MCSE.2016.49"),
            ),
        ),
    ),
)  # fmt: skip


def segmentation_methods(*, parted: bool, trained: bool) -> list[AnswerMethod]:
    """Return how phases were found: by thresholds, by scribbles, or some by each."""
    return [*([_THRESHOLDS] if parted else []), *([_TRAINED] if trained else [])]


def methods_of(questions: Sequence[str]) -> list[AnswerMethod]:
    """Return the methods behind the questions that are asked.

    Examples
    --------
    >>> [method.text.split()[0] for method in methods_of(["chords", "flow"])]
    ['Chords', 'Permeability']
    """
    parts = set(parts_of(questions))
    return [method for of, method in _METHODS if parts & set(of)]
