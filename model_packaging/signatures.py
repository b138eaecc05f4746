"""What the text of a handler shows without running it: that it is Python, and has the functions a host calls.

On AWS the same mistake is told by an endpoint that fails after minutes, and by the log of a machine that is paid for.
"""

import ast
import warnings
from collections.abc import Iterator
from pathlib import Path

from model_packaging.errors import InvalidModel

REQUIRED = "predict_fn"

PARAMETERS = {
    "model_fn": ("model_dir",),
    "input_fn": ("body", "content_type"),
    "predict_fn": ("data", "model"),
    "predict_batch_fn": ("items", "model"),
    "output_fn": ("prediction", "accept"),
    "stream_fn": ("data", "model"),
}
"""What a host calls them with, by position."""

DYNAMIC = {"globals", "vars", "setattr", "exec", "__getattr__"}
"""A module that names one of them may have functions that its text does not show."""

BLOCKS = (ast.If, ast.Try, ast.TryStar, ast.With, ast.For, ast.While, ast.Match)
"""Statements whose inner statements bind the module's own names."""


def check(file: Path, named: str) -> None:
    """Raise `InvalidModel`, with the file as `named`, for a handler that no host could load whatever is installed."""
    try:
        with warnings.catch_warnings(action="ignore"):
            module = ast.parse(file.read_bytes(), str(file))
    except SyntaxError as error:
        raise InvalidModel(
            f"{named}, line {error.lineno or 1}, is not Python: {error.msg}; mend it."
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise InvalidModel(f"{named} is not Python: {error}; mend it.") from None
    bindings = list(_bindings(module.body))
    for name, parameters in PARAMETERS.items():
        bound = [node for found, node in bindings if found == name]
        if len(bound) == 1 and isinstance(bound[0], (ast.FunctionDef, ast.AsyncFunctionDef)):
            _check_function(named, bound[0], parameters)
    if not {REQUIRED, "*"} & {name for name, _ in bindings} and not _is_dynamic(module):
        raise InvalidModel(f"{named} has no {REQUIRED}; write {_signature(REQUIRED)}.")


def _check_function(
    named: str, function: ast.FunctionDef | ast.AsyncFunctionDef, parameters: tuple[str, ...]
) -> None:
    place = f"{named}, line {function.lineno}: {function.name}"
    if function.decorator_list:
        return  # what is called then is whatever the decorator makes of it
    if isinstance(function, ast.AsyncFunctionDef):
        raise InvalidModel(f"{place} is async, and a host calls it in a thread; write def {function.name}.")
    given, taken = len(parameters), function.args
    positional = [*taken.posonlyargs, *taken.args]
    needed = len(positional) - len(taken.defaults)
    most = given if taken.vararg else len(positional)
    lacking = [
        one.arg for one, default in zip(taken.kwonlyargs, taken.kw_defaults, strict=True) if default is None
    ]
    if not needed <= given <= most or lacking:
        have = ", ".join([one.arg for one in positional] + [f"*, {name}" for name in lacking])
        raise InvalidModel(f"{place}({have}) is called as {_signature(function.name)}; let it take that.")


def _signature(name: str) -> str:
    return f"{name}({', '.join(PARAMETERS[name])})"


def _bindings(body: list[ast.stmt]) -> Iterator[tuple[str, ast.AST]]:
    """The names that a module's statements bind, each with what binds it; '*' for a star import."""
    for statement in body:
        if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield statement.name, statement
        elif isinstance(statement, (ast.Import, ast.ImportFrom)):
            yield from ((alias.asname or alias.name, statement) for alias in statement.names)
        else:
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    yield node.id, node
            if isinstance(statement, BLOCKS):
                yield from _inner(statement)


def _inner(statement: ast.stmt) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.stmt):
            yield from _bindings([child])
        elif isinstance(child, (ast.ExceptHandler, ast.match_case)):
            yield from _bindings(child.body)


def _is_dynamic(module: ast.Module) -> bool:
    return any(
        (isinstance(node, ast.Name) and node.id in DYNAMIC)
        or (isinstance(node, ast.FunctionDef) and node.name in DYNAMIC)
        for node in ast.walk(module)
    )
