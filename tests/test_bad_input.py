"""Bad rows and bad models at every door, the command line too: what, where, and what to do."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from surrogate import audit, distill, explain, wrap
from surrogate.cli import main
from surrogate.domain import Domain
from surrogate.errors import AnswerError, DataError, ModelError, SurrogateError

from doors import AUDIT, DISTILL, EXPLAIN, numbers, people, probability, says

pd = pytest.importorskip("pandas")

Door = Callable[[Any, Any], Any]


def few(data: Any) -> Any:
    """The first three rows of anything."""
    if isinstance(data, dict):
        return {name: column[:3] for name, column in data.items()}
    return data[:3] if hasattr(data, "__getitem__") else data


DOORS: dict[str, Door] = {
    "distill": lambda model, data: distill(model, data, **DISTILL),
    "audit": lambda model, data: audit(model, data, **AUDIT),
    "explain": lambda model, data: explain(model, few(data), data=data, **EXPLAIN),
    "explain by itself": lambda model, data: explain(model, data, **EXPLAIN),
}
at_every_door = pytest.mark.parametrize("door", DOORS)


def with_cell(column: str, row: int, cell: Any) -> dict[str, np.ndarray]:
    """People, one cell of them changed."""
    data = people()
    data[column] = data[column].astype(object)
    data[column][row] = cell
    return data


# ---- rows ----

ROWS: dict[str, tuple[Any, str]] = {
    "no rows": (numbers(0), r"(data|X) is empty: it has 0 sample\(s\) \(shape=\(0, 3\)\) while a"),
    "no columns": (np.empty((20, 0)), r"is empty: it has 0 feature\(s\) \(shape=\(20, 0\)\)"),
    "1-D": (numbers()[:, 0], r"Expected 2D array, got 1D array instead, of shape \(150,\)\. Resh"),
    "3-D": (numbers()[:, :, None], r"must be 2-D, one row per sample; got shape \(150, 3, 1\)"),
    "a path": ("table.csv", "must be a 2-D array, a DataFrame, or a mapping .*; got 'table.csv'"),
    "duplicate names": (
        pd.DataFrame(numbers(), columns=["a", "b", "a"]),
        "has a column more than once: 'a'. Rename or drop them",
    ),
    "names of two levels": (
        pd.DataFrame(numbers(), columns=pd.MultiIndex.from_product([["a"], [1, 2, 3]])),
        r"columns of several levels, such as \('a', 1\); join each into one",
    ),
    "ragged": (
        {"a": np.arange(60.0), "b": np.arange(59.0)},
        "ragged: its columns have lengths {'a': 60, 'b': 59}",
    ),
    "a string among numbers": (
        with_cell("income", 7, "much"),
        "Column 'income' mixes numbers and strings: row 7 holds 'much'.* Mend the value or",
    ),
    "strings among numbers written as strings": (
        {**people(), "income": np.array([*(f"{x}" for x in people()["income"][1:]), "much"])},
        "Column 'income' mixes numbers and strings: row 149 holds 'much', most others numbers",
    ),
    "numbers written as strings": (
        {**people(), "income": people()["income"].astype(str)},
        "'income' holds numbers written as strings, such as .* Turn them into numbers",
    ),
    "infinite": (
        np.where(np.arange(450).reshape(150, 3) == 4, np.inf, numbers()),
        "column 'x1' row 1 is infinite .* Put a large finite number",
    ),
    "too large": (numbers() * 1e200, r"'x0' row 0 holds .*\(numbers to 1e\+150\); scale the colu"),
    "an empty column": (
        np.column_stack([numbers(), np.full(150, np.nan)]),
        "Column 'x3' has no value in any row. Drop it",
    ),
    "dates": (
        pd.DataFrame({"day": pd.date_range("2024-01-01", periods=150), "x": numbers()[:, 0]}),
        "column 'day' holds dates or times .* Give it as a number, such as days since",
    ),
    "past 2**53": (
        np.arange(150)[:, None] * 2 + 2**60,
        r"past the 2\*\*53 that float64 can tell apart. Drop the column if it is an identifier",
    ),
    "all equal": (np.tile(numbers(1), (150, 1)), "All 150 rows of `(data|X)` are equal, .* give r"),
}


@at_every_door
@pytest.mark.parametrize("case", ROWS)
def test_rows(door: str, case: str) -> None:
    data, said = ROWS[case]
    with pytest.raises(DataError, match=said):
        DOORS[door](probability, data)


OTHER_ROWS: dict[str, tuple[Any, str]] = {
    "too narrow": (numbers()[:, :2], "has 2 features, but Domain is expecting 3 features as inpu"),
    "too wide": (np.hstack([numbers(), numbers()]), "has 6 features, but .* expecting 3 features"),
    "a missing value": (
        np.where(np.arange(450).reshape(150, 3) == 4, np.nan, numbers()),
        r"column 'x1' row 1 is missing \(NaN\), 1 in all, .* Fill or drop .* declare missing=\['x1",
    ),
    "a missing column": (
        pd.DataFrame(numbers()[:, :2], columns=["x0", "x1"]),
        "lacks the column 'x2'. It has: 'x0', 'x1'",
    ),
    "an unknown column": (
        pd.DataFrame(np.hstack([numbers(), numbers(150, 1)]), columns=["x0", "x1", "x2", "x_3"]),
        "has the unknown column 'x_3'.* Drop what is not a feature",
    ),
    "a misspelt column": (
        pd.DataFrame(numbers(), columns=["x0", "x1", "x_2"]),
        "lacks the column 'x2'; is it what you call 'x_2'",
    ),
}


@pytest.mark.parametrize("case", OTHER_ROWS)
def test_rows_unlike_the_data(case: str) -> None:
    other, said = OTHER_ROWS[case]
    for where, door in {
        "X": lambda: explain(probability, other, data=numbers(), **EXPLAIN),
        "test": lambda: distill(probability, numbers(), test=other, **DISTILL),
        "data": lambda: audit(probability, other, domain=Domain.infer(numbers()), **AUDIT),
    }.items():
        with pytest.raises(DataError, match=f"^{where} .*{said}"):
            door()


def test_an_unknown_category() -> None:
    rows = {name: column[:3].copy() for name, column in people().items()}
    rows["job"][1] = "smiht"
    said = "X column 'job' row 1 holds the unknown category 'smiht'; did you mean 'smith'"
    with pytest.raises(DataError, match=said):
        explain(says, rows, data=people(), **EXPLAIN)


# ---- models ----


def fails_on_missing(rows: np.ndarray) -> np.ndarray:
    if np.isnan(rows).any():
        raise ValueError("Input X contains NaN.\nand much more")
    return probability(rows)


def changes_its_rows(rows: np.ndarray) -> np.ndarray:
    rows -= rows.mean(axis=0)
    return probability(rows)


def ends_the_process(rows: np.ndarray) -> np.ndarray:
    raise SystemExit(3)


HOLES = np.where(np.arange(450).reshape(150, 3) % 7 == 4, np.nan, numbers())

MODELS: dict[str, tuple[Any, Any, type[SurrogateError], str]] = {
    "raises": (
        lambda rows: {}["weights"],
        numbers(),
        ModelError,
        r"lambda function raised KeyError: 'weights' \(while answering rows 0 to \d+\)",
    ),
    "raises where values are missing": (
        fails_on_missing,
        HOLES,
        ModelError,
        r"raised ValueError: Input X contains NaN\. .*hold missing values, in 'x0', 'x1', 'x2': do"
        "es the model take them.* fill them in `preprocess`",
    ),
    "ends the process": (ends_the_process, numbers(), ModelError, "raised SystemExit: 3"),
    "changes its rows": (
        changes_its_rows,
        numbers(),
        ModelError,
        r"changed the rows that it was given in place, .* work on a copy \(rows = rows.copy\(\)",
    ),
    "too few answers": (
        lambda rows: probability(rows)[1:],
        numbers(),
        AnswerError,
        r"answered an array of shape \(\d+, 2\) to \d+ rows; .* one answer for each row in the ord",
    ),
    "transposed": (
        lambda rows: probability(rows).T,
        numbers(),
        AnswerError,
        r"answered an array of shape \(2, \d+\) .* It looks transposed",
    ),
    "three axes": (
        lambda rows: probability(rows)[:, :, None],
        numbers(),
        AnswerError,
        "Pick or average the other axes in the function that answers",
    ),
    "nothing": (lambda rows: None, numbers(), AnswerError, "answered NoneType, which is no array"),
    "one word": (lambda rows: "yes", numbers(), AnswerError, "answered str, which is no array"),
    "NaN": (
        lambda rows: np.where(rows[:, 0] > 0.5, np.nan, 3 * rows[:, 0]),
        numbers(),
        AnswerError,
        r"answered nan to row \d+; \d+ of \d+ answers are not finite\. .* Row \d+ is x0 = ",
    ),
    "no label": (
        lambda rows: np.where(rows[:, 0] > 0.5, None, "no"),
        numbers(),
        AnswerError,
        r"answered None to row \d+, which is no label; every row must have one. Row \d+ is x0 = ",
    ),
    "unnormalised": (
        lambda rows: 2 * probability(rows),
        numbers(),
        AnswerError,
        r"columns that do not sum to one \(row 0: .*\), which could be several .* say task='class",
    ),
    "said to be probabilities": (
        wrap(lambda rows: probability(rows) * [[1.0, 1.5]], output="probabilities"),
        numbers(),
        AnswerError,
        "answered (probabilities that sum to|the probability) .*'scores'",
    ),
    "one column in [0, 1]": (
        lambda rows: probability(rows)[:, 1],
        numbers(),
        AnswerError,
        r"one column of numbers between 0 and 1 \(row 0: .* say task='classification' or task='reg",
    ),
    "whole numbers": (
        lambda rows: (rows[:, 0] > 0).astype(int),
        numbers(),
        AnswerError,
        r"whole numbers \(row 0: \d\), which could be several things; say task=",
    ),
    "too many columns": (
        wrap(probability, classes=["a", "b", "c"]),
        numbers(),
        AnswerError,
        r"answered 2 columns for 3 classes \('a', 'b', 'c'\); one for each class is needed",
    ),
    "undeclared labels": (
        wrap(lambda rows: np.where(rows[:, 0] > 0, "yes", "no"), classes=["yes", "maybe"]),
        numbers(),
        AnswerError,
        r"label 'no' to row \d+, which is none of the classes declared \('yes', 'maybe'\); name",
    ),
    "one class only": (
        lambda rows: np.full(len(rows), "no"),
        numbers(),
        AnswerError,
        r"one class only, 'no', for all \d+ rows; give rows of other classes too, or say which",
    ),
    "answers too large": (
        lambda rows: 1e200 * rows[:, 0],
        numbers(),
        AnswerError,
        r"answered .*e\+\d+ to row \d+, more than can be squared .* a function that scales its an",
    ),
}


@at_every_door
@pytest.mark.parametrize("case", MODELS)
def test_models(door: str, case: str) -> None:
    model, data, error, said = MODELS[case]
    with pytest.raises(error, match=said):
        DOORS[door](model, data)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        (None, "A NoneType cannot be asked; give a callable, a fitted scikit-learn"),
        (3, "A int cannot be asked"),
        (dict, "dict is a class; give an instance, trained and ready"),
        ("net.pkl", r"net\.pkl is not opened, because loading such a file can run any code"),
        ("net.onnx", r"There is no file net\.onnx"),
    ],
)
@at_every_door
def test_what_is_no_model(door: str, model: Any, said: str) -> None:
    with pytest.raises(SurrogateError, match=said):
        DOORS[door](model, numbers())


# ---- the command line ----

SCORER = """
import numpy as np

