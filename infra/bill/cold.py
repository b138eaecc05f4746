"""What a cold start of a function costs: Lambda bills INIT since August 2025, and there our host loads the model.

Source: AWS Compute Blog, 'AWS Lambda standardizes billing for INIT Phase', effective 2025-08-01.
"""

from decimal import Decimal
from typing import Final

from cost import LambdaDuration
from cost.comparison.by_request import LAMBDA_START_MS
from cost.purchases import Architecture
from infra.bill.duration import share_of_processor
from infra.bill.month import Month
from infra.workloads import LambdaEndpoint

_THOUSAND: Final = 1000


def cold_start(workload: LambdaEndpoint, month: Month, architecture: Architecture) -> str:
    """A note with its price; how many there are only traffic tells."""

    def thousand(milliseconds: float) -> str:
        """USD for as much in each of a thousand."""
        exact = month.estimate(
            LambdaDuration.of(
                region=month.region,
                requests=_THOUSAND,
                duration_ms=Decimal(str(milliseconds)),
                memory_mb=workload.memory_mb,
                architecture=architecture,
            )
        ).exact
        return "an unknown price" if exact is None else f"{exact:,.4f} USD"

    recorded = month.recorded(workload)
    start = LAMBDA_START_MS
    begins = f"Lambda bills INIT of a cold start, too: {start:,.0f} ms until Python runs (assumed)"
    if recorded is None:
        cost = (
            f" and loading the model are {thousand(start)} per 1,000 and {thousand(_THOUSAND)} more for each "
            "second of loading"
        )
    else:
        loading = recorded.load_ms * share_of_processor(workload, recorded)
        cost = f" and {loading:,.0f} ms to load the model (profile.json) are {thousand(start + loading)} per 1,000"
    return f"{begins}{cost}; how many there are only traffic tells, and none is in the amounts."
