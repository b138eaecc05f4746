"""What SageMaker hosting asks over EC2 on demand: enough for an estimate where its own price is not held.

The ratios were observed over every pair of prices that is held, in four regions. They are no rule of AWS's, so what
follows from one is labelled an estimate, and never called a price.
"""

import csv
import functools
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Final

from cost.amount import dollars, plain
from cost.price import ESTIMATED, Price, Tier

MARKUPS: Final = Path(__file__).parent / "data" / "tables" / "markups.csv"
SOURCE: Final = "estimated: EC2 on-demand times the ratio of SageMaker hosting to EC2, as observed elsewhere"


@functools.cache
def markups() -> Mapping[tuple[str, str], Decimal]:
    """The ratio by family and size, such as ('g5', 'xlarge'); the size is empty for every other of the family."""
    with MARKUPS.open(newline="", encoding="utf-8") as stream:
        return {(row["family"], row["size"]): Decimal(row["ratio"]) for row in csv.DictReader(stream)}


def ratio(instance_type: str) -> Decimal | None:
    """SageMaker over EC2 for a type such as `g5.xlarge`; None where no pair of its family is known."""
    family, _, size = instance_type.partition(".")
    return markups().get((family, size)) or markups().get((family, ""))


def estimated(ec2: Price) -> Price | None:
    """What an instance-hour of hosting may cost where `ec2` is the price of the same machine, as one estimated tier."""
    times = ratio(ec2.dimension)
    if times is None:
        return None
    paid = ec2.tiers[0]
    tier = Tier(
        usd=paid.usd * times,
        source=f"{SOURCE}; EC2's price from {paid.source}",
        as_of=paid.as_of,
        confidence=ESTIMATED,
        note=f"an estimate and no price: EC2's {dollars(paid.usd)} USD in {ec2.region} times {plain(times)}",
    )
    return Price("sagemaker-hosting", f"ml.{ec2.dimension}", ec2.region, "instance-hour", (tier,))
