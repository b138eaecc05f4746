"""`terraform validate` over many modules at once: the provider's schema takes seconds to load, and is loaded once."""

import json
import os
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from infra.engines.terraform import toolchain
from infra.engines.terraform.provider import SOURCE

VERSION = "5.100.0"


def validate(modules: Mapping[str, Mapping[str, Any]], folder: Path) -> list[str]:
    """What Terraform and the provider say of `modules`, each a child of one root below `folder`; warnings too."""
    providers = {"required_providers": {"aws": {"source": SOURCE, "version": VERSION}}}
    root = {
        "terraform": providers,
        "module": {name: {"source": f"./{name}"} for name in modules},
    }
    for name, content in modules.items():
        (folder / name).mkdir()
        # Only a root has a backend; and the provider that all share is the root's.
        parts = {"terraform": providers, "resource": content["resource"]}
        (folder / name / "main.tf.json").write_text(json.dumps(parts))
    (folder / "main.tf.json").write_text(json.dumps(root))
    found = toolchain.find(os.environ)
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("TF_", "AWS_"))}
    variables = {**clean, "TF_CLI_CONFIG_FILE": str(found.configure(folder)), "AWS_REGION": "us-east-1"}
    _run(found.program, folder, variables, "init", "-input=false", "-backend=false")
    said = json.loads(_run(found.program, folder, variables, "validate", "-json"))
    return [
        f"{one['severity']}: {one.get('range', {}).get('filename')}: {one.get('address')}: {one['summary']}: {one['detail']}"
        for one in said["diagnostics"]
    ]


def _run(program: Path, folder: Path, variables: Mapping[str, str], *words: str) -> str:
    done = subprocess.run(
        [str(program), *words], cwd=folder, env=variables, capture_output=True, text=True, timeout=240
    )
    # validate ends with 1 where it found something, and says it on stdout.
    assert words[0] == "validate" or done.returncode == 0, done.stderr + done.stdout
    return done.stdout
