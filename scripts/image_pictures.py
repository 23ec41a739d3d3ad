"""Retake the pictures of *Fuse maps* and *Segment images* in docs/images: real small runs in a real window.

    xvfb-run -a -s "-screen 0 1600x1000x24" python scripts/image_pictures.py [--only fuse|maps|segment] [--out FOLDER]

Pictures are scikit-image's; the real map is looked for in $HICSTRUCT_DATA, else ../shared/data.  Everything is drawn in
a throw-away home.
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

COIN, UNSEEN = 1, 2
SIZE = 1400, 950
STEPS = {"steps": 28, "crop": 96, "batch": 4, "validate_every": 4}
"""Enough to see what it does."""


def wait(milliseconds: int) -> None:
    from qtpy.QtTest import QTest

    QTest.qWait(milliseconds)


def shoot(viewer: Any, path: Path) -> None:
    viewer.window.screenshot(str(path), canvas_only=False, flash=False)
    print(path)


def window_with(opened: Any) -> tuple[Any, Any]:
    """A window with a dock, and the dock's panel."""
    import napari

    viewer = napari.Viewer(show=True)
    viewer.window.resize(*SIZE)
    dock = opened(viewer)
    dock.parentWidget().setMinimumWidth(400)
    wait(500)
    return viewer, dock.panel


def run(panel: Any, button: Any, *, shot: Any = None) -> None:
    """Press a button and wait for the end; ``shot`` is called once there are dots on the curves."""
    state = panel.state
    while getattr(state, "counting", False) or getattr(state, "comparing", False) or not button.isEnabled():
        wait(100)
    button.click()
    while state.running:
        wait(100)
        points = [len(one) for one in getattr(state, "validation", {}).values()]
        if shot is not None and points and min(points) >= 5:
            shot()
            shot = None
    wait(500)


def fuse(out: Path) -> None:
    """One scene in two focuses, and who was believed where."""
    import numpy as np
    from skimage import data

    from napari_hicstruct.plugin._docks import open_fuse
    from napari_hicstruct.synth.focus_pairs import FocusOptions, focus_pair

    viewer, panel = window_with(open_fuse)
    sharp = data.camera().astype(np.float32) / 255
    pair = focus_pair(sharp, np.random.default_rng(7), FocusOptions(blur=(2.0, 4.0)))
    for values, name in ((pair.a, "near"), (pair.b, "far")):
        viewer.add_image(np.clip(values * 255, 0, 255).astype(np.uint8), name=name)
    wait(500)
    run(panel, panel.button)
    viewer.reset_view()
    panel.result.switch.button("share").click()
    wait(800)
    shoot(viewer, out / "fuse-panel.png")
    viewer.close()


def maps(out: Path) -> None:
    """Two halves of a map's contacts, one with faults, fused again; over it the share of the faulty one."""
    from qtpy.QtWidgets import QApplication

    from napari_hicstruct.genome import Interval
    from napari_hicstruct.plugin._docks import open_dock, open_fuse
    from napari_hicstruct.plugin.controllers.session import ensure_session

    viewer, panel = window_with(open_fuse)
    session = ensure_session(viewer)
    with tempfile.TemporaryDirectory() as folder:
        first, second = halves(Path(folder))
        session.open_map(first)
        dock = open_dock(viewer)
        wait(1_500)
        dock.parentWidget().close()
        session.go_to(Interval(session.chrom, 62_500_000, 63_500_000))
        panel.maps.add(1, str(second))
        panel.kind.button("maps").click()
        panel.maps.scope.button("view").click()
        while panel.state.maps.opening:
            wait(100)
        run(panel, panel.button)
        if panel.state.outcome is None:
            print(panel.state.said)
            viewer.close()
            return
        panel.result.switch.button("share").click()
        wait(1_500)
        for widget in QApplication.allWidgets():
            if type(widget).__name__ == "NapariQtNotification":
                widget.close()  # it would hide a part of the map
        wait(500)
        shoot(viewer, out / "fuse-map.png")
        viewer.close()


