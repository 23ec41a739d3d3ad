"""Retake the pictures of *Repair labels* in docs/images: a phantom heart with faults, and votes of callers on chr21.

    xvfb-run -a -s "-screen 0 1600x1000x24" python scripts/repair_pictures.py [--only heart|votes] [--out FOLDER]

The real map is looked for in $HICSTRUCT_DATA, else ../shared/data; what callers wrote of it in $HICSTRUCT_CALLS, else
scratch/bench/consensus, where the benchmarks leave it.  Everything is drawn in a throw-away home.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

SIZE = 48
FAST = {"epochs": 60}
"""Of the pictures' heart: enough to see what it does."""

REGION = 34_000_000, 36_000_000


def wait(milliseconds: int) -> None:
    from qtpy.QtTest import QTest

    QTest.qWait(milliseconds)


def shoot(viewer: Any, path: Path) -> None:
    viewer.window.screenshot(str(path), canvas_only=False, flash=False)
    print(path)


def run(state: Any, button: Any, *, shot: Any = None) -> None:
    """Press a button and wait for the end; ``shot`` is called once the curves are drawn."""
    while getattr(state, "counting", False) or not button.isEnabled():
        wait(100)
    button.click()
    while state.running:
        wait(200)
        if shot is not None and len(getattr(state, "losses", {})) > 4:
            shot()
            shot = None


def heart(out: Path) -> None:
    """The ten classes of a phantom with strong faults, repaired; in 3-D, while it learns and after."""
    import napari

    from benchmarks._label_faults import corrupt_labels
    from benchmarks._label_phantom import heart_phantom
    from napari_hicstruct.plugin._docks import open_repair

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    dock = open_repair(viewer)
    dock.parentWidget().setMinimumWidth(430)
    labels = corrupt_labels(heart_phantom((SIZE,) * 3, seed=1), "medium", seed=1)
    viewer.add_labels(labels, name="heart", opacity=1.0)
    viewer.dims.ndisplay = 3
    viewer.camera.angles = (10, -35, 110)
    viewer.reset_view()
    wait(800)
    panel = dock.panel
    panel.preset.setCurrentText("cardiac")
    panel.preset.textActivated.emit("cardiac")
    panel.state.edit(lambda settings: settings.change("shape", FAST))
    panel.state.choose_stage("fusion")
    panel.stage.setCurrentIndex(1)
    while panel.state.counting:
        wait(100)
    wait(500)
    shoot(viewer, out / "repair-heart-before.png")
    run(panel.state, panel.button, shot=lambda: shoot(viewer, out / "repair-heart-learning.png"))
    wait(800)
    panel.folds["classes"].unfold(False)
    for shown in ("after", "changes"):
        panel.state.show(shown)
        wait(800)
        shoot(viewer, out / ("repair-heart.png" if shown == "after" else "repair-heart-changes.png"))
    viewer.close()


def votes(out: Path) -> None:
    """Votes of callers on 2 Mb of GM12878 chr21, repaired, as proposals."""
    import napari

    from napari_hicstruct.genome import Interval
    from napari_hicstruct.plugin._docks import open_dock, open_repair
    from napari_hicstruct.plugin.controllers.session import ensure_session
    from scripts.window_pictures import CALL_FILES, CALLED_MAP, CALLS, DATA, IMPORTED_CALLS

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1560, 980)
    session = ensure_session(viewer)
    session.open_map(str(CALLED_MAP))
    open_dock(viewer)
    wait(2_500)
    files = [*(CALLS / name for name in CALL_FILES), *(DATA / "labels" / name for name in IMPORTED_CALLS)]
    session.consensus.add_files([path for path in files if path.exists()])
    while session.consensus.running:
        wait(100)
    session.go_to(Interval(session.chrom, *REGION))
    wait(1_000)
    dock = open_repair(viewer)
    wait(800)
    panel = dock.panel
    for fold in panel.folds.values():
        fold.unfold(False)
    run(panel.votes.state, panel.votes.button)
    wait(1_500)
    shoot(viewer, out / "repair-votes.png")
    viewer.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=("heart", "votes"))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args()
    os.environ["HICSTRUCT_HOME"] = tempfile.mkdtemp(prefix="hicstruct-pictures-")
    for name, take in (("heart", heart), ("votes", votes)):
        if args.only in (None, name):
            take(args.out)


if __name__ == "__main__":
    main()
