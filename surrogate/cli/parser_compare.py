"""The parser's parts for ``compare``: several models, what moves their rows, where they go."""

from __future__ import annotations

import argparse

from surrogate.cli.parser_remote import pair

__all__ = ["COMPARE", "EXAMPLES", "USAGE", "models", "results", "work"]

USAGE = "NAME=MODEL NAME=MODEL [NAME=MODEL ...] DATA"
COMPARE = """\
Compare how faithfully several models can be read: the same surrogates, rows and plans for all, on
held-out rows, with noise, under attack and around single rows; and say which differences are real.
"""
EXAMPLES = """\
examples:
  surrogate compare old=old.onnx new=new.onnx people.csv --target income --report compared.html
  surrogate compare natural=a.onnx robust=b.onnx rows.csv --target class --test held_out.csv \\
      --adversarial rows.npz --radius .1 --radius .3
  surrogate compare mine=mine.onnx theirs=theirs.toml people.csv --budget 60000 \\
      --ledger answers/ --dry-run
  surrogate compare a/0=a0.onnx a/1=a1.onnx b/0=b0.onnx b/1=b1.onnx rows.csv --json compared.json
"""


def models(command: argparse.ArgumentParser) -> None:
    """Add the models, each with its name."""
    group = command.add_argument_group(
        "models",
        "each by a name; a NAME/0, NAME/1, ... are nets of one recipe, trained under several seeds",
    )
    group.add_argument(
        "models",
        metavar="NAME=MODEL",
        nargs="+",
        type=pair,
        help="a .onnx file, a URL, a .toml file that declares an endpoint, file.py:name or a "
        "pickled file",
    )
    group.add_argument(
        "--gradients",
        metavar="NAME=FILE",
        action="append",
        default=[],
        type=pair,
        help="the same net as a torch module, file.py:name or a pickled file, where the model "
        "shows no gradients",
    )


def work(group: argparse._ArgumentGroup) -> None:
    """Add what moves rows, and how much is measured."""
    group.add_argument(
        "--attack",
        metavar="NAME",
        action="append",
        help="an attack: fgsm, pgd, square, hopskipjump, ...; give it again for more, or none "
        "(those that the models allow)",
    )
    group.add_argument(
        "--radius",
        metavar="R",
        action="append",
        type=float,
        help="of noise and attacks, in standard deviations of each column, or in ranges where all "
        "columns have the same bounds; give it again for more (.1, .25 and .5)",
    )
    group.add_argument(
        "--adversarial", metavar="FILE", help="adversarial rows that were made before (.npz)"
    )
    group.add_argument(
        "--attacked",
        type=int,
        metavar="N",
        help="rows that an attack starts from (500; 50 where it asks for every step)",
    )
    group.add_argument(
        "--immutable",
        metavar="COLUMN",
        action="append",
        default=[],
        help="a column that neither noise nor an attack moves",
    )
    group.add_argument(
        "--trained",
        metavar="NAME=R",
        action="append",
        default=[],
        type=pair,
        help="the radius that a model was trained against, which pictures mark",
    )
    group.add_argument(
        "--stability", type=int, metavar="N", help="fit again under N other seeds (2); 0: do not"
    )
    group.add_argument("--local-rows", type=int, metavar="N", help="rows that lime explains (20)")
    group.add_argument(
        "--widths", type=numbers, metavar="W,W", help="kernel widths of lime (five around its own)"
    )


def results(group: argparse._ArgumentGroup) -> None:
    """Add the report."""
    group.add_argument(
        "--report", metavar="FILE", help="write the comparison as one HTML page that needs no net"
    )


def numbers(text: str) -> list[float]:
    """Numbers between commas."""
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not like 0.5,1,2") from None
