"""AWS Batch: kept as sent, refused as on AWS, and jobs that really run, are reclaimed, and are tried again."""

import json
import time

import pytest
from botocore.exceptions import ClientError

from infra.local import own_pages
from tests.infra.local.conftest import make_role, new_name, until

SUBNETS = ["subnet-00000000000000001"]
GROUPS = ["sg-00000000000000001"]
RECLAIMED = [
    {"onStatusReason": "Host EC2*", "action": "retry"},
    {"onExitCode": "143", "action": "retry"},
    {"onReason": "*", "action": "exit"},
]


@pytest.fixture(scope="module")
def batch(client):
    return client("batch")


@pytest.fixture(scope="module")
def profile(client) -> str:
    iam = client("iam")
    make_role(iam, "host", "ec2.amazonaws.com")
    arn = iam.create_instance_profile(InstanceProfileName="host")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="host")
    return arn


@pytest.fixture
def make_environment(batch, profile):
    def make(max_vcpus: int = 8, **resources) -> str:
        name = new_name("machines")
        batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            tags={"a": "b"},
            computeResources={
                "type": "SPOT",
                "allocationStrategy": "SPOT_PRICE_CAPACITY_OPTIMIZED",
                "minvCpus": 0,
                "maxvCpus": max_vcpus,
                "instanceTypes": ["m5.large"],
                "subnets": SUBNETS,
                "securityGroupIds": GROUPS,
                "instanceRole": profile,
                **resources,
            },
        )
        return name

    return make


@pytest.fixture
def make_queue(batch, make_environment):
    def make(*environments: str, **more) -> str:
        name = new_name("queue")
        batch.create_job_queue(
            jobQueueName=name,
            priority=1,
            computeEnvironmentOrder=[
                {"order": number, "computeEnvironment": one}
                for number, one in enumerate(environments or (make_environment(),), start=1)
            ],
            **more,
        )
        return name

    return make


@pytest.fixture
def run(batch, make_queue):
    """Submits a job that runs `code` in Python; gives its id."""

    def start(code: str, *, queue: str | None = None, size: int | None = None, vcpus: int = 2, **definition):
        name = new_name("job")
        container = {
            "image": "python",
            "command": ["python3", "-c", code],
            "resourceRequirements": [
                {"type": "VCPU", "value": str(vcpus)},
                {"type": "MEMORY", "value": "512"},
            ],
            "environment": [{"name": "GIVEN", "value": "yes"}],
            "logConfiguration": {"logDriver": "awslogs", "options": {"awslogs-group": f"/jobs/{name}"}},
        }
        batch.register_job_definition(
            jobDefinitionName=name, type="container", containerProperties=container, **definition
        )
        array = {"arrayProperties": {"size": size}} if size else {}
        return batch.submit_job(jobName=name, jobQueue=queue or make_queue(), jobDefinition=name, **array)[
            "jobId"
        ]

    return start


@pytest.fixture
def seen(batch):
    return lambda job: batch.describe_jobs(jobs=[job])["jobs"][0]


@pytest.fixture
def ended(seen):
    def wait(job: str, seconds: float = 30) -> dict:
        until(lambda: seen(job)["status"] in ("SUCCEEDED", "FAILED"), seconds)
        return seen(job)

    return wait


def lines(client, job: dict) -> list[str]:
    logs = client("logs")
    try:
        events = logs.get_log_events(
            logGroupName=f"/jobs/{job['jobName']}", logStreamName=job["container"]["logStreamName"]
        )
    except logs.exceptions.ResourceNotFoundException:
        return []
    return [event["message"] for event in events["events"]]


def code_of(error) -> tuple[str, str]:
    return error.value.response["Error"]["Code"], error.value.response["Error"]["Message"]


# kept as sent, and refused


def test_what_was_sent_is_shown_again(batch, make_environment, make_queue):
    name = make_environment()
    [shown] = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
    assert (shown["status"], shown["state"], shown["tags"]) == ("VALID", "ENABLED", {"a": "b"})
    assert shown["computeResources"]["maxvCpus"] == 8
    assert shown["serviceRole"].endswith("/AWSServiceRoleForBatch")
    actions = [
        {
            "reason": "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT",
            "state": "RUNNABLE",
            "maxTimeSeconds": 600,
            "action": "CANCEL",
        }
    ]
    queue = make_queue(name, jobStateTimeLimitActions=actions)
    [shown] = batch.describe_job_queues(jobQueues=[queue])["jobQueues"]
    assert shown["jobStateTimeLimitActions"] == actions


