"""Rates of removal: the numbers that are known, and the refusal of those that are not."""

from __future__ import annotations

import numpy as np
import pytest

from scalebridge.analysis.targeting import (
    removal_rate,
    removal_rates,
    sputter_rate,
    sputter_yield,
)
from scalebridge.errors import UnknownRate


@pytest.mark.parametrize(
    ("rate", "molar_mass", "density", "atoms"),
    [(0.37, 26.98, 2.70, 3.57), (1.8, 196.97, 19.3, 17.0)],
)
def test_rates_of_metals_are_those_of_their_sputter_yields(
    rate, molar_mass, density, atoms, reference
):
    found = sputter_yield(rate, molar_mass=molar_mass, density=density)
    what = f"atoms per ion at {rate} µm³/nC and {density} g/cm³"
    reference(what, found, atoms, rel=1e-2, source="definition")
    back = sputter_rate(found, molar_mass=molar_mass, density=density)
    assert back == pytest.approx(rate, rel=1e-12)


def test_a_rate_from_charges_and_densities_is_the_one_from_first_principles():
    elementary, avogadro = 1.602176634e-19, 6.02214076e23
    ions_per_nC = 1e-9 / elementary
    volume_cm3 = 2.15 * 28.085 / avogadro / 2.33
    assert sputter_rate(2.15, molar_mass=28.085, density=2.33) == pytest.approx(
        ions_per_nC * volume_cm3 * 1e12, rel=1e-5
    )


def test_a_beam_removes_in_proportion_to_its_current():
    slow, fast = (removal_rate("gallium FIB", "Si", current_nA=c) for c in (6.5, 65))
    assert fast.um3_per_s == pytest.approx(10 * slow.um3_per_s)
    assert fast.um3_per_s == pytest.approx(9.75)


def test_every_row_says_where_it_is_from_and_whether_that_was_checked():
    table = removal_rates()
    assert table["source"].str.len().min() > 10
    unsure = table[~table["checked"]]
    assert set(unsure["method"]) == {"plasma FIB", "polishing"}
    assert "not checked" in removal_rate("plasma FIB", "Si", current_nA=1000).statement
    assert "not checked" not in removal_rate("gallium FIB", "Si", current_nA=65).statement


def test_a_pulsed_rate_is_the_most_that_was_reached():
    steel = removal_rate("femtosecond laser", "stainless steel")
    assert (steel.um3_per_s, steel.upper_bound, steel.sigma_ln) == (2e6, True, 1.0)
    rates = [removal_rate("femtosecond laser", name).um3_per_s for name in ("PZT", "PMMA")]
    assert rates == [1.5e7, 5e7]


@pytest.mark.parametrize(
    ("method", "material", "words"),
    [
        ("gallium FIB", "kryptonite", r"the table has Al, Si, Cr, SiO2, Si3N4, Au\): add a row"),
        ("polishing", "Si", "no rate is known for polishing of Si"),
        ("teeth", "Si", "the table has no material"),
    ],
)
def test_what_nobody_knows_is_refused_and_not_guessed(method, material, words):
    with pytest.raises(UnknownRate, match=words):
        removal_rate(method, material, current_nA=65)


def test_an_edited_table_is_believed():
    table = removal_rates()
    table.loc[table["method"] == "polishing", ["rate", "sigma_ln"]] = (2.0, 0.3)
    table.loc[len(table)] = ["gallium FIB", "ice", 5.0, "µm³/nC", 0.2, False, "my own", True]
    ice = removal_rate("gallium FIB", "ice", current_nA=2, rates=table)
    assert (ice.um3_per_s, ice.sigma_ln, ice.checked) == (10.0, 0.2, True)
    polished = removal_rate("polishing", "Si", face_um2=3000, rates=table)
    assert polished.um3_per_s == pytest.approx(100.0)
    assert np.isnan(removal_rates().iloc[-1]["rate"])  # the shipped table is not touched


@pytest.mark.parametrize("current", [None, 0, -1, np.nan])
def test_a_beam_without_current_has_no_rate(current):
    with pytest.raises(ValueError, match="current_nA needs a value above 0"):
        removal_rate("gallium FIB", "Si", current_nA=current)
