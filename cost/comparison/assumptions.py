"""What a comparison rests on besides prices and the measured model: its constants, in words."""

from collections.abc import Iterator

from cost.comparison import batches, by_request, elsewhere, on_instances
from cost.simulation import month


def assumptions(*, arm64: bool = False) -> Iterator[str]:
    """One line each, with the numbers that the plans use; `arm64` where functions on arm64 are among them."""
    yield (
        "Speed carries over by the processor: a vCPU is as fast as the one that was measured, and a GPU says nothing "
        f"about another. Lambda has a whole vCPU at {by_request.MB_PER_VCPU:,} MB, and a part of one below; SageMaker "
        "Serverless is taken to have the same, since AWS does not say what it has."
    )
    yield (
        "A vCPU of arm64 is taken to be as fast as the one that was measured: measure the model there before you rely "
        "on it."
        if arm64
        else "Functions run on x86; on arm64 their duration costs a fifth less, and --arm64 compares them too."
    )
    yield (
        f"An instance may be {on_instances.BUSY_SHARE:.0%} busy in the busiest minute, and at most "
        f"{on_instances.MOST_INSTANCES} instances are taken; a new one serves after 5 minutes, and after 6 from none. "
        "A burstable type may be as busy as its baseline, such as 20% on ml.t2.medium, so that its CPU credits last."
    )
    yield (
        f"A cold start is loading the model and {by_request.LAMBDA_START_MS:,.0f} ms on Lambda, "
        f"{by_request.SERVERLESS_START_MS:,.0f} ms on SageMaker Serverless; what Lambda has not up within "
        f"{by_request.LAMBDA_INIT_MS / 1000:.0f} s it begins anew. An environment stays warm for "
        f"{month.KEEP_WARM_SECONDS / 60:.0f} minutes. AWS promises none of it."
    )
    yield (
        "Cold starts are billed as the requests are: on Lambda since August 2025; of SageMaker Serverless AWS does not "
        "say it, and they are counted, so that the bill is rather lower."
    )
    yield (
        f"At a time: {by_request.LAMBDA_LIMIT:,} requests on Lambda (an account's default quota) and "
        f"{by_request.SERVERLESS_LIMIT} on SageMaker Serverless; more are refused. Quotas of instances are "
        "not asked for: those of most GPU types begin at 0."
    )
    yield (
        f"A spot batch is {batches.BATCHES_PER_MONTH} jobs a month, each with {batches.BATCH_START_MINUTES} minutes "
        f"until its machine runs, and {batches.BATCH_REDONE - 1:.0%} of the work done twice; each item is "
        "an object in S3, and so is its result."
    )
    warm = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in elsewhere.WARM_SECONDS.items())
    yield (
        f"A GPU worker starts in {elsewhere.WORKER_START_MS / 1000:.0f} s and the time to load the model, and is "
        f"billed while it idles: {warm}."
    )
    yield "What AWS takes in one request, and how long it waits, is checked; what others take is not known here."
    yield "No free tier, no savings plan, no tax; stored artifacts, logs and alarms are not in the amounts."
