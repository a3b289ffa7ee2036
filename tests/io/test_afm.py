"""AFM files: the channel and not its thumbnail, in the units that the file gives."""

from __future__ import annotations

import struct

import gwyfile
import numpy as np
import pytest
from igor2 import binarywave

from scalebridge.errors import ReadError

from .looking import look, pixels_of

FOLDER = "afm_instrument_files"


def test_a_jpk_channel_has_the_published_sum_and_pixel_size(data):
    file = f"{data / FOLDER / 'sample_0.jpk'}::height trace"
    found = look(file)
    assert (found.shape, len(found.entries)) == ((256, 256), 10)
    assert found.spacing_um == pytest.approx((1.2770176335964876e-3,) * 2)
    assert found.metadata["value_unit"] == "m"
    assert pixels_of(file).sum() * 1e9 == pytest.approx(219242202.8256843)
    other = look(data / FOLDER / "sample_0.jpk-qi-image")
    assert (other.shape, other.spacing_um) == ((100, 100), pytest.approx((5e-3,) * 2))


def test_a_channel_that_is_not_there_is_refused_with_those_that_are(data):
    with pytest.raises(ReadError, match="height trace"):
        look(f"{data / FOLDER / 'sample_0.jpk'}::heigth")


def test_wsxm_lengths_are_read_in_their_own_unit(data):
    assert look(data / FOLDER / "sample_0.top").spacing_um == pytest.approx((0.9765625e-3,) * 2)
    micro = look(data / FOLDER / "sample_1_um_scale.stp")
    assert micro.spacing_um == pytest.approx((3.90625e-3,) * 2)  # "X Amplitude: 2 µm"


def test_a_damaged_wsxm_header_is_refused_and_a_strange_unit_asked_for(data, tmp_path):
    raw = (data / FOLDER / "sample_0.top").read_bytes()
    file = tmp_path / "a.top"
    file.write_bytes(raw.replace(b"X Amplitude: 500 nm", b"X Amplitude: 500 XX"))
    assert look(file).spacing_um is None
    for damaged in (raw[:2000], raw[:-5], raw.replace(b"rows: 512", b"rows: -12")):
        file.write_bytes(damaged)
        with pytest.raises(ReadError):
            look(file)


def word(text):
    return text.encode() + b"\0"


def made_object(name, parts):
    body = b"".join(word(key) + value for key, value in parts.items())
    return word(name) + struct.pack("<I", len(body)) + body


def gwy(values, *, unit="m", xreal=2e-6, off=1e-6, count=None):
    numbers = values.astype("<f8").tobytes()
    si = b"o" + made_object("GwySIUnit", {"unitstr": b"s" + word(unit)})
    field = made_object("GwyDataField", {
        "xres": b"i" + struct.pack("<i", values.shape[1]),
        "yres": b"i" + struct.pack("<i", values.shape[0]),
        "xreal": b"d" + struct.pack("<d", xreal), "yreal": b"d" + struct.pack("<d", 3e-6),
        "xoff": b"d" + struct.pack("<d", off),
        "si_unit_xy": si,
        "data": b"D" + struct.pack("<I", count or values.size) + numbers,
    })  # fmt: skip
    tree = {"/1/data": b"o" + field, "/0/data": b"o" + field, "/0/data/title": b"s" + word("Z")}
    return b"GWYP" + made_object("GwyContainer", tree)


def test_gwyddion_fields_have_their_size_place_and_numbers(tmp_path):
    values = np.arange(12.0).reshape(3, 4)
    (tmp_path / "a.gwy").write_bytes(gwy(values))
    found = look(tmp_path / "a.gwy")
    assert (found.entries, found.channel_names) == (("0", "1"), ("Z",))
    assert found.spacing_um == pytest.approx((1.0, 0.5))
    assert found.origin_um == pytest.approx((0.5, 1.25))
    np.testing.assert_array_equal(pixels_of(f"{tmp_path / 'a.gwy'}::1"), values)


