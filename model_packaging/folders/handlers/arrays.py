"""An ONNX graph over arrays.

In: {"NAME": values, ...} with the graph's inputs; where it has one, just its values, as JSON, CSV or NPY. Out: the
outputs alike, {"NAME": values, ...}, or just the values of the first. Along the first axis is an item after the other.
Where classes.json lies beside the graph, an answer by name has `labels` too: the likeliest class of each item.
"""

import json
import os
from pathlib import Path

import numpy as np
import onnxruntime

THREAD_SAFE = True

THREADS = int(os.environ.get("OMP_NUM_THREADS") or 0)
"""The share of this thread, as the host sets it; 0 is every core."""

TYPES = {
    "tensor(float)": (np.float32, "iuf"),
    "tensor(double)": (np.float64, "iuf"),
    "tensor(float16)": (np.float16, "iuf"),
    "tensor(int64)": (np.int64, "iu"),
    "tensor(int32)": (np.int32, "iu"),
    "tensor(int16)": (np.int16, "iu"),
    "tensor(int8)": (np.int8, "iu"),
    "tensor(uint8)": (np.uint8, "iu"),
    "tensor(bool)": (np.bool_, "b"),
    "tensor(string)": (np.object_, "U"),
}
"""What each of ONNX Runtime's types is in NumPy, and what kinds of values it is made from."""


class Graph:
    """A loaded graph, and what it takes."""

    def __init__(self, folder):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = THREADS
        self.session = onnxruntime.InferenceSession(
            str(folder / "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        self.inputs = {one.name: one for one in self.session.get_inputs()}
        self.outputs = [one.name for one in self.session.get_outputs()]
        classes = folder / "classes.json"
        self.classes = json.loads(classes.read_text(encoding="utf-8")) if classes.is_file() else None
        for one in self.inputs.values():
            if one.type not in TYPES:
                raise ValueError(f"Input {one.name} is a {one.type}, which this handler cannot make.")
        ends = [*self.session.get_inputs(), *self.session.get_outputs()]
        first = {one.shape[0] if one.type.startswith("tensor(") and one.shape else 0 for one in ends}
        # One axis of the same name, or without one, begins all that goes in and comes out: items can be put together.
        self.is_batched = len(first) == 1 and not isinstance(next(iter(first)), int)

    def run(self, feed):
        """The outputs for a feed, in order. Raises ValueError for what the graph does not take."""
        try:
            return self.session.run(self.outputs, feed)
        except Exception as error:  # ONNX Runtime's classes share no base of their own
            raise ValueError(f"The model does not take it: {' '.join(str(error).split())[:300]}") from error


def model_fn(model_dir):
    """The graph."""
    return Graph(Path(model_dir))


def predict_fn(data, model):
    """The outputs for one request."""
    is_named, feed = _feed(data, model)
    return _answer(model.run(feed), is_named, model)


def predict_batch_fn(items, model):
    """The outputs for several requests: one run for those whose items have the same shape."""
    feeds = [_feed(data, model) for data in items]
    if not model.is_batched:
        return [_answer(model.run(feed), is_named, model) for is_named, feed in feeds]
    alike = {}
    for place, (_, feed) in enumerate(feeds):
        alike.setdefault(tuple(value.shape[1:] for value in feed.values()), []).append(place)
    answers = [None] * len(items)
    for places in alike.values():
        lengths = [len(next(iter(feeds[place][1].values()))) for place in places]
        made = model.run(
            {name: np.concatenate([feeds[place][1][name] for place in places]) for name in model.inputs}
        )
        if any(len(values) != sum(lengths) for values in made):
            raise RuntimeError("The graph gives another number of items than it takes.")
        ends = np.cumsum(lengths)
        for place, length, end in zip(places, lengths, ends, strict=True):
            part = [values[end - length : end] for values in made]
            answers[place] = _answer(part, feeds[place][0], model)
    return answers


def _answer(made, is_named, model):
    if not is_named:
        return made[0]
    named = dict(zip(model.outputs, made, strict=True))
    if model.classes is not None:
        named["labels"] = [model.classes[place] for place in np.asarray(made[0]).argmax(axis=1)]
    return named


def _feed(data, model):
    """Whether a request names its inputs, and the array of each."""
    is_named = isinstance(data, dict)
    if not is_named and len(model.inputs) != 1:
        raise ValueError(f"The model has several inputs; send an object with {', '.join(model.inputs)}.")
    given = data if is_named else {next(iter(model.inputs)): data}
    if set(given) != set(model.inputs):
        found = ", ".join(map(str, given)) or "nothing"
        raise ValueError(f"The request names {found}; send {', '.join(model.inputs)}.")
    feed = {name: _array(given[name], one) for name, one in model.inputs.items()}
    counts = {len(value) if value.ndim else 1 for value in feed.values()}
    if model.is_batched and len(counts) != 1:
        raise ValueError(
            "The inputs have different numbers of items along their first axis; send as many of each."
        )
    return is_named, feed


def _array(value, wanted):
    """The array that an input takes. ValueError for other shapes, and for values that it could not hold."""
    kind, made_from = TYPES[wanted.type]
    try:
        given = np.asarray(value)
    except ValueError:
        raise ValueError(f"{wanted.name} is no regular array; send rows of equal length.") from None
    if given.dtype.kind not in made_from and given.size:
        raise ValueError(f"{wanted.name} holds {given.dtype} where {wanted.type} is wanted.")
    lengths = zip(wanted.shape, given.shape, strict=False)
    fits = all(not isinstance(length, int) or length == found for length, found in lengths)
    if not given.size or given.ndim != len(wanted.shape) or not fits:
        shown = ", ".join(str(length) if isinstance(length, int) else "any" for length in wanted.shape)
        raise ValueError(f"{wanted.name} has the shape {given.shape}; send ({shown}), and at least one item.")
    with np.errstate(over="ignore"):
        made = given.astype(kind)
    if _lost(made, given):
        raise ValueError(f"{wanted.name} holds a number that {wanted.type} cannot.")
    return made


def _lost(made, given):
    """Whether a number became another, or infinite."""
    if made.dtype.kind in "iu":
        return bool((made != given).any())
    return made.dtype.kind == "f" and bool((np.isinf(made) & ~np.isinf(given)).any())
