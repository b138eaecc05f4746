"""A Batch job: machines that are there only while it runs, a queue, what runs, and when."""

import json
from collections.abc import Mapping
from typing import Any

from infra import ec2, images
from infra.blueprint import repository
from infra.blueprint.access import invoke_policy, job_statements
from infra.blueprint.batch_machines import machines_of
from infra.blueprint.batch_roles import JOB, host_role, job_role, role_arn, schedule_role
from infra.blueprint.logs import log_group
from infra.blueprint.monitoring import failed_jobs
from infra.blueprint.policy import statement
from infra.blueprint.resource import Blueprint, Join, Resource
from infra.environment import Environment
from infra.stack import Stack
from infra.workloads import BatchJob
from model_packaging.job import start_script
from model_packaging.keys import model_key

START = (
    {"name": "MODELYARD_START", "value": 'exec python3 -c "$MODELYARD_SCRIPT"'},
    {"name": "MODELYARD_SCRIPT", "value": start_script()},
)
COMMAND = ("sh", "-c", "eval${IFS}$MODELYARD_START")
"""AWS's inference images join the words of a command with blanks and split them again: a word with a blank or quotes
in it falls apart, and so this one has neither."""

STUCK_SECONDS = 600
STUCK = {
    "MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE": "It asks for more than the environments may have.",
    "MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT": "It asks for more than any of the instance types has.",
}
"""Why a job can wait for ever without a word; Batch then cancels it after `STUCK_SECONDS`."""

STOPPED = "143"
"""What our host ends with when it was told to by SIGTERM (`model_packaging/hosts/batch.py`)."""

ARRAY_TAG = "modelyard:array-size"
SUBMIT = "arn:{partition}:scheduler:::aws-sdk:batch:submitJob"


def image_of(environment: Environment, workload: BatchJob, artifact_key: str) -> str:
    """The image that the job runs: one that the deploy makes, its own, or AWS's.

    Raises `InvalidStack` where AWS has none, and where none was made.
    """
    if (built := repository.built(environment, artifact_key)) is not None:
        return built
    if images.is_built(workload):
        raise images.not_made(workload)
    kinds = sorted({ec2.processor(one) for one in workload.instance_types})
    return workload.image or images.default(workload.model.framework, kinds[0], environment.region)


def uris(stack: Stack, workload: BatchJob) -> dict[str, str]:
    """Where the job reads and writes, by direction: input, output, failure."""
    environment = stack.environment
    output = workload.output_uri
    chosen = {
        "input": workload.input_uri,
        "output": output,
        # Beside the answers, where these have a place of their own.
        "failure": f"{output.rstrip('/')}/failure/" if output else None,
    }
    return {
        direction: f"{uri.rstrip('/')}/"
        if uri
        else environment.data_uri(stack.name, workload.name, direction)
        for direction, uri in chosen.items()
    }


def batch_job(stack: Stack, workload: BatchJob, artifact_key: str) -> Blueprint:
    """Everything of one job; `artifact_key` is the artifact's key in the environment's bucket."""
    environment = stack.environment
    name = stack.deployed_name(workload)
    image = image_of(environment, workload, artifact_key)
    places = uris(stack, workload)
    logs = log_group(environment, workload.name, f"/aws/batch/{name}")
    host = host_role(stack, workload, image, logs.arguments["name"])
    container = job_role(stack, workload, places["input"], (places["output"], places["failure"]))
    profile, template, machines = machines_of(stack, workload, host)
    queue = Resource(
        "aws_batch_job_queue",
        workload.name,
        {
            "name": name,
            "state": "ENABLED",
            "priority": 1,
            "compute_environment_order": [
                {"order": order, "compute_environment": one.ref("arn")}
                for order, one in enumerate(machines, start=1)
            ],
            "job_state_time_limit_action": [
                {
                    "action": "CANCEL",
                    "max_time_seconds": STUCK_SECONDS,
                    "reason": reason,
                    "state": "RUNNABLE",
                }
                for reason in STUCK
            ],
        },
    )
    definition = _definition(stack, workload, artifact_key, image, places, (logs, *container))
    submit = job_statements(environment, name, name)
    # AWS offers no resource level for looking jobs up.
    watch = statement(["batch:DescribeJobs"], ["*"], sid="SeeWhatBecameOfIt")
    callers = invoke_policy(stack, workload, [*submit, watch])
    return Blueprint(
        (
            logs,
            *host,
            *container,
            profile,
            template,
            *machines,
            queue,
            definition,
            callers,
            *_schedule(stack, workload, queue, definition, submit),
            *failed_jobs(stack, workload),
        ),
        {
            f"{workload.name}_job_queue": queue.ref("name"),
            f"{workload.name}_job_definition": definition.ref("arn"),
            f"{workload.name}_invoke_policy_arn": callers.ref("arn"),
            **{f"{workload.name}_{direction}_uri": uri for direction, uri in places.items()},
        },
    )


