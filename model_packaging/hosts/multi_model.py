"""The host of a multi-model endpoint: SageMaker's contract for containers that hold several models.

    POST   /models                {"model_name": NAME, "url": FOLDER}     200, 409 loaded already, 507 no memory
    GET    /models                {"models": [{"modelName", "modelUrl"}], "nextPageToken"}
    GET    /models/NAME           {"modelName", "modelUrl"}               404 where it is not loaded
    DELETE /models/NAME           200, or 404
    POST   /models/NAME/invoke    the model's answer, or 404
    GET    /ping                  200, also while a model loads

Each model is served by a process of its own: two models may have modules of the same name, and unloading one gives
all of its memory back. MODELYARD_MODELS_MEMORY_MB is what they may use together; where it is not set, 80 % of
what the container has. Packages of a model alone may lie in its folder `packages`.
"""

import contextlib
import functools
import json
import urllib.parse
from collections.abc import Callable, Mapping
from typing import Any

import anyio.to_thread
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from model_packaging.hosts.codecs import JSON
from model_packaging.hosts.exchange import body_of, failure, refused
from model_packaging.hosts.faults import BadRequest, Fault
from model_packaging.hosts.journal import Journal
from model_packaging.hosts.json_text import decode_json
from model_packaging.hosts.settings import Settings
from model_packaging.hosts.workers import Workers

PAGE = 100
"""Models of one answer of GET /models."""

FORWARDED = ("content-type", "accept", "x-amzn-requestid", "x-amzn-sagemaker-custom-attributes")
RETURNED = ("content-type", "retry-after", "x-amzn-requestid", "x-amzn-sagemaker-custom-attributes")


def application(workers: Workers, settings: Settings) -> Starlette:
    """The routes over the models that are loaded."""
    journal = Journal(settings)
    guarded = functools.partial(_guarded, journal=journal)

    async def body(request: Request) -> bytes:
        return await body_of(request, settings.body_limit_bytes)

    async def ping(request: Request) -> Response:
        return Response(status_code=200)

    async def load(request: Request) -> Response:
        name, url = _named(decode_json(await body(request)))
        await _in_thread(workers.load, name, url)
        return _json({"modelName": name, "modelUrl": url})

    async def listed(request: Request) -> Response:
        token = request.query_params.get("next_page_token") or "0"
        if not (token.isascii() and token.isdecimal()):
            raise BadRequest("next_page_token is none of ours; send the nextPageToken of the page before.")
        start, models = int(token), workers.loaded()
        page: dict[str, Any] = {"models": [_shown(*item) for item in models[start : start + PAGE]]}
        if start + PAGE < len(models):
            page["nextPageToken"] = str(start + PAGE)
        return _json(page)

    async def described(request: Request) -> Response:
        name = _name(request)
        return _json(_shown(name, workers.find(name).url))

    async def unload(request: Request) -> Response:
        await _in_thread(workers.unload, _name(request))
        return Response(status_code=200)

    async def invoke(request: Request) -> Response:
        worker = workers.find(_name(request))
        headers = {name: request.headers[name] for name in FORWARDED if name in request.headers}
        status, answered, content = await _in_thread(worker.invoke, await body(request), headers)
        return Response(content, status, {name: answered[name] for name in RETURNED if name in answered})

    return Starlette(
        routes=[
            Route("/ping", ping, methods=["GET"]),
            Route("/models", guarded(load), methods=["POST"]),
            Route("/models", guarded(listed), methods=["GET"]),
            Route("/models/{name}", guarded(described), methods=["GET"]),
            Route("/models/{name}", guarded(unload), methods=["DELETE"]),
            Route("/models/{name}/invoke", guarded(invoke), methods=["POST"]),
        ],
        exception_handlers=refused("GET /ping, and /models with its models, are.", journal),
    )


def _guarded(serve: Callable[[Request], Any], journal: Journal) -> Callable[[Request], Any]:
    """Answers a fault with its status."""

    @functools.wraps(serve)
    async def guarded(request: Request) -> Response:
        try:
            answer: Response = await serve(request)
        except ClientDisconnect:
            return Response(status_code=499)
        except Fault as fault:
            return failure(request, journal, fault.status, str(fault))
        return answer

    return guarded


async def _in_thread(work: Callable[..., Any], *arguments: Any) -> Any:
    return await anyio.to_thread.run_sync(functools.partial(work, *arguments))


def _named(content: Any) -> tuple[str, str]:
    with contextlib.suppress(KeyError, TypeError):
        name, url = content["model_name"], content["url"]
        if isinstance(name, str) and isinstance(url, str) and name and url:
            return name, url
    raise BadRequest('The body names no model; send {"model_name": NAME, "url": FOLDER}.')


def _name(request: Request) -> str:
    return urllib.parse.unquote(request.path_params["name"])


def _shown(name: str, url: str) -> dict[str, str]:
    return {"modelName": name, "modelUrl": url}


def _json(content: Mapping[str, Any]) -> Response:
    return Response(json.dumps(content).encode(), headers={"content-type": JSON})
