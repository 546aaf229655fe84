"""What has to be said of a model behind a URL."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, NoReturn, Self, TypeAlias

from surrogate._validate import Instance, NoneOr, Real, Rule, Whole, check
from surrogate.adapters._base import declare
from surrogate.adapters.http._files import read, write
from surrogate.adapters.http._urls import check_url, parts_of, shown
from surrogate.adapters.http.protocols import WireProtocol, guess, make
from surrogate.adapters.http.secrets import Secret, is_credential
from surrogate.errors import InputError, OptionError
from surrogate.types import Label, Output, Task, Terms

__all__ = ["Auth", "Endpoint", "Outgoing"]


@dataclass(repr=False)
class Outgoing:
    """A request on its way, for an `auth` hook to sign; made for each attempt and then dropped.

    Parameters
    ----------
    method, url : str
    headers : dict
    body : bytes
    """

    method: str
    url: str
    headers: dict[str, str]
    body: bytes

    def __repr__(self) -> str:
        return f"<Outgoing {self.method} {shown(self.url)}, {len(self.body)} bytes>"


Auth: TypeAlias = Callable[[Outgoing], None]

_RULES: dict[str, Rule] = {
    "url": Instance((str,), "a string"),
    "name": Instance((str,), "a string"),
    "version": Instance((str,), "a string"),
    "currency": Instance((str,), "a string"),
    "rows_per_call": NoneOr(Whole(1)),
    "concurrency": Whole(1, 256),
    "rate": NoneOr(Real(0, closed="neither")),
    "price_per_row": Real(0),
    "price_per_call": Real(0),
    "deadline": NoneOr(Real(0, closed="neither")),
    "connect_timeout": Real(0, closed="neither"),
    "read_timeout": Real(0, closed="neither"),
    "max_bytes": Whole(1024),
}
_MAPPINGS = ("options", "headers", "params")


@dataclass(frozen=True, repr=False)
class Endpoint:
    """A model behind a URL: where it is, what it speaks, what it costs.

    Headers and parameters whose names say that they carry a credential become a `Secret`;
    no value of a header is ever shown.

    Parameters
    ----------
    url : str
        Without user, password and query; https wherever there is a credential, except on
        this machine. The protocol completes it where it is a server's address alone.
    protocol : str or WireProtocol
        "v2", "v1", "mlflow", "huggingface", "chat", "template", the name of a preset, or a
        protocol with its options. Empty: the one that the URL shows.
    options : mapping
        Options of a protocol that is given by name.
    name : str
        What reports call the model.
    version : str
        The model's declared version: answers of another version are other answers.
    task, output, classes, columns, threshold :
        What answers are, as for every model; see `surrogate.wrap`.
    headers : mapping from str to str or Secret
    params : mapping from str to str or Secret
        The query of the URL.
    auth : callable or Secret, optional
        A callable gets an `Outgoing` for each attempt and changes it in place: to sign it, or
        to put a fresh token. A secret is sent as ``Authorization: Bearer ...``.
    rows_per_call : int or None
    concurrency : int
        Most calls at once.
    rate : float or None
        Most calls a second.
    price_per_row, price_per_call : float
        In `currency`.
    currency : str
    deadline : float or None
        Seconds after which a job stops asking, resumably.
    connect_timeout, read_timeout : float
        Seconds: for the connection, and for an answer as a whole.
    ca_file : path, optional
        Certificates of the authorities to trust, and of no others.
    proxy : str or Secret, optional
        None is taken from the environment.
    max_bytes : int
        Most bytes of an answer, after decompression.

    Raises
    ------
    OptionError
        If a parameter is wrong, or a credential would go over the net in the clear.

    Examples
    --------
    >>> from surrogate.adapters.http import Endpoint, Secret
    >>> Endpoint(
    ...     "https://models.example/v1/models/fraud",
    ...     headers={"X-API-Key": Secret.env("FRAUD_KEY")},
    ...     classes=("fine", "fraud"),
    ...     price_per_row=0.0004,
    ... )
    Endpoint('https://models.example/v1/models/fraud:predict', v1, headers: X-API-Key)
    """

    url: str
    protocol: str | WireProtocol = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    name: str = ""
    version: str = ""
    task: Task | None = None
    output: Output | None = None
    classes: tuple[Label, ...] | None = None
    columns: tuple[str, ...] | None = None
    threshold: float | None = None
    headers: Mapping[str, str | Secret] = field(default_factory=dict)
    params: Mapping[str, str | Secret] = field(default_factory=dict)
    auth: Auth | Secret | None = None
    rows_per_call: int | None = None
    concurrency: int = 1
    rate: float | None = None
    price_per_row: float = 0.0
    price_per_call: float = 0.0
    currency: str = "USD"
    deadline: float | None = None
    connect_timeout: float = 10.0
    read_timeout: float = 60.0
    ca_file: str | Path | None = None
    proxy: str | Secret | None = None
    max_bytes: int = 64 * 2**20

    def __post_init__(self) -> None:
        check("Endpoint", _RULES, vars(self))
        for name in ("classes", "columns"):
            if isinstance(getattr(self, name), list):
                object.__setattr__(self, name, tuple(getattr(self, name)))
        declare(
            "Endpoint",
            task=self.task,
            output=self.output,
            classes=self.classes,
            columns=self.columns,
            threshold=self.threshold,
        )
        for name in _MAPPINGS:
            object.__setattr__(self, name, _frozen(name, getattr(self, name)))
        if isinstance(self.proxy, str):
            object.__setattr__(self, "proxy", Secret(self.proxy))
        if self.auth is not None and not callable(self.auth) and not isinstance(self.auth, Secret):
            raise OptionError(
                "The `auth` parameter of Endpoint must be a callable, a Secret or None; got a"
                f" {type(self.auth).__name__}. A key is given as Secret.env('NAME')."
            )
        if self.ca_file is not None and not Path(self.ca_file).is_file():
            raise OptionError(f"The `ca_file` of Endpoint is no file: {self.ca_file}.")
        check_url(self.url, has_credential=self.has_credential)
        _ = self.target  # what is wrong with the protocol or its options is said here

    @property
    def has_credential(self) -> bool:
        """Whether a secret or a signature is sent."""
        sent = [*self.headers.values(), *self.params.values()]
        return self.auth is not None or any(isinstance(value, Secret) for value in sent)

    @property
    def label(self) -> str:
        """What reports and messages call the model; no secret."""
        parts = parts_of(self.url)
        return self.name or f"{parts.netloc}{parts.path.rstrip('/')}"

    def wire_protocol(self) -> WireProtocol:
        """The protocol with its options.

        Raises
        ------
        OptionError
            If it is unknown, or the URL does not show it and none was said.
        """
        if not isinstance(self.protocol, str):
            if self.options:
                raise OptionError("Say the options of a protocol where it is made, not twice.")
            return self.protocol
        name = self.protocol or guess(self.url)
        if name is None:
            raise OptionError(
                f"{shown(self.url)} does not show which protocol it speaks; say protocol=, or find"
                f" out with: surrogate probe {shown(self.url)}"
            )
        defaults = {"columns": self.columns, "labels": self.classes}
        known = {key: value for key, value in defaults.items() if value is not None}
        return make(name, self.options, defaults=known)

    @property
    def target(self) -> str:
        """The URL that rows are posted to, without its query."""
        return self.wire_protocol().target(self.url)

    @property
    def terms(self) -> Terms:
        """What asking costs, and what equal answers depend on besides the row."""
        protocol = self.wire_protocol()
        identity = {
            "url": protocol.target(self.url),
            "params": {k: v for k, v in self.params.items() if isinstance(v, str)},
            "version": self.version,
            "protocol": protocol.name,
            "options": repr(protocol),
            "columns": self.columns,
            "answer": (self.task, self.output, self.classes, self.threshold),
        }
        return Terms(
            price_per_row=float(self.price_per_row),
            price_per_call=float(self.price_per_call),
            currency=self.currency,
            rate=self.rate,
            deadline=self.deadline,
            identity=json.dumps(identity, sort_keys=True),
        )

    # ---- files ----

    @classmethod
    def from_toml(cls, path: str | Path, name: str | None = None) -> Self:
        """Read an endpoint from a file.

        Parameters
        ----------
        path : path
            With one endpoint at its top, or several in tables of their own. Secrets are
            named, never written: ``X-API-Key = "${MODEL_KEY}"``.
        name : str, optional
            Which of several.

        Raises
        ------
        InputError
            If there is no such file, endpoint or option, or the file holds a key.
        """
        return cls(**read(Path(path), name, [entry.name for entry in fields(cls)]))

    def to_toml(self) -> str:
        """The endpoint as a file; secrets only as the variables they come from.

        Raises
        ------
        OptionError
            If a secret or a signature comes from elsewhere than the environment.
        """
        if not isinstance(self.protocol, str):
            name, options = self.protocol.name, _own(self.protocol)
            return replace(self, protocol=name, options=options).to_toml()
        values: dict[str, Any] = {}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if entry.name in _MAPPINGS or value != entry.default:
                values[entry.name] = value
        return write(values)

    def __repr__(self) -> str:
        told = f", headers: {', '.join(self.headers)}" if self.headers else ""
        told += f", params: {', '.join(self.params)}" if self.params else ""
        told += ", auth" if self.auth is not None else ""
        return f"Endpoint({shown(self.target)!r}, {self.wire_protocol().name}{told})"

    def __getstate__(self) -> dict[str, Any]:
        """All but the hook, which may hold a secret."""
        state = {**vars(self), **{name: dict(getattr(self, name)) for name in _MAPPINGS}}
        if self.auth is not None and not isinstance(self.auth, Secret):
            state["auth"] = _gone
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        for name, value in state.items():
            frozen = MappingProxyType(value) if name in _MAPPINGS else value
            object.__setattr__(self, name, frozen)


def _frozen(name: str, values: Any) -> Mapping[str, Any]:
    """A read-only mapping, in which what is held to be a credential is a secret."""
    if not isinstance(values, Mapping) or not all(isinstance(key, str) for key in values):
        raise OptionError(f"The `{name}` parameter of Endpoint must be a mapping from names.")
    if name == "options":
        return MappingProxyType(dict(values))
    held: dict[str, str | Secret] = {}
    for key, value in values.items():
        if not isinstance(value, str | Secret):
            raise OptionError(
                f"The `{name}` parameter of Endpoint must hold strings and secrets; {key!r} is a"
                f" {type(value).__name__}."
            )
        plain = isinstance(value, str) and not is_credential(key)
        held[key] = value if plain or isinstance(value, Secret) else Secret(value)
    return MappingProxyType(held)


def _own(protocol: Any) -> dict[str, Any]:
    """The options of a protocol that are not at their default."""
    given = {entry.name: getattr(protocol, entry.name) for entry in fields(protocol)}
    defaults = {entry.name: entry.default for entry in fields(protocol)}
    return {name: value for name, value in given.items() if value not in (defaults[name], {})}


def _gone(request: Outgoing) -> NoReturn:
    """Stand in for a hook that was pickled."""
    raise InputError("An auth hook is not pickled; give it again where the endpoint is used.")
