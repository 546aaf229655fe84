"""Check a stored result: that nothing in it was changed, and that its figures are right."""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from surrogate.errors import InputError
from surrogate.explanation.evidence import Evidence
from surrogate.explanation.serial import INTEGRITY, check_version, integrity, plain
from surrogate.render.names import clean, clip
from surrogate.robust.comparing.evidence import comparison_figures
from surrogate.verifying.recompute import Many, audit_figures
from surrogate.verifying.result import TOLERANCE, Difference, Verification
from surrogate.verifying.surrogates import Figures

__all__ = ["verify"]

Place: TypeAlias = tuple[str | int, ...]

_NEAR_ZERO = 1e-12
_RECOMPUTE = {"surrogate/audit": audit_figures, "surrogate/comparison": comparison_figures}
_EVIDENCE = "evidence"


def verify(path: str | os.PathLike[str] | Any) -> Verification:
    """Check a stored result without asking its model.

    Its hash is computed again, and of an audit that keeps its evidence every figure that the
    evidence gives.

    Parameters
    ----------
    path : str, path, or a result
        The JSON that a result's ``to_json`` wrote; or the result itself.

    Returns
    -------
    Verification

    Raises
    ------
    InputError
        If the file cannot be read, or is no JSON of a result.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate import audit, verify
    >>> X = np.random.default_rng(0).normal(size=(200, 2))
    >>> found = audit(lambda X: np.where(X[:, 0] > 0, "yes", "no"), X, stability=0)
    >>> verify(found).ok
    True
    """
    if hasattr(path, "to_json"):
        document = _read(path.to_json(), "This")
    else:
        document = _read(_text(path), str(path))
    schema, said = str(document.get("schema")), document.get(INTEGRITY)
    computed = integrity(document)
    intact = isinstance(said, dict) and said.get("sha256") == computed
    problems = [] if said is not None else ["it bears no hash: an early version wrote it"]
    if said is not None and not intact:
        problems.append("its hash is not the one that it bears: something in it was changed")
    places = dict(_numbers({k: v for k, v in document.items() if k not in (INTEGRITY, "version")}))
    found = _Found(document, problems)
    evidence = found.evidence()
    if evidence is not None:
        found.compare(evidence)
    own = [place for place in places if place[0] != _EVIDENCE]
    return Verification(
        schema,
        intact,
        None if evidence is None else evidence.kind,
        _by_part(place for place in own if place in found.seen),
        _by_part(place for place in own if place not in found.seen),
        tuple(found.differences),
        tuple(problems),
        computed,
    )


class _Found:
    """A document beside what its evidence gives."""

    def __init__(self, document: Mapping[str, Any], problems: list[str]) -> None:
        self._document, self._problems = document, problems
        self.seen: set[Place] = set()
        self.differences: list[Difference] = []

    def evidence(self) -> Evidence | None:
        """What is kept of rows and answers, if it can be read."""
        kept = self._document.get(_EVIDENCE)
        settings = self._document.get("settings")
        promised = settings.get(_EVIDENCE) if isinstance(settings, dict) else None
        if kept is None:
            if promised in ("rows", "answers"):
                self._problems.append(f"its settings say that {promised} are kept; there are none")
            return None
        if self._document.get("schema") not in _RECOMPUTE:
            self._problems.append("it holds evidence, which results of its schema do not keep")
            return None
        try:
            return Evidence.from_dict(kept)
        except InputError as error:
            self._problems.append(str(error))
            return None

    def compare(self, evidence: Evidence) -> None:
        """Compute every figure, and look what stands in its place."""
        place: Place = ()
        figures: Figures = _RECOMPUTE[str(self._document["schema"])](self._document, evidence)
        try:
            for place, value in figures:
                stored = _at(self._document, place)
                if isinstance(value, Many):
                    self._count(place, stored, value.n)
                else:
                    self._walk(place, stored, plain(value))
        except Exception as error:  # whatever a changed document makes of the computation
            after = f" (after {_written(place)})" if place else ""
            said = clip(clean(f"{type(error).__name__}: {error}"), 300)
            self._problems.append(f"its figures cannot be computed again{after}: {said}")

    def _count(self, place: Place, stored: Any, n: int) -> None:
        if not isinstance(stored, list) or len(stored) != n:
            self._differ(place, stored, f"{n} entries")

    def _walk(self, place: Place, stored: Any, computed: Any) -> None:
        """Look at everything that was computed."""
        if isinstance(computed, dict) and isinstance(stored, dict):
            for name, value in computed.items():
                self._walk((*place, name), stored.get(name), value)
        elif isinstance(computed, list) and isinstance(stored, list):
            if len(stored) != len(computed):
                self._differ(place, stored, f"{len(computed)} entries")
            for i, (mine, value) in enumerate(zip(stored, computed)):
                self._walk((*place, i), mine, value)
        else:
            self.seen.add(place)
            if not _same(stored, computed):
                self._differ(place, stored, json.dumps(computed))

    def _differ(self, place: Place, stored: Any, computed: str) -> None:
        kept = clip(clean(json.dumps(stored)), 60)
        self.differences.append(Difference(_written(place), kept, clip(clean(computed), 60)))


