from __future__ import annotations

import itertools

import numpy as np
import pytest

from surrogate.trees._prune import best_subtree


def subtrees(left, right, node=0):
    """Every subtree with this root, as the set of its tests."""
    yield frozenset()
    if left[node] >= 0:
        both = itertools.product(
            list(subtrees(left, right, left[node])), list(subtrees(left, right, right[node]))
        )
        for a, b in both:
            yield a | b | {node}


def leaves_of(left, right, tests, node=0):
    if node not in tests:
        return [node]
    return leaves_of(left, right, tests, left[node]) + leaves_of(left, right, tests, right[node])


@pytest.mark.parametrize("seed", range(20))
def test_no_subtree_of_the_size_scores_more(seed):
    rng = np.random.default_rng(seed)
    left, right = [-1], [-1]
    for _ in range(6):
        node = rng.choice([n for n in range(len(left)) if left[n] < 0])
        left[node], right[node] = len(left), len(left) + 1
        left += [-1, -1]
        right += [-1, -1]
    left, right = np.array(left), np.array(right)
    score = rng.integers(0, 6, len(left)).astype(float)
    for max_leaves in range(1, 9):
        found = frozenset(np.flatnonzero(best_subtree(left, right, score, max_leaves)).tolist())
        scores = {
            tests: (sum(score[leaves_of(left, right, tests)]), -len(tests))
            for tests in subtrees(left, right)
            if len(tests) < max_leaves
        }
        # The greatest score, and of these the fewest leaves.
        assert scores[found] == max(scores.values())
