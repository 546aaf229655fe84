"""Shards: together what one run finds, whole or not there, and asked for once."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import Domain, Images, explain, explain_to, read_explanations, wrap
from surrogate.errors import BudgetSpent, BudgetTooSmall, DataError, InputError, OptionError

RNG = np.random.default_rng(0)
X, DATA = RNG.normal(size=(230, 3)), RNG.normal(size=(300, 3))
SMALL = {"n_samples": 200}


class Net:
    """Two classes; counts its rows, and stops at a given number of calls."""

    def __init__(self, stop_at: int | None = None, error: type[BaseException] = KeyboardInterrupt):
        self.rows = self.calls = 0
        self.stop_at, self.error = stop_at, error

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        self.calls += 1
        if self.calls == self.stop_at:
            raise self.error
        self.rows += len(rows)
        p = 1 / (1 + np.exp(-rows[:, 0] - rows[:, 1] * rows[:, 2]))
        return np.stack([1 - p, p], axis=1)


def shards(folder: Path, model: Any = None, **more: Any) -> Any:
    job: dict[str, Any] = {"data": DATA, "rows_at_once": 100, "fidelity": 60, "options": SMALL}
    return explain_to(model or Net(), X, folder, **{**job, **more})


ARRAYS = ("rows", "coef", "coef_se", "intercept", "box_values", "local_values", "widths")


@pytest.mark.parametrize("format", ["parquet", "npz"])
@pytest.mark.parametrize("sampling", ["neighbours", "discretised", "gaussian"])
def test_shards_are_what_one_run_finds(tmp_path: Path, sampling: str, format: str) -> None:
    options = {"sampling": sampling, **SMALL}
    net = Net()
    bulk = shards(tmp_path, net, options=options, format=format)
    one = explain(Net(), X, data=DATA, fidelity=60, options=options)
    both = bulk[:]
    for name in ARRAYS:
        assert np.array_equal(getattr(both, name), getattr(one, name), equal_nan=True), name
    for name in ("value", "low", "high", "error", "ess"):
        a, b = getattr(both.fidelity, name), getattr(one.fidelity, name)
        assert np.array_equal(a, b, equal_nan=True), name
    assert both.flags == one.flags
    assert both.index == one.index
    assert (both.classes, both.domain, both.task) == (one.classes, one.domain, one.task)
    assert np.allclose(both.plan_errors, one.plan_errors, rtol=1e-9)
    plans = 230 if sampling == "gaussian" else 1
    assert bulk.queries == {"rows": 230, "fit": 200 * plans, "fidelity": 60 * plans}
    assert net.rows == 230 + 260 * plans
    assert str(bulk[117]) == str(one[117]).replace("\nqueries:" + str(one).split("queries:")[1], "")


def test_missing_values_strings_and_regression_come_back(tmp_path: Path) -> None:
    table = {
        "age": np.where(RNG.random(130) < 0.2, np.nan, RNG.normal(size=130)),
        "sex": RNG.choice(["f", "m"], 130),
    }

    def model(rows: dict[str, np.ndarray]) -> np.ndarray:
        return np.nan_to_num(rows["age"]) + 3.0 * (rows["sex"] == "m")

    domain = Domain.infer(table)
    box = wrap(model, task="regression")
    for format in ("parquet", "npz"):
        folder = tmp_path / format
        names = [f"person {i}" for i in range(130)]
        bulk = explain_to(
            box,
            table,
            folder,
            domain=domain,
            format=format,
            index=names,
            options=SMALL,
            fidelity=50,
        )
        one = explain(box, table, domain=domain, options=SMALL, fidelity=50)
        assert np.array_equal(bulk[3:40].rows, one.rows[3:40], equal_nan=True)
        assert np.array_equal(bulk[:].coef, one.coef)
        assert bulk[7].index == "person 7"
        assert bulk.classes is None
        assert "coef.value.sex" in bulk.to_frame(blocks=["coef"]).columns


def test_what_is_settled_by_asking_is_settled_once_for_all_shards(tmp_path: Path) -> None:
    options = {"width": "auto", "sampling": "discretised", **SMALL}
    bulk = shards(tmp_path, options=options)
    one = explain(Net(), X, data=DATA, fidelity=60, options=options)
    assert np.array_equal(bulk[:].coef, one.coef)
    assert bulk.settings["width"] == one.settings["width"]
    assert bulk.notes == one.notes
    assert bulk.queries["width"] == one.queries.purposes["width"]


def test_float32_halves_what_was_found_and_keeps_the_rows(tmp_path: Path) -> None:
    bulk = shards(tmp_path, dtype="float32")
    one = explain(Net(), X, data=DATA, fidelity=60, options=SMALL)
    assert bulk.coef.dtype == np.float32
    assert np.array_equal(bulk.coef, one.coef.astype(np.float32))
    assert np.array_equal(bulk.block("x"), one.rows)
    assert bulk.block("se").dtype == np.float32


def test_a_job_that_is_whole_asks_nothing_again(tmp_path: Path) -> None:
    shards(tmp_path)
    before = {p.name: p.read_bytes() for p in tmp_path.iterdir()}
    again = Net()
    bulk = shards(tmp_path, again)
    assert (again.calls, len(bulk)) == (0, 230)
    assert {p.name: p.read_bytes() for p in tmp_path.iterdir()} == before


def test_a_missing_shard_alone_is_made_again_and_equal(tmp_path: Path) -> None:
    shards(tmp_path)
    content = (tmp_path / "shard-000001.parquet").read_bytes()
    (tmp_path / "shard-000001.parquet").unlink()
    assert len(read_explanations(tmp_path)) == 130
    net = Net()
    bulk = shards(tmp_path, net)
    assert net.rows == 100 + 260  # its rows, and the shared plan
    assert (tmp_path / "shard-000001.parquet").read_bytes() == content
    assert len(bulk) == 230


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_what_ends_a_job_leaves_whole_shards(tmp_path: Path, error: type[BaseException]) -> None:
    whole = shards(tmp_path / "whole")
    folder = tmp_path / "ended"
    ended = Net(stop_at=3, error=error)
    if error is KeyboardInterrupt:
        bulk = shards(folder, ended)
    else:
        with pytest.raises(Exception, match="RuntimeError"):
            shards(folder, ended)
        bulk = read_explanations(folder)
    kept = len(bulk)
    assert kept in (100, 200)
    assert bulk.interrupted
    assert f"{kept} of 230 rows" in str(bulk)
    assert not list(folder.glob(".*"))
    bulk = shards(folder)
    assert not bulk.interrupted
    assert np.array_equal(bulk.coef, whole.coef)


def test_a_file_half_written_does_not_count(tmp_path: Path, monkeypatch: Any) -> None:
    from surrogate.bulk import formats

    wrote = formats.Parquet.write

    def dies(self: Any, path: Path, *given: Any, **named: Any) -> None:
        wrote(self, path, *given, **named)
        if "000001" in path.name:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(formats.Parquet, "write", dies)
    with pytest.raises(OSError, match="No space"):
        shards(tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == [
        "manifest.json",
        "shard-000000.json",
        "shard-000000.parquet",
    ]
    monkeypatch.undo()
    assert len(shards(tmp_path)) == 230


def test_ctrl_c_before_the_first_shard_is_raised(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        shards(tmp_path, Net(stop_at=1))
    with pytest.raises(InputError, match=r"holds no manifest\.json"):
        read_explanations(tmp_path)


def test_a_budget_too_small_is_refused_before_the_first_query(tmp_path: Path) -> None:
    net = Net()
    with pytest.raises(BudgetTooSmall, match="490"):
        shards(tmp_path, net, budget=400)
    assert net.calls == 0
    assert len(shards(tmp_path, net, budget=490)) == 230


@pytest.mark.parametrize("ends_at", [0, 1])
def test_a_budget_that_ends_on_the_way_leaves_whole_shards(
    tmp_path: Path, monkeypatch: Any, ends_at: int
) -> None:
    from surrogate import _explain_to

    made = _explain_to.explain_chunks

    def spent(*given: Any, **named: Any) -> Any:
        for i, chunk in enumerate(made(*given, **named)):
            if i == ends_at:
                raise BudgetSpent("The budget of 9 requests was spent.")
            yield chunk

    monkeypatch.setattr(_explain_to, "explain_chunks", spent)
    if ends_at == 0:
        with pytest.raises(BudgetSpent, match="9 requests"):
            shards(tmp_path)
    else:
        assert [len(shards(tmp_path)) for _ in range(3)] == [100, 200, 230]


def test_a_plan_that_was_cut_short_makes_no_shard(tmp_path: Path, monkeypatch: Any) -> None:
    from surrogate import _explain_to

    made = _explain_to.explain_chunks

    def curtailed(*given: Any, **named: Any) -> Any:
        for chunk in made(*given, **named):
            yield replace(chunk, result=replace(chunk.result, interrupted=True))

    monkeypatch.setattr(_explain_to, "explain_chunks", curtailed)
    with pytest.raises(KeyboardInterrupt, match="before the first shard was whole"):
        shards(tmp_path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 1}, "seed: 0 there, 1 now"),
        ({"options": {"n_samples": 400}}, "options"),
        ({"fidelity": 70}, "fidelity: 60 there, 70 now"),
        ({"rows_at_once": 50}, "rows at once: 100 there, 50 now"),
        ({"dtype": "float32"}, "dtype"),
        ({"format": "npz"}, "format: 'parquet' there, 'npz' now"),
        ({"data": DATA[:200]}, "reference rows: 300 there, 200 now; reference sha256"),
        ({"index": list(range(1, 231))}, "index sha256"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_another_job_is_refused_by_what_differs(
    tmp_path: Path, change: dict[str, Any], said: str
) -> None:
    shards(tmp_path)
    net = Net()
    with pytest.raises(InputError) as caught:
        shards(tmp_path, net, **change)
    assert said in str(caught.value)
    assert net.calls == 0


def test_other_rows_are_refused(tmp_path: Path) -> None:
    shards(tmp_path)
    with pytest.raises(InputError, match="differs in X sha256"):
        explain_to(Net(), X + 1, tmp_path, data=DATA, rows_at_once=100, fidelity=60, options=SMALL)


def test_rows_are_read_one_by_one_in_spans_and_in_chunks(tmp_path: Path) -> None:
    bulk = shards(tmp_path)
    whole = bulk[:]
    assert bulk[-1].index == 229
    assert np.array_equal(bulk[105].coef, whole.coef[105])
    assert np.array_equal(bulk[95:215].coef, whole.coef[95:215])
    assert [len(chunk) for chunk in bulk.chunks()] == [100, 100, 30]
    assert [one.index for one in bulk][::50] == [0, 50, 100, 150, 200]
    assert bulk.block("fidelity").shape == (230, 2, 3)
    with pytest.raises(IndexError, match="row 230 of 230"):
        bulk[230]
    with pytest.raises(OptionError, match=r"\[a:b\]"):
        bulk[::2]
    with pytest.raises(OptionError, match="no block 'slope'; there are: index, x, coef"):
        bulk.block("slope")


def test_other_readers_read_the_files(tmp_path: Path) -> None:
    import pandas as pd
    import pyarrow.parquet as pq

    bulk = shards(tmp_path)
    frame = pd.read_parquet(sorted(tmp_path.glob("*.parquet")))
    assert np.array_equal(frame["coef.1.x0"], bulk[:].coef[:, 1, 0])
    assert {"index", "se.0.x2", "fidelity.1.low", "error.0", "ess", "flags"} <= set(frame.columns)
    said = json.loads(pq.read_schema(tmp_path / "shard-000000.parquet").metadata[b"surrogate"])
    assert said["job"]["seed"] == 0
    table = bulk.dataset().to_table(columns=["coef.1.x0"])
    assert table.num_rows == 230
    numbers = [name for name in frame.columns if name != "flags"]
    assert bulk.to_frame()[numbers].equals(frame.reset_index(drop=True)[numbers])


def test_undefined_is_null_in_parquet(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    def flat(rows: np.ndarray) -> np.ndarray:
        return np.full(len(rows), 0.25)

    box = wrap(flat, task="regression")
    bulk = explain_to(box, X, tmp_path, data=DATA, options=SMALL, fidelity=50)
    column = pq.read_table(tmp_path / "shard-000000.parquet").column("fidelity.value.value")
    assert column.null_count == 230
    assert bulk[0].fidelity[0].value is None
    assert "undefined" in str(bulk.summary())


def test_a_summary_is_that_of_all_rows_and_reads_no_shard(tmp_path: Path) -> None:
    bulk = shards(tmp_path)
    one = explain(Net(), X, data=DATA, fidelity=60, options=SMALL)
    for path in tmp_path.glob("*.parquet"):
        path.write_bytes(b"")
    found = bulk.summary()
    whole = one.summary()
    assert (found.figures.n, found.flagged) == (230, sum(map(bool, one.flags)))
    for name in ("mean", "size", "positive", "plan_errors", "row_errors"):
        assert np.allclose(getattr(found.figures, name), getattr(whole, name), rtol=1e-9)
    assert np.allclose(found.figures.half("mean"), whole.half("mean"), rtol=1e-9)
    known = np.isfinite(one.fidelity.low)
    assert found.measured.tolist() == known.sum(axis=0).tolist()
    means = np.mean(one.fidelity.value, axis=0, where=known)
    assert np.allclose(found.fidelity[:, 0], means)
    frame = found.to_frame()
    assert len(frame) == 6
    assert {"mean_plan_se", "mean_low", "fidelity_low", "fidelity_high"} <= set(frame.columns)


def test_a_changed_shard_is_found(tmp_path: Path) -> None:
    bulk = shards(tmp_path)
    bulk.verify()
    path = tmp_path / "shard-000002.parquet"
    content = bytearray(path.read_bytes())
    content[200] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match=r"not as they were written: shard-000002\.parquet\."):
        read_explanations(tmp_path).verify()


def test_progress_counts_the_rows_of_all_shards(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    shards(tmp_path, on_progress=lambda done, planned, _: told.append((done, planned)))
    assert told[-1] == (490, 490)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert {planned for _, planned in told} == {490}


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    net = Net()
    quote = shards(tmp_path / "new", net, dry_run=True)
    assert quote.rows == 490
    assert net.calls == 0
    assert not (tmp_path / "new").exists()


def test_wrong_jobs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="`rows_at_once` parameter of explain_to"):
        shards(tmp_path, rows_at_once=0)
    with pytest.raises(OptionError, match="'parquet', 'npz'"):
        shards(tmp_path, format="csv")
    with pytest.raises(OptionError, match="'cart' explains the whole model: use distill"):
        shards(tmp_path, method="cart")
    with pytest.raises(OptionError, match="images and texts with explain"):
        shards(tmp_path, domain=Images())
    with pytest.raises(DataError, match="each of the 230 rows of `X`; got 2"):
        shards(tmp_path, index=["a", "b"])
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file"):
        shards(tmp_path / "file")


def test_picks_as_from_memory(tmp_path: Path) -> None:
    bulk = shards(tmp_path)
    one = explain(Net(), X, data=DATA, fidelity=60, options=SMALL)
    assert bulk.pick(2).positions == one.pick(2).positions
    with pytest.raises(OptionError, match="`top` parameter of pick"):
        bulk.pick(2, top=0)


def test_kernel_shap_goes_into_shards(tmp_path: Path) -> None:
    job: dict[str, Any] = {"method": "kernel_shap", "options": {"background": 10}}
    quote = shards(tmp_path, dry_run=True, **job)
    net = Net()
    bulk = shards(tmp_path, net, budget=quote.rows, **job)
    assert net.rows <= quote.rows
    one = explain(Net(), X, data=DATA, fidelity=60, **job)
    # three features: all coalitions are asked, so that values are exact and no plan is shared
    assert np.allclose(bulk[:].coef, one.coef, rtol=0, atol=1e-12)
    assert np.array_equal(bulk.coef.argmax(axis=2), one.coef.argmax(axis=2))
