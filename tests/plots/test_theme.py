"""Colours belong to names, and the plots load nothing before they are used."""

from __future__ import annotations

import subprocess
import sys

import pytest

from scalebridge.plots import DARK, LIGHT, STATUS, modality_color, phase_color, rc_params
from scalebridge.plots.theme import OKABE_ITO, ground_of, modality_key


def test_the_phases_and_modalities_of_the_field_keep_their_colours() -> None:
    assert phase_color("matrix") == OKABE_ITO["grey"]
    assert phase_color("pore") == OKABE_ITO["sky blue"]
    assert phase_color("particle") == OKABE_ITO["orange"]
    assert modality_color("xrm") == OKABE_ITO["blue"]
    assert modality_color("fibsem") == OKABE_ITO["purple"]
    assert modality_color("sem") == OKABE_ITO["sky blue"]
    assert modality_color("eds") == OKABE_ITO["vermilion"]
    assert modality_color("light") == OKABE_ITO["orange"]


@pytest.mark.parametrize(
    ("one", "other"),
    [("XRM", "X-ray microscopy"), ("fibsem", "FIB-SEM"), ("FIBSEM", "FIB SEM"), ("sem", "SEM")],
)
def test_a_modality_has_one_colour_however_it_is_written(one: str, other: str) -> None:
    assert modality_color(one) == modality_color(other)


def test_a_phase_has_one_colour_in_singular_plural_and_in_company() -> None:
    assert phase_color("Pores") == phase_color("pore") == phase_color("open pore space")


def test_an_unknown_name_has_the_same_colour_in_every_process() -> None:
    code = "from scalebridge.plots import phase_color; print(phase_color('eta phase'))"
    seen = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    }
    assert seen == {phase_color("eta phase")}
    assert phase_color("eta phase") in OKABE_ITO.values()


def test_fib_sem_is_not_taken_for_sem() -> None:
    assert modality_key("FIB-SEM") == "fibsem"
    assert modality_color("FIB-SEM") != modality_color("SEM")


def test_there_is_no_green_status() -> None:
    assert set(STATUS) == {"information", "attention", "refused"}
    assert OKABE_ITO["green"] not in STATUS.values()


def test_words_can_be_read_on_either_ground() -> None:
    for ground in (LIGHT, DARK):
        assert _contrast(ground.ink, ground.paper) >= 7  # WCAG AAA
        assert _contrast(ground.quiet, ground.paper) >= 4.5  # WCAG AA


def test_a_ground_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="'light' or 'dark', got 'sepia'"):
        ground_of("sepia")


def test_matplotlib_accepts_the_settings_and_draws_no_frame() -> None:
    import matplotlib

    with matplotlib.rc_context(rc_params("dark")):
        assert matplotlib.rcParams["axes.spines.top"] is False
        assert matplotlib.rcParams["figure.facecolor"] == DARK.paper


def test_colours_load_neither_holoviews_nor_bokeh_nor_matplotlib() -> None:
    code = (
        "import sys, scalebridge.plots as p; p.phase_color('pore'); p.STATUS; p.still;"
        "print([m for m in ('holoviews', 'bokeh', 'matplotlib', 'pyvista') if m in sys.modules])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def _contrast(one: str, other: str) -> float:
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