@pytest.mark.parametrize("change", [{"unit": ""}, {"unit": "V"}, {"xreal": 0.0}, {"xreal": -1.0}])
def test_a_gwyddion_size_that_is_no_length_is_asked_for(tmp_path, change):
    (tmp_path / "a.gwy").write_bytes(gwy(np.ones((3, 4)), **change))
    assert look(tmp_path / "a.gwy").spacing_um is None


def test_damaged_gwyddion_files_are_refused_before_anything_is_allocated(data, tmp_path):
    whole, file = gwy(np.ones((3, 4))), tmp_path / "a.gwy"
    for damaged in (whole[:50], whole[: len(whole) // 2], gwy(np.ones((3, 4)), count=2**31)):
        file.write_bytes(damaged)
        with pytest.raises(ReadError, match="damaged Gwyddion file"):
            look(file)
    test = look(data / FOLDER / "test.gwy")  # a toy without a unit
    assert (test.shape, test.spacing_um) == ((128, 128), None)


def test_gwyddion_numbers_are_those_of_gwyfile(data):
    container = gwyfile.load(str(data / FOLDER / "test.gwy"))
    field = next(iter(gwyfile.util.get_datafields(container).values()))
    np.testing.assert_array_equal(pixels_of(data / FOLDER / "test.gwy"), field.data)


def ibw(values, *, unit=b"m", steps=(2e-9, 4e-9), order="<", kind=2):
    """An Igor wave of version 5; `values` are layers, rows, columns."""
    layers, rows, columns = values.shape
    labels = b"".join(name.ljust(32, b"\0") for name in (b"", b"Height", b"Phase"))
    note = b"ScanSize: 1"
    sizes = [320 + 4 * values.size, 0, len(note), 0, *[0] * 4, 0, 0, len(labels), 0, 0, 0, 0]
    head = struct.pack(order + "hh15i", 5, 0, *sizes)
    wave = bytearray(320)
    struct.pack_into(order + "i", wave, 12, values.size)
    struct.pack_into(order + "h", wave, 16, kind)
    struct.pack_into(order + "4i", wave, 68, columns, rows, layers, 0)
    struct.pack_into(order + "2d", wave, 84, *steps)
    struct.pack_into(order + "2d", wave, 116, 1e-6, 0.0)
    wave[152:156], wave[156:160] = unit.ljust(4, b"\0"), unit.ljust(4, b"\0")
    total = sum(struct.unpack(order + "192h", head + bytes(wave)))
    head = head[:2] + struct.pack(order + "H", -total & 0xFFFF) + head[4:]
    return head + bytes(wave) + values.astype(order + "f4").tobytes() + note + labels


@pytest.mark.parametrize("order", ["<", ">"])
def test_an_igor_wave_has_layers_as_channels_and_its_scaling(tmp_path, order):
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    (tmp_path / "a.ibw").write_bytes(ibw(values, order=order))
    found = look(tmp_path / "a.ibw")
    assert (found.axes, found.channel_names) == ("cyx", ("Height", "Phase"))
    assert found.spacing_um == pytest.approx((0.004, 0.002))
    assert found.origin_um == pytest.approx((0.0, 1.0))
    assert found.metadata["note"] == "ScanSize: 1"
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.ibw"), values)


def test_igor_waves_without_lengths_or_numbers_are_asked_for_or_refused(tmp_path):
    values, file = np.ones((2, 3, 4), np.float32), tmp_path / "a.ibw"
    file.write_bytes(ibw(values, unit=b""))
    assert look(file).spacing_um is None
    for damaged in (ibw(values)[:300], ibw(values)[:420], ibw(values, kind=3)):
        file.write_bytes(damaged)
        with pytest.raises(ReadError):
            look(file)


def test_an_igor_wave_is_what_igor2_reads(tmp_path):
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    (tmp_path / "a.ibw").write_bytes(ibw(values))
    wave = binarywave.load(str(tmp_path / "a.ibw"))["wave"]["wData"]
    np.testing.assert_array_equal(pixels_of(tmp_path / "a.ibw"), wave.T)
