"""The plain table of methods: name -> class. Command line, docs and tests read it."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

from surrogate._validate import parameters, unknown
from surrogate.errors import AbilityError, OptionError
from surrogate.types import BlackBox, HasActivations, Task

__all__ = ["METHODS", "Method", "check_needs", "method_class", "method_options"]

_RESERVED = ("oracle", "random_state")


@dataclass(frozen=True)
class Method:
    """One row of the table of methods.

    Parameters
    ----------
    name : str
    scope : {"local", "global"}
        Explains single rows, or the model over a population.
    summary : str
    needs : str
        The least that a model must offer: "labels", "scores", "activations", "weights".
    source : str
        Where the method was published.
    classes : mapping from task to str
        Dotted path of the class for each task that the method has.
    masks : str
        Dotted path of the class for images and texts, where it is another.
    """

    name: str
    scope: Literal["local", "global"]
    summary: str
    needs: str
    source: str
    classes: Mapping[Task, str]
    masks: str = ""


def _table(*methods: Method) -> Mapping[str, Method]:
    return MappingProxyType({method.name: method for method in methods})


METHODS: Mapping[str, Method] = _table(
    Method(
        name="lime",
        scope="local",
        summary="weighted linear model around each row, from one shared set of queries",
        needs="labels",
        source="Ribeiro, Singh, Guestrin 2016",
        classes=MappingProxyType(
            {"classification": "surrogate.local.Lime", "regression": "surrogate.local.Lime"}
        ),
        masks="surrogate.local.MaskLime",
    ),
    Method(
        name="kernel_shap",
        scope="local",
        summary="Shapley values of each row's features, with errors, against background rows",
        needs="labels",
        source="Lundberg, Lee 2017",
        classes=MappingProxyType(
            {
                "classification": "surrogate.local.KernelShap",
                "regression": "surrogate.local.KernelShap",
            }
        ),
    ),
    Method(
        name="cart",
        scope="global",
        summary="decision tree grown on real and perturbed rows that the model labelled",
        needs="labels",
        source="Breiman, Friedman, Olshen, Stone 1984",
        classes=MappingProxyType(
            {
                "classification": "surrogate.trees.CartClassifier",
                "regression": "surrogate.trees.CartRegressor",
            }
        ),
    ),
    Method(
        name="c45",
        scope="global",
        summary="C4.5's tree: gain ratio, many branches, missing values, pessimistic pruning",
        needs="labels",
        source="Quinlan 1993",
        classes=MappingProxyType({"classification": "surrogate.trees.C45Classifier"}),
    ),
    Method(
        name="c45rules",
        scope="global",
        summary="C4.5's rules in order, shortened and sifted by description length",
        needs="labels",
        source="Quinlan 1993",
        classes=MappingProxyType({"classification": "surrogate.trees.C45RulesClassifier"}),
    ),
    Method(
        name="trepan",
        scope="global",
        summary="tree grown where it is wrong most, with m-of-n tests, asking on every path",
        needs="labels",
        source="Craven, Shavlik 1996",
        classes=MappingProxyType({"classification": "surrogate.trees.TrepanClassifier"}),
    ),
    Method(
        name="ann_dt",
        scope="global",
        summary="tree of answers asked between real rows, by error or along straight lines",
        needs="labels",
        source="Schmitz, Aldrich, Gouws 1999",
        classes=MappingProxyType(
            {
                "classification": "surrogate.trees.AnnDtClassifier",
                "regression": "surrogate.trees.AnnDtRegressor",
            }
        ),
    ),
    Method(
        name="cred",
        scope="global",
        summary="rules found through one hidden layer: terms of its units, said by the inputs",
        needs="activations",
        source="Sato, Tsukimoto 2001",
        classes=MappingProxyType(
            {
                "classification": "surrogate.rules.CredClassifier",
                "regression": "surrogate.rules.CredRegressor",
            }
        ),
    ),
    Method(
        name="deepred",
        scope="global",
        summary="decision graph through all hidden layers, written out as rules if they are few",
        needs="activations",
        source="Zilke, Loza Mencía, Janssen 2016",
        classes=MappingProxyType(
            {
                "classification": "surrogate.rules.DeepRedClassifier",
                "regression": "surrogate.rules.DeepRedRegressor",
            }
        ),
    ),
    Method(
        name="eclaire",
        scope="global",
        summary="rules that vote, found clause by clause in every hidden layer",
        needs="activations",
        source="Espinosa Zarlenga, Shams, Jamnik 2021",
        classes=MappingProxyType(
            {
                "classification": "surrogate.rules.EclaireClassifier",
                "regression": "surrogate.rules.EclaireRegressor",
            }
        ),
    ),
)


def find(name: str, *, scope: str | None = None) -> Method:
    """The method of a name.

    Raises
    ------
    OptionError
        If there is none, or it explains something else than `scope`.

    Examples
    --------
    >>> from surrogate.methods import find
    >>> find("cart").scope
    'global'
    """
    known = [m.name for m in METHODS.values() if scope in (None, m.scope)]
    if name not in known:
        kind = f"{scope} method" if scope else "method"
        raise OptionError(f"There is no {kind} {name!r}; there are: {', '.join(known)}.")
    return METHODS[name]


def check_needs(name: str, box: BlackBox) -> None:
    """Raise unless a model offers what a method needs; nothing is asked.

    Raises
    ------
    AbilityError
        With the methods that would work.

    Examples
    --------
    >>> from surrogate.adapters import CallableBox
    >>> from surrogate.methods import check_needs
    >>> check_needs("cart", CallableBox(len))
    """
    method = find(name)
    if method.needs != "activations":
        return
    hidden = box.hidden_layers() if isinstance(box, HasActivations) else None
    if hidden:
        return
    able = [m.name for m in METHODS.values() if m.scope == method.scope and m.needs == "labels"]
    traits = box.traits
    lacks = (
        f"{traits.name}, wrapped by the {traits.adapter} adapter, shows none"
        if hidden is None
        else f"{traits.name} has none, since none of its weighted layers feeds another one"
    )
    raise AbilityError(
        f"Method {name!r} reads a net's hidden layers, and {lacks}. Torch modules, .onnx files "
        "and scikit-learn's multi-layer perceptrons show theirs. These methods need labels "
        f"only: {', '.join(able)}."
    )


def method_class(name: str, task: Task, *, masks: bool = False) -> type:
    """Import the class behind a method for a task, on tables or on masks of images and texts.

    Raises
    ------
    OptionError
        If the method is unknown or does not do the task.
    """
    method = find(name)
    if task not in method.classes:
        able = ", ".join(m.name for m in METHODS.values() if task in m.classes)
        raise OptionError(f"Method {name!r} does not do {task}; these do: {able}.")
    path = (masks and method.masks) or method.classes[task]
    module, _, attribute = path.rpartition(".")
    found: type = getattr(importlib.import_module(module), attribute)
    return found


def method_options(
    name: str, task: Task, options: Mapping[str, Any] | None, *, masks: bool = False
) -> dict[str, Any]:
    """Check options by name against the constructor of a method's class.

    Raises
    ------
    OptionError
        If an option is unknown; the message names the nearest one.

    Examples
    --------
    >>> from surrogate.methods import method_options
    >>> method_options("cart", "classification", {"max_leaves": 8})
    {'max_leaves': 8}
    """
    cls = method_class(name, task, masks=masks)
    if options is not None and not isinstance(options, Mapping):
        raise OptionError(
            f"The options of {cls.__name__} must be a mapping from names to values; got "
            f"{options!r}."
        )
    given = dict(options or {})
    unknown(cls.__name__, given, [p for p in parameters(cls) if p not in _RESERVED])
    return given
