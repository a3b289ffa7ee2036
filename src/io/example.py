"""Build the example specimen: what eight instruments would have left on a disk, and the truth.

The files hold what their operators knew: nominal voxel sizes, tilts that nobody corrected, a
survey whose voxel is one per cent larger than stated. The truth lies in a folder of its own and
is for comparison at the end only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..analysis.imaging.phantom import IMAGE_NAMES, Layout, Session, session_truth
from .answers import Answers
from .example_files import write_picture

Progress = Callable[[str, float], None]

INSTRUMENTS, TRUTH = "instruments", "truth"


@dataclass(frozen=True)
class ExamplePaths:
    """Where the example lies.

    Attributes
    ----------
    directory : Path
    files : mapping of str to Path
        One file, or for ``fibsem`` one folder of slices, for every image name.
    truth : Path
        The truth file. Nothing that registers or segments may open it.
    answers : mapping of str to Answers
        What the operators know beyond their files; also in ``instruments/acquisition.json``.
    """

    directory: Path
    files: Mapping[str, Path]
    truth: Path
    answers: Mapping[str, Answers] = field(default_factory=dict)


def build_example(
    directory: str | os.PathLike[str],
    *,
    seed: int = 0,
    scale: str = "full",
    progress: Progress | None = None,
) -> ExamplePaths:
    """Write the example specimen's instrument files and its truth.

    Parameters
    ----------
    directory : str or path
        Made if it is not there; files of an earlier example in it are replaced.
    seed : int
        The same seed gives the same bits.
    scale : {"full", "small"}
        ``full`` takes about 40 MB, ``small`` about 12 MB with the same images of a smaller block.
    progress : callable, optional
        Called as ``progress(name, fraction)`` before each image and with 1.0 at the end.

    Returns
    -------
    ExamplePaths

    Raises
    ------
    ValueError
        For another scale.
    """
    session = Session.begin(seed=seed, scale=scale)
    root = Path(directory)
    (root / INSTRUMENTS).mkdir(parents=True, exist_ok=True)
    (root / TRUTH).mkdir(exist_ok=True)
    report = progress or (lambda name, fraction: None)
    files = {}
    for done, name in enumerate(IMAGE_NAMES):
        report(name, done / len(IMAGE_NAMES))
        picture = session.take(name)
        files[name] = write_picture(picture, session.layout, root / INSTRUMENTS)
    answers = operators_answers(session.layout)
    _write_json(root / INSTRUMENTS / "acquisition.json", _acquisition(answers))
    truth = root / TRUTH / "truth.json"
    _write_json(truth, {"example.seed": {"value": seed, "unit": "1"}, **session_truth(session)})
    report("done", 1.0)
    return ExamplePaths(root, files, truth, answers)


def operators_answers(layout: Layout) -> dict[str, Answers]:
    """Say what the operators know and their files do not: modality, slice distance, tilt.

    A cross-section face seen at the angle between the beams is tilted against the picture by 90
    degrees less that angle; its foreshortened axis is y.
    """
    face = 90.0 - layout.beam_angle_deg
    slices = (layout.fib_spacing_um[0], None, None)
    return {
        "light_mosaic": Answers(modality="LM"),
        **{f"xrm_survey_t{time}": Answers(modality="XRM") for time in range(3)},
        "xrm_zoom": Answers(modality="XRM"),
        "sem_view": Answers(tilt_correction=layout.sem_tilt_deg),
        "fibsem": Answers(modality="FIB-SEM", spacing_um=slices, tilt_correction=face),
        "eds_map": Answers(modality="EDS", tilt_correction=face),
    }


def _acquisition(answers: Mapping[str, Answers]) -> dict[str, object]:
    return {
        "note": "what the operators wrote down beside the files",
        "answers": {name: answer.to_dict() for name, answer in answers.items()},
    }


def _write_json(path: Path, content: Mapping[str, object]) -> None:
    path.write_text(json.dumps(content, indent=1, allow_nan=False), encoding="utf-8")


__all__ = ["ExamplePaths", "build_example", "operators_answers"]
