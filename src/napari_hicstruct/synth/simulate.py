"""One simulated chromosome by loop extrusion: parameters by seed, contacts, texture, coverage, truth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.synth import layout
from napari_hicstruct.synth.extrusion import Extrusion, extrude, loop_contacts
from napari_hicstruct.synth.layout import Barriers, log_uniform, uniform
from napari_hicstruct.synth.truth import extrusion_candidates, read_truth
from napari_hicstruct.synth.types import FarField, SimulatedMap

_PER_BIN = 8.0  # resolution of the table of contact probabilities


def draw_depth(config: SimulationConfig, seed: int) -> float:
    """The depth (mean count at a distance of one bin) that belongs to this seed."""
    return log_uniform(np.random.default_rng([seed, 1]), config.depth)


def simulate_map(config: SimulationConfig, seed: int) -> SimulatedMap:
    """Simulate one chromosome by loop extrusion.

    Parameters
    ----------
    config : SimulationConfig
        Ranges; the map's own parameters are drawn from them.
    seed : int
        Same seed and configuration, same map.

    Returns
    -------
    SimulatedMap
        Expected contacts without noise, coverage, unmappable bins and the truth read off the expected map.
    """
    rng = np.random.default_rng([seed, 0])
    barriers = layout.draw_barriers(config, rng)
    oe, legs = _extrusion_contacts(config, barriers, rng)
    candidates = extrusion_candidates(legs, oe, barriers, config.resolution)
    del legs
    band, far = finish_band(config, oe, rng, barriers.position)
    bias, masked = layout.draw_bias(config, rng), layout.draw_masked(config, rng)
    truth = read_truth(band, bias, masked, config.resolution, candidates)
    extra = log_uniform(rng, config.overdispersion)
    return SimulatedMap(config.chrom, config.length, config.resolution, band, bias, masked, truth, seed, far, extra)


def _extrusion_contacts(
    config: SimulationConfig, barriers: Barriers, rng: np.random.Generator
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Contacts of a mixture of extruding and unlooped cells, shape (n_diagonals, n_bins), any scale per diagonal.

    Beside them those of the two legs of one factor alone, on the same scale.
    """
    n, n_diagonals, res = config.n_bins, config.n_diagonals, config.resolution
    catch = np.zeros((2, n), np.float32)
    for side, facing in enumerate((barriers.forward, ~barriers.forward)):
        catch[side, barriers.position[facing]] = barriers.strength[facing]
    factors = Extrusion(
        n_lefs=max(4, int(config.length / log_uniform(rng, config.lef_spacing))),
        lifetime=log_uniform(rng, config.processivity) / (2 * res),
        stabilisation=log_uniform(rng, config.stabilisation),
        residence=log_uniform(rng, config.barrier_residence),
    )
    seed = int(rng.integers(2**31))
    bridged, moments = extrude(
        catch,
        factors,
        n_steps=config.n_steps,
        n_snapshots=config.n_snapshots,
        n_diagonals=n_diagonals,
        seed=seed,
    )
    # Below a few bins the chain is not resolved; the sharp contacts of the legs themselves come from `bridged`.
    alpha, soft = uniform(rng, config.loop_exponent), uniform(rng, (2.0, 4.0))
    reach = np.arange(int((n_diagonals + 2) * _PER_BIN)) / _PER_BIN
    table = ((reach**2 + soft**2) ** (-alpha / 2)).astype(np.float32)
    contacts = np.ascontiguousarray(loop_contacts(moments, n, n_diagonals, table, _PER_BIN).T)
    legs = spread(bridged, uniform(rng, config.psf_bins))
    legs *= np.float32(log_uniform(rng, config.leg_contact))
    contacts += legs
    unlooped = uniform(rng, config.unlooped)
    straight = table[(np.arange(n_diagonals) * _PER_BIN).astype(int)][:, None]
    contacts *= np.float32(1 - unlooped)
    contacts += np.float32(unlooped) * straight
    return contacts, legs * np.float32(1 - unlooped)


def spread(band: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Gaussian blur in the plane of the map of a band (``band[d, i]`` is pixel ``(i, i + d)``).

    Along columns of the map it runs over ``d`` at fixed ``i``; along rows over ``(d − 1, i + 1)``.  What would leave
    over the main diagonal is mirrored by the map's symmetry only approximately, which no structure is near enough
    to feel.
    """
    reach = int(np.ceil(3 * sigma))
    offsets = np.arange(-reach, reach + 1)
    weights = np.exp(-(offsets**2) / (2 * sigma**2))
    weights = (weights / weights.sum()).astype(np.float32)
    once = np.zeros_like(band)
    for k, w in zip(offsets, weights, strict=True):
        _add_shifted(once, band, int(k), 0, w)
    twice = np.zeros_like(band)
    for k, w in zip(offsets, weights, strict=True):
        _add_shifted(twice, once, int(k), -int(k), w)
    return twice


def _add_shifted(out: NDArray[np.float32], band: NDArray[np.float32], dd: int, di: int, w: np.float32) -> None:
    """``out[d, i] += w * band[d + dd, i + di]`` where that lies inside."""
    rows, columns = band.shape
    d0, d1 = max(0, -dd), min(rows, rows - dd)
    i0, i1 = max(0, -di), min(columns, columns - di)
    out[d0:d1, i0:i1] += w * band[d0 + dd : d1 + dd, i0 + di : i1 + di]


def finish_band(
    config: SimulationConfig, contacts: NDArray[np.float32], rng: np.random.Generator, sites: NDArray[np.int64]
) -> tuple[NDArray[np.float32], FarField]:
    """Turn contacts of any scale into the expected band, in place: O/E × compartments × texture × distance decay.

    ``sites``: bins at which compartments may change, see :func:`layout.draw_compartments`.
    """
    n_diagonals, n = contacts.shape
    decay = layout.draw_decay(config, rng)
    profile = layout.draw_compartments(config, rng, sites)
    strength = uniform(rng, config.compartment_strength)
    onset = log_uniform(rng, config.compartment_onset) / config.resolution
    texture = layout.roughness(config, contacts.shape, rng)
    if texture is not None:
        contacts *= texture
    slopes = layout.own_slopes(config, rng)
    middle = 200_000 / config.resolution
    for d in range(n_diagonals):
        tilt = np.float32(np.log(max(d, 1) / middle))
        contacts[d, : n - d] *= np.exp(tilt * (slopes[: n - d] + slopes[d:]))
    layout.add_decoys(config, contacts, rng)
    for d in range(n_diagonals):
        row = contacts[d, : n - d]
        row *= np.float32(1 / max(float(row.mean()), 1e-12))
        row *= 1 + np.float32(strength * d / (d + onset)) * profile[: n - d] * profile[d:]
        row *= np.float32(decay[d] / max(float(row.mean()), 1e-12))
        contacts[d, n - d :] = 0
    return contacts, FarField(decay.astype(np.float32), profile, strength, onset)
