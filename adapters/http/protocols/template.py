"""Any other service: a template of the request, and paths to what the answer says."""

from __future__ import annotations

import csv
import io
import json
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from importlib.resources import files
from typing import Any, ClassVar, Literal

import numpy as np

from surrogate._validate import Choice, NoneOr, Rule, Whole, check, unknown
from surrogate.adapters.http.protocols._answer import kind_of, parse, reply_of
from surrogate.adapters.http.protocols._base import Request, extend, path_of
from surrogate.adapters.http.protocols._table import Table, dumps, table_of
from surrogate.errors import AnswerError, DataError, OptionError
from surrogate.types import Reply

__all__ = ["Template", "preset", "presets"]

_MARKS = ("$rows", "$row", "$records", "$record", "$columns", "$index", "$text", "$texts")
_SINGLE = ("$row", "$record", "$text")
_NUMBERED = re.compile(r"t:\d+")  # Seldon's names for classes that have none


@dataclass(frozen=True)
class Template:
    """A service that speaks JSON or CSV of its own.

    Parameters
    ----------
    body : str
        JSON of the request, with one of these texts where the rows go; "csv" for rows of CSV.
        A list whose one entry holds ``$row``, ``$record`` or ``$text`` gets an entry a row.

        ============ ==============================================================
        ``$rows``    list of rows, each a list
        ``$records`` list of rows, each a mapping from column to value
        ``$texts``   list of texts
        ``$row``     one row, so one row a call unless in a list; ``$record``, ``$text`` too
        ``$columns`` names of the columns; its field is left out where there are none
        ``$index``   0, 1, ..., one for each row
        ============ ==============================================================
    values, labels, classes : str or None
        Paths in the answer to its numbers (probabilities, scores, values), its labels, and the
        names of its classes. Steps are parted by dots: a field, ``field?`` for one that may be
        missing, the number of an entry, or ``*`` for each entry. "" is the whole answer. Texts
        at `values` are labels.
    answer : {"json", "csv"}
    path : str
        Where the rows are posted, if the URL has no path.
    gaps : bool
        Whether the service takes null for a missing value.
    header : bool
        Whether CSV begins with the names of the columns.
    rows : int or None
        Most rows in one call.
    columns : tuple of str or None
        Names of the columns of rows that have none.

    Examples
    --------
    >>> from surrogate.adapters.http.protocols import Template
    >>> service = Template(body='{"x": "$rows"}', values="result.*.p")
    >>> service.encode([[1, 2], [3, 4]]).body
    b'{"x":[[1,2],[3,4]]}'
    >>> service.decode(b'{"result": [{"p": 0.25}, {"p": 0.75}]}', 2).values.tolist()
    [0.25, 0.75]
    """

    name: ClassVar[str] = "template"

    body: str
    values: str | None = None
    labels: str | None = None
    classes: str | None = None
    answer: Literal["json", "csv"] = "json"
    path: str = ""
    gaps: bool = False
    header: bool = False
    rows: int | None = None
    columns: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        rules: dict[str, Rule] = {"answer": Choice(("json", "csv")), "rows": NoneOr(Whole(1))}
        check("Template", rules, vars(self))
        if self.values is None and self.labels is None:
            raise OptionError("A template needs a path to the answer: values= or labels=.")
        if self.body != "csv" and not set(self._marks()) - {"$columns", "$index"}:
            raise OptionError(
                "The body of a template has no place for the rows; write one of "
                + ", ".join(mark for mark in _MARKS if mark not in ("$columns", "$index"))
                + ", or the body 'csv'."
            )

    @property
    def max_rows(self) -> int | None:
        """One where the template has a place for one row."""
        return 1 if self._single else self.rows

    @property
    def access(self) -> str:
        """Nothing beyond what the answers are."""
        return ""

    @property
    def dtype(self) -> str:
        """JSON numbers."""
        return "float64"

    @property
    def _single(self) -> bool:
        return self.body != "csv" and _holds_single(_json(self.body), lists=False)

    def _marks(self) -> list[str]:
        """Marks in the body."""
        return [part for part in _texts(_json(self.body)) if part in _MARKS]

    def target(self, url: str) -> str:
        """The URL itself, or with `path` where it has none."""
        return url if path_of(url) else extend(url, self.path)

    def wire(self, rows: Any) -> list[bytes]:
        """Each row as JSON, with names where columns go by name."""
        table = self._table(rows)
        marks = () if self.body == "csv" else self._marks()
        named = any("record" in mark for mark in marks)
        named |= "$columns" in marks and table.names is not None
        return table.wire(named="This template" if named else None)

    def encode(self, rows: Any) -> Request:
        """The body with the rows in their place."""
        table = self._table(rows)
        accept = "text/csv" if self.answer == "csv" else "application/json"
        if self.body == "csv":
            return Request(_csv(table, header=self.header), "text/csv", accept)
        if self._single and len(table.rows) != 1:
            raise DataError(f"This template takes one row a call; got {len(table.rows)}.")
        return Request(dumps(_filled(_json(self.body), table)), accept=accept)

    def _table(self, rows: Any) -> Table:
        return table_of(rows, protocol="This template", columns=self.columns, gaps=self.gaps)

    def decode(self, body: bytes, n: int) -> Reply:
        """What lies at the paths."""
        answer = parse(body) if self.answer == "json" else _from_csv(body, n)
        values, labels = self._at(answer, self.values), self._at(answer, self.labels)
        decided = None if labels is None else _labels(reply_of(labels))
        if values is None:
            return Reply(labels=decided)
        reply = reply_of(values)
        if reply.values is None and decided is None:
            return Reply(labels=reply.labels)
        if reply.values is None:
            raise AnswerError(f"At {self.values!r} the answer has texts, where numbers should be.")
        return Reply(reply.values, decided, self._classes(answer, reply.classes))

    def _at(self, answer: Any, path: str | None) -> Any:
        """What lies at a path, if anything; one row's answer as a list of one."""
        found = None if path is None else walk(answer, path)
        if path is None or ("?" in path and _is_nothing(found)):
            return None
        return [found] if self._single and not _has_rows(found) else found

    def _classes(self, answer: Any, named: Any) -> Any:
        if self.classes is None:
            return named
        names = walk(answer, self.classes)
        if _is_nothing(names):
            return named
        if isinstance(names, list) and names and isinstance(names[0], list):
            if any(row != names[0] for row in names):
                raise AnswerError("The answer names its classes in another order from row to row.")
            names = names[0]
        if not isinstance(names, list) or not all(isinstance(n, str | int | float) for n in names):
            raise AnswerError(f"At {self.classes!r} the answer has no classes: {kind_of(names)}.")
        return named if all(_NUMBERED.fullmatch(str(n)) for n in names) else tuple(names)


