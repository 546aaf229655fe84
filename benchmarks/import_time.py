"""How long ``import surrogate`` takes beyond NumPy's own import.

Run: python benchmarks/import_time.py [--repeat N]

Each import runs in a fresh interpreter; they take turns, and the medians are compared.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys

CODE = "import time; {}; t = time.perf_counter(); {}; print(time.perf_counter() - t)"
IMPORTS = {  # name -> what was imported before, what is timed
    "numpy": ("pass", "import numpy"),
    "surrogate, after numpy": ("import numpy", "import surrogate"),
    "its command line, after numpy": (
        "import numpy",
        "from surrogate.cli.parser import build; build()",
    ),
}


def seconds(before: str, statement: str) -> float:
    """Seconds that one statement takes in a fresh interpreter."""
    command = [sys.executable, "-c", CODE.format(before, statement)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def main() -> None:
    """Print the medians, and their ratios to NumPy's."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeat", type=int, default=15)
    repeat = parser.parse_args().repeat

    for statements in IMPORTS.values():
        seconds(*statements)  # warm the disk's cache
    runs: dict[str, list[float]] = {name: [] for name in IMPORTS}
    for _ in range(repeat):
        for name, statements in IMPORTS.items():
            runs[name].append(seconds(*statements))
    numpy = statistics.median(runs["numpy"])
    for name, times in runs.items():
        median = statistics.median(times)
        print(f"{name:30s} {1e3 * median:7.1f} ms   {median / numpy:5.2f} times numpy")
    print("the house allows surrogate 200 ms")


if __name__ == "__main__":
    main()
