"""Compare predictions with truth: every metric of every task, pictures, JSON."""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from napari_hicstruct.annotations.records import Kind
from napari_hicstruct.errors import LabelError
from napari_hicstruct.jobs import Clock, Progress, drain
from napari_hicstruct.workflows.evaluate.request import EvaluateRequest

if TYPE_CHECKING:
    from napari_hicstruct.evaluation.report import Section


@dataclass(frozen=True, slots=True)
class EvaluateResult:
    """Metrics by section (plain types, bp), remarks for people, the files that were written, what pictures need."""

    metrics: dict[str, Any]
    notes: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    sections: Mapping[str, Section] = field(default_factory=dict, repr=False)


def evaluate(request: EvaluateRequest) -> EvaluateResult:
    """Run :func:`iter_evaluate` to its end."""
    return drain(iter_evaluate(request))


def iter_evaluate(request: EvaluateRequest) -> Generator[Progress, None, EvaluateResult]:
    """Read, compare, pile up, write.

    Raises
    ------
    LabelError
        If a file cannot be read or nothing can be compared.
    OutputError
        If the results cannot be written.
    """
    from napari_hicstruct.workflows.evaluate.material import gather, shown
    from napari_hicstruct.workflows.evaluate.sections import compare
    from napari_hicstruct.workflows.lengths import check_bin_size, check_tolerance

    clock, notes = Clock(), list[str]()
    check_tolerance(request.tolerance)
    check_bin_size(request.resolution, "--resolution")
    if request.out_dir is not None and not request.overwrite:
        from napari_hicstruct.workflows.evaluate.report import check_folder

        check_folder(request.out_dir)
    yield clock.step("read labels", 0, 4)
    material = gather(request, notes)
    yield clock.step("compare", 1, 4)
    sections = compare(material, notes)
    if not sections:
        what = f"the predictions hold {material.calls.kinds()}, the truth {material.truth.kinds()}: nothing to compare."
        raise LabelError(what, where=shown(request.truth[0], "the truth"), hint="Give labels of the same kind.")
    if request.map is not None:
        from napari_hicstruct.workflows.evaluate.pile_up import pile_up_section

        yield clock.step("pile up the loops", 2, 4)
        size = material.rule(Kind.LOOP).resolution
        sections["pile_up"] = pile_up_section(request.map, material.calls.of(Kind.LOOP), size, notes)
    metrics = {name: _finite(section.metrics) for name, section in sections.items()}
    metrics["settings"] = {"chromosomes": material.chroms, "tolerance_bp": request.tolerance}
    files: tuple[Path, ...] = ()
    if request.out_dir is not None:
        from napari_hicstruct.workflows.evaluate.report import write_evaluation

        yield clock.step("write", 3, 4)
        files = write_evaluation(request.out_dir, {"metrics": metrics, "notes": notes}, sections)
    yield clock.step("done", 4, 4)
    return EvaluateResult(metrics, tuple(notes), files, sections)


def _finite(value: Any) -> Any:
    """``value`` with JSON's own types: numbers that are not finite become None."""
    if isinstance(value, Mapping):
        return {str(key): _finite(item) for key, item in value.items()}
    if isinstance(value, float):
        return float(value) if math.isfinite(value) else None
    return value
