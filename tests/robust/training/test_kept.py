"""What is kept comes back: safetensors for training, ONNX for asking."""

from __future__ import annotations

import json

import numpy as np
import pytest

from surrogate import wrap
from surrogate.errors import AbilityError, DataError, InputError, OptionError
from surrogate.robust.training import ARCHITECTURES, build_net, load_trained, train
from surrogate.robust.training.onnx_graph import to_graph
from surrogate.robust.training.storage import read_kept

torch = pytest.importorskip("torch")
safetensors = pytest.importorskip("safetensors.numpy")


def header(path) -> dict:
    with path.open("rb") as file:
        return json.loads(file.read(int.from_bytes(file.read(8), "little")))


def rewrite(path, *, change=None, tensors=None) -> None:
    """The file with other words, or other tensors."""
    said = json.loads(header(path)["__metadata__"]["surrogate"])
    content = {**safetensors.load(path.read_bytes()), **(tensors or {})}
    if change:
        change(said)
    path.write_bytes(safetensors.save(content, metadata={"surrogate": json.dumps(said)}))


@pytest.mark.parametrize("architecture", ["ae", "maxout"])
def test_a_net_comes_back_with_all_that_is_known_of_it(fit, tmp_path, architecture: str) -> None:
    place = tmp_path / "net.safetensors"
    trained = fit(architecture=architecture, recipe="fgsm", epochs=1)
    trained.save(place)
    back = load_trained(place)
    assert back.settings == trained.settings
    assert back.history == trained.history
    assert back.robust == trained.robust
    assert str(back) == str(trained)
    for (name, ours), (same, theirs) in zip(
        trained.net.named_parameters(), back.net.named_parameters(), strict=True
    ):
        assert name == same
        assert torch.equal(ours, theirs)
    assert [p.name for p in tmp_path.iterdir()] == ["net.safetensors"]  # no part is left


def test_a_checkpoint_names_its_architecture_and_holds_plain_numbers(fit, tmp_path) -> None:
    place = tmp_path / "net.safetensors"
    fit(epochs=1).save(place)
    read = header(place)
    said = json.loads(read.pop("__metadata__")["surrogate"])
    assert said["settings"]["architecture"] == "fc"
    assert said["settings"]["sizes"] == {"hidden": [8]}
    assert {entry["dtype"] for entry in read.values()} == {"F32"}


def test_an_unfinished_checkpoint_can_be_read_and_says_so(fit, tmp_path) -> None:
    place = tmp_path / "net.safetensors"
    fit(epochs=2, checkpoint=place)
    rewrite(place, change=lambda said: said["settings"].update(epochs=5))
    assert "2 of 5 epochs" in str(load_trained(place))
    assert "No PGD figure was taken" in str(load_trained(place))


@pytest.mark.parametrize(
    ("change", "tensors", "error", "said"),
    [
        (None, {"module.linear0.weight": np.zeros((8, 4), "f4")}, DataError, r"has shape \(8, 9\)"),
        (None, {"module.linear0.bias": np.full(8, np.nan, "f4")}, DataError, "not finite"),
        (lambda s: s["settings"].update(architecture="os"), None, OptionError, "no architecture"),
        (lambda s: s["settings"].pop("lr"), None, DataError, "miss or add: lr"),
        (lambda s: s.update(schema="other"), None, InputError, "does not say its architecture"),
        (lambda s: s.update(version=9), None, InputError, "newer version"),
        (lambda s: s.pop("robust"), None, InputError, "does not say robust"),
        (
            lambda s: s["settings"].update(sizes={"hidden": [100_000, 100_000]}),
            None,
            DataError,
            r"has shape \(100000, 9\)",  # 40 GB, refused before memory is taken
        ),
    ],
    ids=["shape", "nan", "architecture", "settings", "schema", "version", "figures", "huge"],
)
def test_a_file_that_was_changed_is_refused(fit, tmp_path, change, tensors, error, said) -> None:
    place = tmp_path / "net.safetensors"
    fit(epochs=1).save(place)
    rewrite(place, change=change, tensors=tensors)
    with pytest.raises(error, match=said):
        read_kept(place)


