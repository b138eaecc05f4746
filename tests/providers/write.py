"""Writes the argument names of both majors of the AWS provider, for the resource types that we make.

    python -m tests.providers.write [SCHEMA]

5.x from `terraform providers schema -json`, or from the file SCHEMA with its output; 6.x from the prebuilt bindings of
the package cdktn-provider-aws (the extra `bench`), whose sources are read and not imported.
"""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from infra.engines.terraform import toolchain
from infra.engines.terraform.provider import SOURCE
from tests.judges.calls import CALLS
from tests.providers import FIVE, SIX, bindings
from tests.providers.names import types


def write() -> None:
    """Both files, anew."""
    used = sorted({*types(), *CALLS})
    schema = json.loads(Path(sys.argv[1]).read_text()) if len(sys.argv) > 1 else asked()
    (provider,) = schema["provider_schemas"].values()
    blocks = {type: block(provider["resource_schemas"][type]["block"]) for type in used}
    put(FIVE, blocks)
    put(SIX, {type: bindings.arguments(type) for type in used})


def asked() -> Any:
    """The schema, as the provider itself says it."""
    found = toolchain.find(os.environ)
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "main.tf.json").write_text(
            json.dumps(
                {"terraform": {"required_providers": {"aws": {"source": SOURCE, "version": "5.100.0"}}}}
            )
        )
        variables = {**os.environ, "TF_CLI_CONFIG_FILE": str(found.configure(Path(folder)))}
        for words in (("init", "-input=false"), ("providers", "schema", "-json")):
            done = subprocess.run(
                [str(found.program), *words],
                cwd=folder,
                env=variables,
                check=True,
                capture_output=True,
                text=True,
            )
    return json.loads(done.stdout)


def block(content: Any) -> dict[str, Any]:
    """Arguments that can be written: a name alone, or a name with those of its block."""
    given = {
        name: nested(attribute["type"])
        for name, attribute in content.get("attributes", {}).items()
        if attribute.get("optional") or attribute.get("required")
    }
    return {
        **given,
        **{name: block(inner["block"]) for name, inner in content.get("block_types", {}).items()},
    }


def nested(type: Any) -> dict[str, Any] | None:
    """The names inside of an attribute that is a list of objects; None for anything else."""
    while isinstance(type, list) and type[0] in ("list", "set") and isinstance(type[1], list):
        type = type[1]
    if isinstance(type, list) and type[0] == "object":
        return {name: nested(inner) for name, inner in type[1].items()}
    return None


def put(file: Path, content: dict[str, Any]) -> None:
    """One resource type a line."""
    lines: Iterable[str] = (
        f"{json.dumps(type)}: {json.dumps(content[type], sort_keys=True)}" for type in content
    )
    file.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    write()
