"""Loop extrusion in one dimension and the contacts that follow from it (numba).

The lattice is the map's own bins.  A factor (LEF) is a pair of legs on two sites; no site holds two legs and legs
never pass each other, so the loops of one moment are nested or apart, never crossing.  With closed loops the chain is
a cactus graph, and the mean squared distance of two loci of an ideal chain is the graph's effective resistance
between them: along a ring of length ``l`` two points ``x`` apart are ``x (l - x) / l`` from each other, and rings in
series add up.  That gives the effective distance of every pair within the band in constant time per pair.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Sites = NDArray[np.int32]
Flags = NDArray[np.bool_]


F = TypeVar("F", bound=Callable[..., Any])


def jit(function: F) -> F:
    """``numba.njit`` with a disk cache that keeps the function's signature for the type checker."""
    return cast(F, njit(cache=True, nogil=True)(function))


@jit
def _load(k: int, legs: Sites, held: Flags, used: Flags) -> None:
    """Put factor ``k`` on two free neighbouring sites chosen at random."""
    while True:
        site = np.random.randint(0, used.shape[0] - 1)
        if not used[site] and not used[site + 1]:
            used[site] = used[site + 1] = True
            legs[0, k], legs[1, k] = site, site + 1
            held[0, k] = held[1, k] = False
            return


@jit
def _move(k: int, side: int, legs: Sites, held: Flags, used: Flags, catch: NDArray[np.float32], release: float) -> None:  # noqa: PLR0913 - a kernel takes arrays
    """One step of one leg of factor ``k``: outwards, unless a barrier holds it or another leg is in the way."""
    if held[side, k] and np.random.random() >= release:
        return
    held[side, k] = False
    site = legs[side, k]
    target = site + 2 * side - 1
    if target < 0 or target >= used.shape[0] or used[target]:
        return
    used[site] = False
    used[target] = True
    legs[side, k] = target
    held[side, k] = np.random.random() < catch[side, target]


@jit
def _run(  # noqa: PLR0913 - a kernel takes arrays
    catch: NDArray[np.float32],
    off: NDArray[np.float64],
    release: float,
    burn_in: int,
    n_steps: int,
    seed: int,
    legs: Sites,
    held: Flags,
    used: Flags,
    bridged: NDArray[np.float32],
    shots: Sites,
) -> None:
    """The time loop of :func:`extrude`; fills ``bridged`` (counts) and ``shots``."""
    np.random.seed(seed)
    taken, n_lefs = 0, legs.shape[1]
    for step in range(burn_in + n_steps):
        for k in range(n_lefs):
            if legs[0, k] < 0 or np.random.random() < off[int(held[0, k]) + int(held[1, k])]:
                if legs[0, k] >= 0:
                    used[legs[0, k]] = used[legs[1, k]] = False
                _load(k, legs, held, used)
                continue
            for side in range(2):
                _move(k, side, legs, held, used, catch, release)
            if step >= burn_in and legs[1, k] - legs[0, k] < bridged.shape[0]:
                bridged[legs[1, k] - legs[0, k], legs[0, k]] += 1
        if taken < shots.shape[0] and (step - burn_in) * shots.shape[0] >= taken * n_steps:
            for k in range(n_lefs):
                shots[taken, 0, k], shots[taken, 1, k] = legs[0, k], legs[1, k]
            taken += 1


@dataclass(frozen=True, slots=True)
class Extrusion:
    """Behaviour of the factors.

    Attributes
    ----------
    n_lefs : int
    lifetime : float
        Mean steps on the chain (each leg moves one site per step).
    stabilisation : float
        Factor on the lifetime while both legs are caught; its square root while one is.
    residence : float
        Mean steps until a caught leg is let go.
    """

    n_lefs: int
    lifetime: float
    stabilisation: float
    residence: float


def extrude(
    catch: NDArray[np.float32], factors: Extrusion, *, n_steps: int, n_snapshots: int, n_diagonals: int, seed: int
) -> tuple[NDArray[np.float32], Sites]:
    """Run the factors; gives bridged pairs and snapshots of all loops.

    Arrays are made here, not in the compiled part: compiling their making takes longer than running it.

    Parameters
    ----------
    catch : float32, shape (2, n_sites)
        Probability that a leg is caught on arrival at the site: left-moving legs, right-moving legs.

    Returns
    -------
    bridged : float32, shape (n_diagonals, n_sites)
        Probability that ``i`` and ``i + d`` are the two legs of one factor.
    legs : int32, shape (n_snapshots, 2, n_lefs)
        Sites of the left and right leg.
    """
    n, n_lefs = catch.shape[1], factors.n_lefs
    bridged = np.zeros((n_diagonals, n), np.float32)
    shots = np.zeros((n_snapshots, 2, n_lefs), np.int32)
    off = np.array([1.0, factors.stabilisation**-0.5, 1.0 / factors.stabilisation]) / factors.lifetime
    burn_in = int(8 * factors.lifetime + factors.residence)
    state = np.full((2, n_lefs), -1, np.int32), np.zeros((2, n_lefs), np.bool_), np.zeros(n, np.bool_)
    _run(catch, off, 1 / factors.residence, burn_in, n_steps, seed, *state, bridged, shots)
    bridged /= n_steps
    return bridged, shots


