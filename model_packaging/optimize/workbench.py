"""One model while its variants are made: the graphs that they are made of, each made once."""

import functools
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from model_packaging.optimize import embedding, graph, runtime
from model_packaging.optimize.integers import Integers

if TYPE_CHECKING:
    from model_packaging.optimize.judge import Judge
    from model_packaging.optimize.sources import Source


class Workbench:
    """The graphs of a source, in a scratch folder.

    `judge` is None where a choice is only made again: nothing may then be measured. `at_least` is the budget: the
    mean agreement that a variant has to keep.
    """

    def __init__(
        self,
        source: "Source",
        scratch: Path,
        judge: "Judge | None" = None,
        at_least: float = 1.0,
    ) -> None:
        self.source = source
        self.scratch = scratch
        self.judge = judge
        self.at_least = at_least

    @functools.cached_property
    def exported(self) -> Path:
        """As the source exports it."""
        file = self.scratch / "exported.onnx"
        self.source.export(file)
        return file

    @functools.cached_property
    def simplified(self) -> Path:
        """With constants folded."""
        file = self.scratch / "simplified.onnx"
        runtime.simplified(self.exported, file)
        return file

    @functools.cache  # noqa: B019  a workbench lives as long as its scratch folder
    def fused(self, attention: bool) -> Path:
        """With operators of ONNX Runtime in the place of groups of nodes."""
        file = self.scratch / f"fused-{'with' if attention else 'without'}-attention.onnx"
        runtime.fused(self.simplified, file, attention)
        return file

    def integers(self, attention: bool, keep: Collection[str]) -> Path:
        """The fused graph in int8, but for the nodes that `keep` names; one file, written anew each time."""
        file = self.scratch / "integers.onnx"
        model = graph.load(self.fused(attention))
        embedding.shrink(model)
        Integers(model, keep).quantise()
        graph.save(model, file)
        return file
