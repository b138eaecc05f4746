"""How long an instance takes for a request, on how many it works at a time, and whether that is enough."""

from collections.abc import Iterator

from cost import machines
from infra.bill.duration import Duration
from infra.bill.month import Month
from infra.workloads import InstanceEndpoint


def takes(workload: InstanceEndpoint, month: Month) -> Duration | None:
    """How long a request takes; None where the usage does not tell, and profile.json is of no such machine."""
    usage, machine = month.usage(workload), machines().get(workload.instance_type.removeprefix("ml."))
    if usage is not None and usage.duration_ms is None and machine is not None and machine.gpu_count:
        return None  # what profile.json has was measured on a processor
    return month.duration(workload)


def at_a_time(workload: InstanceEndpoint, month: Month) -> int | None:
    """As many as there are GPUs, or processors for a request; None for a type whose size is not known.

    More at a time makes each slower, and no more of them.
    """
    machine = machines().get(workload.instance_type.removeprefix("ml."))
    if machine is None:
        return None
    usage, recorded = month.usage(workload), month.recorded(workload)
    measured = recorded if usage is not None and usage.duration_ms is None else None
    threads = max(1, round(measured.threads or 1)) if measured else 1
    return machine.gpu_count or max(1, machine.vcpus // threads)


def too_much(workload: InstanceEndpoint, month: Month) -> Iterator[str]:
    """A note where even the most instances do not get through; no error, for batches get through more."""
    usage, found, slots = month.usage(workload), takes(workload, month), at_a_time(workload, month)
    if usage is None or found is None or slots is None:
        return
    most = workload.maximum_instances
    needed = usage.requests_per_month * found.ms / 1000 / month.seconds
    if needed > slots * most:
        yield (
            f"its usage comes to {needed:,.1f} requests at a time all month, above the {slots * most:,} that {most} of "
            f"{workload.instance_type} work on: unless the model answers many together, more are needed than are priced"
        )
