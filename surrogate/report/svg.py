"""Drawings of matplotlib made small: the same picture in a tenth of the text."""

from __future__ import annotations

import re
from collections.abc import Mapping
from xml.etree import ElementTree

__all__ = ["small"]

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e-?\d+)?")
_SPACE = re.compile(r"\s*([MLHVCQZz])\s*")
_POINTED = re.compile(r"(?<=^#)[\w-]+$|(?<=url\(#)[\w-]+")
_MEASURES = frozenset(
    {"d", "x", "y", "width", "height", "transform", "points", "stroke-width", "stroke-dasharray"}
)
_PLAIN = {
    "text-anchor": "start",
    "stroke-dashoffset": "0",
    "opacity": "1",
    "stroke-opacity": "1",
    "fill-opacity": "1",
    "stroke-width": "1",
}
"""What holds where nothing is said."""


def small(svg: str, *, family: str) -> str:
    """Say the same with less: no groups, names or digits that nobody can see.

    Styles become attributes, which a strict content security policy allows.

    Parameters
    ----------
    svg : str
        As matplotlib writes it, with text as text.
    family : str
        Fonts for all text, the wished one first.

    Returns
    -------
    str
    """
    root = ElementTree.fromstring(svg)
    written = [element.attrib["id"] for element in root.iter() if "id" in element.attrib]
    pointed = {name for e in root.iter() for v in e.attrib.values() for name in _POINTED.findall(v)}
    names = {name: f"p{i:x}" for i, name in enumerate(n for n in written if n in pointed)}
    head = {
        "xmlns": "http://www.w3.org/2000/svg",
        "viewBox": root.attrib["viewBox"],
        "width": root.attrib["width"],
        "height": root.attrib["height"],
        "font-family": family,
        "stroke-linejoin": "round",
    }
    made = ElementTree.Element("svg", head)
    for child in root:
        made.extend(_kept(child, names))
    return ElementTree.tostring(made, encoding="unicode")


def _kept(element: ElementTree.Element, names: Mapping[str, str]) -> list[ElementTree.Element]:
    """What is to be seen of an element: nothing, itself, or what it holds."""
    tag = element.tag.rpartition("}")[2]
    if tag in ("metadata", "style"):
        return []
    attributes = _attributes(element, names)
    inside = [kept for child in element for kept in _kept(child, names)]
    if tag == "g" and not attributes:
        return inside
    if (tag in ("g", "defs") and not inside) or (tag == "path" and _unseen(attributes)):
        return []
    made = ElementTree.Element(tag, attributes)
    made.text = element.text if tag in ("text", "tspan") else None
    made.extend(inside)
    return [made]


def _attributes(element: ElementTree.Element, names: Mapping[str, str]) -> dict[str, str]:
    """Attributes and styles alike, in few digits, without what holds anyway."""
    said = {}
    for name, value in element.attrib.items():
        if name == "style":
            pairs = (pair.partition(":") for pair in value.split(";") if pair.strip())
            said.update({key.strip(): what.strip() for key, _, what in pairs})
        elif name != "id" or value in names:
            said[name.rpartition("}")[2]] = value
    said.pop("font-family", None)
    if said.get("transform", "").startswith("rotate(-0 "):
        del said["transform"]
    return {
        key: _short(key, value, names) for key, value in said.items() if _PLAIN.get(key) != value
    }


def _short(key: str, value: str, names: Mapping[str, str]) -> str:
    if key == "id":
        return names[value]
    if key == "href" and value.startswith("data:"):
        return "".join(value.split())
    if key in _MEASURES:
        value = _NUMBER.sub(_rounded, value)
        return _SPACE.sub(r"\1", value).strip() if key == "d" else value
    return _POINTED.sub(lambda found: names.get(found[0], found[0]), value)


def _rounded(found: re.Match[str]) -> str:
    """A number to a tenth of a point, or to a hundredth where it is small."""
    value = float(found[0])
    text = f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
    return (text.rstrip("0").rstrip(".") or "0").replace("-0.", "-.").removeprefix("0") or "0"


def _unseen(attributes: Mapping[str, str]) -> bool:
    """Whether a path has no line, or neither ink nor filling."""
    bare = attributes.get("fill") == "none" and "stroke" not in attributes
    return bare or not {"L", "C"} & set(attributes.get("d", ""))