def score(rows):
    return np.asarray(rows["x"], float) + np.asarray(rows["y"], float)

def good(rows): return np.where(score(rows) > 0, "yes", "no")
def raises(rows): raise RuntimeError("the weights are gone")
def quits(rows): raise SystemExit(3)
def short(rows): return good(rows)[1:]
def gaps(rows): return np.where(score(rows) > 1, np.nan, 3 * score(rows))
def one(rows): return np.full(len(rows["x"]), "no")
def share(rows): return 1 / (1 + np.exp(-score(rows)))
def loose(rows): return np.column_stack([score(rows), score(rows), score(rows)])
def other(rows): return rows["z"]
def picky(rows):
    if np.isnan(score(rows)).any(): raise ValueError("contains NaN")
    return good(rows)
"""


def table(
    *, head: str = "x,y,sex,truth", change: tuple[int, str] | None = None, n: int = 150
) -> str:
    X = numbers(n, 2)
    lines = [f"{a:.4f},{b:.4f},{'fm'[i % 2]},{'ny'[int(a > 0)]}" for i, (a, b) in enumerate(X)]
    if change is not None:
        lines[change[0]] = change[1]
    return "\n".join([head, *lines]) + "\n"


COMMANDS: dict[str, tuple[str, str, list[str], int, str]] = {
    "strings among numbers": (
        "good",
        table(change=(4, "much,1,f,no")),
        [],
        1,
        "Column 'x' mixes numbers and strings: row 4 holds 'much'.* declare --kind x=categorical",
    ),
    "duplicate names": (
        "good",
        table(head="x,x,sex,truth"),
        [],
        1,
        "more than one column called 'x'",
    ),
    "ragged": ("good", table(change=(4, "1,2")), [], 1, "line 6 has 2 cells where 4 are expected"),
    "empty": ("good", "", [], 1, r"table\.csv is empty"),
    "no rows": ("good", "x,y,sex,truth\n", [], 1, r"table\.csv has a header but no rows"),
    "no header": (
        "good",
        table().partition("\n")[2],
        [],
        1,
        "Write a first line that names the col",
    ),
    "one row": ("good", table(n=1), [], 1, "DATA has one row, and perturbed rows are drawn from"),
    "few rows": ("good", table(n=5), [], 1, "DATA holds 5 rows, too few .* at least 10 rows"),
    "unknown column": (
        "good",
        table(),
        ["--drop", "sexx"],
        1,
        "no column 'sexx'; did you mean 'sex'",
    ),
    "not of the kind": (
        "good",
        table(),
        ["--kind", "sex=integer"],
        1,
        "column 'sex' row 0 holds 'f', but the column is integer",
    ),
    "NaN": (
        "picky",
        table(change=(0, "NA,1,f,no")),
        [],
        1,
        r"contains NaN .*hold missing values, in 'x'.* fill them in --preprocess",
    ),
    "raises": ("raises", table(), [], 1, "raises raised RuntimeError: the weights are gone"),
    "ends the process": ("quits", table(), [], 1, "quits raised SystemExit: 3"),
    "wrong shape": ("short", table(), [], 1, "That is 63 answers to 64 rows"),
    "NaN answered": ("gaps", table(), [], 1, r"gaps answered nan to row \d+; .* Row \d+ is x = "),
    "one class only": (
        "one",
        table(),
        [],
        1,
        "one class only, 'no', .* there are with --classes A,B",
    ),
    "ambiguous": (
        "share",
        table(),
        [],
        1,
        "say --task classification or --task regression, or --o",
    ),
    "unnormalised": ("loose", table(), [], 1, "columns that do not sum to one"),
    "undeclared": ("good", table(), ["--classes", "a,b"], 1, "name every class with --classes A,B"),
    "a column it lacks": ("other", table(), [], 1, "other raised KeyError: 'z'"),
    "wrong outcomes": (
        "good",
        table(),
        ["--target", "sex"],
        1,
        "--target holds .* which the model does not answer",
    ),
    "wrong target": (
        "good",
        table(),
        ["--target-fidelity", "95"],
        2,
        "--target-fidelity must be a",
    ),
    "wrong seed": (
        "good",
        table(),
        ["--seed", "-1"],
        2,
        r"--seed must be an int in \[0, inf\); got",
    ),
}


@pytest.mark.parametrize("case", COMMANDS)
def test_commands(case: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    name, text, more, code, said = COMMANDS[case]
    model, data = tmp_path / "scorer.py", tmp_path / "table.csv"
    model.write_text(SCORER, encoding="utf-8")
    data.write_text(text, encoding="utf-8")
    target = [] if "--target" in more or case == "empty" else ["--target", "truth"]
    small = ["--fidelity", "60", "--stability", "0", "--option", "cart.n_queries=100"]
    assert main(["audit", f"{model}:{name}", str(data), *target, *small, *more]) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert re.search(said, err), err


def test_explained_rows_are_named_as_in_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data = tmp_path / "scorer.py", tmp_path / "table.csv"
    model.write_text(SCORER, encoding="utf-8")
    data.write_text(table(), encoding="utf-8")
    command = ["explain", f"{model}:good", str(data), "--target", "truth", "--fidelity", "60"]
    assert main([*command, "--rows", "17", "--option", "n_samples=200"]) == 0
    assert "row 17, " in capsys.readouterr().out


def test_a_model_that_fails_on_the_way_is_no_ctrl_c(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    model, data = tmp_path / "late.py", tmp_path / "table.csv"
    model.write_text(
        f"{SCORER}\ncalls = []\n"
        "def late(rows):\n"
        "    calls.append(1)\n"
        "    if len(calls) > 5: raise RuntimeError('gone')\n"
        "    return good(rows)\n",
        encoding="utf-8",
    )
    data.write_text(table(), encoding="utf-8")
    small = ["--fidelity", "60", "--stability", "1", "--option", "cart.n_queries=100"]
    assert main(["audit", f"{model}:late", str(data), "--drop", "truth", *small]) == 1
    out, err = capsys.readouterr()
    assert "the model failed (late raised RuntimeError: gone" in " ".join(out.split())
    assert "surrogate: the model failed on the way; the result is what there was by then" in err
