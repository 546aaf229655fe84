"""Models in .onnx files, run by onnxruntime."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from surrogate._array import to_numpy
from surrogate._optional import require
from surrogate.adapters import _onnx_graph, _onnx_layers
from surrogate.adapters._base import Box, Declared, Preprocess, blame, check_renaming, declare
from surrogate.adapters._layers import check_layers
from surrogate.adapters._onnx_feeds import Slot, feeds, slots_of
from surrogate.adapters._onnx_session import Runner, edited, open_runner, sha256, source_of, start
from surrogate.adapters._replies import to_reply
from surrogate.adapters._rows import nearest
from surrogate.errors import MissingDependency, ModelError, OptionError
from surrogate.types import FloatArray, Label, Output, Reply, Task, Traits

__all__ = ["OnnxBox"]

_LABELS = ("tensor(string)", "tensor(int64)", "tensor(int32)", "tensor(bool)")
_PROBABILITIES = ("probabilities", "output_probability")  # skl2onnx's names, new and old


class OnnxBox(Box):
    """A model in an .onnx file.

    One session serves the box for life. Inputs are fed by name where the rows have columns
    of those names; flat rows (n, d) are reshaped to what the input wants, such as
    (n, 1, 28, 28). A model that was exported for a fixed number of rows is freed from it on
    a copy, if the copy answers several rows as the file answers them one by one; else its
    rows are run in pieces of that size.

    Parameters
    ----------
    source : path, bytes or onnx.ModelProto
    task : {"classification", "regression"}, optional
    output : {"labels", "probabilities", "scores", "values"}, optional
        What the answer is; nets often end in logits, which are "scores". What is not said
        is settled from the first answers.
    classes : sequence, optional
        Classes in column order. If the graph names its own: the same, or other names.
    columns : sequence of str, optional
        Columns in the order of the input; matched by name where rows have names.
    preprocess : callable, optional
        Runs on the rows before the model; may return a mapping from input names to arrays.
    threshold : float, optional
        Two classes: the second is decided where its probability is greater than this.
    providers : sequence, optional
        onnxruntime's execution providers, best first. Default: CUDA if there is one, then
        the CPU.
    answer : str, optional
        Name of the output that is the answer, for models with several.

    Raises
    ------
    InputError
        If there is no such file.
    ModelError
        If onnxruntime cannot load it, or the first of `providers` does not start.
    OptionError
        If a provider is not there, or it is unclear which output is the answer.

    Examples
    --------
    >>> from surrogate.adapters import OnnxBox
    >>> box = OnnxBox("net.onnx", output="scores", preprocess=lambda x: x / 255)  # doctest: +SKIP
    >>> box.ask(images).values.shape  # doctest: +SKIP
    (1000, 10)
    """

    def __init__(
        self,
        source: str | Path | bytes | Any,
        *,
        task: Task | None = None,
        output: Output | None = None,
        classes: Iterable[Label] | None = None,
        columns: Iterable[str] | None = None,
        preprocess: Preprocess | None = None,
        threshold: float | None = None,
        providers: Sequence[Any] | None = None,
        answer: str | None = None,
    ) -> None:
        said = declare(
            "OnnxBox",
            task=task,
            output=output,
            classes=classes,
            columns=columns,
            threshold=threshold,
        )
        self._source, name = source_of(source)
        self._providers = providers
        self._runner = open_runner(self._source, providers=providers, who=name)
        self._layer_runners: dict[tuple[str, ...], Runner] = {}
        self._slots = slots_of(self._runner.session, who=name)
        self._answer, self._decision = _outputs(self._runner.session, answer, said, who=name)
        own = self._own_classes_in_graph()
        check_renaming("OnnxBox", name, own=own, declared=said.classes)
        decides = self._decision is not None
        several = len(self._slots) > 1 and all(slot.width == 1 for slot in self._slots)
        plain = preprocess is None
        traits = Traits(
            name=name,
            adapter="onnx",
            task=said.task or ("classification" if decides else None),
            output=said.output,
            classes=said.classes or own,
            n_features=_width(self._slots) if plain else None,
            columns=said.columns
            or (tuple(slot.name for slot in self._slots) if several and plain else None),
            dtype=_dtype(self._slots) if plain else "float64",
            threshold=said.threshold,
            details=_details(self._runner, self._slots, self._source),
        )
        super().__init__(traits, columns=said.columns, preprocess=preprocess, own_classes=own)

    def ask(self, rows: Any) -> Reply:
        """Answer one batch of rows, once.

        Raises
        ------
        DataError
            If a column is missing, or does not fit the input's type or shape.
        ModelError
            If the run fails.
        """
        given = feeds(self._prepare(rows), self._slots, who=self.traits.name)
        wanted = [name for name in (self._answer, self._decision) if name is not None]
        with blame(self.traits.name):
            answers = self._runner.run(wanted, given)
        if len(wanted) == 1:
            return self._alone(answers[0])
        return self._reply(*answers)

    def _alone(self, answer: Any) -> Reply:
        """The reply where the model has one output, or one of several is asked."""
        reply = to_reply(answer, self.traits)
        return reply if reply.labels is None else self._reply(reply.values, to_numpy(answer))

    def layers(self) -> tuple[str, ...]:
        """Names of the arrays inside the graph that can be read, from input to output."""
        return _onnx_graph.inner(self._graph())

    def hidden_layers(self) -> tuple[str, ...]:
        """Names of the arrays behind the nonlinearity of each hidden block, in order.

        A block is a Gemm, MatMul or Conv with weights of the graph that another one depends
        on; one without a nonlinearity shows its pre-activations.
        """
        return _onnx_layers.hidden(self._graph())

    def activations(self, rows: Any, layer: str) -> FloatArray:
        """Activations of shape (n, units) of one layer.

        Parameters
        ----------
        rows : rows as `ask` takes them
        layer : str
            One of `layers()`.

        Raises
        ------
        OptionError
            If there is no such layer.
        """
        shown = self.look(rows, [layer]).activations
        assert shown is not None
        return shown[layer]

    def look(self, rows: Any, layers: Sequence[str]) -> Reply:
        """Answer one batch of rows, once, with the activations (n, units) of some layers.

        A second session puts the inner arrays out beside the answer; it is opened when
        these layers are first wanted.

        Raises
        ------
        OptionError
            If there is no such layer.
        ModelError
            If the run fails.
        """
        wanted = tuple(dict.fromkeys(layers))
        if wanted not in self._layer_runners:
            self._layer_runners[wanted] = self._layer_runner(wanted)
        given = feeds(self._prepare(rows), self._slots, who=self.traits.name)
        heads = [name for name in (self._answer, self._decision) if name is not None]
        with blame(self.traits.name):
            answers = self._layer_runners[wanted].run([*heads, *wanted], given)
        reply = self._alone(answers[0]) if len(heads) == 1 else self._reply(*answers[:2])
        hidden = {
            layer: np.asarray(values, dtype=np.float64).reshape(len(values), -1)  # (n, units)
            for layer, values in zip(wanted, answers[len(heads) :])
        }
        return replace(reply, activations=hidden)

    def _layer_runner(self, layers: tuple[str, ...]) -> Runner:
        """A second session that puts out inner arrays too."""
        check_layers(self.traits.name, layers, self.layers())
        model = self._graph()
        _onnx_graph.with_outputs(model, layers)
        session = start(model.SerializeToString(), providers=self._providers, who=self.traits.name)
        return replace(self._runner, session=session)

    def _graph(self) -> Any:
        """The graph that the session runs, as a copy."""
        return edited(self._source, freed=self._runner.freed)

    def _own_classes_in_graph(self) -> tuple[Label, ...] | None:
        """The classes that the graph names, if it labels rows."""
        if self._decision is None:
            return None
        try:
            return _onnx_graph.classes(_onnx_graph.parse(self._source), self._decision)
        except MissingDependency:
            return None

    def __getstate__(self) -> dict[str, Any]:
        """All but the sessions, which hold memory of onnxruntime's."""
        return {**self.__dict__, "_runner": None, "_layer_runners": {}}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Open a session of its own on the same file."""
        self.__dict__.update(state)
        if sha256(self._source) != self._traits.details["sha256"]:
            raise ModelError(
                f"The file of {self._traits.name} has changed since this box was pickled, so it is"
                " another model; wrap it anew."
            )
        self._runner = open_runner(self._source, providers=self._providers, who=self._traits.name)


def _outputs(
    session: Any, answer: str | None, said: Declared, *, who: str
) -> tuple[str | None, str | None]:
    """Names of the output that is the answer and of the one that is the decision."""
    outputs = {value.name: value.type for value in session.get_outputs()}
    if answer is not None and answer not in outputs:
        raise OptionError(
            f"{who} has no output {answer!r}{nearest(answer, list(outputs))}; it has: "
            + ", ".join(outputs)
        )
    labels = [name for name, kind in outputs.items() if kind in _LABELS]
    values = [name for name in outputs if name not in labels]
    decision = labels[0] if len(labels) == 1 else None
    chosen = answer or _only(values) or (None if values else decision)
    if said.output == "labels" and answer is None and decision is not None:
        chosen = decision
    if chosen is None:
        raise OptionError(
            f"{who} has several outputs ({', '.join(outputs)}); say which is the answer:"
            " OnnxBox(..., answer=...)."
        )
    if chosen == decision or said.output == "values":
        decision = None
    return chosen, decision


def _only(names: Sequence[str]) -> str | None:
    """The one name, or the one that skl2onnx gives to probabilities."""
    if len(names) == 1:
        return names[0]
    return next((name for name in names if name in _PROBABILITIES), None)


def _dtype(slots: Sequence[Slot]) -> str:
    """The floating type that the inputs compute in."""
    kinds = {slot.dtype for slot in slots if slot.dtype.startswith("float")}
    return max(kinds, key=lambda kind: int(kind[5:]), default="float64")


def _width(slots: Sequence[Slot]) -> int | None:
    """Columns that all inputs take together, where their shapes tell."""
    widths = [slot.width for slot in slots]
    return sum(width for width in widths if width is not None) if None not in widths else None


def _details(runner: Runner, slots: Sequence[Slot], source: Path | bytes) -> dict[str, str]:
    """Facts for the report."""
    runtime = require("onnxruntime", extra="onnx")
    if runner.freed is not None:
        batch = f"any (exported for {runner.freed}; freed on a checked copy)"
    elif runner.batch is not None:
        batch = f"runs of {runner.batch}, as exported"
    else:
        batch = "any"
    return {
        "library": f"onnxruntime {runtime.__version__}",
        "providers": ", ".join(runner.session.get_providers()),
        "file": source.name if isinstance(source, Path) else "",
        "sha256": sha256(source),
        "inputs": ", ".join(map(str, slots)),
        "outputs": ", ".join(value.name for value in runner.session.get_outputs()),
        "rows a run": batch,
    }
