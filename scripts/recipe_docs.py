"""Write docs/recipe.md, every key of a training recipe, from the settings themselves; ``--check`` only compares."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel

from napari_hicstruct.config.training import TrainConfig

TARGET = Path(__file__).resolve().parents[1] / "docs" / "recipe.md"

HEAD = """# Keys of a recipe

Made from the settings by `scripts/recipe_docs.py` (`make docs`); change the descriptions there, in
`src/napari_hicstruct/config/`. A recipe for [`hicstruct train`](tutorial-training.md) is YAML and names what differs
from these defaults; nested keys are tables of their own (`losses: {consistency: {pair: 0.1}}`). Equations of losses:
[losses](science/losses.md); what windows over one place and anchors brought:
[real maps](science/real-maps.md#learning-from-maps-that-nobody-has-labelled).
"""


def render() -> str:
    """The whole page."""
    return "\n".join([HEAD, *tables(TrainConfig, "")])


def tables(settings: type[BaseModel], path: str) -> Iterator[str]:
    """One table of plain keys, then those of nested settings."""
    nested: list[tuple[str, type[BaseModel]]] = []
    rows = []
    for name, field in settings.model_fields.items():
        inner = _settings(field.annotation)
        if inner is not None:
            nested.append((f"{path}{name}.", inner))
        else:
            rows.append(f"| `{name}` | {_shown(field)} | {_cell(field.description or '')} |")
    if rows:
        yield f"## {path.rstrip('.') or 'The recipe itself'}\n"
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
    text = render()
    if "--check" in sys.argv[1:]:
        return int(TARGET.read_text(encoding="utf-8") != text)
    TARGET.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
