"""Starts a job in its container: fetch the artifact, verify it, unpack it, install what it needs, run its host.

A job definition carries this text, so that nothing of a bucket runs before it is verified. It needs a Python that
gets security fixes, 3.9 or newer; the rest is in the artifact.
"""

import hashlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

PIP = [sys.executable, "-m", "pip", "install", "--quiet", "--no-input", "--disable-pip-version-check"]
PACKAGED = "modelyard-requirements.txt"
"""In an image of ours: the requirements whose packages are in it."""


def fetch(uri: str, file: pathlib.Path) -> None:
    try:
        import boto3
    except ImportError:
        subprocess.run([*PIP, "boto3"], check=True)
        import boto3
    bucket, _, key = uri[len("s3://") :].partition("/")
    boto3.client("s3").download_file(bucket, key, str(file))


def digest(file: pathlib.Path) -> str:
    """That of the files in it, as their artifact's key has it; only plain files inside of it are allowed."""
    files = []
    with tarfile.open(file) as archive:
        for member in archive:
            path = pathlib.PurePosixPath(member.name)
            if not member.isreg() or path.is_absolute() or ".." in path.parts:
                sys.exit(f"The artifact holds {member.name!r}, which is no plain file inside of it.")
            content, stream = hashlib.sha256(), archive.extractfile(member)
            while stream and (chunk := stream.read(1 << 20)):
                content.update(chunk)
            files.append([member.name, content.hexdigest(), bool(member.mode & 0o100)])
    manifest = {"format": 1, "kind": file.name, "files": sorted(files)}
    return hashlib.sha256(json.dumps(manifest, separators=(",", ":")).encode()).hexdigest()


def unpack(uri: str, folder: pathlib.Path) -> None:
    *_, expected, name = uri.split("/")
    file = folder / name
    fetch(uri, file)
    found = digest(file)
    if found != expected:
        sys.exit(f"{uri} holds other files (digest {found}); nothing of it was run.")
    with tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
    file.unlink()


def is_packaged(requirements: pathlib.Path) -> bool:
    """Whether a folder that Python looks in says so. pip would fetch what was left out there because nothing imports
    it, and has no place for it: nobody has no home."""
    listed = (pathlib.Path(place, PACKAGED) for place in sys.path)
    return any(one.is_file() and one.read_bytes() == requirements.read_bytes() for one in listed)


def release(entrypoint: int) -> None:
    """AWS's inference images sleep in `tail -f /dev/null` after their command: the job would never end."""
    try:
        if "dockerd-entrypoint" not in pathlib.Path(f"/proc/{entrypoint}/cmdline").read_text():
            return
    except OSError:
        return
    if os.fork():
        return
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):  # else whoever reads the container's output waits for this process too
        os.dup2(nothing, stream)
    while pathlib.Path(f"/proc/{entrypoint}").exists():
        for process in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                parent = process.joinpath("stat").read_text().rpartition(")")[2].split()[1]
                words = process.joinpath("cmdline").read_text().split("\0")
            except OSError:
                continue
            if parent == str(entrypoint) and words[:3] == ["tail", "-f", "/dev/null"]:
                os.kill(int(process.name), signal.SIGTERM)
                os._exit(0)
        time.sleep(0.5)
    os._exit(0)


def main() -> None:
    folder = pathlib.Path(tempfile.mkdtemp(prefix="modelyard-"))
    unpack(os.environ["MODELYARD_ARTIFACT"], folder)
    requirements = folder / "requirements.txt"
    if requirements.is_file() and not is_packaged(requirements):
        subprocess.run([*PIP, "--requirement", str(requirements)], check=True)
    release(os.getppid())
    os.chdir(folder)
    os.execv(sys.executable, [sys.executable, "-m", "modelyard_host.batch"])  # noqa: S606


if __name__ == "__main__":
    main()
