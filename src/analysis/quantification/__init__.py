"""What the phases measure: volume, surface, topology, sizes, with 95 % intervals and checks."""

from __future__ import annotations

from .chords import ChordLengths, chord_lengths
from .connectivity import Connectivity, connectivity_of
from .correlation import TwoPointCorrelation, two_point_correlation
from .directions import LineDirections, line_directions
from .distance import distance_transform
from .euler import euler_density, euler_number
from .measurement import Check, Measurement, measurement_from_parts
from .objects import contact_table, label_objects, object_table
from .phase_quantities import QUANTITIES, Quantity
from .phases import PhaseMeasurements, measure_phases
from .sampling_error import sampling_uncertainty
from .size_distribution import SizeDistribution, edge_weights, size_distribution
from .surface import Surface, crossings_per_length, mean_chord_um, surface, surface_of_grey
from .thickness import local_thickness
from .volume import area_um2, phase_fractions, volume_fraction, volume_um3

__all__ = [
    "QUANTITIES",
    "Check",
    "ChordLengths",
    "Connectivity",
    "LineDirections",
    "Measurement",
    "PhaseMeasurements",
    "Quantity",
    "SizeDistribution",
    "Surface",
    "TwoPointCorrelation",
    "area_um2",
    "chord_lengths",
    "connectivity_of",
    "contact_table",
    "crossings_per_length",
    "distance_transform",
    "edge_weights",
    "euler_density",
    "euler_number",
    "label_objects",
    "line_directions",
    "local_thickness",
    "mean_chord_um",
    "measure_phases",
    "measurement_from_parts",
    "object_table",
    "phase_fractions",
    "sampling_uncertainty",
    "size_distribution",
    "surface",
    "surface_of_grey",
    "two_point_correlation",
    "volume_fraction",
    "volume_um3",
]