def test_other_files_are_refused(tmp_path) -> None:
    with pytest.raises(InputError, match="There is no checkpoint"):
        load_trained(tmp_path / "none")
    pickled = tmp_path / "net.pt"
    torch.save(torch.nn.Linear(1, 1).state_dict(), pickled)
    with pytest.raises(InputError, match="no safetensors file"):
        load_trained(pickled)
    plain = tmp_path / "plain.safetensors"
    plain.write_bytes(safetensors.save({"w": np.zeros(2, "f4")}))
    with pytest.raises(InputError, match="does not say its architecture"):
        load_trained(plain)


def answers(path, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(path))
    return tuple(session.run(None, {"rows_in": rows.astype(np.float32)}))


@pytest.mark.parametrize("architecture", sorted(ARCHITECTURES))
def test_onnx_answers_as_torch_does(tmp_path, rng, architecture: str) -> None:
    onnx = pytest.importorskip("onnx")
    net = build_net(architecture, 36, 4, seed=2).module
    rows = rng.random((50, 36))
    place = tmp_path / "net.onnx"
    for output in ("scores", "probabilities"):
        onnx.save(
            to_graph(net, d=36, columns=None, classes=range(4), output=output, about=""), place
        )
        label, found = answers(place, rows)
        with torch.no_grad():
            expected = net(torch.tensor(rows, dtype=torch.float32))
        expected = expected if output == "scores" else expected.softmax(1)
        assert np.abs(found - expected.numpy()).max() < 1e-5
        assert np.array_equal(label, expected.argmax(1).numpy())


def test_onnx_is_asked_by_the_names_of_the_classes(fit, table, tmp_path) -> None:
    pytest.importorskip("onnxruntime")
    trained = fit()
    place = tmp_path / "net.onnx"
    trained.to_onnx(place)
    box = wrap(place)
    assert box.traits.classes == ("no", "yes")
    asked, own = box.ask(table[0][:40]), trained.box().ask(table[0][:40])
    assert np.array_equal(asked.labels, np.array(["no", "yes"])[own.values.argmax(1)])


def test_onnx_takes_raw_columns_where_their_units_are_said(fit, table, tmp_path) -> None:
    trained = fit()
    centre, scale = np.linspace(-50, 50, 9), np.linspace(1, 9, 9)
    plain, raw = tmp_path / "plain.onnx", tmp_path / "raw.onnx"
    trained.to_onnx(plain)
    trained.to_onnx(raw, columns=(centre, scale))
    for ours, theirs in zip(
        answers(raw, table[0] * scale + centre), answers(plain, table[0]), strict=True
    ):
        if ours.dtype.kind == "f":
            assert np.abs(ours - theirs).max() < 1e-4
    with pytest.raises(DataError, match="positive scale of 9 columns"):
        trained.to_onnx(raw, columns=(centre, 0 * scale))
    with pytest.raises(DataError, match="positive scale of 9 columns"):
        trained.to_onnx(raw, columns=(centre[:3], scale[:3]))


def test_onnx_is_not_written_of_what_it_has_no_words_for(table, tmp_path) -> None:
    X, y = table
    half = train(X, (y == "yes") + 0.5, architecture="softmax", epochs=1)
    with pytest.raises(AbilityError, match="names classes as texts or whole numbers"):
        half.to_onnx(tmp_path / "net.onnx")
    odd = torch.nn.Sequential(torch.nn.Tanh())
    with pytest.raises(AbilityError, match="The layer 0 is a Tanh"):
        to_graph(odd, d=2, columns=None, classes=(0, 1), output="scores", about="")
    with pytest.raises(OptionError, match="must be one of 'probabilities', 'scores'"):
        half.to_onnx(tmp_path / "net.onnx", output="labels")
