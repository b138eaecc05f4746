"""A scikit-learn estimator as a source, through skl2onnx. The one place that imports it.

The estimator comes as an object, from the script that trained it: a file that holds one is a pickle, and none is read.
"""

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import BuildFailed, InvalidModel
from model_packaging.optimize import graph

if TYPE_CHECKING:
    from model_packaging.optimize.sources import Answer, Load

OPSET = {"": 18, "ai.onnx.ml": 3}
"""Known to ONNX Runtime 1.16.3."""


class Estimator:
    """A fitted estimator or pipeline over rows of `features` numbers; its answer is `predict_proba`, or `predict`."""

    kind = "scikit-learn"
    INPUT = "features"

    def __init__(self, estimator: Any, features: int) -> None:
        """`features` is the number of columns; the one input is called 'features': (rows, columns), float32."""
        self.estimator = estimator
        self.features = features

    def sha256(self) -> str:
        """Of the graph that it becomes, which holds all of its numbers."""
        return hashlib.sha256(self._graph().SerializeToString(deterministic=True)).hexdigest()

    def export(self, target: Path) -> None:
        """Through skl2onnx. Raises `BuildFailed` for an estimator that it does not know."""
        graph.save(self._graph(), target)

    def _graph(self) -> Any:
        from skl2onnx import convert_sklearn
        from skl2onnx.common.data_types import FloatTensorType

        try:
            model = convert_sklearn(
                self.estimator,
                name="estimator",
                initial_types=[(self.INPUT, FloatTensorType([None, self.features]))],
                options={id(self.estimator): {"zipmap": False}} if self._classifies else None,
                target_opset=OPSET,
            )
        except Exception as error:  # the converter's errors share no base
            reason = " ".join(str(error).split())[:300]
            raise BuildFailed(
                f"skl2onnx cannot convert {type(self.estimator).__name__}: {reason}; write an inference.py of its own "
                "that loads it with joblib, and name the file: Model(..., trust_pickle=('model.joblib',))."
            ) from error
        if self._classifies:  # labels and probabilities: the second is what can be compared
            graph.keep_output(model, model.graph.output[1].name)
        return graph.plain(model)

    @property
    def _classifies(self) -> bool:
        return hasattr(self.estimator, "predict_proba")

    def answer(self) -> "Answer":
        """The estimator itself."""
        import numpy as np

        ask = self.estimator.predict_proba if self._classifies else self.estimator.predict

        def answer(feed: Any) -> Any:
            try:
                found = np.asarray(ask(feed[self.INPUT]), dtype=np.float64)
            except ValueError as error:
                if "dtype mismatch" not in str(error):
                    raise
                raise InvalidModel(  # some compiled parts take only the type that they were fitted on
                    f"{type(self.estimator).__name__} was fitted on float64 and takes nothing else, and rows become "
                    "float32 numbers; fit it on such: estimator.fit(rows.astype('float32'))."
                ) from error
            return found.reshape(len(found), -1)

        return answer

    def runners(self) -> "dict[str, Load]":
        """The estimator in scikit-learn itself."""
        ask = self.estimator.predict_proba if self._classifies else self.estimator.predict
        return {"scikit-learn": lambda threads: lambda feed: ask(feed[self.INPUT])}
