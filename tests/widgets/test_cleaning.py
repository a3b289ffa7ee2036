"""What the sliders choose beside thresholds: kept in the record, seen, and done headless."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from traitlets import TraitError

from scalebridge import SegmentationSliders, SliceExplorer, TargetPicker, Workspace
from scalebridge.analysis.segmentation import SegmentationRecipe, segment
from scalebridge.errors import ReadOnly, SegmentationCancelled, UnusableRecord
from scalebridge.guides import phase_results, segmentations_to_measure
from scalebridge.widgets.cleaning_view import cleaning_section
from scalebridge.widgets.phase_record import recipe_of
from scalebridge.widgets.scene import sample_on
from scalebridge.widgets.views import Message

sys.path.insert(0, str(Path(__file__).parent))
from specimens import write

SPACING = (0.4, 0.25, 0.25)
CHOICES: dict[str, dict[str, Any]] = {
    "hysteresis": {"method": "hysteresis", "seed_rise": 12.0, "connectivity": 26},
    "local": {"method": "local", "window": 4.0, "thresholds": (15.0,)},
    "open and close": {"opening_radius": 0.6, "closing_radius": 0.4},
    "cut": {"split_depth": 0.3, "smoothing_px": 0.8, "min_size_px": 20},
    "everything": {
        "method": "hysteresis",
        "seed_rise": 10.0,
        "smoothing_px": 0.7,
        "opening_radius": 0.3,
        "closing_radius": 0.3,
        "min_size_px": 15,
        "fill_holes": True,
        "split_depth": 0.3,
    },
}


def balls(shape: tuple[int, ...] = (30, 44, 52)) -> np.ndarray:
    """Touching bright balls in a dark matrix that brightens along x."""
    rng = np.random.default_rng(5)
    axes = np.stack(np.indices(shape), -1) * np.array(SPACING)[-len(shape) :]
    size = np.array(shape) * np.array(SPACING)[-len(shape) :]
    inside = np.zeros(shape, bool)
    for _ in range(25):
        centre, radius = rng.uniform(0, size), rng.uniform(0.8, 1.7)
        inside |= ((axes - centre) ** 2).sum(-1) < radius**2
    grey = 60 + 90 * inside + 2 * axes[..., -1] + rng.normal(0, 9, shape)
    return np.clip(grey, 0, 255).astype(np.uint8)


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Any]:
    with Workspace.create(tmp_path / "cleaning") as ws:
        write(ws, "balls", balls(), spacing_um=SPACING)
        yield ws


def chosen(ws: Any, name: str) -> SegmentationSliders:
    return SegmentationSliders(ws, "balls", **{"thresholds": (110.0,), **CHOICES[name]})


@pytest.mark.parametrize("name", CHOICES)
def test_what_is_chosen_stands_in_the_record_and_is_taken_up_again(ws: Any, name: str) -> None:
    sliders = chosen(ws, name)
    record = sliders.save("phases")
    with Workspace.open(ws.path) as other:
        standing = other.segmentations["phases"]
        again = SegmentationSliders(other, "balls", record="phases")
        assert recipe_of(standing) == sliders.recipe() == again.recipe()
        assert again.saved
        assert standing.method == sliders.method == record.method
    sliders.opening_radius = 0.9
    assert not sliders.saved
    sliders.undo()
    assert sliders.saved


@pytest.mark.parametrize("name", CHOICES)
def test_a_label_image_is_what_the_headless_run_segments(ws: Any, name: str) -> None:
    sliders = chosen(ws, name)
    sliders.save("phases")
    said: list[tuple[int, int]] = []
    made = sliders.apply(progress=lambda done, total: said.append((done, total)))
    expected = segment(balls(), recipe=sliders.recipe(), spacing_um=SPACING)
    np.testing.assert_array_equal(made.array(), expected)
    assert made.name == "balls_phases"
    assert made.labels
    assert made.spacing_um == SPACING
    assert made.frame == ws.images["balls"].frame
    assert said[-1][0] == said[-1][1]
    assert 0 < expected.mean() < 1


@pytest.mark.parametrize("name", ["local", "everything"])
def test_the_headless_measurement_is_of_the_same_labels(ws: Any, name: str) -> None:
    sliders = chosen(ws, name)
    sliders.threshold_uncertainty = (2.0,)
    sliders.name_phases("matrix", "ball")
    sliders.save("phases")
    (settings,) = segmentations_to_measure(ws)
    found = phase_results(ws, settings)
    np.testing.assert_array_equal(found.found.labels, sliders.apply().array())


def test_a_script_in_another_process_writes_the_same_bytes(ws: Any) -> None:
    sliders = chosen(ws, "everything")
    sliders.save("phases")
    here = sliders.begin_apply().result(60)
    script = (
        "import sys, scalebridge\n"
        "with scalebridge.Workspace.open(sys.argv[1]) as ws:\n"
        "    scalebridge.SegmentationSliders(ws, 'balls', record='phases').apply('again')\n"
    )
    subprocess.run([sys.executable, "-c", script, str(ws.path)], check=True, timeout=120)
    there = ws.images["again"]
    for level in range(len(here.levels)):
        assert here.array(level).tobytes() == there.array(level).tobytes()
    chunks = [
        {p.relative_to(i.folder): p.read_bytes() for p in i.folder.rglob("c/**/*") if p.is_file()}
        for i in (here, there)
    ]
    assert chunks[0]
    assert chunks[0] == chunks[1]


def test_a_record_from_before_is_done_as_before(ws: Any) -> None:
    """No word of a recipe: thresholds, Gaussian, small pieces by faces, holes."""
    ws.segmentations.add(
        name="old",
        image="balls",
        thresholds=[90.0, 130.0],
        smoothing_px=0.8,
        min_size_px=12,
        parameters={"fill_holes": True, "channel": 0, "time": 0},
        accepted=True,
    )
    made = SegmentationSliders(ws, "balls", record="old").apply()
    given = {"smoothing_px": 0.8, "min_size_px": 12, "fill_holes": True}
    np.testing.assert_array_equal(made.array(), segment(balls(), thresholds=(90, 130), **given))
    plain = SegmentationSliders(ws, "balls", thresholds=(90.0,)).save("plain")
    assert set(plain.parameters) == {"fill_holes", "channel", "time"}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"method": "magic"}, "method needs one of thresholds, hysteresis, local, got 'magic'"),
        ({"parameters": {"recipe": {"erosion": 2}}}, "got erosion: a newer program"),
        ({"parameters": {"recipe": {"opening_radius": -1}}}, "opening_radius needs 0 or more"),
        ({"parameters": {"recipe": 7}}, "recipe needs names and values, got 7"),
    ],
)
def test_a_record_that_cannot_be_done_is_refused_and_not_half_done(
    ws: Any, fields: Any, words: str
) -> None:
    ws.segmentations.add(name="odd", image="balls", thresholds=[90.0], accepted=True, **fields)
    for attempt in (
        lambda: SegmentationSliders(ws, "balls", record="odd"),
        lambda: segmentations_to_measure(ws, segmentation="odd"),
    ):
        with pytest.raises(UnusableRecord, match=words):
            attempt()


@pytest.mark.parametrize("name", ["open and close", "local"])
def test_preview_is_what_the_headless_run_gets(ws: Any, name: str) -> None:
    sliders = chosen(ws, name)
    explorer = sliders.explorer
    explorer.look_at({"z_um": 6.0, "y_um": 5.0, "x_um": 6.0}, width_um=4.0)
    labels = segment(balls(), recipe=sliders.recipe(), spacing_um=SPACING)
    points = explorer.plane().points(64, 48)
    seen = sample_on(sliders.preview(64)[1], explorer.plane(), points).values
    index = np.floor(points / SPACING + 0.5).astype(int)
    np.testing.assert_array_equal(seen, labels[tuple(np.moveaxis(index, -1, 0))])


def test_going_local_and_back_leaves_the_thresholds_where_they_are_seen(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "balls")
    sliders.suggest()
    before = sliders.settings()
    sliders.method = "local"
    (local,) = sliders.thresholds
    assert abs(local) < 60
    assert sliders.threshold_uncertainty == ()  # that was of other grey values
    assert sliders.window == pytest.approx(25 * 0.25, rel=0.05)
    assert sliders.sample().mean() == pytest.approx(0, abs=2)
    shares = sliders.fractions()["fraction"]
    assert 0.02 < shares[1] < 0.5
    assert sliders.undo() == "change method"
    assert sliders.settings() == before
    sliders.redo()
    sliders.method = "thresholds"
    assert sliders.thresholds == pytest.approx(before["thresholds"])
    sliders.method = "local"
    sliders.suggest()
    assert -20 < sliders.thresholds[0] < 60
    assert len(sliders.threshold_uncertainty) == 1


@pytest.mark.parametrize(
    ("trait", "value"),
    [
        ("method", "magic"),
        ("seed_rise", -1.0),
        ("window", 0.0),
        ("opening_radius", float("nan")),
        ("closing_radius", -0.1),
        ("split_depth", -1.0),
        ("split_phase", 5),
        ("connectivity", 8),
        ("length_unit", "mm"),
    ],
)
def test_bad_choice_is_refused_at_assignment(ws: Any, trait: str, value: Any) -> None:
    sliders = SegmentationSliders(ws, "balls", thresholds=(110.0,))
    before = getattr(sliders, trait)
    with pytest.raises(TraitError):
        setattr(sliders, trait, value)
    assert getattr(sliders, trait) == before


def test_an_image_without_voxel_size_counts_in_voxels(ws: Any) -> None:
    write(ws, "plain", balls(), spacing_um=None, spacing_source=None)
    sliders = SegmentationSliders(ws, "plain", thresholds=(110.0,), opening_radius=1.5)
    assert sliders.length_unit == "px"
    with pytest.raises(TraitError, match="length_unit needs px while plain has no voxel size"):
        sliders.length_unit = "um"
    sliders.save("phases")
    made = sliders.apply()
    recipe = SegmentationRecipe((110.0,), opening_radius=1.5)
    np.testing.assert_array_equal(made.array(), segment(balls(), recipe=recipe))
    assert not made.calibrated


def test_a_channel_and_moment_are_segmented_that_were_looked_at(ws: Any) -> None:
    several = np.stack([255 - balls((44, 52)), balls((44, 52))])
    write(ws, "two", several, axes="cyx", spacing_um=(0.25, 0.25))
    sliders = SegmentationSliders(ws, "two", thresholds=(110.0,), threshold_uncertainty=(1.0,))
    sliders.explorer.layers[0].channel = 1
    sliders.name_phases("matrix", "ball")
    sliders.save("phases")
    expected = segment(several[1], thresholds=(110,))
    np.testing.assert_array_equal(sliders.apply().array(), expected)
    (settings,) = segmentations_to_measure(ws)
    np.testing.assert_array_equal(phase_results(ws, settings).found.labels, expected)


def left(ws: Any) -> list[str]:
    return sorted(path.name for path in (ws.path / "images").iterdir())


def test_a_cancelled_one_leaves_nothing(ws: Any) -> None:
    sliders = chosen(ws, "everything")
    sliders.save("phases")
    before, state = left(ws), ws.state
    said: list[int] = []
    for stop_at in (0.0, 0.4, 0.99):
        said.clear()

        def tell(done: int, total: int, stop_at: float = stop_at) -> None:
            said.append(int(done > stop_at * total))

        with pytest.raises(SegmentationCancelled, match="nothing of it is left"):
            sliders.apply(progress=tell, cancelled=lambda: bool(said[-1]))
        assert left(ws) == before
    assert ws.state == state
    assert "balls_phases" not in ws.images


def test_the_background_can_be_stopped_and_asked(ws: Any) -> None:
    sliders = chosen(ws, "everything")
    sliders.save("phases")
    before, reached, go_on = left(ws), threading.Event(), threading.Event()
    job = sliders.begin_apply()

    def hold(_: Any) -> None:
        reached.set()
        go_on.wait(20)

    job.listen(hold)
    assert reached.wait(20)
    stopper = threading.Thread(target=job.cancel)
    stopper.start()
    while "stopping" not in job.words() and job.state == "running":
        time.sleep(0.01)
    go_on.set()
    stopper.join(20)
    if job.state == "cancelled":  # else it was done before it was asked
        assert left(ws) == before
        with pytest.raises(SegmentationCancelled):
            job.result()
    assert job.state == "cancelled"
    assert sliders.begin_apply().result(60).name == "balls_phases"


def test_applying_what_is_not_saved_or_has_its_name_taken_is_refused(ws: Any) -> None:
    sliders = chosen(ws, "cut")
    with pytest.raises(ValueError, match="apply needs a record of what is seen: save first"):
        sliders.apply()
    sliders.save("phases")
    sliders.apply()
    with pytest.raises(ValueError, match="images already has 'balls_phases'"):
        sliders.apply()
    assert sliders.apply("another").name == "another"
    with pytest.raises(ValueError, match="images already has 'balls_phases'"):
        sliders.begin_apply().result(30)
    with Workspace.open(ws.path, as_of=ws.state) as past:
        opened = SegmentationSliders(past, "balls", record="phases")
        with pytest.raises(ReadOnly):
            opened.apply("third")


def test_labels_say_what_they_are(ws: Any) -> None:
    sliders = chosen(ws, "hysteresis")
    sliders.name_phases("matrix", "ball", colors=("#999999", "#E69F00"))
    record = sliders.save("phases")
    said = sliders.apply().metadata["segmentation"]
    assert said["record"] == "phases"
    assert said["record_version"] == record.version
    assert said["connectivity"] == 26
    assert [(p["name"], p["color"]) for p in said["phases"]] == [
        ("matrix", "#999999"),
        ("ball", "#E69F00"),
    ]


def test_the_controls_write_no_threshold_that_nobody_moved(ws: Any) -> None:
    unseen, seen = (SegmentationSliders(ws, "balls") for _ in range(2))
    seen.view()
    for sliders in (unseen, seen):
        sliders.set_threshold(110.0, 150.0)
        sliders.method = "local"  # differences: far below what the present controls span
    assert seen.thresholds == unseen.thresholds
    seen.set_threshold(-90.0, 9000.0)
    assert seen.thresholds == (-90.0, 9000.0)


def test_labels_lie_over_their_image_in_the_colours_of_their_phases(ws: Any) -> None:
    sliders = chosen(ws, "hysteresis")
    sliders.name_phases("matrix", "ball")
    sliders.save("phases")
    labels = sliders.apply()
    picker = TargetPicker(ws, "balls")  # shows whatever stands in the frame
    below, over = picker.explorer.layers
    assert (below.image, over.image) == ("balls", labels.name)
    assert [phase["name"] for phase in over.phases] == ["ball"]  # the matrix stays clear
    assert over.opacity < 1
    alone = SliceExplorer(ws, [labels.name])
    assert alone.layers[0].opacity == 1


def test_shares_of_the_whole_image_are_counted_after_cleaning(ws: Any) -> None:
    sliders = chosen(ws, "everything")
    sliders.threshold_uncertainty = (4.0,)
    table = sliders.whole_fractions()
    for column, threshold in (("fraction", 110), ("lower", 118), ("upper", 102)):
        labels = segment(
            balls(), recipe=sliders.recipe(), thresholds=(threshold,), spacing_um=SPACING
        )
        assert table[column][1] == pytest.approx(labels.mean(), abs=1e-12)
    assert table["lower"][0] < table["fraction"][0] < table["upper"][0]
    assert sliders.begin_fractions().result(60).equals(table)


def test_the_page_shows_a_sample_first_and_then_the_whole_image(ws: Any) -> None:
    from scalebridge.widgets.whole_view import WholeShares

    sliders = chosen(ws, "open and close")
    shares = WholeShares(sliders)
    shares.ask()
    assert shares.job is None  # nobody looks: a headless run shows the same each time
    assert "on a sample, before smoothing and cleaning" in shares.widget.value
    shares.watch()
    first = shares.job
    assert first is not None
    assert "on a sample, before smoothing and cleaning" in shares.widget.value
    sliders.set_threshold(120.0)
    shares.ask()  # newest wins
    second = shares.job
    assert second is not None
    assert second is not first
    with pytest.raises(SegmentationCancelled):
        first.result(30)
    exact = second.result(60)
    while "on the whole image, after smoothing and cleaning" not in shares.widget.value:
        time.sleep(0.02)
    assert f"{100 * exact['fraction'][1]:.3g}"[:4] in shares.widget.value
    shares.ask()
    assert shares.job is second  # nothing new: nothing is counted again


def test_a_browser_that_tells_something_starts_the_count(ws: Any) -> None:
    from scalebridge.widgets.phase_panel import PhasePanel

    seen: list[int] = []
    sliders = chosen(ws, "open and close")
    panel = PhasePanel(sliders, guard=Message().guard, seen=lambda: seen.append(1))
    assert not seen
    panel._handle_custom_msg({"kind": "hello", "missing": []}, [])
    assert seen


def test_the_controls_change_the_settings_and_the_image_is_labelled_behind_them(ws: Any) -> None:
    import ipywidgets as ipw

    sliders = SegmentationSliders(ws, "balls", thresholds=(110.0,))
    view = sliders.view()
    found: dict[str, Any] = {}

    def look(part: Any) -> None:
        found[getattr(part, "description", "") or part.model_id] = part
        for child in getattr(part, "children", ()):
            look(child)

    look(view)
    found["open [µm]"].value = 0.6
    assert sliders.opening_radius == 0.6
    found["parted by"].value = "hysteresis"
    assert sliders.method == "hysteresis"
    assert found["rise [grey value]"].layout.display != "none"
    assert found["surroundings [µm]"].layout.display == "none"
    found["touching by"].value = 26
    assert sliders.connectivity == 26
    (section,) = (
        part
        for part in found.values()
        if isinstance(part, ipw.Accordion) and part.get_title(0) == "Cleaning"
    )
    assert section.selected_index is None
    assert found["apply"].disabled
    sliders.save("phases")
    assert not found["apply"].disabled
    found["apply"].click()
    deadline = time.monotonic() + 60
    while "balls_phases" not in ws.images and time.monotonic() < deadline:
        time.sleep(0.05)
    expected = segment(balls(), recipe=sliders.recipe(), spacing_um=SPACING)
    np.testing.assert_array_equal(ws.images["balls_phases"].array(), expected)


def test_controls_and_words_speak_of_micrometres_with_the_voxels_in_brackets(ws: Any) -> None:
    sliders = SegmentationSliders(ws, "balls", thresholds=(110.0,))
    size = control(sliders, "smallest [µm³]")
    size.value = 0.51  # a voxel is 0.025 µm³
    assert sliders.min_size_px == 21
    assert size.value == pytest.approx(0.525)
    sliders.min_size_px = 40
    assert size.value == pytest.approx(1.0)
    control(sliders, "smooth [px]").value = 0.8  # its voxels are no cubes
    assert sliders.smoothing_px == 0.8
    assert sliders.cleaning_words() == "Gaussian 0.8 px; pieces under 1 µm³ (40 px) merged"


def test_smoothing_is_told_in_micrometres_where_voxels_are_cubes(ws: Any) -> None:
    write(ws, "cubes", balls()[:, :40, :40], spacing_um=(0.2, 0.2, 0.2))
    sliders = SegmentationSliders(ws, "cubes", thresholds=(110.0,))
    control(sliders, "smooth [µm]").value = 0.3
    assert sliders.smoothing_px == pytest.approx(1.5)
    assert sliders.cleaning_words() == "Gaussian 0.3 µm (1.5 px)"
    write(ws, "unknown", balls(), spacing_um=None, spacing_source=None)
    counted = SegmentationSliders(ws, "unknown", thresholds=(110.0,), min_size_px=9)
    assert control(counted, "smallest [px]").value == 9
    assert counted.cleaning_words() == "pieces under 9 px merged"


def control(sliders: Any, words: str) -> Any:
    """The field of the cleaning section with that description."""
    (rows,) = cleaning_section(sliders, Message()).children
    (found,) = (part for part in rows.children if getattr(part, "description", "") == words)
    return found
