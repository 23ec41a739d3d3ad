"""Retake the window's pictures in docs/images, with the shipped model on the real HFFc6 map.

Those of review and learning are taken by ``tutorial.py``.

    xvfb-run -a -s "-screen 0 1600x1000x24" python scripts/window_pictures.py

Real maps are looked for in $HICSTRUCT_DATA, else ../shared/data; for the consensus, what callers wrote of chr21 in
$HICSTRUCT_CALLS, else scratch/bench/consensus, where the benchmarks leave it.  ``--only consensus`` retakes that
picture alone.  Everything is drawn in a throw-away home.
"""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from napari_hicstruct.annotations import Annotation, Project
    from napari_hicstruct.genome import Interval

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("HICSTRUCT_DATA", ROOT.parent / "shared" / "data"))
IMAGES = ROOT / "docs" / "images"
MAP = DATA / "maps" / "HFFc6_MicroC_chr17_62.5-63.5Mb_hg38.mcool"
LABELS = DATA / "labels" / "HFFc6_chr17_62.5-63.5Mb.chromosight.5kb.hg38.bedpe"
CALLS = Path(os.environ.get("HICSTRUCT_CALLS", ROOT / "scratch" / "bench" / "consensus"))
CALLED_MAP = DATA / "maps" / "GM12878_MboI_chr21_10kb_hg19.cool"
IMPORTED_CALLS = ("GM12878_chr21.HiCCUPS.hg19.bedpe", "GM12878_chr21.peakachu.10kb.hg19.bedpe")
CALL_FILES = ("chromosight.tsv", "mustache.tsv", "dots.bedpe", "hicpeaks.bedpe")


def wait(milliseconds: int) -> None:
    from qtpy.QtTest import QTest

    QTest.qWait(milliseconds)


def shoot(viewer: Any, name: str) -> None:
    viewer.window.screenshot(str(IMAGES / f"{name}.png"), canvas_only=False, flash=False)
    print(IMAGES / f"{name}.png")


def draw(viewer: Any, points: Any) -> None:
    """Drag the mouse over the map from point to point (row, column; bp)."""
    from types import SimpleNamespace

    import numpy as np

    canvas, camera = viewer.window._qt_viewer.canvas, viewer.scene.camera
    size = np.array([canvas.native.width(), canvas.native.height()])
    pixels = [(np.array([col, row]) - np.array(camera.center)[[2, 1]]) * camera.zoom + size / 2 for row, col in points]
    events, shared = canvas._scene_canvas.events, {"modifiers": (), "button": 1}
    events.mouse_press(pos=pixels[0], **shared)
    for pixel in pixels[1:]:
        events.mouse_move(pos=pixel, press_event=SimpleNamespace(pos=pixels[0]), **shared)
        wait(15)
    events.mouse_release(pos=pixels[-1], press_event=SimpleNamespace(pos=pixels[0]), **shared)


def run_model(dock: Any) -> None:
    """Press *Run model* and wait for the end, as a person does."""
    dock.predict.state.models.follow()
    dock.predict.run_button.click()
    wait(500)
    while dock.predict.state.running:
        wait(100)
    wait(1_500)


def explain_best_loop(dock: Any, attached: Any, set_id: int) -> None:
    """Open the *Why* section on the surest loop of a set and wait for its layers."""
    from napari_hicstruct.annotations import Kind

    best = max(
        (
            loop
            for loop in attached.editor.labels.project.query(kind=Kind.LOOP, set_ids=[set_id])
            if loop.distance < 400_000
        ),
        key=lambda loop: loop.score,
    )
    attached.review.go_to(best.uid)
    for name, section in dock.sections.items():
        section.unfold(name in ("review", "why"))
    wait(500)
    while not dock.why.layers.layers:
        wait(100)
    attached.editor.labels.window.go_to(best.anchor1.expand(120_000), best.anchor2.expand(120_000))
    wait(1_500)


def place(start: int, end: int) -> Interval:
    from napari_hicstruct.genome import Interval

    return Interval("chr17", start, end)


