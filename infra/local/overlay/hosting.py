"""SageMaker hosting: models, endpoint configurations and endpoints, kept as sent, with AWS's states.

An endpoint runs one process per variant, whatever its instance count, and none where that is 0.
"""

import copy
import threading
from collections.abc import Mapping
from typing import Any

from moto.core.base_backend import BackendDict, BaseBackend
from moto.sagemaker.exceptions import ValidationError

from infra.local.machine import Machine
from infra.local.overlay import artifacts, configurations, kinds, scaling_registry, variants
from infra.local.overlay.faults import NotModelled
from infra.local.overlay.hosted import (
    IN_PROGRESS,
    Endpoint,
    Record,
    check_modelled,
    containers_of,
    inference_of,
    retain,
    tags_of,
)
from infra.local.overlay.instances import Instances
from infra.local.overlay.rollouts import rollout_of
from infra.local.overlay.serverless import Serverless
from infra.local.overlay.sites import Site
from infra.local.overlay.transitions import Transitions
from infra.local.overlay.variants import INSTANCES, PROVISIONED, Variant


class HostingBackend(BaseBackend):
    """What SageMaker hosts in one account and region. `machine` is set once, when the server starts."""

    machine: Machine

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self.lock = threading.RLock()
        self.models: dict[str, Record] = {}
        self.configs: dict[str, Record] = {}
        self.endpoints: dict[str, Endpoint] = {}
        self._transitions = Transitions(self.lock)

    # models

    def create_model(self, request: dict[str, Any]) -> Record:
        artifacts.check_role(self.account_id, self.partition, request.get("ExecutionRoleArn"))
        containers = containers_of(request)
        if not containers:
            raise ValidationError("A model needs a container: either PrimaryContainer or Containers.")
        for container in containers:
            artifacts.check_image(self.account_id, self.region_name, container)
            artifacts.check_model_data(self.account_id, self.partition, container)
        return self._create(self.models, "model", "model", request, "ModelName")

    def describe_model(self, name: str) -> Record:
        return self._find(self.models, "model", "model", name)

    def delete_model(self, name: str) -> None:
        with self.lock:
            self.describe_model(name)
            del self.models[name]

    # endpoint configurations

    def create_endpoint_config(self, request: dict[str, Any]) -> Record:
        for variant in [*request["ProductionVariants"], *request.get("ShadowProductionVariants", [])]:
            if "ModelName" in variant:
                self.describe_model(variant["ModelName"])
        configurations.check(request, lambda name: self.describe_model(name).request)
        return self._create(
            self.configs, "endpoint-config", "endpoint configuration", request, "EndpointConfigName"
        )

    def describe_endpoint_config(self, name: str) -> Record:
        return self._find(self.configs, "endpoint-config", "endpoint configuration", name)

    def delete_endpoint_config(self, name: str) -> None:
        with self.lock:
            config = self.describe_endpoint_config(name)
            for endpoint in self.endpoints.values():
                # The provider deletes both without waiting for the endpoint to be gone, and AWS lets it.
                if endpoint.status != "Deleting" and config in (endpoint.config, endpoint.pending):
                    raise ValidationError(
                        f'Cannot delete endpoint configuration "{config.arn}" '
                        f'in use by endpoint "{endpoint.arn}".'
                    )
            del self.configs[name]

    # endpoints

    def create_endpoint(self, request: dict[str, Any]) -> Endpoint:
        name = request["EndpointName"]
        with self.lock:
            arn = self._arn("endpoint", name)
            if name in self.endpoints:
                raise ValidationError(f'Cannot create already existing endpoint "{arn}".')
            config = self.describe_endpoint_config(request["EndpointConfigName"])
            check_modelled(config)
            now = self.machine.clock()
            endpoint = Endpoint(
                name,
                Site(self.machine, self.account_id, self.region_name, name),
                arn,
                config,
                "Creating",
                now,
                now,
                tags_of(request),
                deployment_config=request.get("DeploymentConfig"),
            )
            plan = self._plan(endpoint, config)
            self.endpoints[name] = endpoint
            if endpoint.is_async:
                endpoint.inference = inference_of(endpoint)
        self._transitions.run(endpoint, lambda: self._transitions.create(endpoint, plan))
        return endpoint

    def describe_endpoint(self, name: str) -> Endpoint:
        with self.lock:
            if name not in self.endpoints:
                raise ValidationError(f'Could not find endpoint "{self._arn("endpoint", name)}".')
            return self.endpoints[name]

    def update_endpoint(self, request: dict[str, Any]) -> Endpoint:
        with self.lock:
            endpoint = self._settled(request["EndpointName"])
            config = self.describe_endpoint_config(request["EndpointConfigName"])
            check_modelled(config)
            if endpoint.status == "Failed":
                raise ValidationError(f'Cannot update failed endpoint "{endpoint.arn}"; delete it instead.')
            configurations.check_update(endpoint.config.request, config.request)
            place = (self.account_id, self.region_name, endpoint.name)
            scaling_registry.check_update(*place, endpoint.config.request, config.request)
            plan = self._plan(endpoint, config)
            if request.get("RetainAllVariantProperties"):
                retain(plan, endpoint.variants, request.get("ExcludeRetainedVariantProperties", []))
            if not request.get("RetainDeploymentConfig"):
                endpoint.deployment_config = request.get("DeploymentConfig")
            endpoint.enter("Updating")
            endpoint.pending, endpoint.failure_reason = config, None
            rollout = rollout_of(endpoint.deployment_config, _count(endpoint.variants))
        self._transitions.run(endpoint, lambda: self._transitions.update(endpoint, plan, rollout))
        return endpoint

    def update_endpoint_weights_and_capacities(self, request: dict[str, Any]) -> Endpoint:
        with self.lock:
            endpoint = self._settled(request["EndpointName"])
            by_name = {variant.name: variant for variant in endpoint.variants}
            for desired in request["DesiredWeightsAndCapacities"]:
                if desired["VariantName"] not in by_name:
                    raise ValidationError(
                        f'Could not find variant "{desired["VariantName"]}" of endpoint "{endpoint.arn}".'
                    )
            for desired in request["DesiredWeightsAndCapacities"]:
                self._desire(endpoint, by_name[desired["VariantName"]], desired)
            endpoint.enter("Updating")
        self._transitions.run(endpoint, lambda: self._transitions.scale(endpoint))
        return endpoint

    def delete_endpoint(self, name: str) -> None:
        with self.lock:
            endpoint = self._settled(name)
            endpoint.enter("Deleting")
        self._transitions.run(endpoint, lambda: self._delete(endpoint))

    def _delete(self, endpoint: Endpoint) -> None:
        if endpoint.inference is not None:
            endpoint.inference.close()
        variants.stop(endpoint.variants)
        with self.lock:
            del self.endpoints[endpoint.name]

    # scaling

    def capacity(self, endpoint_name: str, variant_name: str, dimension: str) -> int:
        """What a scalable dimension of a variant is set to now. Raises LookupError for what is not there."""
        with self.lock:
            return self._served(endpoint_name, variant_name)[1].capacity(dimension)

    def set_capacity(self, endpoint_name: str, variant_name: str, dimension: str, value: int) -> None:
        """Ask for `value`; the endpoint is Updating until it is reached.

        Raises LookupError for what is not there, and AWS's error where the endpoint changes already.
        """
        with self.lock:
            endpoint, variant = self._served(endpoint_name, variant_name)
            variant.capacity(dimension)
            self._settled(endpoint_name)
            self._want(endpoint, variant, dimension, value)
            endpoint.enter("Updating")
        self._transitions.run(endpoint, lambda: self._transitions.scale(endpoint))

    def _desire(self, endpoint: Endpoint, variant: Variant, desired: Mapping[str, Any]) -> None:
        if desired.get("DesiredWeight") is not None:
            variant.desired_weight = desired["DesiredWeight"]
        limit = desired.get("ServerlessUpdateConfig", {}).get("MaxConcurrency")
        if limit is not None and isinstance(variant, Serverless):
            variant.max_concurrency = limit
        for dimension, value in kinds.desired(desired):
            try:
                self._want(endpoint, variant, dimension, value)
            except LookupError:
                raise ValidationError(
                    f'Variant "{variant.name}" of endpoint "{endpoint.arn}" has no {dimension}.'
                ) from None

    @staticmethod
    def _want(endpoint: Endpoint, variant: Variant, dimension: str, value: int) -> None:
        if dimension == INSTANCES and value == 0 and not endpoint.is_async:
            raise ValidationError(
                f'Variant "{variant.name}" of endpoint "{endpoint.arn}" cannot have 0 instances; '
                "only a variant of an asynchronous endpoint can."
            )
        if dimension == PROVISIONED and isinstance(variant, Serverless):
            configurations.check_provisioned(value, variant.max_concurrency)
        variant.want(dimension, value)

    def _served(self, endpoint_name: str, variant_name: str) -> tuple[Endpoint, Variant]:
        endpoint = self.endpoints.get(endpoint_name)
        for variant in endpoint.variants if endpoint is not None else []:
            if endpoint is not None and variant.name == variant_name:
                return endpoint, variant
        raise LookupError(f"Endpoint {endpoint_name} has no variant {variant_name}.")

    # tags

    def tags(self, arn: str) -> dict[str, str] | None:
        """The tags of what `arn` names, to read and to change; None where it is not hosting's."""
        with self.lock:
            owned: list[Record | Endpoint] = [
                *self.models.values(),
                *self.configs.values(),
                *self.endpoints.values(),
            ]
            return next((one.tags for one in owned if one.arn == arn), None)

    # what it stands on

    def _settled(self, name: str) -> Endpoint:
        endpoint = self.describe_endpoint(name)
        if endpoint.status in IN_PROGRESS:
            raise ValidationError(f'Cannot update in-progress endpoint "{endpoint.arn}".')
        return endpoint

    def _plan(self, endpoint: Endpoint, config: Record) -> list[Variant]:
        """The variants of `config`, not yet started."""
        plan = []
        for production in config.request["ProductionVariants"]:
            containers = containers_of(self.describe_model(production["ModelName"]).request)
            if len(containers) != 1:
                raise NotModelled(
                    "sagemaker", "CreateEndpoint", f"of a model with {len(containers)} containers"
                )
            artifacts.check_model_data(self.account_id, self.partition, containers[0])
            plan.append(kinds.variant_of(endpoint.site, production, containers[0]))
        return plan

    # names

    def _arn(self, kind: str, name: str) -> str:
        return f"arn:{self.partition}:sagemaker:{self.region_name}:{self.account_id}:{kind}/{name}"

    def _create(
        self, store: dict[str, Record], kind: str, words: str, request: dict[str, Any], key: str
    ) -> Record:
        with self.lock:
            arn = self._arn(kind, request[key])
            if request[key] in store:
                raise ValidationError(f'Cannot create already existing {words} "{arn}".')
            kept = {name: value for name, value in request.items() if name != "Tags"}
            record = Record(arn, copy.deepcopy(kept), self.machine.clock(), tags_of(request))
            store[request[key]] = record
            return record

    def _find(self, store: Mapping[str, Record], kind: str, words: str, name: str) -> Record:
        with self.lock:
            if name not in store:
                raise ValidationError(f'Could not find {words} "{self._arn(kind, name)}".')
            return store[name]


def _count(found: list[Variant]) -> int:
    return sum(variant.instances for variant in found if isinstance(variant, Instances))


hosting_backends: BackendDict[HostingBackend] = BackendDict(HostingBackend, "sagemaker")
