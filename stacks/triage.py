"""Support tickets sorted by what they are about, on an instance and on Lambda."""

from infra import Environment, LambdaEndpoint, RealtimeEndpoint, Stack, TargetTracking
from model_packaging import Model

triage = Model(
    "models/triage", framework="onnx", weights=("model.onnx", "tokenizer.json"), prepare="export.py"
)


def stack(env: Environment) -> Stack:
    """The same model behind a SageMaker endpoint that scales and behind a function that costs nothing at rest."""
    scaling = TargetTracking(
        min_capacity=env["min_instances"], max_capacity=env["max_instances"], invocations_per_instance=600
    )
    return Stack(
        "triage",
        env,
        [
            RealtimeEndpoint("classify", model=triage, instance_type=env["instance"], autoscaling=scaling),
            LambdaEndpoint(
                "classify-small", model=triage, memory_mb=env["function_memory_mb"], timeout_seconds=30
            ),
        ],
    )
