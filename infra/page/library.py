"""Vega-Lite, which draws the charts: its JavaScript comes with the package vl-convert-python (the extra `page`)."""

import importlib.util
from collections.abc import Callable
from typing import Final

from infra.errors import ToolchainError

MISSING: Final = (
    "A page is drawn by Vega-Lite, and vl-convert-python is not installed; run: "
    "python -m pip install vl-convert-python"
)


def javascript(has: Callable[[], bool] = lambda: importlib.util.find_spec("vl_convert") is not None) -> str:
    """Vega, Vega-Lite and Vega-Embed in one, about 0.9 MB, with the global function `draw(where, chart, options)`.

    Raises `ToolchainError` where the package is not installed.
    """
    if not has():
        raise ToolchainError(MISSING)
    import vl_convert

    bundled: str = vl_convert.javascript_bundle(
        "window.draw = (where, chart, options) => vegaEmbed(where, chart, options);"
    )
    return bundled
