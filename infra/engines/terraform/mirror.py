"""Where the AWS provider comes from: a mirror on disk where one holds a fitting version, else the registry.

A mirror is a folder in Terraform's layout, unpacked (HOST/hashicorp/aws/VERSION/OS_ARCH/) or packed
(HOST/hashicorp/aws/terraform-provider-aws_VERSION_OS_ARCH.zip).
"""

import json
import platform
import re
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

from infra.engines.terraform.provider import CONSTRAINT
from infra.project import private

PROVIDER = "hashicorp/aws"

HOSTS = ("registry.terraform.io", "registry.opentofu.org")
"""The registries that serve the provider, the same package in each."""

MIRROR_PARENTS = tuple(map(Path, ("/opt", "/srv", "/usr/share", "/usr/local/share")))
"""Folders whose direct children may be mirrors."""

_MACHINES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}

_PACKED = re.compile(r"terraform-provider-aws_(?P<version>[^_]+)_(?P<platform>[a-z0-9]+_[a-z0-9]+)\.zip")


def os_arch() -> str:
    """This machine as Terraform writes it: `linux_amd64`, `darwin_arm64`."""
    machine = platform.machine().lower()
    return f"{platform.system().lower()}_{_MACHINES.get(machine, machine)}"


@dataclass(frozen=True)
class Mirror:
    """One version of the provider in a mirror on disk; `package` is a folder, or a zip where packed."""

    package: Path
    version: str

    @property
    def packed(self) -> bool:
        """Whether Terraform has to unzip it."""
        return self.package.suffix == ".zip"

    def place(self, host: str) -> Path:
        """Where a mirror holds this package under the name of `host`."""
        if self.packed:
            return Path(host, PROVIDER, self.package.name)
        return Path(host, PROVIDER, self.version, self.package.name)


def implied_mirrors(environ: Mapping[str, str]) -> list[Path]:
    """The folders that Terraform and OpenTofu search without being told to."""
    home = Path(environ["HOME"]) if environ.get("HOME") else Path.home()
    data_home = Path(environ.get("XDG_DATA_HOME") or home / ".local" / "share")
    data_dirs = (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    support = Path("Library", "Application Support")
    return [
        home / ".terraform.d" / "plugins",
        *(
            base / name / "plugins"
            for base in (data_home, *map(Path, data_dirs))
            for name in ("terraform", "opentofu")
        ),
        *(base / support / "io.terraform" / "plugins" for base in (home, Path("/"))),
    ]


def find_mirror(environ: Mapping[str, str], parents: Sequence[Path] = MIRROR_PARENTS) -> Mirror | None:
    """The newest fitting provider for this machine in any mirror on disk; None: only the registry has it."""
    roots = [*implied_mirrors(environ), *(child for parent in parents for child in _folders(parent))]
    fitting = SpecifierSet(CONSTRAINT)
    found = [mirror for root in roots for mirror in _packages(root) if _version(mirror.version) in fitting]
    # max() keeps the first of equals: an implied mirror before the others.
    return max(found, key=lambda mirror: (_version(mirror.version), not mirror.packed), default=None)


def _packages(root: Path) -> Iterator[Mirror]:
    here = os_arch()
    for host in HOSTS:
        base = root / host / PROVIDER
        for entry in _entries(base):
            packed = _PACKED.fullmatch(entry.name)
            if packed and packed["platform"] == here and entry.is_file():
                yield Mirror(entry, packed["version"])
            elif any(_entries(entry / here)):
                yield Mirror(entry / here, entry.name)


def _version(text: str) -> Version:
    try:
        return Version(text)
    except InvalidVersion:
        return Version("0")


def _folders(parent: Path) -> Iterator[Path]:
    return (entry for entry in _entries(parent) if entry.is_dir())


def _entries(folder: Path) -> Iterable[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return ()


def is_final(text: str) -> bool:
    """Whether a CLI configuration says where providers come from, or is JSON, to which nothing is added."""
    return "provider_installation" in text or text.lstrip().startswith("{")


def configuration(text: str, mirror: Mirror | None, links: Path, cache: Path) -> str:
    """A CLI configuration: the user's own `text`, and that the provider comes from `mirror`.

    `links` is the folder in which `link` puts the mirror; `cache` keeps what had to be downloaded or
    unzipped, so that no stack has its own copy of 700 MB.
    """
    if text.lstrip().startswith("{"):
        return text
    parts = [text] if text else []
    if mirror is not None:
        names = json.dumps([f"{host}/{PROVIDER}" for host in HOSTS])
        parts.append(
            "provider_installation {\n"
            f"  filesystem_mirror {{\n    path    = {json.dumps(str(links))}\n    include = {names}\n  }}\n"
            f"  direct {{\n    exclude = {names}\n  }}\n"
            "}\n"
        )
    if "plugin_cache_dir" not in text and (mirror is None or mirror.packed):
        # Without the second line Terraform downloads again for every new lock file, cache or not.
        parts.append(
            f"plugin_cache_dir = {json.dumps(str(cache))}\n"
            "plugin_cache_may_break_dependency_lock_file = true\n"
        )
    return "\n".join(parts)


def link(mirror: Mirror, links: Path) -> None:
    """Shows `mirror` below `links` under every host, and nothing else.

    OpenTofu reads `hashicorp/aws` as registry.opentofu.org/hashicorp/aws and passes over a mirror under
    registry.terraform.io, though the package is the same.
    """
    for host in HOSTS:
        place = links / mirror.place(host)
        if not (place.is_symlink() and place.readlink() == mirror.package):
            shutil.rmtree(links / host, ignore_errors=True)
            private(place.parent)
            place.symlink_to(mirror.package)
