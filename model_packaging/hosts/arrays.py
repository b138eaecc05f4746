"""NPY, NumPy's own format: one array. NumPy is imported when the first one comes, and only then."""

import io
import math
import sys
from typing import Any

from .faults import BadRequest, UnsupportedMediaType, one_line

MAX_DIMENSIONS = 16


def decode_npy(body: bytes) -> Any:
    """The array. Nothing is allocated before the header and the body's length agree, and nothing unpickled.

    Raises `BadRequest`, or `UnsupportedMediaType` where the model has no NumPy.
    """
    numpy = _numpy()
    stream = io.BytesIO(body)
    try:
        version = numpy.lib.format.read_magic(stream)
        readers = {
            (1, 0): numpy.lib.format.read_array_header_1_0,
            (2, 0): numpy.lib.format.read_array_header_2_0,
        }
        if version not in readers:
            raise BadRequest(f"The body is NPY {version[0]}.{version[1]}; send version 1.0 or 2.0.")
        shape, _, dtype = readers[version](stream)
    except BadRequest:
        raise
    except Exception:  # NumPy reads it with Python's own tokenizer and parser, which raise what they like
        raise BadRequest(
            "The body is not NPY: its header cannot be read; send what numpy.save writes."
        ) from None
    if dtype.hasobject:
        raise BadRequest("The body is an NPY array of Python objects, which would run code; send numbers.")
    if len(shape) > MAX_DIMENSIONS or not all(0 <= length <= sys.maxsize for length in shape):
        raise BadRequest(
            f"The NPY array has the shape {_shown(shape)}; send at most {MAX_DIMENSIONS} dimensions, none below 0."
        )
    if not dtype.itemsize:
        raise BadRequest(f"The NPY array is of {dtype.str}, whose items are empty; send numbers.")
    held, named = len(body) - stream.tell(), math.prod(shape) * dtype.itemsize
    if held != named:
        raise BadRequest(f"The NPY header names {named} bytes and {held} follow; send the whole array.")
    stream.seek(0)
    try:
        return numpy.load(stream, allow_pickle=False)
    except (ValueError, OverflowError, MemoryError) as error:  # empty, of a shape that would be too large
        raise BadRequest(
            f"The NPY array of the shape {_shown(shape)} cannot be read: {one_line(error)}."
        ) from None


def encode_npy(data: Any) -> bytes:
    """What is an array, or can become one of numbers. Raises TypeError or ValueError."""
    array = _numpy().asarray(data)
    if array.dtype.hasobject:
        raise TypeError(f"{type(data).__name__} has no NPY form; return an array, or lists of equal length.")
    made = io.BytesIO()
    _numpy().save(made, array, allow_pickle=False)
    return made.getvalue()


def _shown(shape: tuple[int, ...]) -> str:
    return one_line(ValueError(shape), 100)


def _numpy() -> Any:
    try:
        import numpy
    except ImportError:
        raise UnsupportedMediaType("There is no NumPy beside this model; send application/json.") from None
    return numpy
