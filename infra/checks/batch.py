"""Jobs that AWS Batch takes, and that can run on the machines that they name."""

import difflib
import re
from collections.abc import Iterator

from cost.machines import Machine, machines
from infra import ec2, images
from infra.checks.schedules import wrong_timetable
from infra.errors import InvalidStack
from infra.stack import Stack
from infra.workloads import BatchJob

LARGEST_ARRAY = 10_000
"""AWS Batch API Reference, SubmitJob: 2 to 10,000 children."""

KEPT = 0.06
"""Of a machine's memory, which its system and the ECS agent keep for themselves (AWS Batch User Guide, 'Compute
resource memory management': an m5.large of 8192 MiB offers about 7700)."""

_PREFIX = re.compile(r"s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/[^\x00-\x1f]*)?")
_IMAGE = re.compile(
    r"([A-Za-z0-9.-]+(:\d+)?/)?[a-z0-9]+([._/-]+[a-z0-9]+)*(:[\w][\w.-]{0,127})?(@sha256:[0-9a-f]{64})?",
    re.ASCII,
)
"""A container image's name, as Docker and so ECS's agent take it: its repository has no capitals."""
_OURS = re.compile(r"MODELYARD_.*")


WITHOUT_IMAGE = {
    **dict.fromkeys(("g3", "g3s", "p3", "p3dn"), "a type such as g4dn.xlarge, g5.xlarge or g6.xlarge"),
    "a1": "a type such as m6g.large",
}
"""Families that Amazon Linux 2023 does not run on, and what to take instead. Batch has no other image of its own since
June 2026 (botocore, Batch's Ec2Configuration: 'does not support A1', 'doesn't support p3 and g3'; p3dn and g3s have the
same processors)."""


ROLES = ("job", "host", "schedule")
"""What a job's name is continued with in those of its roles."""


def _names(stack: Stack) -> Iterator[str]:
    """Endpoints and functions have a role each, under their own name: IAM, and Terraform, know it once."""
    others = {one.name for one in stack.workloads if not isinstance(one, BatchJob)}
    for job in _jobs(stack):
        for name in (f"{job.name}-{part}" for part in ROLES):
            if name in others:
                yield (
                    f"{name}: its role would have the name of a role of the job {job.name}; give one of them another "
                    "name."
                )


