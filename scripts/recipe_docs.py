"""Write the pages of settings (recipe, repair-settings, fusion-settings, …), every key; ``--check`` only compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from napari_hicstruct.config.epi import EpiConfig
from napari_hicstruct.config.fusion import FusionConfig
from napari_hicstruct.config.repair import FillHoles, KeepLargest, Near, RepairConfig, Touches
from napari_hicstruct.config.segmentation import SegmentationConfig
from napari_hicstruct.config.training import TrainConfig

DOCS = Path(__file__).resolve().parents[1] / "docs"

HEAD = """# Keys of a recipe

Made from the settings by `scripts/recipe_docs.py` (`make docs`); change the descriptions there, in
`src/napari_hicstruct/config/`. A recipe for [`hicstruct train`](tutorial-training.md) is YAML and names what differs
from these defaults; nested keys are tables of their own (`losses: {consistency: {pair: 0.1}}`). Equations of losses:
[losses](science/losses.md); what windows over one place and anchors brought:
[real maps](science/real-maps.md#learning-from-maps-that-nobody-has-labelled).
"""


REPAIR_HEAD = """# Keys of label repair

Made from the settings by `scripts/recipe_docs.py` (`make docs`); change the descriptions there, in
`src/napari_hicstruct/config/repair.py`. A YAML file for [`hicstruct repair --config`](repair.md#settings) names what
differs from these defaults; nested keys are tables of their own (`shape: {epochs: 150}`), rules are a list
(`rules: [{rule: touches, of: LAA, other: LA}]`).
"""


FUSION_HEAD = """# Keys of fusion

Made from the settings by `scripts/recipe_docs.py` (`make docs`); change the descriptions there, in
`src/napari_hicstruct/config/fusion.py`. A YAML file for `hicstruct fuse-train --config` names the `preset` whose loss
it is and what differs from these defaults; nested keys are tables of their own (`train: {steps: 600}`). Equations:
[fusion](fusion.md#losses). The shipped settings lie in `resources/configs/fusion/`.
"""


SEGMENTATION_HEAD = """# Keys of segmentation

Made from the settings by `scripts/recipe_docs.py` (`make docs`); change the descriptions there, in
`src/napari_hicstruct/config/segmentation.py`. A YAML file for
[`hicstruct segment train --config`](segmentation.md#settings) names what differs from these defaults; nested keys are
tables of their own (`targets: {truncate: 12}`). Under `model` stand the keys of every network of ours; those that only
contact maps have are refused. The shipped settings lie in `resources/configs/segmentation/`.
"""


EPI_HEAD = """# Keys of enhancer–promoter pairs

Made from the settings by `scripts/recipe_docs.py` (`make docs`); change the descriptions there, in
`src/napari_hicstruct/config/epi.py` and `config/gating.py`. A YAML file for
[`hicstruct epi train --config`](epi.md#settings) names what differs from these defaults; nested keys are tables of
their own (`train: {epochs: 40}`).
"""


def render() -> dict[str, str]:
    """Whole pages, by their names."""
    rules = [part for rule in (Touches, Near, FillHoles, KeepLargest) for part in tables(rule, _title_of(rule))]
    return {
        "recipe.md": "\n".join([HEAD, *tables(TrainConfig, "", whole="The recipe itself")]),
        "repair-settings.md": "\n".join([REPAIR_HEAD, *tables(RepairConfig, "", whole="The file itself"), *rules]),
        "fusion-settings.md": "\n".join([FUSION_HEAD, *tables(FusionConfig, "", whole="The file itself")]),
        "segmentation-settings.md": "\n".join(
            [SEGMENTATION_HEAD, *tables(SegmentationConfig, "", whole="The file itself")]
        ),
        "epi-settings.md": "\n".join([EPI_HEAD, *tables(EpiConfig, "", whole="The file itself")]),
    }


def _title_of(rule: type[BaseModel]) -> str:
    return f"rule: {rule.model_fields['rule'].default}"


def tables(settings: type[BaseModel], path: str, whole: str = "") -> Iterator[str]:
    """One table of plain keys, then those of nested settings; ``whole`` is the title of those that are in nothing."""
    nested: list[tuple[str, type[BaseModel]]] = []
    rows = []
    for name, field in settings.model_fields.items():
        inner = _settings(field.annotation)
        if inner is not None:
            nested.append((f"{path}{name}.", inner))
        else:
            rows.append(f"| `{name}` | {_shown(field)} | {_cell(field.description or '')} |")
    if rows:
        yield f"## {path.rstrip('.') or whole}\n"
        if settings.__doc__:
            yield _cell(settings.__doc__.strip().split("\n\n")[0]) + "\n"
        yield "| key | default | meaning |\n|---|---|---|"
        yield "\n".join(rows) + "\n"
    for name, inner in nested:
        yield from tables(inner, name)


def _settings(annotation: Any) -> type[BaseModel] | None:
    found = [one for one in (annotation, *get_args(annotation)) if isinstance(one, type) and issubclass(one, BaseModel)]
    whole = isinstance(annotation, type) or type(None) in get_args(annotation)
    return found[0] if found and whole else None


def _shown(field: Any) -> str:
    return "" if field.is_required() else f"`{_cell(str(_plain(field.get_default(call_default_factory=True))))}`"


def _plain(value: Any) -> Any:
    """As YAML has it: names for members, lists for tuples, settings by their names."""
    if isinstance(value, BaseModel):
        return getattr(value, "name", type(value).__name__)
    if isinstance(value, tuple | list | frozenset):
        return [_plain(one) for one in value]
    return getattr(value, "value", value)


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


def main() -> int:
    pages = {DOCS / name: text for name, text in render().items()}
    if "--check" in sys.argv[1:]:
        return int(any(not path.exists() or path.read_text(encoding="utf-8") != text for path, text in pages.items()))
    for path, text in pages.items():
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
