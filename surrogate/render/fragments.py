"""Pieces of HTML: every text that comes in is escaped, no style and no script goes out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from html import escape

from surrogate.render.tables import Table

__all__ = [
    "Fragment",
    "bar",
    "details",
    "facts",
    "heading",
    "join",
    "listing",
    "notebook",
    "paragraph",
    "precision",
    "preformatted",
    "support",
    "table",
    "tabs",
    "whisker",
]

_NOTEBOOK_STYLE = (
    ".surrogate{max-width:60em;line-height:1.45}"
    ".surrogate table{border-collapse:collapse;margin:.6em 0}"
    ".surrogate th,.surrogate td{padding:.15em .8em .15em 0;text-align:left;border:0}"
    ".surrogate th{border-bottom:1px solid;font-weight:600}"
    ".surrogate .r{text-align:right;font-variant-numeric:tabular-nums}"
    ".surrogate .claim{font-weight:600}"
    ".surrogate .bad{border-left:4px solid #d0641c;padding-left:.7em}"
    ".surrogate svg.bar{width:8em;height:.7em;vertical-align:middle}"
    ".surrogate svg.bar .pale{fill:#2a7ab9;opacity:.3}.surrogate svg.bar .plus{fill:#2a7ab9}"
    ".surrogate svg.bar .minus{fill:#d0641c}"
    ".surrogate svg.bar line{vector-effect:non-scaling-stroke}"
    ".surrogate svg.bar .line{stroke:currentColor}"
    ".surrogate mark{color:inherit;background:none;padding:0 .1em;border-bottom:2px solid #2a7ab9}"
    ".surrogate mark.against{border-bottom:2px dashed #d0641c}"
    ".surrogate .s1.for{background:#2a7ab920}.surrogate .s2.for{background:#2a7ab948}"
    ".surrogate .s3.for{background:#2a7ab970}.surrogate .s4.for{background:#2a7ab9a0}"
    ".surrogate .s1.against{background:#d0641c20}.surrogate .s2.against{background:#d0641c48}"
    ".surrogate .s3.against{background:#d0641c70}.surrogate .s4.against{background:#d0641ca0}"
    ".surrogate .text{white-space:pre-wrap;max-width:40em}"
    ".surrogate pre{font-size:.9em;overflow-x:auto}"
)


class Fragment(str):
    """HTML that is safe as it is; templates do not escape it again."""

    __slots__ = ()

    def __html__(self) -> str:
        """The fragment itself, for template engines."""
        return str(self)


def join(parts: Iterable[Fragment]) -> Fragment:
    """Fragments one after the other; a bare str among them is escaped."""
    return Fragment("".join(p if isinstance(p, Fragment) else escape(p) for p in parts))


def paragraph(text: str, kind: str = "") -> Fragment:
    """Text as a paragraph of a class.

    Examples
    --------
    >>> from surrogate.render.fragments import paragraph
    >>> print(paragraph("<b>age</b> & sex", "claim"))
    <p class="claim">&lt;b&gt;age&lt;/b&gt; &amp; sex</p>
    """
    attribute = f' class="{escape(kind)}"' if kind else ""
    return Fragment(f"<p{attribute}>{escape(text)}</p>")


def table(
    content: Table,
    *,
    pictures: Sequence[Fragment] = (),
    picture_head: str = "",
    live: bool = False,
    keys: Sequence[str] = (),
) -> Fragment:
    """A table that scrolls sideways where the page is too narrow for it.

    Parameters
    ----------
    content : Table
    pictures : sequence of Fragment
        One a row, as a last column.
    picture_head : str
        What stands over the pictures.
    live : bool
        Whether the report's script lets a reader sort and filter it. A row must not head others.
    keys : sequence of str
        One a row, by which the report's script finds it; of the page's own making.

    Returns
    -------
    Fragment
    """
    caption = f"<caption>{escape(content.caption)}</caption>" if content.caption else ""
    marks = [' class="r"' if side == "r" else "" for side in content.align]
    head = "".join(_head(h, m) for h, m in zip(content.header, marks))
    head += _head(picture_head, ' class="pic"') if pictures else ""
    body = []
    for i, row in enumerate(content.rows):
        if not any(row[1:]):
            span = len(row) + bool(pictures)
            body.append(f'<tr><th scope="colgroup" colspan="{span}">{escape(row[0])}</th></tr>')
            continue
        cells = "".join(f"<td{m}>{_cell(c)}</td>" for c, m in zip(row, marks))
        if pictures:
            cells += f'<td class="pic">{pictures[i]}</td>'
        key = f' data-key="{escape(keys[i])}"' if keys else ""
        body.append(f"<tr{key}>{cells}</tr>")
    rows = "".join(body)
    mark = " data-live" if live else ""
    return Fragment(
        f'<div class="scroll" tabindex="0" role="group"{mark}><table>{caption}'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _head(text: str, mark: str) -> str:
    """A header; where there is nothing to say, none that a screen reader would announce."""
    return f'<th scope="col"{mark}>{escape(text)}</th>' if text.strip() else f"<td{mark}></td>"


def _cell(text: str) -> str:
    return escape(text.strip())


def facts(pairs: Iterable[tuple[str, str]]) -> Fragment:
    """Names and values as a description list."""
    items = "".join(f"<div><dt>{escape(k)}</dt><dd>{escape(v)}</dd></div>" for k, v in pairs)
    return Fragment(f"<dl>{items}</dl>")


def bar(value: float, low: float, high: float, *, half: float | None = None) -> Fragment:
    """A bar from zero on an axis from `low` to `high`, with half an interval's width.

    It is hidden from screen readers: the figure stands beside it in words.
    """
    zero, end = _place(0.0, low, high), _place(value, low, high)
    left, width = min(zero, end), abs(end - zero)
    kind = "plus" if value >= 0 else "minus"
    marks = _rect(kind, left, width)
    if low < 0:
        marks += _line(zero, 0, zero, 10)
    if half is not None and not math.isnan(half):
        first, last = _place(value - half, low, high), _place(value + half, low, high)
        marks += _line(first, 5, last, 5) + _line(first, 3, first, 7) + _line(last, 3, last, 7)
    return _svg("bar", marks)


def whisker(
    value: float | None, ends: tuple[float, float] | None, baseline: float | None, *, low: float
) -> Fragment:
    """A score on an axis from `low` to 1: its interval, its value, the trivial one as a tick."""
    marks = _line(0, 9.5, 100, 9.5, "axis")
    if baseline is not None and baseline >= low:
        x = _place(baseline, low, 1.0)
        marks += _line(x, 1, x, 9.5, "trivial")
    if ends is not None:
        first, last = (_place(end, low, 1.0) for end in ends)
        marks += _rect("band", first, last - first, y=3, height=4)
    if value is not None:
        x = _place(value, low, 1.0)
        marks += _rect("plus", x - 0.6, 1.2, y=1, height=8)
    return _svg("bar whisker", marks)


def support(covered: float, agree: float | None, most: float) -> Fragment:
    """Rows that a rule covers as a pale bar, those where the model agrees as a full one."""
    if not most > 0:
        return _svg("bar", "")
    marks = _rect("pale", 0, 100 * covered / most)
    if agree is not None:
        marks += _rect("plus", 0, 100 * agree / most)
    return _svg("bar", marks)


def precision(value: float | None, ends: tuple[float, float] | None) -> Fragment:
    """A share as a mark on an axis from 0 to 1, with its interval as a band."""
    if value is None:
        return Fragment("")
    return whisker(value, ends, None, low=0.0)


def tabs(label: str, parts: Sequence[tuple[str, Fragment]]) -> Fragment:
    """Parts under a title each, one below the other; the report's script makes them tabs.

    Parameters
    ----------
    label : str
        What there is to choose from. Tabs of one label and equal titles go together.
    parts : sequence of pairs
        Title and body.

    Returns
    -------
    Fragment

    Examples
    --------
    >>> from surrogate.render.fragments import paragraph, tabs
    >>> '<h3 class="tab-title">A &amp; B</h3><p>x</p>' in tabs("", [("A & B", paragraph("x"))])
    True
    """
    inner = "".join(
        f'<div class="tab"><h3 class="tab-title">{escape(title)}</h3>{body}</div>'
        for title, body in parts
    )
    return Fragment(f'<div data-tabs="{escape(label)}">{inner}</div>')


def heading(text: str, level: int = 3) -> Fragment:
    """A heading below the page's own."""
    return Fragment(f"<h{level}>{escape(text)}</h{level}>")


