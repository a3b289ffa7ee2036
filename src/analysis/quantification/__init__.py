"""What the phases measure: volume, surface, topology, sizes, with 95 % intervals and checks."""

from __future__ import annotations

from .audit import Audit, AuditRow, FinePhantom, audit, geometry_truth
from .centre_lines import Skeleton, skeleton
from .chords import ChordLengths, chord_lengths
from .class_variation import class_parts, measure_classes
from .connectivity import Connectivity, connectivity_of
from .correlation import TwoPointCorrelation, two_point_correlation
from .curvature import Curvature, SurfaceCurvature, curvature, curvature_of_grey
from .directions import LineDirections, line_directions
from .distance import distance_transform
from .euler import euler_density, euler_number
from .inner_box import largest_box_inside
from .interfaces import interface_table, triple_line_table
from .measure import GeometryMeasurements, measure
from .measurement import Check, Measurement, measurement_from_parts
from .objects import contact_table, label_objects, object_table
from .path_length import PathLength, path_length
from .phase_measurements import PhaseMeasurements
from .phase_quantities import QUANTITIES, Quantity
from .phases import measure_phases
from .pore_sizes import MEANINGS, PoreSizes, pore_bodies, pore_sizes
from .porosimetry import Porosimetry, porosimetry
from .profiles import axis_profile, depth_profile
from .random_medium import Medium, correlation_length_um
from .representative import RepresentativeVolume, representative_volume
from .sampling_error import FieldScatter, field_scatter, sampling_uncertainty
from .size_distribution import SizeDistribution, edge_weights, size_distribution
from .surface import Surface, crossings_per_length, mean_chord_um, surface, surface_of_grey
from .thickness import local_thickness
from .volume import area_um2, phase_fractions, volume_fraction, volume_um3
from .widest_path import critical_diameter_um, percolation_threshold

__all__ = [
    "MEANINGS",
    "QUANTITIES",
    "Audit",
    "AuditRow",
    "Check",
    "ChordLengths",
    "Connectivity",
    "Curvature",
    "FieldScatter",
    "FinePhantom",
    "GeometryMeasurements",
    "LineDirections",
    "Measurement",
    "Medium",
    "PathLength",
    "PhaseMeasurements",
    "PoreSizes",
    "Porosimetry",
    "Quantity",
    "RepresentativeVolume",
    "SizeDistribution",
    "Skeleton",
    "Surface",
    "SurfaceCurvature",
    "TwoPointCorrelation",
    "area_um2",
    "audit",
    "axis_profile",
    "chord_lengths",
    "class_parts",
    "connectivity_of",
    "contact_table",
    "correlation_length_um",
    "critical_diameter_um",
    "crossings_per_length",
    "curvature",
    "curvature_of_grey",
    "depth_profile",
    "distance_transform",
    "edge_weights",
    "euler_density",
    "euler_number",
    "field_scatter",
    "geometry_truth",
    "interface_table",
    "label_objects",
    "largest_box_inside",
    "line_directions",
    "local_thickness",
    "mean_chord_um",
    "measure",
    "measure_classes",
    "measure_phases",
    "measurement_from_parts",
    "object_table",
    "path_length",
    "percolation_threshold",
    "phase_fractions",
    "pore_bodies",
    "pore_sizes",
    "porosimetry",
    "representative_volume",
    "sampling_uncertainty",
    "size_distribution",
    "skeleton",
    "surface",
    "surface_of_grey",
    "triple_line_table",
    "two_point_correlation",
    "volume_fraction",
    "volume_um3",
]
