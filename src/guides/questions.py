"""What one can want to know of a phase, and which measurements answer it: the one place."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

#: Parts that are of all phases together; the others are of one phase each.
SHARED = ("interfaces", "triple_lines", "image_quality", "agreement", "saturation")
#: Solved in the central block, one axis after the other.
SOLVED = ("diffusion", "flow")
#: Of the same block, once for all axes.
OF_PORES = ("drainage", "network_sizes", "pore_network", "relative_permeability")


@dataclass(frozen=True)
class Question:
    """One thing to know.

    Attributes
    ----------
    name : str
        As the parameter ``questions`` gives it.
    meaning : str
        What comes out, in words.
    parts : tuple of str
        Of `measure`, or of `SOLVED`, `OF_PORES`, ``"image_quality"``, ``"saturation"`` and
        ``"agreement"``.
    """

    name: str
    meaning: str
    parts: tuple[str, ...]


QUESTIONS = {
    question.name: question
    for question in (
        Question(
            "how much",
            "integral range and representative volume of the volume fraction",
            ("representative_volume",),
        ),
        Question(
            "surface",
            "interfaces between each pair of phases, lines where three meet, surface from the "
            "two-point correlation",
            ("interfaces", "triple_lines", "correlation"),
        ),
        Question("sizes", "every object: volume, surface, diameter, shape, place", ("objects",)),
        Question(
            "connected",
            "pieces, share that crosses, widest way through, Euler number, path lengths",
            ("connectivity", "euler", "paths"),
        ),
        Question("thickness", "local thickness by volume", ("local_thickness",)),
        Question(
            "pore sizes",
            "the same space in four meanings: local thickness, porosimetry, bodies, chords",
            ("local_thickness", "porosimetry", "bodies", "chords"),
        ),
        Question("chords", "chord lengths along each axis", ("chords",)),
        Question(
            "shape",
            "mean and Gaussian curvature of the surface; length, branches and ends of the skeleton",
            ("curvature", "skeleton"),
        ),
        Question("profiles", "the fraction of each layer along each axis", ("profiles",)),
        Question(
            "transport",
            "D_eff / D_0 and tortuosity factor along each axis, of the phase alone",
            ("diffusion",),
        ),
        Question(
            "image quality",
            "resolution from two halves or estimated from the one image, noise, contrast, rings, "
            "cupping",
            ("image_quality",),
        ),
        Question(
            "saturation",
            "of three phases, the share of the middle one in what is not the bright one, without "
            "the rims that blur makes",
            ("saturation",),
        ),
        Question(
            "agreement",
            "with every other accepted segmentation of the place, also of another scale: shares "
            "of the phases, Dice",
            ("agreement",),
        ),
        Question("flow", "Stokes permeability along each axis, the phase as pore", ("flow",)),
        Question(
            "pore network",
            "pores, throats and what they conduct beside the voxels' answers to transport and "
            "flow; capillary pressure by drainage, relative permeability",
            OF_PORES,
        ),
    )
}


def checked_questions(questions: Sequence[str] | None) -> tuple[str, ...]:
    """Return the questions that are asked, each once; none asks nothing beyond the usual.

    Raises
    ------
    ValueError
        One is not in the list.

    Examples
    --------
    >>> checked_questions(["chords", "flow", "chords"])
    ('chords', 'flow')
    >>> checked_questions(None)
    ()
    """
    if isinstance(questions, str):
        raise ValueError(f"questions needs a list, got {questions!r}: write [{questions!r}]")
    asked = tuple(dict.fromkeys(questions or ()))
    unknown = [name for name in asked if name not in QUESTIONS]
    if unknown:
        raise ValueError(
            f"questions needs some of {', '.join(QUESTIONS)}, got {', '.join(map(repr, unknown))}: "
            "choose from these"
        )
    return asked


def parts_of(questions: Sequence[str]) -> tuple[str, ...]:
    """Return what has to be measured, each part once.

    Examples
    --------
    >>> parts_of(["chords", "pore sizes"])
    ('chords', 'local_thickness', 'porosimetry', 'bodies')
    """
    parts = (part for name in checked_questions(questions) for part in QUESTIONS[name].parts)
    return tuple(dict.fromkeys(parts))