def _definition(
    stack: Stack,
    workload: BatchJob,
    artifact_key: str,
    image: str,
    places: Mapping[str, str],
    before: tuple[Resource, ...],
) -> Resource:
    environment = stack.environment
    variables = {
        # Before April 2026 ECS's agent told a container on EC2 no region (amazon-ecs-agent #4946): boto3 has none then.
        "AWS_DEFAULT_REGION": environment.region,
        "AWS_REGION": environment.region,
        **workload.environment,
        "MODELYARD_ARTIFACT": f"s3://{environment.artifact_bucket}/{model_key(artifact_key)}",
        **{f"MODELYARD_{direction.upper()}": uri for direction, uri in places.items()},
    }
    needs = {"VCPU": workload.vcpus, "MEMORY": workload.memory_mb, "GPU": workload.gpus}
    container = {
        "image": image,
        "command": list(COMMAND),
        "jobRoleArn": role_arn(stack, workload, JOB),
        "resourceRequirements": [
            {"type": kind, "value": str(amount)} for kind, amount in needs.items() if amount
        ],
        "environment": [
            *START,
            *({"name": key, "value": value} for key, value in sorted(variables.items())),
        ],
        "logConfiguration": {
            "logDriver": "awslogs",
            "options": {
                "awslogs-group": f"/aws/batch/{stack.deployed_name(workload)}",
                "awslogs-region": environment.region,
                "awslogs-stream-prefix": workload.name,
            },
        },
    }
    return Resource(
        "aws_batch_job_definition",
        workload.name,
        {
            "name": stack.deployed_name(workload),
            "type": "container",
            # What a job of this definition is submitted with; Batch keeps it nowhere else.
            "tags": {ARRAY_TAG: str(workload.array_size)},
            "platform_capabilities": ["EC2"],
            "propagate_tags": True,
            # A job that waits in the queue still needs the revision that it was submitted with.
            "deregister_on_new_revision": False,
            "container_properties": json.dumps(container, sort_keys=True),
            "retry_strategy": {
                "attempts": workload.attempts,
                "evaluate_on_exit": [
                    # What Batch says of a host that was reclaimed. The first rule that fits decides, and a job that
                    # no rule fits is tried again.
                    {"on_status_reason": "Host EC2*", "action": "RETRY"},
                    # The same host, where the agent tells the container's end before the machine goes: our host ends
                    # with 143 on SIGTERM. Only in an image of one's own, for AWS's inference images pass no signal on.
                    # Batch tries no job again that was terminated, cancelled or timed out ('Automated job retries',
                    # 'Job timeouts'), whatever its exit code.
                    {"on_exit_code": STOPPED, "action": "RETRY"},
                    {"on_reason": "*", "action": "EXIT"},
                ],
            },
            "timeout": {"attempt_duration_seconds": workload.timeout_seconds},
        },
        # The role's policy too: a job that starts before it fails with AccessDenied on its first call.
        depends_on=before,
    )


def _schedule(
    stack: Stack,
    workload: BatchJob,
    queue: Resource,
    definition: Resource,
    submit: list[dict[str, Any]],
) -> tuple[Resource, ...]:
    if workload.schedule is None:
        return ()
    environment = stack.environment
    role, policy = schedule_role(stack, workload, submit)
    array = f',"ArrayProperties":{{"Size":{workload.array_size}}}' if workload.array_size > 1 else ""
    return (
        role,
        policy,
        Resource(
            "aws_scheduler_schedule",
            workload.name,
            {
                "name": stack.deployed_name(workload),
                "schedule_expression": workload.schedule,
                "schedule_expression_timezone": workload.timezone,
                "flexible_time_window": {"mode": "OFF"},
                **({"kms_key_arn": environment.kms_key_arn} if environment.kms_key_arn else {}),
                "target": {
                    "arn": SUBMIT.format(partition=environment.partition),
                    "role_arn": role.ref("arn"),
                    # The names are those of AWS's SDK for Java, which the scheduler calls: with a capital letter.
                    "input": Join(
                        (
                            f'{{"JobName":"{stack.deployed_name(workload)}","JobQueue":"',
                            queue.ref("arn"),
                            '","JobDefinition":"',
                            definition.ref("arn"),
                            f'"{array}}}',
                        )
                    ),
                    # Twice is worse than late: a second job at once would only find everything done.
                    "retry_policy": {"maximum_retry_attempts": 3, "maximum_event_age_in_seconds": 3600},
                },
            },
            depends_on=(policy,),
        ),
    )
