"""A handler: the functions of `inference.py`, with the names and signatures of SageMaker's toolkit.

    model_fn(model_dir: str) -> model                       default: the directory, as a Path
    input_fn(body: str | bytes, content_type: str) -> data  default: the codec of the content type
    predict_fn(data, model) -> prediction                   required
    predict_batch_fn(items: list, model) -> list            optional: one prediction per item, in their order
    output_fn(prediction, accept: str) -> body              default: the codec of the accepted type
    stream_fn(data, model) -> iterator of parts             optional: the answer as it is made
    Input, Output                                           optional: pydantic models of data and prediction
    THREAD_SAFE = True                                      optional: the functions may run in several threads

`input_fn` is given text for JSON and text/*, bytes for the rest. `output_fn` returns text, bytes, or one
of them with its content type; `stream_fn` yields text, bytes, or what becomes a line of JSON. A ValueError
out of `input_fn`, `predict_fn` or `stream_fn` is the caller's fault (400); anything else that they raise is
the handler's (500).

With `predict_batch_fn` the `sagemaker` host predicts requests together that wait at the same time; where it
raises, they are predicted one by one, so that only the guilty one fails. With `Input` the data, also what
`input_fn` made, is `Input.model_validate(data)`; what that refuses is the caller's fault. `Output` is shown in
the interactive pages and not checked. Without `THREAD_SAFE` one function runs at a time, always in the same thread.
"""

import contextlib
import importlib.util
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from .codecs import CODECS, JSON, JSON_LINES, MediaType, accepted, choose
from .faults import (
    BadRequest,
    Fault,
    HandlerFault,
    InvalidHandler,
    NotAcceptable,
    UnsupportedMediaType,
    one_line,
)
from .validation import validated

HEADER = re.compile(r"[\x20-\x7e]+")
"""What an HTTP header can carry."""

THREAD_SAFE = re.compile(rb"^THREAD_SAFE *= *True\b", re.MULTILINE)

FILE = "inference.py"
MODULE = "modelyard_inference"
PLACES = ("code", ".")
"""Where below the model's directory its file is looked for: SageMaker's layout, then the plain one."""


