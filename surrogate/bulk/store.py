"""A folder of shards: a manifest that says what job they are of, and a receipt for each.

A shard is there once its receipt is. Every file is written under another name, forced to disk
and renamed, so that a job that is killed leaves whole shards and nothing else that counts.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from surrogate.bulk.formats import FORMATS
from surrogate.bulk.layout import Layout, blocks_of
from surrogate.bulk.summary import Totals
from surrogate.errors import InputError
from surrogate.explanation import LocalExplanations
from surrogate.explanation.serial import dumps, loads, pack, plain, unpack
from surrogate.types import FloatArray

__all__ = ["Receipt", "Store"]

MANIFEST = "manifest.json"
_SCHEMA, _RECEIPT = "surrogate/bulk-explanations", "surrogate/bulk-receipt"


@dataclass(frozen=True, eq=False)
class Receipt:
    """What is known of a shard without reading it.

    Parameters
    ----------
    file : str
        Its name in the folder.
    start, stop : int
        Which of the job's rows it holds.
    size : int
        In bytes.
    sha256 : str
    queries : mapping from purpose to int
        Rows that were asked for it.
    totals : Totals
    plan_sums : array of shape (h, 4, k, d) or None
        Sums over rows of replicates of the plan that all shards share.
    """

    file: str
    start: int
    stop: int
    size: int
    sha256: str
    queries: Mapping[str, int]
    totals: Totals
    plan_sums: FloatArray | None

    def to_json(self) -> str:
        """JSON that comes back equal."""
        body = {
            **vars(self),
            "queries": dict(self.queries),
            "totals": self.totals.to_dict(),
            "plan_sums": pack(self.plan_sums),
        }
        return dumps(_RECEIPT, body)

    @classmethod
    def from_json(cls, text: str | bytes) -> Receipt:
        """Read what `to_json` wrote."""
        data = loads(_RECEIPT, text)
        sums = data["plan_sums"]
        return cls(
            file=data["file"],
            start=data["start"],
            stop=data["stop"],
            size=data["size"],
            sha256=data["sha256"],
            queries=data["queries"],
            totals=Totals.from_dict(data["totals"]),
            plan_sums=None if sums is None else unpack(sums),
        )


class Store:
    """A folder that shards of one job are written into.

    Parameters
    ----------
    folder : Path
        Made if it is not there.
    job : mapping
        What a job must agree in to go on with these shards: plain values.

    Raises
    ------
    InputError
        If the folder holds another job's shards, or cannot be one.
    """

    def __init__(self, folder: Path, job: Mapping[str, Any]) -> None:
        self.folder, self.job = folder, plain(job)
        if folder.exists() and not folder.is_dir():
            raise InputError(f"{str(folder)!r} is a file; give a folder to write shards into.")
        self.manifest = read_manifest(folder) if (folder / MANIFEST).exists() else None
        if self.manifest is not None:
            _refuse_other(folder, self.manifest["job"], self.job)
        folder.mkdir(parents=True, exist_ok=True)

    def missing(self) -> list[slice]:
        """Rows of the shards that are not there."""
        n, step = self.job["rows"], self.job["rows at once"]
        return [
            slice(start, min(start + step, n))
            for start in range(0, n, step)
            if not _is_there(self.folder, start // step)
        ]

    def begin(self, first: LocalExplanations) -> None:
        """Write the manifest, now that it is known what all shards have in common."""
        if self.manifest is None:
            body = {"job": self.job, "shared": _shared(first)}
            _put(self.folder / MANIFEST, dumps(_SCHEMA, body, indent=1).encode())
            self.manifest = read_manifest(self.folder)

    def write(
        self,
        at: slice,
        found: LocalExplanations,
        *,
        queries: Mapping[str, int],
        plan_sums: FloatArray | None,
    ) -> None:
        """Write one shard, then its receipt."""
        self.begin(found)
        assert self.manifest is not None
        kind, number = FORMATS[self.job["format"]], at.start // self.job["rows at once"]
        layout, path = layout_of(self.manifest), self.folder / f"shard-{number:06d}{kind.suffix}"
        said = (self.folder / MANIFEST).read_text(encoding="utf-8")
        blocks = blocks_of(found, self.job["dtype"])
        _put_by(path, lambda part: kind.write(part, blocks, layout, said=said))
        receipt = Receipt(
            path.name,
            at.start,
            at.stop,
            path.stat().st_size,
            digest(path),
            queries,
            Totals.over(found),
            plan_sums,
        )
        _put(_receipt_path(self.folder, number), receipt.to_json().encode())


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a folder.

    Raises
    ------
    InputError
        If there is none, or it is something else.
    """
    path = folder / MANIFEST
    if not path.is_file():
        raise InputError(
            f"{str(folder)!r} holds no {MANIFEST}; give a folder that explain_to wrote at least "
            "one shard into."
        )
    return loads(_SCHEMA, path.read_text(encoding="utf-8"))


