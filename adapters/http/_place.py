"""What a URL shows by itself: the server's root, the model's name, likely protocols."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit, urlunsplit

__all__ = ["Place", "place_of"]

_PATHS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"/v2(/models(/(?P<model>[^/]+)(/versions/[^/]+)?(/infer)?)?)?$"), ("v2",)),
    (re.compile(r"/v1/chat/completions$"), ("chat",)),
    (
        re.compile(r"/v1/models/(?P<model>[^/:]+)(/(versions|labels)/[^/:]+)?(:predict)?$"),
        ("v1",),
    ),
    (re.compile(r"/v1(/models)?$"), ("v1", "chat")),
    (re.compile(r"/[^/]*:predict$"), ("vertex", "vertex-automl")),
    (re.compile(r"/invocations$"), ("mlflow", "sagemaker-json", "sagemaker")),
    (re.compile(r"/api/v\d+\.\d+/predictions$"), ("seldon",)),
    (re.compile(r"/score$"), ("azureml", "azureml-mlflow")),
    (re.compile(r"/predictions/(?P<model>[^/]+)(/[\d.]+)?$"), ("torchserve",)),
    (re.compile(r"/predict$"), ("litserve", "bentoml")),
)
_HOSTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (
        re.compile(r"\bruntime[.-]sagemaker\b|\bsagemaker-runtime\b"),
        ("sagemaker-json", "sagemaker"),
    ),
    (re.compile(r"aiplatform\.googleapis\.com$"), ("vertex", "vertex-automl")),
    (re.compile(r"\.inference\.ml\.azure\.com$"), ("azureml", "azureml-mlflow")),
    (re.compile(r"\.(azure)?databricks\.(com|net)$"), ("mlflow",)),
    (re.compile(r"\.huggingface\.(co|cloud)$"), ("huggingface",)),
    (re.compile(r"^api\.openai\.com$"), ("chat",)),
)


@dataclass(frozen=True)
class Place:
    """A URL, read.

    Parameters
    ----------
    url : str
        As it was given, without a slash at its end.
    root : str
        The server, before the path that a protocol knows.
    model : str
        As the path names it; may be empty.
    hints : tuple of str
        Protocols that the URL suggests, likeliest first.
    managed : bool
        Whether the host is a cloud's, which shows no metadata at its paths.
    """

    url: str
    root: str
    model: str
    hints: tuple[str, ...]
    managed: bool

    @property
    def is_bare(self) -> bool:
        """Whether the URL is a server's address alone."""
        return urlsplit(self.url).path == ""


def place_of(url: str) -> Place:
    """Read a URL.

    Examples
    --------
    >>> from surrogate.adapters.http._place import place_of
    >>> place = place_of("http://localhost:8080/v2/models/iris/infer")
    >>> place.root, place.model, place.hints
    ('http://localhost:8080', 'iris', ('v2',))
    """
    parts = urlsplit(url)
    path = parts.path.rstrip("/")
    host = (parts.hostname or "").lower()
    plain = urlunsplit((parts.scheme, parts.netloc, path, "", ""))
    managed = next((names for pattern, names in _HOSTS if pattern.search(host)), ())
    for pattern, names in _PATHS:
        found = pattern.search(path)
        if found:
            root = urlunsplit((parts.scheme, parts.netloc, path[: found.start()], "", ""))
            model = unquote(found.groupdict().get("model") or "")
            return Place(plain, root, model, managed or names, bool(managed))
    root = urlunsplit((parts.scheme, parts.netloc, "", "", ""))
    return Place(plain, root, "", managed, bool(managed))
