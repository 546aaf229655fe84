from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline

from surrogate import wrap
from surrogate.errors import InputError, OptionError
from surrogate.types import BlackBox, Reply, Traits

X = np.random.Generator(np.random.Philox(key=7)).standard_normal((40, 2))
Y = (X[:, 0] > 0).astype(int)
LOGISTIC = LogisticRegression().fit(X, Y)


class Learner:
    """Has predict, and is no estimator of scikit-learn."""

    def predict(self, rows: Any) -> Any:
        return rows[:, 0]


class Function:
    def __call__(self, rows: Any) -> Any:
        return rows[:, 0]


class Own:
    """A black box that a user wrote."""

    traits = Traits("own", "callable")

    def ask(self, rows: Any) -> Reply:
        return Reply(values=rows)


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        (lambda rows: rows, "CallableBox"),
        (Function(), "CallableBox"),
        (np.tanh, "CallableBox"),
        (LOGISTIC, "SklearnBox"),
        (make_pipeline(LOGISTIC), "SklearnBox"),
        (Learner(), "SklearnBox"),
        (LOGISTIC.predict_proba, "SklearnBox"),
        (LOGISTIC.predict, "CallableBox"),
        (Learner().predict, "CallableBox"),
    ],
)
def test_the_adapter_is_picked_by_the_object(model: Any, kind: str) -> None:
    box = wrap(model)
    assert type(box).__name__ == kind
    assert isinstance(box, BlackBox)


def test_torch_modules_and_onnx_models_are_known() -> None:
    torch, skl2onnx = pytest.importorskip("torch"), pytest.importorskip("skl2onnx")
    assert type(wrap(torch.nn.Linear(2, 2))).__name__ == "TorchBox"
    assert type(wrap(skl2onnx.to_onnx(LOGISTIC, X[:1].astype(np.float32)))).__name__ == "OnnxBox"


def test_paths_of_onnx_files_are_opened(tmp_path: Path) -> None:
    skl2onnx = pytest.importorskip("skl2onnx")
    path = tmp_path / "NET.ONNX"
    path.write_bytes(skl2onnx.to_onnx(LOGISTIC, X[:1].astype(np.float32)).SerializeToString())
    for given in (path, str(path)):
        assert wrap(given).ask(X).values.shape == (40, 2)


def test_all_options_reach_the_box() -> None:
    box = wrap(
        LOGISTIC,
        task="classification",
        output="probabilities",
        classes=["no", "yes"],
        columns=["a", "b"],
        preprocess=lambda rows: rows * 2,
        threshold=0.4,
    )
    traits = box.traits
    assert (traits.task, traits.output) == ("classification", "probabilities")
    assert (traits.classes, traits.columns, traits.threshold) == (("no", "yes"), ("a", "b"), 0.4)
    np.testing.assert_array_equal(box.ask(X).values, LOGISTIC.predict_proba(2 * X))


def test_a_bound_method_of_an_estimator_keeps_its_classes_and_its_output() -> None:
    box = wrap(LOGISTIC.decision_function)
    assert box.traits.output == "scores"
    assert box.traits.classes == (0, 1)
    np.testing.assert_array_equal(box.ask(X).values, LOGISTIC.decision_function(X))
    tuned = FixedThresholdClassifier(LogisticRegression(), threshold=0.9).fit(X, Y)
    assert wrap(tuned.predict_proba).ask(X).labels.tolist() == tuned.predict(X).tolist()


def test_a_black_box_is_given_back() -> None:
    box = Own()
    assert wrap(box) is box
    wrapped = wrap(LOGISTIC)
    assert wrap(wrapped) is wrapped
    with pytest.raises(OptionError, match=r"SklearnBox\(.*\) is a black box already; say its task"):
        wrap(wrapped, threshold=0.4)


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (42, "A int cannot be asked; give a callable"),
        (None, "A NoneType cannot be asked"),
        (LogisticRegression, "LogisticRegression is a class; give an instance"),
        (Own, "Own is a class; give an instance"),
        (
            "model.pkl",
            r"model\.pkl is not opened, because .*adapters\.load\('model\.pkl', unpickle=True\)",
        ),
        (Path("a/model.joblib"), r"a/model\.joblib is not opened"),
        ("model.pt", r"model\.pt is not opened"),
        ("model.txt", r"model\.txt is no \.onnx file"),
        ("none.toml", r"none\.toml cannot be read"),
        ("none.onnx", r"There is no file none\.onnx"),
        ("https://host/score", "https://host/score does not show which protocol it speaks"),
        ("ftp://host/score", "must begin with http:// or https:// and a host; got 'ftp://host/sc"),
    ],
)
def test_what_cannot_be_asked_is_said(model: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        wrap(model)


def test_a_urls_secrets_are_not_repeated() -> None:
    with pytest.raises(InputError, match=r"holds a user or password \(https://host/sc") as caught:
        wrap("https://me:secret@host/score?key=secret")
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("option", ["protocol", "auth"])
def test_options_of_models_behind_urls_are_refused(option: str) -> None:
    with pytest.raises(OptionError, match=f"`{option}` is for models behind a URL"):
        wrap(LOGISTIC, **{option: "v2"})


def test_a_session_of_onnxruntime_is_refused() -> None:
    ort, skl2onnx = pytest.importorskip("onnxruntime"), pytest.importorskip("skl2onnx")
    data = skl2onnx.to_onnx(LinearRegression().fit(X, Y), X[:1]).SerializeToString()
    with pytest.raises(InputError, match=r"give the path of its \.onnx file"):
        wrap(ort.InferenceSession(data))


def test_wrapping_a_function_loads_no_library() -> None:
    code = (
        "import sys; from surrogate import wrap; from surrogate.adapters import load;"
        "wrap(lambda rows: rows).ask([[1.0]]);"
        "heavy = {'sklearn', 'torch', 'onnx', 'onnxruntime', 'pandas', 'polars', 'scipy'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
