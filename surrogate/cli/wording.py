"""What messages tell a Python caller to write, in the words of the command line."""

from __future__ import annotations

import re

__all__ = ["for_command_line"]

_SAID = (
    (r"\bwith wrap\(model, classes=\[\.\.\.\]\)", "with --classes A,B"),
    (r"\bwith classes=", "with --classes A,B"),
    (r"\btask='(\w+)'", r"--task \1"),
    (r"\boutput='(\w+)'", r"--output-kind \1"),
    (r"--output-kind labels, '(\w+)', '(\w+)' or '(\w+)'", r"--output-kind labels, \1, \2 or \3"),
    (r"\bkinds=\{'([^']+)': '(\w+)'\}", r"--kind \1=\2"),
    (r"`(preprocess|threshold|test|groups|rows|favourable|reference)`", r"--\1"),
    (r"`changes`", "--change"),
    (r"`y`", "--target"),
    (r"`data`", "DATA"),
    (r"Give the columns' names as header=.*", "Write a first line that names the columns."),
    (r"The `methods` of audit", "--method"),
    (r"The `(seed|fidelity|stability|budget|flips)` parameter of \w+", r"--\1"),
    (r"The `target_fidelity` parameter of \w+", "--target-fidelity"),
)


def for_command_line(text: str) -> str:
    """A message with options as they are written on the command line.

    Examples
    --------
    >>> from surrogate.cli.wording import for_command_line
    >>> for_command_line("say task='classification', or name every class with classes=.")
    'say --task classification, or name every class with --classes A,B.'
    """
    for pattern, words in _SAID:
        text = re.sub(pattern, words, text)
    return text
