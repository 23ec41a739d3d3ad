"""Label files in: one file per family of formats, and a registry that tells them apart."""

from napari_hicstruct.annotations.readers.base import Format, LabelFile, LineProblem, OpenColumn
from napari_hicstruct.annotations.readers.registry import FORMATS, read_labels

__all__ = ["FORMATS", "Format", "LabelFile", "LineProblem", "OpenColumn", "read_labels"]
