"""A heart-like phantom of ten classes that touch as the parts of a heart do: known labels at any size.

No cardiac CT with labels is public in a form that could travel with this package, so label repair is measured on this.
The parts are ellipsoids (chambers), a shell (Myocardium around LV) and tubes (vessels).  Their sizes, places and pose
vary by seed, and a smooth warp bends all of them together, so that no part is an exact ellipsoid or cylinder.

The geometry is continuous: coordinates z, y, x in [−1, 1] (feet to head, front to back, right to left), evaluated at
the centres of the voxels of whatever size is asked for, so that one seed is the same heart at 64³ and at 256³.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray
from scipy import interpolate, ndimage, spatial

Floats = NDArray[np.float64]
Labels = NDArray[np.uint8]
_Place = Callable[..., Floats]
_Sizes = Callable[..., Floats]

CARDIAC: Mapping[str, int] = MappingProxyType(
    {
        "Myocardium": 1,
        "LA": 2,
        "LV": 3,
        "RA": 4,
        "RV": 5,
        "Aorta": 6,
        "PA": 7,
        "LAA": 8,
        "Coronary": 9,
        "PV": 10,
    }
)
"""Value of each class; 0 is background."""

PAINTED = ("PA", "RV", "RA", "Aorta", "Myocardium", "LV", "LA", "PV", "LAA", "Coronary")
"""Order of painting: what comes later covers what came before."""

COMPONENTS: Mapping[str, int] = MappingProxyType({"Aorta": 2, "Coronary": 2, "PV": 2})
"""How many parts a class has, where not one: ascending and descending Aorta, left and right vessels."""

MIN_SIZE = 24
"""Voxels along an axis below which the thin tubes are no longer connected."""

_SLAB_VOXELS = 1 << 20
_CURVE_POINTS = 240


@dataclass(frozen=True, slots=True)
class _Ellipsoid:
    centre: Floats
    radii: Floats

    def inside(self, points: Floats) -> NDArray[np.bool_]:
        return np.asarray((((points - self.centre) / self.radii) ** 2).sum(-1) <= 1)


@dataclass(frozen=True, slots=True)
class _Cup:
    """An ellipsoid that is open above a height z: the wall of LV ends where LA and the Aorta begin."""

    body: _Ellipsoid
    top: float

    def inside(self, points: Floats) -> NDArray[np.bool_]:
        return self.body.inside(points) & (points[..., 0] <= self.top)


@dataclass(frozen=True, slots=True)
class _Tube:
    """What lies within a radius of a smooth curve; the radius goes evenly from the first end to the last."""

    curve: Floats
    radius: Floats

    @classmethod
    def through(cls, knots: Floats, radii: tuple[float, float]) -> _Tube:
        at = np.concatenate([[0.0], np.cumsum(np.linalg.norm(np.diff(knots, axis=0), axis=1))])
        spline = interpolate.make_interp_spline(at, knots, k=min(3, len(knots) - 1))
        along = np.linspace(0, at[-1], _CURVE_POINTS)
        return cls(np.asarray(spline(along)), np.linspace(*radii, _CURVE_POINTS))

    def inside(self, points: Floats) -> NDArray[np.bool_]:
        widest = self.radius.max()
        low, high = self.curve.min(0) - widest, self.curve.max(0) + widest
        found = np.asarray(((points >= low) & (points <= high)).all(-1))
        distance, nearest = spatial.cKDTree(self.curve).query(points[found], distance_upper_bound=widest)
        nearest = np.minimum(nearest, _CURVE_POINTS - 1)  # where nothing is near, the distance is infinite
        found[found] = distance <= self.radius[nearest]
        return found


@dataclass(frozen=True, slots=True)
class _Pose:
    """From the coordinates of the box to those of the heart: shift, turn, scale, and a smooth warp."""

    turn: Floats
    scale: Floats
    shift: Floats
    waves: Floats
    phases: Floats
    amplitudes: Floats

    @classmethod
    def draw(cls, rng: np.random.Generator) -> _Pose:
        angles = rng.uniform(-0.2, 0.2, 3)
        return cls(
            turn=spatial.transform.Rotation.from_euler("zyx", angles).as_matrix(),
            scale=rng.uniform(1.1, 1.26, 3),
            shift=rng.uniform(-0.04, 0.04, 3),
            waves=rng.uniform(-1, 1, (4, 3)) * np.pi * 1.5,
            phases=rng.uniform(0, 2 * np.pi, (4, 3)),
            amplitudes=rng.uniform(0.004, 0.016, (4, 3)),
        )

    def to_heart(self, points: Floats) -> Floats:
        moved = (points - self.shift) @ self.turn / self.scale
        bent = np.sin((moved @ self.waves.T)[..., None] + self.phases)
        return np.asarray(moved + (bent * self.amplitudes).sum(-2))


_Part = _Ellipsoid | _Cup | _Tube


def heart_phantom(shape: tuple[int, ...] = (64, 64, 64), seed: int = 0) -> Labels:
    """Labels of one heart.

    Parameters
    ----------
    shape : tuple of int
        Voxels along z, y, x; each at least :data:`MIN_SIZE`.  The heart fills the box whatever its shape, so that
        voxels of unlike numbers along the axes are voxels of unlike lengths.
    seed : int
        The same seed gives the same heart, at any size.

    Returns
    -------
    array of uint8, ``shape``
        0 background, else the values of :data:`CARDIAC`.  Each class is there, in as many connected parts (also over
        corners) as :data:`COMPONENTS` says.

    Raises
    ------
    ValueError
        If the shape has not three axes, or an axis is too short.
    """
    if len(shape) != 3 or min(shape) < MIN_SIZE:
        raise ValueError(f"a phantom has three axes of at least {MIN_SIZE} voxels, not {shape}")
    rng = np.random.default_rng([seed, 23])
    pose, parts = _Pose.draw(rng), _draw_parts(rng)
    labels = np.zeros(shape, np.uint8)
    axes = [(np.arange(n) + 0.5) / n * 2 - 1 for n in shape]
    rows = max(1, _SLAB_VOXELS // (shape[1] * shape[2]))
    for start in range(0, shape[0], rows):
        slab = np.stack(np.meshgrid(axes[0][start : start + rows], axes[1], axes[2], indexing="ij"), -1)
        points = pose.to_heart(slab)
        for name in PAINTED:
            for part in parts[name]:
                labels[start : start + rows][part.inside(points)] = CARDIAC[name]
    return _only_whole_parts(labels)


def _draw_parts(rng: np.random.Generator) -> dict[str, list[_Part]]:
    """Chambers, shell and vessels of one heart, in its own coordinates."""

    def near(*centre: float, by: float = 0.015) -> Floats:
        return np.array(centre) + rng.uniform(-by, by, 3)

    def about(*sizes: float) -> Floats:
        return np.array(sizes) * rng.uniform(0.92, 1.08, len(sizes))

    lv, cavity, wall = near(-0.28, -0.05, 0.24), about(0.36, 0.22, 0.22), rng.uniform(0.09, 0.12)
    la, la_radii = near(0.14, 0.24, 0.2), about(0.2, 0.2, 0.25)
    ra, rv = near(0.03, 0.14, -0.28), near(-0.22, -0.2, -0.14)
    root = lv + np.array([0.36, -0.02, -0.12])
    return {
        "LV": [_Ellipsoid(lv, cavity)],
        "Myocardium": [_Cup(_Ellipsoid(lv, cavity + wall), lv[0] + 0.72 * cavity[0])],
        "LA": [_Ellipsoid(la, la_radii)],
        "RA": [_Ellipsoid(ra, about(0.26, 0.24, 0.24))],
        "RV": [_Ellipsoid(rv, about(0.36, 0.26, 0.32))],
        "Aorta": _aorta(root, near, about),
        "PA": [_pulmonary_artery(rv, near, about)],
        "LAA": [_appendage(la, la_radii, rng)],
        "PV": _veins(la, la_radii, rng),
        "Coronary": _coronaries(lv, cavity + wall, rng),
    }


def _aorta(root: Floats, near: _Place, about: _Sizes) -> list[_Part]:
    """The ascending part from the base of LV upwards, and the descending part behind the heart."""
    up = [root - [0.06, 0.0, -0.03], root + [0.12, 0.0, -0.04], near(0.42, -0.1, -0.02), near(0.7, 0.02, 0.02)]
    down = [near(-0.7, 0.6, 0.16), near(-0.2, 0.62, 0.1), near(0.25, 0.62, 0.1), near(0.7, 0.56, 0.14)]
    (wide,), (narrow,) = about(0.12), about(0.1)
    return [_Tube.through(np.array(up), (wide, wide)), _Tube.through(np.array(down), (narrow, narrow))]


def _pulmonary_artery(rv: Floats, near: _Place, about: _Sizes) -> _Tube:
    """From the top of RV upwards in front of the Aorta, then to the left and back."""
    knots = [rv + [0.28, -0.1, 0.1], near(0.36, -0.3, 0.1), near(0.56, -0.18, 0.28), near(0.62, 0.06, 0.42)]
    wide, narrow = about(0.115, 0.1)
    return _Tube.through(np.array(knots), (wide, narrow))


def _appendage(la: Floats, radii: Floats, rng: np.random.Generator) -> _Tube:
    """A short bent pouch from the front of LA to the left."""
    start = la + radii * [0.25, -0.5, 0.7]
    knots = [start, start + [0.03, -0.12, 0.1], start + [0.0, -0.26, 0.1 + rng.uniform(-0.03, 0.03)]]
    wide = rng.uniform(0.095, 0.115)
    return _Tube.through(np.array(knots), (wide, 0.8 * wide))


def _veins(la: Floats, radii: Floats, rng: np.random.Generator) -> list[_Part]:
    """One vein to the left and one to the right of the back of LA."""
    found: list[_Part] = []
    for side in (1, -1):
        start = la + radii * [0.3, 0.55, 0.7 * side]
        ways = np.array([[0.0, 0.0, 0.0], [0.05, 0.06, 0.18 * side], [0.1, 0.1, 0.38 * side]])
        found.append(_Tube.through(start + ways * rng.uniform(0.92, 1.08), (rng.uniform(0.1, 0.115), 0.085)))
    return found


def _coronaries(lv: Floats, radii: Floats, rng: np.random.Generator) -> list[_Part]:
    """Two thin vessels on the outer surface of Myocardium: down the front from the Aorta, and around the back."""
    found: list[_Part] = []
    for turn, along in (((np.pi + 0.35, np.pi + 0.6), (0.5, 1.85)), ((1.0, 0.2), (0.75, 1.9))):
        angle = np.linspace(*turn, 6) + rng.uniform(-0.1, 0.1)
        down = np.linspace(*along, 6) + rng.uniform(-0.06, 0.06)
        on_wall = np.stack([np.cos(down), np.sin(down) * np.cos(angle), np.sin(down) * np.sin(angle)], -1)
        found.append(_Tube.through(lv + (radii + 0.02) * on_wall, (0.054, 0.046)))
    return found


def _only_whole_parts(labels: Labels) -> Labels:
    """Without the fragments that painting leaves: they go to the class that lies nearest."""
    fragments = np.zeros(labels.shape, bool)
    for name, value in CARDIAC.items():
        mask = labels == value
        numbered, n_found = ndimage.label(mask, np.ones((3, 3, 3)))
        if n_found > (wanted := COMPONENTS.get(name, 1)):
            order = np.argsort(np.bincount(numbered.ravel())[1:], kind="stable")[::-1] + 1
            fragments |= mask & ~np.isin(numbered, order[:wanted])
    if fragments.any():
        nearest = ndimage.distance_transform_edt(fragments, return_distances=False, return_indices=True)
        labels = labels[tuple(nearest)]
    return labels