def main() -> None:
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
    wait(1_500)
    shoot(viewer, "opened-map")
    dock = next(w for w in QApplication.allWidgets() if type(w).__name__ == "HicDock")
    run_model(dock)
    session.importing.start([LABELS])
    wait(500)
    while session.importing.running:
        wait(100)
    wait(500)
    attached = session.editing
    predicted, imported = session.project.sets()[:2]
    overlays(viewer, attached, predicted.id, imported.id)
    session.go_to(place(62_640_000, 63_200_000))
    wait(1_500)
    shoot(viewer, "predictions")
    dock.grab().save(str(IMAGES / "dock.png"))
    explain_best_loop(dock, attached, predicted.id)
    shoot(viewer, "why")
    model_card(dock)
    session.go_to(place(62_640_000, 63_200_000))
    edited = correct(session.project, imported.id)
    session.go_to(place(62_500_000, 63_500_000))
    attached.review.go_to(edited.uid)
    wait(1_500)
    shoot(viewer, "edited-tad")
    attached.review.check_stripe(1, transpose=True)
    wait(1_500)
    shoot(viewer, "stripe-check")
    viewer.close()


def consensus_panel() -> None:
    """Six callers of chr21, two of them sets of the project, over the map."""
    import napari
    from qtpy.QtWidgets import QApplication

    from napari_hicstruct.genome import Interval
    from napari_hicstruct.plugin._docks import open_dock
    from napari_hicstruct.plugin.controllers.session import ensure_session

    viewer = napari.Viewer(show=True)
    viewer.window.resize(1500, 950)
    session = ensure_session(viewer)
    session.open_map(str(CALLED_MAP))
    dock = open_dock(viewer)
    wait(3_000)
    session.importing.start([DATA / "labels" / name for name in IMPORTED_CALLS])
    while session.importing.running:
        wait(100)
    session.go_to(Interval(session.chrom, 34_000_000, 35_000_000))
    dock.open_consensus()
    panel = dock.consensus
    panel.state.add_files([CALLS / name for name in CALL_FILES])
    for press in (panel.run_button.click, panel.load_button.click):
        while panel.state.running:
            wait(100)
        wait(300)
        press()
    while panel.state.running:
        wait(100)
    wait(500)
    panel.state.choose_members(next(one.callers for one in panel.plot.upset.columns if len(one.callers) > 1))
    panel.state.step(1)
    for widget in QApplication.allWidgets():
        if type(widget).__name__ == "NapariQtNotification":
            widget.close()
    panel.move(viewer.window._qt_window.geometry().topLeft())
    wait(1_000)
    panel.grab().save(str(IMAGES / "consensus-panel.png"))
    print(IMAGES / "consensus-panel.png")
    panel.close()
    viewer.close()


def overlays(viewer: Any, attached: Any, predicted: int, imported: int) -> None:
    """Predictions above the diagonal, another program's calls below."""
    from qtpy.QtWidgets import QApplication

    attached.editor.labels.set_triangle(predicted, "upper")
    attached.editor.labels.set_triangle(imported, "lower")
    wait(1_500)
    for widget in QApplication.allWidgets():
        if type(widget).__name__ == "NapariQtNotification":
            widget.close()  # the import's message would hide the scale bar
    wait(500)
    shoot(viewer, "overlays")


def model_card(dock: Any) -> None:
    for name, section in dock.sections.items():
        section.unfold(name not in ("why", "export"))
    dock.predict.about.click()
    wait(500)
    dock.sections["predict"].grab().save(str(IMAGES / "model-card.png"))
    dock.predict.about.click()


def correct(project: Project, imported: int) -> Annotation:
    """Resize a TAD, add a loop, reject five imported ones; gives the TAD."""
    from napari_hicstruct.annotations import Annotation, Kind, Status

    tads = [r for r in project.query(kind=Kind.TAD) if 200_000 < len(r.anchor1) < 450_000]
    wider = place(tads[0].anchor1.start, tads[0].anchor1.end + 25_000)
    edited = tads[0].with_(anchor1=wider, anchor2=wider, status=Status.EDITED)
    project.update([edited], action="resize")
    loop = Annotation(
        kind=Kind.LOOP,
        anchor1=place(63_030_000, 63_035_000),
        anchor2=place(63_250_000, 63_255_000),
        resolution=5_000,
        status=Status.ACCEPTED,
        source="me",
    )
    project.add([loop], set_id=project.human_set().id)
    project.set_status([r.uid for r in project.query(kind=Kind.LOOP, set_ids=[imported])[-9:-4]], Status.REJECTED)
    return edited


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as home:
        os.environ["NAPARI_CONFIG"] = f"{home}/napari.yaml"
        for name in ("HICSTRUCT_HOME", "HICSTRUCT_CACHE", "HICSTRUCT_LOGS"):
            os.environ[name] = f"{home}/{name}"
        if sys.argv[1:] != ["--only", "consensus"]:
            main()
        consensus_panel()