def test_a_service_role_must_be_there_and_an_empty_one_is_none(batch, profile):
    resources = {
        "type": "EC2",
        "minvCpus": 0,
        "maxvCpus": 2,
        "instanceTypes": ["m5"],
        "subnets": SUBNETS,
        "instanceRole": profile,
    }
    for role, taken in (("", True), ("arn:aws:iam::123456789012:role/nobody", False)):
        request = {"type": "MANAGED", "computeResources": resources, "serviceRole": role}
        if taken:
            batch.create_compute_environment(computeEnvironmentName=new_name("machines"), **request)
            continue
        with pytest.raises(ClientError) as error:
            batch.create_compute_environment(computeEnvironmentName=new_name("machines"), **request)
        assert code_of(error)[1] == f"Role {role} does not exist or is not authorized."


def test_an_environment_in_use_is_not_deleted(batch, make_environment, make_queue):
    name = make_environment()
    queue = make_queue(name)
    with pytest.raises(ClientError) as error:
        batch.delete_compute_environment(computeEnvironment=name)
    assert code_of(error) == ("ClientException", "Cannot delete, resource must be in DISABLED state")
    batch.update_compute_environment(computeEnvironment=name, state="DISABLED")
    with pytest.raises(ClientError) as error:
        batch.delete_compute_environment(computeEnvironment=name)
    assert code_of(error)[1] == "Cannot delete, found existing JobQueue relationship"
    batch.update_job_queue(jobQueue=queue, state="DISABLED")
    batch.delete_job_queue(jobQueue=queue)
    batch.delete_compute_environment(computeEnvironment=name)
    assert batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"] == []


def test_a_queue_lets_go_of_an_environment_only_after_a_while(by_hand):
    batch, (old, new, queue) = by_hand.client("batch"), (new_name("machines") for _ in range(3))
    for name in (old, new):
        batch.create_compute_environment(
            computeEnvironmentName=name,
            type="MANAGED",
            computeResources={
                "type": "EC2",
                "minvCpus": 0,
                "maxvCpus": 2,
                "instanceTypes": ["m5.large"],
                "subnets": SUBNETS,
                "securityGroupIds": GROUPS,
                "instanceRole": "host",
            },
        )
    order = {"order": 1, "computeEnvironment": old}
    batch.create_job_queue(jobQueueName=queue, priority=1, computeEnvironmentOrder=[order])
    batch.update_job_queue(jobQueue=queue, computeEnvironmentOrder=[{**order, "computeEnvironment": new}])
    batch.update_compute_environment(computeEnvironment=old, state="DISABLED")
    with pytest.raises(ClientError) as error:
        batch.delete_compute_environment(computeEnvironment=old)
    assert code_of(error)[1] == "Cannot delete, found existing JobQueue relationship"
    by_hand.clock.advance(46)
    batch.delete_compute_environment(computeEnvironment=old)
    assert batch.describe_compute_environments(computeEnvironments=[old])["computeEnvironments"] == []


@pytest.mark.parametrize(
    ("resources", "reason"),
    [
        ({"subnets": ["subnet-nowhere"]}, "CLIENT_ERROR - The subnet ID 'subnet-nowhere' does not exist"),
        ({"instanceTypes": ["ml.m5.large"]}, "CLIENT_ERROR - The instance type 'ml.m5.large' does not exist"),
        ({"instanceRole": "nobody"}, "CLIENT_ERROR - The instance profile 'nobody' does not exist"),
    ],
)
def test_an_environment_of_what_is_not_there_is_invalid(batch, make_environment, resources, reason):
    name = make_environment(**resources)
    [shown] = batch.describe_compute_environments(computeEnvironments=[name])["computeEnvironments"]
    assert (shown["status"], shown["statusReason"]) == ("INVALID", reason)


