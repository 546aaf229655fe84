"""Modules of torch."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from surrogate._array import is_torch, to_numpy
from surrogate._optional import require
from surrogate.adapters._base import Box, Preprocess, blame, declare
from surrogate.adapters._decisions import is_of
from surrogate.adapters._layers import check_layers
from surrogate.adapters._replies import to_reply
from surrogate.adapters._rows import numbers
from surrogate.adapters._torch_trace import Traced, by_definition, trace
from surrogate.errors import AnswerError, InputError, ModelError
from surrogate.types import FloatArray, Label, Output, Reply, Task, Traits

__all__ = ["TorchBox"]

_MODULE = "torch.nn.modules.module.Module"
_UNTRACED = "not traced yet"
_NUMPY_DTYPES = {"torch.float64": "float64", "torch.float16": "float16"}


class TorchBox(Box):
    """A torch module.

    Rows become tensors on the device and in the dtype of the module's parameters. The
    module is asked in eval mode and without gradients; each submodule's training flag is
    put back afterwards, also when the module raises.

    Parameters
    ----------
    module : torch.nn.Module
        Returns a tensor, or something with a tensor named ``logits``.
    task : {"classification", "regression"}, optional
    output : {"labels", "probabilities", "scores", "values"}, optional
        What the module returns. Nets often end in logits, which are "scores"; a softmax is
        not added.
    classes : sequence, optional
        Classes in column order.
    columns : sequence of str, optional
        Columns that `preprocess` or the module wants, in its order.
    preprocess : callable, optional
        Runs on the rows before the module. A torch module gets tensors, on the module's
        device; any other function gets NumPy arrays (or your frame), wherever the rows are.
    threshold : float, optional
        Two classes: the second is decided where its probability is greater than this.

    Examples
    --------
    >>> import numpy as np, torch
    >>> from surrogate.adapters import TorchBox
    >>> box = TorchBox(torch.nn.Linear(4, 3), output="scores")
    >>> tuple(box.ask(np.zeros((2, 4))).values.shape)
    (2, 3)
    """

    def __init__(
        self,
        module: Any,
        *,
        task: Task | None = None,
        output: Output | None = None,
        classes: Iterable[Label] | None = None,
        columns: Iterable[str] | None = None,
        preprocess: Preprocess | None = None,
        threshold: float | None = None,
    ) -> None:
        if not is_of(module, _MODULE):
            raise InputError(f"TorchBox wraps a torch.nn.Module; got {type(module).__name__}.")
        said = declare(
            "TorchBox",
            task=task,
            output=output,
            classes=classes,
            columns=columns,
            threshold=threshold,
        )
        torch = require("torch", extra="torch")
        self._module = module
        self._device, self._dtype = _place(module)
        self._graph: Any = _UNTRACED
        self._tensors_first = preprocess is None or is_of(preprocess, _MODULE)
        traits = Traits(
            name=type(module).__name__,
            adapter="torch",
            task=said.task,
            output=said.output,
            classes=said.classes,
            n_features=len(said.columns) if said.columns and preprocess is None else None,
            columns=said.columns,
            dtype=_numpy_dtype(self._dtype) if self._tensors_first else "float64",
            library="torch",
            device=str(self._device),
            threshold=said.threshold,
            details={
                "library": f"torch {torch.__version__}",
                "device": str(self._device),
                "dtype": str(self._dtype),
                "parameters": str(sum(p.numel() for p in module.parameters())),
            },
        )
        super().__init__(traits, columns=said.columns, preprocess=preprocess)

    def ask(self, rows: Any) -> Reply:
        """Answer one batch of rows, once.

        Raises
        ------
        DataError
            If a column is missing or holds no numbers.
        ModelError
            If the module raises.
        """
        with self._asking():
            tensor = self._translated(rows)
            with blame(self.traits.name):
                answer = self._module(tensor)
        return to_reply(_tensor(answer, self.traits.name), self.traits)

    def sha256(self) -> str:
        """Hash of the module's parameters and buffers, with their names, types and shapes."""
        torch = require("torch", extra="torch")
        digest = hashlib.sha256()
        for name, kept in self._module.state_dict().items():
            digest.update(f"{name} {getattr(kept, 'dtype', '')}".encode())
            if is_torch(kept):
                there = kept.detach().cpu().contiguous()
                digest.update(str(tuple(there.shape)).encode())
                digest.update(there.reshape(-1).view(torch.uint8).numpy().tobytes())
        return digest.hexdigest()

    def differentiable(self) -> Any:
        """The module, behind its preprocess: rows (n, d) to the answer, with gradients.

        None where the preprocess is a function, through which no gradient flows. The module
        is the box's own, not a copy.
        """
        if self._preprocess is None:
            return self._module
        if not self._tensors_first:
            return None
        return require("torch", extra="torch").nn.Sequential(self._preprocess, self._module)

    def layers(self) -> tuple[str, ...]:
        """Names of all layers: submodules in the order of their definition, then functions.

        An activation that the module's code calls as a function, or by a submodule that it
        calls several times, is named by what it follows and what is done: ``"fc1:relu"``.
        Such layers are found where torch.fx can trace the module.
        """
        own = tuple(name for name, _ in self._module.named_modules() if name)
        traced = self._traced()
        return own if traced is None else (*own, *traced.nodes)

    def hidden_layers(self) -> tuple[str, ...]:
        """Names of the layers behind the nonlinearity of each hidden block, in order.

        Of a module that torch.fx cannot trace they are taken from the order of definition,
        and a block without a nonlinearity of its own shows its pre-activations.
        """
        traced = self._traced()
        return by_definition(self._module) if traced is None else traced.hidden

    def activations(self, rows: Any, layer: str) -> FloatArray:
        """Activations of shape (n, units) of one layer.

        Parameters
        ----------
        rows : rows as `ask` takes them
        layer : str
            One of `layers()`. Of a submodule that is called several times, the last call
            counts.

        Raises
        ------
        OptionError
            If there is no such layer.
        ModelError
            If the module raises, or does not call the layer.
        """
        return _shown(self.look(rows, [layer]))[layer]

    def look(self, rows: Any, layers: Sequence[str]) -> Reply:
        """Answer one batch of rows, once, with the activations (n, units) of some layers.

        Hooks see them on the way; they are taken off again, also when the module raises.

        Raises
        ------
        OptionError
            If there is no such layer.
        ModelError
            If the module raises, or does not call one of the layers.
        """
        check_layers(self.traits.name, layers, self.layers())
        seen: dict[str, Any] = {}
        traced = self._traced()
        written = {} if traced is None else traced.nodes
        wanted = {layer: partial(seen.__setitem__, layer) for layer in layers}
        calls = {layer: take for layer, take in wanted.items() if layer in written}
        handles = []
        try:
            for layer in wanted.keys() - calls.keys():
                part = self._module.get_submodule(layer)
                handles.append(part.register_forward_hook(partial(_see, wanted[layer])))
            with self._asking():
                tensor = self._translated(rows)
                with blame(self.traits.name):
                    answer = traced.run(tensor, calls) if traced and calls else self._module(tensor)
        finally:
            for handle in handles:
                handle.remove()
        reply = to_reply(_tensor(answer, self.traits.name), self.traits)
        return replace(reply, activations={layer: self._units(layer, seen) for layer in layers})

    def _units(self, layer: str, seen: Mapping[str, Any]) -> FloatArray:
        """What was seen of a layer, as columns: (n, ...) -> (n, units)."""
        if layer not in seen:
            raise ModelError(f"{self.traits.name} did not call its layer {layer!r} on these rows.")
        values = to_numpy(_tensor(seen[layer], f"Layer {layer!r} of {self.traits.name}").double())
        return np.asarray(values).reshape(len(values), -1)

    def _traced(self) -> Traced | None:
        """The module's graph, traced when it is first needed."""
        if isinstance(self._graph, str):
            with self._asking():
                self._graph = trace(self._module)
        graph: Traced | None = self._graph
        return graph

    def __getstate__(self) -> dict[str, Any]:
        """All but the traced graph, which can be traced anew."""
        return {**self.__dict__, "_graph": _UNTRACED}

    def _translated(self, rows: Any) -> Any:
        """Rows as the tensor that the module gets."""
        rows = self._picked(rows)
        if self._preprocess is None:
            return self._as_tensor(rows)
        if self._tensors_first:
            return self._as_tensor(self._preprocessed(self._as_tensor(rows)), keep_whole=True)
        if is_torch(rows):  # changes that NumPy makes to a tensor's memory show nowhere
            rows = to_numpy(rows).copy()
        rows = self._preprocessed(rows)
        return self._as_tensor(rows, keep_whole=True)

    def _as_tensor(self, rows: Any, *, keep_whole: bool = False) -> Any:
        """Rows on the module's device and in its dtype.

        Whole numbers that a preprocess makes stay whole, since embeddings want them so.
        """
        if not is_torch(rows):
            torch = require("torch", extra="torch")
            values = np.ascontiguousarray(numbers(rows, who=self.traits.name))
            rows = torch.from_numpy(values if values.flags.writeable else values.copy())
        if keep_whole and not rows.is_floating_point():
            return rows.to(device=self._device)
        if rows.dtype is self._dtype and rows.device == self._device:
            return rows
        return rows.to(device=self._device, dtype=self._dtype)

    def _asking(self) -> _Still:
        """Eval mode and no gradients, and everything as it was afterwards."""
        return _Still(self._module)


