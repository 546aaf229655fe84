"""The arguments of every command, with their help."""

from __future__ import annotations

import argparse
import textwrap
from functools import partial
from typing import Any, get_args

from surrogate.cli import parser_compare, parser_groups, parser_remote, parser_results
from surrogate.cli.parser_remote import names, pair
from surrogate.types import Kind, Output, Task

__all__ = ["build"]

ROWS = "rows of DATA to explain, counted from 0: 4, 0:5 or 1,4,7"

EPILOG = """\
exit codes:
  0    done
  1    the model or the data are wrong; verify: the result is not what was written
  2    the command or an option is wrong
  3    the budget does not suffice
  4    fidelity is below --min-fidelity
  130  interrupted (Ctrl-C); what there is, is printed and marked
"""

EXPLAIN = """\
Explain single rows: which features pull the model's answer where, around each row.
"""
EXPLAIN_EXAMPLES = """\
examples:
  surrogate explain model.onnx people.csv --target income --rows 0:3
  surrogate explain model.onnx people.csv --rows 17 --option n_features=5 --json -
  surrogate explain forest.joblib people.csv --unpickle --seed 7
  surrogate explain model.onnx people.csv --stability 4 --pick 5 --summary
  surrogate explain model.onnx people.csv --rows 0:50 --widths auto
  surrogate explain model.onnx millions.csv --out explained/ --rows-at-once 50000
  surrogate explain https://models.example/v1/models/credit people.csv --budget 20000 \\
      --header "Authorization=Bearer ENV:CREDIT_KEY" --ledger credit.ledger
"""

DISTILL = """\
Say the whole model in one tree or a few rules, and measure how often they agree.
"""
DISTILL_EXAMPLES = """\
examples:
  surrogate distill model.onnx people.csv --target income --option max_leaves=8
  surrogate distill scorer.py:predict people.csv --task regression --test later.csv
  surrogate distill model.onnx people.csv --budget 20000 --json tree.json
  surrogate distill model.onnx people.csv --export tree.sql --export tree.png
  surrogate distill credit.toml people.csv --budget-money 5 --dry-run
"""

AUDIT = """\
Distil the model, explain a few rows, prove how far to trust it, and write a report.
"""
AUDIT_EXAMPLES = """\
examples:
  surrogate audit model.onnx people.csv --target income --report report.html
  surrogate audit model.onnx people.csv --preprocess scaling.py:prepare --protected sex
  surrogate audit model.onnx people.csv --protected sex --groups sex,race --favourable granted
  surrogate audit model.onnx people.csv --target-fidelity .95 --budget 50000 --json audit.json
  surrogate audit credit.toml people.csv --budget-money 20 --ledger credit.ledger
  surrogate audit credit.toml people.csv --ledger credit.ledger --offline --report again.html
"""

METHODS = """\
List the methods that --method takes, and the options of each.
"""
METHODS_EXAMPLES = """\
examples:
  surrogate methods
  surrogate methods lime
"""


