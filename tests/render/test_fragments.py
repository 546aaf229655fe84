"""Pieces of HTML: well formed, escaped, without style or script of their own."""

from __future__ import annotations

from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st

from surrogate.render import fragments
from surrogate.render.tables import Table


class Tags(HTMLParser):
    """Tags in order, attributes, and text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_data(self, data: str) -> None:
        self.text += data


@given(st.text(alphabet="<>&\"'/=abc script"))
def test_no_text_becomes_a_tag(text: str) -> None:
    pieces = [
        fragments.paragraph(text, text),
        fragments.heading(text),
        fragments.preformatted(text),
        fragments.facts([(text, text)]),
        fragments.listing([text]),
        fragments.details(text, fragments.paragraph(text)),
        fragments.table(Table((text, "n"), ((text, text), (text, "")), "lr", text)),
    ]
    seen = Tags(fragments.join(pieces))
    known = "p h3 pre dl div dt dd ul li details summary table caption thead tr th tbody td"
    assert set(seen.tags) <= set(known.split())
    assert set(seen.attributes) <= {"class", "scope", "colspan", "tabindex", "role"}


def test_a_bare_str_is_escaped_when_joined() -> None:
    joined = fragments.join([fragments.paragraph("a"), "<b>"])  # type: ignore[list-item]
    assert joined == "<p>a</p>&lt;b&gt;"


def test_bars_lie_on_their_axis() -> None:
    assert 'x="50" y="2" width="25"' in fragments.bar(0.5, -1, 1)
    assert 'class="minus" x="25" y="2" width="25"' in fragments.bar(-0.5, -1, 1)
    assert "line" in fragments.bar(0.5, 0, 1, half=0.1)
    assert "line" not in fragments.bar(0.5, 0, 1, half=float("nan"))
    assert fragments.support(0, None, 0).count("rect") == 0
    assert 'width="30"' in fragments.support(5, 3, 10)


def test_a_baseline_off_the_axis_is_not_drawn() -> None:
    assert "trivial" in fragments.whisker(0.9, (0.8, 0.95), 0.6, low=0.5)
    assert "trivial" not in fragments.whisker(0.9, (0.8, 0.95), 0.2, low=0.5)


def test_a_row_with_one_cell_heads_the_rows_below() -> None:
    made = fragments.table(Table(("a", "b"), (("real", ""), ("x", "1")), "lr"))
    assert '<th scope="colgroup" colspan="2">real</th>' in made


def test_a_live_table_says_so_and_keeps_its_keys() -> None:
    content = Table(("a", "b"), (("x", "1"), ("y", "2")), "lr")
    made = fragments.table(content, live=True, keys=["4", "0"])
    assert "data-live" in made
    assert made.index('data-key="4"') < made.index('data-key="0"')
    assert "data-" not in fragments.table(content)


def test_tabs_are_parts_under_titles() -> None:
    made = fragments.tabs("A", [("<b>", fragments.paragraph("one")), ("c", fragments.heading("d"))])
    assert made.count('class="tab-title"') == 2
    assert "&lt;b&gt;" in made
    assert "hidden" not in made


def test_no_precision_is_no_mark() -> None:
    assert fragments.precision(None, None) == ""
    assert 'class="band" x="80" y="3" width="15"' in fragments.precision(0.9, (0.8, 0.95))
