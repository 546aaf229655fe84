from __future__ import annotations

import pickle
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LinearRegression

from surrogate import wrap
from surrogate.adapters import load
from surrogate.errors import InputError, ModelError

MODEL = LinearRegression().fit([[0.0], [1.0]], [0.0, 2.0])


class Trap:
    """Leaves a mark if it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> Any:
        return Path.touch, (self.mark,)


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(MODEL))
    (tmp_path / "model.pickle").write_bytes(pickle.dumps(MODEL))
    pytest.importorskip("joblib").dump(MODEL, tmp_path / "model.joblib")
    return tmp_path


@pytest.mark.parametrize("name", ["model.pkl", "model.pickle", "model.joblib"])
def test_pickles_are_opened_only_when_the_user_says_so(files: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"is not opened, because loading .* unpickle=True"):
        load(files / name)
    box = wrap(load(str(files / name), unpickle=True))
    assert box.ask(np.array([[3.0]])).values.tolist() == pytest.approx([6.0])


@pytest.mark.parametrize("suffix", [".pkl", ".pickle", ".joblib", ".pt", ".pth"])
@pytest.mark.parametrize("answer", [False, "yes", 1])
def test_nothing_in_a_pickle_runs_before_that(tmp_path: Path, suffix: str, answer: Any) -> None:
    path = tmp_path / f"model{suffix}"
    path.write_bytes(pickle.dumps(Trap(tmp_path / "mark")))
    with pytest.raises(InputError, match="is not opened"):
        load(path, unpickle=answer)
    with pytest.raises(InputError, match="is not opened"):
        wrap(path)
    assert not (tmp_path / "mark").exists()


def test_torch_files_hold_nets_or_only_weights(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    net = torch.nn.Linear(2, 1)
    torch.save(net, tmp_path / "net.pt")
    torch.save(net.state_dict(), tmp_path / "weights.pth")
    with pytest.raises(InputError, match=r"loading a \.pt file can run any code"):
        load(tmp_path / "net.pt")
    assert isinstance(load(tmp_path / "net.pt", unpickle=True), torch.nn.Linear)
    with pytest.raises(InputError, match=r"holds weights and not the net .* give file\.py:name"):
        load(tmp_path / "weights.pth", unpickle=True)


def test_a_pickle_that_breaks_is_named(tmp_path: Path) -> None:
    (tmp_path / "model.pkl").write_bytes(b"\x80")
    with pytest.raises(ModelError, match=r"Loading .*model\.pkl raised"):
        load(tmp_path / "model.pkl", unpickle=True)


def test_onnx_files_and_urls_are_left_to_wrap(tmp_path: Path) -> None:
    (tmp_path / "net.onnx").write_bytes(b"")
    assert load(str(tmp_path / "net.onnx")) == tmp_path / "net.onnx"
    assert load("https://host:8000/score") == "https://host:8000/score"


@pytest.fixture
def script(tmp_path: Path) -> Path:
    (tmp_path / "weights_of_mine.py").write_text("FACTOR = 2\n")
    (tmp_path / "scoring_of_mine.py").write_text(
        "from __future__ import annotations\n"
        "from dataclasses import dataclass\n"
        "from weights_of_mine import FACTOR\n"
        "@dataclass\nclass Box:\n    factor: int = FACTOR\n"
        "def score(rows):\n    return FACTOR * rows[:, 0]\n"
    )
    return tmp_path / "scoring_of_mine.py"


def test_objects_of_python_files(script: Path) -> None:
    path = list(sys.path)
    assert load(f"{script}:score")(np.array([[3.0]])).tolist() == [6.0]
    assert load(f"{script}:Box.factor") == 2
    assert sys.path == path
    with pytest.raises(InputError, match=r"has no 'scores' \(did you mean 'score'\?\)"):
        load(f"{script}:scores")
    with pytest.raises(InputError, match=r"Say which object of .* is the model: .*:name"):
        load(script)
    with pytest.raises(InputError, match=r"There is no file .*none\.py"):
        load(f"{script.parent / 'none.py'}:score")


def test_what_a_file_defines_can_be_pickled(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, script.stem, raising=False)
    for _ in range(2):  # loaded anew, as in a notebook after an edit
        function = load(f"{script}:score")
        assert pickle.loads(pickle.dumps(function)) is function


def test_a_file_does_not_take_the_place_of_a_module(tmp_path: Path) -> None:
    (tmp_path / "json.py").write_text("def score(rows):\n    return rows\n")
    json = sys.modules["json"]
    assert load(f"{tmp_path / 'json.py'}:score")(3) == 3
    assert sys.modules["json"] is json


def test_objects_of_modules(script: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert load("math:floor")(2.5) == 2
    assert load("os.path:join") is load("os:path.join")
    monkeypatch.chdir(script.parent)
    assert load("scoring_of_mine:score")(np.array([[3.0]])).tolist() == [6.0]
    with pytest.raises(InputError, match="There is no module 'no_such_module' to import"):
        load("no_such_module:score")
    with pytest.raises(InputError, match=r"There is no module 'os\.nothing' to import"):
        load("os.nothing:score")


def test_code_that_breaks_while_loading_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.py").write_text("import no_such_library\n")
    with pytest.raises(
        ModelError, match=r"Running .*broken\.py raised ModuleNotFoundError: No mod"
    ):
        load(f"{tmp_path / 'broken.py'}:score")
    assert "broken" not in sys.modules


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.onnx", r"There is no file none\.onnx"),
        ("none.pkl", r"There is no file none\.pkl"),
    ],
)
def test_files_that_are_not_there(name: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        load(name, unpickle=True)


def test_files_of_other_kinds(tmp_path: Path) -> None:
    for name, message in (
        ("net.safetensors", "holds weights and not the net"),
        ("net.h5", r"is of no known kind; known are \.onnx, \.joblib"),
    ):
        (tmp_path / name).write_bytes(b"")
        with pytest.raises(InputError, match=message):
            load(tmp_path / name)
