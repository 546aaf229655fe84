"""LIME on images and texts: how far seeds differ, and how long it takes, beside lime itself.

Run: python benchmarks/masks.py FOLDER
FOLDER holds mnist/mnist.npz, models/*.onnx and rt-polarity/rt-polarity.{pos,neg} of the project's
shared data. Needs the onnx, lime and images extras.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from surrogate import Images, Texts, explain, wrap
from surrogate.types import BlackBox

Model = Callable[[Any], Any]
NET = "models/mnist-cntk-cnn_onnxruntime-examples.onnx"


def digits(folder: Path, n: int) -> tuple[Any, np.ndarray]:
    """A small convolutional net that answers scores, and digits."""
    with np.load(folder / "mnist" / "mnist.npz") as file:
        images = file["x_test"][:n].astype(np.float32)
    return wrap(folder / NET, output="scores"), images


def reviews(folder: Path, n: int) -> tuple[Any, list[str]]:
    """Logistic regression on words and pairs of words, and held-out reviews."""
    good, bad = (
        (folder / "rt-polarity" / f"rt-polarity.{end}").read_text("latin-1").splitlines()
        for end in ("pos", "neg")
    )
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2)), LogisticRegression(C=30))
    model.fit(good[:2000] + bad[:2000], [1] * 2000 + [0] * 2000)
    held = [text for pair in zip(good[2100:], bad[2100:]) for text in pair if len(text) > 80]
    return model, held[:n]


def spreads(model: Any, inputs: Sequence[Any], domain: Any, seeds: int) -> list[float]:
    """Seed spread of ours over that of lime's draws, fitted without ridge, for each input."""
    ratios = []
    for one in inputs:
        batch = one[None] if isinstance(one, np.ndarray) else [one]
        spread = []
        for compatible in (False, True):
            options = {"n_samples": 1000, "compatible": compatible, "selection": "none",
                       "ridge": 0.0}  # fmt: skip
            fits = []
            for seed in range(seeds):
                found = explain(
                    model, batch, domain=domain, options=options, fidelity=10, seed=seed
                )
                fits.append(found.coef[0][found.box_values[0].argmax()])
            spread.append(np.sqrt(np.var(fits, axis=0, ddof=1).mean()))
        ratios.append(spread[0] / spread[1])
    return ratios


def seconds(work: Callable[[], Any], times: int = 3) -> float:
    """Median seconds of a few runs."""
    found = []
    for _ in range(times):
        start = time.perf_counter()
        with contextlib.redirect_stderr(io.StringIO()):
            work()
        found.append(time.perf_counter() - start)
    return float(np.median(found))


def lime_images(box: BlackBox, images: np.ndarray) -> None:
    """Lime on colour copies of the digits, of which the net sees one colour."""
    from lime.lime_image import LimeImageExplainer

    from surrogate.domain.segments import grid

    cut = grid(28, 28, 50)
    for image in images:
        LimeImageExplainer(random_state=0).explain_instance(
            image.astype(np.float64),
            lambda batch: box.ask(batch[:, :, :, 0].astype(np.float32)).values,
            segmentation_fn=lambda _: cut,
            hide_color=0,
            num_samples=1000,
            top_labels=10,
            batch_size=1000,
        )


def lime_texts(model: Any, texts: Sequence[str]) -> None:
    from lime.lime_text import LimeTextExplainer

    for text in texts:
        LimeTextExplainer(random_state=0).explain_instance(
            text, model.predict_proba, num_samples=1000, num_features=1000
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--seeds", type=int, default=20)
    parser.add_argument("--inputs", type=int, default=6)
    said = parser.parse_args()
    box, images = digits(said.folder, said.inputs)
    model, texts = reviews(said.folder, said.inputs)
    grid, words = Images(fill="constant"), Texts()

    print("seed spread of coefficients, ours / lime's draws, 1,000 masks")
    for name, ratios in (
        ("digits", spreads(box, images, grid, said.seeds)),
        ("reviews", spreads(model, texts, words, said.seeds)),
    ):
        print(f"  {name:8} {np.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")

    print("milliseconds an input, 1,000 masks; ours with 1,000 fresh ones besides")
    options = {"n_samples": 1000}
    bare = np.repeat(images[:1], 2001, axis=0)
    for name, ours, theirs, model_alone in (
        (
            "digits",
            lambda: explain(box, images, domain=grid, options=options),
            lambda: lime_images(box, images),
            lambda: [box.ask(bare) for _ in images],
        ),
        (
            "reviews",
            lambda: explain(model, texts, domain=words, options=options),
            lambda: lime_texts(model, texts),
            lambda: [model.predict_proba([text] * 2001) for text in texts],
        ),
    ):
        a, b, c = (1e3 * seconds(work) / said.inputs for work in (ours, theirs, model_alone))
        print(
            f"  {name:8} ours {a:.0f}, lime {b:.0f} ({b / a:.1f} times), 2,001 inputs alone {c:.0f}"
        )


if __name__ == "__main__":
    main()
