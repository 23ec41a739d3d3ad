"""Simulated contact maps with known truth, from Python."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.api.checked import checked
from napari_hicstruct.api.progress import ProgressOption, run

if TYPE_CHECKING:
    from napari_hicstruct.workflows.simulate import SimulateResult


@checked
def simulate(
    out: str | Path,
    *,
    truth: str | Path | None = None,
    chromosomes: Mapping[str, int] | None = None,
    resolutions: Iterable[int] | None = None,
    depth: float = 100.0,
    seed: int = 1,
    style: str = "extrusion",
    settings: Mapping[str, Any] | str | Path | None = None,
    progress: ProgressOption = None,
) -> SimulateResult:
    """Simulate a contact map with known loops, stripes and TADs, as ``hicstruct simulate`` does.

    Parameters
    ----------
    out : path
        The ``.mcool`` to write, balanced.
    truth : path, optional
        Folder for the truth's label files.
    chromosomes : mapping of str to int, optional
        Lengths in bp, at least 2 Mb.  Default: one, ``chr1``, of 64 Mb.
    resolutions : iterable of int, optional
        Bin sizes, bp; the finest is simulated, the others are sums of it.  Default: 5 kb to 100 kb.
    depth : float
        Mean count at a distance of one bin of the finest size.
    seed : int
        The same seed gives the same map.
    style : {"extrusion", "painted"}
        Loop extrusion, or kernels painted on a decay curve.
    settings : mapping or path, optional
        Ranges other than the defaults (``docs/science/simulator.md``), or a YAML file of them.
    progress : bool or callable, optional
        True shows a bar; a function is called with every :class:`Progress`.

    Returns
    -------
    SimulateResult
        ``map`` and ``truth_dir`` (paths), ``chromosomes``, ``visible`` (structures that show at this depth, by kind),
        ``seed``, ``depth``.

    Raises
    ------
    ConfigError
        If a length, a bin size or a setting is impossible, or an argument is not what it says above.
    OutputError
        If `out` does not end in ``.mcool``, or the map or the truth cannot be written; nothing is left behind.

    References
    ----------
    .. [1] Fudenberg G et al. Formation of chromosomal domains by loop extrusion. Cell Reports 15, 2038-2049 (2016).

    Examples
    --------
    >>> import napari_hicstruct as hs
    >>> made = hs.simulate("small.mcool", truth="truth", chromosomes={"chr1": 2_000_000}, style="painted")
    >>> hs.open_map(made.map).chromsizes["chr1"]
    np.int64(2000000)
    """
    from napari_hicstruct.workflows.simulate import SimulateRequest, iter_simulate, ladder_from, load_settings

    chosen = load_settings(Path(settings)) if isinstance(settings, str | os.PathLike) else dict(settings or {})
    request = SimulateRequest(
        out=Path(out),
        lengths=dict({"chr1": 64_000_000} if chromosomes is None else chromosomes),
        resolutions=ladder_from(list(resolutions or ())),
        depth=depth,
        seed=seed,
        style=style,
        truth_dir=None if truth is None else Path(truth),
        settings=chosen,
    )
    return run(iter_simulate(request), progress)
