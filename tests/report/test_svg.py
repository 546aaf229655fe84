"""Drawings made small: the same marks and words in far less text."""

from __future__ import annotations

import base64
from types import ModuleType
from xml.etree import ElementTree

import pytest

pytest.importorskip("matplotlib")

from surrogate.render.plot_tree import plot_tree, tree_size
from surrogate.report.pictures import Picture, picture, shown_picture
from surrogate.report.svg import small

SVG = "{http://www.w3.org/2000/svg}"
RAW = """<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"
 viewBox="0 0 9 9" width="9pt" height="9pt"><metadata>made by</metadata>
<g id="a_1"><path d="M 0 0 L 9 9 z" style="fill: none"/></g>
<g id="a_2"><g clip-path="url(#box)"><path id="mark" d="M 0.126 12.3456
L 9 1e-05 z" style="fill: none; stroke: #abcdef; stroke-dashoffset: 0"/>
<use xlink:href="#mark" x="3.14159" style="fill: #box000"/></g></g>
<text style="font-family: 'Font'; font-size: 8px" transform="rotate(-0 1 2)">a &lt; b</text>
<defs><clipPath id="box"><rect x="0" y="0" width="9" height="9"/></clipPath></defs></svg>"""


def svg_of(drawn: Picture) -> ElementTree.Element:
    return ElementTree.fromstring(base64.b64decode(drawn.light.partition(",")[2]))


def test_what_nobody_sees_goes_and_the_rest_stays() -> None:
    made = ElementTree.fromstring(small(RAW, family="Font,sans-serif"))
    assert [e.tag.removeprefix(SVG) for e in made] == ["g", "text", "defs"]
    path, use = made[0]
    assert path.attrib == {
        "id": "p0",
        "d": "M.13 12.3L9 0z",
        "fill": "none",
        "stroke": "#abcdef",
    }
    assert use.attrib == {"href": "#p0", "x": "3.14", "fill": "#box000"}
    assert made[0].get("clip-path") == f"url(#{made.find('.//' + SVG + 'clipPath').get('id')})"
    assert made[1].text == "a < b"
    assert made[1].attrib == {"font-size": "8px"}
    assert made.get("font-family") == "Font,sans-serif"


def test_a_tree_of_64_leaves_takes_less_than_150_kilobytes(demo: ModuleType) -> None:
    tree = demo.classifier(leaves=64).form
    width, height = tree_size(tree)
    drawn = picture(lambda ax: plot_tree(tree, ax=ax), alt="", width=width, height=height)
    assert len(drawn.light) + len(drawn.dark) < 150_000
    texts = [e.text for e in svg_of(drawn).iter(SVG + "text")]
    assert len(texts) == 64 + 2 * tree.n_conditions


def test_no_picture_needs_a_style_or_a_script(demo: ModuleType) -> None:
    tree = demo.hostile().surrogates[0].form
    drawn = picture(lambda ax: plot_tree(tree, ax=ax), alt="<b>", width=8, height=4)
    for element in svg_of(drawn).iter():
        assert element.tag.removeprefix(SVG) not in ("style", "script", "metadata")
        assert not {"style", "onerror", "onload"} & set(element.attrib)
        assert not any(value.startswith("http") for value in element.attrib.values())
    assert 'alt="&lt;b&gt;"' in shown_picture(drawn)
