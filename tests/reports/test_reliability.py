"""A tenth of the counts of ``make validate``, and the page that is made of them."""

from __future__ import annotations

import json
from collections import Counter

import pytest

from scalebridge.reports.reliability import __main__ as page
from scalebridge.reports.reliability import disks, images

from ..conftest import lacking


@pytest.mark.parametrize(
    ("count", "number"),
    [
        (images.kills_during_import, 10),
        (images.flipped_bits, 30),
        (images.truncations, 10),
        (images.deletions, 5),
        (images.flipped_metadata, 5),
    ],
)
def test_images_are_absent_or_whole_and_damage_is_never_shown(tmp_path, count, number):
    result = count(number, seed=1, folder=tmp_path, say=lambda words: None)
    assert (result["count"], result["failures"]) == (number, 0), result["words"]


def test_a_disk_that_runs_full_costs_nothing_that_stood(tmp_path):
    try:
        result = disks.disks_run_full(5, seed=1, folder=tmp_path, say=lambda words: None)
    except disks.NoSmallDisk as error:
        lacking("disk", str(error))
    assert (result["count"], result["failures"]) == (5, 0), result["words"]


def test_a_reader_that_shows_damage_is_counted(tmp_path, monkeypatch):
    """The counts can fail: without the comparison every flipped bit would be shown."""
    from scalebridge.workspace.guard import Guard

    monkeypatch.setattr(Guard, "check", lambda self, key, data: None)
    result = images.deletions(3, seed=1, folder=tmp_path, say=lambda words: None)
    assert result["failures"] == 3


def test_the_full_counts_are_those_that_are_promised():
    full = Counter({count.__name__: number for count, number in images.COUNTS})
    assert full == {
        "kills_during_import": 100,
        "flipped_bits": 300,
        "truncations": 100,
        "deletions": 50,
        "flipped_metadata": 50,
        "disks_run_full": 30,
    }


def test_the_page_tells_counts_and_failures_and_a_finished_count_is_not_repeated(
    tmp_path, monkeypatch
):
    asked = []

    def sound(count, *, seed, folder, say):
        asked.append(count)
        (folder / "left").touch()
        return {"what": "sound | things", "count": count, "failures": 0, "words": "all"}

    def broken(count, *, seed, folder, say):
        return {"what": "broken", "count": count, "failures": ["a", "b"], "words": "two"}

    monkeypatch.setattr(page, "counts", lambda: iter([(sound, 40)]))
    monkeypatch.setattr(page, "RECORDS", "not_there")
    given = ["--output", str(tmp_path / "page.md"), "--work", str(tmp_path / "work")]
    assert page.main([*given, "--share", "0.1"]) == 0
    assert page.main([*given, "--share", "0.1"]) == 0
    assert asked == [4]
    assert "none ended other than" in (tmp_path / "page.md").read_text()
    monkeypatch.setattr(page, "counts", lambda: iter([(sound, 40), (broken, 3)]))
    assert page.main(given) == 1
    text = (tmp_path / "page.md").read_text()
    assert "43 times" in text
    assert "| broken | 3 | 2 | two |" in text
    assert json.loads(next((tmp_path / "work").glob("*broken*")).read_text())[0]["count"] == 3
