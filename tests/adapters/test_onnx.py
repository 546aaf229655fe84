from __future__ import annotations

import hashlib
import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import BaggingClassifier, GradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression, SGDClassifier
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from surrogate.adapters import OnnxBox
from surrogate.errors import DataError, InputError, ModelError, OptionError

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")
skl2onnx = pytest.importorskip("skl2onnx")
helper, kinds = onnx.helper, onnx.TensorProto

N = 60
_random = np.random.Generator(np.random.Philox(key=6))
X = _random.standard_normal((N, 3))
Y = np.where(X[:, 0] > 0.3, "yes", np.where(X[:, 1] > 0, "maybe", "no"))
PEOPLE = {
    "age": _random.integers(18, 80, N),
    "job": _random.choice(["cook", "judge", "pilot"], N).astype(object),
    "hours": _random.normal(40, 8, N).astype(np.float32).astype(np.float64),
}


def model_of(
    nodes: list[Any], inputs: dict[str, Any], outputs: dict[str, Any], **tensors: Any
) -> Any:
    """A graph from nodes; inputs and outputs are name -> (kind, shape)."""
    values = {
        name: helper.make_tensor_value_info(name, *said)
        for name, said in (inputs | outputs).items()
    }
    constants = [onnx.numpy_helper.from_array(np.asarray(t), n) for n, t in tensors.items()]
    graph = helper.make_graph(
        nodes, "net", [values[n] for n in inputs], [values[n] for n in outputs], constants
    )
    opsets = [helper.make_opsetid("", 13)]
    return helper.make_model(graph, opset_imports=opsets, ir_version=8)


def identity(kind: int, shape: list[Any]) -> Any:
    """A model that answers what it was given."""
    nodes = [helper.make_node("Identity", ["x"], ["y"])]
    return model_of(nodes, {"x": (kind, shape)}, {"y": (kind, shape)})


def converted(model: Any, **options: Any) -> Any:
    return skl2onnx.to_onnx(model, X[:1].astype(np.float32), options=options or None)


# Inputs


@pytest.mark.parametrize(
    ("kind", "given", "fed"),
    [
        (kinds.FLOAT, [[0.1]], np.array([[0.1]], dtype=np.float32)),
        (kinds.DOUBLE, [[0.1]], np.array([[0.1]])),
        (kinds.FLOAT16, [[0.1]], np.array([[0.1]], dtype=np.float16)),
        (kinds.INT64, [[3.0]], np.array([[3]])),
        (kinds.INT32, [[3]], np.array([[3]], dtype=np.int32)),
        (kinds.UINT8, [[255.0]], np.array([[255]], dtype=np.uint8)),
        (kinds.BOOL, [[1.0]], np.array([[True]])),
    ],
)
def test_numbers_are_fed_in_the_type_of_the_input(kind: int, given: Any, fed: Any) -> None:
    box = OnnxBox(identity(kind, ["n", 1]), answer="y")
    reply = box.ask(np.array(given))
    answer = reply.values if reply.values is not None else reply.labels
    assert answer.dtype == fed.dtype
    assert answer.ravel().tolist() == fed.ravel().tolist()


def test_strings_are_fed_as_strings() -> None:
    box = OnnxBox(identity(kinds.STRING, ["n", 1]))
    for rows in (np.array([["cook"]]), np.array([["cook"]], dtype=object), {"job": ["cook"]}):
        assert box.ask(rows).labels.tolist() == ["cook"]
    assert box.traits.dtype == "float64"