def halves(folder: Path) -> list[Path]:
    """Contacts of the HFFc6 map dealt out to two maps; of the first three bins are dead, and one has a stripe."""
    import cooler
    import numpy as np
    import pandas as pd

    from scripts.window_pictures import MAP

    whole = cooler.Cooler(f"{MAP}::/resolutions/5000")
    bins, pixels = whole.bins()[:][["chrom", "start", "end"]], whole.pixels()[:][["bin1_id", "bin2_id", "count"]]
    rng = np.random.default_rng(24)
    first = rng.binomial(pixels["count"].to_numpy(int), 0.5)
    second = pixels["count"].to_numpy(int) - first
    middle = int(pixels["bin1_id"].median())
    row, col = pixels["bin1_id"].to_numpy(), pixels["bin2_id"].to_numpy()
    dead, stripe = np.arange(middle, middle + 3), middle + 40
    first[np.isin(row, dead) | np.isin(col, dead)] = 0
    first[(row == stripe) | (col == stripe)] *= 4
    paths = []
    for name, counts in (("faulty", first), ("clean", second)):
        paths.append(folder / f"{name}.cool")
        kept = pd.DataFrame({"bin1_id": row, "bin2_id": col, "count": counts})[counts > 0]
        cooler.create_cooler(str(paths[-1]), bins, kept, ordered=True, assembly="hg38")
    return paths


def coins() -> tuple[Any, Any]:
    """Scikit-image's coins, and every coin's pixels: a threshold and a watershed, its holes filled."""
    import numpy as np
    from scipy import ndimage
    from skimage import data, filters, measure, morphology, segmentation

    picture = data.coins()
    markers = np.zeros_like(picture, np.int32)
    markers[picture < 30], markers[picture > 150] = 1, 2
    found = segmentation.watershed(filters.sobel(picture), markers) == 2
    found = ndimage.binary_fill_holes(found)
    found = morphology.remove_small_objects(measure.label(found), max_size=300) > 0
    return picture, found


def segment(out: Path) -> None:
    """Train on the uppermost coins, segment all of them, correct the others, learn."""
    import numpy as np

    from napari_hicstruct.plugin._docks import open_segment

    picture, truth = coins()
    labels = np.where(truth, COIN, 0).astype(np.uint8)
    labels[picture.shape[0] // 4 :] = UNSEEN
    viewer, panel = window_with(open_segment)
    viewer.add_image(picture, name="coins")
    viewer.add_labels(labels, name="by hand", opacity=0.5)
    wait(800)
    viewer.reset_view()
    train, state = panel.train, panel.state
    state.edit(lambda settings: settings.rename(COIN, "coin"))
    state.edit(lambda settings: settings.rename(UNSEEN, "not looked at"))
    state.edit(lambda settings: settings.use(UNSEEN, False))
    state.edit(lambda settings: settings.change("run", STEPS))
    train.run.show_values(state.settings.base)
    train.selector.setCurrentIndex(train.selector.findData("E1_TaskDW"))
    run(panel, train.button, shot=lambda: shoot(viewer, out / "segment-panel.png"))
    panel.sections["train"].unfold(False)
    viewer.layers["by hand"].visible = False
    run(panel, panel.apply.button)
    layer = viewer.layers["coins · segmented"]
    wrong = np.argwhere((layer.data > 0) != truth)
    for value in (0, COIN):
        some = wrong[truth[tuple(wrong.T)] == bool(value)]
        layer.data_setitem(tuple(some.T), value)
    panel.correct.whole.setChecked(True)
    wait(1_500)
    run(panel, panel.correct.button)
    panel.sections["segment"].unfold(False)
    wait(800)
    shoot(viewer, out / "segment-learn.png")
    viewer.close()


def main() -> None:
    parts = {"fuse": fuse, "maps": maps, "segment": segment}
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=tuple(parts))
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    args = parser.parse_args()
    os.environ["HICSTRUCT_HOME"] = tempfile.mkdtemp(prefix="hicstruct-pictures-")
    for name, take in parts.items():
        if args.only in (None, name):
            take(args.out)


if __name__ == "__main__":
    main()
