"""Model folders: those shipped, those installed by the user, the default.  Needs no torch."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from napari_hicstruct.config import parse_config
from napari_hicstruct.config.files import in_place_of, writing
from napari_hicstruct.config.model import ModelConfig
from napari_hicstruct.config.paths import user_data_dir
from napari_hicstruct.config.resources import resources_dir
from napari_hicstruct.errors import ModelError

DEFAULT = "default"
WEIGHTS, CARD = "weights.safetensors", "model.json"


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """One model: where it is and what its card says."""

    name: str
    version: str
    path: Path
    tasks: tuple[str, ...]
    sha256: str
    shipped: bool
    default: bool
    card: dict[str, Any] = field(repr=False)
    tracks: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """Name and version, as records and menus say it."""
        return f"{self.name} {self.version}".strip()

    @property
    def simulated_seeds(self) -> list[tuple[int, int]]:
        """First seed and the one after the last of the simulated maps that it, or a model before it, learnt from."""
        if "simulated_seeds" in self.card:
            return [(int(first), int(stop)) for first, stop in self.card["simulated_seeds"]]
        # a card written before this key names only its own run
        pool = self.card.get("recipe", {}).get("train", {})
        first, count = pool.get("first_seed", 0), pool.get("extrusion", 0) + pool.get("painted", 0)
        return [(first, first + count)] if count else []


def config_of(info: ModelInfo) -> ModelConfig:
    """Architecture of a model, as its card says.

    Raises
    ------
    ConfigError, ModelError
    """
    card = info.path / CARD
    try:
        text = json.loads(card.read_text(encoding="utf-8"))["config"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError("has a damaged card.", where=card, hint="Copy the folder again, whole.") from error
    return parse_config(ModelConfig, text, where=card)


def user_models_dir() -> Path:
    """Folder of models installed by the user, in the data folder; ``$HICSTRUCT_MODELS`` overrides it."""
    chosen = os.environ.get("HICSTRUCT_MODELS")
    return Path(chosen) if chosen else user_data_dir(create=False) / "models"


def describe_model(folder: Path, *, shipped: bool = False, default: bool = False) -> ModelInfo:
    """What a model folder's card says.

    Raises
    ------
    ModelError
        If it is no model folder.
    """
    try:
        text = json.loads((folder / CARD).read_text(encoding="utf-8"))
        card, sha256 = text["card"], text["sha256"]
        tasks = tuple(task["name"] for task in text["config"]["tasks"])
        tracks = tuple(text["config"].get("tracks", ()))
    except OSError as error:
        hint = f"A model is a folder with {CARD} and {WEIGHTS}."
        raise ModelError("is not a model folder.", where=folder, hint=hint) from error
    except (ValueError, KeyError, TypeError) as error:
        raise ModelError("has a damaged card.", where=folder / CARD, hint="Copy the folder again, whole.") from error
    name = folder.name if shipped else str(card.get("name") or folder.name)
    return ModelInfo(name, str(card.get("version", "")), folder, tasks, sha256, shipped, default, card, tracks)


def default_name() -> str:
    """Name of the model that is used when none is given."""
    chosen = user_models_dir() / "default.txt"
    return chosen.read_text(encoding="utf-8").strip() if chosen.exists() else DEFAULT


def list_models() -> list[ModelInfo]:
    """All models, the default first; a damaged folder is left out (:func:`find_model` says what is wrong with it)."""
    chosen = default_name()
    found = []
    for base, shipped in ((user_models_dir(), False), (resources_dir() / "models", True)):
        for folder in sorted(base.iterdir()) if base.is_dir() else ():
            if not (folder / CARD).exists():
                continue
            try:
                found.append(describe_model(folder, shipped=shipped, default=folder.name == chosen))
            except ModelError:
                continue
    return sorted(found, key=lambda model: (not model.default, model.name))


def named_tasks(own: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Tasks as a model calls them, of singular or plural in any case; what it lacks stays as it was written."""
    known = {spelt: task for task in own for spelt in (f"{task}s".lower(), task.lower())}
    return tuple(dict.fromkeys(known.get(name.lower(), name) for name in names))


def find_model(name: str) -> ModelInfo:
    """A model by name, by folder, or ``default``.

    Raises
    ------
    ModelError
        If there is none; the message lists those there are.
    """
    folder = Path(name)
    if (folder / CARD).exists():
        return of_maps(describe_model(folder))
    wanted = default_name() if name == DEFAULT else name
    for base, shipped in ((user_models_dir(), False), (resources_dir() / "models", True)):
        if wanted and (base / wanted / CARD).exists():
            return of_maps(describe_model(base / wanted, shipped=shipped, default=wanted == default_name()))
    known = ", ".join(model.name for model in list_models()) or "none"
    raise ModelError(f"there is no model '{name}'.", hint=f"Installed: {known}. Or give a model folder.")


def of_maps(model: ModelInfo) -> ModelInfo:
    """The model, unless it is one of pictures.

    Raises
    ------
    ModelError
    """
    if model.card.get("kind") == "segmentation":
        hint = "Use it by hicstruct segment predict."
        raise ModelError("is a model of pictures, not of contact maps.", where=model.path, hint=hint)
    return model


def install_model(folder: str | Path, *, name: str | None = None) -> ModelInfo:
    """Copy a model folder to the user's models after checking its weights against the checksum.

    Raises
    ------
    ModelError
        If it is damaged or holds no safetensors weights.
    OutputError
        If it cannot be copied.
    """
    info = of_maps(describe_model(Path(folder)))
    weights = Path(folder) / WEIGHTS
    if not weights.exists():
        raise ModelError(f"lacks {WEIGHTS}.", where=folder, hint="Only safetensors weights are taken, never pickles.")
    if hashlib.sha256(weights.read_bytes()).hexdigest() != info.sha256:
        raise ModelError("does not match its checksum; the file is damaged.", where=weights, hint="Copy it again.")
    target = user_models_dir() / (name or info.name)
    if target.exists():
        raise ModelError(f"a model '{target.name}' is installed already.", hint="Give another --name.")
    with writing(target), in_place_of(target) as copy:
        copy.mkdir()
        for part in (CARD, WEIGHTS):
            shutil.copyfile(Path(folder) / part, copy / part)
    return describe_model(target)


def heads_of(name: str, tasks: Collection[str] = ()) -> frozenset[str]:
    """Heads (``point``, ``mask``, ``boundary``) of a model's tasks, or of some of them."""
    text = json.loads((find_model(name).path / CARD).read_text(encoding="utf-8"))
    return frozenset(task["head"] for task in text["config"]["tasks"] if not tasks or task["name"] in tasks)


def set_default(name: str) -> ModelInfo:
    """Make a model the one used when none is named."""
    info = find_model(name)
    base = user_models_dir()
    with writing(base), in_place_of(base / "default.txt") as file:
        file.write_text(info.path.name, encoding="utf-8")
    return find_model(info.path.name)