def test_a_definition_has_revisions(batch):
    name = new_name("definition")
    container = {
        "image": "python",
        "resourceRequirements": [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "4"}],
    }
    strategy = {"attempts": 3, "evaluateOnExit": RECLAIMED}
    for revision in (1, 2):
        made = batch.register_job_definition(
            jobDefinitionName=name,
            type="container",
            containerProperties=container,
            retryStrategy=strategy,
            timeout={"attemptDurationSeconds": 60},
        )
        assert made["revision"] == revision
    batch.deregister_job_definition(jobDefinition=f"{name}:2")
    [shown] = batch.describe_job_definitions(jobDefinitionName=name, status="ACTIVE")["jobDefinitions"]
    assert (shown["revision"], shown["retryStrategy"]) == (1, strategy)
    assert shown["timeout"] == {"attemptDurationSeconds": 60}


@pytest.mark.parametrize("size", [1, 10_001])
def test_an_array_has_2_to_10000_children(run, size):
    with pytest.raises(ClientError) as error:
        run("pass", size=size)
    assert code_of(error)[0] == "ClientException"


# runs


def test_a_job_runs_with_awss_variables(client, run, ended):
    code = (
        "import os; print(*[os.environ[n] for n in ('GIVEN', 'AWS_BATCH_JOB_ID', 'AWS_BATCH_JOB_ATTEMPT')])"
    )
    job = ended(run(code))
    assert (job["status"], job["statusReason"]) == ("SUCCEEDED", "Essential container in task exited")
    assert job["container"]["exitCode"] == 0
    assert lines(client, job) == [f"yes {job['jobId']} 1"]


def test_its_python_is_its_own(client, run, ended):
    code = "import boto3, sys; print(sys.prefix != sys.base_prefix, flush=True); import infra"
    job = ended(run(code))
    assert job["status"] == "FAILED"
    assert lines(client, job)[0] == "True"
    assert lines(client, job)[-1] == "ModuleNotFoundError: No module named 'infra'"


def test_an_array_is_summed_up(batch, client, run, ended):
    parent = ended(
        run(
            "import os, sys; i = os.environ['AWS_BATCH_JOB_ARRAY_INDEX']; "
            "print(i, os.environ['AWS_BATCH_JOB_ARRAY_SIZE']); sys.exit(i == '2')",
            size=4,
        )
    )
    assert parent["status"] == "FAILED"
    assert parent["arrayProperties"]["size"] == 4
    summary = parent["arrayProperties"]["statusSummary"]
    assert (summary["SUCCEEDED"], summary["FAILED"], summary["RUNNING"]) == (3, 1, 0)
    [failed] = batch.list_jobs(arrayJobId=parent["jobId"], jobStatus="FAILED")["jobSummaryList"]
    assert failed["jobId"] == f"{parent['jobId']}:2"
    assert failed["container"]["exitCode"] == 1
    assert lines(client, batch.describe_jobs(jobs=[failed["jobId"]])["jobs"][0]) == ["2 4"]


def test_no_more_run_at_once_than_there_are_vcpus(batch, run, make_queue, make_environment, ended):
    job = run("import time; time.sleep(1)", queue=make_queue(make_environment(max_vcpus=4)), size=6)
    most = 0
    while batch.describe_jobs(jobs=[job])["jobs"][0]["status"] not in ("SUCCEEDED", "FAILED"):
        states = batch.describe_jobs(jobs=[job])["jobs"][0]["arrayProperties"]["statusSummary"]
        most = max(most, states["RUNNING"] + states["STARTING"])
        time.sleep(0.05)
    assert most == 2
    assert ended(job)["status"] == "SUCCEEDED"


def test_without_a_rule_it_is_tried_again(run, ended):
    job = ended(run("raise SystemExit(3)", retryStrategy={"attempts": 3}))
    assert [one["container"]["exitCode"] for one in job["attempts"]] == [3, 3, 3]


@pytest.mark.parametrize(
    ("rules", "attempts"),
    [
        (RECLAIMED, 1),
        ([{"onExitCode": "3", "action": "RETRY"}, {"onReason": "*", "action": "EXIT"}], 2),
        ([{"onExitCode": "4*", "action": "EXIT"}], 2),
        ([{"onExitCode": "3*", "onStatusReason": "Host*", "action": "EXIT"}], 2),
    ],
)
def test_the_first_rule_that_fits_decides(run, ended, rules, attempts):
    strategy = {"attempts": 2, "evaluateOnExit": rules}
    assert len(ended(run("raise SystemExit(3)", retryStrategy=strategy))["attempts"]) == attempts