def _labels(reply: Reply) -> Any:
    """What an answer decides, numbers or texts."""
    return reply.values if reply.labels is None else reply.labels


def presets() -> tuple[str, ...]:
    """Names of the templates that come with this package."""
    folder = files("surrogate.adapters.http") / "presets"
    names = [item.name for item in folder.iterdir()]
    return tuple(sorted(name.removesuffix(".toml") for name in names if name.endswith(".toml")))


def preset(name: str, options: Mapping[str, Any]) -> Template:
    """A template that comes with this package, with options over its own."""
    file = files("surrogate.adapters.http") / "presets" / f"{name}.toml"
    said = tomllib.loads(file.read_text(encoding="utf-8"))
    said.pop("about", None)
    known = [entry.name for entry in fields(Template)]
    unknown(f"The preset {name!r}", options, known)
    return Template(**{**said, **options})


def walk(value: Any, path: str) -> Any:
    """What lies at a path of fields, numbers and ``*``.

    Raises
    ------
    AnswerError
        Saying where the path ends, and what is there.

    Examples
    --------
    >>> from surrogate.adapters.http.protocols.template import walk
    >>> walk({"p": [{"a": 1}, {"a": 2}]}, "p.*.a")
    [1, 2]
    """
    step, _, rest = path.partition(".")
    if not path:
        return value
    if step == "*" and isinstance(value, list):
        return [walk(part, rest) for part in value]
    if step.endswith("?") and isinstance(value, Mapping) and step not in value:
        return walk(value[step[:-1]], rest) if step[:-1] in value else None
    if isinstance(value, Mapping) and step in value:
        return walk(value[step], rest)
    number = int(step) if step.isascii() and step.isdigit() else None
    if isinstance(value, list) and number is not None and number < len(value):
        return walk(value[number], rest)
    raise AnswerError(f"The answer has no {step!r} of the path to it: there is {kind_of(value)}.")


