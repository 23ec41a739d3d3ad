"""What an evaluation leaves behind: ``metrics.json`` and pictures, each written whole or not at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from napari_hicstruct.config.files import in_place_of, output_error
from napari_hicstruct.evaluation.report import Section
from napari_hicstruct.workflows.evaluation_plots import PICTURES, save_picture

ENDINGS = (".png", ".svg")


def write_evaluation(out_dir: Path, result: Mapping[str, Any], sections: Mapping[str, Section]) -> tuple[Path, ...]:
    """Write ``metrics.json`` and the pictures for which there is something to draw, to look at and to edit.

    Pictures of an earlier evaluation that have nothing to show now are taken away: they would pass for this one's.

    Raises
    ------
    OutputError
        If the folder cannot be written to.
    """
    text = json.dumps(result, indent=1) + "\n"
    try:
        out_dir.mkdir(parents=True, exist_ok=True)
        files = [_write(out_dir / "metrics.json", lambda path: path.write_text(text, encoding="utf-8"))]
        for name, picture in PICTURES.items():
            for target in (out_dir / f"{name}{ending}" for ending in ENDINGS):
                if picture.chosen(sections):
                    files.append(_write(target, partial(save_picture, picture=picture, sections=sections)))
                else:
                    target.unlink(missing_ok=True)
    except OSError as error:
        raise output_error(out_dir, error) from error
    return tuple(files)


def _write(target: Path, write: Callable[[Path], object]) -> Path:
    with in_place_of(target) as file:
        write(file)
    return target