def test_a_host_that_was_told_to_end_is_tried_again(run, ended):
    strategy = {"attempts": 2, "evaluateOnExit": RECLAIMED}
    assert len(ended(run("raise SystemExit(143)", retryStrategy=strategy))["attempts"]) == 2


def test_a_reclaimed_host_is_told_as_awss_and_the_job_tried_again(shared_home, run, seen, ended):
    job = run(
        "import os, time; os.environ['AWS_BATCH_JOB_ATTEMPT'] == '1' and time.sleep(60)",
        retryStrategy={"attempts": 2, "evaluateOnExit": RECLAIMED},
    )
    until(lambda: seen(job)["status"] == "RUNNING")
    assert own_pages.interrupt(shared_home, seen(job)["jobName"]) == [job]
    first, second = ended(job)["attempts"]
    assert first["statusReason"].startswith("Host EC2 (instance i-")
    assert first["statusReason"].endswith(") terminated.")
    assert "exitCode" not in first["container"]
    assert (seen(job)["status"], second["container"]["exitCode"]) == ("SUCCEEDED", 0)


def test_one_child_can_lose_its_host(shared_home, run, seen, ended):
    job = run("import time; time.sleep(3)", size=2, retryStrategy={"attempts": 1})
    until(lambda: seen(job)["arrayProperties"]["statusSummary"]["RUNNING"] == 2)
    assert own_pages.interrupt(shared_home, job, child=1) == [f"{job}:1"]
    assert ended(job)["arrayProperties"]["statusSummary"]["FAILED"] == 1
    assert own_pages.interrupt(shared_home, job) == []


def test_a_terminated_job_is_asked_to_end_and_not_tried_again(batch, client, run, seen, ended):
    code = (
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: (print('asked'), sys.exit(143)))\n"
        "print('up', flush=True)\ntime.sleep(60)"
    )
    job = run(code, retryStrategy={"attempts": 3, "evaluateOnExit": RECLAIMED})
    until(lambda: seen(job)["status"] == "RUNNING" and lines(client, seen(job)) == ["up"])
    batch.terminate_job(jobId=job, reason="enough")
    found = ended(job)
    assert (found["status"], found["statusReason"], found["isTerminated"]) == ("FAILED", "enough", True)
    assert [one["container"]["exitCode"] for one in found["attempts"]] == [143]
    assert lines(client, found) == ["up", "asked"]


def test_what_waits_can_be_cancelled_and_what_runs_goes_on(
    batch, run, make_queue, make_environment, seen, ended
):
    queue = make_queue(make_environment(max_vcpus=2))
    first = run("import time; time.sleep(2)", queue=queue)
    second = run("pass", queue=queue)
    assert seen(second)["status"] == "RUNNABLE"
    for job in (first, second):
        batch.cancel_job(jobId=job, reason="not needed")
    assert (seen(second)["status"], seen(second)["statusReason"]) == ("FAILED", "not needed")
    assert ended(first)["status"] == "SUCCEEDED"


def test_a_failed_job_tells_the_topic_of_a_rule(client, batch, run, ended):
    sns, sqs, events = client("sns"), client("sqs"), client("events")
    topic = sns.create_topic(Name=new_name("topic"))["TopicArn"]
    inbox = sqs.create_queue(QueueName=new_name("inbox"))["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=inbox, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    sns.subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    pattern = {
        "source": ["aws.batch"],
        "detail-type": ["Batch Job State Change"],
        "detail": {"status": ["FAILED"], "arrayProperties": {"index": [{"exists": False}]}},
    }
    rule = new_name("rule")
    events.put_rule(Name=rule, EventPattern=json.dumps(pattern))
    events.put_targets(Rule=rule, Targets=[{"Id": "topic", "Arn": topic}])
    try:
        ended(run("pass"))
        failed = ended(run("raise SystemExit(1)", size=2))
        told = [
            json.loads(json.loads(message["Body"])["Message"])
            for message in sqs.receive_message(QueueUrl=inbox, MaxNumberOfMessages=10).get("Messages", [])
        ]
        assert [one["detail"]["jobId"] for one in told] == [failed["jobId"]]
    finally:
        events.remove_targets(Rule=rule, Ids=["topic"])
        events.delete_rule(Name=rule)
