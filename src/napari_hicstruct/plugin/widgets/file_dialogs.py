"""File dialogs that start where the last one of their kind was."""

from __future__ import annotations

from pathlib import Path

from qtpy.QtWidgets import QFileDialog, QWidget

from napari_hicstruct.config.map_uri import split_uri
from napari_hicstruct.plugin.state.window import WindowState

MAPS = "Contact maps (*.mcool *.cool *.scool *.hic);;All files (*)"
PROJECTS = "HiC Structures projects (*.hicproj);;All files (*)"
LABELS = (
    "Labels (*.bedpe *.bed *.tsv *.txt *.bedpe.gz *.bed.gz *.tsv.gz *.csv *.longrange *.interact *.bedgraph *.parquet)"
    ";;All files (*)"
)
REGIONS = "Regions (*.bed *.bed.gz *.txt *.tsv);;All files (*)"
PLACES = "Places (*.bed *.bedpe *.bed.gz *.bedpe.gz *.narrowPeak *.tsv *.txt);;All files (*)"
TRACKS = (
    "Tracks (*.bw *.bigwig *.bigWig *.bedgraph *.bedGraph *.bdg *.bg *.bed *.narrowPeak *.broadPeak *.gtf *.gff *.gff3 "
    "*.bedgraph.gz *.bedGraph.gz *.bed.gz *.narrowPeak.gz *.broadPeak.gz *.gtf.gz *.gff.gz *.gff3.gz);;All files (*)"
)
_TABLE = "folders"
"""Of the settings: the folder of the last file, by kind."""


def open_files(parent: QWidget | None, window: WindowState, kind: str, title: str, filters: str) -> list[str]:
    """Existing files, several at once; empty if the dialog was cancelled."""
    paths, _ = QFileDialog.getOpenFileNames(parent, title, _start(window, kind), filters)
    _remember(window, kind, paths)
    return list(paths)


def open_file(parent: QWidget | None, window: WindowState, kind: str, title: str, filters: str) -> str:
    """One existing file; empty if the dialog was cancelled."""
    path, _ = QFileDialog.getOpenFileName(parent, title, _start(window, kind), filters)
    _remember(window, kind, [path] if path else [])
    return str(path)


def save_file(parent: QWidget | None, window: WindowState, kind: str, title: str, *, name: str, filters: str) -> str:
    """A file to write, ``name`` to begin with; empty if the dialog was cancelled."""
    path, _ = QFileDialog.getSaveFileName(parent, title, str(Path(_start(window, kind), name)), filters)
    _remember(window, kind, [path] if path else [])
    return str(path)


def _start(window: WindowState, kind: str) -> str:
    """Where the last file of this kind was, else the folder of the open map."""
    known = str(window.settings.entry(_TABLE, kind, ""))
    if known and Path(known).is_dir():
        return known
    return "" if window.source is None else str(Path(split_uri(window.source.uri)[0]).absolute().parent)


def _remember(window: WindowState, kind: str, paths: list[str]) -> None:
    if paths:
        window.settings.set_entry(_TABLE, kind, str(Path(paths[0]).absolute().parent))
