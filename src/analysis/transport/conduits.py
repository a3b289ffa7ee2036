"""The network as openpnm takes it: open at two ends, each conduit with its sizes and shape."""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import MissingPackage

_SHAPES = "pyramids_and_cuboids"
_LEAST = 0.01  # of the way between two pores, that either has for its own at least


def conduits(
    sizes: Mapping[str, NDArray[Any]],
    first: NDArray[np.bool_],
    last: NDArray[np.bool_],
    outside: NDArray[np.bool_],
) -> Any:
    """Return openpnm's network of the pores that the first end reaches.

    Parameters
    ----------
    sizes : mapping of str to ndarray
        As of `sizes_of`.
    first, last : ndarray of bool, (n,)
        Which pores stand for the outside at the two ends.
    outside : ndarray of bool, (n,)
        Which do at any side; those at neither end are left out.

    Raises
    ------
    MissingPackage
        openpnm is not installed.
    """
    openpnm = flow_package()
    with quiet():
        network = openpnm.network.Network()
        network.update(sizes)
        network["pore.all"] = np.ones(len(first), bool)
        network["throat.all"] = np.ones(len(sizes["throat.conns"]), bool)
        network["pore.first"], network["pore.last"] = first, last
        network["pore.capacity"] = np.where(outside, 0.0, sizes["pore.region_volume"])
        sides = np.flatnonzero(outside & ~first & ~last)
        if len(sides):
            openpnm.topotools.trim(network=network, pores=sides)
        if network.Nt:
            _shaped(openpnm, network)
    return network


def flow_package() -> Any:
    """Return openpnm, or say what installs it."""
    try:
        with quiet():
            import openpnm
    except ImportError as error:
        raise MissingPackage(
            error.name or "openpnm", extra="pores", purpose="what a pore network conducts"
        ) from error
    return openpnm


def conduit_words() -> str:
    """Say which shapes the conduits have, and by whose version."""
    return f"{_SHAPES.replace('_', ' ')} of openpnm {flow_package().__version__}"


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Keep the package's bars and notes out of a notebook."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with contextlib.redirect_stderr(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _shaped(openpnm: Any, network: Any) -> None:
    """Give pores and throats their sizes and shapes, and keep what the first end reaches.

    Where one of two overlapping balls holds most of the other, openpnm's half of a conduit has a
    negative length, and conductances of any size and sign come out: it is kept positive.
    """
    network["pore.diameter"] = network["pore.equivalent_diameter"]
    network["throat.diameter"] = network["throat.inscribed_diameter"]
    network["throat.spacing"] = network["throat.total_length"]
    geometry = openpnm.models.geometry
    lengths = getattr(geometry.conduit_lengths, _SHAPES)(network)
    least = _LEAST * np.asarray(network["throat.spacing"])
    whole = lengths.sum(axis=1)
    positive = np.clip(lengths, [1, 0, 1] * least[:, None], (whole - least)[:, None])
    ratio = np.ones_like(lengths)
    ratio[:, ::2] = lengths[:, ::2] / positive[:, ::2]
    for kind in ("hydraulic", "diffusive"):
        factors = getattr(getattr(geometry, f"{kind}_size_factors"), _SHAPES)(network)
        network[f"throat.{kind}_size_factors"] = factors * ratio
    parts = openpnm.models.network.cluster_number(network)
    led = np.isin(parts, np.unique(parts[network["pore.first"]]))
    if led.any() and not led.all():
        openpnm.topotools.trim(network=network, pores=np.flatnonzero(~led))