@pytest.mark.parametrize(
    ("kind", "given", "message"),
    [
        (
            kinds.INT64,
            2.5,
            r"input 'x' of ONNX model takes whole numbers \(int64\), but got 2.5 in",
        ),
        (kinds.INT64, np.nan, "but got nan in row 1"),
        (kinds.UINT8, 256.0, r"takes whole numbers \(uint8\), but got 256.0 in row 1"),
        (kinds.UINT8, -1.0, "but got -1.0 in row 1"),
        (kinds.BOOL, 0.5, "takes True or False, but got 0.5 in row 1"),
        (kinds.STRING, 0.5, "takes strings, but got 0.5 in row 1"),
        (kinds.STRING, None, "takes strings, but got None in row 1"),
        (kinds.FLOAT, "cook", "takes numbers, but column 0 holds 'cook' in row 1"),
    ],
)
def test_entries_that_do_not_fit_the_type_are_named(kind: int, given: Any, message: str) -> None:
    fits = "a" if kind == kinds.STRING else 1.0
    rows = np.array([[fits], [given]], dtype=None if isinstance(given, float) else object)
    if kind == kinds.STRING:
        rows = np.array([[fits], [given]], dtype=object)
    with pytest.raises(DataError, match=message):
        OnnxBox(identity(kind, ["n", 1])).ask(rows)


@pytest.mark.parametrize(
    ("shape", "rows", "fed"),
    [
        (["n", 4], (5, 4), (5, 4)),
        (["n", None], (5, 4), (5, 4)),
        (["n", 4, 1], (5, 4), (5, 4, 1)),
        (["n", 1, 2, 2], (5, 4), (5, 1, 2, 2)),
        (["n", 2, 2, 1], (5, 1, 2, 2), (5, 2, 2, 1)),
        (["n", None, 2], (5, 4), (5, 2, 2)),
        (["n", None, None], (5, 2, 3), (5, 2, 3)),
        (["n", 1, 3, 2], (5, 3, 2), (5, 1, 3, 2)),
        (["n", 6], (5, 3, 2), (5, 6)),
        (["n"], (5, 1), (5,)),
        (["n"], (5,), (5,)),
        (None, (5, 4), (5, 4)),
    ],
)
def test_flat_rows_take_the_shape_of_the_input(shape: Any, rows: Any, fed: Any) -> None:
    box = OnnxBox(identity(kinds.FLOAT, shape))
    given = np.arange(np.prod(rows), dtype=np.float64).reshape(rows)
    answer = box.ask(given).values
    assert answer.shape == fed
    assert answer.ravel().tolist() == given.ravel().tolist()


@pytest.mark.parametrize("shape", [["n", 4], ["n", 2, 2], ["n", None, 2], ["n", None, None], ["n"]])
def test_rows_of_another_width_are_named(shape: Any) -> None:
    with pytest.raises(DataError, match=r"input 'x' of ONNX model takes rows of .* numbers; these"):
        OnnxBox(identity(kinds.FLOAT, shape)).ask(np.zeros((5, 3)))


@pytest.mark.parametrize(
    ("rows", "hint"),
    [((5, 4, 6, 3), r" Give images with the colours first: \(n, c, h, w\)\."), ((5, 6, 3, 4), "$")],
)
def test_images_are_not_turned_into_others_of_as_many_numbers(rows: Any, hint: str) -> None:
    with pytest.raises(DataError, match=rf"takes rows of 3x4x6 numbers; these have .*\.{hint}"):
        OnnxBox(identity(kinds.FLOAT, ["n", 3, 4, 6])).ask(np.zeros(rows))


@pytest.fixture(scope="module")
def people_file() -> Any:
    """A pipeline with an input for each column, each of its own type."""
    pd = pytest.importorskip("pandas")
    types = skl2onnx.common.data_types
    columns = ColumnTransformer(
        [("numbers", StandardScaler(), ["age", "hours"]), ("jobs", OneHotEncoder(), ["job"])]
    )
    model = make_pipeline(columns, LogisticRegression()).fit(pd.DataFrame(PEOPLE), Y)
    inputs = [
        ("age", types.Int64TensorType([None, 1])),
        ("job", types.StringTensorType([None, 1])),
        ("hours", types.FloatTensorType([None, 1])),
    ]
    file = skl2onnx.convert_sklearn(model, initial_types=inputs)
    return file, model.predict_proba(pd.DataFrame(PEOPLE))


