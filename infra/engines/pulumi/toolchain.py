"""The `pulumi` program, and what it is told of where its state is."""

import shutil
from collections.abc import Mapping
from pathlib import Path

from infra.environment import Environment
from infra.errors import ToolchainError

INSTALL = "install Pulumi (https://www.pulumi.com/docs/iac/download-install/)"

STATE = "state"
"""The folder of a local state, in the working folder."""

_PASSPHRASE = "PULUMI_CONFIG_PASSPHRASE"  # noqa: S105  (the name of a variable)
_DROPPED = ("PULUMI_STACK", "PULUMI_CONFIG", "PULUMI_EXPERIMENTAL")


def on_path(environ: Mapping[str, str]) -> Path | None:
    """`pulumi` on PATH; None where it is not."""
    found = shutil.which("pulumi", path=environ.get("PATH", ""))
    return Path(found).absolute() if found else None


def find(environ: Mapping[str, str]) -> Path:
    """`pulumi` on PATH; raises `ToolchainError` where it is not."""
    found = on_path(environ)
    if found is None:
        raise ToolchainError(f"pulumi is not on PATH: {INSTALL}, or leave out --engine pulumi")
    return found


def backend(environment: Environment, state: str, directory: Path) -> str:
    """Where Pulumi keeps the state: in the environment's state bucket, else in a folder of its own."""
    if environment.state_bucket is None:
        return (directory / STATE).as_uri()
    own = "&s3ForcePathStyle=true" if environment.embedded_aws else ""
    place = f"{environment.state_bucket}/modelyard/{environment.name}/{state}/pulumi"
    return f"s3://{place}?region={environment.region}&awssdk=v2{own}"


def secrets_provider(environment: Environment) -> str:
    """Who encrypts secrets in the state: the environment's key, else a passphrase."""
    if environment.kms_key_arn is None:
        return "passphrase"
    return f"awskms:///{environment.kms_key_arn}?region={environment.region}"


def variables(
    environment: Environment, state: str, directory: Path, environ: Mapping[str, str]
) -> dict[str, str]:
    """What the process of `pulumi` gets besides where AWS is."""
    own = {name: value for name, value in environ.items() if name not in _DROPPED}
    # A blueprint holds no secret, its rules see to that, and so a state has none to encrypt: without a passphrase of
    # one's own an empty one is as good, and nothing has to be kept beside the state.
    said = {} if {_PASSPHRASE, f"{_PASSPHRASE}_FILE"} & environ.keys() else {_PASSPHRASE: ""}
    return {
        **own,
        **said,
        "PULUMI_BACKEND_URL": backend(environment, state, directory),
        "PULUMI_SKIP_UPDATE_CHECK": "true",
    }
