"""The watchman's zip: the very files of the kit, the same bytes every time, and nothing else needed but boto3."""

import hashlib
import importlib.util
import io
import subprocess
import sys
import zipfile
from pathlib import Path

from infra.local import pythons
from infra.operations.watchman import package


def packed() -> bytes:
    stream = io.BytesIO()
    package.write(stream)
    return stream.getvalue()


def test_it_holds_the_very_modules_that_the_command_line_runs():
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        held = {name: archive.read(name) for name in archive.namelist()}
    assert set(held) == {f"{name.replace('.', '/')}.py" for name in package.MODULES}
    for name in ("infra.operations.idle", "infra.operations.activity"):
        source = Path(importlib.util.find_spec(name).origin).read_bytes()
        assert held[f"{name.replace('.', '/')}.py"] == source
    assert sum(map(len, held.values())) < 100_000


def test_it_is_the_same_each_time_and_its_key_says_what_is_in_it():
    assert packed() == packed()
    before = package.key()
    assert before.startswith("idle/code/") and len(before) == len("idle/code/.zip") + 64
    assert package.key(package.MODULES[:-1]) != before == package.key(package.MODULES[::-1])


def test_with_boto3_and_the_standard_library_alone_it_loads(tmp_path):
    with zipfile.ZipFile(io.BytesIO(packed())) as archive:
        archive.extractall(tmp_path / "task")
    code = (
        f"import sys; sys.path[:0] = [{str(tmp_path / 'task')!r}]; sys.path.append({str(pythons.packages(tmp_path))!r})\n"
        "from infra.operations.watchman.handler import handler, Clients, Bucket\n"
        "assert 'boto3' not in sys.modules  # a cold start that fails says so before boto3 is loaded\n"
        "Clients(Bucket('b')).client('s3')\n"
        "roots = {name.partition('.')[0] for name in sys.modules} - set(sys.stdlib_module_names)\n"
        "print(sorted(root for root in roots if not root.startswith('_')))\n"
    )
    done = subprocess.run(
        [sys.executable, *pythons.ISOLATED, "-c", code],
        env={"AWS_DEFAULT_REGION": "us-east-1", "AWS_ACCESS_KEY_ID": "a", "AWS_SECRET_ACCESS_KEY": "s"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(eval(done.stdout))
    assert {"infra", "boto3"} <= loaded <= {"infra", *pythons.IN_RUNTIME}


def test_the_digest_is_of_content_and_not_of_this_machine():
    # The digest of the digests of the files: what a clone elsewhere has, too.
    digests = [hashlib.sha256(entry.source.read_bytes()).hexdigest() for entry in package.entries()]
    assert digests == [entry.sha256 for entry in package.entries()]
    assert not any(entry.executable for entry in package.entries())
