"""A real-time endpoint: one model on instances that are always up."""

from typing import Any

from infra.blueprint.autoscaling import variant_scaling
from infra.blueprint.endpoints import Parts, endpoint, finds, instances, one_model, reads
from infra.blueprint.resource import Blueprint
from infra.blueprint.roles import write
from infra.settings import DataCapture
from infra.stack import Stack
from infra.workloads import RealtimeEndpoint


def realtime_endpoint(stack: Stack, workload: RealtimeEndpoint, artifact_key: str) -> Blueprint:
    """Everything of one real-time endpoint; `artifact_key` is the model's key in the environment's bucket."""
    capture = stack.data_capture(workload)
    place = (capture and capture.uri) or stack.environment.data_uri(stack.name, workload.name, "capture")
    return endpoint(
        stack,
        workload,
        artifact_key,
        Parts(
            container=one_model(stack.environment, workload, artifact_key),
            variant=instances(workload),
            configuration={} if capture is None else {"data_capture_config": _capture(stack, capture, place)},
            statements=(
                reads(stack, workload),
                *finds(stack, workload, artifact_key),
                *(() if capture is None else (write(stack.environment, place, sid="KeepWhatIsAsked"),)),
            ),
            scaling=variant_scaling,
        ),
    )


def _capture(stack: Stack, capture: DataCapture, place: str) -> dict[str, Any]:
    key = stack.environment.kms_key_arn
    return {
        "enable_capture": True,
        "initial_sampling_percentage": capture.sampling_percent,
        "destination_s3_uri": place.rstrip("/"),
        "capture_options": [{"capture_mode": "Input"}, {"capture_mode": "Output"}],
        # What is not named here is kept as base64.
        "capture_content_type_header": {"json_content_types": ["application/json"]},
        **({} if key is None else {"kms_key_id": key}),
    }