@dataclass(frozen=True)
class Handler:
    """A loaded handler: its model and its functions, the missing ones filled with the defaults."""

    model: Any
    predict_fn: Callable[[Any, Any], Any]
    input_fn: Callable[[str | bytes, str], Any] | None = None
    output_fn: Callable[[Any, str], Any] | None = None
    stream_fn: Callable[[Any, Any], Iterable[Any]] | None = None
    predict_batch_fn: Callable[[list[Any], Any], Iterable[Any]] | None = None
    input_model: Any = None
    output_model: Any = None
    thread_safe: bool = False

    @classmethod
    def load(cls, model_dir: Path) -> "Handler":
        """Import the handler below `model_dir` and load its model. Raises whatever the handler raises."""
        module = _import(_find(model_dir))
        predict_fn = getattr(module, "predict_fn", None)
        if not callable(predict_fn):
            raise InvalidHandler(f"{module.__file__} has no predict_fn; write predict_fn(data, model).")
        model_fn = getattr(module, "model_fn", None)
        return cls(
            model=model_fn(str(model_dir)) if model_fn else model_dir,
            predict_fn=predict_fn,
            input_fn=getattr(module, "input_fn", None),
            output_fn=getattr(module, "output_fn", None),
            stream_fn=getattr(module, "stream_fn", None),
            predict_batch_fn=getattr(module, "predict_batch_fn", None),
            input_model=_declared(module, "Input"),
            output_model=_declared(module, "Output"),
            thread_safe=getattr(module, "THREAD_SAFE", False) is True,
        )

    def transform(self, body: bytes, content_type: str | None, accept: str | None) -> tuple[bytes, str]:
        """One request, end to end: the answer's bytes and its content type. Raises `Fault`."""
        return self.write(self.predict(self.read(body, content_type)), accept)

    def predict(self, data: Any) -> Any:
        """The prediction for one request's data. Raises `Fault`."""
        return self._guard("predict_fn", BadRequest, self.predict_fn, data, self.model)

    def predict_batch(self, items: Sequence[Any]) -> list[Any]:
        """The predictions for several requests' data, in their order. Raises `Fault`."""
        if self.predict_batch_fn is None:
            raise HandlerFault(
                "The handler has no predict_batch_fn; write predict_batch_fn(items, model) that returns a list."
            )
        made: list[Any] = self._guard("predict_batch_fn", HandlerFault, self._listed, list(items))
        if len(made) != len(items):
            raise HandlerFault(
                f"predict_batch_fn returned {len(made)} predictions for {len(items)} items; return one for each."
            )
        return made

    def _listed(self, items: list[Any]) -> list[Any]:
        """What predict_batch_fn returns. Of a dict or a text, one place each would be another's answer."""
        assert self.predict_batch_fn is not None
        made = self.predict_batch_fn(items, self.model)
        if isinstance(made, (str, bytes, Mapping, Set)) or not isinstance(made, Iterable):
            raise HandlerFault(
                f"predict_batch_fn returned {type(made).__name__}; return a list with one prediction for each item."
            )
        return list(made)

    def stream(self, body: bytes, content_type: str | None) -> tuple[Iterator[bytes], str]:
        """One request, answered in parts as `stream_fn` yields them, and the content type that its first part says.

        Raises `Fault` where there is no first part; what goes wrong later is raised between parts.
        """
        if self.stream_fn is None:
            raise HandlerFault(
                "The handler has no stream_fn; write stream_fn(data, model) that yields parts."
            )
        data = self.read(body, content_type)
        parts = iter(self._guard("stream_fn", BadRequest, self.stream_fn, data, self.model))
        first = self._guard("stream_fn", BadRequest, next, parts, "")
        return self._parts(first, parts), _streamed_type(first)

    def _parts(self, first: Any, parts: Iterator[Any]) -> Iterator[bytes]:
        part = first
        while part is not _END:
            yield self._guard("stream_fn", HandlerFault, _encoded, part)
            part = self._guard("stream_fn", HandlerFault, next, parts, _END)

    def read(self, body: bytes, content_type: str | None) -> Any:
        """A request's data: decoded, and an `Input` where the handler declares one. Raises `Fault`."""
        data = self._decoded(body, MediaType.parse(content_type))
        if self.input_model is None:
            return data
        return self._guard("Input", BadRequest, validated, self.input_model, data)

    def _decoded(self, body: bytes, media: MediaType) -> Any:
        if media.is_text and media.charset not in (None, "utf-8", "utf8", "us-ascii"):
            raise UnsupportedMediaType(f"Charset {media.charset} is not supported; send UTF-8.")
        if self.input_fn is None:
            codec = CODECS.get(media.name)
            if codec is None:
                raise UnsupportedMediaType(
                    f"Content type {media.name} is not supported; send {', '.join(CODECS)}."
                )
            return codec.decode(body)
        given: str | bytes = body
        if media.is_text:
            try:
                given = body.decode("utf-8")
            except UnicodeDecodeError as error:
                raise BadRequest(f"The body is not UTF-8 (byte {error.start}); send UTF-8.") from None
        return self._guard("input_fn", BadRequest, self.input_fn, given, media.name)

    def write(self, prediction: Any, accept: str | None) -> tuple[bytes, str]:
        """An answer's bytes and its content type. Raises `Fault`."""
        chosen = choose(accept)
        if self.output_fn is None:
            if chosen is None:
                raise NotAcceptable(f"Accept {accept} cannot be given; accept {', '.join(CODECS)}.")
            try:
                return self._guard("the codec", HandlerFault, CODECS[chosen].encode, prediction), chosen
            except HandlerFault as fault:
                if chosen == JSON or not _has_json(prediction):
                    raise
                # A table has no nested values, for one: whoever asked for it may ask for JSON.
                reason = one_line(fault.__cause__ or fault).rstrip(".")
                raise NotAcceptable(
                    f"The answer cannot be given as {chosen} ({reason}); accept {JSON}."
                ) from fault
        wanted = chosen or next((name for name in accepted(accept) if "*" not in name), next(iter(CODECS)))
        made = self._guard("output_fn", HandlerFault, self.output_fn, prediction, wanted)
        made, content_type = made if isinstance(made, tuple) and len(made) == 2 else (made, wanted)
        if not isinstance(content_type, str) or HEADER.fullmatch(content_type) is None:
            raise HandlerFault(
                f"output_fn named the content type {content_type!r}; name one such as 'text/csv'."
            )
        if isinstance(made, str):
            try:
                return made.encode(), content_type
            except UnicodeEncodeError as error:
                raise HandlerFault(
                    f"output_fn returned text with a lone surrogate (character {error.start}); return bytes."
                ) from None
        if isinstance(made, (bytes, bytearray)):
            return bytes(made), content_type
        raise HandlerFault(f"output_fn returned {type(made).__name__}; return text or bytes.")

    @staticmethod
    def _guard(stage: str, refused: type[Fault], function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the user's function; `refused` is what a ValueError of it means."""
        try:
            return function(*arguments)
        except Fault:
            raise
        except ValueError as error:
            _log_place(stage, error)
            told = one_line(error)
            raise refused(f"{stage}: {told}" if refused is HandlerFault else told) from error
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            raise HandlerFault(f"{stage} raised {type(error).__name__}: {one_line(error)}") from error


def is_thread_safe(model_dir: Path) -> bool:
    """Whether the handler below `model_dir` says so, by its text: libraries count their threads once it is imported."""
    with contextlib.suppress(InvalidHandler, OSError):
        return THREAD_SAFE.search(_find(model_dir).read_bytes()) is not None
    return False


_END = object()


def _encoded(part: Any) -> bytes:
    if isinstance(part, (bytes, bytearray)):
        return bytes(part)
    return part.encode() if isinstance(part, str) else CODECS[JSON].encode(part) + b"\n"


def _has_json(prediction: Any) -> bool:
    try:
        CODECS[JSON].encode(prediction)
    except Exception:  # of whatever the handler returned
        return False
    return True


def _streamed_type(part: Any) -> str:
    if isinstance(part, (bytes, bytearray)):
        return "application/octet-stream"
    return "text/plain; charset=utf-8" if isinstance(part, str) else JSON_LINES


def _log_place(stage: str, error: ValueError) -> None:
    """One line on stderr: the ValueError may be the handler's mistake after all."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    print(
        f"{stage}: {one_line(error)} ({Path(last.filename).name}:{last.lineno})", file=sys.stderr, flush=True
    )


def _declared(module: ModuleType, name: str) -> Any:
    """The module's own model of that name; None where what is there is no such thing."""
    found = getattr(module, name, None)
    return found if callable(getattr(found, "model_validate", None)) else None


def _find(model_dir: Path) -> Path:
    for place in PLACES:
        file = model_dir / place / FILE
        if file.is_file():
            return file.resolve()
    raise InvalidHandler(
        f"{model_dir} has neither code/{FILE} nor {FILE}; write one with predict_fn(data, model)."
    )


def _import(file: Path) -> ModuleType:
    # Modules beside the handler are imported by their plain names, as in SageMaker's containers.
    if str(file.parent) not in sys.path:
        sys.path.insert(0, str(file.parent))
    spec = importlib.util.spec_from_file_location(MODULE, file)
    if spec is None or spec.loader is None:
        raise InvalidHandler(f"{file} cannot be imported as a module.")
    module = importlib.util.module_from_spec(spec)
    sys.modules[MODULE] = module  # dataclasses and pickling in the handler look the module up
    try:
        spec.loader.exec_module(module)
    except SystemExit as error:
        raise InvalidHandler(
            f"{file} ends the process when it is imported, by sys.exit({error.code!r})."
        ) from None
    return module
