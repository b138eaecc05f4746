"""A queue and a definition of its own, in an embedded AWS of its own."""

from types import SimpleNamespace

from infra.local.daemon import Running
from tests.infra.local.conftest import client_of, make_role


def make_job(running: Running, command: list[str], **definition) -> SimpleNamespace:
    """What SubmitJob takes to run `command` on machines for four of it; and the client."""
    iam, batch = (client_of(running.endpoint_url, service) for service in ("iam", "batch"))
    make_role(iam, "host", "ec2.amazonaws.com")
    profile = iam.create_instance_profile(InstanceProfileName="host")["InstanceProfile"]["Arn"]
    iam.add_role_to_instance_profile(InstanceProfileName="host", RoleName="host")
    batch.create_compute_environment(
        computeEnvironmentName="machines",
        type="MANAGED",
        computeResources={
            "type": "EC2",
            "minvCpus": 0,
            "maxvCpus": 4,
            "instanceTypes": ["m5"],
            "subnets": ["subnet-00000000000000001"],
            "instanceRole": profile,
        },
    )
    batch.create_job_queue(
        jobQueueName="queue",
        priority=1,
        computeEnvironmentOrder=[{"order": 1, "computeEnvironment": "machines"}],
    )
    sizes = [{"type": "VCPU", "value": "1"}, {"type": "MEMORY", "value": "64"}]
    made = batch.register_job_definition(
        jobDefinitionName="job",
        type="container",
        containerProperties={"image": "any", "command": command, "resourceRequirements": sizes},
        **definition,
    )
    return SimpleNamespace(batch=batch, queue="queue", definition=made["jobDefinitionArn"])
