"""Puts a pinned OpenTofu beside this Python where neither terraform nor tofu is on PATH.

    python -m infra.engines.terraform.download

Exit 0: a program is there, or the release cannot be reached (one line says what to install: people who only
run unit tests need none). Exit 1: what was fetched is not the release; then nothing is installed.
MODELYARD_OPENTOFU_URL names another place to fetch from; it must serve the same bytes.
"""

import hashlib
import http.client
import io
import os
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from infra.engines.terraform.mirror import os_arch
from infra.engines.terraform.toolchain import INSTALL, on_path

URL = "https://github.com/opentofu/opentofu/releases/download"

_TIMEOUT_SECONDS = 15
_MEMBER = "tofu"
_LIMIT_BYTES = 400 * 1024 * 1024
"""The program has about 100 MB; a member that claims more is no release."""


@dataclass(frozen=True)
class Release:
    """A release of OpenTofu; `sha256` has the digest of the zip for each platform (`linux_amd64`)."""

    version: str
    sha256: Mapping[str, str]

    def archive(self, platform: str) -> str:
        """The name of the zip for `platform`."""
        return f"tofu_{self.version}_{platform}.zip"

    @property
    def sums(self) -> str:
        """The name of the file of checksums that is published with the release."""
        return f"tofu_{self.version}_SHA256SUMS"


# From the release's tofu_1.10.8_SHA256SUMS, as repeated in cashapp/hermit-packages opentofu.hcl (all four)
# and in the AUR package opentofu-bin (linux); read 2026-11-21.
RELEASE = Release(
    "1.10.8",
    {
        "linux_amd64": "b330c2f41e416403817b34e611b8ea6622c77d918c2478de3aa060353288530e",
        "linux_arm64": "36a2d1ddfe85653e084bb2c5d0f682f420072b0577caf545f058ef9629d82c59",
        "darwin_amd64": "fe26fb93052edb4f04ffaedb9a0c4a1b0394bd011dabfeeb86d2e22ebfe7955b",
        "darwin_arm64": "a541aecf9d29d5268b50650c9a12533287a56f02e3958eb7c30ae0bb7c0d6f2a",
    },
)


class Unavailable(Exception):
    """The release cannot be fetched or put in place, or there is none for this platform."""


class WrongChecksum(Exception):
    """What was fetched is not the pinned release."""


def fetch(release: Release, base: str, platform: str) -> bytes:
    """The verified zip of `release` for `platform`, from `base`/vVERSION/.

    Its digest must be the pinned one and the published one. Raises Unavailable or WrongChecksum.
    """
    pinned = release.sha256.get(platform)
    if pinned is None:
        raise Unavailable(f"there is no pinned OpenTofu for {platform}")
    place, name = f"{base.rstrip('/')}/v{release.version}", release.archive(platform)
    published = _digest_of(name, _get(f"{place}/{release.sums}").decode(errors="replace"))
    if published != pinned:
        has = f"has {published} for" if published else "does not list"
        raise WrongChecksum(f"{place}/{release.sums} {has} {name}, expected is {pinned}")
    archive = _get(f"{place}/{name}")
    found = hashlib.sha256(archive).hexdigest()
    if found != pinned:
        raise WrongChecksum(f"{place}/{name} has SHA-256 {found}, expected is {pinned}")
    return archive


def install(archive: bytes, folder: Path) -> Path:
    """Takes the one program out of a release's zip; it is `folder`/tofu, mode 0755, whole or not at all.

    Raises WrongChecksum where the zip is no release, Unavailable where `folder` cannot be written.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
            member = zipped.getinfo(_MEMBER)
            if member.file_size > _LIMIT_BYTES:
                raise WrongChecksum(f"{_MEMBER} in the zip claims {member.file_size} bytes")
            program = zipped.read(member)
    except (zipfile.BadZipFile, KeyError) as error:
        raise WrongChecksum(f"the zip has no {_MEMBER}: {error}") from error
    try:
        _place(program, folder / _MEMBER)
    except OSError as error:
        raise Unavailable(f"{folder} cannot be written ({error.strerror})") from error
    return folder / _MEMBER


def main(
    environ: Mapping[str, str] = os.environ,
    *,
    folder: Path | None = None,
    release: Release = RELEASE,
    platform: str | None = None,
    say: Callable[[str], None] = lambda text: print(text, file=sys.stderr),
) -> int:
    """The command; `folder` is where the program goes, by default the folder of this Python."""
    folder = folder or Path(sys.executable).parent
    if on_path(environ) is not None or os.access(folder / _MEMBER, os.X_OK):
        return 0
    base = environ.get("MODELYARD_OPENTOFU_URL") or URL
    try:
        program = install(fetch(release, base, platform or os_arch()), folder)
    except Unavailable as error:
        say(f"OpenTofu {release.version} was not fetched: {error}. To plan or deploy, {INSTALL}")
        return 0
    except WrongChecksum as error:
        say(f"OpenTofu {release.version} was not installed: {error}. Try again, or {INSTALL}")
        return 1
    say(f"fetched OpenTofu {release.version}: {program}")
    return 0


def _place(program: bytes, file: Path) -> None:
    with tempfile.NamedTemporaryFile(dir=file.parent, prefix=".tofu-", delete=False) as half:
        try:
            half.write(program)
            half.flush()
            os.fsync(half.fileno())
            os.fchmod(half.fileno(), 0o755)
            Path(half.name).replace(file)
        except BaseException:
            Path(half.name).unlink()
            raise


def _get(url: str) -> bytes:
    if not url.startswith(("https://", "http://")):
        raise Unavailable(f"{url} is no http or https address")
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:  # noqa: S310  checked above
            content: bytes = answer.read()
            return content
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise Unavailable(f"{url} cannot be read ({error})") from error


def _digest_of(name: str, sums: str) -> str | None:
    lines = (line.split() for line in sums.splitlines())
    return next((line[0] for line in lines if len(line) == 2 and line[1].lstrip("*") == name), None)


if __name__ == "__main__":
    sys.exit(main())
