"""Our handler behind the server of AWS's own images, which knows `model_fn` and `transform_fn` and no more of it.

Without it a handler would mean something else there than everywhere else: `predict_fn` alone would not do, `Input`
would not be looked at, JSON lines and NPY be refused, and what a handler raises be told as the caller's fault (400),
which no alarm for errors sees and for which no guarded update is rolled back.

The images' server is the SageMaker Hugging Face Inference Toolkit on Multi Model Server, or the SageMaker Inference
Toolkit on TorchServe. A process of it answers one request at a time. Read, and tried, in November 2026 with
sagemaker-inference 1.10.1, sagemaker-huggingface-inference-toolkit 2.6.0 and multi-model-server 1.1.11.
"""

import importlib
import sys
from pathlib import Path
from typing import Any

from .faults import BadRequest, Fault
from .handler import Handler

HUGGING_FACE = "sagemaker_huggingface_inference_toolkit.handler_service"
ERRORS = "sagemaker_inference.errors"


def model_fn(model_dir: str) -> Handler:
    """The loaded handler. Raises whatever it raises."""
    _tell_faults_by_their_status()
    return Handler.load(Path(model_dir))


def transform_fn(
    model: Handler, input_data: str | bytes, content_type: str | None, accept: str | None, context: Any = None
) -> bytes:
    """One request, end to end."""
    body = input_data.encode() if isinstance(input_data, str) else bytes(input_data)
    try:
        answer, made = model.transform(body, content_type, accept)
    except Fault as fault:
        raise _told(fault) from fault
    if context is not None:
        _answer_as(made, context)
    return answer


def _told(fault: Fault) -> Exception:
    """What the toolkit takes a status from."""
    try:
        errors: Any = importlib.import_module(ERRORS)
    except ImportError:
        return fault
    error: Exception = errors.GenericInferenceToolkitError(fault.status, str(fault))
    return error


def _answer_as(content_type: str, context: Any) -> None:
    """Have the toolkit name the type that the answer has: it is about to name the one that was asked for, once."""
    name = context.set_response_content_type

    def once(index: int, _asked: str) -> None:
        del context.set_response_content_type
        name(index, content_type)

    context.set_response_content_type = once


def _tell_faults_by_their_status() -> None:
    """The Hugging Face toolkit raises PredictionException(text, 400) whatever it is; from then on with its status."""
    try:
        service: Any = importlib.import_module(HUGGING_FACE)
    except ImportError:
        return
    plain = service.PredictionException
    if getattr(plain, "by_modelyard", False):
        return

    def told(message: str, code: int = 500) -> Exception:
        error = sys.exc_info()[1]
        fault = error if isinstance(error, Fault) else getattr(error, "__cause__", None)
        if isinstance(fault, Fault):
            made: Exception = plain(str(fault), fault.status)
        elif isinstance(error, UnicodeDecodeError):  # the toolkit's own reading of a JSON body
            made = plain(f"The body is not UTF-8 (byte {error.start}); send UTF-8.", BadRequest.status)
        else:
            made = plain(message, code if error is None else Fault.status)
        return made

    told.by_modelyard = True  # type: ignore[attr-defined]
    service.PredictionException = told
