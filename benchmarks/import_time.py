"""How long ``import surrogate`` takes beyond NumPy's own import.

Run: python benchmarks/import_time.py [--repeat N]

Each import runs in a fresh interpreter; the two alternate, and the medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

CODE = "import time; t = time.perf_counter(); {}; print(time.perf_counter() - t)"


def seconds(statement: str) -> float:
    """Seconds that one statement takes in a fresh interpreter."""
    command = [sys.executable, "-c", CODE.format(statement)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print both medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=15)
    repeat = parser.parse_args().repeat

    statements = {
        "numpy": "import numpy",
        "surrogate": "import surrogate",
        "numpy, then surrogate": "import numpy, surrogate",
        "surrogate.cli, its parser built": "from surrogate.cli.parser import build; build()",
    }
    for statement in statements.values():
        seconds(statement)  # warm the disk's cache
    runs: dict[str, list[float]] = {name: [] for name in statements}
    for _ in range(repeat):
        for name, statement in statements.items():
            runs[name].append(seconds(statement))

    median = {name: statistics.median(times) for name, times in runs.items()}
    for name, value in median.items():
        ratio = value / median["numpy"]
        print(f"{name:34s} {1e3 * value:7.1f} ms   {ratio:5.2f} times numpy")
    beyond = median["numpy, then surrogate"] - median["numpy"]
    print(f"beyond numpy: {1e3 * beyond:.1f} ms (the house allows 200 ms)")


if __name__ == "__main__":
    main()
