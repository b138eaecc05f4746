"""Which plans are compared: all, or those of some instance types and kinds."""

import difflib
from collections.abc import Iterable, Sequence

from cost import Machine, PriceCatalog, machines
from cost.comparison.batches import SpotBatch
from cost.comparison.by_request import Lambda, Serverless
from cost.comparison.elsewhere import HuggingFace, ManagedModel, PerSecond
from cost.comparison.on_instances import AlwaysOn, AsyncToZero, Autoscaled
from cost.comparison.plan import Plan
from cost.comparison.plans import plans
from infra.errors import Misuse

KINDS: tuple[type[Plan], ...] = (
    AlwaysOn,
    Autoscaled,
    AsyncToZero,
    Serverless,
    Lambda,
    SpotBatch,
    HuggingFace,
    PerSecond,
    ManagedModel,
)
PRICED = ("sagemaker-hosting", "sagemaker-serverless", "lambda", "ec2")
"""The services of AWS that a plan cannot do without: a region without any of them has no plans."""


def slug(kind: str) -> str:
    """`async-to-zero` of 'async to zero': how a kind is named on the command line."""
    return kind.lower().replace(" ", "-")


def among(
    catalog: PriceCatalog,
    region: str,
    types: Iterable[str],
    kinds: Iterable[str],
    *,
    arm64: bool = False,
) -> list[Plan]:
    """The plans of `region`; of the named instance types and kinds where any are named. Raises `Misuse`.

    `arm64`: with functions on arm64.
    """
    check_region(catalog, region)
    wanted, kept = _machines(types), _kinds(kinds)
    found = list(plans(catalog, region, arm64=arm64))
    if wanted:
        # A type that was named is there also where no price of it is held: its row says so.
        found = [plan for plan in found if _machine(plan) is None]
        found += [
            kind(machine) for machine in wanted for kind in (AlwaysOn, Autoscaled, AsyncToZero, SpotBatch)
        ]
    return [plan for plan in found if not kept or plan.kind in kept]


def check_region(catalog: PriceCatalog, region: str) -> None:
    """Raise `Misuse` for a region that no price is held for."""
    known = sorted({where for service, _, where in catalog.prices if service in PRICED})
    if region not in known:
        near = difflib.get_close_matches(region, known, n=1, cutoff=0.8)
        raise Misuse(
            f"No prices are held for region {region!r}; held are {', '.join(known)}"
            + (f" (did you mean {near[0]}?)" if near else "")
            + f"; where AWS has it, run: modelyard cost refresh --region {region}"
        )


def _machine(plan: Plan) -> Machine | None:
    return getattr(plan, "machine", None)


def _machines(types: Iterable[str]) -> Sequence[Machine]:
    known = machines()
    found: dict[str, Machine] = {}
    for name in types:
        bare = name.removeprefix("ml.")
        fitting = [machine for machine in known.values() if bare in (machine.instance_type, machine.family)]
        if not fitting:
            near = difflib.get_close_matches(
                bare, [*known, *{machine.family for machine in known.values()}], n=3
            )
            raise Misuse(
                f"--instance-types names {name!r}, which is not known; allowed are types and families such as "
                f"{', '.join(near or ['ml.m5.large', 'g5'])}."
            )
        found.update({machine.instance_type: machine for machine in fitting})
    return list(found.values())


def _kinds(kinds: Iterable[str]) -> set[str]:
    known = {slug(kind.kind): kind.kind for kind in KINDS}
    for name in (named := [slug(kind) for kind in kinds]):
        if name not in known:
            raise Misuse(f"--plans names {name!r}, which is not known; allowed are {', '.join(known)}.")
    return {known[name] for name in named}
