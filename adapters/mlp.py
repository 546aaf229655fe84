"""Multi-layer perceptrons of scikit-learn, whose hidden layers are computed from their weights."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate.adapters._base import blame
from surrogate.adapters._decisions import inner, is_of
from surrogate.adapters._layers import check_layers
from surrogate.adapters.sklearn import SklearnBox
from surrogate.types import FloatArray, Reply

__all__ = ["MlpBox", "is_mlp"]

_MLP = "sklearn.neural_network._multilayer_perceptron.BaseMultilayerPerceptron"
_PIPELINE = "sklearn.pipeline.Pipeline"


class MlpBox(SklearnBox):
    """A fitted ``MLPClassifier`` or ``MLPRegressor``, or a pipeline that ends in one.

    Asked as any estimator is; its hidden layers, named ``"hidden 1"``, ``"hidden 2"`` and so
    on, are read besides. Parameters and errors are those of `SklearnBox`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.neural_network import MLPClassifier
    >>> from surrogate.adapters import wrap
    >>> X, y = load_iris(return_X_y=True)
    >>> net = MLPClassifier((8, 4), max_iter=2000, random_state=0).fit(X, y)
    >>> box = wrap(net)
    >>> box.hidden_layers(), box.activations(X, "hidden 2").shape
    (('hidden 1', 'hidden 2'), (150, 4))
    """

    def layers(self) -> tuple[str, ...]:
        """Names of the hidden layers, from input to output."""
        count = len(_net(self._model).coefs_) - 1
        return tuple(f"hidden {number}" for number in range(1, count + 1))

    def hidden_layers(self) -> tuple[str, ...]:
        """All layers that can be read."""
        return self.layers()

    def activations(self, rows: Any, layer: str) -> FloatArray:
        """Activations of shape (n, units) of one layer.

        Raises
        ------
        OptionError
            If there is no such layer.
        """
        check_layers(self.traits.name, [layer], self.layers())
        return self._hidden(rows)[layer]

    def look(self, rows: Any, layers: Sequence[str]) -> Reply:
        """Answer one batch of rows, once, with the activations (n, units) of some layers.

        Raises
        ------
        OptionError
            If there is no such layer.
        """
        check_layers(self.traits.name, layers, self.layers())
        hidden = self._hidden(rows)
        return replace(self.ask(rows), activations={layer: hidden[layer] for layer in layers})

    def _hidden(self, rows: Any) -> dict[str, FloatArray]:
        """Activations of every hidden layer."""
        given = self._translated(self._prepare(rows))
        with blame(self.traits.name):
            if is_of(self._model, _PIPELINE) and len(self._model.steps) > 1:
                given = self._model[:-1].transform(given)
            net = _net(self._model)
            below = np.asarray(to_numpy(given), dtype=np.float64)
            found = {}
            for layer, weights, bias in zip(self.layers(), net.coefs_, net.intercepts_):
                below = _ACTIVATIONS[net.activation](below @ weights + bias)
                found[layer] = below
        return found


def is_mlp(model: Any) -> bool:
    """Whether an estimator is a multi-layer perceptron, or a pipeline that ends in one."""
    if is_of(model, _PIPELINE):
        return is_mlp(inner(model))
    return is_of(model, _MLP)


def _net(model: Any) -> Any:
    """The perceptron of an estimator or pipeline."""
    return inner(model) if is_of(model, _PIPELINE) else model


def _logistic(z: FloatArray) -> FloatArray:
    """1 / (1 + exp(-z)), without overflow."""
    return 0.5 * (1.0 + np.tanh(0.5 * z))


_ACTIVATIONS: dict[str, Callable[[FloatArray], FloatArray]] = {
    "identity": lambda z: z,
    "logistic": _logistic,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0.0),
}
