"""What rooms hand to each other: a box's traits, its replies, a feature.

The smallest black box is one callable. What a box can do beyond that is a separate
`Protocol` each, so that an algorithm asks for what it needs by name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Protocol, TypeAlias, runtime_checkable

import numpy as np
import numpy.typing as npt

__all__ = [
    "Array",
    "BlackBox",
    "BoolArray",
    "Feature",
    "FloatArray",
    "HasActivations",
    "HasGradients",
    "IntArray",
    "Kind",
    "Label",
    "Output",
    "Remote",
    "Reply",
    "Task",
    "Terms",
    "Traits",
]

Array: TypeAlias = Any
"""An array of NumPy or torch, on any device."""
FloatArray: TypeAlias = npt.NDArray[np.float64]
IntArray: TypeAlias = npt.NDArray[np.intp]
BoolArray: TypeAlias = npt.NDArray[np.bool_]

Label: TypeAlias = str | int | float | bool
Kind: TypeAlias = Literal["continuous", "integer", "ordinal", "categorical", "binary"]
Output: TypeAlias = Literal["labels", "probabilities", "scores", "values"]
Task: TypeAlias = Literal["classification", "regression"]


@dataclass(frozen=True)
class Feature:
    """One column of a row.

    Parameters
    ----------
    name : str
    kind : {"continuous", "integer", "ordinal", "categorical", "binary"}
    low, high : float
        Bounds, in the feature's unit; infinite where there are none. For coded kinds,
        bounds of the code.
    categories : tuple
        Values behind the codes 0, 1, ... of an ordinal or categorical feature, and of a
        binary one whose values are not 0 and 1.
    unit : str
        Printed behind values ("years").
    missing : bool
        Whether the feature may be missing (NaN in the internal matrix).
    protected : bool
        Whether the feature is a protected attribute.

    Examples
    --------
    >>> from surrogate.types import Feature
    >>> Feature("colour", "categorical", categories=("blue", "red")).is_coded
    True
    """

    name: str
    kind: Kind = "continuous"
    low: float = -np.inf
    high: float = np.inf
    categories: tuple[Label, ...] = ()
    unit: str = ""
    missing: bool = False
    protected: bool = False

    @property
    def is_coded(self) -> bool:
        """Whether the internal matrix holds codes into `categories`."""
        return bool(self.categories)

    @property
    def is_nominal(self) -> bool:
        """Whether values have no order, so that conditions are category sets."""
        return self.kind == "categorical" or (self.kind == "binary" and self.is_coded)


@dataclass(frozen=True)
class Traits:
    """What is known of a black box before it is asked.

    Parameters
    ----------
    name : str
        What reports call the model; never a secret.
    adapter : str
        "callable", "sklearn", "torch", "onnx", "http".
    task : {"classification", "regression"} or None
        None: not said; settled from the first answers.
    output : {"labels", "probabilities", "scores", "values"} or None
        What an answer is. None: settled from the first answers.
    classes : tuple or None
        Classes in column order. None: settled from the first answers.
    n_features : int or None
        Columns that the model wants after `preprocess`, where it says so.
    columns : tuple of str or None
        Names of the columns that the model wants, in its order, where it says so.
    dtype : str
        NumPy name of the floating type that the model computes in; rows are rounded to
        it before they are asked and fitted.
    library : {"numpy", "torch"}
        Whose arrays the answers are.
    device : str
        Where the answers lie, such as "cpu" or "cuda:0".
    max_batch : int or None
        Largest number of rows in one attempt.
    concurrency : int
        How many attempts the model stands at once.
    remote : bool
        Whether asking costs more than remembering.
    threshold : float or None
        Two classes only: the decision is the second class where its probability is
        greater than this. None: the model's own decision, else the largest column.
    details : mapping
        Facts for the report: execution provider, file hash, and the like.
    """

    name: str
    adapter: str
    task: Task | None = None
    output: Output | None = None
    classes: tuple[Label, ...] | None = None
    n_features: int | None = None
    columns: tuple[str, ...] | None = None
    dtype: str = "float64"
    library: Literal["numpy", "torch"] = "numpy"
    device: str = "cpu"
    max_batch: int | None = None
    concurrency: int = 1
    remote: bool = False
    threshold: float | None = None
    details: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Reply:
    """One answer to one batch, as the model gave it.

    Parameters
    ----------
    values : array of shape (n, k) or (n,), or None
        Probabilities, scores or regression values.
    labels : NumPy array of shape (n,), or None
        The model's own decisions, by the model's own names.
    classes : tuple or None
        Classes of the columns of `values`, where the answer itself names them.
    activations : mapping from str to array of shape (n, units), or None
        Of hidden layers, where they were looked at.
    """

    values: Array | None = None
    labels: Array | None = None
    classes: tuple[Label, ...] | None = None
    activations: Mapping[str, FloatArray] | None = None


@runtime_checkable
class BlackBox(Protocol):
    """What can be asked: one attempt at one batch.

    A box knows nothing of surrogates, budgets or retries. ``rows`` are what the user's
    data are: an array (n, d), a DataFrame, or a mapping from column names to 1-D arrays.
    """

    @property
    def traits(self) -> Traits:
        """What is known of the model before it is asked."""
        ...

    def ask(self, rows: Any) -> Reply:
        """Answer one batch of rows, once."""
        ...


@runtime_checkable
class HasActivations(Protocol):
    """A box that shows its hidden layers."""

    def layers(self) -> tuple[str, ...]:
        """Names of all layers that can be read."""
        ...

    def hidden_layers(self) -> tuple[str, ...]:
        """Those that come after a hidden block's nonlinearity, from input to output."""
        ...

    def look(self, rows: Any, layers: Sequence[str]) -> Reply:
        """Answer one batch of rows, once, with the activations (n, units) of some layers."""
        ...


@runtime_checkable
class HasGradients(Protocol):
    """A box through which gradients flow from its answers back to its rows."""

    def differentiable(self) -> Any:
        """A torch module from rows (n, d) to the answer; None where not all of it is torch's."""
        ...


@dataclass(frozen=True)
class Terms:
    """What asking a remote box costs, and how often it may be asked.

    Parameters
    ----------
    price_per_row, price_per_call : float
        In `currency`.
    currency : str
    rate : float or None
        Most calls a second. None: no limit is known.
    deadline : float or None
        Seconds after which a job stops asking, resumably.
    identity : str
        What equal answers depend on besides the row: URL without secrets, declared version,
        request template, output selector. Part of every key of the ledger.
    """

    price_per_row: float = 0.0
    price_per_call: float = 0.0
    currency: str = "USD"
    rate: float | None = None
    deadline: float | None = None
    identity: str = ""


@runtime_checkable
class Remote(Protocol):
    """A box behind a wire. Its `ask` raises AttemptError where an attempt failed."""

    @property
    def terms(self) -> Terms:
        """What asking costs."""
        ...

    def wire(self, rows: Any) -> list[bytes]:
        """Each row as it goes over the wire: what the ledger's key is made of."""
        ...

    def close(self) -> None:
        """Close connections; the box opens them again when it is asked again."""
        ...
