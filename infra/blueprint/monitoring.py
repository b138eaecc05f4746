"""CloudWatch alarms of endpoints and functions, and the SNS topic that they tell.

They name what they watch by its name and not by reference, so that they are there before it: an endpoint that gets its
roll-back alarms later is replaced by the provider.
"""

import json
from collections.abc import Iterator
from typing import Any

from infra import naming
from infra.blueprint.policy import document, statement
from infra.blueprint.resource import Ref, Resource
from infra.blueprint.watches import RULES, Watch
from infra.environment import Environment
from infra.settings import Alarms
from infra.stack import Stack
from infra.workloads import BatchJob, LambdaEndpoint, SageMakerEndpoint, Workload

TOPIC = "alarms"


def topic(stack: Stack) -> tuple[Resource, ...]:
    """The stack's SNS topic and its policy; nothing where no alarm needs it."""
    told = [one for one in stack.workloads if stack.alarms(one).topic_arn is None]
    jobs = any(tells_of_failures(stack, one) for one in told)
    if not jobs and not any(list(_watches(stack, one)) for one in told):
        return ()
    environment = stack.environment
    name = f"{environment.name}-{stack.name}-{TOPIC}"
    made = Resource(
        "aws_sns_topic",
        TOPIC,
        {
            "name": name,
            # Never alias/aws/sns: its policy, which nobody can change, does not let CloudWatch use it, and alarms go
            # off unheard ("CloudWatch Alarms does not have authorization to access the SNS topic encryption key"). A
            # key of one's own has to allow cloudwatch.amazonaws.com, and events.amazonaws.com for failed jobs (that one
            # without a condition), kms:Decrypt and kms:GenerateDataKey*. Without one, the messages hold names and
            # figures of metrics, and nothing of a request.
            **({"kms_master_key_id": environment.kms_key_arn} if environment.kms_key_arn else {}),
        },
    )
    policy = Resource(
        "aws_sns_topic_policy",
        TOPIC,
        {
            "arn": made.ref("arn"),
            "policy": document(
                statement(
                    ["sns:Publish"],
                    [environment.arn("sns", name)],
                    sid="OnlyOurAlarms",
                    principal={"Service": "cloudwatch.amazonaws.com"},
                    # Without it an alarm of any other account could publish here (confused deputy).
                    condition={
                        "StringEquals": {"aws:SourceAccount": environment.account_id},
                        "ArnLike": {"aws:SourceArn": environment.arn("cloudwatch", "alarm:*")},
                    },
                ),
                *(_publish_events(environment, name) if jobs else ()),
            ),
        },
    )
    return made, policy


def _publish_events(environment: Environment, topic: str) -> Iterator[dict[str, Any]]:
    # No condition: "You can't use Condition blocks in Amazon SNS topic policies for EventBridge" (EventBridge User
    # Guide, 'Resource-based policies'). With one nothing is ever published, and only FailedInvocations says so.
    yield statement(
        ["sns:Publish"],
        [environment.arn("sns", topic)],
        sid="FailedJobs",
        principal={"Service": "events.amazonaws.com"},
    )


def tells_of_failures(stack: Stack, workload: Workload) -> bool:
    """Whether the topic is told of failed jobs of `workload`: of a job, where anything is watched at all."""
    return isinstance(workload, BatchJob) and stack.alarms(workload) != Alarms.none()


def failed_jobs(stack: Stack, workload: BatchJob) -> tuple[Resource, ...]:
    """Tells the topic when a job, or a whole array of them, has failed: no metric of Batch's would."""
    if not tells_of_failures(stack, workload):
        return ()
    environment, name = stack.environment, stack.deployed_name(workload)
    pattern = {
        "source": ["aws.batch"],
        "detail-type": ["Batch Job State Change"],
        "detail": {
            "status": ["FAILED"],
            "jobQueue": [environment.arn("batch", f"job-queue/{name}")],
            # The array itself, and not each of its children.
            "arrayProperties": {"index": [{"exists": False}]},
        },
    }
    rule = Resource(
        "aws_cloudwatch_event_rule",
        f"{workload.name}-failed",
        {
            "name": naming.suffixed(name, "failed"),
            "description": f"A job of {name} has failed.",
            "event_pattern": json.dumps(pattern, sort_keys=True),
        },
    )
    target = Resource(
        "aws_cloudwatch_event_target",
        f"{workload.name}-failed",
        {
            "rule": rule.ref("name"),
            "target_id": "topic",
            "arn": stack.alarms(workload).topic_arn or Ref("aws_sns_topic", TOPIC, "arn"),
        },
    )
    return rule, target


def endpoint_alarms(stack: Stack, workload: SageMakerEndpoint) -> tuple[Resource, ...]:
    """The alarms of an endpoint."""
    return _alarms(stack, workload)


def function_alarms(stack: Stack, workload: LambdaEndpoint) -> tuple[Resource, ...]:
    """The alarms of a function."""
    return _alarms(stack, workload)


def _alarms(stack: Stack, workload: Workload) -> tuple[Resource, ...]:
    name = stack.deployed_name(workload)
    told = stack.alarms(workload).topic_arn or Ref("aws_sns_topic", TOPIC, "arn")
    return tuple(
        Resource(
            "aws_cloudwatch_metric_alarm",
            f"{workload.name}-{watch.label}",
            {
                "alarm_name": f"{name}-{watch.label}",
                "alarm_description": f"{name}: {watch.says}.",
                # Without requests there are no datapoints, and then nothing is wrong.
                "treat_missing_data": "notBreaching",
                "alarm_actions": [told],
                "ok_actions": [told],
                **watch.arguments,
            },
        )
        for watch in _watches(stack, workload)
    )


def _watches(stack: Stack, workload: Workload) -> Iterator[Watch]:
    name, alarms = stack.deployed_name(workload), stack.alarms(workload)
    return (watch for rule in RULES[type(workload)] if (watch := rule(name, alarms)) is not None)
