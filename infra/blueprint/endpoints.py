"""What every SageMaker endpoint is made of: log group, alarms, role, model, its configuration, endpoint, scaling."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from infra import images, naming
from infra import instances as types
from infra.blueprint import repository
from infra.blueprint.access import invoke_policy
from infra.blueprint.autoscaling import VARIANT
from infra.blueprint.logs import log_group
from infra.blueprint.monitoring import endpoint_alarms
from infra.blueprint.resource import Blueprint, Postcondition, Resource
from infra.blueprint.roles import (
    Statement,
    encrypt_the_volume,
    endpoint_role,
    list_models,
    read_models,
    watch_alarms,
)
from infra.blueprint.rollout import deployment_config
from infra.environment import Environment
from infra.stack import Stack
from infra.workloads import InstanceEndpoint, SageMakerEndpoint, ServerlessEndpoint
from model_packaging.keys import model_key
from model_packaging.model import PROGRAM as MODEL_PROGRAM

Scaling = Callable[[Stack, Any, Resource], tuple[Resource, ...]]

# The names that AWS's framework images read the handler by.
PROGRAM = {"SAGEMAKER_PROGRAM": MODEL_PROGRAM}
SERVERLESS_START_SECONDS = 180
"""How long SageMaker lets a serverless container start (SageMaker Developer Guide, 'Serverless Inference')."""

ONE_MODEL = {**PROGRAM, "SAGEMAKER_SUBMIT_DIRECTORY": "/opt/ml/model/code"}


@dataclass(frozen=True)
class Parts:
    """In what one kind of endpoint differs from another.

    `container` is what it is told of its model, `variant` what it runs on, `configuration` what the endpoint
    configuration has besides, `statements` what the role may do besides, and `before` what is made first.
    """

    container: Mapping[str, Any]
    variant: Mapping[str, Any]
    statements: tuple[Statement, ...]
    scaling: Scaling
    configuration: Mapping[str, Any] = field(default_factory=dict)
    before: tuple[Resource, ...] = ()


def endpoint(stack: Stack, workload: SageMakerEndpoint, artifact_key: str, parts: Parts) -> Blueprint:
    """Everything of one endpoint."""
    environment = stack.environment
    name = stack.deployed_name(workload)
    image = repository.built(environment, artifact_key) or images.of(workload, environment.region)
    logs = log_group(environment, workload.name, f"/aws/sagemaker/Endpoints/{name}")
    # Before the endpoint: one that gets its roll-back alarms later is replaced by the provider.
    alarms = endpoint_alarms(stack, workload)
    deployment = deployment_config(stack, workload, alarms)
    guarded = deployment is not None and "auto_rollback_configuration" in deployment
    key = volume_key(environment, workload)
    role, policy = endpoint_role(
        stack,
        workload,
        image,
        logs.arguments["name"],
        *parts.statements,
        *(watch_alarms(environment, alarms) if guarded else ()),
        *(encrypt_the_volume(key) if key else ()),
    )
    model = _model(stack, workload, {"image": image, **parts.container}, role, policy)
    configuration = _configuration(name, workload, parts, model, {"kms_key_arn": key} if key else {})
    made = Resource(
        "aws_sagemaker_endpoint",
        workload.name,
        {
            "name": name,
            "endpoint_config_name": configuration.ref("name"),
            **({} if deployment is None else {"deployment_config": deployment}),
        },
        depends_on=(logs, *alarms),
        postconditions=(
            # The provider calls a roll-back a success, and then deletes the configuration that still serves.
            Postcondition(
                attribute="endpoint_config_name",
                equals=configuration.ref("name"),
                error_message=f"SageMaker rolled {name} back: it serves with its previous configuration, "
                "which was kept.",
            ),
        ),
    )
    scaling = parts.scaling(stack, workload, made)
    callers = invoke_policy(stack, workload)
    return Blueprint(
        (logs, *parts.before, *alarms, role, policy, model, configuration, made, *scaling, callers),
        {
            f"{workload.name}_endpoint_name": made.ref("name"),
            f"{workload.name}_invoke_policy_arn": callers.ref("arn"),
        },
    )


def _model(
    stack: Stack, workload: SageMakerEndpoint, container: Mapping[str, Any], role: Resource, policy: Resource
) -> Resource:
    network = stack.network(workload)
    place: dict[str, Any] = {}
    if network.vpc:
        place["vpc_config"] = {
            "subnets": list(network.subnet_ids),
            "security_group_ids": list(network.security_group_ids),
        }
    if network.isolated:
        place["enable_network_isolation"] = True
    return Resource(
        "aws_sagemaker_model",
        workload.name,
        {
            "name": naming.with_digest(stack.deployed_name(workload), {**container, **place}),
            # Not a reference: a role that somebody deleted would be known after the apply only, and the model be
            # replaced for it under its own name: "Cannot create already existing model".
            "execution_role_arn": stack.environment.iam_arn(f"role/{role.arguments['name']}"),
            "primary_container": container,
            **place,
        },
        # CreateModel fails with "Could not access model data" when the role cannot read yet.
        depends_on=(role, policy),
        create_before_destroy=True,
    )


def _configuration(
    name: str, workload: SageMakerEndpoint, parts: Parts, model: Resource, encryption: Mapping[str, str]
) -> Resource:
    variant = {"variant_name": VARIANT, "initial_variant_weight": 1, **parts.variant}
    settings = {**parts.configuration, **encryption}
    return Resource(
        "aws_sagemaker_endpoint_configuration",
        workload.name,
        {
            # A replacement under the same name would be invisible to the endpoint.
            "name": naming.with_digest(name, {**variant, **settings, "model": model.arguments["name"]}),
            "production_variants": [{**variant, "model_name": model.ref("name")}],
            **settings,
        },
        depends_on=parts.before,
        create_before_destroy=True,
    )


def volume_key(environment: Environment, workload: SageMakerEndpoint) -> str | None:
    """The key of the instances' volumes; None where there is none, or where AWS takes none.

    CreateEndpointConfig fails with a key where the storage is the machine's own disk, which is encrypted anyway.
    A serverless endpoint encrypts its copy of the image with it (SageMaker Developer Guide, 'Create an endpoint
    configuration').
    """
    own = isinstance(workload, ServerlessEndpoint) or types.has_volume(workload.instance_type)
    return environment.kms_key_arn if own else None


def one_model(
    environment: Environment, workload: InstanceEndpoint | ServerlessEndpoint, key: str
) -> dict[str, Any]:
    """What a container with one model is told; `key` is that of its artifact, a prefix where it is not compressed."""
    uri = f"s3://{environment.artifact_bucket}/{model_key(key)}"
    files = {"s3_uri": uri, "s3_data_type": "S3Prefix", "compression_type": "None"}
    return {
        **({"model_data_source": {"s3_data_source": [files]}} if is_prefix(key) else {"model_data_url": uri}),
        "environment": {**ONE_MODEL, **_patience(workload), **workload.environment},
    }


def _patience(workload: InstanceEndpoint | ServerlessEndpoint) -> dict[str, str]:
    """How long the server in AWS's own image waits for the model: by itself a minute, also while it is loaded, and then
    it begins anew (sagemaker-inference's DEFAULT_MODEL_SERVER_TIMEOUT; multi-model-server #1009)."""
    if workload.image is not None:
        return {}
    seconds = getattr(workload, "startup_timeout_seconds", SERVERLESS_START_SECONDS)
    return {"SAGEMAKER_MODEL_SERVER_TIMEOUT": str(seconds)}


def is_prefix(key: str) -> bool:
    """Whether an artifact lies in S3 as several objects."""
    return model_key(key).endswith("/")


def instances(workload: InstanceEndpoint) -> dict[str, Any]:
    """A variant on instances."""
    host = images.inference_ami_version(workload)
    return {
        "initial_instance_count": workload.initial_instances,
        "instance_type": workload.instance_type,
        "container_startup_health_check_timeout_in_seconds": workload.startup_timeout_seconds,
        "model_data_download_timeout_in_seconds": workload.startup_timeout_seconds,
        **({} if workload.volume_gb is None else {"volume_size_in_gb": workload.volume_gb}),
        **({} if host is None else {"inference_ami_version": host}),
    }


def reads(stack: Stack, workload: SageMakerEndpoint) -> Statement:
    """The role's right to read what the endpoint serves."""
    return read_models(stack.environment, *(model.name for model in workload.models))


def finds(stack: Stack, workload: InstanceEndpoint, key: str) -> tuple[Statement, ...]:
    """The role's right to see which files a model has; none where its artifact is one file, whose name it is told."""
    if not is_prefix(key):
        return ()
    return (list_models(stack.environment, *(model.name for model in workload.models)),)
