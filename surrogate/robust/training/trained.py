"""A trained net with what is known of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np

from surrogate._optional import require
from surrogate._validate import Choice, Real, Whole, check
from surrogate.adapters import TorchBox
from surrogate.errors import DataError, OptionError
from surrogate.explanation.compared import RobustAccuracy
from surrogate.fidelity import Score
from surrogate.robust.training.architectures import Net
from surrogate.robust.training.figures import ATTACKED, clean_score, reading, robust_score
from surrogate.robust.training.onnx_graph import to_graph
from surrogate.robust.training.recipes import RECIPES
from surrogate.robust.training.settings import Rows, TrainingSettings, read_rows
from surrogate.robust.training.storage import Kept, read_kept, write_kept

__all__ = ["Trained", "load_trained"]

STEPS = 20  # of PGD, for figures


@dataclass(frozen=True, eq=False)
class Trained:
    """A net, how it was trained, and how often it is right, attacked and not.

    Parameters
    ----------
    net : Net
    settings : TrainingSettings
    history : tuple of float
        Mean training loss of each epoch.
    accuracy : Score or None
        On rows that were not trained on.
    robust : tuple of RobustAccuracy
        FGSM and PGD figures on the same rows; without PGD's, nothing is said of robustness.

    Examples
    --------
    >>> import numpy as np
    >>> from surrogate.robust.training import train
    >>> rng = np.random.default_rng(0)
    >>> X = rng.random((400, 4))
    >>> trained = train(X, X[:, 0] > 0.5, architecture="softmax", eps=0.05, lr=0.1)
    >>> sorted({figure.attack for figure in trained.robust})
    ['fgsm', 'pgd']
    """

    net: Net
    settings: TrainingSettings
    history: tuple[float, ...]
    accuracy: Score | None = None
    robust: tuple[RobustAccuracy, ...] = ()

    @property
    def module(self) -> Any:
        """The torch module: rows of shape (n, d) to logits of shape (n, k)."""
        return self.net.module

    @property
    def reading(self) -> str:
        """What the figures allow to say of its robustness."""
        return reading(self.accuracy, self.robust, eps=self.settings.eps)

    def box(self) -> TorchBox:
        """The net as a black box with its classes, ready to be explained or compared."""
        return TorchBox(self.module, output="scores", classes=self.settings.classes)

    def robust_accuracy(
        self,
        X: Any,
        y: Any,
        *,
        eps: float | Sequence[float] = (0.05, 0.1, 0.2),
        attacks: Sequence[str] = ("pgd",),
        steps: int = STEPS,
        seed: int = 0,
    ) -> tuple[RobustAccuracy, ...]:
        """How often the net is right on rows that an attack made on it.

        Parameters
        ----------
        X, y : rows and their true classes, as `train` takes them
        eps : float or sequence of float
            Radii in the maximum norm.
        attacks : sequence of {"fgsm", "pgd"}
        steps : int
            Of PGD; its step is 2.5·eps/steps, from one random start.
        seed : int
            Of PGD's starts.

        Returns
        -------
        tuple of RobustAccuracy
            With Wilson's intervals; clipped to the box of the training, where it had one.

        Raises
        ------
        DataError
            If rows are outside the box, or classes are unknown.
        OptionError
            If a radius is not positive, or an attack has another name.
        """
        rows = self._rows(X, y, who="robust_accuracy")
        radii = _radii(eps)
        for attack in attacks:
            check("robust_accuracy", {"attacks": Choice(ATTACKED)}, {"attacks": attack})
        check("robust_accuracy", {"steps": Whole(1)}, {"steps": steps})
        return tuple(
            robust_score(
                self.module,
                rows,
                attack=attack,
                eps=radius,
                box=self.settings.box,
                steps=steps,
                seed=seed,
            )
            for attack in attacks
            for radius in radii
        )

    def measured(
        self, X: Any, y: Any, *, eps: float | Sequence[float] | None = None, seed: int = 0
    ) -> Trained:
        """Take the figures again on these rows; a net that carries them.

        Parameters
        ----------
        X, y : rows that were not trained on, and their true classes
        eps : float or sequence of float, optional
            Radii; by default half, once and twice that of the training.
        seed : int

        Raises
        ------
        DataError
            If rows are outside the box, or classes are unknown.
        """
        own = self.settings.eps
        radii = _radii((own / 2, own, 2 * own) if eps is None else eps)
        found = self.robust_accuracy(X, y, eps=radii, attacks=ATTACKED, seed=seed)
        clean = clean_score(self.module, self._rows(X, y, who="measured"))
        return replace(self, accuracy=clean, robust=found)

    def _rows(self, X: Any, y: Any, *, who: str) -> Rows:
        """Rows as this net takes them."""
        said = self.settings
        rows = read_rows(X, y, box=said.box, classes=said.classes, who=who)
        if rows.x.shape[1] != said.d:
            raise OptionError(f"The net takes {said.d} columns; {who} got {rows.x.shape[1]}.")
        return rows

    def save(self, path: str | Path) -> None:
        """Keep the net: weights in safetensors, architecture by name and figures beside them.

        Raises
        ------
        MissingDependency
            If safetensors is not installed.
        """
        write_kept(Kept(self.net, self.settings, self.history, self.accuracy, self.robust), path)

    def to_onnx(
        self,
        path: str | Path,
        *,
        output: Literal["probabilities", "scores"] = "probabilities",
        columns: tuple[Any, Any] | None = None,
    ) -> None:
        """Write the net as ONNX: float32 rows in; labels, and probabilities or logits, out.

        Parameters
        ----------
        path : str or Path
        output : {"probabilities", "scores"}
        columns : pair of arrays of shape (d,), optional
            Centre and scale of the raw columns: the graph then takes raw rows, and brings them
            to the units that the net was trained in by (x - centre) / scale.

        Raises
        ------
        DataError
            If `columns` are not two arrays of d finite numbers, or a scale is not positive.
        AbilityError
            If the classes are neither texts nor whole numbers.
        MissingDependency
            If onnx is not installed.
        """
        check("to_onnx", {"output": Choice(("probabilities", "scores"))}, {"output": output})
        model = to_graph(
            self.module,
            d=self.settings.d,
            columns=None if columns is None else _columns(columns, self.settings.d),
            classes=self.settings.classes,
            output=output,
            about=f"{self._title()}. {self.reading}",
        )
        Path(path).write_bytes(model.SerializeToString(deterministic=True))

    def _title(self) -> str:
        """What it is, in one line."""
        said = self.settings
        recipe = f"{said.recipe} training"
        if RECIPES[said.recipe].adversarial:
            clipped = "not clipped" if said.box is None else f"clipped to {list(said.box)}"
            recipe += f" at eps {said.eps:g}, {clipped}"
        done = f"{len(self.history)} of {said.epochs} epochs"
        epochs = f"{said.epochs} epochs" if len(self.history) == said.epochs else done
        return f"{said.architecture} net, {recipe}, {epochs}, seed {said.seed}"

    def __str__(self) -> str:
        lines = [self._title(), f"  {self.accuracy or 'accuracy not measured'}"]
        lines += [f"  {one.attack} of radius {one.radius:g}: {one.score}" for one in self.robust]
        return "\n".join([*lines, f"  {self.reading}"])

    def __repr__(self) -> str:
        return f"<Trained {self._title()}>"


def _radii(eps: float | Sequence[float]) -> tuple[float, ...]:
    """Radii in order, each positive."""
    radii = tuple(np.atleast_1d(np.asarray(eps, dtype=float)).tolist())
    for radius in radii:
        check("robust_accuracy", {"eps": Real(0, closed="neither")}, {"eps": radius})
    return tuple(sorted(radii))


def _columns(columns: tuple[Any, Any], d: int) -> tuple[Any, Any]:
    """Centre and scale of every raw column."""
    centre, scale = (np.asarray(part, dtype=np.float64) for part in columns)
    fit = centre.shape == scale.shape == (d,) and np.isfinite([centre, scale]).all()
    if not fit or (scale <= 0).any():
        raise DataError(
            f"`columns` must be the centre and the positive scale of {d} columns; got shapes"
            f" {centre.shape} and {scale.shape}."
        )
    return centre, scale


def load_trained(path: str | Path, *, device: str | None = None) -> Trained:
    """Read what `Trained.save` wrote, or a checkpoint of training that was not finished.

    Nothing is unpickled: the architecture is found by its name.

    Parameters
    ----------
    path : str or Path
    device : str, optional
        Where the net is put; by default the CPU.

    Raises
    ------
    InputError
        If there is no such file, or it is another kind of file.
    DataError
        If its tensors are not those of its architecture.

    Examples
    --------
    >>> from surrogate.robust.training import load_trained
    >>> load_trained("natural.safetensors").accuracy  # doctest: +SKIP
    """
    kept = read_kept(path)
    kept.net.module.to(require("torch", extra="torch").device(device or "cpu"))
    return Trained(kept.net, kept.settings, kept.history, kept.accuracy, kept.robust)
