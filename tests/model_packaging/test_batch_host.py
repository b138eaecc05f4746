"""The Batch host and how it starts: every item once, whatever happens to the attempts; nothing unverified runs."""

import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from model_packaging.hosts.batch import Count, Item, Job, Prefix, mine, share
from model_packaging.hosts.handler import Handler
from model_packaging.job import build_job, identify_job, start_script

BUCKET = "data"
SHOUT = """
import time

def input_fn(body, content_type):
    if content_type != "text/plain":
        raise ValueError(f"no {content_type}")
    return body

def predict_fn(text, model):
    if "poison" in text:
        raise ValueError("it is poison")
    time.sleep(float(__import__("os").environ.get("SLOW", "0")))
    return {"loud": text.upper()}
"""


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def s3(endpoint):
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="any",
        aws_secret_access_key="any",
    )
    client.create_bucket(Bucket=BUCKET)
    client.put_bucket_versioning(Bucket=BUCKET, VersioningConfiguration={"Status": "Enabled"})
    yield client
    for kind in ("Versions", "DeleteMarkers"):
        for one in client.list_object_versions(Bucket=BUCKET).get(kind, ()):
            client.delete_object(Bucket=BUCKET, Key=one["Key"], VersionId=one["VersionId"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture
def handler(make_model, tmp_path):
    model = make_model({"inference.py": SHOUT})
    return Handler.load(model.directory(tmp_path))


def job(s3, handler, **fields) -> Job:
    places = [Prefix(BUCKET, f"{name}/") for name in ("in", "out", "bad")]
    return Job(handler, s3, *places, "d" * 64, **{"say": lambda line: None, **fields})


def put(s3, count: int) -> None:
    for number in range(count):
        s3.put_object(Bucket=BUCKET, Key=f"in/{number:03}.txt", Body=f"text {number}".encode())


def outputs(s3, prefix: str = "out/") -> dict[str, bytes]:
    found = s3.list_objects_v2(Bucket=BUCKET, Prefix=prefix).get("Contents", ())
    return {
        item["Key"]: s3.get_object(Bucket=BUCKET, Key=item["Key"])["Body"].read()
        for item in found
        if item["Key"].startswith(prefix)
    }


def versions(s3) -> list[str]:
    found = s3.list_object_versions(Bucket=BUCKET, Prefix="out/").get("Versions", ())
    return [one["Key"] for one in found]


NEVER = lambda: False  # noqa: E731


def test_every_item_gets_one_output_and_a_second_run_makes_none_anew(s3, handler):
    put(s3, 5)
    s3.put_object(Bucket=BUCKET, Key="in/folder/", Body=b"")
    assert job(s3, handler).run(NEVER) == Count(written=5)
    assert json.loads(outputs(s3)[min(outputs(s3))]) == {"loud": "TEXT 0"}
    assert job(s3, handler).run(NEVER) == Count(there=5)
    assert len(versions(s3)) == 5


def test_a_changed_item_and_another_model_have_outputs_of_their_own(s3, handler):
    put(s3, 1)
    job(s3, handler).run(NEVER)
    s3.put_object(Bucket=BUCKET, Key="in/000.txt", Body=b"changed")
    assert job(s3, handler).run(NEVER) == Count(written=1)
    other = job(s3, handler)
    assert Job(**{**other.__dict__, "digest": "e" * 64}).run(NEVER) == Count(written=1)
    assert len(outputs(s3)) == len(versions(s3)) == 3


def test_a_bad_item_goes_to_the_failures_and_the_others_go_on(s3, handler):
    put(s3, 3)
    s3.put_object(Bucket=BUCKET, Key="in/001.txt", Body=b"poison")
    assert job(s3, handler).run(NEVER) == Count(written=2, failed=1)
    [record] = outputs(s3, "bad/").values()
    assert json.loads(record) == {"item": "001.txt", "error": "it is poison", "status": 400}


def test_two_attempts_at_once_write_each_output_once(s3, handler):
    put(s3, 20)
    counts = []
    both = [threading.Thread(target=lambda: counts.append(job(s3, handler).run(NEVER))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert sum(count.written for count in counts) == 20
    assert len(versions(s3)) == 20


def test_every_item_belongs_to_one_child():
    items = [Item(f"{number}.txt", '"e"') for number in range(1000)]
    shares = [list(mine(items, index, 7)) for index in range(7)]
    assert sorted(item.name for part in shares for item in part) == sorted(item.name for item in items)
    assert min(len(part) for part in shares) > 100
    assert share("a.txt", 7) == share("a.txt", 7)


def test_the_key_says_item_content_and_model():
    assert Item("a/b.txt", '"0123456789abcdef"').key("f" * 64) == f"{'f' * 12}/a/b.txt.01234567.out"


# As a process, from the text that a job definition carries.


@pytest.fixture
def packed(make_model, tmp_path, cache, s3):
    model = make_model({"inference.py": SHOUT})
    built = build_job(model, tmp_path, cache)
    assert built.key == identify_job(model, tmp_path).key
    s3.upload_file(str(built.file), BUCKET, built.key)
    return built.key


def start(endpoint: str, key: str, tmp_path: Path, command=None, **variables: str):
    return subprocess.Popen(
        command or [sys.executable, "-c", start_script()],
        env={
            "PATH": os.environ["PATH"],
            "TMPDIR": str(tmp_path),
            "AWS_ENDPOINT_URL": endpoint,
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "any",
            "AWS_SECRET_ACCESS_KEY": "any",
            "MODELYARD_ARTIFACT": f"s3://{BUCKET}/{key}",
            "MODELYARD_INPUT": f"s3://{BUCKET}/in/",
            "MODELYARD_OUTPUT": f"s3://{BUCKET}/out/",
            "MODELYARD_FAILURE": f"s3://{BUCKET}/bad/",
            **variables,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_the_packed_job_does_its_share(endpoint, packed, s3, tmp_path):
    put(s3, 10)
    for index in range(2):
        process = start(
            endpoint, packed, tmp_path, AWS_BATCH_JOB_ARRAY_INDEX=str(index), AWS_BATCH_JOB_ARRAY_SIZE="2"
        )
        said, _ = process.communicate(timeout=60)
        assert process.returncode == 0, said
    assert len(outputs(s3)) == len(versions(s3)) == 10


def test_a_bad_item_ends_the_process_with_1_after_the_others(endpoint, packed, s3, tmp_path):
    put(s3, 3)
    s3.put_object(Bucket=BUCKET, Key="in/zzz.txt", Body=b"poison")
    process = start(endpoint, packed, tmp_path)
    said, _ = process.communicate(timeout=60)
    assert (process.returncode, len(outputs(s3))) == (1, 3)
    assert "done: 4 items: 3 written, 0 were there, 1 failed" in said


@pytest.mark.parametrize("change", ["another file", "a changed file", "a file outside"])
def test_an_artifact_with_other_files_than_its_key_says_does_not_run(endpoint, packed, s3, tmp_path, change):
    packed_again = io.BytesIO()
    with (
        tarfile.open(fileobj=s3.get_object(Bucket=BUCKET, Key=packed)["Body"], mode="r|gz") as old,
        tarfile.open(fileobj=packed_again, mode="w:gz") as new,
    ):
        for member in old:
            content = old.extractfile(member).read()
            if change == "a changed file" and member.name == "inference.py":
                content += b"#"
                member.size += 1
            new.addfile(member, io.BytesIO(content))
        name = {"another file": "usercustomize.py", "a file outside": "../outside.py"}.get(change)
        if name:
            new.addfile(tarfile.TarInfo(name))
    s3.put_object(Bucket=BUCKET, Key=packed, Body=packed_again.getvalue())
    put(s3, 1)
    process = start(endpoint, packed, tmp_path)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "nothing of it was run" in said or "no plain file inside of it" in said
    assert outputs(s3) == {}
    assert list(tmp_path.rglob("outside.py")) == list(tmp_path.glob("modelyard-*/inference.py")) == []


def test_sigterm_ends_it_after_the_item_under_way(endpoint, packed, s3, tmp_path):
    put(s3, 50)
    process = start(endpoint, packed, tmp_path, SLOW="0.2")
    while not outputs(s3):
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=30)
    assert process.returncode == 143, said
    assert 0 < len(outputs(s3)) < 50
    assert f"stopped after {len(outputs(s3))} items" in said


def test_killed_again_and_again_it_loses_nothing_and_writes_nothing_twice(endpoint, packed, s3, tmp_path):
    put(s3, 30)
    for attempt in range(1, 9):
        process = start(endpoint, packed, tmp_path, SLOW="0.03", AWS_BATCH_JOB_ATTEMPT=str(attempt))
        before = len(outputs(s3))
        while process.poll() is None and len(outputs(s3)) < before + 5:
            time.sleep(0.01)
        process.kill()
        process.communicate()
    process = start(endpoint, packed, tmp_path)
    assert process.wait(60) == 0
    assert len(outputs(s3)) == len(versions(s3)) == 30


ENTRYPOINT = """
import shlex, subprocess, sys
subprocess.check_call(shlex.split(" ".join(sys.argv[1:])))
subprocess.call(["tail", "-f", "/dev/null"])
"""
"""What the entry point of AWS's inference images does with a command that is not `serve`."""


@pytest.mark.parametrize("poison", [False, True])
def test_in_awss_image_the_container_ends_with_its_command(endpoint, packed, s3, tmp_path, poison):
    from infra.blueprint.batch import COMMAND, START

    put(s3, 2)
    if poison:
        s3.put_object(Bucket=BUCKET, Key="in/000.txt", Body=b"poison")
    script = tmp_path / "dockerd-entrypoint.py"
    script.write_text(ENTRYPOINT)
    python = tmp_path / "bin" / "python3"
    python.parent.mkdir()
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    process = start(
        endpoint,
        packed,
        tmp_path,
        [sys.executable, str(script), *COMMAND],
        PATH=f"{python.parent}:{os.environ['PATH']}",
        **{variable["name"]: variable["value"] for variable in START},
    )
    said, _ = process.communicate(timeout=60)
    assert (process.returncode != 0) is poison, said
    assert len(outputs(s3)) == 2 - poison
