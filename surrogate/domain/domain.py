"""What a row is: names, kinds, bounds, categories, groups, and what rows may be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from surrogate._array import is_torch, to_numpy
from surrogate.domain import derivation, encoding, inference, printing
from surrogate.domain.columns import exact
from surrogate.domain.decoding import decode
from surrogate.domain.frame import Frame, default_frame
from surrogate.domain.layout import Layout, layout_of
from surrogate.domain.parts import check_parts
from surrogate.domain.reading import as_array, read
from surrogate.domain.rounding import round_matrix
from surrogate.errors import DataError
from surrogate.types import Array, BoolArray, Feature, FloatArray, Kind, Label

__all__ = ["Constraint", "Derivation", "Domain"]

Constraint: TypeAlias = Callable[[Any], Any]
"""From decoded rows to a truth value for each."""
Derivation: TypeAlias = Callable[[Mapping[str, np.ndarray[Any, Any]]], Any]
"""From all columns, by name, as the user writes them, to one column."""


@dataclass(frozen=True, eq=False)
class Domain:
    """What a row is, and the way between the user's rows and the internal matrix.

    The internal matrix is float64 of shape (n, d): one column per feature, categories as
    codes 0, 1, ..., missing values as NaN. Most domains are made by `Domain.infer`.

    Parameters
    ----------
    features : tuple of Feature
    groups : mapping from str to tuple of str
        One-hot groups: of the columns named, exactly one is 1 in every row.
    derived : mapping from str to callable
        Columns worked out from the others. The callable gets all columns by name, as the
        user writes them, and returns the column's n values.
    constraint : callable, optional
        Gets rows as the user's are (arrays as NumPy) and returns one truth value per row:
        whether such a row can exist. Only rows that can are asked.
    frame : Frame, optional
        How the user's rows look; a float64 array by default, or an object array where
        categories are strings.

    Raises
    ------
    DataError
        If features, groups or derived columns do not fit each other.

    Examples
    --------
    >>> from surrogate.domain import Domain
    >>> domain = Domain.infer({"age": [31, 45, 52], "job": ["cook", "clerk", "cook"]})
    >>> domain.encode({"job": ["cook"], "age": [40]})
    array([[40.,  1.]])
    >>> domain.decode([[40.0, 1.0]])
    {'age': array([40]), 'job': array(['cook'], dtype=object)}
    """

    features: tuple[Feature, ...]
    groups: Mapping[str, tuple[str, ...]] = field(default_factory=dict, kw_only=True)
    derived: Mapping[str, Derivation] = field(default_factory=dict, kw_only=True)
    constraint: Constraint | None = field(default=None, kw_only=True)
    frame: Frame = field(default_factory=Frame, kw_only=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "features", tuple(self.features))
        if not self.frame.columns:
            object.__setattr__(self, "frame", default_frame(self.features))
        check_parts(self.features, self.groups, self.derived, self.frame)

    @classmethod
    def infer(
        cls,
        data: Any,
        *,
        names: Sequence[str] | None = None,
        kinds: Mapping[Any, Kind] | None = None,
        categories: Mapping[Any, Sequence[Label]] | None = None,
        bounds: Mapping[Any, tuple[float | None, float | None]] | None = None,
        units: Mapping[Any, str] | None = None,
        protected: Iterable[Any] = (),
        missing: Iterable[Any] = (),
        groups: Mapping[str, Sequence[Any]] | None = None,
        derived: Mapping[Any, Derivation] | None = None,
        constraint: Constraint | None = None,
    ) -> Domain:
        """Read a domain off rows of data; what is declared is taken as said.

        Undeclared columns are binary where they hold truth values or exactly 0 and 1;
        integer where all values are whole; categorical where they hold strings or have a
        categorical dtype (ordinal where that dtype is ordered, and for a polars Enum);
        else continuous. Columns may be missing values only where `data` do, or where
        declared.

        Parameters
        ----------
        data : array, DataFrame or mapping
            Rows: a 2-D array, a pandas or polars DataFrame, or a mapping from column names
            to 1-D arrays.
        names : sequence of str, optional
            Names of an array's columns; by default x0, x1, ...
        kinds : mapping, optional
            From column to "continuous", "integer", "ordinal", "categorical" or "binary".
            Columns are called by name or, in an array, by number.
        categories : mapping, optional
            From column to its values, in the order of their codes.
        bounds : mapping, optional
            From column to (low, high); None where there is no bound.
        units : mapping, optional
            From column to its unit, printed behind values.
        protected : iterable, optional
            Columns that are protected attributes.
        missing : iterable, optional
            Columns that may be missing although they are complete in `data`.
        groups : mapping, optional
            From a group's name to its one-hot columns.
        derived : mapping, optional
            From column to the function that works it out from the others.
        constraint : callable, optional
            From rows to whether each can exist.

        Returns
        -------
        Domain

        Raises
        ------
        DataError
            If the data are no table of numbers, truth values and strings.
        OptionError
            If a declaration is wrong.

        Examples
        --------
        >>> import numpy as np
        >>> from surrogate.domain import Domain
        >>> X = np.array([[1.5, 0.0], [2.5, 1.0]])
        >>> [f.kind for f in Domain.infer(X, kinds={1: "continuous"}).features]
        ['continuous', 'continuous']
        """
        table = read(data, "data")
        own = inference.names_of(table, names)
        columns = encoding.ordered_columns(table, own, "data")
        resolver = inference.Resolver(own, table.frame.labels, numbered=table.names is None)
        members = {
            name: tuple(resolver.name(key, "groups") for key in keys)
            for name, keys in (groups or {}).items()
        }
        declared = inference.Declared(
            kinds=resolver.mapping(kinds, "kinds"),
            categories=inference.plain_categories(resolver.mapping(categories, "categories")),
            bounds=inference.plain_bounds(resolver.mapping(bounds, "bounds")),
            units=resolver.mapping(units, "units"),
            protected=resolver.names_in(protected, "protected"),
            missing=resolver.names_in(missing, "missing"),
            grouped=frozenset(name for group in members.values() for name in group),
        )
        features = inference.infer_features(columns, own, declared)
        frame = inference.fitting_frame(table, columns, own, features)
        domain = cls(
            features,
            groups=members,
            derived=resolver.mapping(derived, "derived"),
            constraint=constraint,
            frame=frame,
        )
        domain._checked(encoding.encode_table(columns, features, "data"), "data")
        return domain

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in the matrix's order."""
        return self._names

    @property
    def n_features(self) -> int:
        """Number of columns, d."""
        return len(self.features)

    @property
    def entries(self) -> int:
        """Numbers in one row as the model gets it."""
        return len(self.features)

    def __len__(self) -> int:
        return len(self.features)

    def index(self, name: str) -> int:
        """Place of a column in the matrix.

        Raises
        ------
        DataError
            If there is no such column; the message names the nearest.
        """
        if name in self._places:
            return self._places[name]
        raise DataError(
            f"The domain has no column {name!r}{encoding.suggestion(name, self.names) or '.'} "
            f"It has: {encoding.listed(self.names)}."
        )

    def encode(self, rows: Any, *, where: str = "X") -> FloatArray:
        """Rows of the user as the internal matrix, every value checked.

        DataFrames and mappings are matched by name, in any order; arrays by place. Any
        kind of rows is taken, whatever kind the domain was inferred from. A complete
        float64 array in C order is not copied.

        Parameters
        ----------
        rows : array, DataFrame or mapping, n rows
        where : str
            What messages call the rows.

        Returns
        -------
        array of shape (n, d), float64

        Raises
        ------
        DataError
            Naming column, row (counted from 0) and value of the first thing wrong.

        Examples
        --------
        >>> from surrogate.domain import Domain
        >>> domain = Domain.infer({"age": [31, 45], "job": ["cook", "clerk"]})
        >>> domain.encode({"age": [40], "job": ["cok"]})
        Traceback (most recent call last):
        ...
        surrogate.errors.DataError: X column 'job' row 0 holds the unknown category 'cok'; did
        you mean 'cook'? Known: 'clerk', 'cook'. Declare further ones with
        categories={'job': [...]}.
        """
        matrix = self._as_numbers(rows, where)
        if matrix is None:
            table = read(rows, where)
            columns = encoding.ordered_columns(table, self.names, where)
            matrix = encoding.encode_table(columns, self.features, where)
        return self._checked(matrix, where)

    def decode(self, matrix: Array) -> Any:
        """The internal matrix as rows of the user's own kind and dtypes.

        Whole-number columns are rounded and kept within what their dtype can hold. A torch
        tensor stays one, where it lies, if the user's rows are a plain floating array; else
        it goes through host memory.

        Parameters
        ----------
        matrix : array of shape (n, d)

        Returns
        -------
        array, DataFrame or mapping, n rows; may share memory with `matrix`
        """
        if self._is_same and type(matrix) is np.ndarray and matrix.dtype == np.float64:
            return matrix
        if self._is_plain and is_torch(matrix):
            return matrix
        host = np.asarray(to_numpy(matrix), dtype=np.float64)
        if host.ndim != 2 or host.shape[1] != len(self.features):
            raise DataError(f"matrix must have shape (n, {len(self)}); got {host.shape}.")
        return decode(host, self.features, self.frame)

    def round(self, matrix: Array, dtype: str = "float64", *, clip: bool = False) -> Array:
        """Rows that the user's model can be asked, nearest to those of `matrix`.

        Integers, codes and truth values become whole and stay within what the user's
        columns can hold; the largest column of a one-hot group becomes its 1; derived
        columns are worked out anew; numbers are rounded to what `dtype` can hold.

        Parameters
        ----------
        matrix : array of shape (n, d), NumPy or torch
        dtype : {"float64", "float32", "float16", "bfloat16"}
            What the model computes in.
        clip : bool
            Whether to move values into the declared bounds.

        Returns
        -------
        array of shape (n, d)
            Of the matrix's own library, device and dtype. The matrix itself where there is
            nothing to do.

        Raises
        ------
        DataError
            If a value is too large for `dtype`.

        Examples
        --------
        >>> import numpy as np
        >>> from surrogate.domain import Domain
        >>> domain = Domain.infer({"age": [31, 45], "height": [1.75, 1.62]})
        >>> domain.round(np.array([[40.4, 1.7]]), "float16").tolist()
        [[40.0, 1.7001953125]]
        """
        if self._never_rounds and dtype == "float64" and not clip:
            return matrix
        rounded = round_matrix(matrix, self.features, self._layout, dtype=dtype, clip=clip)
        if self.derived:
            derivation.rederive(rounded, self, dtype)
        return rounded

    def feasible(self, matrix: Array) -> BoolArray:
        """Whether each row can exist, by the domain's constraint.

        Parameters
        ----------
        matrix : array of shape (n, d)

        Returns
        -------
        bool array of shape (n,), NumPy

        Raises
        ------
        DataError
            If the constraint raises, or returns anything but n truth values.
        """
        if self.constraint is None:
            return np.ones(len(matrix), dtype=bool)
        return derivation.judge(self.constraint, self.decode(to_numpy(matrix)), len(matrix))

    def to_dict(self) -> dict[str, Any]:
        """Plain data, JSON safe; of functions, only that they are there."""
        return printing.domain_to_dict(self)

    @classmethod
    def from_dict(
        cls,
        data: Mapping[str, Any],
        *,
        derived: Mapping[str, Derivation] | None = None,
        constraint: Constraint | None = None,
    ) -> Domain:
        """Undo `to_dict`.

        Functions are not stored. Without them the domain still encodes and decodes;
        rounding with derived columns and judging rows need them, and say so.

        Parameters
        ----------
        data : mapping
            What `to_dict` returned.
        derived : mapping, optional
            The functions of derived columns.
        constraint : callable, optional

        Returns
        -------
        Domain
        """
        return cls(**printing.parts_from_dict(data, derived or {}, constraint))

    def __eq__(self, other: object) -> bool:
        """Whether two domains say the same; functions count only as there or not."""
        return isinstance(other, Domain) and self.to_dict() == other.to_dict()

    def __hash__(self) -> int:
        return hash((self.features, self.frame))

    def __repr__(self) -> str:
        return printing.domain_text(self)

    def _repr_html_(self) -> str:
        return printing.domain_html(self)

    # ---- worked out once ----

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(feature.name for feature in self.features)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {name: j for j, name in enumerate(self._names)}

    @cached_property
    def _layout(self) -> Layout:
        return layout_of(self.features, self.frame, self.groups)

    @cached_property
    def _is_coded(self) -> bool:
        return any(feature.is_coded for feature in self.features)

    @property
    def takes_tensors(self) -> bool:
        """Whether a tensor of internal rows is asked as it is, where it lies."""
        return self._is_plain

    @cached_property
    def _is_plain(self) -> bool:
        """Whether the user's rows are a floating array without categories."""
        if self.frame.kind != "array" or self._is_coded:
            return False
        return np.dtype(self.frame.columns[0].dtype).kind == "f"

    @cached_property
    def _is_same(self) -> bool:
        """Whether the user's rows are the internal matrix itself."""
        return self._is_plain and np.dtype(self.frame.columns[0].dtype) == np.float64

    @cached_property
    def _never_rounds(self) -> bool:
        return not len(self._layout.whole) and not self.derived

    def _as_numbers(self, rows: Any, where: str) -> FloatArray | None:
        """The rows as a float64 matrix where they are a numeric array, else None."""
        is_array = isinstance(rows, np.ndarray) or is_torch(rows)
        if self._is_coded or not is_array or isinstance(rows, np.ma.MaskedArray):
            return None
        array = as_array(rows, where)
        too_fine = array.dtype.kind in "iu" and array.dtype.itemsize == 8
        if array.dtype.kind not in "biuf" or (too_fine and not exact(array)):
            return None
        encoding.check_width(array.shape[1], self.names, where)
        return np.ascontiguousarray(array, dtype=np.float64)

    def _checked(self, matrix: FloatArray, where: str) -> FloatArray:
        encoding.check_matrix(matrix, self.features, self._layout, where)
        if self.derived:
            derivation.check_derived(matrix, self, where)
        return matrix
