"""One full round in a real window, and the pictures of docs/tutorial.md.

    xvfb-run -a -s "-screen 0 1600x1000x24" python scripts/tutorial.py [--reviews 10]

Open the HFFc6 map, predict the view, judge ten candidates by key, fine-tune in the background, look at what changed,
export.  Judged as the peaks of an independent caller (chromosight's list) say, where it has any.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts.window_pictures import IMAGES, LABELS, MAP, draw, place, run_model, shoot, wait

VIEW = (62_620_000, 63_180_000)
NEAR = 3_000


def picture(viewer: Any, dock: Any, number: int, name: str, *open_: str) -> None:
    """Only some sections unfolded, the screen at rest, one picture."""
    from qtpy.QtWidgets import QApplication

    for key, section in dock.sections.items():
        section.unfold(key in open_)
    for widget in QApplication.allWidgets():
        if type(widget).__name__ == "NapariQtNotification":
            widget.close()
    wait(1_200)
    shoot(viewer, f"tutorial-{number}-{name}")


def review(attached: Any, n: int) -> None:
    """Judge the first ``n`` loops of the queue."""
    from napari_hicstruct.annotations import Kind, read_labels

    attached.review.queue.where(kinds=frozenset({Kind.LOOP}))
    loops = [r for r in read_labels(LABELS).records if r.kind is Kind.LOOP]
    attached.keys.run("next")
    for _ in range(n):
        wait(250)
        one = attached.editor.labels.current
        if one is None:
            break
        near = [
            r for r in loops
            if max(abs(r.anchor1.center - one.anchor1.center), abs(r.anchor2.center - one.anchor2.center)) <= NEAR
        ]  # fmt: skip
        attached.keys.run("accept" if near else "reject")
    wait(500)


def fine_tune(dock: Any) -> None:
    """Press *Fine-tune* and wait for the verdict and the new prediction."""
    wait(1_500)  # corrections are counted when the person rests
    dock.learn.button.click()
    wait(500)
    while dock.learn.state.running:
        wait(100)
    wait(500)
    while dock.predict.state.running:
        wait(100)
    wait(1_000)


def review_pictures(viewer: Any, dock: Any, attached: Any) -> None:
    """The lasso with what it caught, and the statistics; nothing is judged."""
    import numpy as np

    attached.editor.labels.window.go_to(place(*VIEW))
    wait(1_000)
    attached.review.lasso_candidates()
    wait(300)
    turn = np.linspace(0, 2 * np.pi, 40, endpoint=False)
    drawn = np.column_stack([62_800_000 + 110_000 * np.sin(turn), 63_000_000 + 110_000 * np.cos(turn)])
    draw(viewer, drawn)
    wait(1_500)
    shoot(viewer, "lasso")
    attached.review.lasso.put_away()
    folds = dock.sections["review"].body.folds
    for key, fold in folds.items():
        fold.unfold(key == "statistics")
    wait(1_000)
    dock.sections["review"].grab().save(str(IMAGES / "statistics.png"))
    folds["statistics"].unfold(False)


def learn_pictures(dock: Any) -> None:
    """The Learn section after a fine-tune, with its lineage, and with what changed."""
    folds = dock.learn.folds
    for name, key in (("learn", ""), ("lineage", "lineage"), ("what-changed", "changes")):
        for fold in folds:
            folds[fold].unfold(fold == key)
        wait(1_000)
        dock.sections["learn"].grab().save(str(IMAGES / f"{name}.png"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--reviews", type=int, default=10)
    args = parser.parse_args()
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_hicstruct.plugin._docks import open_dock
    from napari_hicstruct.plugin.controllers.session import ensure_session

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    session = ensure_session(viewer)
    session.open_map(str(MAP))
    open_dock(viewer)
    wait(3_000)
    session.go_to(place(62_500_000, 63_500_000))
    dock = next(w for w in QApplication.allWidgets() if type(w).__name__ == "HicDock")
    attached = session.editing
    picture(viewer, dock, 1, "open", "map", "predict")
    run_model(dock)
    session.go_to(place(*VIEW))
    picture(viewer, dock, 2, "predict", "labels", "predict")
    review(attached, args.reviews)
    picture(viewer, dock, 3, "review", "review")
    review_pictures(viewer, dock, attached)
    session.go_to(place(*VIEW))
    fine_tune(dock)
    picture(viewer, dock, 4, "learn", "learn")
    print(dock.learn.state.result and dock.learn.state.result.reason)
    entry = session.project.lineage.models()[-1]
    dock.learn.lineage.compare_model.emit(entry)
    wait(1_000)
    while dock.learn.changes._job.running:
        wait(100)
    picture(viewer, dock, 5, "changed", "learn")
    learn_pictures(dock)
    picture(viewer, dock, 6, "export", "export")
    viewer.close()
    print(IMAGES)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["HICSTRUCT_HOME"] = home
        os.environ["NAPARI_CONFIG"] = str(Path(home) / "napari.yaml")
        main()
