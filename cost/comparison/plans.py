"""All plans that there are prices for.

How speed carries over is assumed, and shown with every result: a vCPU is as fast as the one that was measured, a
GPU says nothing about another.
"""

from collections.abc import Iterable, Iterator
from typing import get_args, get_type_hints

from cost.catalog import PriceCatalog
from cost.comparison.batches import SpotBatch
from cost.comparison.by_request import LAMBDA_MEMORY_MB, SERVERLESS_MEMORY_MB, Lambda, Serverless
from cost.comparison.elsewhere import HuggingFace, ManagedModel, PerSecond
from cost.comparison.on_instances import AlwaysOn, AsyncToZero, Autoscaled
from cost.comparison.plan import Plan
from cost.machines import machines
from cost.price import Price


def plans(catalog: PriceCatalog, region: str, *, arm64: bool = False) -> Iterator[Plan]:
    """Every plan that a price is held for in `region`, and beside them what others offer.

    `arm64`: functions on arm64 too, which cost less and are taken to be as fast, though nobody measured it.
    """
    for machine in machines().values():
        hosted = catalog.price("sagemaker-hosting", f"ml.{machine.instance_type}", region)
        if isinstance(hosted, Price):
            yield AlwaysOn(machine)
            if machine.cpu_baseline is None:  # AWS does not scale a burstable type
                yield Autoscaled(machine)
                yield AsyncToZero(machine)
    yield from (Serverless(memory_mb) for memory_mb in SERVERLESS_MEMORY_MB)
    yield from (Lambda(memory_mb) for memory_mb in LAMBDA_MEMORY_MB)
    if arm64:
        yield from (Lambda(memory_mb, "arm64") for memory_mb in LAMBDA_MEMORY_MB)
    for machine in machines().values():
        if ("ec2-spot", machine.instance_type, region) in catalog.prices:
            yield SpotBatch(machine)
    yield from (HuggingFace(name) for name in _dimensions(catalog, "hugging-face", "aws"))
    for provider in get_args(get_type_hints(PerSecond)["provider"]):
        yield from (PerSecond(provider, gpu) for gpu in _dimensions(catalog, provider, "global"))
    for name in _dimensions(catalog, "llm", "global"):
        if name.endswith(" input") and not name.endswith(" cached input"):
            yield ManagedModel(*name.removesuffix(" input").split(" ", 1))


def _dimensions(catalog: PriceCatalog, service: str, region: str) -> Iterable[str]:
    return sorted(name for held, name, where in catalog.prices if (held, where) == (service, region))
