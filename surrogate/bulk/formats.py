"""A shard as a file: flat Parquet, which pandas and databases read, or NumPy's npz."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from surrogate._optional import require
from surrogate.bulk.layout import Blocks, Layout

__all__ = ["FORMATS", "Format", "default_format"]


class Format(Protocol):
    """Writes blocks to a path, and reads some of them back."""

    suffix: str

    def write(self, path: Path, blocks: Blocks, layout: Layout, *, said: str) -> None:
        """Write all blocks; `said` is the manifest."""
        ...

    def read(self, path: Path, names: Sequence[str], layout: Layout) -> Blocks:
        """Read some blocks, and no others."""
        ...


def default_format() -> str:
    """Parquet where pyarrow is installed, else npz."""
    return "npz" if importlib.util.find_spec("pyarrow") is None else "parquet"


class Parquet:
    """One column a number, undefined ones null; `said` stands in the file's schema."""

    suffix = ".parquet"

    def write(self, path: Path, blocks: Blocks, layout: Layout, *, said: str) -> None:
        """Write all blocks as one row group."""
        pa = require("pyarrow", extra="parquet")
        parquet = require("pyarrow.parquet", extra="parquet")
        columns = {
            name: pa.array(column.tolist(), type=pa.list_(pa.string()))
            if name == "flags"
            else pa.array(np.ascontiguousarray(column), from_pandas=True)
            for name, column in layout.flat(blocks).items()
        }
        table = pa.table(columns).replace_schema_metadata({"surrogate": said})
        parquet.write_table(table, path, compression="zstd", use_dictionary=["flags.list.element"])

    def read(self, path: Path, names: Sequence[str], layout: Layout) -> Blocks:
        """Read the columns of some blocks, and no others."""
        parquet = require("pyarrow.parquet", extra="parquet")
        wanted = [c for name in names for c in _columns(name, layout)]
        with parquet.ParquetFile(path, memory_map=True) as file:
            table = file.read(columns=wanted)
        blocks: Blocks = {}
        for name in names:
            if name == "flags":
                blocks[name] = _objects(table.column("flags").to_pylist())
            elif name == "index":
                blocks[name] = np.asarray(table.column("index").to_pylist())
            else:
                columns = {c: table.column(c).to_numpy() for c in layout.columns(name)}
                blocks[name] = layout.block(name, columns)
        return blocks


class Npz:
    """One array a block; flags as JSON."""

    suffix = ".npz"

    def write(self, path: Path, blocks: Blocks, layout: Layout, *, said: str) -> None:
        """Write all blocks, uncompressed."""
        flags = _text(json.dumps(blocks["flags"].tolist(), ensure_ascii=False))
        arrays: dict[str, Any] = {**blocks, "flags": flags, "surrogate": _text(said)}
        with path.open("wb") as file:
            np.savez(file, **arrays)

    def read(self, path: Path, names: Sequence[str], layout: Layout) -> Blocks:
        """Read some arrays, and no others."""
        with np.load(path, allow_pickle=False) as file:
            blocks: Blocks = {name: file[name] for name in names}
        if "flags" in blocks:
            blocks["flags"] = _objects(json.loads(blocks["flags"].tobytes()))
        return blocks


def _columns(name: str, layout: Layout) -> list[str]:
    return [name] if name in ("index", "flags") else layout.columns(name)


def _objects(values: Sequence[Any]) -> np.ndarray[Any, Any]:
    """Lists as entries of one array (n,)."""
    array = np.empty(len(values), dtype=object)
    array[:] = values
    return array


def _text(text: str) -> np.ndarray[Any, Any]:
    return np.frombuffer(text.encode(), dtype=np.uint8)


FORMATS: dict[str, Format] = {"parquet": Parquet(), "npz": Npz()}
