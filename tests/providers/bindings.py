"""Argument names out of the sources of cdktn-provider-aws, which carry the provider's own in their documentation."""

import ast
import importlib.util
import re
from functools import cache
from pathlib import Path
from typing import Any

_ANCHOR = re.compile(r"docs/resources/(?P<page>\w+)#(?P<name>\w+) ")


@cache
def root() -> Path:
    """The folder of the package; the extra `bench` brings it."""
    spec = importlib.util.find_spec("cdktn_provider_aws")
    assert spec is not None and spec.origin is not None, "pip install --editable '.[bench]' first"
    return Path(spec.origin).parent


def arguments(type: str) -> dict[str, Any]:
    """The arguments of a resource type, with those of its blocks."""
    tree = ast.parse((root() / type.removeprefix("aws_") / "__init__.py").read_text())
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    config = next(name for name in classes if name.endswith("Config") and _is_config(classes[name]))
    return _arguments(config, classes, ())


def _is_config(node: ast.ClassDef) -> bool:
    return any(
        isinstance(base, ast.Attribute) and base.attr == "TerraformMetaArguments" for base in node.bases
    )


def _arguments(name: str, classes: dict[str, ast.ClassDef], above: tuple[str, ...]) -> dict[str, Any]:
    init = next(
        node for node in classes[name].body if isinstance(node, ast.FunctionDef) and node.name == "__init__"
    )
    annotations = {
        argument.arg: ast.unparse(argument.annotation or ast.Constant(""))
        for argument in init.args.kwonlyargs
    }
    documented = ast.get_docstring(init) or ""
    found: dict[str, Any] = {}
    for argument, annotation in annotations.items():
        entry = re.search(rf":param {argument}:(.*?)(?=\n:param |\Z)", documented, re.DOTALL)
        anchor = _ANCHOR.search(entry[1]) if entry else None
        if anchor is None:
            continue  # Terraform's own, such as count and lifecycle
        block = _block(annotation, classes)
        # A block of WAF rules contains itself.
        found[anchor["name"]] = (
            _arguments(block, classes, (*above, name)) if block and block not in above else None
        )
    return found


def _block(annotation: str, classes: dict[str, ast.ClassDef]) -> str | None:
    names = re.findall(r"['\"](\w+)['\"]", annotation)
    return next((name for name in names if name in classes), None)