def details(summary: str, body: Fragment) -> Fragment:
    """What is folded away until it is wanted; printed in full."""
    return Fragment(f"<details><summary>{escape(summary)}</summary>{body}</details>")


def listing(items: Iterable[str], kind: str = "") -> Fragment:
    """A list of sentences."""
    attribute = f' class="{escape(kind)}"' if kind else ""
    return Fragment(f"<ul{attribute}>{''.join(f'<li>{escape(i)}</li>' for i in items)}</ul>")


def notebook(*parts: Fragment) -> str:
    """Fragments with the little style that a notebook needs."""
    return f'<div class="surrogate"><style>{_NOTEBOOK_STYLE}</style>{join(parts)}</div>'


def preformatted(text: str) -> Fragment:
    """Text with its spaces kept."""
    return Fragment(f'<pre tabindex="0">{escape(text)}</pre>')


def _place(value: float, low: float, high: float) -> float:
    """Position from 0 to 100 on an axis."""
    if not high > low:
        return 0.0
    return 100 * min(1.0, max(0.0, (value - low) / (high - low)))


def _short(x: float) -> str:
    """A place to a hundredth of the axis's hundredth, without empty decimals."""
    return f"{x:.2f}".rstrip("0").rstrip(".")


def _rect(kind: str, x: float, width: float, *, y: int = 2, height: int = 6) -> str:
    return (
        f'<rect class="{kind}" x="{_short(x)}" y="{y}" width="{_short(width)}" height="{height}"/>'
    )


def _line(x1: float, y1: float, x2: float, y2: float, kind: str = "line") -> str:
    return f'<line class="{kind}" x1="{_short(x1)}" y1="{y1}" x2="{_short(x2)}" y2="{y2}"/>'


def _svg(kind: str, marks: str) -> Fragment:
    return Fragment(
        f'<svg class="{kind}" viewBox="0 0 100 10" preserveAspectRatio="none" '
        f'aria-hidden="true">{marks}</svg>'
    )
