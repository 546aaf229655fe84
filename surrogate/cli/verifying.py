"""The command ``verify``: check a stored result without asking its model."""

from __future__ import annotations

import argparse
import json

__all__ = ["run_verify"]

OK, FAILED = 0, 1


def run_verify(given: argparse.Namespace) -> int:
    """Print what was checked of each file; 1 where anything is wrong with one of them."""
    from surrogate.verifying.verify import verify

    found = {path: verify(path) for path in given.paths}
    if given.json == "-":
        print(json.dumps({path: one.to_dict() for path, one in found.items()}, indent=2))
    else:
        print("\n\n".join(f"{path}: {one}" for path, one in found.items()))
    bare = [path for path, one in found.items() if one.integrity_only]
    if given.recompute and bare:
        print(f"wrong: {', '.join(bare)} keeps no evidence, and --recompute wants it")
        return FAILED
    return OK if all(one.ok for one in found.values()) else FAILED
