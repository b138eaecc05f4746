"""200 real documents embedded by an array job, whose hosts are reclaimed in the middle."""

import itertools
import json
import re
import time
from collections import Counter
from pydoc_data.topics import topics

import pytest

from infra.local import own_pages

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

BUCKET = "modelyard-local-123456789012-us-east-1"
NAME = "local-embeddings-embed"
DATA = "data/embeddings/embed/"
DOCUMENTS = 200
DIMENSIONS = 384
CHILDREN = 4


def documents() -> dict[str, str]:
    """The first passages of the topics of Python's own reference, of which every Python has the text."""
    passages = (
        passage.strip()
        for name in sorted(topics)
        for passage in re.split(r"\n\s*\n", topics[name])
        if len(passage.split()) >= 20
    )
    return {f"{number:03}.txt": text for number, text in enumerate(itertools.islice(passages, DOCUMENTS))}


@pytest.fixture(scope="module")
def s3(yard):
    return yard.client("s3")


@pytest.fixture(scope="module")
def batch(yard):
    return yard.client("batch")


@pytest.fixture(scope="module")
def deployed(yard):
    return yard.run("deploy", "embeddings", "--env", "local", "--yes")


def outputs(s3) -> list[str]:
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=f"{DATA}output/")
    return [item["Key"] for page in pages for item in page.get("Contents", ())]


def versions(s3) -> Counter[str]:
    pages = s3.get_paginator("list_object_versions").paginate(Bucket=BUCKET, Prefix=f"{DATA}output/")
    return Counter(item["Key"] for page in pages for item in page.get("Versions", ()))


def vectors(s3, keys: list[str]) -> dict[str, list[float]]:
    """By document."""
    return {
        key.rsplit("/", 1)[1]: json.loads(s3.get_object(Bucket=BUCKET, Key=key)["Body"].read())["embedding"]
        for key in keys
    }


@pytest.fixture(scope="module")
def disturbed(yard, deployed, s3, batch):
    """The outputs of a job that lost hosts twice, what `invoke` said of it, and what was reclaimed."""
    for name, text in documents().items():
        s3.put_object(Bucket=BUCKET, Key=f"{DATA}input/{name}", Body=text.encode(), ContentType="text/plain")
    job = yard.start("invoke", "embed", "--env", "local")
    taken: list[str] = []
    try:
        for enough in (20, 110):
            while len(outputs(s3)) < enough and job.poll() is None:
                time.sleep(0.02)
            assert job.poll() is None, job.communicate()
            # As `local interrupt` does, which takes a second to start: too long to meet a job in the middle.
            taken += own_pages.interrupt(yard.root / ".modelyard" / "local", NAME)
        assert len(taken) >= 2
        out, err = job.communicate(timeout=120)
    finally:
        job.kill()
    assert job.returncode == 0, err
    return outputs(s3), json.loads(out), taken


def test_a_second_plan_changes_nothing(yard, deployed):
    assert "plan: no changes" in yard.run("plan", "embeddings", "--env", "local").stdout


def test_every_document_is_embedded_once_whatever_became_of_the_hosts(s3, batch, disturbed):
    keys, summary, taken = disturbed
    assert (summary["status"], summary["children"]) == ("SUCCEEDED", {"SUCCEEDED": CHILDREN})
    assert len(keys) == DOCUMENTS
    assert set(versions(s3).values()) == {1}
    assert {len(vector) for vector in vectors(s3, keys).values()} == {DIMENSIONS}
    for child in batch.describe_jobs(jobs=sorted(set(taken)))["jobs"]:
        reasons = [attempt["statusReason"] for attempt in child["attempts"]]
        lost = [
            reason for reason in reasons if re.fullmatch(r"Host EC2 \(instance i-\w+\) terminated\.", reason)
        ]
        assert len(lost) == taken.count(child["jobId"])
        assert child["attempts"][-1]["container"]["exitCode"] == 0


def test_each_attempt_has_its_log(yard, disturbed):
    logs = yard.client("logs")
    streams = logs.describe_log_streams(logGroupName=f"/aws/batch/{NAME}")["logStreams"]
    assert len(streams) >= CHILDREN
    # what the attempt before had written was not made again
    assert re.search(
        r"done: \d+ items: \d+ written, [1-9]\d* were there", yard.run("local", "logs", NAME).stdout
    )


def test_the_command_line_takes_a_running_jobs_host_away(yard, batch, disturbed):
    """With a job of its own, which waits for nothing else."""
    job = batch.submit_job(
        jobName="sleeper",
        jobQueue=NAME,
        jobDefinition=NAME,
        containerOverrides={"command": ["sleep", "60"]},
        retryStrategy={"attempts": 1},
    )["jobId"]
    while batch.describe_jobs(jobs=[job])["jobs"][0]["status"] != "RUNNING":
        time.sleep(0.1)
    assert yard.run("local", "interrupt", job).stdout.split() == [job]
    while batch.describe_jobs(jobs=[job])["jobs"][0]["status"] != "FAILED":
        time.sleep(0.1)
    assert "No host runs" in yard.run("local", "interrupt", job, code=2).stderr


def test_status_says_what_ran(yard, disturbed):
    [live] = json.loads(yard.run("status", "--env", "local", "--json").stdout)
    assert (live["workload"], live["state"], live["invocations_last_hour"]) == ("embed", "ENABLED", 2)


def test_a_changed_model_is_rolled_out_and_an_undisturbed_run_gives_the_same(yard, s3, batch, disturbed):
    before, _, _ = disturbed
    file = yard.root / "stacks" / "models" / "embed" / "inference.py"
    file.write_text(file.read_text() + "\n# the same, said twice\n")
    plan = yard.run("deploy", "embeddings", "--env", "local", "--yes").stdout
    assert re.search(r"plan: 0 to add, [1-9] to change, 0 to destroy", plan), plan
    revisions = batch.describe_job_definitions(jobDefinitionName=NAME, status="ACTIVE")["jobDefinitions"]
    assert [one["revision"] for one in revisions] == [2, 1]
    done = yard.run("invoke", "embed", "--env", "local")
    assert json.loads(done.stdout)["children"] == {"SUCCEEDED": CHILDREN}
    assert re.search(
        r"^local-embeddings-embed: [1-9]\d* items: .* 0 failed; it read s3://", done.stderr, re.MULTILINE
    )
    after = sorted(set(outputs(s3)) - set(before))
    assert len({key.split("/")[-2] for key in (*before, *after)}) == 2
    assert vectors(s3, after) == vectors(s3, before)


def test_nothing_is_left(yard, deployed):
    yard.run("destroy", "embeddings", "--env", "local", "--yes")
    assert yard.census() == []
