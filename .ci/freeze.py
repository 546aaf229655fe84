"""Print the pins of the environment that runs this, for constraints.txt.

Local labels are cut off (``torch==2.13.0+cpu`` is ``torch==2.13.0``), so that one file serves
every machine; the project itself and pip are left out.
"""

from __future__ import annotations

from importlib.metadata import distributions

LEFT_OUT = {"pip", "wheel", "surrogate-toolkit"}

HEADER = """\
# What the tests ran with (`make constraints` writes it). Use: pip install -c constraints.txt ...
"""


def main() -> None:
    """Print one pin a line, in the order of the names."""
    pins = {
        dist.name.lower().replace("_", "-"): dist.version.partition("+")[0]
        for dist in distributions()
        if dist.name.lower() not in LEFT_OUT
    }
    print(HEADER, end="")
    for name in sorted(pins):
        print(f"{name}=={pins[name]}")


if __name__ == "__main__":
    main()
