"""The template's own way of measuring, on phantoms like the phase that was measured."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from scalebridge import Workspace
from scalebridge.guides import audit_phases, audit_table, phase_results, segmentations_to_measure

SIDE = 48
SPACING = (2.0, 2.0, 2.0)


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    rng = np.random.default_rng(1)
    field = gaussian_filter(rng.standard_normal((SIDE,) * 3), 3, mode="wrap")
    grains = np.digitize(field, np.quantile(field, [0.25, 0.7]))
    grey = gaussian_filter(np.array([60.0, 120.0, 180.0])[grains], 0.7)
    grey = np.clip(grey + rng.normal(0, 4, grey.shape), 0, 255).astype("uint8")
    folder = tmp_path_factory.mktemp("audit") / "specimen"
    with Workspace.create(folder) as ws:
        ws.images.write(
            "scan",
            shape=grey.shape,
            dtype=grey.dtype,
            axes="zyx",
            blocks=[((slice(0, SIDE),) * 3, grey)],
            spacing_um=SPACING,
            spacing_source="made",
        )
        settings = segmentations_to_measure(
            ws, image="scan", thresholds=[90.0, 150.0], phases=["pore", "matrix", "grain"]
        )
        yield ws, [phase_results(ws, one) for one in settings]


def test_dark_and_bright_phases_are_audited_at_their_own_threshold(measured):
    ws, results = measured
    told = []
    audits = audit_phases(
        ws, results, phantoms=2, progress=lambda phase, done, of: told.append((phase, done, of))
    )
    assert [one.phase for one in audits] == ["pore", "grain"]
    assert told == [("pore", 1, 2), ("pore", 2, 2), ("grain", 1, 2), ("grain", 2, 2)]
    for one in audits:
        share = np.mean(results[0].found.labels == ("pore", "matrix", "grain").index(one.phase))
        assert one.audit.like.volume_fraction == pytest.approx(share)
        assert abs(one.audit["volume_fraction"].bias) < 0.05
        assert abs(one.audit["specific_surface"].bias) < 0.2
    table = audit_table(audits)
    assert list(table["phase"].unique()) == ["pore", "grain"]
    assert table["in words"].str.contains("volume fraction").sum() == 2
    assert table["voxels a chord"].between(4, 20).all()


def test_no_phantoms_are_no_audit_and_an_unknown_imaging_says_why(measured):
    from dataclasses import replace

    ws, results = measured
    assert audit_phases(ws, results, phantoms=0) == []
    blind = [replace(results[0], found=replace(results[0].found, imaging=None))]
    audits = audit_phases(ws, blind, phantoms=2)
    assert all(one.audit is None for one in audits)
    assert "could not be told" in audit_table(audits)["in words"].iloc[0]


def test_grains_that_touch_are_audited_on_balls_that_touch(data, tmp_path):
    """A smooth field would say 12 % low at 8 voxels a radius; a pack has its crevices found."""
    from ..finney import RADIUS_UM, packed, scanned

    scene = packed(data, 8)
    grey = np.ascontiguousarray(scanned(scene)[:56, :56, :56])
    with Workspace.create(tmp_path / "specimen") as ws:
        ws.images.write(
            "pack", shape=grey.shape, dtype=grey.dtype, axes="zyx",
            blocks=[((slice(0, 56),) * 3, grey)], spacing_um=scene.spacing_um,
            spacing_source="made",
        )  # fmt: skip
        (settings,) = segmentations_to_measure(
            ws, image="pack", thresholds=[100.0], threshold_uncertainty=[1.0],
            phases=["pore", "grain"],
        )  # fmt: skip
        result = phase_results(ws, settings, measured=["pore"])
        (one,) = audit_phases(ws, [result], phantoms=2)
    assert result.found.grains == {"pore": False}
    radius = 3 * (1 - 0.361) / result.found["pore.specific_surface"].value
    assert radius == pytest.approx(RADIUS_UM, rel=0.08)
    assert one.audit.drawn.volume_fraction == pytest.approx(one.audit.like.volume_fraction)
    assert abs(one.audit["specific_surface"].bias) < 0.1
