"""The variants, as a table: each is built from a workbench, and built again from the parameters that it came with."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import BuildFailed
from model_packaging.optimize import graph, runtime, sensitivity
from model_packaging.optimize.runtime import Session

if TYPE_CHECKING:
    from model_packaging.optimize.workbench import Workbench

Parameters = Mapping[str, Any]
Builder = Callable[["Workbench", Path, Parameters | None], Parameters]
"""Writes the file and returns the parameters; given those of an earlier build, it does the same again, unmeasured."""

SAME = 0.9999
"""The agreement from which a rewritten graph counts as the same computation."""


def exported(bench: "Workbench", target: Path, parameters: Parameters | None) -> Parameters:
    """ONNX Runtime with the graph as it was exported."""
    shutil.copyfile(bench.exported, target)
    return {}


def optimised(bench: "Workbench", target: Path, parameters: Parameters | None) -> Parameters:
    """The graph optimised beforehand: constants folded; Gelu, layer norms and attention as one operator each."""
    attention = _attention(bench) if parameters is None else parameters["attention"]
    shutil.copyfile(bench.fused(attention), target)
    return {"attention": attention}


def int8(bench: "Workbench", target: Path, parameters: Parameters | None) -> Parameters:
    """Dynamic int8 as ONNX Runtime's tool makes it when it is only called."""
    runtime.quantised(bench.exported, target)
    return {}


def per_channel(bench: "Workbench", target: Path, parameters: Parameters | None) -> Parameters:
    """The optimised graph in int8, with a scale for each column of a weight and each row of a table."""
    attention = _attention(bench) if parameters is None else parameters["attention"]
    if not graph.quantisable(graph.load(bench.fused(attention))):
        raise BuildFailed("there is no product of matrices in it that could be int8")
    shutil.copyfile(bench.integers(attention, ()), target)
    return {"attention": attention}


def mixed(bench: "Workbench", target: Path, parameters: Parameters | None) -> Parameters:
    """The same, with the nodes left in float that cost most agreement: as few as the budget lets be."""
    if parameters is not None:
        shutil.copyfile(bench.integers(parameters["attention"], parameters["float"]), target)
        return parameters
    assert bench.judge is not None
    attention = _attention(bench)
    names = sensitivity.ranked(bench, attention)
    if len(names) < 2:
        raise BuildFailed("there are not two nodes of which one could be int8 and one float")
    judge = bench.judge
    kept, _ = sensitivity.fewest(
        names, bench.at_least, lambda kept: judge.verdict(Session(bench.integers(attention, kept), 1))
    )
    shutil.copyfile(bench.integers(attention, kept), target)
    return {"attention": attention, "float": kept}


def _attention(bench: "Workbench") -> bool:
    """Whether the graph with its attentions fused still gives the original's answers, padded requests included."""
    assert bench.judge is not None
    return bench.judge.verdict(Session(bench.fused(True), 1)).worst >= SAME


VARIANTS: dict[str, Builder] = {
    "onnxruntime": exported,
    "onnxruntime-optimized": optimised,
    "onnxruntime-int8": int8,
    "onnxruntime-int8-per-channel": per_channel,
    "onnxruntime-int8-mixed": mixed,
}
"""In the order in which one is taken of two that are equally fast. The first is what a budget that nothing meets falls
back to: the original, exported."""
