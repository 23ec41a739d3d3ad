"""Loop extrusion in one dimension and the contacts that follow from it (numba).

The lattice is the map's own bins.  A factor (LEF) is a pair of legs on two sites; no site holds two legs and legs
never pass each other, so the loops of one moment are nested or apart, never crossing.  With closed loops the chain is
a cactus graph, and the mean squared distance of two loci of an ideal chain is the graph's effective resistance
between them: along a ring of length ``l`` two points ``x`` apart are ``x (l - x) / l`` from each other, and rings in
series add up.  That gives the effective distance of every pair within the band in constant time per pair.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from napari_hicstruct.synth.jit import jit

Sites = NDArray[np.int32]


@jit
def _load(k: int, left: Sites, right: Sites, used: NDArray[np.bool_]) -> None:
    """Put factor ``k`` on two free neighbouring sites chosen at random."""
    n = used.shape[0]
    while True:
        site = np.random.randint(0, n - 1)
        if not used[site] and not used[site + 1]:
            used[site] = used[site + 1] = True
            left[k], right[k] = site, site + 1
            return


@jit
def _leg(
    site: int, way: int, caught: bool, catch: NDArray[np.float32], release: float, used: NDArray[np.bool_]
) -> tuple[int, bool]:
    """One step of one leg: new site and whether a barrier holds it there."""
    if caught and np.random.random() >= release:
        return site, True
    target = site + way
    if target < 0 or target >= used.shape[0] or used[target]:
        return site, False
    used[site] = False
    used[target] = True
    return target, np.random.random() < catch[target]


@jit
def extrude(
    catch_left: NDArray[np.float32],
    catch_right: NDArray[np.float32],
    n_lefs: int,
    lifetime: float,
    stabilisation: float,
    residence: float,
    n_steps: int,
    n_snapshots: int,
    n_diagonals: int,
    seed: int,
) -> tuple[NDArray[np.float32], Sites, Sites]:
    """Run the factors; gives bridged pairs and snapshots of all loops.

    Parameters
    ----------
    catch_left, catch_right : float32, shape (n_sites,)
        Probability that a left-moving / right-moving leg is caught on arrival at the site.
    n_lefs : int
    lifetime : float
        Mean steps on the chain (each leg moves one site per step).
    stabilisation : float
        Factor on the lifetime while both legs are caught; its square root while one is.
    residence : float
        Mean steps until a caught leg is let go.

    Returns
    -------
    bridged : float32, shape (n_diagonals, n_sites)
        Probability that ``i`` and ``i + d`` are the two legs of one factor.
    left, right : int32, shape (n_snapshots, n_lefs)
    """
    np.random.seed(seed)
    n = catch_left.shape[0]
    used = np.zeros(n, np.bool_)
    left, right = np.zeros(n_lefs, np.int32), np.zeros(n_lefs, np.int32)
    held_left, held_right = np.zeros(n_lefs, np.bool_), np.zeros(n_lefs, np.bool_)
    bridged = np.zeros((n_diagonals, n), np.float32)
    shots_left = np.zeros((n_snapshots, n_lefs), np.int32)
    shots_right = np.zeros((n_snapshots, n_lefs), np.int32)
    for k in range(n_lefs):
        _load(k, left, right, used)
    burn_in = int(8 * lifetime + residence)
    taken = 0
    off = np.array([1.0, stabilisation**-0.5, 1.0 / stabilisation]) / lifetime
    for step in range(burn_in + n_steps):
        for k in range(n_lefs):
            if np.random.random() < off[int(held_left[k]) + int(held_right[k])]:
                used[left[k]] = used[right[k]] = False
                held_left[k] = held_right[k] = False
                _load(k, left, right, used)
                continue
            left[k], held_left[k] = _leg(left[k], -1, held_left[k], catch_left, 1 / residence, used)
            right[k], held_right[k] = _leg(right[k], 1, held_right[k], catch_right, 1 / residence, used)
            if step >= burn_in and right[k] - left[k] < n_diagonals:
                bridged[right[k] - left[k], left[k]] += 1
        if step >= burn_in and (step - burn_in) * n_snapshots >= taken * n_steps and taken < n_snapshots:
            shots_left[taken], shots_right[taken] = left, right
            taken += 1
    return bridged / np.float32(n_steps), shots_left, shots_right


@jit
def _rings(left: Sites, right: Sites, n: int) -> tuple[Sites, Sites, Sites, Sites, Sites, NDArray[np.float32]]:
    """The tree of loops: per site its ring and place on it; per ring parent, length; per site distance to the root.

    Ring 0 is the backbone.  ``up[site]`` is the effective distance from the site to the backbone, ``up`` of a ring's
    own node is that of its start.
    """
    m = left.shape[0]
    opens = np.zeros(n, np.int32)
    closes = np.zeros(n, np.int32)
    for k in range(m):
        opens[left[k]] = k + 1
        closes[right[k]] = k + 1
    ring, place = np.zeros(n, np.int32), np.zeros(n, np.int32)
    parent, node, size = np.zeros(m + 1, np.int32), np.zeros(m + 1, np.int32), np.zeros(m + 1, np.int32)
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
    base = np.zeros(m + 1, np.float32)
    up = np.zeros(n, np.float32)
    for i in range(n):
        k = ring[i]
        if opens[i] and parent[k]:
            p = parent[k]
            base[k] = base[p] + node[k] * (size[p] - node[k]) / max(size[p], 1)
        if k:
            up[i] = base[k] + place[i] * (size[k] - place[i]) / max(size[k], 1)
    return ring, place, parent, node, size, up


@jit
def loop_contacts(
    left: Sites, right: Sites, n: int, n_diagonals: int, table: NDArray[np.float32], per: float
) -> NDArray[np.float32]:
    """Mean contact probability of every pair in the band over snapshots.

    Parameters
    ----------
    left, right : int32, shape (n_snapshots, n_lefs)
    table : float32, shape (≥ n_diagonals * per + 1,)
        Contact probability at effective distance ``index / per`` (bins).

    Returns
    -------
    float32, shape (n, n_diagonals)
        ``[i, d]``: contacts of ``i`` and ``i + d`` (transposed band, for the cache's sake).
    """
    out = np.zeros((n, n_diagonals), np.float32)
    for s in range(left.shape[0]):
        ring, place, parent, node, size, up = _rings(left[s], right[s], n)
        end = np.full(left.shape[1] + 1, n, np.int32)
        child = np.full(n, 0, np.int32)
        for k in range(left.shape[1]):
            end[k + 1] = right[s, k]
            child[left[s, k]] = k + 1
        for i in range(n):
            row = out[i]
            now, x, x0, far = ring[i], place[i], place[i], np.float32(0)
            row[0] += table[0]
            child_end, child_up = -1, np.float32(0)
            for d in range(1, min(n_diagonals, n - i)):
                j = i + d
                while j > end[now]:
                    far += np.float32(x0 * (size[now] - x0)) / max(size[now], 1)
                    x = x0 = node[now]
                    now = parent[now]
                if j > child_end:
                    x += 1
                    if child[j]:
                        child_end, child_up = end[child[j]], up[j]
                    reach = far
                else:
                    reach = far + up[j] - child_up
                gap = x - x0
                reach += np.float32(gap) if now == 0 else np.float32(gap * (size[now] - gap)) / size[now]
                row[d] += table[int(reach * per)]
    return out / np.float32(left.shape[0])
