"""Trees and graphs as lists: every node once, under the node above it."""

from __future__ import annotations

import re
from types import ModuleType

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from surrogate.forms import Tree
from surrogate.report.outline import graph_list, tree_outline

from form_strategies import features_of, graph_of, mixed_tree_of, tree_of


@given(st.data())
def test_every_node_but_the_root_has_a_line_after_the_node_above_it(data) -> None:
    features = data.draw(features_of())
    tree: Tree = data.draw(st.one_of(tree_of(features), mixed_tree_of(features, n_classes=0)))
    nodes = [int(node) for node in re.findall(r'data-node="(\d+)"', tree_outline(tree))]
    assert sorted(nodes) == list(range(1, len(tree.feature)))
    for node in np.flatnonzero(~tree.is_leaf)[1:]:
        assert nodes.index(node) < min(nodes.index(tree.left[node]), nodes.index(tree.right[node]))
    assert tree_outline(tree).count("<details") == max(0, int((~tree.is_leaf).sum()) - 1)


@given(st.data())
def test_every_test_of_a_graph_has_a_line(data) -> None:
    graph = data.draw(graph_of(data.draw(features_of())))
    nodes = [int(node) for node in re.findall(r'data-node="(\d+)"', graph_list(graph))]
    assert nodes == np.flatnonzero(~graph.is_leaf).tolist()


def test_names_are_text(demo: ModuleType) -> None:
    tree = demo.classifier(leaves=4, names=demo.HOSTILE, classes=(demo.HOSTILE[0], "b")).form
    made = tree_outline(tree)
    assert "<script" not in made
    assert "<img" not in made
    assert "x" * 100 not in made
