from __future__ import annotations

import io
import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from scalebridge.reports.items import (
    ITEM_MIME,
    Check,
    Citation,
    Figure,
    Finding,
    KeyNumber,
    Method,
    Table,
    Text,
    item_from_bundle,
)

EVIL = "<img src=x onerror=alert(1)>"


def grey_picture(width: int = 40, height: int = 30) -> Image.Image:
    return Image.fromarray(np.linspace(0, 255, width * height).reshape(height, width).astype("u1"))


EVERY_KIND = [
    KeyNumber(EVIL, EVIL, 0.25, unit=EVIL, uncertainty=0.01, note=EVIL),
    Figure(grey_picture(), EVIL, name=EVIL),
    Table(pd.DataFrame({EVIL: [EVIL, 1.5, None]}), EVIL, name=EVIL),
    Method(EVIL, [(EVIL, "10.1109/42.736021")]),
    Check(EVIL, None, EVIL),
    Text(EVIL, heading=EVIL),
    Finding(EVIL, level="look"),
]


@pytest.mark.parametrize("item", EVERY_KIND, ids=lambda item: item.kind)
def test_an_item_survives_the_way_through_a_notebook(item):
    bundle = json.loads(json.dumps(item._repr_mimebundle_(), allow_nan=False))
    back = item_from_bundle(bundle)
    assert back is not None
    assert type(back) is type(item)
    assert back.content() == item.content()
    assert back.html() == item.html()


@pytest.mark.parametrize("item", EVERY_KIND, ids=lambda item: item.kind)
def test_text_from_data_is_escaped_in_every_item(item):
    bundle = item._repr_mimebundle_()
    for html in (bundle.get("text/html", ""), str(item.html())):
        assert "<img src=x" not in html
    assert "&lt;img src=x onerror=alert(1)&gt;" in item.html()


def test_a_doi_that_is_no_doi_is_refused():
    with pytest.raises(ValueError, match=r"a DOI looks like 10\.1109/42\.736021, got 'javascript"):
        Citation("A paper", "javascript:alert(1)")


def test_a_doi_with_quotes_cannot_leave_its_attribute():
    html = Citation("A paper", '10.1000/x"onmouseover="alert(1)').html()
    assert '"onmouseover' not in html


def test_an_output_that_claims_to_be_an_item_and_is_none_is_refused():
    with pytest.raises(ValueError, match="run the notebook again"):
        item_from_bundle({ITEM_MIME: {"kind": "script", "text": "alert(1)"}})
    with pytest.raises(ValueError, match="bytes of a PNG"):
        item_from_bundle(
            {
                ITEM_MIME: {"kind": "figure", "name": "a", "caption": "b", "wide": None},
                "image/png": "PHN2Zz4=",
            }
        )
    assert item_from_bundle({"text/html": "<script>alert(1)</script>"}) is None


@pytest.mark.parametrize(
    ("number", "written"),
    [
        (KeyNumber("a", "A", 12.3456, unit="µm", uncertainty=0.034), "12.35 ± 0.03 µm"),
        (KeyNumber("a", "A", 12.3456, unit="µm", interval95=(12.3, 12.4)), "12.35 ± 0.05 µm"),
        (KeyNumber("a", "A", 1.0, unit="µm", interval95=(0.7, 2.1)), "1.00 (0.70 to 2.10) µm"),
        (KeyNumber("a", "A", float("nan"), unit="1", note="too few to say"), "not known"),
        (KeyNumber("a", "A", 3, unit="1"), "3"),
    ],
)
def test_a_key_number_is_written_with_the_decimals_that_its_uncertainty_deserves(number, written):
    assert number.written == written


def test_a_key_number_without_unit_or_without_value_and_reason_is_refused():
    with pytest.raises(ValueError, match=r'unit \("1" for a plain number\) needs a text'):
        KeyNumber("a", "A", 1.0, unit="")
    with pytest.raises(ValueError, match="has no value: say why in note"):
        KeyNumber("a", "A", float("nan"), unit="µm")


def test_the_interval_of_a_key_number_says_whether_it_covers_the_truth():
    number = KeyNumber("a", "A", 1.0, unit="µm", uncertainty=0.1)
    assert number.covers(1.09) is True
    assert number.covers(1.11) is False
    assert KeyNumber("a", "A", 1.0, unit="µm").covers(1.0) is None


