"""The front door for images and texts: one budget, one count, real models."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import Images, MaskExplanations, Texts, explain, wrap
from surrogate.errors import BudgetTooSmall, DataError, ModelError, OptionError
from surrogate.oracle import Budget, Quote
from surrogate.types import Reply, Terms, Traits

from remote_boxes import FakeRemote

TEXTS = ["a good film that I saw", "a bad film that I saw", "it is not good, it is not bad"]


def reads(texts: list[str]) -> np.ndarray:
    return np.array([float("good" in text) - float("bad" in text) for text in texts])


BOX = wrap(reads, task="regression")


def explained(inputs: Any, **job: Any) -> MaskExplanations:
    found = explain(BOX, inputs, **{"domain": Texts(), "fidelity": 50, **job})
    assert isinstance(found, MaskExplanations)
    return found


# ---- one budget and one count ----


def test_a_dry_run_says_what_all_inputs_will_take_at_most() -> None:
    quote = explain(BOX, TEXTS, domain=Texts(), options={"n_samples": 30}, dry_run=True)
    assert isinstance(quote, Quote)
    assert quote.rows == 3 * 1 + 3 * 30 + 3 * 1000
    found = explained(TEXTS, options={"n_samples": 30})
    assert found.queries.rows <= quote.rows


def test_a_budget_for_some_inputs_is_refused_before_the_first_query() -> None:
    asked: list[int] = []
    box = wrap(lambda texts: asked.append(len(texts)) or reads(texts), task="regression")
    with pytest.raises(BudgetTooSmall, match="160"):
        explain(box, TEXTS, domain=Texts(), budget=150, fidelity=10, options={"n_samples": 64})
    assert asked == []


def test_each_input_is_explained_as_if_it_stood_alone() -> None:
    together = explained(TEXTS)
    for i, text in enumerate(TEXTS):
        assert np.array_equal(together.coef[i], explained([text]).coef[0])


def test_equal_seeds_give_equal_results() -> None:
    job: dict[str, Any] = {"options": {"n_samples": 30}, "fidelity": 30}
    first, again, other = (explained(TEXTS, seed=seed, **job) for seed in (1, 1, 2))
    assert [c.tolist() for c in first.coef] == [c.tolist() for c in again.coef]
    assert first.parts[0].fidelity.value.tolist() == again.parts[0].fidelity.value.tolist()
    assert first.parts[0].fidelity.seed != other.parts[0].fidelity.seed


def test_what_was_explained_before_a_ctrl_c_is_kept() -> None:
    def f(texts: list[str]) -> np.ndarray:
        if any("it is not" in text for text in texts):
            raise KeyboardInterrupt
        return reads(texts)

    found = explain(wrap(f, task="regression"), TEXTS, domain=Texts(), fidelity=50)
    assert len(found) == 2
    assert found.interrupted
    assert found.notes == ("2 of 3 inputs were explained: interrupted by Ctrl-C.",)
    assert "interrupted" in str(found)


def test_progress_goes_through_all_inputs_once() -> None:
    told: list[tuple[int, int, str]] = []
    explained(TEXTS, on_progress=lambda *said: told.append(said))
    done = [d for d, _, _ in told]
    assert done == sorted(done)
    assert len({n for _, n, _ in told}) == 1
    assert max(done) <= told[0][1]


class RemoteTexts(FakeRemote):
    """A model behind a wire that takes texts."""

    def wire(self, rows: Any) -> list[bytes]:
        return [row.encode() for row in rows]

    def ask(self, rows: Any) -> Reply:
        self.billed += self.wire(rows)
        return Reply(values=reads(rows))


def remote() -> RemoteTexts:
    traits = Traits("toy", "http", task="regression", output="values", remote=True)
    return RemoteTexts(traits=traits, terms=Terms(identity="toy", price_per_row=0.01))


def test_a_remote_model_is_asked_each_text_once_and_never_again(tmp_path: Path) -> None:
    book = tmp_path / "answers.ledger"
    box = remote()
    first = explain(box, TEXTS, domain=Texts(), budget=Budget(money=30), fidelity=50, ledger=book)
    assert len(box.billed) == len(set(box.billed)) == first.queries.rows
    again = remote()
    found = explain(again, TEXTS, domain=Texts(), budget=Budget(money=30), fidelity=50, ledger=book)
    assert again.billed == []
    assert [c.tolist() for c in found.coef] == [c.tolist() for c in first.coef]
    offline = explain(remote(), TEXTS, domain=Texts(), fidelity=50, ledger=book, offline=True)
    assert [c.tolist() for c in offline.coef] == [c.tolist() for c in first.coef]


# ---- what is refused ----


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ({"data": TEXTS}, "`data` must be None for Texts: what stands.*`mask_token` of Texts"),
        ({"method": "cart"}, "Texts are explained one by one: lime.*got method='cart'"),
        ({"device": "cpu"}, "`device` must be None for Texts"),
        ({"options": {"sampling": "gaussian"}}, "MaskLime has no parameter `sampling`"),
        ({"domain": "texts"}, "must be a Domain or None"),
    ],
)
def test_what_is_for_tables_is_refused(job: Any, message: str) -> None:
    with pytest.raises(OptionError, match=message):
        explain(BOX, TEXTS, **{"domain": Texts(), **job})


def test_images_given_as_a_table_and_texts_as_images_are_refused() -> None:
    with pytest.raises(DataError, match="array of numbers"):
        explain(BOX, np.array(TEXTS), domain=Images())
    with pytest.raises(DataError, match=r"`data` must be None|must be a text; got ndarray"):
        explain(BOX, np.zeros((2, 3)), domain=Texts())


def test_a_model_that_takes_no_texts_says_so_by_name() -> None:
    torch = pytest.importorskip("torch")
    with pytest.raises(DataError, match=r"takes numbers.*preprocess"):
        explain(wrap(torch.nn.Linear(2, 2), output="scores"), TEXTS, domain=Texts())
    net = torch.nn.Conv2d(3, 1, 3)
    with pytest.raises(ModelError, match=r"Conv2d raised RuntimeError.*while answering rows"):
        explain(wrap(net, output="scores"), np.ones((1, 9, 9, 3)), domain=Images(fill="constant"))


# ---- real models ----


def test_a_digit_is_explained_by_its_strokes(shared_data: Callable[[str], Path]) -> None:
    pytest.importorskip("onnxruntime")
    digits = np.load(shared_data("mnist/mnist.npz"))["x_test"][:2].astype(np.float32)
    net = shared_data("models/mnist-cntk-cnn_onnxruntime-examples.onnx")
    found = explain(
        wrap(net, output="scores"), digits, domain=Images(fill="constant"), fidelity=300
    )
    assert found.box_values.argmax(axis=1).tolist() == [7, 2]
    assert all(part.fidelity.low[0, k] > 0.8 for part, k in zip(found.parts, (7, 2)))
    for one, image in zip(found, digits):
        strokes = one.pixels() * (image > 100)
        empty = one.pixels() * (image == 0)
        assert strokes[image > 100].mean() > 5 * abs(empty[image == 0].mean())


def test_colours_go_to_a_net_that_wants_them_first(shared_data: Callable[[str], Path]) -> None:
    pytest.importorskip("onnxruntime")
    images = pytest.importorskip("matplotlib.image")
    sheet = images.imread(shared_data("cifar10-subset/cifar10_batch_0.png"))[:2]
    first = sheet[:, :, :3].reshape(2, 32, 32, 3).transpose(0, 3, 1, 2).astype(np.float32)
    net = wrap(shared_data("models/cifar_base_wongkolter_robust.onnx"), output="scores")
    job: dict[str, Any] = {"fidelity": 50, "options": {"n_samples": 120}}
    found = explain(net, first, domain=Images(n_segments=25), **job)
    assert [c.shape[1] for c in found.coef] == [25, 25]
    assert found[0].input.shape == (32, 32, 3)
    with pytest.raises(DataError, match="Give images with the colours first"):
        explain(net, first.transpose(0, 2, 3, 1), domain=Images(n_segments=25), **job)


def test_a_review_is_explained_by_its_words(shared_data: Callable[[str], Path]) -> None:
    text = pytest.importorskip("sklearn.feature_extraction.text")
    linear = pytest.importorskip("sklearn.linear_model")
    pipeline = pytest.importorskip("sklearn.pipeline")
    good, bad = (
        shared_data(f"rt-polarity/rt-polarity.{end}").read_text("latin-1").splitlines()
        for end in ("pos", "neg")
    )
    model = pipeline.make_pipeline(text.CountVectorizer(), linear.LogisticRegression(max_iter=200))
    model.fit(good[:800] + bad[:800], ["good"] * 800 + ["bad"] * 800)
    found = explain(model, [good[900], bad[900]], domain=Texts())
    weights = dict(zip(model[0].get_feature_names_out(), model[1].coef_[0]))
    for one in found:
        known = np.array([weights.get(name, 0.0) for name in one.domain.names])
        assert np.corrcoef(one.coef[1], known)[0, 1] > 0.95
        assert one.fidelity[1].interval.low > 0.8


# ---- over a wire ----


@pytest.mark.parametrize(
    ("protocol", "inputs", "body"),
    [
        ("V1", "images", b'{"instances":[[[1,2],[3,4]]]}'),
        ("V2", "images", b'"shape":[1,2,2],"datatype":"INT64","data":[1,2,3,4]'),
        ("V1", "texts", b'{"instances":["a bad film that I saw"]}'),
        ("V2", "texts", b'"shape":[1],"datatype":"BYTES","data":["a bad film that I saw"]'),
        ("HuggingFace", "texts", b'"inputs":"a bad film that I saw"'),
    ],
)
def test_protocols_say_images_and_texts(protocol: str, inputs: str, body: bytes) -> None:
    protocols = pytest.importorskip("surrogate.adapters.http.protocols")
    if inputs == "images":
        image = np.array([[[1, 2], [3, 4]]], dtype=np.uint8)
        domain: Any = Images(n_segments=4, fill="constant").domains(image)[0]
    else:
        domain = Texts().domains(TEXTS[1:2])[0]
    wire = getattr(protocols, protocol)()
    assert body in wire.encode(domain.decode(domain.ones)).body
    assert len(set(wire.wire(domain.decode(np.vstack([domain.ones, 0 * domain.ones]))))) == 2