class _Still:
    """Eval mode and no gradients meanwhile; a class, since entering a generator takes longer."""

    __slots__ = ("_gradients", "_module", "_training")

    def __init__(self, module: Any) -> None:
        self._module = module

    def __enter__(self) -> None:
        torch = sys.modules["torch"]
        self._training = _in_training(self._module)
        self._gradients = torch.is_grad_enabled()
        for module in self._training:
            module.training = False
        torch.set_grad_enabled(False)  # inference_mode's tensors would refuse to be worked on

    def __exit__(self, *error: object) -> None:
        sys.modules["torch"].set_grad_enabled(self._gradients)
        for module in self._training:
            module.training = True


def _see(take: Callable[[Any], None], module: Any, given: Any, answer: Any) -> None:
    """A forward hook that hands on what the module answered, and changes nothing."""
    take(answer)


def _shown(reply: Reply) -> Mapping[str, FloatArray]:
    """The activations of a reply that has them."""
    assert reply.activations is not None
    return reply.activations


def _in_training(module: Any) -> list[Any]:
    """Modules in training mode; `modules()`, whose generators nest, takes ten times as long."""
    found, waiting = [], [module]
    for one in waiting:
        if one.training:
            found.append(one)
        if one._modules:
            waiting += [part for part in one._modules.values() if part is not None]
    return found


