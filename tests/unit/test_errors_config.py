"""Errors cross processes whole; configurations name the key that is wrong; folders can be moved."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Literal

import pytest
from pydantic import Field

from napari_hicstruct import errors
from napari_hicstruct.config import FrozenConfig, load_config, parse_config, paths
from napari_hicstruct.config.simulation import SimulationConfig
from napari_hicstruct.errors import ConfigError, HicStructError

KINDS = [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, HicStructError)]


@pytest.mark.parametrize("kind", KINDS)
def test_errors_pickle_whole_and_are_no_runtime_errors(kind: type[HicStructError]) -> None:
    error = kind("is broken.", where=Path("a.cool"), hint="Copy it again.")
    copy = pickle.loads(pickle.dumps(error))
    assert type(copy) is kind
    assert (copy.message, copy.where, copy.hint) == ("is broken.", "a.cool", "Copy it again.")
    assert str(copy) == "a.cool: is broken. Copy it again."
    assert not isinstance(error, RuntimeError)
    assert str(kind("Plain.")) == "Plain."


class Inner(FrozenConfig):
    width: int = 4


class Outer(FrozenConfig):
    inner: Inner = Inner()
    rate: float = 0.1


def written(folder: Path, text: str) -> Path:
    path = folder / "c.yaml"
    path.write_text(text)
    return path


def test_config_reads_what_is_written(tmp_path: Path) -> None:
    config = load_config(Outer, written(tmp_path, "inner: {width: 8}\n"))
    assert (config.inner.width, config.rate) == (8, 0.1)
    with pytest.raises(ValueError, match="frozen"):
        config.rate = 0.2


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("ratr: 0.2", r"c\.yaml: unknown key 'ratr'.*inner, rate"),
        ("inner: {widht: 3}", r"unknown key 'inner\.widht'.*Known keys: width"),
        ("inner: {width: wide}", r"key 'inner\.width'"),
        ("- a\n- b", "holds no settings"),
        ("a: [1", "not valid YAML"),
        ("rate: 0.2\ninner: {width: 8}\nrate: 0.3", r"line 3: key 'rate' stands there for the second time.*one of"),
        ("inner:\n  width: 8\n  width: 9", r"line 3: key 'width'"),
    ],
)
def test_config_errors_name_file_and_key(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        load_config(Outer, written(tmp_path, text))


def test_config_that_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.yaml: cannot be read"):
        load_config(Outer, tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(Outer, tmp_path)
    with pytest.raises(ConfigError, match="text"):
        load_config(Outer, _binary(tmp_path))


def _binary(folder: Path) -> Path:
    path = folder / "b.yaml"
    path.write_bytes(b"\x89HDF\r\n\xff\xfe\x00")
    return path


def test_parse_config_without_a_file() -> None:
    assert parse_config(Outer, {}).inner == Inner()


def test_folders_follow_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, folder in (
        ("HICSTRUCT_CACHE", paths.cache_dir),
        ("HICSTRUCT_HOME", paths.user_data_dir),
        ("HICSTRUCT_LOGS", paths.log_dir),
    ):
        monkeypatch.setenv(variable, str(tmp_path / variable))
        assert folder() == tmp_path / variable
        assert folder().is_dir()


class Settings(FrozenConfig):
    depth: float = Field(1.0, ge=0)
    steps: int = Field(5, gt=0)
    style: Literal["extrusion", "painted"] = "extrusion"
    ends: tuple[int, int] = (1, 2)
    name: str = ""


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"depth": -3}, "key 'depth': must be 0.0 or more, not -3."),
        ({"depth": "deep"}, "key 'depth': must be a number, not 'deep'."),
        ({"steps": 0}, "key 'steps': must be more than 0, not 0."),
        ({"steps": "many"}, "key 'steps': must be a whole number, not 'many'."),
        ({"steps": 1.5}, "key 'steps': must be a whole number, not 1.5."),
        ({"style": "foo"}, "key 'style': must be 'extrusion' or 'painted', not 'foo'."),
        ({"ends": 5}, "key 'ends': must be a list, not 5."),
        ({"ends": [1]}, "key 'ends.1': is missing."),
        ({"name": 5}, "key 'name': must be text, not 5."),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(given: dict[str, object], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(Settings, given)
    assert str(caught.value) == says


def test_a_rule_of_our_own_is_said_as_it_is() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_config(SimulationConfig, {"lef_spacing": (5, 1)})
    assert "Value error" not in str(caught.value)
    assert "ends before it begins" in str(caught.value)


def test_simulated_maps_are_shared_by_setting_or_lie_in_their_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("HICSTRUCT_POOL", raising=False)
    assert paths.training_maps_dir(tmp_path / "run") == tmp_path / "run" / "maps"
    monkeypatch.setenv("HICSTRUCT_POOL", str(tmp_path / "shared"))
    assert paths.training_maps_dir(tmp_path / "run") == tmp_path / "shared"
    assert list(tmp_path.iterdir()) == []


def test_nothing_travels_to_training_through_the_environment() -> None:
    """Who wants other maps than the person's gives ``pool=``; the variable is read in one place, and set nowhere."""
    root = Path(paths.__file__).parents[3]
    files = [f for part in ("src", "benchmarks", "scripts") for f in (root / part).rglob("*.py")]
    assert [f.name for f in files if '"HICSTRUCT_POOL"' in f.read_text(encoding="utf-8")] == ["paths.py"]
