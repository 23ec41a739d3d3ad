"""Label files as samples of a repair, and repaired samples as files of the same kind: NIfTI, TIFF, zarr, npy.

What is written overlays what was read to the voxel: same shape, dtype, axes, affine, voxel sizes.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from napari_hicstruct.config.repair import RepairConfig
from napari_hicstruct.errors import LabelError, OutputError
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.workflows.images.label_formats import format_of, sample_name
from napari_hicstruct.workflows.images.nifti_labels import NIFTI
from napari_hicstruct.workflows.images.stored_labels import (
    LabelFormat,
    StoredLabels,
    Values,
    check_values,
    writing,
)
from napari_hicstruct.workflows.images.zarr_labels import ZARR


@dataclass(frozen=True)
class LabelFile:
    """A file and the sample that it holds.

    Attributes
    ----------
    sample : LabelSample
        Named after the file; axes z, y, x (NIfTI: superior, anterior, right) or y, x.
    stored : StoredLabels
        What is needed to write the like.
    format : LabelFormat
    """

    sample: LabelSample
    stored: StoredLabels
    format: LabelFormat

    @property
    def path(self) -> Path:
        """The file."""
        return self.stored.path

    def target_in(self, folder: Path) -> Path:
        """Where the repaired labels belong: the same name in ``folder``."""
        name = self.path.name
        return folder / (f"{name}.zarr" if self.format is ZARR and not name.endswith(".zarr") else name)

    def write(self, labels: Values, path: Path) -> None:
        """Write labels of the sample's shape as a file of this kind.

        Raises
        ------
        OutputError
        """
        with writing(path, self.format.name):
            self.format.write(self.stored, self.stored.to_stored(labels), path)


def read_label_file(path: Path, config: RepairConfig) -> LabelFile:
    """Read and check one file.

    Raises
    ------
    LabelError
        If it cannot be read, is no labelling, or has values that no class of ``config`` has.
    """
    kind = format_of(path)
    stored = kind.read(path)
    check_values(stored, tuple(one.value for one in config.classes))
    return LabelFile(LabelSample(sample_name(path), stored.to_sample(), stored.spacing), stored, kind)


def read_label_files(paths: Iterable[Path], config: RepairConfig) -> list[LabelFile]:
    """Read and check files that are to share one function.

    Raises
    ------
    LabelError
        If one cannot be read, or two do not go together.
    """
    given = list(paths)
    check_names(given)
    files: list[LabelFile] = []
    for path in given:
        files.append(read_label_file(path, config))
        check_alike(files[0], files[-1])
    return files


def check_names(paths: Sequence[Path]) -> None:
    """Refuse files that would be one sample, or one output.

    Raises
    ------
    LabelError
        If one is given twice, or two have one name.
    """
    seen: dict[str, Path] = {}
    known: set[str] = set()
    for path in paths:
        first, place = seen.setdefault(sample_name(path), path), os.path.realpath(path)
        if place in known:
            raise LabelError("is given twice.", where=path, hint="Give each sample once.")
        known.add(place)
        if first is path:
            continue
        text = f"has the name of {first}: both would be one output."
        raise LabelError(text, where=path, hint="Rename one, or repair them in two runs.")


def check_alike(first: LabelFile, other: LabelFile) -> None:
    """Refuse two samples that one function cannot hold.

    Shapes, voxel sizes and places in the world may differ: each sample fills the function's box by its own.  What must
    agree is what the box's axes mean: how many there are, which way they point, in which unit they are measured.

    Raises
    ------
    LabelError
    """
    a, b = first.stored, other.stored
    where = b.path
    if len(a.order) != len(b.order):
        text = f"has {len(b.order)} axes, but {a.path} has {len(a.order)}: one function has one number of coordinates."
        raise LabelError(text, where=where, hint="Repair 2-D and 3-D labels in two runs.")
    known = ({first.format, other.format} & {NIFTI}) and first.format is not other.format
    if known:
        text = f"is {other.format.name}, but {a.path} is {first.format.name}: only NIfTI says which way its axes point."
        raise LabelError(text, where=where, hint="Give all samples as NIfTI, or none.")
    if a.directions != b.directions:
        text = f"has the axes {_spelt(b)}, but {a.path} has {_spelt(a)}: in one function they would lie across."
        raise LabelError(text, where=where, hint="Repair them in two runs, or save them with the same axes.")
    if a.unit and b.unit and a.unit != b.unit:
        text = f"is measured in {b.unit}, but {a.path} in {a.unit}: a distance in a rule would mean two things."
        raise LabelError(text, where=where, hint="Save them in one unit.")


def _spelt(stored: StoredLabels) -> str:
    return ", ".join(stored.directions)


def check_targets(files: Sequence[LabelFile], folder: Path, *, overwrite: bool = False) -> list[Path]:
    """Where the repaired files will be; refuses to replace an input, and what stands there unless ``overwrite``.

    Raises
    ------
    OutputError
    """
    targets = [file.target_in(folder) for file in files]
    for file, target in zip(files, targets, strict=True):
        if target.is_symlink() and not target.exists():
            raise OutputError("is a link to nowhere.", where=target, hint="Remove it, or choose another folder.")
        if not target.exists():
            continue
        if target.is_dir() is not (file.format is ZARR):
            what = "folder" if target.is_dir() else "file"
            raise OutputError(f"is a {what} already.", where=target, hint="Choose another folder.")
        if any(os.path.samefile(target, one.path) for one in files):
            hint = "Choose another folder: inputs are never replaced."
            raise OutputError("is read for this, and is not replaced by it.", where=target, hint=hint)
        if not overwrite:
            hint = "Choose another folder, or replace it with --overwrite."
            raise OutputError("exists. Nothing was written.", where=target, hint=hint)
    return targets
