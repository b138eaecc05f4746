"""The machines of a Batch job, which are there only while it runs: spot ones first, on-demand ones second."""

from infra.blueprint.batch_roles import HOST, role_name
from infra.blueprint.resource import Resource
from infra.naming import DIGEST_CHARACTERS, digest
from infra.stack import Stack
from infra.workloads import BatchJob

MARKETS = ("spot", "on-demand")
"""Of a job's compute environments, in the order in which the queue fills them; also what their names end with."""

VOLUME_GB = 100
"""For the container's image, which is up to 20 GB unpacked, the model, and what the job writes to its disk."""


def machines_of(
    stack: Stack, workload: BatchJob, role: tuple[Resource, ...]
) -> tuple[Resource, Resource, list[Resource]]:
    """The instance profile with the host's `role`, the launch template, and the environments in their order."""
    profile = Resource(
        "aws_iam_instance_profile",
        workload.name,
        {"name": role_name(stack, workload, HOST), "role": role[0].ref("name")},
    )
    template = _template(stack, workload)
    wanted = {"spot": workload.spot, "on-demand": workload.on_demand_fallback or not workload.spot}
    machines = [
        _environment(stack, workload, market, template, profile, role) for market in MARKETS if wanted[market]
    ]
    return profile, template, machines


def names(workload: str) -> tuple[str, ...]:
    """What a blueprint calls the compute environments of the job `workload`, those that it may have."""
    return tuple(f"{workload}-{market}" for market in MARKETS)


def _template(stack: Stack, workload: BatchJob) -> Resource:
    """What EC2 must know of the machines that Batch has no word for."""
    key = stack.environment.kms_key_arn
    return Resource(
        "aws_launch_template",
        workload.name,
        {
            "name": stack.deployed_name(workload),
            "update_default_version": True,
            "block_device_mappings": [
                {
                    "device_name": "/dev/xvda",
                    "ebs": {
                        "volume_size": VOLUME_GB,
                        "volume_type": "gp3",
                        "encrypted": "true",
                        "delete_on_termination": "true",
                        # The key's own policy must let AWSServiceRoleForAutoScaling use it and make grants:
                        # without, machines end at once with Client.InternalError, and jobs stay RUNNABLE.
                        **({"kms_key_id": key} if key else {}),
                    },
                }
            ],
            # Version 1 gives the machine's credentials to whoever makes it ask for a page of his.
            "metadata_options": {
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
            },
        },
    )


def _environment(
    stack: Stack,
    workload: BatchJob,
    market: str,
    template: Resource,
    profile: Resource,
    role: tuple[Resource, ...],
) -> Resource:
    network = stack.network(workload)
    resources = {
        # No bid: spot then costs at most what on demand costs, and is reclaimed for want of capacity only.
        "type": {"spot": "SPOT", "on-demand": "EC2"}[market],
        # With the default, BEST_FIT, an environment cannot be changed in place, and spot wants a fleet role.
        "allocation_strategy": {
            "spot": "SPOT_PRICE_CAPACITY_OPTIMIZED",
            "on-demand": "BEST_FIT_PROGRESSIVE",
        }[market],
        "min_vcpus": 0,
        "max_vcpus": workload.max_vcpus,
        "instance_type": list(workload.instance_types),
        "subnets": list(network.subnet_ids),
        "security_group_ids": list(network.security_group_ids),
        # The environment's tags are its own; these are those of the machines, which cost the money.
        "tags": {
            **stack.environment.tags,
            "Name": stack.deployed_name(workload),
            "modelyard:environment": stack.environment.name,
            "modelyard:stack": stack.name,
        },
    }
    # Batch reads which one is the latest when it makes the environment; another template makes another environment.
    launch = {"launch_template_name": template.arguments["name"], "version": "$Latest"}
    content = {**resources, "launch": launch, "template": template.arguments}
    return Resource(
        "aws_batch_compute_environment",
        f"{workload.name}-{market}",
        {
            # Most changes need a new environment, and a queue refers to the old one until it has the new one:
            # under one name Batch answers "Cannot delete, found existing JobQueue relationship".
            "name": f"{stack.deployed_name(workload)}-{market}-{digest(content)[:DIGEST_CHARACTERS]}",
            "type": "MANAGED",
            "state": "ENABLED",
            # No service_role: Batch takes its service-linked one, and can then change an environment in place.
            "compute_resources": {
                **resources,
                # By names that are known, and not by references: for a profile or a template that somebody deleted the
                # provider would replace the environment under its own name: "Object already exists".
                "instance_role": stack.environment.iam_arn(f"instance-profile/{profile.arguments['name']}"),
                "launch_template": launch,
            },
        },
        # The role has to outlive its environment: without it this one stays in DELETING for ever.
        depends_on=(template, profile, *role),
        create_before_destroy=True,
    )
