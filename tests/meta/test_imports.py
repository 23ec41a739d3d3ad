"""Importing and discovering the plugin is light; every command of the manifest leads somewhere."""

from __future__ import annotations

import subprocess
import sys

import pytest

TORCH = "torch", "lightning", "lightning_fabric"
HEAVY = (*TORCH, "cooler", "hictkpy", "pandas", "dask", "scipy", "h5py", "sqlalchemy", "napari", "qtpy")

LOADED = "import sys, json; print(json.dumps([m for m in {names!r} if m in sys.modules]))"


def loaded_after(code: str, names: tuple[str, ...]) -> str:
    """Run ``code`` in a fresh interpreter and give the JSON list of those modules that it loaded."""
    script = f"{code}\n{LOADED.format(names=names)}"
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 0, result.stderr[-3000:]
    return result.stdout.strip().splitlines()[-1]


@pytest.mark.parametrize(
    "code",
    [
        "import napari_hicstruct",
        "import napari_hicstruct.plugin",
        "import napari_hicstruct.contacts, napari_hicstruct.annotations, napari_hicstruct.workflows",
        "import napari_hicstruct.models.registry, napari_hicstruct.genome, napari_hicstruct.config",
        "from napari_hicstruct.cli.main import build_app; build_app()",
        "from npe2 import PluginManager as P; m = P(); m.discover(); m.get_manifest('napari-hicstruct')",
    ],
)
def test_light(code: str) -> None:
    assert loaded_after(code, HEAVY) == "[]"


NOTHING = ("numpy", "pydantic", "yaml", "rich", "typer", "tqdm", "matplotlib", "numba", *HEAVY)


def test_the_front_door_loads_nothing() -> None:
    code = "import napari_hicstruct as hs; dir(hs); hs.__version__; hs.HicStructError"
    assert loaded_after(code, NOTHING) == "[]"


@pytest.mark.parametrize("name", ["predict", "open_map", "show", "finetune", "Calls", "load_model", "evaluate"])
def test_a_name_of_the_front_door_loads_little(name: str) -> None:
    code = f"import napari_hicstruct as hs; hs.{name}"
    assert loaded_after(code, HEAVY) == "[]"


def test_workflows_load_no_torch() -> None:
    code = (
        "import pkgutil, importlib, napari_hicstruct.workflows as w\n"
        "for m in pkgutil.iter_modules(w.__path__): importlib.import_module(f'napari_hicstruct.workflows.{m.name}')"
    )
    assert loaded_after(code, TORCH) == "[]"


def test_manifest_commands_resolve_without_torch() -> None:
    code = (
        "from npe2 import PluginManifest\n"
        "manifest = PluginManifest.from_distribution('napari-hicstruct')\n"
        "assert manifest.contributions.commands\n"
        "from importlib import import_module\n"
        "for command in manifest.contributions.commands:\n"
        "    module, _, name = command.python_name.partition(':')\n"
        "    assert callable(getattr(import_module(module), name)), command\n"
    )
    assert loaded_after(code, TORCH) == "[]"
