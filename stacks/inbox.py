"""Support tickets that nobody waits for, sorted from a queue by instances that are there while something is in it."""

from infra import Alarms, AsyncEndpoint, Environment, Stack, TargetTracking
from model_packaging import Model

triage = Model(
    "models/triage", framework="onnx", weights=("model.onnx", "tokenizer.json"), prepare="export.py"
)


def stack(env: Environment) -> Stack:
    """One asynchronous endpoint, which costs nothing while the queue is empty."""
    scaling = TargetTracking(min_capacity=0, max_capacity=env["max_instances"], backlog_per_instance=5)
    # Nobody waits for an answer: not how long one takes matters, but that none waits for long or ends in an error.
    alarms = Alarms(backlog_age_seconds=900, server_error_rate=0.05)
    return Stack(
        "inbox",
        env,
        [
            AsyncEndpoint(
                "sort", model=triage, instance_type=env["instance"], autoscaling=scaling, alarms=alarms
            )
        ],
    )