def test_inputs_are_fed_by_name(people_file: Any) -> None:
    pd, pl = pytest.importorskip("pandas"), pytest.importorskip("polars")
    file, expected = people_file
    box = OnnxBox(file)
    assert box.traits.columns == ("age", "job", "hours")
    assert box.traits.n_features == 3
    shuffled = {name: PEOPLE[name] for name in ("hours", "job", "age")}
    in_order = np.column_stack([column.astype(object) for column in PEOPLE.values()])
    for rows in (shuffled, pd.DataFrame(shuffled), pl.DataFrame(shuffled), in_order):
        np.testing.assert_allclose(box.ask(rows).values, expected, atol=1e-5)
    with pytest.raises(DataError, match=r"takes whole numbers \(int64\), but got 1.5 in row 0"):
        box.ask({**shuffled, "age": np.full(N, 1.5)})


def test_columns_that_no_input_is_named_after_are_a_data_error(people_file: Any) -> None:
    rows = {"age": PEOPLE["age"], "work": PEOPLE["job"]}
    with pytest.raises(
        DataError,
        match=r"inputs age \(int64, nx1\), job \(string, nx1\).*; the rows have 2: 'age', 'work'",
    ):
        OnnxBox(people_file[0]).ask(rows)


def two_inputs(*, width: int | None = 2) -> Any:
    nodes = [helper.make_node("Concat", ["left", "right"], ["y"], axis=1)]
    inputs = {"left": (kinds.FLOAT, ["n", 1]), "right": (kinds.FLOAT, ["n", width])}
    return model_of(nodes, inputs, {"y": (kinds.FLOAT, ["n", None])})


def test_several_inputs_share_the_columns_in_order() -> None:
    box = OnnxBox(two_inputs())
    assert box.traits.n_features == 3
    rows = np.arange(6.0).reshape(2, 3)
    assert box.ask(rows).values.tolist() == rows.tolist()
    assert (
        box.ask({"a": rows[:, 0], "b": rows[:, 1], "c": rows[:, 2]}).values.tolist()
        == rows.tolist()
    )
    with pytest.raises(DataError, match=r"3 columns together; the rows have 2\."):
        box.ask(rows[:, :2])
    with pytest.raises(DataError, match="give columns of those names, or a preprocess that"):
        OnnxBox(two_inputs(width=None)).ask(rows)


def test_a_preprocess_may_feed_whole_arrays_by_name() -> None:
    box = OnnxBox(
        two_inputs(width=None), preprocess=lambda x: {"right": x[:, 1:], "left": x[:, :1]}
    )
    rows = np.arange(8.0).reshape(2, 4)
    assert box.ask(rows).values.tolist() == rows.tolist()


# Outputs


