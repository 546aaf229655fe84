"""The v1 protocol: TensorFlow Serving, KServe v1, Vertex AI's custom containers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

from surrogate._validate import Choice, check
from surrogate.adapters.http.protocols._answer import field, parse, reply_of
from surrogate.adapters.http.protocols._base import Request, extend, path_of
from surrogate.adapters.http.protocols._table import Table, dumps, table_of
from surrogate.errors import AnswerError, InputError
from surrogate.types import Reply

__all__ = ["V1"]

_RECORDS = "v1 with records"
_MODEL = re.compile(r".*/v1/models/[^/:]+(/(versions|labels)/[^/:]+)?")


@dataclass(frozen=True)
class V1:
    """The v1 protocol, ``:predict``.

    Parameters
    ----------
    model, version : str
        Named in the path, unless the URL names them already.
    key : {"instances", "inputs"}
        Where the rows go.
    records : bool
        Send each row as a mapping from column to value, for models with named inputs.
    signature : str
        Name of the signature; the server's default where empty.
    answer : str or None
        Field of each prediction that is the answer, for models with several outputs.
    columns : tuple of str or None
        Names of the columns of rows that have none.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters.http.protocols import V1
    >>> V1().encode(np.array([[5.1, 3.5]])).body
    b'{"instances":[[5.1,3.5]]}'
    >>> V1().decode(b'{"predictions":[[0.2,0.8]]}', 1).values.tolist()
    [[0.2, 0.8]]
    """

    name: ClassVar[str] = "v1"

    model: str = ""
    version: str = ""
    key: Literal["instances", "inputs"] = "instances"
    records: bool = False
    signature: str = ""
    answer: str | None = None
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        check("V1", {"key": Choice(("instances", "inputs"))}, vars(self))

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
        """``.../v1/models/MODEL[/versions/VERSION]:predict``."""
        path = path_of(url)
        if path.endswith(":predict"):
            return url
        if _MODEL.fullmatch(path):
            return extend(url, ":predict")
        if not self.model:
            raise InputError(
                "The v1 protocol needs a model: a URL that ends in /v1/models/NAME:predict, or the"
                " option model='NAME'."
            )
        version = f"/versions/{self.version}" if self.version else ""
        root = "" if path.endswith("/v1") else "/v1"
        return extend(url, f"{root}/models/{self.model}{version}:predict")

    def wire(self, rows: Any) -> list[bytes]:
        """Each instance as JSON."""
        return self._table(rows).wire(named=_RECORDS if self.records else None)

    def encode(self, rows: Any) -> Request:
        """``{"instances": [...]}``."""
        body: dict[str, Any] = {"signature_name": self.signature} if self.signature else {}
        return Request(dumps({**body, self.key: self._instances(rows)}))

    def _instances(self, rows: Any) -> list[Any]:
        table = self._table(rows)
        return table.records(_RECORDS) if self.records else table.rows

    def _table(self, rows: Any) -> Table:
        return table_of(rows, protocol="v1", columns=self.columns)

    def decode(self, body: bytes, n: int) -> Reply:
        """``predictions``, else ``outputs``."""
        predictions = field(parse(body), "predictions", "outputs")
        return reply_of(picked(predictions, self.answer))


def picked(predictions: Any, answer: str | None) -> Any:
    """The named field of each prediction, or of predictions by column."""
    if answer is None:
        return predictions
    if isinstance(predictions, Mapping):
        return field(predictions, answer)
    if not isinstance(predictions, list):
        raise AnswerError("The predictions have no rows.")
    return [field(row, answer) for row in predictions]
