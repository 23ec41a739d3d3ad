"""The folder of a repair: settings to go on with, checkpoints, log, changes, the account of the run."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from napari_hicstruct.config.files import why, write_text, writing
from napari_hicstruct.config.repair import RepairConfig
from napari_hicstruct.errors import ConfigError, OutputError
from napari_hicstruct.label_repair.records import RepairStep, RuleChange
from napari_hicstruct.label_repair.sample import LabelSample

FUNCTION, RUN, CHANGES, LOG, CHECKPOINTS = (
    "function.safetensors",
    "run.json",
    "changes.tsv",
    "log.jsonl",
    "checkpoints",
)
SETTINGS = "settings.json"
_RESUME = "Go on with it by --resume, replace it by --overwrite, or choose another folder."
_SAME = "Give the same labels and settings, or start without --resume in another folder."


def clear_run(folder: Path) -> None:
    """Remove what an earlier repair left in a folder; labels that were written beside it stay.

    Raises
    ------
    OutputError
    """
    try:
        if (folder / CHECKPOINTS).is_dir():
            shutil.rmtree(folder / CHECKPOINTS)
        for name in (FUNCTION, RUN, CHANGES, LOG):
            (folder / name).unlink(missing_ok=True)
    except OSError as error:
        text = f"the earlier run could not be removed ({why(error)})."
        raise OutputError(text, where=folder, hint="Choose another folder.") from error


def label_record(sample: LabelSample) -> dict[str, Any]:
    """A sample as the account of a run names it; its checksum is of the labels alone."""
    data = np.ascontiguousarray(sample.labels)
    return {
        "name": sample.name,
        "shape": list(data.shape),
        "dtype": str(data.dtype),
        "spacing": [float(one) for one in sample.spacing],
        "sha256": hashlib.sha256(data.tobytes()).hexdigest(),
    }


def check_folder(folder: Path, samples: Sequence[LabelSample], config: RepairConfig, *, resume: bool) -> None:
    """Refuse a folder of another run; nothing is written.

    Raises
    ------
    OutputError
        If a run lies there and is not to be resumed.
    ConfigError
        If it is, but was begun with other settings or labels.
    """
    begun = [folder / CHECKPOINTS / SETTINGS, folder / RUN, folder / FUNCTION]
    if not any(path.exists() for path in begun):
        return
    if not resume:
        raise OutputError("holds an earlier repair. Nothing was written.", where=folder, hint=_RESUME)
    try:
        before = dict(json.loads(begun[0].read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError) as error:
        text = "holds a repair that cannot be resumed: its settings are missing."
        raise ConfigError(text, where=folder, hint="Start without --resume, with --overwrite.") from error
    now = _settings(samples, config)
    if key := next(_differences(before, now), None):
        raise ConfigError(f"'{key}' is not that of the run in this folder.", where=folder, hint=_SAME)


def make_folder(folder: Path, samples: Sequence[LabelSample], config: RepairConfig) -> None:
    """Make the folder and write down what the run was begun with.

    Raises
    ------
    OutputError
    """
    with writing(folder, what="the folder cannot be made"):
        (folder / CHECKPOINTS).mkdir(parents=True, exist_ok=True)
    write_text(folder / CHECKPOINTS / SETTINGS, json.dumps(_settings(samples, config), indent=2))


def _settings(samples: Sequence[LabelSample], config: RepairConfig) -> dict[str, Any]:
    """What must not change until the run has ended, as JSON gives it back."""
    labels = {f"{k + 1} ({sample.name})": label_record(sample) for k, sample in enumerate(samples)}
    settings: dict[str, Any] = json.loads(json.dumps({"labels": labels} | config.model_dump(mode="json")))
    return settings


def _differences(before: Any, now: Any, key: str = "") -> Iterator[str]:
    """Names of keys with other values, ``shape.epochs``."""
    if isinstance(before, dict) and isinstance(now, dict):
        for name in [*now, *(name for name in before if name not in now)]:
            yield from _differences(before.get(name), now.get(name), f"{key}.{name}" if key else name)
    elif before != now:
        yield key


class RunLog:
    """``log.jsonl``: one line for each validation; what a resumed run does once more is logged once."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / LOG
        self._before = ""  # ends a line that a kill cut short
        with writing(self.path):
            self._known = {_key(entry) for entry in self._entries()}

    def _entries(self) -> Iterator[dict[str, Any]]:
        if not self.path.exists():
            return
        text = self.path.read_text(encoding="utf-8", errors="replace")
        self._before = "\n" if text and not text.endswith("\n") else ""
        for line in text.splitlines():
            try:
                yield dict(json.loads(line))
            except (ValueError, TypeError):  # a line that a kill cut short
                continue

    def add(self, step: RepairStep) -> None:
        """Log a step that was validated.

        Raises
        ------
        OutputError
        """
        entry = asdict(step)
        if step.dice is None or _key(entry) in self._known:
            return
        self._known.add(_key(entry))
        with writing(self.path), self.path.open("a", encoding="utf-8") as file:
            file.write(f"{self._before}{json.dumps(entry)}\n")
            self._before = ""


def _key(entry: dict[str, Any]) -> tuple[str, ...]:
    return str(entry.get("stage")), str(entry.get("class_name")), str(entry.get("epoch"))


def write_changes(folder: Path, changes: Iterable[RuleChange]) -> None:
    """``changes.tsv``: what the rules changed, in voxels.

    Raises
    ------
    OutputError
    """
    rows = ["sample\tstage\trule\tclass\tvoxels"]
    for one in changes:  # names are as people give them: a tab in one would be a column
        cells = (one.sample, one.stage, one.rule, one.class_name, one.voxels)
        rows.append("\t".join(" ".join(str(cell).split()) for cell in cells))
    write_text(folder / CHANGES, "\n".join(rows) + "\n")


def write_run(folder: Path, run: dict[str, Any]) -> None:
    """``run.json``: settings, versions, seconds.

    Raises
    ------
    OutputError
    """
    write_text(folder / RUN, json.dumps(run, indent=2, ensure_ascii=False) + "\n")
