"""Repair labellings by implicit functions: ``hicstruct repair``, ``hs.repair`` and the panel *Repair labels*."""

from __future__ import annotations

from napari_hicstruct.repair.records import RepairResult, RepairStep, RuleChange
from napari_hicstruct.repair.sample import LabelSample
from napari_hicstruct.workflows.repair.options import RepairOptions

__all__ = ["LabelSample", "RepairOptions", "RepairResult", "RepairStep", "RuleChange"]
