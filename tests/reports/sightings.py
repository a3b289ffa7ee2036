"""Specimens whose marks were picked without pictures, for counts that do not need these."""

from __future__ import annotations

import numpy as np

from scalebridge.analysis.imaging.phantom import Session
from scalebridge.analysis.registration import AffineTransform
from scalebridge.reports import edge_sightings as es

JOINED = ((es.LIGHT, es.MAP), (es.ZOOM, es.MAP), ("fibsem", es.ZOOM))


def _section(foot: dict, rng: np.random.Generator) -> AffineTransform:
    """The map of a face on its slice, with an error of 0.02 um along y and x."""
    start, end = (np.array(foot[name]) for name in (es.EDS, "fibsem"))
    end = end + np.array([0, *(0.02 * rng.standard_normal(2))])
    known = np.diag([0, 0.02**2, 0.02**2, 1e-8, 0, 0])
    return AffineTransform("rigid", np.eye(3), start, end, 2, 3, covariance=known, nu=61.0)


def made(seed: int) -> dict:
    """A specimen whose marks were picked with errors of a known size, without pictures."""
    session = Session.begin(seed=seed, scale="small")
    frames, rng = es.Frames(session), np.random.default_rng(seed)
    centre = session.specimen.target_um
    pairs = {}
    for moving, fixed in JOINED:
        reach = 8.0 if moving == "fibsem" else 60.0
        marks = centre + rng.uniform(-reach, reach, (14, 3))
        if moving == es.LIGHT:
            marks[:, 0] = -14.0
        ours, theirs = frames.seen(moving, marks), frames.seen(fixed, marks)
        theirs = theirs + 0.1 * rng.standard_normal(theirs.shape)
        ours = ours[:, 1:] if moving == es.LIGHT else ours
        pairs[f"{moving}_to_{fixed}"] = {"moving": ours.tolist(), "fixed": theirs.tolist()}
    truth = es.true_places(seed)
    place = frames.seen(es.ZOOM, centre[None])[0] + 0.05 * rng.standard_normal(3)
    return {
        "seed": seed,
        "pairs": pairs,
        "unsteadiness": es.stack_unsteadiness(session.layout).tolist(),
        "feature": {"place": place.tolist(), "sigma": [0.05] * 3},
        "section": {"transform": _section(truth["foot"], rng).to_dict()},
        "truth": truth,
    }
