"""Which nodes lose most by int8: each is made int8 alone, and the answers are compared."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from model_packaging.optimize import graph
from model_packaging.optimize.judge import Judge, Verdict
from model_packaging.optimize.runtime import Session

if TYPE_CHECKING:
    from model_packaging.optimize.workbench import Workbench

REQUESTS = 24
"""Of the calibration set, for the damage of single nodes; the graphs made with it are judged on the whole set."""
STEPS = (1, 2, 3, 4, 6, 8, 12, 16, 24)
"""How many nodes are left in float, until the budget is met."""


def ranked(bench: "Workbench", attention: bool) -> list[str]:
    """The nodes that can be int8, the most damaging first; in the graph's order where two are equal."""
    assert bench.judge is not None
    names = graph.quantisable(graph.load(bench.fused(attention)))
    few = bench.judge.calibration.fewer(REQUESTS)
    original = Session(bench.fused(attention), 1)
    judge = Judge(few, original, bench.judge.measure)
    damages = {}
    for name in names:
        alone = bench.integers(attention, [other for other in names if other != name])
        damages[name] = 1 - judge.verdict(Session(alone, 1)).mean
    return sorted(names, key=lambda name: -damages[name])


def fewest(
    names: list[str], at_least: float, judged: Callable[[list[str]], Verdict]
) -> tuple[list[str], Verdict]:
    """The first nodes of `names` to be left in float for a mean of `at_least`, at least one.

    All steps failing, the last of them; at most two thirds of the nodes: what is left is then hardly int8.
    """
    counts = [count for count in STEPS if count <= max(1, len(names) * 2 // 3)] or [0]
    for count in counts:
        kept = names[:count]
        verdict = judged(kept)
        if verdict.mean >= at_least:
            break
    return kept, verdict
