"""Repair labellings by implicit functions: ``hicstruct repair``, ``hs.repair`` and the panel *Repair labels*."""

from __future__ import annotations

from napari_hicstruct.label_repair.records import RepairResult, RepairStep, RuleChange
from napari_hicstruct.label_repair.sample import LabelSample
from napari_hicstruct.workflows.repair.functions import apply_function, evaluate_function
from napari_hicstruct.workflows.repair.options import RepairOptions
from napari_hicstruct.workflows.repair.run import iter_repair

__all__ = [
    "LabelSample",
    "RepairOptions",
    "RepairResult",
    "RepairStep",
    "RuleChange",
    "apply_function",
    "evaluate_function",
    "iter_repair",
]
