"""Finds the stack that a person names: `sentiment`, `package.module:function` or `path/file.py:function`."""

import contextlib
import dataclasses
import importlib
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

from pydantic import ValidationError

from infra import checks, mistakes, naming
from infra.environment import Environment
from infra.errors import InvalidStack, Misuse, ModelyardError, UnknownStack
from infra.stack import Stack
from model_packaging.errors import PackagingError

DIRECTORY = Path("stacks")

_PLAIN = re.compile(r"[A-Za-z0-9][\w-]*")


def load(name: str, environment: Environment, project: Path, *, checked: bool = True) -> Stack:
    """The stack that `name` means, built for `environment`, and checked unless `checked` is false.

    `sentiment` is function `stack` of stacks/sentiment.py below `project`. Raises `UnknownStack` where
    there is no such file, module or function, or where it does not load; `InvalidStack` with every
    finding of the checks.
    """
    if str(project) not in sys.path:
        sys.path.insert(0, str(project))
    where, _, function_name = name.partition(":")
    function_name = function_name or "stack"
    module = _from_file(where, project) if where.endswith(".py") else _named(where, name, project)
    function = getattr(module, function_name, None)
    if not callable(function):
        raise UnknownStack(
            f"{_shown(module, project)} has no function {function_name!r}; "
            f"write: def {function_name}(env): return Stack(...)"
        )
    with _mistakes(_shown(module, project), InvalidStack, _directory(module), project):
        stack = function(environment)
    if not isinstance(stack, Stack):
        raise InvalidStack(
            f"{_shown(module, project)}: {function_name}(env) returned {type(stack).__name__}; it must return a Stack."
        )
    stack = dataclasses.replace(stack, base=_directory(module))
    if checked:
        checks.check(stack)
    elif not naming.is_part(stack.name):
        raise InvalidStack(f"Stack name {stack.name!r} is not one that can have been deployed; correct it.")
    return stack


def known(project: Path) -> list[str]:
    """The names of the stacks in stacks/ below `project`."""
    return sorted(file.stem for file in (project / DIRECTORY).glob("*.py") if not file.stem.startswith("_"))


def _named(where: str, name: str, project: Path) -> ModuleType:
    if ":" not in name:
        file = project / DIRECTORY / f"{where}.py"
        if not file.is_file():
            # What is no plain name has no file to be written: of a path above stacks/, or of nothing at all.
            write = f"Write stacks/{where}.py" if _PLAIN.fullmatch(where) else "Name one of them"
            raise UnknownStack(
                f"Stack {name!r} does not exist; known: {', '.join(known(project)) or 'none'}. "
                f"{write}, or name module:function or path/file.py:function."
            )
        return _from_file(str(file), project)
    if not where:
        raise UnknownStack(f"{name!r} names no module; write module:function or path/file.py:function.")
    try:
        with _mistakes(f"Module {where!r}", UnknownStack, project, project):
            return importlib.import_module(where)
    except UnknownStack as error:
        missing = error.__cause__.name if isinstance(error.__cause__, ModuleNotFoundError) else None
        # Told apart: the module itself is missing, or something that it imports.
        if missing and (where == missing or where.startswith(f"{missing}.")):
            raise UnknownStack(
                f"There is no module {where!r}; name a module that Python finds from {project}."
            ) from None
        raise


def _from_file(path: str, project: Path) -> ModuleType:
    file = (project / path).resolve()
    spec = importlib.util.spec_from_file_location(f"_stack_{file.stem}", file)
    if not file.is_file() or spec is None or spec.loader is None:
        raise UnknownStack(f"There is no stack file {path}; name a Python file.")
    module = importlib.util.module_from_spec(spec)
    # dataclasses and pydantic look a class's module up here.
    sys.modules[spec.name] = module
    with _mistakes(_shown(module, project), UnknownStack, file.parent, project):
        spec.loader.exec_module(module)
    return module


@contextlib.contextmanager
def _mistakes(where: str, kind: type[Misuse], folder: Path, project: Path) -> Iterator[None]:
    """What a user's own code, in `folder`, raises, as one line that names the file; our own errors go through.

    What it prints goes to stderr: stdout is the verb's data, which a program may read.
    """
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    except (ModelyardError, PackagingError):
        raise
    except ValidationError as error:
        raise InvalidStack("\n".join(mistakes.findings(error, folder, project))) from None
    except SystemExit as error:
        # Let through it would end the verb with the file's own code: sys.exit(0) was a bill that is empty and done.
        raise kind(
            f"{where} ends the program, with {_call(error)}; a stack file only returns a Stack: leave the call out, or "
            "raise an error."
        ) from error
    except Exception as error:
        line = f"{where} does not load: {type(error).__name__}: {error}; mend it, or see where with --debug."
        raise kind(line) from error


def _call(end: SystemExit) -> str:
    return f"sys.exit({'' if end.code is None else repr(end.code)})"


def _directory(module: ModuleType) -> Path:
    return Path(module.__file__).resolve().parent if module.__file__ else Path.cwd()


def _shown(module: ModuleType, project: Path) -> str:
    file = Path(module.__file__ or module.__name__)
    return str(file.relative_to(project)) if file.is_relative_to(project) else str(file)
