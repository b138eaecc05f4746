"""Jobs that AWS would refuse, or that would wait for ever, with the line that a user sees."""

import pytest

from infra import BatchJob, Environment, Network, Stack, checks
from infra.blueprint import batch_roles
from infra.checks.batch import ROLES
from infra.errors import InvalidStack
from tests.infra.checks.told import told
from tests.infra.conftest import MODEL, function, serverless

NETWORK = Network(subnet_ids=("subnet-1",), security_group_ids=("sg-1",))


def job(**changes) -> BatchJob:
    """A job that passes all checks."""
    fields = {"model": MODEL, "instance_types": ["m5.large", "c5.xlarge"], "network": NETWORK}
    return BatchJob("embed", **{**fields, **changes})


@pytest.mark.parametrize(
    "workload",
    [
        job(),
        job(array_size=10_000, max_vcpus=2, vcpus=2),
        job(instance_types=["g4dn.xlarge", "g5.xlarge"], gpus=1),
        job(instance_types=["optimal"]),
        job(instance_types=["m5.large", "c5.large"], memory_mb=3850),
        job(instance_types=["m5", "c6i"], memory_mb=1_000_000),
        job(spot=False, attempts=1),
        job(schedule="cron(0 2 * * ? *)", timezone="Europe/Berlin"),
        job(schedule="rate(6 hours)"),
        job(input_uri="s3://documents/in/", output_uri="s3://documents/in-answers"),
        job(instance_types=["m5.large"], memory_mb=7700),
        job(image="build"),
        job(image="build", instance_types=["m6g.large", "c7g.large"]),
        job(image="public.ecr.aws/docker/library/python:3.12-slim", instance_types=["m6g.large"]),
    ],
)
def test_what_batch_takes_passes(make_stack, workload):
    checks.check(make_stack(workload))


@pytest.mark.parametrize(
    ("workload", "line"),
    [
        (
            job(array_size=10_001),
            "embed: array_size is 10001; Batch runs 2 to 10000 children, and 1 is no array: write array_size=10000 or "
            "less. A child takes any number of items.",
        ),
        (
            job(instance_types=["ml.m5.large"]),
            "embed: EC2 has no instance type 'ml.m5.large'; ml. types are SageMaker's; write m5.large.",
        ),
        (
            job(instance_types=["a GPU"]),
            "embed: EC2 has no instance type 'a GPU'; write one such as m5.large, g5.xlarge.",
        ),
        (
            job(instance_types=["m5.largest"]),
            "embed: EC2 has no instance type 'm5.largest'; write m5.large, m5n.large, m5d.large.",
        ),
        (
            job(instance_types=["m5.large", "m6g.large"], image="a/b:1"),
            "embed: no image runs on m6g.large (arm), m5.large (cpu) alike; name types of one kind, and write a job for "
            "each kind.",
        ),
        (
            job(instance_types=["p3.2xlarge", "g3s.xlarge"], gpus=1),
            "embed: Batch has no machine image for p3.2xlarge any more, and the job would wait for ever; write a type such "
            "as g4dn.xlarge, g5.xlarge or g6.xlarge.\nembed: Batch has no machine image for g3s.xlarge any more, and the job "
            "would wait for ever; write a type such as g4dn.xlarge, g5.xlarge or g6.xlarge.",
        ),
        (
            job(instance_types=["a1"], image="a/b:1"),
            "embed: Batch has no machine image for a1 any more, and the job would wait for ever; write a type such as "
            "m6g.large.",
        ),
        (
            job(instance_types=["g5.xlarge"]),
            "embed: g5.xlarge has a GPU, and the job gets none of it; write gpus=1, or types without a GPU such as "
            "m5.xlarge.",
        ),
        (
            job(instance_types=["optimal"], gpus=1),
            "embed: gpus is 1, and optimal has none; write types with GPUs, such as g4dn.xlarge or g5.xlarge, or "
            "gpus=0.",
        ),
        (
            job(instance_types=["m5.large"], memory_mb=8192),
            "embed: vcpus=2, memory_mb=8192 and gpus=0 fit on none of m5.large, and the job would wait for ever; the "
            "largest, m5.large, offers 2 vCPUs, 7700 MB and 0 GPUs: ask for less, or name larger types.",
        ),
        (
            job(instance_types=["m5.large", "c5.large"]),
            "embed: vcpus=2, memory_mb=4096 and gpus=0 do not fit on c5.large, which offers 2 vCPUs, 3850 MB and 0 GPUs, "
            "and it would never be used; ask for less, or leave c5.large out.",
        ),
        (
            job(instance_types=["m5", "c5.large"]),
            "embed: vcpus=2, memory_mb=4096 and gpus=0 do not fit on c5.large, which offers 2 vCPUs, 3850 MB and 0 GPUs, "
            "and it would never be used; ask for less, or leave c5.large out.",
        ),
        (
            job(vcpus=4, max_vcpus=4, instance_types=["m5.large", "c5.large", "c5.xlarge"]),
            "embed: vcpus=4, memory_mb=4096 and gpus=0 do not fit on m5.large, which offers 2 vCPUs, 7700 MB and 0 GPUs, "
            "and it would never be used; ask for less, or leave m5.large out.\nembed: vcpus=4, memory_mb=4096 and gpus=0 "
            "do not fit on c5.large, which offers 2 vCPUs, 3850 MB and 0 GPUs, and it would never be used; ask for less, "
            "or leave c5.large out.",
        ),
        (
            job(vcpus=4, max_vcpus=2, instance_types=["m5.xlarge"]),
            "embed: max_vcpus 2 is below vcpus 4, and nothing could ever run; write max_vcpus=4 or more.",
        ),
        (
            job(attempts=1),
            "embed: attempts is 1 on spot machines, and a job whose host is reclaimed would just fail; write "
            "attempts=3, or spot=False.",
        ),
        (
            job(network=None),
            "embed: BatchJob needs subnets and security groups for its machines, and neither it nor the environment "
            "has any; write network=Network(subnet_ids=('subnet-...',), security_group_ids=('sg-...',)), or a "
            "[network] table in the environment's file.",
        ),
        (
            job(network=NETWORK.model_copy(update={"isolated": True})),
            "embed: its network is isolated, and a job reads its items from S3; write network=Network(...) without "
            "isolated=True on the job.",
        ),
        (
            job(input_uri="documents/in"),
            "embed: input_uri is 'documents/in'; write an S3 prefix such as 's3://bucket/documents/', or leave it out.",
        ),
        (
            job(input_uri="s3://documents", output_uri="s3://documents/answers/"),
            "embed: it writes to s3://documents/answers/, which is below what it reads, s3://documents/: the next run "
            "would take its answers for items; write an output_uri beside the input.",
        ),
        (
            job(environment={"MODELYARD_OUTPUT": "x"}),
            "embed: the variable 'MODELYARD_OUTPUT' is one that its host reads; write another name.",
        ),
    ],
)
def test_each_finding_has_its_line(make_stack, workload, line):
    with pytest.raises(InvalidStack) as error:
        checks.check(make_stack(workload))
    assert str(error.value) == line


