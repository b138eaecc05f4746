"""Swagger UI, the interactive page that FastAPI's users know. Its files come with the package flask-swagger-ui.

The package carries a release of Swagger UI as it is. It is found and never imported, for it would import Flask.
"""

import html
import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Final

from model_packaging.errors import ServeFailed

PACKAGE = "flask_swagger_ui"
MISSING: Final = (
    "The page is Swagger UI, and flask-swagger-ui is not installed; run: "
    "python -m pip install 'modelyard[serve]'"
)

ASSETS = {
    "swagger-ui.css": "text/css",
    "swagger-ui-bundle.js": "text/javascript",
    "favicon-32x32.png": "image/png",
}
"""The files that the page loads, and nothing else of the package is served."""

POLICY = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
"""The page asks no other host, whatever a description holds; Swagger UI styles its elements itself."""

START = "start.js"
OPTIONS = {
    "url": "openapi.json",
    "dom_id": "#swagger-ui",
    "tryItOutEnabled": True,
    "validatorUrl": None,  # else it shows a badge of swagger.io
    "defaultModelsExpandDepth": 0,
    "displayRequestDuration": True,
}


def _spec() -> Path | None:
    spec = importlib.util.find_spec(PACKAGE)
    return Path(spec.origin).parent if spec is not None and spec.origin else None


def folder(found: Callable[[], Path | None] = _spec) -> Path:
    """Where Swagger UI's files lie. Raises `ServeFailed` where the package is not installed."""
    place = found()
    if place is None:
        raise ServeFailed(MISSING)
    return place / "dist"


def markup(title: str) -> str:
    """The page as HTML; it loads `ASSETS` and `START` from `docs/`, and the document from openapi.json."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(title)}</title>"
        '<link rel="stylesheet" href="docs/swagger-ui.css">'
        '<link rel="icon" type="image/png" href="docs/favicon-32x32.png"></head>'
        '<body><div id="swagger-ui"></div>'
        f'<script src="docs/swagger-ui-bundle.js"></script><script src="docs/{START}"></script></body></html>'
    )


def script() -> str:
    """What starts Swagger UI."""
    return f"SwaggerUIBundle({json.dumps(OPTIONS)});"