def read_receipts(folder: Path) -> list[Receipt]:
    """Receipts of the shards that are there, in the order of their rows."""
    found = sorted(folder.glob("shard-*.json"))
    receipts = [Receipt.from_json(path.read_text(encoding="utf-8")) for path in found]
    return [one for one in receipts if (folder / one.file).is_file()]


def layout_of(manifest: Mapping[str, Any]) -> Layout:
    """What the columns are called."""
    shared = manifest["shared"]
    return Layout.of(
        shared["classes"],
        shared["features"],
        has_errors=shared["has errors"],
        has_widths=shared["has widths"],
        n_outputs=shared["outputs"],
    )


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _shared(one: LocalExplanations) -> dict[str, Any]:
    """What is the same for every row."""
    whole = one.to_dict() if len(one) == 0 else one[:1].to_dict()
    fidelity = {
        name: value
        for name, value in whole["fidelity"].items()
        if name in ("metric", "distribution", "n", "level", "interval", "seed")
    }
    names = ("method", "target", "task", "classes", "encoding", "dof", "domain", "settings")
    return {
        **{name: whole[name] for name in names},
        "notes": whole["notes"],
        "fidelity": fidelity,
        "features": list(one.domain.names),
        "outputs": one.coef.shape[1],
        "has errors": one.coef_se is not None,
        "has widths": one.widths is not None,
    }


def _refuse_other(folder: Path, there: Mapping[str, Any], job: Mapping[str, Any]) -> None:
    """Raise where a folder's job is not this one, naming what differs."""
    differ = [name for name in {**there, **job} if there.get(name) != job.get(name)]
    if not differ:
        return
    said = "; ".join(f"{n}: {_short(there.get(n))} there, {_short(job.get(n))} now" for n in differ)
    raise InputError(
        f"{str(folder)!r} holds shards of another job, which differs in {said}. Make the same "
        "call to go on with it, or give another folder."
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text):,} characters)"


def _is_there(folder: Path, number: int) -> bool:
    """Whether a shard is whole, as its receipt says."""
    path = _receipt_path(folder, number)
    if not path.is_file():
        return False
    receipt = Receipt.from_json(path.read_text(encoding="utf-8"))
    shard = folder / receipt.file
    return shard.is_file() and shard.stat().st_size == receipt.size


def _receipt_path(folder: Path, number: int) -> Path:
    return folder / f"shard-{number:06d}.json"


def _put(path: Path, content: bytes) -> None:
    _put_by(path, lambda part: part.write_bytes(content))


def _put_by(path: Path, write: Callable[[Path], Any]) -> None:
    """Let a file be written under another name, and give it its own once it is on disk."""
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        write(part)
        with part.open("rb+") as file:
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)


def sums_of(receipts: list[Receipt]) -> FloatArray | None:
    """Replicates of the shared plan, over the rows of all shards."""
    parts = [one.plan_sums for one in receipts if one.plan_sums is not None]
    return None if not parts or len(parts) < len(receipts) else np.sum(parts, axis=0)