def _place(module: Any) -> tuple[Any, Any]:
    """Device and floating dtype of a module's parameters, else of its buffers."""
    torch = require("torch", extra="torch")
    for tensor in (*module.parameters(), *module.buffers()):
        if tensor.is_floating_point():
            return tensor.device, tensor.dtype
    return torch.device("cpu"), torch.get_default_dtype()


def _numpy_dtype(dtype: Any) -> str:
    """NumPy's name of a floating dtype; bfloat16, which it lacks, counts as float32."""
    return _NUMPY_DTYPES.get(str(dtype), "float32")


def _tensor(answer: Any, who: str) -> Any:
    """The one tensor that a module or layer returned."""
    if isinstance(answer, tuple | list) and len(answer) == 1:
        answer = answer[0]
    if not is_torch(answer):
        answer = (
            answer.get("logits")
            if isinstance(answer, Mapping)
            else getattr(answer, "logits", answer)
        )
    if is_torch(answer) and hasattr(answer, "detach"):
        return answer
    raise AnswerError(
        f"{who} returned {_described(answer)}, not a tensor; wrap a torch module whose forward"
        " returns the one tensor that is the answer."
    )


def _described(answer: Any) -> str:
    """What came instead of a tensor."""
    if isinstance(answer, tuple | list):
        return f"a {type(answer).__name__} of {len(answer)}"
    return "nothing" if answer is None else type(answer).__name__
