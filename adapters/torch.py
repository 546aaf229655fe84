"""Modules of torch."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import numpy as np

from surrogate._array import is_torch, to_numpy
from surrogate._optional import require
from surrogate.adapters._base import Box, Preprocess, blame, declare
from surrogate.adapters._decisions import is_of
from surrogate.adapters._replies import to_reply
from surrogate.adapters._rows import nearest, numbers
from surrogate.errors import AnswerError, InputError, ModelError, OptionError
from surrogate.types import FloatArray, Label, Output, Reply, Task, Traits

__all__ = ["TorchBox"]

_MODULE = "torch.nn.modules.module.Module"
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

    def layers(self) -> tuple[str, ...]:
        """Names of the module's submodules, in the order of their definition."""
        return tuple(name for name, _ in self._module.named_modules() if name)

    def activations(self, rows: Any, layer: str) -> FloatArray:
        """Activations of shape (n, units) of one layer.

        Parameters
        ----------
        rows : rows as `ask` takes them
        layer : str
            One of `layers()`. Of a layer that is called several times, the last call counts.

        Raises
        ------
        OptionError
            If there is no such layer.
        ModelError
            If the module raises, or does not call the layer.
        """
        names = self.layers()
        if layer not in names:
            raise OptionError(
                f"{self.traits.name} has no layer {layer!r}{nearest(layer, names)}; it has: "
                + ", ".join(names)
            )
        seen: list[Any] = []
        handle = self._module.get_submodule(layer).register_forward_hook(
            lambda module, given, answer: seen.append(answer)
        )
        try:
            with self._asking():
                tensor = self._translated(rows)
                with blame(self.traits.name):
                    self._module(tensor)
        finally:
            handle.remove()
        if not seen:
            raise ModelError(f"{self.traits.name} did not call its layer {layer!r} on these rows.")
        values = to_numpy(_tensor(seen[-1], f"Layer {layer!r} of {self.traits.name}").double())
        return np.asarray(values).reshape(len(values), -1)  # (n, ...) -> (n, units)

    def _translated(self, rows: Any) -> Any:
        """Rows as the tensor that the module gets."""
        rows = self._picked(rows)
        if self._preprocess is None:
            return self._as_tensor(rows)
        if self._tensors_first:
            return self._as_tensor(self._preprocessed(self._as_tensor(rows)), keep_whole=True)
        rows = self._preprocessed(to_numpy(rows) if is_torch(rows) else rows)
        return self._as_tensor(rows, keep_whole=True)

    def _as_tensor(self, rows: Any, *, keep_whole: bool = False) -> Any:
        """Rows on the module's device and in its dtype.

        Whole numbers that a preprocess makes stay whole, since embeddings want them so.
        """
        torch = require("torch", extra="torch")
        if not is_torch(rows):
            values = np.ascontiguousarray(numbers(rows, who=self.traits.name))
            rows = torch.from_numpy(values if values.flags.writeable else values.copy())
        if keep_whole and not rows.is_floating_point():
            return rows.to(device=self._device)
        return rows.to(device=self._device, dtype=self._dtype)

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Eval mode and no gradients, and everything as it was afterwards."""
        torch = require("torch", extra="torch")
        training = _in_training(self._module)
        try:
            for module in training:
                module.training = False
            with torch.no_grad():  # inference_mode's tensors would refuse to be worked on
                yield
        finally:
            for module in training:
                module.training = True


def _in_training(module: Any) -> list[Any]:
    """Modules in training mode; `modules()`, whose generators nest, takes four times as long."""
    found, waiting = [], [module]
    while waiting:
        one = waiting.pop()
        if one.training:
            found.append(one)
        waiting.extend(one.children())
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
