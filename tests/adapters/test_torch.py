from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from surrogate.adapters import TorchBox
from surrogate.errors import AnswerError, DataError, InputError, ModelError, OptionError

torch = pytest.importorskip("torch")
nn = torch.nn
ROWS = np.random.Generator(np.random.Philox(key=4)).standard_normal((6, 4))


@pytest.fixture
def net() -> Any:
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 3)
    )


def flags(net: Any) -> list[bool]:
    return [module.training for module in net.modules()]


class Broken(nn.Module):
    def __init__(self, net: Any) -> None:
        super().__init__()
        self.net = net

    def forward(self, rows: Any) -> Any:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied\nlong trace")


def test_the_net_is_asked_in_eval_mode_and_left_as_it_was(net: Any) -> None:
    net.train()
    net[3].eval()  # a user's own mixture of modes
    before = flags(net), copy.deepcopy(net.state_dict())
    quiet = copy.deepcopy(net).eval()
    answer = TorchBox(net).ask(ROWS).values
    assert flags(net) == before[0]
    assert all(torch.equal(value, before[1][key]) for key, value in net.state_dict().items())
    torch.testing.assert_close(answer, quiet(torch.tensor(ROWS, dtype=torch.float32)).detach())


def test_modes_come_back_after_an_exception(net: Any) -> None:
    broken = Broken(net.train())
    broken.net[0].eval()
    before = flags(broken)
    with pytest.raises(
        ModelError, match=r"Broken raised RuntimeError: mat1 and mat2 .* multiplied$"
    ):
        TorchBox(broken).ask(ROWS)
    assert flags(broken) == before
    with pytest.raises(ModelError, match="Broken raised"):
        TorchBox(broken).activations(ROWS, "net.0")
    assert flags(broken) == before
    assert not broken.net[0]._forward_hooks


@pytest.mark.parametrize("enabled", [True, False])
def test_gradients_are_off_while_asking_and_as_before_afterwards(net: Any, enabled: bool) -> None:
    with torch.set_grad_enabled(enabled):
        answer = TorchBox(net).ask(ROWS).values
        assert torch.is_grad_enabled() == enabled
    assert not answer.requires_grad
    assert not answer.is_inference()
    answer += 1  # an inference tensor would refuse
    assert all(p.requires_grad and p.grad is None for p in net.parameters())


@pytest.mark.parametrize(
    ("dtype", "name"),
    [
        ("float64", "float64"),
        ("float32", "float32"),
        ("float16", "float16"),
        ("bfloat16", "float32"),
    ],
)
def test_rows_come_in_the_dtype_of_the_parameters(dtype: str, name: str) -> None:
    net = nn.Linear(4, 2).to(getattr(torch, dtype))
    box = TorchBox(net)
    assert box.traits.dtype == name
    assert box.traits.details["dtype"] == f"torch.{dtype}"
    assert box.ask(ROWS).values.dtype == getattr(torch, dtype)


def test_buffers_say_the_dtype_where_there_are_no_parameters() -> None:
    net = nn.BatchNorm1d(4, affine=False).double()
    assert TorchBox(net).traits.dtype == "float64"
    assert TorchBox(nn.Softmax(dim=1)).traits.dtype == "float32"


def test_answers_lie_on_the_device_of_the_parameters(net: Any) -> None:
    device = "cuda:0" if torch.cuda.is_available() else "cpu"
    box = TorchBox(net.to(device))
    assert box.traits.device == device
    assert str(box.ask(ROWS).values.device) == device
    assert str(box.ask(torch.tensor(ROWS)).values.device) == device


def test_tensors_are_taken_without_a_detour(net: Any) -> None:
    rows = torch.tensor(ROWS, dtype=torch.float32)
    seen: list[Any] = []
    net.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    TorchBox(net).ask(rows)
    assert seen[0] is rows
    torch.testing.assert_close(TorchBox(net).ask(rows).values, TorchBox(net).ask(ROWS).values)


def test_a_plain_preprocess_gets_arrays_and_a_module_gets_tensors(net: Any) -> None:
    seen: list[Any] = []

    def scale(rows: Any) -> Any:
        seen.append(rows)
        return rows / 2

    class Scale(nn.Module):
        def forward(self, rows: Any) -> Any:
            return scale(rows)

    by_function, by_module = TorchBox(net, preprocess=scale), TorchBox(net, preprocess=Scale())
    for rows in (ROWS, torch.tensor(ROWS)):
        torch.testing.assert_close(by_function.ask(rows).values, by_module.ask(rows).values)
    assert [type(rows) for rows in seen] == [np.ndarray, torch.Tensor] * 2
    assert by_function.traits.dtype == "float64"
    assert by_module.traits.dtype == "float32"


def test_columns_are_picked_before_a_module_that_preprocesses(net: Any) -> None:
    box = TorchBox(net, columns="abcd".__iter__(), preprocess=nn.Identity())
    rows = {name: ROWS[:, "abcd".index(name)] for name in "dbca"}
    torch.testing.assert_close(box.ask(rows).values, TorchBox(net).ask(ROWS).values)


def test_whole_numbers_that_a_preprocess_makes_stay_whole() -> None:
    net = nn.Sequential(nn.Embedding(10, 3), nn.Flatten())
    box = TorchBox(net, preprocess=lambda rows: rows.astype(np.int64), task="regression")
    assert tuple(box.ask(np.array([[1.0, 2.0], [3.0, 9.0]])).values.shape) == (2, 6)


