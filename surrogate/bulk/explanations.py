"""Explanations on disk, read when they are looked at."""

from __future__ import annotations

import bisect
import os
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import accumulate
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

import numpy as np
import numpy.typing as npt

from surrogate._optional import require
from surrogate.bulk.formats import FORMATS
from surrogate.bulk.layout import Blocks
from surrogate.bulk.store import digest, layout_of, read_manifest, read_receipts, sums_of
from surrogate.bulk.summary import BulkSummary, Totals
from surrogate.domain import Domain, domain_from_dict
from surrogate.errors import InputError, OptionError
from surrogate.explanation import (
    Choices,
    LocalExplanation,
    LocalExplanations,
    RowPick,
    pick_rows,
)
from surrogate.explanation.encoding import SharedEncoding, encoding_from_dict
from surrogate.explanation.frames import pandas
from surrogate.explanation.local_fidelity import LocalFidelity
from surrogate.local._replicates import plan_errors
from surrogate.render.fragments import notebook, preformatted
from surrogate.types import FloatArray, Label

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["BulkExplanations", "read_explanations"]


class BulkExplanations:
    """Explained rows in the shards of a folder; a shard is read when one of its rows is wanted.

    Parameters
    ----------
    folder : str or path
        That `surrogate.explain_to` wrote into.

    Raises
    ------
    InputError
        If the folder holds no manifest.

    Examples
    --------
    >>> import tempfile
    >>> import numpy as np
    >>> from surrogate import explain_to
    >>> X = np.random.default_rng(0).normal(size=(200, 3))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     bulk = explain_to(lambda rows: 2.0 * rows[:, 0], X, folder, rows_at_once=50)
    ...     len(bulk), bulk.coef.shape, len(bulk[60:120])
    (200, (200, 1, 3), 60)
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        self.folder = Path(folder)
        self._manifest = read_manifest(self.folder)
        self._receipts = read_receipts(self.folder)
        self._layout = layout_of(self._manifest)
        self._format = FORMATS[self._manifest["job"]["format"]]
        self._ends = list(accumulate(one.stop - one.start for one in self._receipts))
        self._last: tuple[int, LocalExplanations] | None = None

    # ---- what all rows have in common ----

    @property
    def method(self) -> str:
        """Name in `surrogate.methods.METHODS`."""
        return str(self._manifest["shared"]["method"])

    @property
    def target(self) -> str:
        """What the model is called."""
        return str(self._manifest["shared"]["target"])

    @property
    def classes(self) -> tuple[Label, ...] | None:
        """The k explained classes; None for regression."""
        classes = self._manifest["shared"]["classes"]
        return None if classes is None else tuple(classes)

    @cached_property
    def domain(self) -> Domain:
        """What a row is."""
        domain = domain_from_dict(self._manifest["shared"]["domain"])
        assert isinstance(domain, Domain)
        return domain

    @cached_property
    def encoding(self) -> SharedEncoding:
        """How x becomes z around a row."""
        return encoding_from_dict(self._manifest["shared"]["encoding"])

    @property
    def settings(self) -> Mapping[str, Any]:
        """Options, seeds, versions, hashes: what it takes to do it again."""
        settings: Mapping[str, Any] = self._manifest["shared"]["settings"]
        return settings

    @property
    def notes(self) -> tuple[str, ...]:
        """Warnings that a reader must see."""
        return tuple(self._manifest["shared"]["notes"])

    @property
    def queries(self) -> dict[str, int]:
        """Rows that were asked for the shards that are there, by purpose."""
        total: dict[str, int] = {}
        for receipt in self._receipts:
            for purpose, n in receipt.queries.items():
                total[purpose] = total.get(purpose, 0) + n
        return total

    @property
    def planned(self) -> int:
        """Rows of the whole job."""
        return int(self._manifest["job"]["rows"])

    @property
    def interrupted(self) -> bool:
        """Whether shards are missing; the same call of `explain_to` makes them."""
        return len(self) < self.planned

    # ---- rows ----

    def __len__(self) -> int:
        return self._ends[-1] if self._ends else 0

    @overload
    def __getitem__(self, index: int) -> LocalExplanation: ...
    @overload
    def __getitem__(self, index: slice) -> LocalExplanations: ...
    def __getitem__(self, index: int | slice) -> LocalExplanation | LocalExplanations:
        n = len(self)
        if not isinstance(index, slice):
            i = int(index)
            if not -n <= i < n:
                raise IndexError(f"row {i} of {n:,} explained rows")
            shard, place = self._place(i % n)
            return self._shard(shard)[place]
        start, stop, step = index.indices(n)
        if step != 1 or stop <= start:
            raise OptionError(
                "Rows of BulkExplanations are read as [a:b] with a < b and step 1; got "
                f"[{index.start}:{index.stop}:{index.step}]."
            )
        return self._span(start, stop)

    def __iter__(self) -> Iterator[LocalExplanation]:
        return (one for chunk in self.chunks() for one in chunk)

    def chunks(self) -> Iterator[LocalExplanations]:
        """The shards, one after another, each as explanations in memory."""
        return (self._shard(i) for i in range(len(self._receipts)))

    def _place(self, row: int) -> tuple[int, int]:
        """Which shard holds a row, and where."""
        shard = bisect.bisect_right(self._ends, row)
        return shard, row - (self._ends[shard - 1] if shard else 0)

    def _shard(self, i: int) -> LocalExplanations:
        """A whole shard; the last one is kept."""
        if self._last is None or self._last[0] != i:
            receipt = self._receipts[i]
            sums = receipt.plan_sums
            found = self._made(self._read(i, self._names()), None if sums is None else sums)
            self._last = i, found
        return self._last[1]

    def _span(self, start: int, stop: int) -> LocalExplanations:
        """Rows that may lie in several shards."""
        first, last = self._place(start)[0], self._place(stop - 1)[0]
        before = self._ends[first - 1] if first else 0
        if first == last:
            return self._shard(first)[start - before : stop - before]
        parts = [self._read(i, self._names()) for i in range(first, last + 1)]
        inside = slice(start - before, stop - before)
        blocks = {name: np.concatenate([p[name] for p in parts])[inside] for name in parts[0]}
        whole = (start, stop) == (0, len(self))
        return self._made(blocks, sums_of(self._receipts) if whole else None)

    def _made(self, blocks: Blocks, sums: FloatArray | None) -> LocalExplanations:
        """Blocks as explanations."""
        shared = self._manifest["shared"]
        value, low, high = np.moveaxis(blocks["fidelity"].astype(np.float64), -1, 0)
        fidelity = LocalFidelity(
            value=value,
            low=low,
            high=high,
            error=blocks["error"].astype(np.float64),
            ess=blocks["ess"].astype(np.float64),
            **shared["fidelity"],
        )
        return LocalExplanations(
            method=self.method,
            domain=self.domain,
            task=shared["task"],
            rows=blocks["x"],
            coef=blocks["coef"],
            intercept=blocks["intercept"],
            encoding=self.encoding,
            box_values=blocks["box_value"],
            local_values=blocks["local_value"],
            fidelity=fidelity,
            classes=self.classes,
            coef_se=blocks.get("se"),
            dof=shared["dof"],
            widths=blocks.get("width"),
            plan_errors=None if sums is None else plan_errors(sums),
            index=tuple(blocks["index"].tolist()),
            flags=tuple(tuple(clauses) for clauses in blocks["flags"]),
            target=self.target,
            settings=self.settings,
            notes=self.notes,
        )

    # ---- columns ----

    def _names(self) -> list[str]:
        return ["index", *self._layout.shapes, "flags"]

    def _read(self, i: int, names: Sequence[str]) -> Blocks:
        """Some blocks of a shard."""
        return self._format.read(self.folder / self._receipts[i].file, names, self._layout)

    def block(self, name: str) -> np.ndarray[Any, Any]:
        """One block of all rows; only its columns are read.

        Parameters
        ----------
        name : str
            "index", "x", "coef", "se", "intercept", "box_value", "local_value", "fidelity"
            (n, k, 3: value, low, high), "error", "ess", "width" or "flags".

        Raises
        ------
        OptionError
            If there is no such block.
        """
        self._layout.check([name])
        return np.concatenate([self._read(i, [name])[name] for i in range(len(self._receipts))])

    @property
    def coef(self) -> npt.NDArray[np.float32]:
        """Coefficients of all rows, (n, k, d), read anew each time."""
        k, d = self._layout.shapes["coef"]
        whole = np.empty((len(self), k, d), dtype=np.float32)
        start = 0
        for i, stop in enumerate(self._ends):
            whole[start:stop] = self._read(i, ["coef"])["coef"]
            start = stop
        return whole

    def to_frame(self, *, blocks: Sequence[str] | None = None) -> pd.DataFrame:
        """One line a row, the columns of the files, as a pandas DataFrame.

        Parameters
        ----------
        blocks : sequence of str, optional
            Which blocks to read, such as ``["index", "coef"]``; all if not given.

        Raises
        ------
        MissingDependency
            If pandas is not installed.
        OptionError
            If there is no such block.
        """
        names = self._names() if blocks is None else self._layout.check(blocks)
        frame = pandas()
        parts = (self._read(i, names) for i in range(len(self._receipts)))
        frames = [frame.DataFrame(self._layout.flat(part)) for part in parts]
        return frame.concat(frames, ignore_index=True)  # type: ignore[no-any-return]

    def dataset(self) -> Any:
        """The Parquet files as a `pyarrow.dataset.Dataset`, which reads what is asked of it.

        Raises
        ------
        InputError
            If the shards are no Parquet files.
        """
        if self._manifest["job"]["format"] != "parquet":
            raise InputError("A dataset is read from Parquet; these shards are npz files.")
        dataset = require("pyarrow.dataset", extra="parquet")
        return dataset.dataset([str(self.folder / one.file) for one in self._receipts])

    # ---- all of it ----

    def summary(self) -> BulkSummary:
        """Means over all rows with their errors; reads receipts, and no shard.

        Raises
        ------
        InputError
            If there is no shard.
        """
        if not self._receipts:
            raise InputError(f"{str(self.folder)!r} holds no shard yet.")
        sums = sums_of(self._receipts)
        return BulkSummary.of(
            Totals.add([one.totals for one in self._receipts]),
            classes=self.classes,
            features=self._layout.features,
            plan_errors=None if sums is None else plan_errors(sums),
            dof=self._manifest["shared"]["dof"],
            level=self._manifest["shared"]["fidelity"]["level"],
        )

    def pick(self, n: int = 5, *, top: int | None = None, label: Label | None = None) -> RowPick:
        """Rows whose explanations together show most of what matters (SP-LIME).

        Reads the rows, their names, coefficients and answers; n, top and label are those of
        `LocalExplanations.pick`.

        Raises
        ------
        InputError
            If there is no shard.
        OptionError
            If n or top is less than 1, or the class was not explained.
        """
        if not self._receipts:
            raise InputError(f"{str(self.folder)!r} holds no shard yet.")
        choices = Choices(
            coef=self.coef,
            rows=self.block("x"),
            box_values=self.block("box_value"),
            encoding=self.encoding,
            classes=self.classes,
            index=self.block("index").tolist(),
        )
        return pick_rows(choices, n, top=top, label=label)

    def verify(self) -> None:
        """Hash every shard, and hold it to its receipt.

        Raises
        ------
        InputError
            Naming the shards that are not as they were written.
        """
        wrong = [r.file for r in self._receipts if digest(self.folder / r.file) != r.sha256]
        if wrong:
            raise InputError(
                f"These shards of {str(self.folder)!r} are not as they were written: "
                f"{', '.join(wrong)}. Delete them, and make the same call of explain_to."
            )

    def __repr__(self) -> str:
        k, d = self._layout.shapes["coef"]
        left = f" of {self.planned:,}" if self.interrupted else ""
        return (
            f"<BulkExplanations {self.method}, {len(self):,}{left} rows, {k} outputs, {d} features>"
        )

    def _repr_html_(self) -> str:
        return notebook(preformatted(str(self)))

    def __str__(self) -> str:
        head = f"{self.method} on {self.target}, in {self.folder}"
        if not self._receipts:
            return f"{head}: no shard yet"
        lines = [head, *(f"! {note}" for note in self.notes)]
        if self.interrupted:
            lines.append(
                f"! {len(self):,} of {self.planned:,} rows are there; the same call goes on"
            )
        return "\n".join([*lines, str(self.summary())])


def read_explanations(folder: str | os.PathLike[str]) -> BulkExplanations:
    """Open a folder that `surrogate.explain_to` wrote; its shards are read when they are wanted.

    Parameters
    ----------
    folder : str or path

    Returns
    -------
    BulkExplanations

    Raises
    ------
    InputError
        If the folder holds no manifest, or that of a newer version.
    """
    return BulkExplanations(folder)
