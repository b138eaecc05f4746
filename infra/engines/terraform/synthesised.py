"""What was synthesised into a working directory, and of what: the same once more needs neither cdktn nor Node.

A deploy mostly follows a plan of the same thing. Starting Node and synthesising again took 0.9 s of the 2.3 s that
a verb needed before Terraform began to plan.
"""

import functools
import hashlib
import json
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

from infra.blueprint import Blueprint
from infra.engines import private_file, provider
from infra.engines.terraform import synth
from infra.environment import Environment

RECORD = "modelyard-synth"


def fingerprint(blueprint: Blueprint, environment: Environment, state: str, major: int) -> str:
    """Digest of all that the text of cdk.tf.json depends on, the code that makes it among it."""
    content = repr((blueprint, environment, state, major, _code()))
    return hashlib.sha256(content.encode()).hexdigest()


def is_there(directory: Path) -> bool:
    """Whether something was synthesised into `directory` before."""
    return (directory / RECORD).is_file()


def keep(directory: Path, wanted: str, make: Callable[[], str]) -> None:
    """Have in `directory` what `make` gives for the fingerprint `wanted`; it is not called where that is there."""
    file, record = directory / synth.FILE, directory / RECORD
    if record.is_file() and file.is_file() and record.read_text() == _record(wanted, file.read_text()):
        return
    record.unlink(missing_ok=True)
    text = make()
    private_file.write(file, text)
    private_file.write(record, _record(wanted, text))


def _record(wanted: str, text: str) -> str:
    return json.dumps({"of": wanted, "is": hashlib.sha256(text.encode()).hexdigest()})


@functools.cache
def _code() -> str:
    found = hashlib.sha256(_version("cdktn").encode())
    for file in (Path(provider.__file__), *sorted(Path(__file__).parent.glob("*.py"))):
        found.update(file.read_bytes())
    return found.hexdigest()


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return "none"
