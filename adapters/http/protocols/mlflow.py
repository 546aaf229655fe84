"""MLflow's scoring server: ``/invocations``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from surrogate._validate import Choice, check
from surrogate.adapters.http.protocols._answer import field, parse, reply_of
from surrogate.adapters.http.protocols._base import Request, extend, path_of
from surrogate.adapters.http.protocols._table import Table, dumps, table_of
from surrogate.adapters.http.protocols.v1 import picked
from surrogate.types import Reply

__all__ = ["MLflow"]

_FORMS = ("auto", "dataframe_split", "dataframe_records", "inputs", "instances")


@dataclass(frozen=True)
class MLflow:
    """MLflow's scoring protocol. A model with a signature wants columns by name.

    Parameters
    ----------
    form : {"auto", "dataframe_split", "dataframe_records", "inputs", "instances"}
        "auto": a frame where columns have names, else ``inputs``.
    answer : str or None
        Column of the predictions that is the answer, where they are a frame.
    columns : tuple of str or None
        Names of the columns of rows that have none.

    Examples
    --------
    >>> from surrogate.adapters.http.protocols import MLflow
    >>> MLflow().encode({"age": [39], "job": ["clerk"]}).body.decode()
    '{"dataframe_split":{"columns":["age","job"],"data":[[39,"clerk"]]}}'
    """

    name: ClassVar[str] = "mlflow"

    form: Literal["auto", "dataframe_split", "dataframe_records", "inputs", "instances"] = "auto"
    answer: str | None = None
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check("MLflow", {"form": Choice(_FORMS)}, vars(self))

    @property
    def max_rows(self) -> int | None:
        """No bound."""
        return None

    @property
    def access(self) -> str:
        """Nothing beyond what the answers are."""
        return ""

    @property
    def dtype(self) -> str:
        """JSON numbers."""
        return "float64"

    def target(self, url: str) -> str:
        """``.../invocations``."""
        return url if path_of(url) else extend(url, "/invocations")

    def wire(self, rows: Any) -> list[bytes]:
        """Each row as JSON, with names where columns go by name."""
        table = self._table(rows)
        return table.wire(named="MLflow" if self._form(table).startswith("dataframe") else None)

    def encode(self, rows: Any) -> Request:
        """One of the four forms."""
        table = self._table(rows)
        form = self._form(table)
        if form == "dataframe_split":
            names = table.named("MLflow's dataframe_split")
            return Request(dumps({form: {"columns": names, "data": table.rows}}))
        if form == "dataframe_records":
            return Request(dumps({form: table.records("MLflow's dataframe_records")}))
        return Request(dumps({form: table.rows}))

    def _table(self, rows: Any) -> Table:
        gaps = self.form in ("auto", "dataframe_split", "dataframe_records")
        table = table_of(rows, protocol="MLflow", columns=self.columns, gaps=gaps)
        if gaps and not self._form(table).startswith("dataframe"):
            table = table_of(rows, protocol="MLflow without column names", columns=self.columns)
        return table

    def _form(self, table: Table) -> str:
        if self.form != "auto":
            return self.form
        return "inputs" if table.names is None else "dataframe_split"

    def decode(self, body: bytes, n: int) -> Reply:
        """``predictions``."""
        return reply_of(picked(field(parse(body), "predictions"), self.answer))