def _is_nothing(found: Any) -> bool:
    """Whether a path that may lead nowhere did so, for all rows alike."""
    return found is None or (isinstance(found, list) and all(part is None for part in found))


def _has_rows(found: Any) -> bool:
    """Whether what was found has one entry a row already, for one row."""
    return isinstance(found, list) and len(found) == 1


def _json(body: str) -> Any:
    """The template as JSON."""
    try:
        return json.loads(body)
    except ValueError as error:
        raise OptionError(f"The body of a template is no JSON: {error}.") from None


def _texts(value: Any) -> list[str]:
    """All texts in a JSON value."""
    if isinstance(value, str):
        return [value]
    parts = list(value.values()) if isinstance(value, dict) else value
    return [t for part in parts for t in _texts(part)] if isinstance(parts, list) else []


def _holds_single(value: Any, *, lists: bool) -> bool:
    """Whether a mark for one row is in a JSON value; with `lists`, those in lists count too."""
    if isinstance(value, list) and len(value) == 1 and not lists:
        return False
    parts = list(value.values()) if isinstance(value, dict) else value
    if isinstance(parts, list):
        return any(_holds_single(part, lists=lists) for part in parts)
    return isinstance(value, str) and value in _SINGLE


def _filled(value: Any, table: Table) -> Any:
    """The template with the rows in their place."""
    if isinstance(value, dict):
        told = value if table.names else {k: v for k, v in value.items() if v != "$columns"}
        return {key: _filled(part, table) for key, part in told.items()}
    if isinstance(value, list):
        if len(value) == 1 and _holds_single(value, lists=True):
            return [_filled(value[0], one) for one in _one_by_one(table)]
        return [_filled(part, table) for part in value]
    return _mark(value, table) if isinstance(value, str) and value in _MARKS else value


def _one_by_one(table: Table) -> list[Table]:
    """One table for each row."""
    return [replace(table, rows=[row], shape=(1, *table.shape[1:])) for row in table.rows]


def _mark(mark: str, table: Table) -> Any:
    """What stands for a mark."""
    who = "This template"
    match mark:
        case "$columns":
            return list(table.named(who))
        case "$index":
            return list(range(len(table.rows)))
        case "$record":
            return table.records(who)[0]
        case "$records":
            return table.records(who)
        case "$row":
            return table.rows[0]
        case "$rows":
            return table.rows
    texts = [row if isinstance(row, str) else row[0] for row in table.rows]
    if table.kinds != ("text",):
        raise DataError("This template sends one text a row; these rows are something else.")
    return texts[0] if mark == "$text" else texts


def _csv(table: Table, *, header: bool) -> bytes:
    """Rows as CSV, a gap as nothing."""
    if len(table.shape) != 2:
        raise DataError("CSV takes rows of columns.")
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if header:
        writer.writerow(table.named("CSV with a header"))
    writer.writerows(table.rows)
    return out.getvalue().encode("utf-8")


def _from_csv(body: bytes, n: int) -> Any:
    """Rows of CSV: one entry a row, or a list of them; numbers where all are.

    Some services put one number for each of n rows on one line.
    """
    try:
        rows = [row for row in csv.reader(io.StringIO(body.decode("utf-8"))) if row]
    except (UnicodeDecodeError, csv.Error):
        raise AnswerError("The answer is not CSV.") from None
    if not rows:
        raise AnswerError("The answer is empty.")
    if rows[0][0].lstrip().startswith("<"):
        raise AnswerError("The answer is a page of HTML or XML, not CSV.")
    if len(rows) == 1 and len(rows[0]) == n > 1:
        rows = [[entry] for entry in rows[0]]
    try:
        values = np.array(rows, dtype=np.float64).tolist()
    except ValueError:
        values = rows
    return [row[0] for row in values] if all(len(row) == 1 for row in values) else values
