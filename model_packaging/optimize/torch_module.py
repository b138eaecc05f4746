"""A torch module as a source: its export, its own answers and its own int8. The one place that imports torch."""

import hashlib
import io
import logging
import os
import re
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.optimize import graph
from model_packaging.optimize.calibration import feed_of

if TYPE_CHECKING:
    import torch
    from numpy.typing import ArrayLike

    from model_packaging.optimize.calibration import Feed
    from model_packaging.optimize.sources import Answer, Load

OPSET = 18
"""Known to ONNX Runtime 1.16.3, and what torch's exporter writes without converting."""


class TorchModule:
    """A module that takes its inputs by position; what counts is the tensor (items, ...) that it gives first."""

    kind = "torch"

    def __init__(
        self,
        module: "torch.nn.Module",
        example: "Mapping[str, ArrayLike | torch.Tensor]",
        output: str,
        sizes: Mapping[int, tuple[str, int | None]] | None = None,
        digest: str | None = None,
    ) -> None:
        """`example` names the inputs, in the order of `forward`, with two items each so that none is taken as fixed.

        `sizes` names the axes that vary, besides the first: {1: ("tokens", 512)} is up to 512 tokens. `digest` is that
        of the weights, where it is known already. Raises `InvalidModel` for what is no module and no example.
        """
        import torch

        if not isinstance(module, torch.nn.Module):
            raise InvalidModel(f"The model is of the type {type(module).__name__}; give a torch.nn.Module.")
        self.module = module.eval()
        self.example = feed_of(example)
        self.output = output
        self.sizes = dict(sizes or {})
        self._digest = digest

    def sha256(self) -> str:
        """Of every parameter and buffer, with names and types; and of the names of inputs and output."""
        if self._digest is None:
            seen = hashlib.sha256(
                repr([list(self.example), self.output, sorted(self.sizes.items())]).encode()
            )
            for name, tensor in sorted(self.module.state_dict().items()):
                values = tensor.detach().cpu().contiguous()
                seen.update(f"{name} {values.dtype} {tuple(values.shape)}\n".encode())
                seen.update(values.flatten().view(_bytes()).numpy().tobytes())
            self._digest = seen.hexdigest()
        return self._digest

    def export(self, target: Path) -> None:
        """Through torch.export. Raises `BuildFailed` with its reason, `InvalidModel` where the module itself fails."""
        import torch

        try:
            self.answer()(self.example)  # the exporter hides the module's own errors behind its own
        except InvalidModel:
            raise
        except Exception as error:  # a module raises what it likes
            raise InvalidModel(f"The module itself fails on the example: {_reason(error)}") from error
        with _quiet():
            axes: dict[int, Any] = {0: torch.export.Dim("items")}
            axes |= {axis: torch.export.Dim(name, max=most) for axis, (name, most) in self.sizes.items()}
            shapes = tuple(
                {axis: size for axis, size in axes.items() if axis < value.ndim}
                for value in self.example.values()
            )
            try:
                program = torch.onnx.export(
                    self.module,
                    self._tensors(self.example),
                    input_names=list(self.example),
                    output_names=[self.output],
                    dynamic_shapes=shapes,
                    opset_version=OPSET,
                    dynamo=True,
                    verbose=False,
                )
            except Exception as error:  # the exporter's errors share no base
                raise BuildFailed(f"torch cannot export the module: {_reason(error)}") from error
        assert program is not None
        model = program.model_proto
        if sum(self.output in node.output for node in model.graph.node) > 1:  # the exporter does not look
            raise BuildFailed(
                f"The output is named {self.output!r}, as is something inside of the module; name it otherwise."
            )
        if len(model.graph.output) > 1:
            graph.keep_output(model, self.output)
        graph.save(model, target)

    def answer(self) -> "Answer":
        """The module itself."""
        return _numbers(self._runner(self.module))

    def runners(self) -> "dict[str, Load]":
        """The module as it is, and with torch's dynamic int8 of its linear layers."""
        return {
            "pytorch": lambda threads: self._runner(self.module, threads),
            "pytorch-int8": lambda threads: self._runner(_dynamic_int8(self.module), threads),
        }

    def _runner(self, module: "torch.nn.Module", threads: int = 0) -> Callable[["Feed"], Any]:
        import torch

        torch.set_num_threads(
            threads or len(os.sched_getaffinity(0))
        )  # of the process: torch has no narrower one

        def run(feed: "Feed") -> Any:
            with torch.inference_mode():
                made = module(*self._tensors(feed))
            first = made[0] if isinstance(made, Sequence) and made else made
            if not isinstance(first, torch.Tensor) or first.is_complex():
                found = f"a {first.dtype}" if isinstance(first, torch.Tensor) else f"a {type(first).__name__}"
                raise InvalidModel(
                    f"The module gives {found} first; what it gives first has to be a tensor of numbers (items, ...): "
                    "wrap it in a module whose forward gives that."
                )
            return first.numpy()

        return run

    def _tensors(self, feed: "Feed") -> tuple["torch.Tensor", ...]:
        import torch

        return tuple(torch.from_numpy(feed[name]) for name in self.example)


COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def _reason(error: BaseException) -> str:
    """What was raised at the beginning, in one line: the exporter's own errors tell how to report them."""
    while error.__cause__ is not None:
        error = error.__cause__
    told = " ".join(COLOURS.sub("", str(error)).split()).partition(" For more information")[0]
    return told[:300] or type(error).__name__


def _bytes() -> Any:
    import torch

    return torch.uint8


def _numbers(run: Callable[["Feed"], Any]) -> "Answer":
    import numpy as np

    return lambda feed: np.asarray(run(feed), dtype=np.float64)


def _dynamic_int8(module: "torch.nn.Module") -> "torch.nn.Module":
    import torch

    with _quiet():
        made = torch.ao.quantization.quantize_dynamic(module, {torch.nn.Linear}, dtype=torch.qint8)  # type: ignore[no-untyped-call]
    return made  # type: ignore[no-any-return]


@contextmanager
def _quiet() -> Iterator[None]:
    """Torch warns about its own parts and that torchvision is not there, and prints graphs that it cannot export."""
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
