"""Every benchmark, or those that are named: a line each, and at the end the ratios as JSON.

make bench
"""

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from tests.bench import artifacts, costs, functions, models, overload, pulumi, serving, terraform
from tests.e2e.conftest import Yard, make_project

BENCHES: dict[str, Callable[[Yard, Path], float]] = {
    **terraform.BENCHES,
    **costs.BENCHES,
    **artifacts.BENCHES,
    **functions.BENCHES,
    **models.BENCHES,
    **serving.BENCHES,
    **overload.BENCHES,
    **pulumi.BENCHES,
}
"""Each is given a project of its own and an empty folder, prints its line, and returns the ratio."""


def main(names: list[str]) -> None:
    """Run the named benchmarks, or all."""
    with tempfile.TemporaryDirectory(prefix="modelyard-bench-") as scratch:
        folder = Path(scratch)
        yard = Yard(make_project(folder / "project"))
        ratios = {}
        for name in names or BENCHES:
            (folder / name).mkdir()
            ratios[name] = round(BENCHES[name](yard, folder / name), 3)
    print(json.dumps(ratios))


if __name__ == "__main__":
    main(sys.argv[1:])
