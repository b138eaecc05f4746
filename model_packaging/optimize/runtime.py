"""ONNX Runtime, the one place that imports it: sessions, its optimisers and its quantisation."""

import contextlib
import io
import logging
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.optimize import graph, norms
from model_packaging.optimize.fusion import Fusion

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from model_packaging.optimize.calibration import Feed

QUIET = 3
"""ONNX Runtime's severity from which it logs: errors."""


class Session:
    """A loaded ONNX file; called with a request's inputs, gives its first output."""

    def __init__(self, file: Path, threads: int = 0) -> None:
        """`threads` 0 is as many as the machine has cores. Raises `InvalidModel` with the reason."""
        self._session = _loaded(file, intra_op_num_threads=threads)
        self._output = self._session.get_outputs()[0].name
        self._inputs = [one.name for one in self._session.get_inputs()]

    def __call__(self, feed: "Feed") -> "NDArray[np.float64]":
        """The first output for a request (items, ...). Raises `InvalidModel` for inputs that it lacks, and texts."""
        import numpy as np

        answers = self.raw(feed)
        try:
            return np.asarray(answers, dtype=np.float64)
        except (TypeError, ValueError):  # texts, and lists of mappings, as classifiers give
            raise InvalidModel(
                f"The first output of the model, {self._output}, is no array of numbers, and only such answers can be "
                "compared; export the model with the scores as its first output."
            ) from None

    def raw(self, feed: "Feed") -> Any:
        """The same, as the runtime gives it: what is timed."""
        try:
            return self._session.run([self._output], feed)[0]
        except Exception as error:
            raise InvalidModel(
                f"The model takes {', '.join(self._inputs)}, and the calibration set gives {', '.join(feed)}: "
                f"{_line(error)}"
            ) from error


def simplified(source: Path, target: Path) -> None:
    """Constants folded and common parts merged, in standard operators only."""
    import onnxruntime

    basic = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
    _loaded(source, optimized_model_filepath=str(target), graph_optimization_level=basic)
    graph.save(graph.load(target), target)


def fused(source: Path, target: Path, attention: bool) -> None:
    """Gelu, layer norms and, with `attention`, whole attentions as one operator of ONNX Runtime each."""
    with _quiet(), tempfile.TemporaryDirectory(prefix="modelyard-") as scratch:
        from onnxruntime.transformers.fusion_options import FusionOptions
        from onnxruntime.transformers.optimizer import optimize_model

        prepared = Path(scratch) / "prepared.onnx"
        model = graph.load(source)
        if attention:
            Fusion(model).attend()
        graph.save(model, prepared)
        options = FusionOptions("bert")
        options.enable_skip_layer_norm = False  # why: `norms`
        # BiasGelu takes 1.7 times as long as Gelu (38 to 22 µs for 22 x 1536 numbers, onnxruntime 1.32), and a
        # product in int8 adds its bias itself.
        options.enable_bias_gelu = False
        made = optimize_model(
            str(prepared), model_type="bert", opt_level=0, use_gpu=False, optimization_options=options
        )
        norms.separate(made.model)
        graph.save(made.model, target)


def quantised(source: Path, target: Path) -> None:
    """Dynamic int8 as its tool makes it: one scale a weight. Raises `BuildFailed`."""
    with _quiet():
        from onnxruntime.quantization import QuantType, quantize_dynamic

        try:
            quantize_dynamic(str(source), str(target), weight_type=QuantType.QInt8)
        except Exception as error:  # it raises whatever its parts raise
            raise BuildFailed(f"ONNX Runtime cannot quantise {source.name}: {_line(error)}") from error
        graph.save(graph.load(target), target)


def _loaded(file: Path, **settings: Any) -> Any:
    """ONNX Runtime's own session; `settings` are fields of its options."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = QUIET
    for name, value in settings.items():
        setattr(options, name, value)
    try:
        return onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    except Exception as error:  # its classes share no base of their own
        raise InvalidModel(f"{file.name} cannot be loaded by ONNX Runtime: {_line(error)}") from error


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Its tools log advice through the root logger, and print more of it to stdout, which is for data."""
    before = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            yield
    finally:
        logging.disable(before)


def _line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 300 else text[:297] + "..."
