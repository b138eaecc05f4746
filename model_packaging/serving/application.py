"""The host's application with a page in front: /docs and /openapi.json are ours, every other path is the host's."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Mount, Route
from starlette.types import ASGIApp

from model_packaging.serving import page


def documented(host: ASGIApp, document: Mapping[str, Any], assets: Path) -> Starlette:
    """`host` with the page of its OpenAPI document; `assets` is the folder of Swagger UI's files."""
    html = page.markup(str(document["info"]["title"]))
    headers = {"content-security-policy": page.POLICY}

    async def docs(request: Request) -> Response:
        return HTMLResponse(html, headers=headers)

    async def openapi(request: Request) -> Response:
        return JSONResponse(document)

    async def start(request: Request) -> Response:
        return Response(page.script(), media_type="text/javascript")

    async def home(request: Request) -> Response:
        return RedirectResponse("/docs")

    def asset(name: str, media_type: str) -> Route:
        async def send(request: Request) -> Response:
            return FileResponse(assets / name, media_type=media_type)

        return Route(f"/docs/{name}", send)

    return Starlette(
        routes=[
            Route("/", home),
            Route("/docs", docs),
            Route("/openapi.json", openapi),
            Route(f"/docs/{page.START}", start),
            *(asset(name, media_type) for name, media_type in page.ASSETS.items()),
            Mount("", app=host),
        ]
    )
