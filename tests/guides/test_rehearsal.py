"""Many example specimens are cut, and what was promised stands beside what is true."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from scalebridge.guides.rehearsal import (
    chance_within,
    promises_kept,
    rehearse,
    scoreboard,
    worst_look,
)


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
    ((words, level),) = promises_kept(board.reset_index())
    assert words.startswith("Not kept: a: promised in 95% of cases, true in 75% of 20")
    assert level == "look"


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


def test_the_worst_look_is_the_one_furthest_out_in_its_own_uncertainty() -> None:
    said = "the distance lies in its 95 % interval (face found)"
    rows = pd.DataFrame(
        {
            "statement": [said, said, "another statement"],
            "error_um": [-0.3, 0.5, 9.0],
            "sigma_um": [0.1, 0.4, 0.1],
        }
    )
    assert worst_look(rows) == (
        "Of 2 faces that were found, the worst distance is off by 0.30 µm where a standard "
        "uncertainty of 0.10 µm was stated: 3.0 of them."
    )
    assert worst_look(rows[2:]) == "No face was found."
