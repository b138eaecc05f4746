import functools
import hashlib
import http.server
import io
import os
import stat
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.engines.terraform.download import RELEASE, Release, main

PROGRAM = b"#!/bin/sh\necho 'OpenTofu v1.10.8'\n"
PLATFORM = "linux_amd64"
NAME = f"tofu_1.10.8_{PLATFORM}.zip"


def zipped(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "../"), content)
    return stream.getvalue()


ARCHIVE = zipped(LICENSE=b"MPL", tofu=PROGRAM, __outside=b"evil")


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


class Site:
    """The release as it is published below `url`, and what was asked for."""

    def __init__(self, folder: Path) -> None:
        self.place = folder / "v1.10.8"
        self.place.mkdir(parents=True)
        self.asked: list[str] = []
        self.url = ""
        self.publish(ARCHIVE)

    def publish(self, archive: bytes, sums: str | None = None) -> None:
        (self.place / NAME).write_bytes(archive)
        other = f"{'0' * 64}  tofu_1.10.8_darwin_arm64.zip\n"
        (self.place / "tofu_1.10.8_SHA256SUMS").write_text(sums or f"{other}{digest(archive)}  {NAME}\n")


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path / "site")

    class Handler(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            site.asked.append(self.path)

    handler = functools.partial(Handler, directory=str(tmp_path / "site"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        site.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, args=[0.02], daemon=True).start()
        yield site
        server.shutdown()


class Setup:
    """One run of the command in an empty environment."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.said: list[str] = []
        folder.mkdir()

    def run(self, url: str, archive: bytes = ARCHIVE, platform: str = PLATFORM, path: str = "") -> int:
        return main(
            {"MODELYARD_OPENTOFU_URL": url, "PATH": path},
            folder=self.folder,
            release=Release("1.10.8", {PLATFORM: digest(archive)}),
            platform=platform,
            say=self.said.append,
        )

    def files(self) -> list[str]:
        return sorted(entry.name for entry in self.folder.iterdir())


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    return Setup(tmp_path / "bin")


def test_the_verified_program_is_installed(site: Site, setup: Setup, tmp_path: Path) -> None:
    assert setup.run(site.url + "/") == 0
    program = setup.folder / "tofu"
    assert program.read_bytes() == PROGRAM
    assert stat.S_IMODE(program.stat().st_mode) == 0o755
    assert subprocess.run([program], capture_output=True, text=True).stdout == "OpenTofu v1.10.8\n"
    assert setup.said == [f"fetched OpenTofu 1.10.8: {program}"]
    assert setup.files() == ["tofu"]
    assert not (tmp_path / "outside").exists()


def test_it_is_fetched_once(site: Site, setup: Setup) -> None:
    assert [setup.run(site.url), setup.run(site.url)] == [0, 0]
    assert len(site.asked) == 2  # the checksums and the zip


@pytest.mark.parametrize("name", ["terraform", "tofu"])
def test_nothing_is_done_where_a_program_is_on_path(
    site: Site, setup: Setup, tmp_path: Path, name: str
) -> None:
    other = tmp_path / "other" / name
    other.parent.mkdir()
    other.touch(mode=0o755)
    assert setup.run(site.url, path=str(other.parent)) == 0
    assert (site.asked, setup.said, setup.files()) == ([], [], [])


def test_another_zip_is_refused(site: Site, setup: Setup) -> None:
    site.publish(zipped(tofu=b"evil"), sums=f"{digest(ARCHIVE)}  {NAME}\n")
    assert setup.run(site.url) == 1
    (line,) = setup.said
    assert line.startswith(f"OpenTofu 1.10.8 was not installed: {site.url}/v1.10.8/{NAME} has SHA-256 ")
    assert f"expected is {digest(ARCHIVE)}" in line
    assert setup.files() == []


def test_another_zip_with_checksums_of_its_own_is_refused(site: Site, setup: Setup) -> None:
    site.publish(zipped(tofu=b"evil"))
    assert setup.run(site.url) == 1
    assert "SHA256SUMS has" in setup.said[0]
    assert setup.files() == []


def test_checksums_without_the_zip_are_refused(site: Site, setup: Setup) -> None:
    site.publish(ARCHIVE, sums=f"{digest(ARCHIVE)}  another.zip\n")
    assert setup.run(site.url) == 1
    assert f"SHA256SUMS does not list {NAME}, expected" in setup.said[0]


@pytest.mark.parametrize("archive", [b"no zip", zipped(README=b"x")])
def test_a_zip_without_the_program_is_refused(site: Site, setup: Setup, archive: bytes) -> None:
    site.publish(archive)
    assert setup.run(site.url, archive=archive) == 1
    assert "the zip has no tofu" in setup.said[0]
    assert setup.files() == []


def test_a_truncated_zip_is_refused(site: Site, setup: Setup) -> None:
    site.publish(ARCHIVE[:-9], sums=f"{digest(ARCHIVE)}  {NAME}\n")
    assert setup.run(site.url) == 1
    assert setup.files() == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9", "http://[bad", "file:///etc"])
def test_what_cannot_be_reached_is_one_line_that_says_what_to_install(setup: Setup, url: str) -> None:
    assert setup.run(url) == 0
    (line,) = setup.said
    assert "\n" not in line
    assert line.startswith("OpenTofu 1.10.8 was not fetched: ")
    assert "install Terraform (https://developer.hashicorp.com/terraform/install)" in line
    assert setup.files() == []


def test_a_folder_that_cannot_be_written_is_told(site: Site, setup: Setup) -> None:
    setup.folder.rmdir()
    assert setup.run(site.url) == 0
    assert f"{setup.folder} cannot be written (No such file or directory)" in setup.said[0]


def test_a_release_that_is_gone_is_not_reached(site: Site, setup: Setup) -> None:
    (site.place / NAME).unlink()
    assert setup.run(site.url) == 0
    assert "HTTP Error 404" in setup.said[0]


def test_another_platform_is_told(site: Site, setup: Setup) -> None:
    assert setup.run(site.url, platform="plan9_mips") == 0
    assert "there is no pinned OpenTofu for plan9_mips" in setup.said[0]
    assert site.asked == []


def test_the_pinned_release_has_a_digest_for_every_platform() -> None:
    assert set(RELEASE.sha256) == {"linux_amd64", "linux_arm64", "darwin_amd64", "darwin_arm64"}
    assert all(len(bytes.fromhex(value)) == 32 for value in RELEASE.sha256.values())
    assert len(set(RELEASE.sha256.values())) == 4


def test_the_module_is_a_command(tmp_path: Path) -> None:
    (tmp_path / "terraform").touch(mode=0o755)
    root = Path(__file__).parents[4]
    environ = {**os.environ, "PATH": str(tmp_path), "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "infra.engines.terraform.download"]
    ended = subprocess.run(command, env=environ, cwd=root, capture_output=True, text=True)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, "", "")