@pytest.mark.parametrize(
    ("schedule", "timezone"),
    [("cron(0 2 * * *)", "UTC"), ("daily", "UTC"), ("rate(1 hour)", "Europe/Berlni")],
)
def test_a_timetable_that_aws_cannot_read_is_found(make_stack, schedule, timezone):
    with pytest.raises(InvalidStack, match=r"^embed: the (schedule|time zone) .*\.$"):
        checks.check(make_stack(job(schedule=schedule, timezone=timezone)))


def test_the_environments_network_is_enough(base):
    environment = Environment(name="dev", region="us-east-1", account_id="111122223333", network=NETWORK)
    checks.check(Stack("shop", environment, [job(network=None)], base=base))


@pytest.mark.parametrize(
    "other", [function("embed-job"), serverless("embed-host"), function("embed-schedule")]
)
def test_no_two_roles_have_one_name(make_stack, other):
    assert told(make_stack(job(), other)) == [
        f"{other.name}: its role would have the name of a role of the job embed; give one of them another name."
    ]
    assert told(make_stack(job(), function("embed-jobs"))) == []


def test_the_roles_are_those_of_the_blueprint():
    assert ROLES == (batch_roles.JOB, batch_roles.HOST, batch_roles.SCHEDULE)


def test_no_image_is_made_for_a_gpu(make_stack):
    assert told(make_stack(job(image="build", instance_types=["g5.xlarge"], gpus=1))) == [
        "embed: image='build' makes images for CPUs, and g5.xlarge is one for gpu; leave image out for AWS's own, write "
        "image='ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG', or choose CPU types."
    ]


@pytest.mark.parametrize("image", ["Build", "", "team/ranker:", "team/Ranker:3", "a b"])
def test_an_image_that_no_registry_can_have_is_refused(make_stack, image):
    assert told(make_stack(job(image=image))) == [
        f"embed: {image!r} is no container image's name; write "
        "image='ACCOUNT.dkr.ecr.REGION.amazonaws.com/REPOSITORY:TAG', image='build' for one that the deploy makes, or "
        "leave image out for AWS's own."
    ]


@pytest.mark.parametrize(
    "image",
    [
        "busybox",
        "localhost:5000/team/ranker__x:3",
        f"111122223333.dkr.ecr.us-east-1.amazonaws.com/team/ranker@sha256:{'0' * 64}",
        "nvcr.io/nvidia/pytorch:24.05-py3",
    ],
)
def test_an_image_of_any_registry_passes(make_stack, image):
    assert told(make_stack(job(image=image))) == []