def _arrays(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        if job.array_size > LARGEST_ARRAY:
            yield (
                f"{job.name}: array_size is {job.array_size}; Batch runs 2 to {LARGEST_ARRAY} children, and 1 is no "
                f"array: write array_size={LARGEST_ARRAY} or less. A child takes any number of items."
            )


def _types(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        for one in job.instance_types:
            if _is_known(one):
                continue
            bare = one.removeprefix("ml.")
            near = (
                [bare]
                if bare in ec2.types()
                else difflib.get_close_matches(bare, sorted(ec2.types()), n=3, cutoff=0.6)
            )
            whose = "; ml. types are SageMaker's" if one.startswith("ml.") else ""
            yield (
                f"{job.name}: EC2 has no instance type {one!r}{whose}; write "
                f"{', '.join(near) or 'one such as m5.large, g5.xlarge'}."
            )


def _images(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        for one in job.instance_types:
            instead = WITHOUT_IMAGE.get(one.partition(".")[0])
            if instead is not None:
                yield (
                    f"{job.name}: Batch has no machine image for {one} any more, and the job would wait for ever; "
                    f"write {instead}."
                )


def _named(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        if job.image is not None and _IMAGE.fullmatch(job.image) is None:
            yield (
                f"{job.name}: {job.image!r} is no container image's name; write {images.OWN}, image={images.BUILT!r} "
                "for one that the deploy makes, or leave image out for AWS's own."
            )


def _processors(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        if not all(_is_known(one) for one in job.instance_types):
            continue  # told above
        kinds = {ec2.processor(one): one for one in job.instance_types}
        if len(kinds) > 1:
            named = ", ".join(f"{one} ({kind})" for kind, one in sorted(kinds.items()))
            yield f"{job.name}: no image runs on {named} alike; name types of one kind, and write a job for each kind."
            continue
        (kind,) = kinds
        if kind in ("gpu", "arm-gpu") and not job.gpus:
            yield (
                f"{job.name}: {kinds[kind]} has a GPU, and the job gets none of it; write gpus=1, or types without a "
                "GPU such as m5.xlarge."
            )
        if kind not in ("gpu", "arm-gpu") and job.gpus:
            yield (
                f"{job.name}: gpus is {job.gpus}, and {kinds[kind]} has none; write types with GPUs, such as "
                "g4dn.xlarge or g5.xlarge, or gpus=0."
            )
        if images.is_built(job) and kind not in images.ARCHITECTURES:
            yield (
                f"{job.name}: image={images.BUILT!r} makes images for CPUs, and {kinds[kind]} is one for {kind}; leave "
                f"image out for AWS's own, write {images.OWN}, or choose CPU types."
            )
        if job.image is None:
            try:
                images.default(job.model.framework, kind, stack.environment.region)
            except InvalidStack as error:
                yield f"{job.name}: {error}"


def _room(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        sizes = [machines().get(one) for one in job.instance_types]
        known = [one for one in sizes if one is not None]
        small = [one for one in known if not _fits(job, one)]
        asked = f"vcpus={job.vcpus}, memory_mb={job.memory_mb} and gpus={job.gpus}"
        # What is not known may be large enough.
        if small and len(small) == len(sizes):
            largest = max(known, key=lambda one: (one.vcpus, one.memory_gib))
            yield (
                f"{job.name}: {asked} fit on none of {', '.join(job.instance_types)}, and the job would wait for ever; "
                f"the largest, {largest.instance_type}, offers {_offer(largest)}: ask for less, or name larger types."
            )
            continue
        # Batch never starts such a machine, and says nothing: the pool of types is smaller than it reads.
        for one in small:
            yield (
                f"{job.name}: {asked} do not fit on {one.instance_type}, which offers {_offer(one)}, and it would "
                f"never be used; ask for less, or leave {one.instance_type} out."
            )


def _capacity(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        if job.max_vcpus < job.vcpus:
            yield (
                f"{job.name}: max_vcpus {job.max_vcpus} is below vcpus {job.vcpus}, and nothing could ever run; write "
                f"max_vcpus={job.vcpus} or more."
            )
        if job.spot and job.attempts == 1:
            yield (
                f"{job.name}: attempts is 1 on spot machines, and a job whose host is reclaimed would just fail; write "
                "attempts=3, or spot=False."
            )


def _networks(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        network = stack.network(job)
        if not network.vpc:
            yield (
                f"{job.name}: BatchJob needs subnets and security groups for its machines, and neither it nor the "
                "environment has any; write network=Network(subnet_ids=('subnet-...',), "
                "security_group_ids=('sg-...',)), or a [network] table in the environment's file."
            )
        elif network.isolated:
            yield (
                f"{job.name}: its network is isolated, and a job reads its items from S3; write "
                "network=Network(...) without isolated=True on the job."
            )


def _schedules(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        if job.schedule is not None:
            yield from (f"{job.name}: {finding}." for finding in wrong_timetable(job.schedule, job.timezone))


def _places(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        given = {"input_uri": job.input_uri, "output_uri": job.output_uri}
        wrong = [field for field, uri in given.items() if uri is not None and not _PREFIX.fullmatch(uri)]
        for field in wrong:
            yield (
                f"{job.name}: {field} is {given[field]!r}; write an S3 prefix such as 's3://bucket/documents/', or "
                "leave it out."
            )
        if wrong:
            continue
        environment = stack.environment
        source = _prefix(job.input_uri or environment.data_uri(stack.name, job.name, "input"))
        target = _prefix(job.output_uri or environment.data_uri(stack.name, job.name, "output"))
        if target.startswith(source):
            yield (
                f"{job.name}: it writes to {target}, which is below what it reads, {source}: the next run would take "
                "its answers for items; write an output_uri beside the input."
            )


def _variables(stack: Stack) -> Iterator[str]:
    for job in _jobs(stack):
        for name in job.environment:
            if _OURS.fullmatch(name):
                yield f"{job.name}: the variable {name!r} is one that its host reads; write another name."


def _is_known(instance_type: str) -> bool:
    return (
        instance_type in ec2.BATCHS_WORDS or instance_type in ec2.families() or instance_type in ec2.types()
    )


def _fits(job: BatchJob, machine: Machine) -> bool:
    return (
        job.vcpus <= machine.vcpus and job.memory_mb <= _memory_mb(machine) and job.gpus <= machine.gpu_count
    )


def _offer(machine: Machine) -> str:
    return f"{machine.vcpus} vCPUs, {_memory_mb(machine)} MB and {machine.gpu_count} GPUs"


def _memory_mb(machine: Machine) -> int:
    return int(float(machine.memory_gib) * 1024 * (1 - KEPT))


def _prefix(uri: str) -> str:
    return f"{uri.rstrip('/')}/"


def _jobs(stack: Stack) -> Iterator[BatchJob]:
    return (one for one in stack.workloads if isinstance(one, BatchJob))


CHECKS = (
    _names,
    _arrays,
    _types,
    _images,
    _named,
    _processors,
    _room,
    _capacity,
    _networks,
    _schedules,
    _places,
    _variables,
)
