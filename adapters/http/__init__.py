"""Models behind a URL: one client, and one file for each wire protocol that needs code."""

from __future__ import annotations

from surrogate.adapters.http.client import HttpBox
from surrogate.adapters.http.endpoint import Auth, Endpoint, Outgoing
from surrogate.adapters.http.protocols import PROTOCOLS, WireProtocol, presets
from surrogate.adapters.http.secrets import Secret

__all__ = [
    "PROTOCOLS",
    "Auth",
    "Endpoint",
    "HttpBox",
    "Outgoing",
    "Secret",
    "WireProtocol",
    "presets",
]
