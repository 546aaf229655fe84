"""Open Inference Protocol v2 over REST: KServe, Triton, MLServer, TorchServe."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from surrogate._validate import Choice, NoneOr, Rule, check
from surrogate.adapters.http.protocols._answer import array_of, field, kind_of, parse
from surrogate.adapters.http.protocols._base import Request, extend, path_of
from surrogate.adapters.http.protocols._table import Kind, Table, dumps, table_of
from surrogate.errors import AnswerError, DataError, InputError
from surrogate.types import Reply

__all__ = ["V2"]

Host = np.ndarray[Any, Any]

_DATATYPES: dict[Kind, str] = {"float": "FP64", "int": "INT64", "bool": "BOOL", "text": "BYTES"}
_FLOATS = {"FP64": "float64", "FP32": "float32", "FP16": "float16"}
_MODEL = re.compile(r".*/v2/models/[^/]+(/versions/[^/]+)?")


@dataclass(frozen=True)
class V2:
    """Open Inference Protocol v2.

    Numbers go as one tensor (n, d); a table with texts goes as one input a column, which
    MLServer and KServe read as a pandas frame.

    Parameters
    ----------
    model, version : str
        Named in the path, unless the URL names them already.
    input : str
        Name of the one tensor.
    datatype : {"FP64", "FP32", "FP16"} or None
        Of the one tensor, where the model takes no other; rows are rounded to it. None: by
        what the rows hold.
    layout : {"auto", "tensor", "columns"}
    answer : str or None
        Name of the output that is asked for, for models with several; MLServer's scikit-learn
        models have ``predict``, which is all they answer unasked, and ``predict_proba``.
    columns : tuple of str or None
        Names of the columns of rows that have none.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.adapters.http.protocols import V2
    >>> V2().encode(np.array([[5.1, 3.5]])).body.decode()
    '{"inputs":[{"name":"input-0","shape":[1,2],"datatype":"FP64","data":[5.1,3.5]}]}'
    """

    name: ClassVar[str] = "v2"

    model: str = ""
    version: str = ""
    input: str = "input-0"
    datatype: str | None = None
    layout: Literal["auto", "tensor", "columns"] = "auto"
    answer: str | None = None
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        rules: dict[str, Rule] = {
            "datatype": NoneOr(Choice(tuple(_FLOATS))),
            "layout": Choice(("auto", "tensor", "columns")),
        }
        check("V2", rules, vars(self))

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
        """The floating type of the tensor."""
        return _FLOATS[self.datatype or "FP64"]

    def target(self, url: str) -> str:
        """``.../v2/models/MODEL[/versions/VERSION]/infer``."""
        path = path_of(url)
        if path.endswith("/infer"):
            return url
        if _MODEL.fullmatch(path):
            return extend(url, "/infer")
        if not self.model:
            raise InputError(
                "The v2 protocol needs a model: a URL that ends in /v2/models/NAME/infer, or the"
                " option model='NAME'."
            )
        version = f"/versions/{self.version}" if self.version else ""
        root = "" if path.endswith("/v2") else "/v2"
        return extend(url, f"{root}/models/{self.model}{version}/infer")

    def wire(self, rows: Any) -> list[bytes]:
        """Each row as JSON, with names where columns go by name."""
        table = self._table(rows)
        return table.wire(named="v2" if self._by_column(table) else None)

    def encode(self, rows: Any) -> Request:
        """One tensor, or one input a column."""
        table = self._table(rows)
        asked = {} if self.answer is None else {"outputs": [{"name": self.answer}]}
        if not self._by_column(table):
            return Request(dumps({"inputs": [self._tensor(table)], **asked}))
        names = table.named("v2 in columns")
        inputs = [
            _input(name, [len(values), 1], _datatype(kind, name), list(values))
            for name, kind, values in zip(names, table.kinds, zip(*table.rows))
        ]
        frame = {"parameters": {"content_type": "pd"}, "inputs": inputs}
        return Request(dumps({**frame, **asked}))

    def _table(self, rows: Any) -> Table:
        if self.datatype is not None and isinstance(rows, np.ndarray) and rows.dtype.kind in "biuf":
            rows = rows.astype(self.dtype)
        return table_of(rows, protocol="v2", columns=self.columns)

    def _by_column(self, table: Table) -> bool:
        if self.layout == "auto":
            return len(table.shape) == 2 and not set(table.kinds) <= {"float", "int", "bool"}
        return self.layout == "columns"

    def _tensor(self, table: Table) -> dict[str, Any]:
        """The one tensor, flat: (n, d) -> (n * d,)."""
        kinds = set(table.kinds)
        kind = table.kinds[0] if len(kinds) == 1 else "float"
        if not kinds <= {"float", "int", "bool"} and kinds != {"text"}:
            raise DataError("v2 sends one tensor of one type; texts need layout='columns'.")
        flat: list[Any] = np.array(table.rows, dtype=object).ravel().tolist()
        if kind == "float":
            flat = [float(value) for value in flat]
        datatype = self.datatype or _DATATYPES[kind]
        return _input(self.input, list(table.shape), datatype, flat)

    def decode(self, body: bytes, n: int) -> Reply:
        """The named output; else probabilities with labels beside them; else the only one."""
        outputs = field(parse(body), "outputs")
        if not isinstance(outputs, list) or not outputs:
            raise AnswerError(f"The 'outputs' of the answer are {kind_of(outputs)}.")
        arrays = {str(field(output, "name")): _array(output) for output in outputs}
        if self.answer is not None:
            return _reply(field(arrays, self.answer))
        if len(arrays) == 1:
            return _reply(*arrays.values())
        values = {name: array for name, array in arrays.items() if array.dtype.kind == "f"}
        labels = [array for name, array in arrays.items() if name not in values]
        if len(values) == 1 and len(labels) == 1:
            return Reply(values=next(iter(values.values())), labels=labels[0].reshape(-1))
        if not labels and all(array.size == n for array in values.values()):
            stacked = np.column_stack([array.reshape(-1) for array in values.values()])
            return Reply(values=stacked, classes=tuple(values))
        raise AnswerError(
            f"The answer has the outputs {', '.join(map(repr, arrays))}; say which is the answer:"
            " answer=."
        )


def _input(name: str, shape: list[int], datatype: str, data: list[Any]) -> dict[str, Any]:
    return {"name": name, "shape": shape, "datatype": datatype, "data": data}


def _datatype(kind: Kind, name: str) -> str:
    """The datatype of a column."""
    if kind not in _DATATYPES:
        raise DataError(f"v2 sends columns of one type; column {name!r} mixes texts and numbers.")
    return _DATATYPES[kind]


def _reply(array: Host) -> Reply:
    return Reply(labels=array.reshape(-1)) if array.dtype.kind == "O" else Reply(values=array)


def _array(output: Mapping[str, Any]) -> Host:
    """One output as an array of the shape that it names."""
    name, shape, datatype = output["name"], field(output, "shape"), field(output, "datatype")
    data = field(output, "data")
    if not isinstance(data, list):
        raise AnswerError(f"The data of output {name!r} are {kind_of(data)}.")
    array = array_of(data)
    if array.dtype.kind not in _kinds(str(datatype)):
        raise AnswerError(f"The data of output {name!r} are not {datatype}, as it says.")
    if str(datatype).startswith(("FP", "BF")):
        array = array.astype(np.float64)
    try:
        return array.reshape(shape)
    except (TypeError, ValueError, OverflowError):
        raise AnswerError(
            f"Output {name!r} has {array.size:,} entries, which are not of shape {shape}."
        ) from None


def _kinds(datatype: str) -> str:
    """NumPy's letters for what a v2 datatype may be written as."""
    kinds = {"FP": "iuf", "BF": "iuf", "IN": "iu", "UI": "iu", "BO": "b", "BY": "O"}
    return kinds.get(datatype[:2], "biufO")
