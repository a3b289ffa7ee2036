"""Elastix as the engine of automatic registration."""

from __future__ import annotations

import importlib.util
import os
import sys

import numpy as np
import pytest

from scalebridge.analysis.registration import GreyImage, register
from scalebridge.errors import MissingPackage

from .broad_specimen import Specimen, grid, noisy, turn

SIZE = 48
MIDDLE = np.full(3, (SIZE - 1) / 2)
CORNERS = np.array(np.meshgrid(*[[8, SIZE - 9]] * 3)).reshape(3, -1).T.astype(float)
SEEDS = int(os.environ.get("SCALEBRIDGE_SEEDS", "0"))


@pytest.fixture
def elastix():
    """Skips where it is not installed, or not asked for: loading it alone takes 15 seconds."""
    if importlib.util.find_spec("itk") is None:
        pytest.skip("itk-elastix is not installed")
    if SEEDS == 0:
        pytest.skip("elastix takes half a minute: set SCALEBRIDGE_SEEDS")


def pair(matrix, shift):
    specimen, points = Specimen(0, SIZE), grid((SIZE,) * 3)
    mapped = (points - MIDDLE) @ matrix.T + MIDDLE + shift
    fixed = GreyImage(noisy(specimen.xray(points), 0), [1.0] * 3)
    return fixed, GreyImage(noisy(specimen.electrons(mapped), 1), [1.0] * 3)


@pytest.mark.usefixtures("elastix")
def test_elastix_ends_where_we_do_and_its_error_covers_the_way():
    matrix, shift = turn((3, -2, 2)), np.array([1.5, -1.0, 0.8])
    images = pair(matrix, shift)
    theirs = register(*images, engine="elastix").transform
    truth = (CORNERS - MIDDLE) @ matrix.T + MIDDLE + shift
    off = np.linalg.norm(theirs.apply(CORNERS) - truth, axis=1)
    assert off.max() < 0.5
    stated = np.sqrt(np.trace(theirs.covariance_at(CORNERS), axis1=1, axis2=2))
    assert (off < 4 * stated).all()
    own = register(*images, start=theirs, starts=0).transform
    narrower = np.sqrt(np.trace(own.covariance_at(CORNERS), axis1=1, axis2=2))
    assert (narrower < stated).all()


@pytest.mark.usefixtures("elastix")
def test_flat_images_go_through_elastix_in_their_plane():
    specimen, points = Specimen(5, 96), grid((1, 96, 96))
    middle, lifted = np.array([0.0, 47.5, 47.5]), np.array([48.0, 0, 0])
    rotation, shift = turn((4, 0, 0)), np.array([0.0, 2.5, -3.0])
    mapped = (points - middle) @ rotation.T + middle + shift
    fixed = GreyImage(noisy(specimen.xray(points + lifted), 0)[0], [1, 1])
    moving = GreyImage(noisy(specimen.electrons(mapped + lifted), 1)[0], [1, 1])
    found = register(fixed, moving, engine="elastix").transform
    corners = np.array([[10.0, 10], [10, 85], [85, 10], [85, 85]])
    truth = (np.column_stack([np.zeros(4), corners]) - middle) @ rotation.T + middle + shift
    assert np.linalg.norm(found.apply(corners) - truth, axis=1).max() < 0.5
    assert found.covariance.shape == (3, 3)


def test_without_elastix_the_command_that_installs_it_is_said(monkeypatch):
    monkeypatch.setitem(sys.modules, "itk", None)
    image = GreyImage(np.random.default_rng(0).normal(size=(30, 30, 30)), [1] * 3)
    with pytest.raises(MissingPackage, match=r'pip install "scalebridge\[registration\]"'):
        register(image, image, engine="elastix")
    with pytest.raises(ValueError, match="engine needs scalebridge or elastix"):
        register(image, image, engine="ants")
