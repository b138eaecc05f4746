import subprocess
import sys
from pathlib import Path

import pytest

from infra.doctor import EXTRAS, Finding, configured_credentials, examine
from infra.engines.terraform.mirror import Mirror
from infra.engines.terraform.toolchain import Toolchain
from infra.errors import ToolchainError

MIRROR = Mirror(Path("/opt/plugins/aws/5.100.0/linux_amd64"), "5.100.0")
TOOLCHAIN = Toolchain(Path("/usr/bin/tofu"), "tofu", "1.10.8", MIRROR, None, Path("/cache"))


@pytest.fixture
def node(tmp_path: Path) -> Path:
    return program(tmp_path / "node", "echo v22.11.0")


def program(file: Path, command: str) -> Path:
    file.write_text(f"#!/bin/sh\n{command}\n")
    file.chmod(0o755)
    return file


def look(node: Path | None, **changes: object) -> dict[str, Finding]:
    everything: dict[str, object] = {
        "embedded": lambda: "http://127.0.0.1:5000",
        "find_toolchain": lambda environ: TOOLCHAIN,
        "find_pulumi": lambda environ: Path("/usr/bin/pulumi"),
        "find_node": lambda environ: node,
        "find_module": lambda name: name,
        "credentials": lambda: "sso, profile acme",
        **changes,
    }
    return {finding.name: finding for finding in examine({}, **everything)}


def test_a_machine_that_has_everything(node: Path) -> None:
    findings = look(node)
    assert list(findings) == [
        "Python",
        "Node for cdktn",
        "Terraform or OpenTofu",
        "AWS provider",
        "Pulumi",
        *(f"extra {name}" for name in EXTRAS),
        "AWS credentials",
        "embedded AWS",
    ]
    assert all(finding.ok for finding in findings.values())
    assert findings["Python"].found.endswith(sys.executable)
    assert findings["Node for cdktn"].found == f"v22.11.0 at {node}"
    assert findings["Terraform or OpenTofu"].found == "tofu 1.10.8 at /usr/bin/tofu"
    assert findings["AWS provider"].found == f"hashicorp/aws 5.100.0 in {MIRROR.package}"
    assert findings["Pulumi"].found == "/usr/bin/pulumi"
    assert findings["AWS credentials"].found == "sso, profile acme"
    assert findings["embedded AWS"].found == "http://127.0.0.1:5000"


def test_everything_that_is_not_ok_has_a_remedy() -> None:
    def nothing(environ: object) -> Toolchain:
        raise ToolchainError("neither terraform nor tofu is on PATH: install Terraform")

    findings = look(
        None,
        find_toolchain=nothing,
        find_pulumi=lambda environ: None,
        find_module=lambda name: None,
        credentials=lambda: None,
        embedded=lambda: None,
    )
    bad = {name: finding for name, finding in findings.items() if not finding.ok}
    assert set(findings) - set(bad) == {"Python"}
    assert all(finding.remedy and "\n" not in finding.remedy for finding in bad.values())
    assert {name for name, finding in bad.items() if finding.required} == {
        "Node for cdktn",
        "Terraform or OpenTofu",
        "extra terraform",
    }
    assert bad["Terraform or OpenTofu"].found == "neither terraform nor tofu is on PATH"
    assert bad["extra local"] == Finding(
        "extra local",
        False,
        "missing: moto, prometheus-client, psutil, starlette, uvicorn",
        f"run: {sys.executable} -m pip install --editable '.[local]'",
        required=False,
    )


@pytest.mark.parametrize(
    ("command", "found"),
    [("echo v20.20.2", "v20.20.2 at "), ("exit 1", "no version at "), (None, "does not run")],
)
def test_a_node_that_will_not_do(tmp_path: Path, command: str | None, found: str) -> None:
    file = tmp_path / "node" if command is None else program(tmp_path / "node", command)
    finding = look(file)["Node for cdktn"]
    assert not finding.ok
    assert found in finding.found


def test_versions_of_extras_are_told(node: Path) -> None:
    assert look(node)["extra local"].found.startswith("moto 5.")


@pytest.fixture
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_DEFAULT_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    return monkeypatch


def test_no_credentials(no_credentials: pytest.MonkeyPatch) -> None:
    # An answer at all shows that the metadata service is not asked: here, that would take seconds.
    assert configured_credentials() is None


def test_credentials_of_the_environment(no_credentials: pytest.MonkeyPatch) -> None:
    no_credentials.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    no_credentials.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert configured_credentials() == "env, profile default"


def test_a_profile_that_does_not_exist_is_told(no_credentials: pytest.MonkeyPatch, node: Path) -> None:
    no_credentials.setenv("AWS_PROFILE", "absent")
    finding = look(node, credentials=configured_credentials)["AWS credentials"]
    assert not finding.ok
    assert finding.found == "unusable: The config profile (absent) could not be found"


def test_nothing_heavy_is_imported() -> None:
    code = (
        "import sys\nfrom infra.doctor import examine\n"
        "examine({'PATH': ''}, lambda: None, credentials=lambda: None)\n"
        "print([m for m in ('torch', 'moto', 'cdktn', 'onnxruntime', 'transformers') if m in sys.modules])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2]
    )
    assert ended.stdout.strip() == "[]", ended.stderr


def test_without_pulumi_it_says_what_to_install_and_that_terraform_needs_it_not(node: Path) -> None:
    finding = look(node, find_pulumi=lambda environ: None)["Pulumi"]
    assert (finding.ok, finding.found, finding.required) == (False, "none", False)
    assert finding.remedy is not None and "install Pulumi (https://www.pulumi.com/" in finding.remedy