def _same(stored: Any, computed: Any) -> bool:
    """Whether two leaves are one; floats up to rounding, all else exactly."""
    if isinstance(stored, bool) or isinstance(computed, bool):
        return stored is computed
    if isinstance(stored, float) and isinstance(computed, float):
        return math.isclose(stored, computed, rel_tol=TOLERANCE, abs_tol=_NEAR_ZERO)
    return bool(stored == computed)


def _text(path: str | os.PathLike[str]) -> str:
    try:
        return Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error


def _read(text: str, name: str) -> dict[str, Any]:
    """A document as one JSON object that means the same to every reader."""
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_refused)
    except (ValueError, RecursionError) as error:
        raise InputError(f"{name} is not the JSON of a result: {error}.") from error
    if not isinstance(document, dict) or not str(document.get("schema")).startswith("surrogate/"):
        raise InputError(f'{name} is not the JSON of a result: it has no "schema" of surrogate\'s.')
    check_version(document)
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object without a name twice, of which readers would see one or the other."""
    found = dict(pairs)
    if len(found) != len(pairs):
        twice = next(name for name, n in Counter(name for name, _ in pairs).items() if n > 1)
        raise InputError(f"it names {twice!r} twice in one object")
    return found


def _refused(name: str) -> Any:
    raise InputError(f"it holds {name}, which is no number of JSON")


def _at(document: Any, place: Place) -> Any:
    """What stands at a place; None where there is nothing."""
    for step in place:
        try:
            document = document[step]
        except (KeyError, IndexError, TypeError):
            return None
    return document


def _numbers(value: Any, place: Place = ()) -> Iterator[tuple[Place, float]]:
    """Every number in a document, with its place."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _numbers(item, (*place, name))
    elif isinstance(value, list):
        for i, item in enumerate(value):
            yield from _numbers(item, (*place, i))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield place, value


def _by_part(places: Iterator[Place]) -> dict[str, int]:
    """How many numbers there are, by the part of the document that they stand in."""
    return dict(Counter(_written(tuple(islice(_named(place), 3))) for place in places))


def _named(place: Place) -> Iterator[str | int]:
    """A place up to the name of its part: "surrogates[0].fidelity", "flips"."""
    yield place[0]
    if place[0] == "surrogates":
        yield from place[1:3]
    elif place[0] == "local" and len(place) > 1:
        yield place[1]


def _written(place: Place) -> str:
    """A place as one writes it.

    Examples
    --------
    >>> from surrogate.verifying.verify import _written
    >>> _written(("surrogates", 0, "fidelity"))
    'surrogates[0].fidelity'
    """
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return clip(clean(text.removeprefix(".")), 160)