def test_rows_that_cannot_be_written_to_are_copied(net: Any) -> None:
    rows = ROWS.astype(np.float32)
    rows.flags.writeable = False
    TorchBox(net).ask(rows)  # torch warns of such arrays, and warnings are errors here


def test_strings_are_named() -> None:
    rows = {"age": np.array([31.0]), "job": np.array(["cook"], dtype=object)}
    with pytest.raises(
        DataError, match="Linear takes numbers, but column 'job' holds 'cook' in row"
    ):
        TorchBox(nn.Linear(2, 2)).ask(rows)


def test_layers_are_named_and_read(net: Any) -> None:
    net.train()
    box = TorchBox(net)
    before = flags(net)
    assert box.layers() == ("0", "1", "2", "3", "4")
    hidden = box.activations(ROWS, "0")
    with torch.no_grad():
        expected = net[0](torch.tensor(ROWS, dtype=torch.float32)).double().numpy()
    np.testing.assert_array_equal(hidden, expected)
    np.testing.assert_array_equal(box.activations(ROWS, "4"), box.ask(ROWS).values.double().numpy())
    assert all(not module._forward_hooks for module in net.modules())
    assert flags(net) == before


def test_activations_of_images_are_laid_flat() -> None:
    net = nn.Sequential(nn.Conv2d(1, 2, 2), nn.Flatten(), nn.Linear(2, 2))
    box = TorchBox(net, preprocess=lambda rows: rows.reshape(-1, 1, 2, 2))
    assert box.activations(ROWS, "0").shape == (6, 2)


def test_layers_that_are_not_there_or_not_called_are_named(net: Any) -> None:
    class Idle(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.used, self.spare = nn.Linear(4, 2), nn.Linear(4, 2)

        def forward(self, rows: Any) -> Any:
            return self.used(rows)

    box = TorchBox(Idle())
    with pytest.raises(
        OptionError, match=r"Idle has no layer 'use' \(did you mean 'used'\?\); it has: used, spare"
    ):
        box.activations(ROWS, "use")
    with pytest.raises(ModelError, match="Idle did not call its layer 'spare'"):
        box.activations(ROWS, "spare")


def test_answers_may_be_wrapped_once() -> None:
    class Answers(nn.Module):
        def __init__(self, form: Any) -> None:
            super().__init__()
            self.form = form

        def forward(self, rows: Any) -> Any:
            return self.form(rows)

    class Logits:
        def __init__(self, logits: Any) -> None:
            self.logits = logits

    for form in (lambda x: (x,), lambda x: {"logits": x}, Logits):
        assert tuple(TorchBox(Answers(form)).ask(ROWS).values.shape) == (6, 4)
    for form, what in (
        (lambda x: (x, x), "a tuple of 2"),
        (lambda x: None, "nothing"),
        (lambda x: {"hidden": x}, "nothing"),
        (lambda x: x.numpy(), "ndarray"),
    ):
        with pytest.raises(AnswerError, match=f"Answers returned {what}, not a tensor"):
            TorchBox(Answers(form)).ask(ROWS)


def test_labels_of_a_net_get_the_declared_names() -> None:
    class Decides(nn.Module):
        def forward(self, rows: Any) -> Any:
            return rows.argmax(dim=1)

    reply = TorchBox(Decides(), output="labels", classes=list("abcd")).ask(ROWS)
    assert reply.labels.tolist() == [list("abcd")[i] for i in ROWS.argmax(axis=1)]


def test_scripted_modules_are_modules(net: Any) -> None:
    with pytest.warns(DeprecationWarning, match="torch.jit.trace"):
        scripted = torch.jit.trace(net.eval(), torch.zeros(2, 4))
    scripted.train()
    before = flags(scripted)
    box = TorchBox(scripted)
    torch.testing.assert_close(box.ask(ROWS).values, TorchBox(net).ask(ROWS).values)
    assert flags(scripted) == before


def test_a_pickled_box_brings_its_net(net: Any) -> None:
    again = pickle.loads(pickle.dumps(TorchBox(net, output="scores")))
    torch.testing.assert_close(again.ask(ROWS).values, TorchBox(net).ask(ROWS).values)


def test_only_modules_are_wrapped() -> None:
    with pytest.raises(InputError, match=r"TorchBox wraps a torch.nn.Module; got function"):
        TorchBox(lambda rows: rows)


def test_a_submodule_that_is_put_in_later_is_asked_in_eval_mode_too() -> None:
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.Identity()).eval()
    box = TorchBox(net, output="scores")
    rows = np.ones((50, 2))
    before = box.ask(rows).values
    net[1] = torch.nn.Dropout(0.9)
    assert torch.equal(box.ask(rows).values, before)
    assert net[1].training


def test_a_preprocess_that_works_in_place_leaves_tensors_alone() -> None:
    def doubled(rows: np.ndarray) -> np.ndarray:
        rows *= 2
        return rows

    rows = torch.ones(3, 2)
    TorchBox(torch.nn.Linear(2, 1), task="regression", preprocess=doubled).ask(rows)
    assert torch.equal(rows, torch.ones(3, 2))
