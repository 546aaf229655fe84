"""Values that show nothing: keys from the environment or from a callable."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from typing import Any, NoReturn, Self

from surrogate.errors import InputError

__all__ = ["Secret", "is_credential"]

_REFERENCE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
_CREDENTIAL = re.compile(
    r"auth|key|token|secret|cookie|signature|passw|credential|session|bearer|^sig$|^code$",
    re.IGNORECASE,
)


def is_credential(name: str) -> bool:
    """Whether a header or query parameter of this name is held to carry a secret.

    Examples
    --------
    >>> from surrogate.adapters.http.secrets import is_credential
    >>> is_credential("X-API-Key"), is_credential("api-version")
    (True, False)
    """
    return _CREDENTIAL.search(name) is not None


class Secret:
    """A value that is read when it is sent, and shown nowhere.

    Its repr, text, copy and pickle hold nothing of it. One from the environment is pickled as
    the names of its variables; any other is pickled closed, and says so when it is needed.

    Parameters
    ----------
    source : str or callable
        The value itself, or a function of no arguments that gives it, called for each attempt.

    Examples
    --------
    >>> from surrogate.adapters.http import Secret
    >>> Secret("sk-12345")
    <secret>
    >>> Secret.env("MODEL_KEY", form="Bearer {}")
    <secret from ${MODEL_KEY}>
    """

    __slots__ = ("_read", "_reference")

    def __init__(self, source: str | Callable[[], str]) -> None:
        if not isinstance(source, str) and not callable(source):
            raise InputError(f"A secret is a string or a callable; got a {type(source).__name__}.")
        # Behind a function, so that no debugger that prints attributes prints the value.
        self._read: Callable[[], str] = source if callable(source) else lambda: source
        self._reference: str | None = None

    @classmethod
    def env(cls, name: str, *, form: str = "{}") -> Self:
        """A secret in an environment variable.

        Parameters
        ----------
        name : str
        form : str
            Text around the value, such as ``"Bearer {}"``.
        """
        if not _REFERENCE.fullmatch(f"${{{name}}}"):
            raise InputError(f"{name!r} is no name of an environment variable.")
        return cls.refer(form.replace("{}", f"${{{name}}}"))

    @classmethod
    def refer(cls, reference: str) -> Self:
        """A secret as a file may say it: text with ``${NAME}`` for environment variables.

        Raises
        ------
        InputError
            If no variable is named.
        """
        if not _REFERENCE.search(reference):
            raise InputError("A secret in a file names an environment variable: ${NAME}.")
        secret = cls(lambda: _REFERENCE.sub(_variable, reference))
        secret._reference = reference
        return secret

    @property
    def reference(self) -> str | None:
        """How a file may say it, ``"Bearer ${NAME}"``; None if it is not from the environment."""
        return self._reference

    def reveal(self) -> str:
        """The value, without white space around it.

        Raises
        ------
        InputError
            If it is empty, its variable is not set, or it was pickled without it.
        """
        value = self._read()
        if not isinstance(value, str):
            raise InputError(f"A secret's callable gave a {type(value).__name__}, not a string.")
        if not value.strip():
            raise InputError("A secret is empty.")
        return value.strip()

    def __repr__(self) -> str:
        names = _REFERENCE.findall(self._reference or "")
        told = " from " + ", ".join(f"${{{name}}}" for name in names) if names else ""
        return f"<secret{told}>"

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: Any) -> Self:
        return self

    def __reduce__(self) -> tuple[Any, tuple[Any, ...]]:
        return (Secret, (_gone,)) if self._reference is None else (Secret.refer, (self._reference,))


def _variable(found: re.Match[str]) -> str:
    """The value of a named environment variable."""
    value = os.environ.get(found[1], "")
    if not value.strip():
        raise InputError(f"The environment variable {found[1]} is not set.")
    return value.strip()


def _gone() -> NoReturn:
    """Stand in for the value of a secret that was pickled."""
    raise InputError("A secret is not pickled; give it again where the endpoint is used.")