@pytest.mark.parametrize("zipmap", [True, False])
@pytest.mark.parametrize(
    "model",
    [
        LogisticRegression(),
        RandomForestClassifier(3, random_state=0),
        DecisionTreeClassifier(random_state=0),
        GradientBoostingClassifier(n_estimators=3),
        BaggingClassifier(DecisionTreeClassifier(), 3, random_state=0),
        SGDClassifier(loss="log_loss", random_state=0),
        SVC(),
        GaussianNB(),
        KNeighborsClassifier(),
        MLPClassifier((4,), max_iter=20, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
    ],
    ids=lambda model: type(model).__name__,
)
@pytest.mark.parametrize("names", [["no", "yes"], [1, 2], ["no", "maybe", "yes"]], ids=str)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
@pytest.mark.filterwarnings("ignore:Attribute `prob._` was deprecated")  # read by skl2onnx
def test_classes_are_read_from_the_graph(model: Any, zipmap: bool, names: list[Any]) -> None:
    y = np.array(names)[np.arange(N) % len(names)]
    model.fit(X, y)
    options = {} if isinstance(model, SVC) else {"zipmap": zipmap}
    box = OnnxBox(converted(model, **options))
    assert box.traits.task == "classification"
    assert box.traits.classes == tuple(model.classes_.tolist())
    reply = box.ask(X)
    assert isinstance(reply.values, np.ndarray)
    agree = np.mean(reply.labels == model.predict(X.astype(np.float32)))
    assert agree > 0.95  # float32 and float64 part ways on a threshold
    if hasattr(model, "predict_proba"):
        np.testing.assert_allclose(
            np.median(np.abs(reply.values - model.predict_proba(X))), 0, atol=1e-5
        )


def test_declared_classes_rename_the_graphs() -> None:
    model = LogisticRegression().fit(X, np.where(X[:, 0] > 0, 2, 1))
    box = OnnxBox(converted(model, zipmap=True), classes=["good", "bad"])
    assert box.traits.classes == ("good", "bad")
    assert box.ask(X).labels.tolist() == [("good", "bad")[i - 1] for i in model.predict(X)]
    with pytest.raises(OptionError, match=r"classes of ONNX model are, in column order, \[1, 2\]"):
        OnnxBox(converted(model), classes=[2, 1])


def test_labels_alone() -> None:
    file = identity(kinds.INT64, ["n"])
    rows = np.array([[1.0], [0.0]])
    assert OnnxBox(file).ask(rows).values.tolist() == [1, 0]  # labels or counts: not known yet
    assert OnnxBox(file).traits.task is None
    assert OnnxBox(file, task="classification").ask(rows).labels.tolist() == [1, 0]
    assert OnnxBox(file, classes=["no", "yes"]).ask(rows).labels.tolist() == ["yes", "no"]
    both = OnnxBox(converted(GaussianNB().fit(X, Y)), output="labels")
    assert both.ask(X).values is None
    assert set(both.ask(X).labels.tolist()) == {"no", "maybe", "yes"}


def several_outputs() -> Any:
    nodes = [
        helper.make_node("Identity", ["x"], ["hidden"]),
        helper.make_node("Softmax", ["hidden"], ["p"], axis=1),
        helper.make_node("ArgMax", ["hidden"], ["label"], axis=1, keepdims=0),
    ]
    outputs = {
        "hidden": (kinds.FLOAT, ["n", 3]),
        "p": (kinds.FLOAT, ["n", 3]),
        "label": (kinds.INT64, ["n"]),
    }
    return model_of(nodes, {"x": (kinds.FLOAT, ["n", 3])}, outputs)


def test_one_of_several_outputs_is_the_answer() -> None:
    with pytest.raises(
        OptionError, match=r"several outputs \(hidden, p, label\); say which is the"
    ):
        OnnxBox(several_outputs())
    labels = OnnxBox(several_outputs(), output="labels").ask(X)
    assert labels.values is None
    assert labels.labels.tolist() == X.argmax(axis=1).tolist()
    reply = OnnxBox(several_outputs(), answer="p").ask(X)
    np.testing.assert_allclose(reply.values.sum(axis=1), 1, atol=1e-6)
    assert reply.labels.tolist() == X.argmax(axis=1).tolist()
    with pytest.raises(OptionError, match=r"no output 'P' \(did you mean 'p'\?\); it has: hidden"):
        OnnxBox(several_outputs(), answer="P")
    values = OnnxBox(several_outputs(), answer="hidden", task="regression").ask(X)
    assert values.labels is None


# Number of rows


def fixed_at(rows: int, *, last: str = "Softmax", axis: int = 1) -> Any:
    nodes = [
        helper.make_node("Reshape", ["x", "shape"], ["flat"]),
        helper.make_node(last, ["flat"], ["p"], **({"axis": axis} if last == "Softmax" else {})),
    ]
    inputs = {"x": (kinds.FLOAT, [rows, 1, 2, 2])}
    return model_of(nodes, inputs, {"p": (kinds.FLOAT, [rows, 4])}, shape=[rows, 4])


def softmax(rows: np.ndarray) -> np.ndarray:
    return np.exp(rows) / np.exp(rows).sum(axis=1, keepdims=True)


@pytest.mark.parametrize("rows", [1, 3])
def test_a_fixed_number_of_rows_is_freed(rows: int) -> None:
    box = OnnxBox(fixed_at(rows))
    assert box.traits.details["rows a run"] == f"any (exported for {rows}; freed on a checked copy)"
    given = _random.standard_normal((7, 4))
    np.testing.assert_allclose(box.ask(given).values, softmax(given), atol=1e-6)


def test_a_copy_that_answers_otherwise_is_not_used() -> None:
    """A softmax over the rows is 1 for one row, and something else for several."""
    box = OnnxBox(fixed_at(1, axis=0))
    assert box.traits.details["rows a run"] == "runs of 1, as exported"
    assert box.ask(np.ones((5, 4))).values.tolist() == [[1.0] * 4] * 5


def test_a_copy_that_does_not_run_is_not_used() -> None:
    nodes = [helper.make_node("Expand", ["x", "shape"], ["y"])]
    nodes.append(helper.make_node("Reshape", ["y", "shape"], ["p"]))
    nodes.append(helper.make_node("Concat", ["p", "token"], ["q"], axis=1))
    file = model_of(
        nodes,
        {"x": (kinds.FLOAT, [1, 4])},
        {"q": (kinds.FLOAT, [1, 5])},
        shape=[1, 4],
        token=np.zeros((1, 1), dtype=np.float32),
    )
    box = OnnxBox(file)
    assert box.traits.details["rows a run"] == "runs of 1, as exported"
    rows = _random.standard_normal((3, 4))
    np.testing.assert_allclose(box.ask(rows).values[:, :4], rows, atol=1e-6)
    assert box.activations(rows, "y").shape == (3, 4)


def test_pieces_are_filled_up_and_cut_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnx", None)
    data = fixed_at(3).SerializeToString()
    box = OnnxBox(data)
    assert box.traits.details["rows a run"] == "runs of 3, as exported"
    for n in (1, 2, 3, 4, 7):
        given = _random.standard_normal((n, 4))
        np.testing.assert_allclose(box.ask(given).values, softmax(given), atol=1e-6)


def test_without_the_onnx_library_lists_of_dicts_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    data = converted(LogisticRegression().fit(X, Y), zipmap=True).SerializeToString()
    quick = OnnxBox(data).ask(X)
    monkeypatch.setitem(sys.modules, "onnx", None)
    slow = OnnxBox(data).ask(X)
    assert slow.classes == ("maybe", "no", "yes")
    np.testing.assert_array_equal(slow.values, quick.values.astype(np.float64))
    assert slow.labels.tolist() == quick.labels.tolist()


def test_one_session_serves_for_life(monkeypatch: pytest.MonkeyPatch) -> None:
    box = OnnxBox(fixed_at(1))

    def refuse(*args: Any, **options: Any) -> Any:
        raise AssertionError("a second session")

    monkeypatch.setattr(ort, "InferenceSession", refuse)
    box.ask(np.ones((2, 4)))
    box.ask(np.ones((3, 4)))


# Layers


def test_inner_arrays_are_read() -> None:
    nodes = [
        helper.make_node("MatMul", ["x", "w"], ["hidden"]),
        helper.make_node("Relu", ["hidden"], ["relu"]),
        helper.make_node("Neg", ["w"], ["of no row"]),
        helper.make_node("ArgMax", ["relu"], ["best"], axis=1, keepdims=0),
    ]
    w = np.array([[1.0, -1.0], [0.0, 2.0], [1.0, 1.0]], dtype=np.float32)
    outputs = {"relu": (kinds.FLOAT, ["n", 2]), "best": (kinds.INT64, ["n"])}
    box = OnnxBox(model_of(nodes, {"x": (kinds.FLOAT, ["n", 3])}, outputs, w=w))
    assert box.layers() == ("hidden", "relu")
    np.testing.assert_allclose(box.activations(X, "hidden"), X @ w, atol=1e-6)
    np.testing.assert_allclose(box.activations(X, "relu"), np.maximum(X @ w, 0), atol=1e-6)
    with pytest.raises(
        OptionError, match=r"no layer 'hiden' \(did you mean 'hidden'\?\); it has: hi"
    ):
        box.activations(X, "hiden")


# Files and providers


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "credit.onnx"
    onnx.save(fixed_at(1), path)
    return path


def test_the_report_learns_what_ran(file: Path) -> None:
    traits = OnnxBox(file).traits
    assert traits.name == "credit"
    assert traits.details["file"] == "credit.onnx"
    assert traits.details["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
    assert traits.details["providers"] == "CPUExecutionProvider"
    assert traits.details["inputs"] == "x (float32, nx1x2x2)"
    assert traits.details["outputs"] == "p"
    assert traits.details["library"] == f"onnxruntime {ort.__version__}"
    assert str(file.parent) not in str(traits)


def test_files_bytes_and_protos_are_the_same_model(file: Path) -> None:
    rows = np.ones((2, 4))
    answers = [
        OnnxBox(s).ask(rows).values for s in (file, str(file), file.read_bytes(), fixed_at(1))
    ]
    for answer in answers[1:]:
        np.testing.assert_array_equal(answer, answers[0])


def test_a_pickle_opens_the_same_file_again(file: Path) -> None:
    box = OnnxBox(file)
    box.activations(np.ones((2, 4)), "flat")
    pickled = pickle.dumps(box)
    again = pickle.loads(pickled)
    np.testing.assert_array_equal(
        again.ask(np.ones((2, 4))).values, box.ask(np.ones((2, 4))).values
    )
    onnx.save(fixed_at(3), file)
    with pytest.raises(ModelError, match="file of credit has changed since this box was pickled"):
        pickle.loads(pickled)
    file.unlink()
    with pytest.raises(ModelError, match=r"credit\.onnx is no longer there"):
        pickle.loads(pickled)


def test_what_is_no_model_is_said(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"There is no file .*none\.onnx"):
        OnnxBox(tmp_path / "none.onnx")
    (tmp_path / "noise.onnx").write_bytes(b"noise")
    with pytest.raises(ModelError, match="onnxruntime cannot load noise: "):
        OnnxBox(tmp_path / "noise.onnx")
    with pytest.raises(
        InputError, match=r"a path, the bytes of a model or an onnx\.ModelProto; got"
    ):
        OnnxBox(42)


def test_providers_are_chosen_and_checked(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert OnnxBox(file, providers=["CPUExecutionProvider"]).ask(np.ones((2, 4))).values.shape
    with_options = [("CPUExecutionProvider", {"use_arena": "1"})]
    assert "CPU" in OnnxBox(file, providers=with_options).traits.details["providers"]
    with pytest.raises(
        OptionError, match=r"has no TPUExecutionProvider here; it has: .*CPUExecution"
    ):
        OnnxBox(file, providers=["TPUExecutionProvider"])
    for wrong in ("CPUExecutionProvider", []):
        with pytest.raises(OptionError, match="must be a sequence of names"):
            OnnxBox(file, providers=wrong)
    monkeypatch.setattr(
        ort, "get_available_providers", lambda: ["CUDAExecutionProvider", "CPUExecutionProvider"]
    )
    real = ort.InferenceSession
    asked: list[Any] = []

    def without_driver(source: Any, options: Any, providers: Any) -> Any:
        asked.append(providers)
        return real(source, options, providers=["CPUExecutionProvider"])

    monkeypatch.setattr(ort, "InferenceSession", without_driver)
    with pytest.raises(
        ModelError, match="CUDAExecutionProvider did not start for credit; onnxruntime"
    ):
        OnnxBox(file, providers=["CUDAExecutionProvider"])
    assert OnnxBox(file).traits.details["providers"] == "CPUExecutionProvider"
    assert asked[-1] == ["CUDAExecutionProvider", "CPUExecutionProvider"]


def test_a_run_that_fails_is_the_models_fault() -> None:
    nodes = [helper.make_node("Gather", ["table", "x"], ["y"])]
    table = np.eye(3, dtype=np.float32)
    file = model_of(nodes, {"x": (kinds.INT64, ["n"])}, {"y": (kinds.FLOAT, ["n", 3])}, table=table)
    assert OnnxBox(file).ask(np.array([[2.0]])).values.tolist() == [[0, 0, 1]]
    with pytest.raises(ModelError, match=r"ONNX model raised .*indices element out of data bounds"):
        OnnxBox(file).ask(np.array([[9.0]]))
