"""Figures that are no fidelity, written the same way everywhere; a `Score` writes itself."""

from __future__ import annotations

import math

__all__ = ["count", "number", "probability", "share", "signed"]


def number(value: float | None, digits: int = 3) -> str:
    """A number with `digits` significant digits, and no more than it needs.

    Examples
    --------
    >>> from surrogate.render.numbers import number
    >>> number(0.123456), number(1234567.0), number(-0.00001234), number(None)
    ('0.123', '1,234,567', '-1.23e-05', 'undefined')
    """
    if value is None or math.isnan(value):
        return "undefined"
    if math.isinf(value):
        return "inf" if value > 0 else "-inf"
    if value == 0:
        return "0"
    magnitude = math.floor(math.log10(abs(value)))
    if magnitude < -4 or magnitude > 9:
        return f"{value:.{digits - 1}e}"
    text = f"{value:,.{max(0, digits - 1 - magnitude)}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def signed(value: float, digits: int = 3) -> str:
    """A number that always shows its sign.

    Examples
    --------
    >>> from surrogate.render.numbers import signed
    >>> signed(0.25), signed(-3.0)
    ('+0.25', '-3')
    """
    return ("+" if value > 0 else "") + number(value, digits)


def share(value: float) -> str:
    """A share as percent; what is not all or nothing is never rounded to it.

    Examples
    --------
    >>> from surrogate.render.numbers import share
    >>> share(0.941), share(1.0), share(0.9999)
    ('94 %', '100 %', '> 99 %')
    """
    points = f"{100 * value:.0f}"
    if points == "100" and value < 1:
        points = "> 99"
    if points in ("0", "-0"):
        points = "0" if value == 0 else "< 1"
    return f"{points} %"


def probability(p: float) -> str:
    """A probability with two decimals, or more where it is not quite 0 or 1.

    Examples
    --------
    >>> from surrogate.render.numbers import probability
    >>> probability(0.8), probability(0.9969), probability(1.0)
    ('0.80', '0.997', '1')
    """
    if p in (0.0, 1.0):
        return f"{p:.0f}"
    for digits in (2, 3, 4):
        text = f"{p:.{digits}f}"
        if 0 < float(text) < 1:
            return text
    return "> 0.9999" if p > 0.5 else "< 0.0001"


def count(value: int, one: str = "", many: str = "") -> str:
    """A whole number with its thousands set apart, and what it counts.

    Examples
    --------
    >>> from surrogate.render.numbers import count
    >>> count(2000), count(1, "rule"), count(12, "leaf", "leaves")
    ('2,000', '1 rule', '12 leaves')
    """
    noun = one if value == 1 else many or (one and one + "s")
    return f"{value:,} {noun}".rstrip()