@dataclass(frozen=True)
class Measured:
    key: str = "porosity"
    value: float = 0.2
    interval95: tuple[float, float] = (0.18, 0.22)
    uncertainty: float = 0.02
    unit: str = "1"
    convention: str = "voxel counting"


def test_a_measurement_becomes_a_key_number_with_its_convention_as_note():
    number = KeyNumber.of(Measured(), label="Porosity")
    assert (number.key, number.written, number.note) == (
        "porosity",
        "0.20 ± 0.02",
        "voxel counting",
    )


def test_the_same_picture_gives_the_same_bytes():
    import matplotlib.pyplot as plt

    def draw() -> bytes:
        figure, axes = plt.subplots()
        axes.plot([0, 1], [1, 0])
        plt.close(figure)
        return Figure(figure, "A line.", name="line").png

    assert draw() == draw()
    assert (
        Figure(grey_picture(), "Grey.", name="g").png == Figure(grey_picture(), "c", name="h").png
    )


def test_a_holoviews_object_becomes_the_still_picture_of_our_own_theme():
    import holoviews as hv

    from scalebridge.plots import still

    curve = hv.Curve([(0, 1), (1, 0)], "time", "depth")
    assert Figure(curve, "A curve.", name="curve").png == still(curve, width_px=1440)


def test_figures_take_pictures_widgets_and_bytes_and_refuse_the_rest():
    class Widget:
        def snapshot(self) -> Image.Image:
            return grey_picture()

    from_widget = Figure(Widget(), "A widget.", name="w")
    assert from_widget.png == Figure(grey_picture(), "A picture.", name="p").png
    assert Image.open(io.BytesIO(from_widget.png)).size == (40, 30)
    assert Figure(from_widget.png, "Bytes.", name="b").png == from_widget.png
    with pytest.raises(TypeError, match=r"a figure needs a PIL image, .* got list"):
        Figure([1, 2], "A list.", name="l")
    with pytest.raises(ValueError, match="a figure needs the bytes of a PNG file"):
        Figure(b"<svg onload=alert(1)>", "No PNG.", name="s")


def test_large_pictures_twice_as_wide_as_high_use_the_wide_column():
    assert Figure(grey_picture(1200, 500), "c", name="n").is_wide
    assert not Figure(grey_picture(1200, 800), "c", name="n").is_wide
    assert Figure(grey_picture(), "c", name="n", wide=True).is_wide


def test_numbers_of_a_column_share_their_decimals_and_keep_their_value_for_sorting():
    html = Table(pd.DataFrame({"d_um": [1.0, 12.3456, np.nan], "n": [3, 4, 5]}), "Sizes").html()
    assert '<td class="sb-number" data-value="12.3456">12.35</td>' in html
    assert '<td class="sb-number" data-value="1.0">1.00</td>' in html
    assert '<td class="sb-number">–</td>' in html
    assert '<td class="sb-number" data-value="4">4</td>' in html


def test_an_index_with_a_name_is_a_column_and_one_without_is_not():
    rows = pd.DataFrame({"a": [1, 2]})
    assert Table(rows, "c").columns == ["a"]
    assert Table(rows.rename_axis("phase"), "c").columns == ["phase", "a"]


def test_a_long_table_is_cut_and_says_so():
    html = Table(pd.DataFrame({"i": range(501)}), "Rows").html()
    assert "The first 500 of 501 rows." in html
    assert html.count("<tr>") == 501


def test_what_cannot_be_printed_is_replaced_so_that_a_page_can_always_be_written():
    html = Text("a\x00b \udcff \u202eevil", heading="h").html()
    html.encode("utf-8")
    assert "a\ufffdb \ufffd \ufffdevil" in html


def test_findings_and_checks_carry_a_word_beside_their_colour():
    assert "Refused" in Finding("affine", level="refused").html()
    assert 'title="warning"' in Check("enough landmarks", None).html()
    with pytest.raises(ValueError, match="level needs one of information, look, refused"):
        Finding("x", level="ok")  # type: ignore[arg-type]
