"""The example specimen is cut, and what was promised stands beside what is true."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scalebridge.analysis.imaging.phantom import Session
from scalebridge.guides.virtual_cut import (
    VirtualMill,
    chance_within,
    first_face,
    rehearse,
    scoreboard,
)


@pytest.fixture(scope="module")
def session() -> Session:
    return Session.begin(seed=2, scale="small")


def target_there(mill: VirtualMill) -> np.ndarray:
    told = np.append(mill.session.specimen.target_um, 1.0)
    return np.linalg.solve(mill.to_specimen, told)[:3]


def test_a_mill_without_errors_cuts_where_it_is_told(session: Session) -> None:
    mill = VirtualMill.at(session, off_sigma_um=0.0, feed_sigma=0.0)
    face = first_face(target_there(mill), [0.0, -1, 0], 12.0)
    assert mill.distance_um(face, 0.0) == pytest.approx(12.0)
    assert mill.distance_um(face.moved(5.0), 5.0) == pytest.approx(7.0)


def test_a_mill_errs_as_it_was_told_to(session: Session) -> None:
    mills = [
        VirtualMill.at(session, off_sigma_um=2.0, feed_sigma=0.01, seed=seed) for seed in range(300)
    ]
    assert np.std([mill.off_um for mill in mills]) == pytest.approx(2.0, rel=0.12)
    assert np.std([mill.feed_error for mill in mills]) == pytest.approx(0.01, rel=0.12)
    mill = mills[0]
    face = first_face(target_there(mill), [0.0, -1, 0], 12.0)
    off = mill.off_um + 10 * mill.feed_error
    assert mill.distance_um(face.moved(10.0), 10.0) == pytest.approx(2.0 - off)


def test_the_face_through_the_target_shows_the_particle_in_its_middle(session: Session) -> None:
    mill = VirtualMill.at(session, off_sigma_um=0.0, feed_sigma=0.0)
    face = first_face(target_there(mill), [0.0, -1, 0], 0.0)
    picture = mill.expose(face, 0.0)
    row = (face.shape[0] - 1) / 2 - 10.0 / face.pixel_um  # the target lies 10 um above the middle
    middle = picture[round(row) - 3 : round(row) + 4, 107:114]
    assert middle.mean() > picture.mean() + 40


def test_the_chance_to_end_near_is_how_often_drawn_errors_are_small() -> None:
    drawn = np.random.default_rng(0).normal(0, 0.4, 200_000)
    assert chance_within(0.3, 0.4) == pytest.approx(np.mean(np.abs(drawn) < 0.3), abs=0.004)


def test_predicted_and_true_probabilities_stand_side_by_side() -> None:
    rows = pd.DataFrame(
        {
            "statement": ["a"] * 20 + ["b"] * 4,
            "predicted": [0.95] * 20 + [0.2, 0.4, 0.2, 0.4],
            "true": [True] * 15 + [False] * 5 + [False] * 4,
        }
    )
    board = scoreboard(rows).set_index("statement")
    assert board["cases"].to_dict() == {"a": 20, "b": 4}
    assert board["predicted"].to_dict() == pytest.approx({"a": 0.95, "b": 0.3})
    assert board["true"].to_dict() == {"a": 0.75, "b": 0.0}
    assert board.loc["a", "true_high95"] == pytest.approx(0.9134, abs=1e-3)  # Clopper & Pearson
    assert board.loc["b", "true_low95"] == 0.0


def test_a_rehearsal_surveys_registers_and_cuts_without_a_workspace() -> None:
    rows = rehearse(2, stand_off_um=33.0, instrument_um=2.0, feed_sigma=0.01, within_um=0.3)
    said = rows.groupby("statement").size()
    looks = said.filter(like="95 % interval").sum()
    assert 3 <= looks <= 6
    assert said.filter(like="no alarm").sum() == looks
    ends = rows[rows["statement"].str.contains("last face")].set_index("statement")
    blind = ends.filter(like="without looking", axis=0).iloc[0]
    aimed = ends.filter(like="with looks", axis=0).iloc[0]
    assert blind["sigma_um"] == pytest.approx(np.hypot(2.0, 0.25), rel=0.05)
    assert blind["predicted"] < 0.15 < 0.7 < aimed["predicted"]
    assert abs(aimed["error_um"]) < 1.5
    assert rows.loc[0, "true"]  # the volume of interest lies in the planned cut
