from __future__ import annotations

import json

from surrogate.cli import main


def test_active_querying_is_an_option_of_the_command_line(model, table, tmp_path):
    path = tmp_path / "tree.json"
    command = ["distill", model, table, "--drop", "truth", "--fidelity", "50", "--stability", "0"]
    for option in ("querying=active", "n_queries=40", "n_pool=300"):
        command += ["--option", option]
    assert main([*command, "--json", str(path), "--quiet"]) == 0
    found = json.loads(path.read_text())
    assert any("itself answered 40 of the 440 rows" in note for note in found["notes"])
