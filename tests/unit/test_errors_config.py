"""Errors cross processes whole; configurations name the key that is wrong; folders can be moved."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from napari_hicstruct import errors
from napari_hicstruct.config import FrozenConfig, load_config, parse_config, paths
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
