"""An ONNX file, tried as its handler runs it: it has no original to be compared with, and maybe no example."""

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

from model_packaging.errors import InvalidModel
from model_packaging.folders import trial
from model_packaging.optimize import graph

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from model_packaging.optimize.calibration import Feed

LENGTHS = (1, 64)
"""Of the axes that the file leaves free: one of something does, but not for a convolution over a picture."""

LARGEST = 500_000
"""Numbers in an input that is made up: as JSON some 2.5 MB, and Lambda takes 6 MB."""


class Served:
    """A folder's graph, asked through its handler."""

    def __init__(self, folder: Path, handler: Path) -> None:
        """Raises `InvalidModel` for a graph without inputs, or with one that the handler cannot make."""
        spec = importlib.util.spec_from_file_location("modelyard_handler", handler)
        assert spec is not None and spec.loader is not None
        self._handler = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(self._handler)
        try:
            self._graph = self._handler.model_fn(str(folder))
        except ValueError as error:
            raise InvalidModel(str(error)) from None
        if not self._graph.inputs:
            raise InvalidModel(
                "The graph has no inputs, so its answer is always the same; give one that is asked."
            )
        self.is_batched: bool = self._graph.is_batched
        nodes = graph.load(folder / "model.onnx").graph.node
        # Dynamic int8 rounds each item by the range of all that are asked together.
        self.is_rounded = any(node.op_type.startswith("DynamicQuantize") for node in nodes)

    def __call__(self, feed: "Feed") -> "list[NDArray[np.float64]]":
        """Every output that is of numbers. Raises `InvalidModel` for what the graph does not take."""
        import numpy as np

        try:
            made = self._handler.predict_fn(feed, self._graph)
        except ValueError as error:
            raise InvalidModel(f"The model does not take the example: {error}") from None
        arrays = [values for values in made.values() if isinstance(values, np.ndarray)]
        return [values.astype(np.float64) for values in arrays if values.dtype.kind in "biuf"]

    def takes(self, feed: "Feed") -> bool:
        """Whether it answers."""
        try:
            self(feed)
        except InvalidModel:
            return False
        return True

    def made_up(self, length: int) -> "Feed | None":
        """Numbers between 0 and 1 for each input, others for each item; None where it takes texts, or too many."""
        import numpy as np

        random = np.random.default_rng(7)
        feed: Feed = {}
        for name, one in self._graph.inputs.items():
            wanted = (3, *one.shape[1:]) if self.is_batched else one.shape
            shape = tuple(size if isinstance(size, int) else length for size in wanted)
            kind = np.dtype(self._handler.TYPES[one.type][0])
            if kind.kind == "O" or not 0 < int(np.prod(shape)) <= LARGEST:
                return None
            numbers = random.uniform(size=shape) if kind.kind == "f" else random.integers(0, 2, shape)
            feed[name] = np.asarray(numbers, dtype=kind)
        return feed


def sample(folder: Path, handler: Path, example: "Feed | None") -> dict[str, Any] | None:
    """A request for the folder's graph: the example's first item, or zeros; None where such do not run.

    Raises `InvalidModel` for a graph that answers NaN, that mixes the items which its handler puts together, or that
    does not take the example; and as `Served` does.
    """
    import numpy as np

    served = Served(folder, handler)
    if example is not None:
        first = {name: value[:1] if value.ndim else value for name, value in example.items()}
        # With a first axis of a fixed length, that may be all of an item.
        asked = example if served.is_batched or not served.takes(first) else first
        made = served(asked)
        if not all(np.isfinite(values).all() for values in made):
            raise InvalidModel(
                "The model answers NaN or infinity to the example; look for NaN in its weights."
            )
        _check_apart(served, asked, made)
        return _request(first if served.is_batched else asked)
    for length in LENGTHS:
        feed = served.made_up(length)
        if feed is None or not served.takes(feed):
            continue
        made = served(feed)
        if any(np.isnan(values).any() for values in made):  # infinity may be right for such numbers
            raise InvalidModel(
                "The model answers NaN to numbers between 0 and 1; look for NaN in its weights, or give an example of "
                "what it is asked in use: from_onnx(FILE, FOLDER, example={'INPUT': array})."
            )
        _check_apart(served, feed, made)
        zeros = {
            name: np.zeros_like(value[:1] if served.is_batched else value) for name, value in feed.items()
        }
        if served.takes(zeros) and all(np.isfinite(values).all() for values in served(zeros)):
            return _request(zeros)
    return None


def _check_apart(served: Served, feed: "Feed", together: "list[NDArray[np.float64]]") -> None:
    if not served.is_batched or trial.count(feed) < 2:
        return
    alone = [served(one) for one in trial.singles(feed)]
    for place, values in enumerate(together):
        parts = [made[place] for made in alone]
        if len(values) == trial.count(feed) and all(len(part) == 1 for part in parts):
            same = trial.nearly if served.is_rounded else trial.alike
            trial.check_apart(
                values, parts, same, " An ONNX file whose first axes are 1 is asked one by one."
            )
        # Else the handler sees that there are not as many answers as items, and asks one by one.


def _request(feed: "Feed") -> dict[str, Any]:
    return {name: value.tolist() for name, value in feed.items()}
