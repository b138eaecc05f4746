"""A job that runs while its machines are replaced: the deploy waits for it, and the queue takes jobs again."""

import time

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.drill]

STACK = """
from infra import BatchJob, Network, Stack
from model_packaging import Model

slow = Model("models/slow", framework="sklearn")


def stack(env):
    return Stack("grinding", env, [
        BatchJob("grind", model=slow, instance_types=[INSTANCE], max_vcpus=4, vcpus=1, memory_mb=1024, spot=False,
                 network=Network(subnet_ids=env["subnets"], security_group_ids=env["security_groups"])),
    ])
"""
HANDLER = "import time\n\ndef predict_fn(data, model):\n    time.sleep(2)\n    return {'ground': True}\n"
WORDS = ("grinding", "--env", "local")
QUEUE = "local-grinding-grind"
BUCKET = "modelyard-local-123456789012-us-east-1"
DOCUMENTS = 8


def machines(yard) -> list[str]:
    """The instance types of the queue's environments."""
    batch = yard.client("batch")
    (queue,) = batch.describe_job_queues(jobQueues=[QUEUE])["jobQueues"]
    assert (queue["state"], queue["status"]) == ("ENABLED", "VALID")
    names = [one["computeEnvironment"] for one in queue["computeEnvironmentOrder"]]
    found = batch.describe_compute_environments(computeEnvironments=names)["computeEnvironments"]
    return [kind for one in found for kind in one["computeResources"]["instanceTypes"]]


@pytest.mark.timeout(900)
def test_what_runs_is_done_before_its_machines_go(yard):
    folder = yard.root / "stacks" / "models" / "slow"
    folder.mkdir()
    (folder / "inference.py").write_text(HANDLER)
    file = yard.root / "stacks" / "grinding.py"
    file.write_text(STACK.replace("INSTANCE", '"m5.large"'))
    yard.run("deploy", *WORDS, "--yes")
    s3, batch = yard.client("s3"), yard.client("batch")
    for number in range(DOCUMENTS):
        key = f"data/grinding/grind/input/{number}.json"
        s3.put_object(Bucket=BUCKET, Key=key, Body=b"{}", ContentType="application/json")
    job = yard.start("invoke", "grind", "--env", "local")
    try:
        while not batch.list_jobs(jobQueue=QUEUE, jobStatus="RUNNING")["jobSummaryList"]:
            assert job.poll() is None, job.communicate()
            time.sleep(0.2)
        file.write_text(STACK.replace("INSTANCE", '"c5.large"'))
        done = yard.run("deploy", *WORDS, "--yes")
        said, failed = job.communicate(timeout=60)
    finally:
        job.kill()
    assert f"{QUEUE}: takes no jobs until those in it are done" in done.stderr
    assert f"{QUEUE}: takes jobs again" in done.stderr
    # Batch holds on to what its queue has just left, and the provider asks once.
    assert "AWS was not yet done with what came before" in done.stderr
    assert job.returncode == 0 and '"SUCCEEDED"' in said, failed
    answers = s3.list_objects_v2(Bucket=BUCKET, Prefix="data/grinding/grind/output/")["Contents"]
    assert len(answers) == DOCUMENTS
    assert machines(yard) == ["c5.large"]
    assert "plan: no changes" in yard.run("plan", *WORDS).stdout
    yard.run("destroy", *WORDS, "--yes")
    assert yard.census() == []