@jit
def _rings(
    left: Sites, right: Sites, tree: Sites, rings: Sites, up: NDArray[np.float32], base: NDArray[np.float32]
) -> None:
    """The tree of loops of one moment.  Ring 0 is the backbone, ring ``k + 1`` that of factor ``k``.

    Fills ``tree`` (rows: ring opening at the site, ring closing there, ring of the site, place on it), ``rings``
    (rows: parent, place of the ring's node on the parent, size, last site) and ``up``, the effective distance of each
    site to the backbone; ``base`` is that of each ring's node.
    """
    opens, closes, ring, place = tree[0], tree[1], tree[2], tree[3]
    parent, node, size, end = rings[0], rings[1], rings[2], rings[3]
    n = up.shape[0]
    for i in range(n):
        opens[i] = closes[i] = 0
    end[0] = n
    for k in range(left.shape[0]):
        opens[left[k]] = closes[right[k]] = k + 1
        end[k + 1] = right[k]
    now, x = 0, -1
    for i in range(n):
        x += 1
        if opens[i]:
            k = opens[i]
            parent[k], node[k] = now, x
            now, x = k, 0
        ring[i], place[i] = now, x
        if closes[i] and closes[i] == now:
            size[now] = x
            x, now = node[now], parent[now]
    for i in range(n):
        k = ring[i]
        if opens[i]:
            p = parent[k]
            base[k] = base[p] + (node[k] * (size[p] - node[k]) / max(size[p], 1) if p else 0.0)
        up[i] = base[k] + place[i] * (size[k] - place[i]) / max(size[k], 1) if k else 0.0


@jit
def _sweep(
    tree: Sites,
    rings: Sites,
    up: NDArray[np.float32],
    table: NDArray[np.float32],
    per: float,
    out: NDArray[np.float32],
) -> None:
    """Add one moment's contacts to ``out``: from every site rightwards, climbing the tree as rings end."""
    opens, ring, place = tree[0], tree[2], tree[3]
    parent, node, size, end = rings[0], rings[1], rings[2], rings[3]
    n, n_diagonals = out.shape
    for i in range(n):
        now, x, x0, far = ring[i], place[i], place[i], np.float32(0)
        out[i, 0] += table[0]
        child_end, child_up = -1, np.float32(0)
        for d in range(1, min(n_diagonals, n - i)):
            j = i + d
            while j > end[now]:
                far += np.float32(x0 * (size[now] - x0)) / max(size[now], 1)
                x = x0 = node[now]
                now = parent[now]
            if j > child_end:
                x += 1
                if opens[j]:
                    child_end, child_up = end[opens[j]], up[j]
                reach = far
            else:
                reach = far + up[j] - child_up
            gap = x - x0
            reach += np.float32(gap) if now == 0 else np.float32(gap * (size[now] - gap)) / size[now]
            out[i, d] += table[int(reach * per)]


def loop_contacts(legs: Sites, n: int, n_diagonals: int, table: NDArray[np.float32], per: float) -> NDArray[np.float32]:
    """Mean contact probability of every pair in the band over snapshots.

    Parameters
    ----------
    legs : int32, shape (n_snapshots, 2, n_lefs)
    n, n_diagonals : int
        Bins, and diagonals of the band.
    table : float32, shape (≥ n_diagonals * per + 1,)
        Contact probability at effective distance ``index / per`` (bins).

    Returns
    -------
    float32, shape (n, n_diagonals)
        ``[i, d]``: contacts of ``i`` and ``i + d`` (transposed band, for the cache's sake).
    """
    out = np.zeros((n, n_diagonals), np.float32)
    n_rings = legs.shape[2] + 1
    tree, rings = np.zeros((4, n), np.int32), np.zeros((4, n_rings), np.int32)
    up, base = np.zeros(n, np.float32), np.zeros(n_rings, np.float32)
    for left, right in legs:
        _rings(left, right, tree, rings, up, base)
        _sweep(tree, rings, up, table, per, out)
    out /= len(legs)
    return out
