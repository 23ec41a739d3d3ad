"""Our Parquet export, read back whole."""

from __future__ import annotations

from pathlib import Path

from napari_hicstruct.annotations.codec import COLUMNS, from_values
from napari_hicstruct.annotations.records import Annotation
from napari_hicstruct.errors import LabelError


def read_parquet(path: Path) -> list[Annotation]:
    """Records of a file written by ``write_parquet``.

    Raises
    ------
    LabelError
        If pyarrow is missing, or the file is damaged or lacks our columns.
    """
    try:
        import pyarrow as pa  # type: ignore[import-untyped]
        import pyarrow.parquet as pq  # type: ignore[import-untyped]
    except ImportError as error:
        raise LabelError(
            "Parquet needs the package pyarrow, which is not installed.", where=path, hint="Run: pip install pyarrow"
        ) from error
    try:
        rows = pq.read_table(path, columns=list(COLUMNS)).to_pylist()
        return [from_values([row[name] for name in COLUMNS]) for row in rows]
    except (OSError, pa.ArrowException, KeyError, ValueError, TypeError) as error:
        raise LabelError(
            "is no Parquet table of annotations.", where=path, hint="Choose one that hicstruct export wrote."
        ) from error