def build() -> argparse.ArgumentParser:
    """The parser of the whole command line."""
    parser = argparse.ArgumentParser(
        prog="surrogate",
        description="Explain, audit and compare models that can only be asked, "
        "and prove how far each explanation may be trusted.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action=_Version, help="print the version and leave")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)

    explain = _command(commands, "explain", EXPLAIN, examples=EXPLAIN_EXAMPLES)
    _model(explain)
    _data(explain)
    work = _work(explain, method="lime")
    work.add_argument(
        "--rows", metavar="ROWS", help=f"{ROWS} (0:5; with --out, --pick, --summary all)"
    )
    _trust(work)
    results = _results(explain)
    parser_results.markdown(results)
    _shards(results)

    distill = _command(commands, "distill", DISTILL, examples=DISTILL_EXAMPLES)
    _model(distill)
    _test(_data(distill))
    _stability(_work(distill, method="cart"))
    results = _results(distill)
    parser_results.markdown(results)
    parser_results.bound(results)
    _exports(results)

    audit = _command(commands, "audit", AUDIT, examples=AUDIT_EXAMPLES)
    _model(audit)
    _test(_data(audit))
    work = _work(audit, method=None)
    _stability(work)
    work.add_argument("--rows", metavar="ROWS", help=f"{ROWS} (a few that cover the table)")
    work.add_argument(
        "--pick",
        type=int,
        metavar="N",
        help="instead of --rows: explain the N held-out rows that together show most",
    )
    work.add_argument(
        "--target-fidelity",
        type=float,
        metavar="F",
        help="ask until an agreement of at least F, such as .95, is met or not met",
    )
    parser_groups.add_groups(audit)
    results = _results(audit)
    parser_results.markdown(results)
    parser_results.bound(results)
    results.add_argument(
        "--report",
        metavar="FILE",
        help="write the whole report as one HTML page that needs no net, and its JSON beside it",
    )
    results.add_argument(
        "--evidence",
        choices=("rows", "answers", "none"),
        help="what the JSON keeps for `surrogate verify`: rows with their answers (rows); the "
        "answers alone, where rows must not be filed; nothing",
    )

    compare = _command(
        commands,
        "compare",
        parser_compare.COMPARE,
        examples=parser_compare.EXAMPLES,
        usage=parser_compare.USAGE,
    )
    parser_compare.models(compare)
    _test(_data(compare))
    parser_compare.work(_work(compare, method=None))
    _loading(compare.add_argument_group("loading models", "the same for all of them"))
    parser_remote.endpoint(compare)
    results = _results(compare)
    parser_results.markdown(results)
    parser_results.bound(results)
    parser_compare.results(results)

    parser_results.add_verify(partial(_command, commands))

    methods = _command(commands, "methods", METHODS, examples=METHODS_EXAMPLES, usage="[NAME]")
    methods.add_argument("name", metavar="NAME", nargs="?", help="show the options of this one")
    methods.add_argument("--json", metavar="FILE", help="write all as JSON to FILE; - prints it")

    parser_remote.add_probe(partial(_command, commands))
    parser_remote.add_ledger(partial(_command, commands))
    return parser


def _command(
    commands: Any, name: str, description: str, *, examples: str, usage: str = "MODEL DATA"
) -> argparse.ArgumentParser:
    """Add one command, with what every command takes."""
    command: argparse.ArgumentParser = commands.add_parser(
        name,
        usage=f"surrogate {name} {usage} [options]",
        help=textwrap.shorten(description, 100),
        description=description,
        epilog=f"{examples}\n{EPILOG}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    command.add_argument("--debug", action="store_true", help="show where an error comes from")
    command.set_defaults(run=_Run(name))
    return command


def _model(command: argparse.ArgumentParser) -> None:
    """Add what says which model is asked, and how."""
    group = command.add_argument_group("model")
    group.add_argument(
        "model",
        metavar="MODEL",
        help="a .onnx file, a URL, a .toml file that declares an endpoint, file.py:name or a "
        "pickled file",
    )
    _loading(group)
    parser_remote.endpoint(command)


def _loading(group: argparse._ArgumentGroup) -> None:
    """Add what says how a model is loaded, and what its answers are."""
    group.add_argument(
        "--unpickle",
        action="store_true",
        help="load .joblib, .pkl and .pt, which may run any code in them: only if you trust them",
    )
    group.add_argument(
        "--preprocess",
        metavar="FILE.py:NAME",
        help="function from rows as in DATA to what the model takes (scaling, one-hot)",
    )
    group.add_argument("--task", choices=get_args(Task), help="what the model does")
    group.add_argument(
        "--output-kind", choices=get_args(Output), help="what an answer of the model is"
    )
    group.add_argument(
        "--classes", type=names, metavar="A,B", help="names of the classes in column order"
    )
    group.add_argument(
        "--columns", type=names, metavar="A,B", help="columns that the model takes, in its order"
    )
    group.add_argument(
        "--threshold",
        type=float,
        metavar="P",
        help="two classes: decide for the second where its probability is over P",
    )


def _data(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add what says what a row is."""
    group = command.add_argument_group("data")
    group.add_argument(
        "data", metavar="DATA", help="table of real rows: .csv or .tsv with a header"
    )
    group.add_argument(
        "--target",
        metavar="COLUMN",
        help="column with the true outcome, which the model never sees",
    )
    group.add_argument(
        "--drop", metavar="COLUMN", action="append", default=[], help="leave a column out"
    )
    group.add_argument(
        "--kind",
        metavar="COLUMN=KIND",
        action="append",
        default=[],
        type=pair,
        help=f"kind of a column, if not what it looks like: {', '.join(get_args(Kind))}",
    )
    group.add_argument(
        "--protected",
        metavar="COLUMN",
        action="append",
        default=[],
        help="a protected attribute, such as sex",
    )
    return group


def _work(command: argparse.ArgumentParser, *, method: str | None) -> argparse._ArgumentGroup:
    """Add what says how the work is done."""
    group = command.add_argument_group("work")
    if method is None:
        group.add_argument(
            "--method",
            metavar="NAME",
            action="append",
            help="a method of `surrogate methods`; give it again for more (cart and lime)",
        )
    else:
        group.add_argument(
            "--method",
            metavar="NAME",
            default=method,
            help=f"a method of `surrogate methods` ({method})",
        )
    group.add_argument(
        "--option",
        metavar="KEY=VALUE",
        action="append",
        default=[],
        type=pair,
        help="a parameter of the method, such as max_leaves=8 (audit: also cart.max_leaves=8)",
    )
    group.add_argument(
        "--fidelity",
        type=int,
        metavar="N",
        help="fresh rows to measure on (1000 around a row, 2000 for a model)",
    )
    group.add_argument("--seed", type=int, default=0, metavar="N", help="seed of every draw (0)")
    parser_remote.spending(command.add_argument_group("cost"))
    return group


def _test(group: argparse._ArgumentGroup) -> None:
    """Add the table to measure on."""
    group.add_argument(
        "--test",
        metavar="FILE",
        help="rows to measure on (30 %% of DATA, drawn by seed and kept out of fitting)",
    )


def _trust(group: argparse._ArgumentGroup) -> None:
    """Add what shows how far explanations of single rows may be trusted, and which to read."""
    group.add_argument(
        "--stability",
        type=int,
        metavar="N",
        help="fit again under N other seeds, and show what of each explanation stays (0)",
    )
    group.add_argument(
        "--widths",
        type=widths,
        metavar="W,W",
        help="explain nothing, and show LIME's fidelity and stability at these kernel widths, or "
        "at nine around the default: auto (to use the one picked: --option width=auto)",
    )
    group.add_argument(
        "--pick",
        type=int,
        metavar="N",
        help="show the N rows whose explanations together show most of what matters",
    )
    group.add_argument(
        "--summary", action="store_true", help="show mean effects over the rows, with intervals"
    )
    group.add_argument(
        "--device", metavar="NAME", help="where to compute: cpu, cuda (as the model)"
    )


def _stability(group: argparse._ArgumentGroup) -> None:
    """Add how often a form is fitted again."""
    group.add_argument(
        "--stability", type=int, metavar="N", help="fit again under N other seeds (4); 0: do not"
    )


def _results(command: argparse.ArgumentParser) -> argparse._ArgumentGroup:
    """Add where results go."""
    group = command.add_argument_group("results")
    group.add_argument(
        "--json", metavar="FILE", help="write the result as JSON; - prints it instead of the table"
    )
    group.add_argument("--quiet", action="store_true", help="no progress and no remarks")
    return group


def _shards(group: argparse._ArgumentGroup) -> None:
    """Add the folder that very many rows are explained into."""
    group.add_argument(
        "--out",
        metavar="FOLDER",
        help="explain into shards in FOLDER (Parquet or npz); the same command goes on",
    )
    group.add_argument(
        "--rows-at-once", type=int, default=10_000, metavar="N", help="rows of a shard (10000)"
    )


def _exports(group: argparse._ArgumentGroup) -> None:
    """Add files that the form itself is written to."""
    group.add_argument(
        "--export",
        metavar="FILE",
        action="append",
        default=[],
        help="write the form as FILE.txt, .md, .json, .py, .sql, .dot, .png, .svg or .pdf; give "
        "it again for more",
    )


def widths(text: str) -> list[float]:
    """Numbers between commas; none for "auto"."""
    if text == "auto":
        return []
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like auto or 0.5,1,2") from None


class _Version(argparse.Action):
    """Print the version, importing nothing before it is wanted."""

    def __init__(self, option_strings: list[str], dest: str, help: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help=help)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        from surrogate import __version__

        print(f"surrogate {__version__}")
        parser.exit()


class _Run:
    """A command that is imported when it runs, so that help stays fast."""

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, given: argparse.Namespace) -> int:
        from surrogate.cli.commands import COMMANDS

        return COMMANDS[self.name](given)
