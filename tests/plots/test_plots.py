"""Every plot becomes a picture, says its units and is the same twice."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import pytest
from PIL import Image

import scalebridge.plots as plots

CORNERS = {
    "survey": plots.box_corners([0, 0, 0], [600, 1000, 1200]),
    "survey again": plots.box_corners([0, 0, 0], [600, 1000, 1200]),
    "zoom": plots.box_corners([50, 300, 500], [350, 600, 800]),
    "view": plots.box_corners([0, 380, 560], [0, 500, 720]),
}
MODALITIES = {"survey": "xrm", "zoom": "xrm", "view": "sem"}


def _scales(ground: str = "light") -> Any:
    images = pd.DataFrame(
        {
            "name": ["survey", "fine", "strange"],
            "modality": ["xrm", "FIB-SEM", "neutron"],
            "voxel_um": [4.0, 0.02, 30.0],
            "field_um": [1600.0, 20.0, 9000.0],
        }
    )
    techniques = pd.DataFrame(
        {
            "technique": ["X-ray microscopy", "FIB-SEM", "TEM"],
            "modality": ["xrm", "fibsem", "tem"],
            "resolution_um": [0.5, 0.003, 1e-4],
            "field_um": [5e4, 100.0, 5.0],
        }
    )
    return plots.length_scales(images, techniques=techniques, ground=ground)


def _coverage(ground: str = "light") -> Any:
    return plots.nested_boxes(CORNERS, modalities=MODALITIES, frame="survey", ground=ground)


def _grey(ground: str = "light") -> Any:
    rng = np.random.default_rng(0)
    image = np.concatenate([rng.normal(60, 9, 4000), rng.normal(120, 9, 9000)]).astype(np.uint8)
    return plots.grey_histogram(
        image, thresholds=[88.0], uncertainty=[2.0], phases=["pore", "matrix"], ground=ground
    )


def _landmarks(ground: str = "light") -> Any:
    table = pd.DataFrame(
        {"name": ["a", "b", "c"], "residual_um": [1.0, 2.0, 0.5], "loo_um": [2.0, 5.0, np.nan]}
    )
    return plots.landmark_errors(table, fre_um=1.3, ground=ground)


def _error_map(ground: str = "light") -> Any:
    x, y = np.linspace(0, 1200, 61), np.linspace(0, 900, 46)
    error = 1.0 + np.hypot(x[None] - 400, y[:, None] - 300) / 500
    marks = pd.DataFrame({"name": ["a", "b"], "x_um": [100.0, 700.0], "y_um": [200.0, 500.0]})
    return plots.error_map(
        error, x_um=x, y_um=y, landmarks=marks, target_um=(1000, 700), ground=ground
    )


def _sizes(ground: str = "light") -> Any:
    return plots.size_distribution(np.geomspace(0.5, 9, 60), bins=8, ground=ground)


def _target(ground: str = "light") -> Any:
    return plots.target_views(
        [120, 450, 640],
        covariance_um2=np.diag([4.0, 1.5, 2.5]),
        factor=9.2,
        half_size_um=[5, 10, 10],
        margin_um=[6.2, 3.9, 4.8],
        surface_z_um=95.0,
        name="pit 3",
        ground=ground,
    )


def _series(ground: str = "light") -> Any:
    table = pd.DataFrame(
        {
            "time": [0, 24, 0, 24],
            "value": [0.02, 0.05, 0.2, 0.18],
            "lower": [0.01, 0.04, 0.19, 0.17],
            "upper": [0.03, 0.06, 0.21, 0.19],
            "series": ["pore", "pore", "particle", "particle"],
        }
    )
    return plots.value_over_time(
        table, name="volume fraction", unit="1", time_unit="h", ground=ground
    )


def _compare(ground: str = "light") -> Any:
    table = pd.DataFrame(
        {
            "name": ["porosity", "surface"],
            "value": [0.052, 0.0123],
            "uncertainty": [0.004, 0.0003],
            "truth": [0.0531, 0.0140],
            "unit": ["1", "1/µm"],
        }
    )
    return plots.against_truth(table, ground=ground)


def _meanings(ground: str = "light") -> Any:
    size = np.linspace(1.0, 9.0, 40)
    tables = {}
    for number, name in enumerate(("local_thickness", "porosimetry", "bodies", "chords")):
        share = np.exp(-(((size - 3 - number) / 1.5) ** 2))
        share *= (0.9 if name == "porosimetry" else 1.0) / share.sum()
        tables[name] = pd.DataFrame({"diameter_um": size, "share": share})
    return plots.pore_size_curves(tables, ground=ground)


def _chords(ground: str = "light") -> Any:
    length = np.arange(1, 40) * 0.5
    rows = [
        pd.DataFrame(
            {"axis": axis, "length_um": length, "cumulative_by_number": 1 - np.exp(-length / mean)}
        )
        for axis, mean in (("x", 3.0), ("y", 3.1), ("z", 5.0))
    ]
    means = {"x": 3.0, "y": 3.1, "z": 5.0}
    return plots.chord_distribution(pd.concat(rows), means_um=means, ground=ground)


def _profile(ground: str = "light") -> Any:
    at = np.arange(60) * 0.5
    rows = [
        pd.DataFrame({"axis": axis, "position_um": at, "fraction": 0.3 + slope * at / 30})
        for axis, slope in (("x", 0.0), ("y", 0.02), ("z", 0.4))
    ]
    return plots.phase_profile(pd.concat(rows), ground=ground)


def _two_point(ground: str = "light") -> Any:
    r = np.linspace(0, 12, 40)
    table = pd.DataFrame({"distance_um": r, "s2": 0.16 + 0.24 * np.exp(-r / 2.4)})
    return plots.two_point_curve(table, surface_per_um=0.4, ground=ground)


def _shells(ground: str = "light") -> Any:
    frequency = np.arange(1, 65) / 64
    signal = np.exp(-((4 * frequency) ** 2)) / 0.01
    curve = pd.DataFrame(
        {
            "frequency_per_um": frequency,
            "correlation": signal / (1 + signal),
            "scatter": 0.5 / np.sqrt(64 * frequency),
            "half_bit": 0.17 + 0.2 / np.sqrt(64 * frequency),
            "one_bit": 0.33 + 0.2 / np.sqrt(64 * frequency),
            "full": frequency < 0.8,
        }
    )
    table = pd.DataFrame(
        {
            "criterion": ["half-bit", "one-bit"],
            "resolution_um": [1.6, np.nan],
            "said": ["1.6 µm", "better than Nyquist: the correlation stays above"],
        }
    )
    return plots.shell_correlation_curve(curve, table, ground=ground)


def _drainage(ground: str = "light") -> Any:
    p = np.geomspace(2, 60, 25)
    s = np.minimum(1, (p / 4) ** -1.5)
    one = pd.DataFrame({"pressure_kpa": p, "wetting_saturation": s})
    kept = one.assign(trapping=True, wetting_saturation=0.1 + 0.9 * s)
    fits = pd.concat(one.assign(model=model) for model in ("brooks-corey", "van-genuchten"))
    both = pd.concat([one.assign(trapping=False), kept])
    return plots.capillary_pressure_curve(both, fits=fits, network=one, ground=ground)


def _relative(ground: str = "light") -> Any:
    s = np.linspace(1, 0.1, 12)
    table = pd.DataFrame({"wetting_saturation": s, "wetting": s**4, "non_wetting": (1 - s) ** 2})
    return plots.relative_permeability_curve(table, ground=ground)


ALL: dict[str, Callable[..., Any]] = {
    "shell_correlation_curve": _shells,
    "length_scales": _scales,
    "nested_boxes": _coverage,
    "grey_histogram": _grey,
    "landmark_errors": _landmarks,
    "error_map": _error_map,
    "size_distribution": _sizes,
    "pore_size_curves": _meanings,
    "chord_distribution": _chords,
    "two_point_curve": _two_point,
    "phase_profile": _profile,
    "capillary_pressure_curve": _drainage,
    "relative_permeability_curve": _relative,
    "target_views": _target,
    "value_over_time": _series,
    "against_truth": _compare,
}


def _panels(plot: Any) -> list[Any]:
    import holoviews as hv

    return list(plot) if isinstance(plot, hv.Layout) else [plot]


def _option(panel: Any, name: str, *, backend: str = "matplotlib") -> Any:
    import holoviews as hv

    return hv.Store.lookup_options(backend, panel, "plot").kwargs.get(name)


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def _has_color(pixels: np.ndarray, color: str) -> bool:
    wanted = [int(color[i : i + 2], 16) for i in (1, 3, 5)]
    return bool((np.abs(pixels - wanted).max(axis=2) <= 2).sum() > 20)


@pytest.mark.parametrize("name", ALL)
def test_the_still_of_a_plot_is_a_png_of_the_wanted_width_and_the_same_twice(name: str) -> None:
    first = plots.still(ALL[name](), width_px=640)
    assert first.startswith(b"\x89PNG\r\n\x1a\n")
    assert Image.open(io.BytesIO(first)).size[0] == 640
    assert plots.still(ALL[name](), width_px=640) == first


@pytest.mark.parametrize("name", ALL)
def test_every_axis_of_a_plot_carries_its_unit_and_a_log_axis_says_so(name: str) -> None:
    for panel in _panels(ALL[name]()):
        for axis in "xy":
            label = _option(panel, f"{axis}label")
            named_rows = axis == "y" and label == "" and _option(panel, "yticks")
            assert named_rows or ("[" in label and "]" in label), label
            assert bool(_option(panel, f"log{axis}")) == ("(log scale)" in label)
            assert _option(panel, f"{axis}label", backend="bokeh") == label


@pytest.mark.parametrize("name", ALL)
def test_the_same_plot_can_be_explored_in_bokeh(name: str) -> None:
    import holoviews as hv
    from bokeh.models import Plot

    model = hv.render(ALL[name](), backend="bokeh")
    figures = list(model.select({"type": Plot})) or [model]
    assert figures
    assert all(f.outline_line_color is None for f in figures)
    assert all(f.background_fill_color == plots.LIGHT.paper for f in figures)


def test_sizes_by_meaning_refuse_a_size_without_meaning() -> None:
    with pytest.raises(ValueError, match=r"some of .*porosimetry.* got \['diameter'\]"):
        plots.pore_size_curves({"diameter": pd.DataFrame()})
    with pytest.raises(ValueError, match="nothing to draw"):
        plots.pore_size_curves({"chords": pd.DataFrame()})


def test_drainage_without_network_and_fits_is_drawn_and_an_empty_one_refused() -> None:
    p = np.geomspace(2, 60, 25)
    one = pd.DataFrame({"trapping": False, "pressure_kpa": p, "wetting_saturation": 2 / p})
    assert plots.still(plots.capillary_pressure_curve(one)).startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="at least one row"):
        plots.capillary_pressure_curve(one.iloc[:0])
    table = pd.DataFrame({"wetting_saturation": [1.0], "wetting": [1.0], "non_wetting": [0.0]})
    with pytest.raises(ValueError, match="two saturations or more, got 1"):
        plots.relative_permeability_curve(table)


def test_a_dark_ground_darkens_the_picture_and_keeps_the_colours_of_the_data() -> None:
    light, dark = (_pixels(plots.still(_scales(ground))) for ground in ("light", "dark"))
    assert tuple(light[1, 1]) == (255, 255, 255)
    assert tuple(dark[1, 1]) == (17, 17, 17)
    for pixels in (light, dark):
        assert _has_color(pixels, plots.modality_color("xrm"))
        assert _has_color(pixels, plots.modality_color("fibsem"))


def test_twice_the_width_is_the_same_layout_at_twice_the_resolution() -> None:
    small, large = (plots.still(_error_map(), width_px=w) for w in (700, 1400))
    sizes = [Image.open(io.BytesIO(png)).size for png in (small, large)]
    assert abs(sizes[1][1] - 2 * sizes[0][1]) <= 2
    blurred = [
        np.asarray(
            Image.open(io.BytesIO(png)).convert("L").resize((70, 56), Image.Resampling.BOX), float
        )
        for png in (small, large)
    ]
    assert np.corrcoef(blurred[0].ravel(), blurred[1].ravel())[0, 1] > 0.99


def test_a_matplotlib_figure_keeps_its_proportions_and_tells_no_date() -> None:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(4, 3))
    figure.add_subplot().plot([0, 1], [0, 1])
    picture = Image.open(io.BytesIO(plots.still(figure, width_px=777)))
    assert picture.size == (777, 583)
    assert not set(picture.info) & {"Software", "Creation Time", "date"}
    assert tuple(figure.get_size_inches()) == (4, 3)


def test_still_refuses_what_it_cannot_draw() -> None:
    with pytest.raises(TypeError, match="got str"):
        plots.still("a picture")
    with pytest.raises(ValueError, match="100 to 10000, got 5"):
        plots.still(_series(), width_px=5)


@pytest.mark.filterwarnings("ignore:You passed an edgecolor")
def test_panels_of_one_plot_share_their_scale() -> None:
    import holoviews as hv
    import matplotlib.pyplot as plt

    from scalebridge.plots.stills import _arrange

    for make, columns in ((_coverage, 1), (_target, 2)):
        figure = hv.render(make(), backend="matplotlib")
        _arrange(figure, columns=columns)
        figure.canvas.draw()
        lengths = []
        for ax in figure.axes:
            zero, one = ax.transData.transform([(0, 0), (1, 1)])
            lengths += [abs(one[0] - zero[0]), abs(one[1] - zero[1])]
        plt.close(figure)
        assert np.ptp(lengths) < 0.01 * lengths[0]


def test_a_box_turned_by_45_degrees_casts_the_shadow_of_its_diagonal() -> None:
    from scalebridge.plots.projections import shadow

    cube = plots.box_corners([-1, -1, -1], [1, 1, 1])
    turn = np.array([[1, 0, 0], [0, 1, -1], [0, 1, 1]]) / np.array([[1], [2**0.5], [2**0.5]])
    outline = shadow(cube @ turn.T, "xy")
    assert np.isclose(np.abs(outline).max(), 2**0.5)
    area = 0.5 * abs(
        np.dot(outline[:, 0], np.roll(outline[:, 1], 1))
        - np.dot(outline[:, 1], np.roll(outline[:, 0], 1))
    )
    assert np.isclose(area, 4.0)


def test_a_plane_seen_edge_on_is_a_line_between_its_ends() -> None:
    from scalebridge.plots.projections import shadow

    ends = shadow(plots.box_corners([5, 0, 0], [5, 3, 4]), "xz")
    assert sorted(ends.tolist()) == [[0.0, 5.0], [4.0, 5.0]]


def test_labels_keep_their_distance_and_their_order() -> None:
    from scalebridge.plots.labels import spread

    rng = np.random.default_rng(1)
    for _ in range(50):
        wanted = rng.uniform(0, 10, 12)
        places = spread(wanted, gap=0.7, low=0.0, high=10.0)
        assert np.array_equal(np.argsort(places), np.argsort(wanted))
        assert np.diff(np.sort(places)).min() >= 0.7 - 1e-9
        assert places.min() >= -1e-9
        assert places.max() <= 10 + 1e-9


def test_the_ellipse_of_a_region_holds_the_probability_that_it_claims() -> None:
    from scipy.stats import chi2

    from scalebridge.plots.targets import ellipse_outline

    covariance = np.array([[4.0, 1.2], [1.2, 1.0]])
    outline = ellipse_outline(covariance, factor=chi2.ppf(0.95, 2))
    squares = np.einsum("ni,ij,nj->n", outline, np.linalg.inv(covariance), outline)
    assert np.allclose(squares, chi2.ppf(0.95, 2))


def test_shares_by_number_have_the_binomial_interval_and_by_volume_a_wider_one() -> None:
    from scalebridge.plots.sizes import _shares

    index = np.repeat([0, 1], [30, 70])
    plain = _shares(index, np.ones(100), 2)
    assert np.allclose(plain[:, 0], [30, 70])
    assert np.isclose(plain[0, 2] - plain[0, 0], 196 * (0.3 * 0.7 / 100) ** 0.5)
    heavy = np.where(np.arange(100) == 99, 500.0, 1.0)
    assert _shares(index, heavy, 2)[0, 2] > 2 * _shares(index, heavy, 2)[0, 0]


def test_the_bodies_of_a_histogram_part_at_the_threshold_and_hold_all_counts() -> None:
    from scalebridge.plots.histogram import _bodies, _counts

    image = np.repeat(np.arange(10), 100).astype(np.uint8)
    counts, edges = _counts(image, 256)
    assert counts.tolist() == [100] * 10
    assert edges[0] == -0.5
    dark, bright = _bodies(counts, edges, [3.7], ["#111111", "#222222"])
    assert np.isclose(max(dark.dimension_values("x")), 3.7)
    assert np.isclose(min(bright.dimension_values("x")), 3.7)


def test_a_16_bit_histogram_shows_no_comb() -> None:
    from scalebridge.plots.histogram import _counts

    counts, _ = _counts(np.arange(60_000).astype(np.uint16), 256)
    assert np.unique(counts[:-1]).size == 1


def test_fre_is_called_a_goodness_of_fit_wherever_it_is_written() -> None:
    from scalebridge.plots.landmarks import describe_fit

    texts = [
        str(text)
        for element in _landmarks()
        if type(element).__name__ == "Labels"
        for text in element.dimension_values(2)
    ]
    written = [text for text in [*texts, describe_fit(9.7, 4.8)] if "FRE" in text]
    assert len(written) == 2
    assert all("goodness of fit, not accuracy" in text for text in written)


def test_too_few_landmarks_are_said_in_place_of_an_ellipse() -> None:
    view = plots.target_views(
        [0, 0, 0], covariance_um2=np.eye(3), factor=None, half_size_um=[1, 1, 1]
    )
    texts = [
        str(text)
        for panel in view
        for element in panel
        if type(element).__name__ == "Labels"
        for text in element.dimension_values(2)
    ]
    assert "95 % region: too few to say" in texts
    assert "95 % region" not in texts


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: plots.length_scales(pd.DataFrame({"name": []})), "missing: modality"),
        (lambda: plots.nested_boxes({}, modalities={}), "at least one image"),
        (lambda: plots.nested_boxes({"a": np.zeros((4, 2))}, modalities={}), r"got \(4, 2\)"),
        (lambda: plots.grey_histogram(np.arange(9), thresholds=[5, 3]), "ascend"),
        (lambda: plots.grey_histogram(np.arange(9), thresholds=[5], phases=["a"]), "needs 2 names"),
        (lambda: plots.grey_histogram(np.array([np.nan])), "got none"),
        (lambda: plots.size_distribution(np.array([1.0, 0.0])), "smallest of 0"),
        (
            lambda: plots.size_distribution(np.ones(2), ndim=2, volumes_um3=np.ones(2)),
            "2 and no volumes_um3",
        ),
        (lambda: plots.error_map(np.zeros((2, 3)), x_um=np.arange(2), y_um=np.arange(3)), "shape"),
    ],
)
def test_wrong_input_is_refused_in_words(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()


def test_an_uncertainty_of_zero_cannot_be_compared_with_truth() -> None:
    table = pd.DataFrame(
        {"name": ["x"], "value": [1.0], "uncertainty": [0.0], "truth": [1.0], "unit": ["1"]}
    )
    with pytest.raises(ValueError, match=r"others for \['x'\]"):
        plots.against_truth(table)


def test_more_than_six_series_are_refused() -> None:
    table = pd.DataFrame({"time": range(7), "value": 1.0, "lower": 0.0, "upper": 2.0})
    table["series"] = [f"s{i}" for i in range(7)]
    with pytest.raises(ValueError, match="at most 6 series, got 7"):
        plots.value_over_time(table, name="a", unit="1", time_unit="h")


def test_a_scene_is_drawn_without_a_screen_on_its_ground() -> None:
    picture = plots.scene_picture(
        CORNERS,
        modalities=MODALITIES,
        points_um={"target": np.array([100.0, 450, 650])},
        width_px=600,
        ground="dark",
    )
    pixels = _pixels(picture)
    assert pixels.shape[1] == 600
    assert tuple(pixels[2, 2]) == (17, 17, 17)
    blue = (pixels[..., 2] - pixels[..., 0]) > 40  # the XRM boxes
    assert blue.mean() > 0.005


def test_a_name_with_dollars_and_tags_is_drawn_as_it_is_written() -> None:
    name = r"$\\nonsense$ <img src=x onerror=alert(1)>"
    table = pd.DataFrame({"name": [name], "residual_um": [1.0], "loo_um": [2.0]})
    assert plots.still(plots.landmark_errors(table)).startswith(b"\x89PNG")
    boxes = {name: plots.box_corners([0, 0, 0], [1, 1, 1])}
    assert plots.still(plots.nested_boxes(boxes, modalities={}, frame=name)).startswith(b"\x89PNG")


def test_a_value_without_interval_stays_inside_the_picture() -> None:
    table = pd.DataFrame(
        {"time": [0, 1], "value": [1.0, 9.0], "lower": [0.9, np.nan], "upper": [1.1, np.nan]}
    )
    plot = plots.value_over_time(table, name="depth", unit="µm", time_unit="h")
    assert _option(plot, "ylim")[1] > 9.0


def test_the_label_of_every_image_has_room_on_one_side_of_its_bar() -> None:
    from scalebridge.plots.scales import _room

    images = pd.DataFrame(
        {"name": ["one of a long name"], "modality": [None], "voxel_um": [0.5], "field_um": [900.0]}
    )
    plot = plots.length_scales(images)
    assert max(_room(images.to_dict("records")[0], _option(plot, "xlim"))) > 0


def _texts(panel: Any) -> list[str]:
    import holoviews as hv

    return [
        str(text)
        for labels in panel.traverse(lambda x: x, [hv.Labels])
        for text in labels.dimension_values(2)
    ]


@pytest.mark.parametrize(
    ("surface_z_um", "said", "drawn_at"),
    [(-15.0, "surface", -15.0), (-300.0, "surface 300 µm above", None)],
)
def test_a_surface_far_from_the_target_is_told_and_does_not_shrink_it(
    surface_z_um: float, said: str, drawn_at: float | None
) -> None:
    above, side = plots.target_views(
        [0, 0, 0],
        covariance_um2=np.eye(3),
        factor=9.2,
        half_size_um=[10, 10, 10],
        surface_z_um=surface_z_um,
    )
    assert said in _texts(side)
    low, high = sorted(_option(side, "ylim"))
    assert (low < surface_z_um < high) == (drawn_at is not None)
    assert 20 / (high - low) > 0.3  # the volume takes a good part of the picture
    left, right = _option(above, "xlim")
    assert (left + right) / 2 == pytest.approx(0, abs=0.5)


def test_a_threshold_without_an_uncertainty_is_written_in_full() -> None:
    grey = np.random.default_rng(0).normal(31234, 800, 5000)
    plot = plots.grey_histogram(grey, thresholds=[31234.0], uncertainty=[0.0])
    assert " 31234" in _texts(plot)
    plot = plots.grey_histogram(grey, thresholds=[31234.0], uncertainty=[12.0])
    assert " 31234 ± 12" in _texts(plot)


def test_sizes_in_a_picture_weigh_by_area_not_by_volume() -> None:
    sizes = np.array([1.0] * 100 + [6.0] * 2)  # areas 100 and 72, volumes 100 and 432
    flat, solid = (_texts(plots.size_distribution(sizes, ndim=ndim)) for ndim in (2, 3))
    assert " median by area 1 µm " in flat
    assert " median by volume 6 µm " in solid
