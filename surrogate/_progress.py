"""A bar on standard error for what takes over a second; nothing where nobody looks."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Any, Self, TypeAlias

__all__ = ["OnProgress", "Progress", "showing"]

OnProgress: TypeAlias = Callable[[int, int, str], None]


class Progress:
    """Shows how many of the planned rows are answered; called by the oracle.

    Parameters
    ----------
    quiet : bool
        Show nothing. Without it, nothing is shown either where standard error is no terminal.
    always : bool
        Show it there too, as in a notebook.
    delay : float
        Seconds before the bar appears.
    interval : float
        Seconds between two looks of it.

    Examples
    --------
    >>> from surrogate._progress import Progress
    >>> with Progress(quiet=True) as progress:
    ...     progress(50, 100, "fit")
    """

    def __init__(
        self,
        *,
        quiet: bool = False,
        always: bool = False,
        delay: float = 1.0,
        interval: float = 0.1,
    ) -> None:
        self.shown = always or (not quiet and sys.stderr.isatty())
        self.delay = delay
        self.interval = interval
        self._bar: Any = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, planned: int, purpose: str) -> None:
        """Say that `done` of `planned` rows are answered, the last of them for `purpose`."""
        if not self.shown:
            return
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(
                desc=purpose,
                total=planned,
                delay=self.delay,
                unit=" rows",
                unit_scale=True,
                leave=False,
                mininterval=self.interval,
                miniters=1,
            )
        self._bar.total = max(planned, done)
        self._bar.set_description_str(purpose, refresh=False)
        self._bar.update(done - self._bar.n)


@contextlib.contextmanager
def showing(on_progress: OnProgress | bool | None) -> Iterator[OnProgress | None]:
    """What a front door tells of its progress to: a bar of its own, the user's function, nobody.

    Examples
    --------
    >>> from surrogate._progress import showing
    >>> with showing(None) as told:
    ...     told is None
    True
    """
    if on_progress is True:
        with Progress(always=True) as progress:
            yield progress
    else:
        yield on_progress or None
