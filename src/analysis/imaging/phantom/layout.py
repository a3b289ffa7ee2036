"""How large the specimen is and what each instrument is set to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Layout:
    """One size of the example: specimen, fields of view and voxels.

    Lengths are in um, shapes in pixels, both z, y, x. ``survey_true_um`` is what the survey's
    voxel really measures; its file says ``survey_nominal_um``, one per cent too little.
    """

    block_um: tuple[float, float, float]
    beads_pitch_um: float
    pits: int
    pit_depth_um: tuple[float, float]
    large_pores: int
    large_particles: int
    surface_particles: int
    target_depth_um: tuple[float, float]
    survey_shape: tuple[int, int, int]
    zoom_shape: tuple[int, int, int]
    zoom_below_target_um: float
    zoom_pores: int
    zoom_particles: int
    fib_shape: tuple[int, int, int]
    fib_spacing_um: tuple[float, float, float]
    light_shape: tuple[int, int]
    light_um: float
    sem_shape: tuple[int, int]
    sem_um: float
    eds_shape: tuple[int, int]
    eds_um: float
    survey_nominal_um: float = 5.00
    survey_true_um: float = 5.05
    zoom_um: float = 1.0
    beam_angle_deg: float = 54.0
    sem_tilt_deg: float = 52.0
    thickness_jitter: float = 0.15
    drift_step_um: float = 0.006
    jump_um: float = 0.02


LAYOUTS: dict[str, Layout] = {
    "full": Layout(
        block_um=(650.0, 900.0, 900.0),
        beads_pitch_um=270.0,
        pits=11,
        pit_depth_um=(48.0, 72.0),
        large_pores=95,
        large_particles=320,
        surface_particles=30,
        target_depth_um=(78.0, 100.0),
        survey_shape=(162, 212, 212),
        zoom_shape=(160, 160, 160),
        zoom_below_target_um=25.0,
        zoom_pores=150,
        zoom_particles=170,
        fib_shape=(150, 140, 148),
        fib_spacing_um=(0.20, 0.15, 0.15),
        light_shape=(910, 910),
        light_um=1.25,
        sem_shape=(880, 1080),
        sem_um=1.0,
        eds_shape=(76, 80),
        eds_um=0.25,
    ),
    "small": Layout(
        block_um=(360.0, 540.0, 540.0),
        beads_pitch_um=165.0,
        pits=5,
        pit_depth_um=(34.0, 50.0),
        large_pores=20,
        large_particles=70,
        surface_particles=10,
        target_depth_um=(70.0, 88.0),
        survey_shape=(100, 134, 134),
        zoom_shape=(120, 120, 120),
        zoom_below_target_um=10.0,
        zoom_pores=75,
        zoom_particles=85,
        fib_shape=(100, 105, 110),
        fib_spacing_um=(0.30, 0.20, 0.20),
        light_shape=(470, 470),
        light_um=1.5,
        sem_shape=(460, 540),
        sem_um=1.25,
        eds_shape=(62, 66),
        eds_um=0.30,
    ),
}
